#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# environment.bats — limits, variables, PATH, standard descriptors, the user's own secrets: S7, S17, S18.
load helpers

# --- S17: limits ------------------------------------------------------------------------------------------------------------

@test "a_fork_chain_stops_at_the_limit" {
  if is_root; then
    expect 125 box --limit processes=20 -- true
    says "processes" "uid 0"
    return
  fi
  local used
  used=$(ps -L -u "$(id -u)" -o lwp= | wc -l)
  expect 0 "$PROBE" fork-chain 40
  expect 1 box --limit "processes=$((used + 20))" -- "$PROBE" fork-chain 200
  says "Resource temporarily unavailable"
}

@test "files_stop_growing_at_the_limit" {
  works write-bytes "$OUTSIDE/big" 200000
  refused --limit file_size=100K -- write-bytes big 200000
  says "File too large"
  [ "$(stat -c %s big)" -le 102400 ]
  allowed --limit file_size=300K -- write-bytes big 200000
  expect 153 box --limit file_size=4K -- sh -c 'exec dd if=/dev/zero of=big bs=1M count=1 status=none'
}

@test "descriptors_stop_at_the_limit" {
  works open-many 100
  refused --limit open_files=50 -- open-many 100
  says "No file descriptors available"
  # a start with many rules needs more than the command may have
  local options=() i
  for ((i = 0; i < 100; i++)); do mkdir "d$i"; options+=(--read "d$i"); done
  allowed "${options[@]}" --limit open_files=20 -- read /etc/passwd
}

@test "memory_stops_at_the_limit" {
  works take-memory 300000000
  refused --limit memory=100M -- take-memory 300000000
  allowed --limit memory=400M -- take-memory 300000000
}

@test "processor_time_stops_at_the_limit" {
  run box --limit cpu_seconds=1 -- "$PROBE" spin 3
  [ "$status" = 137 ] || [ "$status" = 152 ] || fail "$status: $output"
}

@test "the_clock_ends_everything_with_status_124" {
  local start=$SECONDS
  expect 124 box --limit wall_seconds=1 -- sh -c 'trap "" TERM; sleep 30 & sleep 30'
  [ $((SECONDS - start)) -lt 5 ]
  expect 3 box --limit wall_seconds=30 -- sh -c 'exit 3'
}

@test "no_core_file_is_written_unless_asked_for" {
  run box -- "$PROBE" limit core
  says "1 1" # bytes: no file, and not even 0, which would leave the host's core handler at work (core(5))
  run bash -c "ulimit -c unlimited; '$BAWN' run --limit core_size=1M -- '$PROBE' limit core"
  says "1048576 1048576"
}

@test "a_limit_is_never_looser_than_the_callers" {
  run bash -c "ulimit -n 100; '$BAWN' run --limit open_files=1000 -- '$PROBE' limit nofile"
  says "100 100"
}

# --- S18: variables and secrets -----------------------------------------------------------------------------------------

@test "variables_are_left_out_as_the_profile_says" {
  export SECRET_TOKEN=hidden AWS_KEY=hidden PLAIN=shown
  expect 0 box -- sh -c 'echo "$PLAIN $SECRET_TOKEN"'
  says "shown hidden"
  expect 0 box -c 'environment.exclude=["*_TOKEN","AWS_*"]' -- env
  says PLAIN=shown
  [[ $output != *hidden* ]] || fail "$output"
  expect 0 box -c 'environment.inherit="core"' -- env
  [[ $output != *hidden* && $output != *PLAIN* && $output == *PATH=* ]] || fail "$output"
  expect 0 box -c 'environment.inherit="none"' --env PLAIN --env NEW=1 -- /usr/bin/env
  says PLAIN=shown NEW=1
  [[ $output != *hidden* && $output != *HOME=* ]] || fail "$output"
  expect 0 box -c 'environment.include_only=["PLAIN","PATH"]' -- env
  [[ $output != *HOME=* && $output == *PLAIN=shown* ]] || fail "$output"
}

@test "loader_variables_never_cross" {
  LD_LIBRARY_PATH=/x LD_PRELOAD='' LD_DEBUG_OUTPUT=$TMPDIR/ld expect 0 box -- /usr/bin/env
  [[ $output != *LD_* ]] || fail "$output"
}

@test "the_command_can_tell_that_it_is_in_a_box" {
  expect 0 box -- env
  says BAWN=1 BAWN_PROFILE=:workspace BAWN_NETWORK=off
  for network in $(networks); do
    expect 0 box -P :read-only --network "$network" -- env
    says BAWN_PROFILE=:read-only "BAWN_NETWORK=$network"
  done
  BAWN_NETWORK=full expect 0 box -- env
  says BAWN_NETWORK=off
}

@test "secrets_of_the_home_can_be_denied" {
  mkdir "$HOME/.ssh"
  echo key > "$HOME/.ssh/id"
  # shellcheck disable=SC2088		# bawn expands it
  refused --deny '~/.ssh' -- read "$HOME/.ssh/id"
  cat > "$TMPDIR/config.toml" << 'TOML'
default_permissions = "careful"
[permissions.careful]
extends = ":workspace"
[permissions.careful.filesystem]
"~/.ssh" = "deny"
"~/.netrc" = "deny"
TOML
  refused --config "$TMPDIR/config.toml" -- read "$HOME/.ssh/id"
  BAWN_CONFIG=$TMPDIR/config.toml refused -- read "$HOME/.ssh/id"
}

# --- S7 -------------------------------------------------------------------------------------------------------------------------

@test "nothing_planted_on_path_runs_before_the_box_stands" {
  local name
  mkdir planted
  for name in bwrap newuidmap newgidmap ip mount umount sh git unshare setpriv ldconfig getent; do
    printf '#!/bin/sh\necho %s >> %s/ran\n' "$name" "$OUTSIDE" > "planted/$name"
    chmod +x "planted/$name"
  done
  git init -q .
  PATH=$WS/planted:$PATH run "$BAWN" run --git commit -- /bin/true
  PATH=$WS/planted:$PATH run "$BAWN" plan
  PATH=$WS/planted:$PATH run "$BAWN" explain write file
  missing "$OUTSIDE/ran"
  # and a command found there runs inside
  PATH=$WS/planted:$PATH run "$BAWN" run -- git
  missing "$OUTSIDE/ran"
}

# --- standard descriptors ---------------------------------------------------------------------------------------------------

@test "closed_standard_descriptors_stay_closed" {
  local closed outside inside
  for closed in 0 1 2 01 02 12 012; do
    outside=0 inside=0
    "$PROBE" with-closed "$closed" "$PROBE" standard || outside=$?
    "$PROBE" with-closed "$closed" "$BAWN" run -- "$PROBE" standard || inside=$?
    # of the first three the same ones are open, and nothing above
    [ $((inside - 10)) = $(((outside - 10) & 7)) ] || fail "$closed closed: $outside outside, $inside inside"
  done
}

@test "a_failure_with_closed_descriptors_writes_into_nobodys_file" {
  expect 127 "$PROBE" with-closed 2 "$BAWN" run -- no-such-command
  expect 125 "$PROBE" with-closed 012 "$BAWN" run --no-such-option
}

@test "descriptors_that_are_kept_work" {
  echo text > file
  run bash -c "exec 5< file; '$BAWN' run --keep-fd 5 -- cat /proc/self/fd/5"
  says text
  expect 125 box --keep-fd 77 -- true
  says 77
}
