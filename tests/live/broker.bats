#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# broker.bats — calls that are made on the command's behalf: no race gets through, and they behave as the kernel's own (S15).
load helpers

# race CALL: 30,000 tries; seven calls make 210,000
race() {
  # without the box the race is won at once
  (cd "$OUTSIDE" && wins "$PROBE" race "$1" 20000 .okay .aws1) || return
  expect 1 box -- "$PROBE" race "$1" 30000 .oka .aws
  missing "$WS/.aws"
  # both names were met: the race did take place
  [[ $output =~ ([0-9]+)\ made,\ ([0-9]+)\ refused ]] || fail "$output"
  ((BASH_REMATCH[1] > 100 && BASH_REMATCH[2] > 100)) || fail "no race: $output"
}

@test "a_path_rewritten_during_mkdir_makes_nothing_protected" { race mkdir; }
@test "a_path_rewritten_during_open_makes_nothing_protected" { race open; }
@test "a_path_rewritten_during_rename_makes_nothing_protected" { race rename; }
@test "a_path_rewritten_during_symlink_makes_nothing_protected" { race symlink; }
@test "a_path_rewritten_during_link_makes_nothing_protected" { race link; }
@test "a_path_rewritten_during_bind_makes_nothing_protected" { race bind; }
@test "a_path_rewritten_during_mknod_makes_nothing_protected" { race mknod; }

@test "signals_during_calls_change_no_result" {
  (cd "$OUTSIDE" && expect 0 "$PROBE" storm 3000 restart)
  expect 0 box -- "$PROBE" storm 3000 restart
}

@test "a_call_that_a_signal_interrupts_has_done_nothing" {
  # A handler without SA_RESTART: until the broker has the call in hand the kernel ends it with EINTR.
  (cd "$OUTSIDE" && expect 0 "$PROBE" storm 3000 again)
  expect 0 box -- "$PROBE" storm 3000 again
}

@test "callers_that_are_killed_in_the_middle_harm_nobody" {
  expect 0 box -- "$PROBE" killed 300
}

@test "a_thousand_threads_make_files" {
  expect 0 box -- "$PROBE" threads 1000
  says "0 errors"
  [ "$(find . -name 't*' -type f -size +0 | wc -l)" = 5000 ]
}

# equal [OPTION...]: the transcripts of some 650 operations
equal() {
  mkdir "$OUTSIDE/sub" sub
  cp "$PROBE" "$OUTSIDE/sub/probe"
  cp "$PROBE" sub/probe
  (cd "$OUTSIDE/sub" && plain ./probe semantics 2>&1 < /dev/null | cat > "$WORLD/outside.txt")
  (cd sub && "$BAWN" run --write "$WS" "$@" -- ./probe semantics 2>&1 < /dev/null | cat > "$WORLD/inside.txt")
  grep -q '^[6-9][0-9][0-9] operations' "$WORLD/inside.txt" || fail "$(tail -n 3 "$WORLD/inside.txt")"
  diff "$WORLD/outside.txt" "$WORLD/inside.txt"
}

@test "file_operations_end_as_they_do_without_the_box" { equal; }

@test "file_operations_end_as_they_do_without_the_box_when_namespaces_are_open" { equal --allow-kernel user-namespaces; }

# The kernel counts such a program's memory to the host (would_dump(), fs/exec.c), so the broker cannot read its paths: a clear refusal.
@test "a_program_that_cannot_be_read_makes_no_files_and_is_told_so" {
  cp /bin/mkdir own
  chmod 0111 own
  expect 0 box -- ./own one
  if is_root; then
    chown 0:65534 own
    expect 1 box -- ./own two
    [[ $output == *"Permission denied"* ]]
  fi
}

@test "a_file_with_a_lease_is_waited_for" {
  python3 - <<'PYTHON' > lease.py
print('''
import fcntl, os, signal, threading, time
open("leased", "w").close()
fd = os.open("leased", os.O_RDONLY)
fcntl.fcntl(fd, fcntl.F_SETLEASE, fcntl.F_RDLCK)
signal.signal(signal.SIGIO, lambda *_: None)
pid = os.fork()
if pid == 0:
    try:
        os.close(os.open("leased", os.O_CREAT | os.O_WRONLY))
    except OSError as error:
        os._exit(error.errno)
    os._exit(0)
time.sleep(0.3)
fcntl.fcntl(fd, fcntl.F_SETLEASE, fcntl.F_UNLCK)
print("status", os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
''')
PYTHON
  (cd "$OUTSIDE" && expect 0 python3 "$WS/lease.py" && says "status 0")
  expect 0 box -- python3 lease.py
  says "status 0"
}
