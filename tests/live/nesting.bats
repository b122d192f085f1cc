#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# nesting.bats — a box inside a box, and machines that cannot hold a promise: B2, S16.
load helpers

nested() { box --allow-kernel user-namespaces -- "$BAWN" run "$@"; }

@test "a_nested_bawn_is_refused_with_what_blocks_it" {
  expect 125 box -- "$BAWN" run -- true
  says "user-namespaces"
  expect 125 box -- "$BAWN" run --allow-degraded -- true
  says "user-namespaces"
}

@test "a_nested_bawn_of_a_read_only_profile_works" {
  expect 0 nested -P :read-only -- true
  expect 1 nested -P :read-only -- "$PROBE" create "$WS/new"
}

@test "a_nested_bawn_with_a_workspace_works" {
  expect 0 nested -- "$PROBE" create "$WS/new"
  [ -e new ]
  expect 1 nested -- "$PROBE" mkdir "$WS/.codex"
  expect 1 nested --deny no -- "$PROBE" create "$WS/no"
  missing .codex no
}

@test "a_nested_bawn_says_that_it_records_nothing_and_the_outer_one_records" {
  needs_host "it has the only listener, so an inner one records nothing"
  expect 0 box --quiet --log-file "$WORLD/outer" --allow-kernel user-namespaces -- \
    "$BAWN" run --log-denials --log-file inner -- sh -c 'mkdir ~/d; true'
  says "warning: --log-denials: nothing is recorded here"
  [[ $output != *denied* ]] || fail "$output"
  [ ! -s inner ] || fail "$(cat inner)"
  [ "$(jq -r 'select(.operation == "write") | .target' "$WORLD/outer")" = "$HOME/d" ] || fail "$(cat "$WORLD/outer")"
}

@test "a_bawn_in_a_bawn_in_a_bawn_works" {
  expect 0 nested --allow-kernel user-namespaces -- "$BAWN" run -- "$PROBE" create "$WS/new"
  [ -e new ]
  expect 1 nested --allow-kernel user-namespaces -- "$BAWN" run --deny no -- "$PROBE" create "$WS/no"
  expect 1 nested --allow-kernel user-namespaces --deny no -- "$BAWN" run -- "$PROBE" create "$WS/no"
  missing no
}

@test "what_an_inner_box_keeps_stays_from_those_inside_it" {
  touch masked read pinned
  mkdir held; touch held/read
  local options=(--deny masked --read read --read held/read)
  expect 1 nested "${options[@]}" -- "$PROBE" unlink "$WS/masked"
  expect 1 nested "${options[@]}" -- "$PROBE" rename "$WS/masked" "$WS/open"
  expect 1 nested "${options[@]}" -- "$PROBE" rename "$WS/pinned" "$WS/masked"
  expect 1 nested "${options[@]}" -- "$PROBE" unlink "$WS/read"
  expect 1 nested "${options[@]}" -- "$PROBE" rename "$WS/held" "$WS/free"
  [ -e masked ] && [ -e read ] && [ -e held/read ]
}

@test "root_is_mapped_inside_only_where_no_file_can_get_a_capability" {
  is_root || return 0		# others map a uid that is nothing to the host
  expect 0 box --allow-kernel user-namespaces -- unshare -Ur cat /proc/self/uid_map
  [[ $output =~ ^\ *0\ +0\ +1$ ]] || fail "$output"
  expect 1 box --allow-kernel user-namespaces -P :read-only -- unshare -Ur true
  expect 1 box --allow-kernel user-namespaces --allow-kernel io-uring --allow-degraded -- unshare -Ur true
}

@test "the_outer_rules_hold_in_a_nested_namespace" {
  mkdir -p a "$OUTSIDE"
  echo old > "$OUTSIDE/file"
  cat > attack.sh << 'SH'
mkdir -p mnt deep
mount --bind . mnt
mkdir mnt/.codex
mkdir -p mnt/d/e/no
mv mnt/a mnt/b
mount -o remount,rw,bind / ; mount -o remount,rw /
umount -l "$OUTSIDE"; umount -l /proc/sys
echo evil > "$OUTSIDE/file"
mount --bind "$OUTSIDE" mnt && echo evil > mnt/file
mount -t tmpfs none mnt && mkdir mnt/w && mount --bind . mnt/w && mkdir mnt/w/.codex
mount -t proc proc mnt && echo x > mnt/sys/kernel/core_pattern
pivot_root mnt mnt/w
true
SH
  local as=-Um
  export OUTSIDE
  box --allow-kernel user-namespaces --deny d/e/no --read a/x -- unshare "$as" --map-current-user sh attack.sh > "$TMPDIR/out" 2>&1 || true
  box --allow-kernel user-namespaces --deny d/e/no --read a/x -- unshare -Urm sh attack.sh >> "$TMPDIR/out" 2>&1 || true
  missing .codex d/e/no
  unchanged "$OUTSIDE/file" old
}

