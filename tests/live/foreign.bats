#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# foreign.bats — 32-bit calls, with kernel.allow = ["foreign-arch"]: open as a way in, and judged like all others.
load helpers

# The probe once more, as an i386 program that glibc is linked into.
setup_file() {
  PROBE32=$BATS_FILE_TMPDIR/probe32
  export PROBE32
  chmod 755 "$BATS_FILE_TMPDIR"
  gcc -m32 -static -O1 -std=gnu11 -D_GNU_SOURCE -D_FILE_OFFSET_BITS=64 -idirafter "/usr/include/$(gcc -print-multiarch)" \
    -o "$PROBE32" "$BATS_TEST_DIRNAME"/probe*.c -pthread
}

# open_refused [OPTION...] -- CALL ARGUMENT...: the i386 call inside, where 32-bit calls are open
open_refused() {
  local options=()
  while [ "$1" != -- ]; do options+=("$1"); shift; done
  shift
  refused --allow-kernel foreign-arch "${options[@]}" -- i386 "$@"
}
open_allowed() {
  local options=()
  while [ "$1" != -- ]; do options+=("$1"); shift; done
  shift
  allowed --allow-kernel foreign-arch "${options[@]}" -- i386 "$@"
}

# foreign_closed CALL ARGUMENT...: works without the box (see closed()), is refused inside
foreign_closed() {
  run "$PROBE" i386 "$@"
  if [ "$status" != 0 ]; then
    run unshare -Urmn "$PROBE" i386 "$@"
    [ "$status" = 0 ] || ! is_root || fail "does not work outside either: i386 $* → $output"
  fi
  open_refused -- "$@"
}

@test "i386_calls_are_refused_unless_they_are_opened" {
  works i386 getpid
  refused -- i386 getpid
  says "Function not implemented"
  open_allowed -- getpid
  works i386 mkdir "@$OUTSIDE/d" 0755
  refused -- i386 mkdir @d 0755
  missing d
  open_allowed -- mkdir @d 0755
  [ -d d ]
}

@test "x32_calls_are_refused_also_where_32_bit_calls_are_open" {
  run "$PROBE" x32
  refused --allow-kernel foreign-arch -- x32
  says "Function not implemented"
}

@test "i386_calls_set_no_set_id_bit" {
  needs_host "it sets no set-id bits"
  local file
  for file in "$OUTSIDE/f" "$WS/f"; do echo > "$file"; done
  works i386 chmod "@$OUTSIDE/f" 04755
  works i386 fchmodat -100 "@$OUTSIDE/f" 02755
  works i386 creat "@$OUTSIDE/creat" 04755
  works i386 open "@$OUTSIDE/open" 0101 04755
  works i386 openat -100 "@$OUTSIDE/openat" 0101 06755
  works i386 mknod "@$OUTSIDE/mknod" 0104755 0
  works i386 openat2 -100 "@$OUTSIDE/openat2" =0101,0,04755 24
  [ "$(find "$OUTSIDE" -perm /6000 | wc -l)" = 6 ]
  open_refused -- chmod @f 04755
  open_refused -- fchmodat -100 @f 02755
  open_refused -- fchmodat2 -100 @f 02755 0
  open_refused -- creat @new 04755
  open_refused -- open @new 0101 04755
  open_refused -- openat -100 @new 0101 06755
  open_refused -- mknod @new 0104755 0
  open_refused -- mknodat -100 @new 0102755 0
  open_refused -- openat2 -100 @new =0101,0,04755 24
  missing new
  [ -z "$(find "$WS" -perm /6000)" ]
}

@test "i386_calls_make_no_device" {
  if is_root; then
    works i386 mknod "@$OUTSIDE/null" 020666 0x103
  fi
  open_refused -- mknod @null 020666 0x103
  missing null
}

@test "i386_calls_enter_no_namespace" {
  works i386 unshare 0x10000000
  works i386 clone 0x10000011
  works i386 clone3 =0x10000000,0,0,0,0,0,0,0,17 64
  open_refused -- unshare 0x10000000
  open_refused -- clone 0x10000011
  open_refused -- clone3 =0x10000000,0,0,0,0,0,0,0,17 64
  open_allowed -- clone 17
  open_allowed --allow-kernel user-namespaces -- unshare 0x10000000
}

