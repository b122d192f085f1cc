#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# life.bats — exit statuses, signals, lifetime, and what is left behind: B5, B7, S13.
load helpers

# --- exit statuses ----------------------------------------------------------------------------------------------------------

@test "the_commands_own_status_comes_through" {
  local number
  for number in 0 1 2 124 125 126 127 200 255; do
    expect "$number" box -- sh -c "exit $number"
  done
}

@test "a_signals_status_is_128_and_its_number" {
  local number
  for number in 1 2 3 6 9 11 13 15; do
    expect $((128 + number)) box -- sh -c "kill -$number \$\$"
  done
}

@test "not_found_is_127_and_not_executable_126" {
  expect 127 box -- no-such-command
  [[ $output == "bawn: "*no-such-command* ]] && [ "${#lines[@]}" = 1 ] || fail "$output"
  expect 127 box -- ./no-such-file
  echo x > file
  expect 126 box -- ./file
  expect 126 box -- "$WS"
  expect 126 box -- ./file/below
}

@test "bad_usage_and_bad_profiles_are_125" {
  expect 125 box
  expect 125 box --no-such-option -- true
  expect 125 box -P no-such-profile -- true
  expect 125 box --config /no/such/file -- true
  expect 125 box -C /no/such/directory -- true
  printf '[permissions.x.filesystem]\n"/a" = "raed"\n' > "$TMPDIR/config.toml"
  expect 125 box --config "$TMPDIR/config.toml" -- true
  says "config.toml:2" "raed" "read"
}

@test "a_script_without_an_interpreter_line_runs" {
  echo 'echo ran $1' > script
  chmod +x script
  expect 0 box -- ./script word
  says "ran word"
}

@test "the_broker_starts_with_the_first_new_name" {
  needs_host "its broker is that of the inner box too"
  # shellcheck disable=SC2016
  expect 0 box -- sh -c 'set -- /proc/[0-9]*; echo "before: $#"; : > file; set -- /proc/[0-9]*; echo "after: $#"'
  says "before: 2" "after: 3"
}

# --- signals ----------------------------------------------------------------------------------------------------------------

@test "signals_to_the_launcher_reach_the_command" {
  local name number pid
  for name in TERM INT HUP QUIT USR1 USR2 WINCH; do
    number=$(kill -l "$name")
    "$BAWN" run -- "$PROBE" signals 1 > "$TMPDIR/out.$name" &
    pid=$!
    wait_for 5 grep -q READY "$TMPDIR/out.$name"
    kill -s "$name" "$pid"
    wait "$pid" || fail "$name"
    grep -q "^signal $number$" "$TMPDIR/out.$name" || fail "$name: $(cat "$TMPDIR/out.$name")"
  done
}

@test "sigterm_ends_a_command_that_does_not_handle_it" {
  "$BAWN" run -- sleep 60 &
  local pid=$! code=0
  sleep 0.3
  kill "$pid"
  wait "$pid" || code=$?
  [ "$code" = 143 ] || fail "$code"
}

@test "sigpipe_has_its_default_action" {
  run bash -c "trap '' PIPE; '$BAWN' run -- yes | head -n 1; echo \"\${PIPESTATUS[0]}\""
  [ "${lines[0]}" = y ] && [ "${lines[1]}" = 141 ] || fail "$output"
  [[ $output != *"Broken pipe"* ]]
}

@test "an_ignored_interrupt_stays_ignored" {
  run bash -c "trap '' INT HUP; '$BAWN' run -- grep SigIgn /proc/self/status"
  # signals 32 and 33 are the C library's own; whoever started the tests may ignore them
  [[ $output =~ SigIgn:.[0-9a-f]{8}[08]0000003 ]] || fail "$output"
}

@test "a_caller_that_ignores_sigchld_gets_the_status_all_the_same" {
  run bash -c "trap '' CHLD; exec '$BAWN' run -- sh -c 'exit 7'"
  [ "$status" = 7 ]
  run box -- grep -E 'Sig(Ign|Blk)' /proc/self/status
  says "SigBlk:	0000000000000000"
  [[ $output =~ SigIgn:.[0-9a-f]{8}[08]0000000 ]] || fail "$output"
}

# --- lifetime -----------------------------------------------------------------------------------------------------------------

# tick FILE: a command that shows that it lives
ticker() { echo "trap '' TERM HUP INT; while :; do echo x >> $WS/$1; sleep 0.02; done"; }

has_stopped() {
  local size
  sleep 0.3
  size=$(stat -c %s "$1")
  sleep 0.3
  [ "$(stat -c %s "$1")" = "$size" ]
}

@test "killing_the_launcher_kills_the_command_and_its_children" {
  "$BAWN" run -- sh -c "setsid sh -c \"$(ticker daemon)\" & $(ticker main)" &
  local pid=$!
  wait_for 5 test -s daemon
  wait_for 5 test -s main
  kill -KILL "$pid"
  has_stopped daemon
  has_stopped main
}