@test "a_deny_holds_in_a_nested_namespace" {
  mkdir secret
  echo key > secret/file
  local line
  for line in "cat secret/file" "umount secret; cat secret/file" "umount -l .; cat secret/file" \
      "mkdir m; mount --bind . m; cat m/secret/file" "mkdir m; mount --rbind / m; cat m$WS/secret/file; umount m$WS/secret; cat m$WS/secret/file" \
      "mv secret open; cat open/file" "unshare -m cat secret/file"; do
    observe box --allow-kernel user-namespaces --deny secret -- unshare -Urm sh -c "$line"
    [[ $output != *key* ]] || fail "$line: $output"
    observe box --allow-kernel user-namespaces --deny secret -- unshare -Um --map-current-user sh -c "$line"
    [[ $output != *key* ]] || fail "$line: $output"
    rm -rf m
  done
}

# --- what a process with mounts of its own may try ------------------------------------------------------------------------

open_box() { box --allow-kernel user-namespaces "$@"; }

# held [OPTION...] -- TRIAL ARGUMENT...: worked without the box just now, is refused inside
held() {
  local options=()
  while [ "$1" != -- ]; do options+=("$1"); shift; done
  shift
  expect 1 open_box "${options[@]}" -- "$PROBE" "$@"
  says "refused"
}

@test "protected_files_cannot_be_removed_through_a_tree_that_was_left" {
  needs_host "it keeps names in trees that were left"
  local file
  git init -q .
  mkdir pinned; touch masked read twin pinned/read
  for file in masked read; do
    works nest-remove "$WS/$file"; touch "$file"
    works nest-replace "$WS/twin" "$WS/$file"; touch twin
  done
  held --deny masked -- nest-remove "$WS/masked"
  held --deny masked -- nest-replace "$WS/twin" "$WS/masked"
  held --read read -- nest-remove "$WS/read"
  held --read read -- nest-replace "$WS/twin" "$WS/read"
  held -- nest-remove "$WS/.git/HEAD"
  held -- nest-remove "$WS/.git"
  held --read pinned/read -- nest-remove "$WS/pinned"
  [ -e masked ] && [ -e read ] && [ -e .git/HEAD ] && [ -e pinned/read ]
  # what no rule speaks of is removed as ever
  expect 0 open_box --deny masked -- "$PROBE" nest-remove "$WS/twin"
  missing twin
}

@test "missing_names_cannot_be_made_by_showing_a_part_of_a_root_elsewhere" {
  needs_host "it makes no names in trees that are mounted nowhere"
  local trial
  mkdir sub other
  for trial in part clone left; do
    works "nest-$trial" "$WS/sub" .env; rmdir sub/.env
    held --deny '**/.env' -- "nest-$trial" "$WS/sub" .env
    held --deny sub/no -- "nest-$trial" "$WS/sub" no
    held --read sub/no/deep -- "nest-$trial" "$WS" .codex
  done
  for trial in cover descriptor; do
    works "nest-$trial" "$WS/sub" "$WS/other" no; rmdir sub/no
    held --deny sub/no -- "nest-$trial" "$WS/sub" "$WS/other" no
    held --deny '**/.env' -- "nest-$trial" "$WS/sub" "$WS/other" .env
  done
  missing sub/.env sub/no .codex
  # and what is allowed there still is, by a path that leads back to the box's
  expect 0 open_box --deny sub/no -- "$PROBE" nest-part "$WS/sub" yes
  expect 0 open_box --deny sub/no -- "$PROBE" nest-cover "$WS/sub" "$WS/other" too
  [ -d sub/yes ] && [ -d sub/too ]
}

@test "a_changed_root_counts_for_new_names" {
  mkdir sub
  works nest-chroot "$WS/sub" /made; rmdir sub/made
  expect 0 open_box -- "$PROBE" nest-chroot "$WS/sub" /made
  [ -d sub/made ]
  held --deny sub/no -- nest-chroot "$WS/sub" /no
  missing sub/no
}

@test "no_overlay_makes_names_in_a_writable_directory" {
  needs_host "it mounts no overlay"
  mkdir up work
  works nest-overlay "$WS/up" "$WS/work" .env
  rm -rf up work; mkdir up work
  works nest-overlay-new "$WS/up" "$WS/work" .env
  rm -rf up work; mkdir up work
  works nest-overlay-race 300000
  held --deny '**/.env' -- nest-overlay "$WS/up" "$WS/work" .env
  held --deny '**/.env' -- nest-overlay-new "$WS/up" "$WS/work" .env
  held -- nest-overlay-race 1000
  missing up/.env
}