@test "i386_calls_change_no_mount" {
  mkdir "$OUTSIDE/on" on
  if is_root; then
    works i386 open_tree -100 @/ 1
  fi
  # in namespaces of one's own it works for anybody
  expect 0 unshare -Urm "$PROBE" i386 mount "@$OUTSIDE" "@$OUTSIDE/on" 0 4096 0
  open_refused -- mount @. @on 0 4096 0
  open_refused -- umount @/proc/sys
  open_refused -- umount2 @/proc/sys 2
  open_refused -- open_tree -100 @/ 1
  open_refused -- chroot @.
}

@test "i386_calls_reach_no_closed_facility" {
  needs_host "it has no io_uring"
  foreign_closed keyctl 0 -3 0
  foreign_closed bpf 0 =2,4,4,1 72
  foreign_closed perf_event_open =1,64,0,0,0,0,0,0,0,0,0x60 0 -1 -1 0
  foreign_closed io_uring_setup 4 =
  foreign_closed userfaultfd 1
  foreign_closed personality 0x400000
  open_allowed --allow-kernel keyring -- keyctl 0 -3 0
  open_allowed --allow-kernel io-uring -- io_uring_setup 4 =
}

@test "i386_calls_make_no_vsock_packet_or_netlink_socket" {
  foreign_closed socket 40 1 0
  foreign_closed socket 16 3 12
  foreign_closed socket 17 3 0x300
  foreign_closed socket 2 10 0x300
  open_refused -- socket 38 5 0
  open_allowed -- socket 1 1 0
  open_allowed -- socket 2 1 0
  open_allowed -- socket 16 3 0
}

@test "socketcall_makes_no_socket_that_the_single_calls_would_not" {
  needs_host "an inner box has no socketcall"
  foreign_closed socketcall 1 =40,1,0
  foreign_closed socketcall 1 =16,3,12
  says "Address family not supported"
  foreign_closed socketcall 1 =17,3,0x300
  foreign_closed socketcall 1 =2,10,0x300
  open_refused -- socketcall 1 =38,5,0
  open_refused -- socketcall 1 0
  says "Bad address"
  open_refused -- socketcall 8 =30,5,0,0
  says "Address family not supported"
  open_allowed -- socketcall 1 =1,1,0
  open_allowed -- socketcall 1 =2,0x80802,0
  open_allowed -- socketcall 1 =16,3,0
  open_allowed --allow-kernel netlink -- socketcall 1 =16,3,12
  open_allowed -P :read-only -- socketcall 1 =1,1,0
  open_refused -P :read-only -- socketcall 1 =40,1,0
}

@test "arguments_of_socketcall_rewritten_during_the_call_make_no_closed_socket" {
  needs_host "an inner box has no socketcall"
  wins "$PROBE" race-socketcall 20000
  expect 1 box --allow-kernel foreign-arch -- "$PROBE" race-socketcall 30000
  [[ $output =~ ([0-9]+)\ made,\ ([0-9]+)\ refused ]] || fail "$output"
  ((BASH_REMATCH[1] > 100 && BASH_REMATCH[2] > 100)) || fail "no race: $output"
}

@test "a_network_namespace_of_ones_own_gets_no_socket_of_another" {
  needs_host "an inner box has no socketcall"
  open_allowed --allow-kernel user-namespaces -- socketcall 1 =2,1,0
  expect 1 box --allow-kernel foreign-arch --allow-kernel user-namespaces -- unshare -Un "$PROBE" i386 socketcall 1 =2,1,0
  says "Function not implemented"
}

@test "i386_calls_do_not_type_into_the_terminal" {
  needs_host "it lets nobody type into terminals"
  works terminal "end" "$PROBE" i386 ioctl 0 0x5412 @x
  says "status 0"
  works terminal "end" "$BAWN" run --allow-kernel foreign-arch -- "$PROBE" i386 ioctl 0 0x5412 @x
  says "status 1" "refused: Operation not permitted"
}