@test "what_the_command_left_behind_ends_with_it" {
  box -- sh -c "setsid sh -c \"$(ticker daemon)\" > /dev/null 2>&1 & sleep 0.3"
  has_stopped daemon
}

@test "the_command_cannot_kill_pid_1" {
  expect 0 box -- sh -c 'kill -9 1; kill -TERM 1; kill -STOP 1; kill -INT 1; sleep 0.1; mkdir made && echo alive'
  says alive
}

@test "a_launcher_that_is_stopped_and_goes_on_works" {
  "$BAWN" run -- sh -c 'sleep 0.5; exit 5' &
  local pid=$! code=0
  sleep 0.2
  kill -STOP "$pid"
  sleep 0.5
  kill -CONT "$pid"
  wait "$pid" || code=$?
  [ "$code" = 5 ]
}

@test "two_hundred_launches_at_once_all_succeed" {
  local i
  for ((i = 0; i < 200; i++)); do
    { "$BAWN" run -- sh -c "mkdir d$i && exit 3" || echo "$?" > "$TMPDIR/status.$i"; } 2>> "$TMPDIR/errors" &
  done
  wait
  [ "$(cat "$TMPDIR"/status.* | sort | uniq -c | tr -s ' ')" = " 200 3" ] || fail "$(cat "$TMPDIR"/status.* | sort | uniq -c; cat "$TMPDIR/errors")"
  [ "$(find . -name 'd*' -type d | wc -l)" = 200 ]
}

# --- what is left --------------------------------------------------------------------------------------------------------------

# Every name with its kind, mode, size and times of change, in the places that a run could touch.
listing() {
  find "$WS" "$HOME" "$TMPDIR" "$OUTSIDE" -printf '%p %y %m %s %T@ %l\n' | sort
  find /tmp /dev/shm /run -maxdepth 1 -user "$(id -u)" ! -path '*bats*' -printf '%p %y %m\n' 2> /dev/null | grep -i bawn | sort
}

@test "nothing_is_left_on_the_host" {
  mkdir -p "$HOME/.ssh" sub
  git init -q .
  git init -q sub
  listing > "$WORLD/before"
  box -- true
  box --deny missing --deny "**/*.key" --read other/missing --write "$WS/sub" -- true
  box --git commit -- git --version
  box -P :read-only -- true
  (cd "$HOME" && box -- true)
  listing > "$WORLD/after"
  diff "$WORLD/before" "$WORLD/after"
  ls -d /tmp/.git /tmp/.codex /tmp/.agents /tmp/.claude 2> /dev/null && return 1
  true
}

@test "nothing_is_left_when_the_launcher_is_killed_at_any_moment" {
  mkdir -p "$HOME/.ssh" sub/deep
  git init -q sub
  listing > "$WORLD/before"
  local i pid
  for ((i = 0; i < 50; i++)); do
    "$BAWN" run --deny missing --deny "sub/**/*.key" --read sub/missing -- sleep 0.1 > /dev/null 2>&1 &
    pid=$!
    sleep "0.00$((RANDOM % 90 + 10))"
    kill -KILL "$pid" 2> /dev/null || true
    wait "$pid" 2> /dev/null || true
  done
  sleep 0.3
  listing > "$WORLD/after"
  diff "$WORLD/before" "$WORLD/after"
  run grep bawn-live /proc/self/mountinfo
  [ "$status" = 1 ] || fail "$output"
  ls -d /tmp/.git /tmp/.codex /tmp/.agents /tmp/.claude 2> /dev/null && return 1
  expect 0 box -- true
}

# --- S13 ----------------------------------------------------------------------------------------------------------------------

@test "no_lock_and_no_name_of_one_box_stops_another" {
  # one box locks all that it can open where launchers might meet
  "$BAWN" run -- sh -c "for f in /tmp \$TMPDIR $WS $HOME /dev/shm / /run /var/tmp /proc/self/exe $BAWN; do $PROBE lock \$f 20 & done; mkdir -p /tmp/bawn /tmp/.bawn-lock; touch held; wait" \
    > "$TMPDIR/out" 2>&1 &
  local pid=$!
  wait_for 5 test -e held
  run timeout 5 "$BAWN" run -- sh -c 'echo started'
  says started
  kill -KILL "$pid"
  rm -rf /tmp/bawn
}

@test "starts_where_tmp_and_tmpdir_cannot_be_written_or_are_missing" {
  TMPDIR=$WORLD/none expect 0 box -- true
  expect 0 unshare -Urm sh -c "mount -t tmpfs -o ro none /tmp && exec '$BAWN' run -- true"
  TMPDIR=relative expect 0 box -- true
  TMPDIR='' expect 0 box -- true
  TMPDIR=/dev/null expect 0 box -- true
}