@test "root_of_a_namespace_gives_no_file_a_capability" {
  needs_host "it sets no file capability"
  touch tool
  works nest-capability "$WS/tool"; rm tool; touch tool
  held -- nest-capability "$WS/tool"
  [ -z "$(getcap tool 2> /dev/null)" ]
  # other attributes can be set, by path and through a descriptor
  expect 0 open_box -- "$PROBE" setxattr "$WS/tool"
  expect 0 open_box -- unshare -Um "$PROBE" setxattr "$WS/tool"
}

@test "a_log_of_denials_opens_nothing_of_that" {
  needs_host "it has the only listener"
  touch read tool
  held --log-denials --read read -- nest-remove "$WS/read"
  held --log-denials --deny '**/.env' -- nest-part "$WS" .env
  held --log-denials -- nest-capability "$WS/tool"
  held --log-denials -- nest-overlay-race 300
  [ -e read ]
}

@test "a_file_of_proc_is_not_exchanged_for_another_while_it_is_opened" {
  touch victim
  wins "$PROBE" nest-proc-race "$WS/victim"
  # made by others after the start, so that no mount holds it
  open_box --deny '**/.env' -- sh -c 'touch started; until [ -e .env ]; do sleep 0.05; done; "$1" nest-proc-race "$2"' sh "$PROBE" "$WS/.env" > "$TMPDIR/out" 2>&1 &
  wait_for 30 test -e started
  touch .env
  wait $! && fail "opened: $(cat "$TMPDIR/out")"
  grep -q refused "$TMPDIR/out"
}

@test "a_program_that_confines_itself_is_told_that_it_is_not" {
  needs_host "it lets no other program use Landlock"
  expect 1 "$PROBE" own-domain "$WS/made"
  says "Permission denied"
  expect 1 open_box -- "$PROBE" own-domain "$WS/made"
  says "Not supported"
  missing made
}

@test "the_mounts_of_another_sandbox_inside_hold" {
  command -v bwrap > /dev/null || return 0
  mkdir d hidden; echo old > d/kept; echo key > hidden/key
  local line
  for line in "rm -f d/kept" "mv d/kept d/moved" "mv d/other d/kept" "rm -rf hidden" "mv hidden shown" "echo new > d/kept"; do
    touch d/other
    expect 0 bwrap --bind / / --dev /dev sh -c "$line"
    rm -rf d hidden shown; mkdir d hidden; echo old > d/kept; echo key > hidden/key; touch d/other
    observe open_box -- bwrap --bind / / --dev /dev --ro-bind d/kept d/kept --tmpfs "$WS/hidden" sh -c "$line"
    [ "$status" != 0 ] || [ "$line" = "rm -f d/kept" ] || fail "$line: $output"
    unchanged d/kept old
    unchanged hidden/key key
  done
}

@test "tmpfs_proc_and_pts_can_be_mounted_inside" {
  # root's is read-only, as all that come from it
  expect 0 open_box -- unshare -Urmpf sh -c '[ "$$" = 1 ] && mount -t proc -o ro none /proc && [ -d /proc/1 ] && [ ! -d /proc/7 ] && mount -t tmpfs none /tmp && touch /tmp/.env && mkdir /tmp/.git && rm /tmp/.env && rmdir /tmp/.git && mount -t devpts none /tmp'
  expect 0 open_box --deny '**/.env' -- unshare -Urm sh -c 'mount -t tmpfs -o size=64k own /tmp && : > /tmp/.env && [ -e /tmp/.env ]'
}

@test "bubblewrap_works_inside_where_namespaces_are_open" {
  command -v bwrap > /dev/null || return 0
  local proc=(--proc /proc)
  ! is_root || proc=(--ro-bind /proc /proc)	# root's is read-only inside, and bubblewrap wants to mount a writable one
  expect 0 box --allow-kernel user-namespaces -- bwrap --ro-bind / / --dev /dev "${proc[@]}" --unshare-all sh -c 'echo works'
  says works
}

@test "bawn_inside_bubblewrap_keeps_its_promises_or_refuses" {
  command -v bwrap > /dev/null || return 0
  observe bwrap --bind / / --dev /dev --proc /proc "$BAWN" run -- "$PROBE" mkdir "$WS/.codex"
  missing "$WS/.codex"
  [ "$status" != 0 ]
  observe bwrap --bind / / --dev /dev --proc /proc --unshare-all "$BAWN" run -- true
  [ "$status" = 0 ] || [ "$status" = 125 ] || fail "$status: $output"
}

@test "a_setting_that_nothing_enforces_yet_is_refused_by_name" {
  expect 125 box --allow-domain example.com -- true
  says "example.com"
}

@test "a_machine_without_user_namespaces_is_told_so" {
  needs_host "its /proc/sys is read-only"
  # in a user namespace of the test's own, where the limit is ours to set
  expect 125 unshare -Ur sh -c 'echo 0 > /proc/sys/user/max_user_namespaces; exec "$1" run -- true' sh "$BAWN"
  says "max_user_namespaces"
}