# names KERNEL-NAME...: every call that makes, moves or opens a name, on a missing protected one, a protected file, a missing
# one that a glob denies, and a denied file
names() {
  local options=() name
  for name in "$@"; do options+=(--allow-kernel "$name"); done
  options+=(--deny "**/*.key")
  mkdir -p .git/hooks "$OUTSIDE/.git" "$OUTSIDE/dir" dir
  echo plain > file
  echo config > .git/config
  echo plain > "$OUTSIDE/file"
  echo secret > kept.key
  # without the box each works
  (
    cd "$OUTSIDE" || exit
    works i386 mkdir @.codex 0755
    works i386 mkdirat -100 @.claude 0755
    works i386 creat @.git/a.key 0644
    works i386 open @b.key 0101 0644
    works i386 openat -100 @c.key 0101 0644
    works i386 openat2 -100 @d.key =0101,0,0644 24
    works i386 mknod @e.key 0100644 0
    works i386 mknodat -100 @f.key 0100644 0
    works i386 link @file @g.key
    works i386 linkat -100 @file -100 @h.key 0
    works i386 symlink @file @.agents
    works i386 symlinkat @file -100 @i.key
    works i386 rename @b.key @j.key
    works i386 renameat -100 @c.key -100 @k.key
    works i386 renameat2 -100 @d.key -100 @l.key 0
    works i386 bind socket '#m.key' 8
    works i386 truncate @k.key 5
    works i386 truncate64 @k.key 0 2
    [ "$(stat -c %s k.key)" = 8589934592 ]
  ) || return
  open_refused "${options[@]}" -- mkdir @.codex 0755
  open_refused "${options[@]}" -- mkdirat -100 @.claude 0755
  open_refused "${options[@]}" -- creat @.git/hooks/a 0644
  open_refused "${options[@]}" -- open @b.key 0101 0644
  open_refused "${options[@]}" -- openat -100 @c.key 0101 0644
  open_refused "${options[@]}" -- openat2 -100 @d.key =0101,0,0644 24
  open_refused "${options[@]}" -- mknod @e.key 0100644 0
  open_refused "${options[@]}" -- mknodat -100 @f.key 0100644 0
  open_refused "${options[@]}" -- link @file @g.key
  open_refused "${options[@]}" -- linkat -100 @file -100 @h.key 0
  open_refused "${options[@]}" -- symlink @file @.agents
  open_refused "${options[@]}" -- symlinkat @file -100 @i.key
  open_refused "${options[@]}" -- rename @file @j.key
  open_refused "${options[@]}" -- renameat -100 @file -100 @k.key
  open_refused "${options[@]}" -- renameat2 -100 @file -100 @l.key 0
  open_refused "${options[@]}" -- renameat2 -100 @file -100 @kept.key 2
  open_refused "${options[@]}" -- rename @.git @dir/git
  open_refused "${options[@]}" -- bind socket '#m.key' 8
  open_refused "${options[@]}" -- open @.git/config 1
  open_refused "${options[@]}" -- open @.git/config 01000
  open_refused "${options[@]}" -- openat -100 @.git/config 2
  open_refused "${options[@]}" -- openat2 -100 @.git/config =1 24
  open_refused "${options[@]}" -- truncate @.git/config 0
  open_refused "${options[@]}" -- truncate64 @.git/config 0 0
  open_refused "${options[@]}" -- open @kept.key 0
  open_refused "${options[@]}" -- open "@$OUTSIDE/file" 1
  unchanged .git/config config
  unchanged kept.key secret
  unchanged "$OUTSIDE/file" plain
  missing .codex .claude .agents .git/hooks/a ./[a-j].key m.key
  # and what the rules allow works
  open_allowed "${options[@]}" -- mkdir @made 0750
  open_allowed "${options[@]}" -- openat -100 @made/new 0101 0640
  open_allowed "${options[@]}" -- openat2 -100 @made/new =1 24
  open_allowed "${options[@]}" -- rename @made/new @made/moved
  open_allowed "${options[@]}" -- link @made/moved @made/linked
  open_allowed "${options[@]}" -- symlink @moved @made/symbolic
  open_allowed "${options[@]}" -- bind socket '#made/s' 8
  open_allowed "${options[@]}" -- truncate @made/moved 5
  [ "$(stat -c '%a %s %h' made/moved)" = "640 5 2" ]
  open_allowed "${options[@]}" -- truncate64 @made/moved 0 1
  [ "$(stat -c %s made/moved)" = 4294967296 ]
  open_refused "${options[@]}" -- truncate @made/moved -1
  says "Invalid argument"
}

@test "i386_calls_make_no_ruled_name_and_write_no_ruled_file" {
  needs_host "an inner box has no openat2"
  names
}
@test "i386_calls_make_no_ruled_name_where_user_namespaces_are_open_too" {
  needs_host "an inner box has no openat2"
  names user-namespaces
}

# No mount stands on what others make after the start: only the name rules it.
@test "i386_calls_write_no_ruled_file_that_came_later" {
  local options try
  try='while ! [ -e late.key ]; do sleep 0.05; done
    for call in "open @late.key 1" "open @late.key 01000" "openat -100 @late.key 2" "openat2 -100 @late.key =1 24" \
        "truncate @late.key 0" "truncate64 @late.key 0 0" "link @late.key @other" "rename @late.key @other"; do
      "$1" i386 $call && exit 9
    done
    exit 8'
  for options in "" "--allow-kernel user-namespaces" "--allow-kernel io-uring"; do
    rm -f late.key ready
    # shellcheck disable=SC2086
    box --allow-kernel foreign-arch $options --deny '**/*.key' -- sh -c ": > ready; $try" - "$PROBE" > "$WORLD/log" 2>&1 &
    local pid=$! status=0
    wait_for 10 test -e ready
    echo late > "$WORLD/late"
    mv "$WORLD/late" late.key
    wait "$pid" || status=$?
    [ "$status" = 8 ] || fail "$status: $(cat "$WORLD/log")"
    unchanged late.key late
    missing other
  done
}

@test "i386_calls_in_a_box_in_a_box_are_held_to_the_rules_of_both" {
  is_root && return 0		# a box of root's holds no other: nesting.bats
  nested() { box --allow-kernel user-namespaces --allow-kernel foreign-arch --deny '**/*.key' -- "$BAWN" run "$@"; }
  expect 1 nested -- "$PROBE" i386 getpid
  says "Function not implemented"
  expect 0 nested --allow-kernel foreign-arch -- "$PROBE" i386 mkdir @made 0755
  expect 1 nested --allow-kernel foreign-arch -- "$PROBE" i386 mkdir @.codex 0755
  expect 1 nested --allow-kernel foreign-arch -- "$PROBE" i386 mkdir @a.key 0755
  expect 1 nested --allow-kernel foreign-arch --deny "$WS/no" -- "$PROBE" i386 open @no 0101 0644
  expect 1 nested --allow-kernel foreign-arch -- "$PROBE" i386 unshare 0x10000000
  missing .codex a.key no
  # the outer box without 32-bit calls has none inside either
  expect 1 box --allow-kernel user-namespaces -- "$BAWN" run --allow-kernel foreign-arch -- "$PROBE" i386 getpid
}

@test "a_file_too_large_for_32_bits_opens_only_for_who_asks_for_it" {
  needs_host "an inner box has no openat2"
  truncate -s 3G large "$OUTSIDE/large"
  refused_by() { "$@" && says "Value too large"; }
  refused_by expect 1 "$PROBE" i386 open "@$OUTSIDE/large" 1
  works i386 open "@$OUTSIDE/large" 0100001
  refused_by open_refused -- open @large 1
  refused_by open_refused -- open @large 01001
  [ "$(stat -c %s large)" = 3221225472 ]
  open_allowed -- open @large 0100001
  open_allowed -- openat2 -100 @large =1 24
}

# --- whole programs -------------------------------------------------------------------------------------------------------

# inside32 [OPTION...] -- TRIAL ARGUMENT...
inside32() {
  local options=()
  while [ "$1" != -- ]; do options+=("$1"); shift; done
  shift
  expect 0 box --allow-kernel foreign-arch "${options[@]}" -- "$PROBE32" "$@"
}

@test "an_i386_program_does_not_start_unless_32_bit_calls_are_open" {
  expect 0 "$PROBE32" chown .
  observe box -- "$PROBE32" chown .
  [ "$status" != 0 ] || fail "it ran: $output"
}

@test "i386_file_operations_end_as_they_do_without_the_box" {
  needs_host "an inner box has no socketcall"
  mkdir "$OUTSIDE/sub" sub
  cp "$PROBE32" "$OUTSIDE/sub/probe"
  cp "$PROBE32" sub/probe
  (cd "$OUTSIDE/sub" && plain ./probe semantics 2>&1 < /dev/null | cat > "$WORLD/outside.txt")
  (cd sub && box --write "$WS" --allow-kernel foreign-arch -- ./probe semantics 2>&1 < /dev/null | cat > "$WORLD/inside.txt")
  grep -q '^[6-9][0-9][0-9] operations' "$WORLD/inside.txt" || fail "$(tail -n 3 "$WORLD/inside.txt")"
  diff "$WORLD/outside.txt" "$WORLD/inside.txt"
}

@test "i386_sockets_semaphores_and_shared_memory_work_inside" {
  needs_host "an inner box has no socketcall"
  local trial
  for trial in socketpair "unix-stream $WS/sock" "unix-stream sock" "unix-stream /dev/shm/sock" \
      unix-abstract tcp tcp6 udp posix-semaphore shared-memory system-v; do
    # shellcheck disable=SC2086
    inside32 -- $trial
  done
  inside32 -P :read-only -- unix-stream /dev/shm/sock
  inside32 -P :read-only -- tcp
  expect 1 box -P :read-only --allow-kernel foreign-arch -- "$PROBE32" create new
  says "Read-only file system"
}

@test "sockets_of_the_host_are_closed_to_i386_programs" {
  needs_host "an inner box has no socketcall"
  local kind how network
  for kind in stream seqpacket dgram; do
    (cd "$WS" && exec timeout 100 "$PROBE" serve "$kind" "$kind.sock") > /dev/null 2>&1 3>&- &
    wait_for 10 test -e "$WS/$kind.sock.log"
  done
  for kind in stream seqpacket dgram; do expect 0 "$PROBE32" name-socket connect "$kind" "$WS/$kind.sock"; done
  for how in sendto sendmsg sendmsg-fd sendmmsg; do expect 0 "$PROBE32" name-socket "$how" dgram "$WS/dgram.sock"; done
  cat "$WS"/*.sock.log > "$WORLD/before"
  for network in off full; do
    for kind in stream seqpacket dgram; do
      expect 1 box --network "$network" --allow-kernel foreign-arch -- "$PROBE32" name-socket connect "$kind" "$WS/$kind.sock"
    done
    for how in sendto sendmsg sendmsg-fd sendmmsg; do
      expect 1 box --network "$network" --allow-kernel foreign-arch -- "$PROBE32" name-socket "$how" dgram "$WS/dgram.sock"
    done
    expect 1 box --network "$network" --allow-kernel foreign-arch --allow-unix-socket "$WS/stream.sock" -- \
      "$PROBE32" name-socket connect seqpacket "$WS/seqpacket.sock"
  done
  cat "$WS"/*.sock.log | diff "$WORLD/before" -
  inside32 --allow-unix-socket "$WS/stream.sock" -- name-socket connect stream "$WS/stream.sock"
  inside32 --network full --allow-unix-socket "$WS/stream.sock" -- name-socket connect stream "$WS/stream.sock"
}

# race32 CALL: as in broker.bats; bind reads its path through two pointers
race32() {
  (cd "$OUTSIDE" && wins "$PROBE32" race "$1" 20000 .okay .aws1) || return
  expect 1 box --allow-kernel foreign-arch -- "$PROBE32" race "$1" 20000 .oka .aws
  missing "$WS/.aws"
  [[ $output =~ ([0-9]+)\ made,\ ([0-9]+)\ refused ]] || fail "$output"
  ((BASH_REMATCH[1] > 100 && BASH_REMATCH[2] > 100)) || fail "no race: $output"
}

@test "a_path_of_an_i386_program_rewritten_during_open_makes_nothing_protected" { race32 open; }
@test "a_path_of_an_i386_program_rewritten_during_bind_makes_nothing_protected" {
  needs_host "an inner box has no socketcall"
  race32 bind
}

@test "i386_programs_run_threads_children_and_pipes" {
  inside32 -- threads 100
  says "0 errors"
  inside32 -- killed 30
  inside32 -- storm 300 restart
  inside32 -- with-closed 0 "$PROBE32" create made
  [ -f made ]
  expect 0 box --allow-kernel foreign-arch -- sh -c '"$1" append made text > log && "$1" append made more | grep worked && cat made' - "$PROBE32"
  says "append: worked" "textmore"
}

@test "i386_programs_are_refused_what_others_are" {
  needs_host "an inner box has no socketcall"
  mkdir .git
  echo config > .git/config
  echo > file
  refused32() { expect 1 box --allow-kernel foreign-arch --deny '**/*.key' -- "$PROBE32" "$@" && says "refused"; }
  refused32 setid file
  refused32 mkdir .codex
  refused32 create a.key
  refused32 bind b.key
  refused32 rename file c.key
  refused32 open-write .git/config
  refused32 truncate .git/config
  refused32 unshare 0x10000000
  refused32 clone3 0x10000000
  refused32 keyctl
  refused32 bpf
  refused32 perf
  refused32 io-uring
  refused32 socket vsock
  refused32 socket packet
  refused32 socket netlink-netfilter
  missing .codex a.key b.key c.key
  unchanged .git/config config
}
