#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# edges.bats — odd places and large numbers: B6, B9, B10, B13.
load helpers

# --- B6 -----------------------------------------------------------------------------------------------------------------------

@test "a_file_can_be_a_writable_root" {
  echo old > "$OUTSIDE/file"
  echo old > "$OUTSIDE/other"
  allowed --write "$OUTSIDE/file" -- append "$OUTSIDE/file" new
  refused --write "$OUTSIDE/file" -- append "$OUTSIDE/other" new
  refused --write "$OUTSIDE/file" -- create "$OUTSIDE/new"
  allowed -P :read-only --write "$OUTSIDE/file" -- open-write "$OUTSIDE/file"
}

@test "a_device_as_a_root_is_one_clear_line" {
  needs_host "it has no /dev/kmsg"
  run box --write /dev/null -- true
  [ "$status" = 0 ] || fail "$output"
  expect 0 box --write /dev/kmsg -- test -c /dev/kmsg
  expect 125 box --write /dev -- true
  says '"/dev" = "write"'
  [ "${#lines[@]}" -le 4 ]
}

@test "a_missing_writable_root_is_passed_over" {
  expect 0 box --write "$OUTSIDE/none/at/all" -- true
  expect 0 box --add-dir "$OUTSIDE/none" -- true || expect 125 box --add-dir "$OUTSIDE/none" -- true
  missing "$OUTSIDE/none"
  # missing inside what is writable: it can be made
  expect 0 box --write "$WS/new/deep" -- mkdir -p "$WS/new/deep"
}

@test "a_socket_and_a_fifo_can_be_roots" {
  mkfifo "$OUTSIDE/fifo"
  "$PROBE" bind "$OUTSIDE/sock"
  expect 0 box --write "$OUTSIDE/fifo" --write "$OUTSIDE/sock" --deny "$OUTSIDE/none" -- true
  expect 0 box --deny "$OUTSIDE/fifo" --read "$OUTSIDE/sock" -- true
}

@test "paths_that_are_not_utf8_work" {
  local name=$'caf\xe9 \xff\xfe'
  mkdir "$name" "$OUTSIDE/$name"
  allowed -- create "$name/file"
  allowed -C "$WS/$name" -- create here
  allowed --write "$OUTSIDE/$name" -- create "$OUTSIDE/$name/file"
  refused --deny "$name" -- read "$name/file"
  refused --deny "$name/none" -- create "$name/none"
}

@test "paths_with_spaces_newlines_and_pattern_characters_work" {
  local name
  for name in "a b" $'new\nline' 'quote"s' "back\\slash" ' lead' 'trail ' '-dash' '(deleted)' 'x (deleted)' '#' '%s%n'; do
    mkdir -- "$name"
    allowed -C "$WS/$name" -- create "$WS/$name/file"
    refused --deny "$WS/$name/none" -- create "$WS/$name/none"
    refused --deny "$WS/$name/file" -- read "$WS/$name/file"
    refused -C "$WS/$name" -- mkdir "$WS/$name/.codex"
  done
}

@test "a_workspace_whose_name_looks_like_a_pattern_works" {
  mkdir 'w[x]*?{a,b}' wx
  cd 'w[x]*?{a,b}'
  allowed -- create file
  refused -- mkdir .codex
  refused -- create ../wx/file
}

@test "a_working_directory_that_is_gone_is_one_clear_line" {
  mkdir gone
  cd gone
  rmdir ../gone
  observe "$BAWN" run -- true
  [ "$status" = 125 ] || fail "$status: $output"
  says "working directory" "-C"
  [ "${#lines[@]}" -le 2 ] || fail "$output"
  expect 0 box -C "$WS" -- true
}

@test "a_working_directory_that_cannot_be_read_is_no_crash" {
  mkdir -m 0111 shut
  cd shut
  observe "$BAWN" run -- true
  [ "$status" = 0 ] || [ "$status" = 125 ] || fail "$status: $output"
}

@test "no_home_and_no_variables_at_all_are_no_trouble" {
  expect 0 env -i "$BAWN" run -- /bin/true
  expect 0 env -u HOME "$BAWN" run -- true
  HOME='' expect 0 box -- true
  HOME=/nonexistent expect 0 box -- true
  HOME=relative expect 0 box -- true
  expect 0 env -i "$BAWN" run -- true
}

@test "deep_and_long_paths_work" {
  local deep=$WS i
  for ((i = 0; i < 18; i++)); do deep+=/$(printf 'd%.0s' {1..190}); done
  mkdir -p "$deep"
  (cd "$deep" && expect 0 "$BAWN" run -- sh -c 'mkdir x && echo y > x/f')
  [ -e "$deep/x/f" ]
}

# --- B9 -----------------------------------------------------------------------------------------------------------------------

@test "a_thousand_mounts_of_the_host_are_no_trouble" {
  mkdir mounts
  echo old > "$OUTSIDE/file"
  # in a mount namespace of the test's own
  expect 0 unshare -Urm sh -c '
    i=0
    while [ $i -lt 1000 ]; do mkdir mounts/$i && mount -t tmpfs -o size=4k none mounts/$i || exit 9; i=$((i + 1)); done
    timeout 20 "$1" run -P :read-only -- "$2" create mounts/500/new && exit 8
    timeout 20 "$1" run -- "$2" create mounts/500/new || exit 7
    timeout 20 "$1" run --deny mounts/500/new -- "$2" read mounts/500/new && exit 6
    timeout 20 "$1" run --deny mounts/77 -- "$2" list mounts/77 && exit 5
    exit 0' sh "$BAWN" "$PROBE"
}

@test "ten_thousand_rules_hold_each" {
  local i
  mkdir r
  {
    printf 'default_permissions = "many"\n[permissions.many]\nextends = ":workspace"\n[permissions.many.filesystem]\n'
    for ((i = 0; i < 10000; i++)); do
      echo "\"$WS/r/$i\" = \"$([ $((i % 2)) = 0 ] && echo deny || echo read)\""
    done
  } > "$WORLD/config.toml"
  (cd r && seq 0 9999 | xargs touch)
  {
    for i in 0 2 5000 9998; do printf 'read\t%s\nwrite\t%s\n' "$WS/r/$i" "$WS/r/$i"; done
    for i in 1 3 5001 9999; do printf 'read\t%s\nwrite\t%s\n' "$WS/r/$i" "$WS/r/$i"; done
    printf 'write\t%s\n' "$WS/r/other"
  } > "$TMPDIR/questions"
  observe timeout 60 "$BAWN" run --config "$WORLD/config.toml" -- "$PROBE" questions "$TMPDIR/questions"
  [ "$status" = 0 ] || fail "$output"
  for i in 0 1 2 3 4 5 6 7; do [ "${lines[i]}" != 0 ] || fail "$i: $output"; done
  for i in 8 10 12 14 16; do [ "${lines[i]}" = 0 ] || fail "$i: $output"; done
  for i in 9 11 13 15; do [ "${lines[i]}" != 0 ] || fail "$i: $output"; done
}

# --- B10, :minimal --------------------------------------------------------------------------------------------------------

@test "a_repository_above_the_workspace_is_found" {
  git init -q "$HOME"
  git -C "$HOME" commit -q --allow-empty -m above
  expect 0 box -- git log -1 --format=%s
  says above
  expect 0 box -- git rev-parse --show-toplevel
  says "$HOME"
}

@test "programs_start_with_only_the_minimal_places" {
  cat > "$WORLD/config.toml" << 'TOML'
default_permissions = "small"
[permissions.small.filesystem]
":minimal" = "read"
":workspace_roots" = "write"
TOML
  local options=(--config "$WORLD/config.toml")
  expect 0 box "${options[@]}" -- python3 -c 'import ssl, json, sqlite3; print("python", ssl.create_default_context())'
  expect 0 box "${options[@]}" -- node -e 'console.log("node", require("os").cpus().length)'
  expect 0 box "${options[@]}" -- git --version
  expect 0 box "${options[@]}" -- sh -c 'echo x > file; date; id; ls /; getent passwd root'
  expect 0 box "${options[@]}" --write "$PROBE" -- "$PROBE" create new
  echo secret > "$OUTSIDE/file"
  observe box "${options[@]}" -- cat "$OUTSIDE/file"
  [ "$status" != 0 ]
  observe box "${options[@]}" -- ls "$OUTSIDE" "$HOME"
  [ "$status" != 0 ]
  # nothing can be made where nothing is granted
  observe box "${options[@]}" -- sh -c "mkdir /new; mkdir $OUTSIDE/new; mkdir $HOME/new; echo x > /file"
  missing /new /file "$OUTSIDE/new" "$HOME/new"
}

# --- B13 ------------------------------------------------------------------------------------------------------------------

@test "the_effective_policy_can_be_seen_and_read_back" {
  cat > "$WORLD/config.toml" << 'TOML'
default_permissions = "mine"
[permissions.mine]
extends = ":workspace"
[permissions.mine.filesystem]
"~/.ssh" = "deny"
":workspace_roots" = { docs = "read", "**/.env" = "deny" }
TOML
  expect 0 "$BAWN" plan --config "$WORLD/config.toml"
  says "$HOME/.ssh" "config.toml:5" "$WS/docs" ".env"
  "$BAWN" profile show --config "$WORLD/config.toml" > "$TMPDIR/shown.toml"
  "$BAWN" plan --config "$WORLD/config.toml" --json > "$TMPDIR/one.json"
  chmod go-w "$TMPDIR/shown.toml"
  "$BAWN" plan -P mine --config "$TMPDIR/shown.toml" --json > "$TMPDIR/two.json"
  diff <(jq -cS 'select(.type == "rule") | {path, access, layer}' "$TMPDIR/one.json") \
    <(jq -cS 'select(.type == "rule") | {path, access, layer}' "$TMPDIR/two.json")
  [ "$(jq -r 'select(.type == "rule") | .path' "$TMPDIR/one.json" | wc -l)" -gt 10 ]
}

@test "a_warning_is_given_by_every_command_that_loads_the_file" {
  printf '[permissions.x]\nextends = ":workspace"\n[permissions.x.filesystem]\n":no_such_token" = "read"\n' > "$WORLD/config.toml"
  local command
  for command in "run -P x --config $WORLD/config.toml -- true" "plan -P x --config $WORLD/config.toml" \
      "explain -P x --config $WORLD/config.toml read /etc" "profile check $WORLD/config.toml" \
      "profile list --config $WORLD/config.toml" "profile show --config $WORLD/config.toml x"; do
    # shellcheck disable=SC2086
    observe "$BAWN" $command
    [[ $output == *no_such_token* ]] || fail "$command: $output"
  done
}

@test "an_error_names_file_line_column_and_the_nearest_spelling" {
  printf '[permissions.x.filesystem]\n":workspace_root" = "read"\n[permissions.x.netwrok]\n' > "$WORLD/config.toml"
  expect 125 box -P x --config "$WORLD/config.toml" -- true
  says "config.toml:3" netwrok network
}

@test "with_few_descriptors_it_works_or_says_so" {
  local count worked=0 refused=0
  for count in 8 12 16 20 22 24 28 32 40 48 64 128; do
    observe bash -c "ulimit -n $count && exec '$BAWN' run -- sh -c 'ulimit -n; mkdir made && rmdir made'" < /dev/null
    case $status in
      0) worked=$((worked + 1)); [ "$output" = "$count" ] || fail "$count: $output" ;;
      125) refused=$((refused + 1)); says bawn: ;;
      *) fail "$count: status $status: $output" ;;
    esac
  done
  ((worked > 3 && refused > 0)) || fail "$worked worked, $refused refused"
}

# --- the library ------------------------------------------------------------------------------------------------------------

@test "a_threaded_program_can_launch_through_the_library" {
  local library=$BATS_TEST_DIRNAME/../../build/host
  # an ordinary user's copy of the checkout comes without it
  [ -e "$library/libbawn.a" ] || (cd "$BATS_TEST_DIRNAME/../.." && tools/build host)
  cc -Wall -Wextra -Werror -pthread -I "$BATS_TEST_DIRNAME/../../include" -o "$TMPDIR/threaded" \
    "$BATS_TEST_DIRNAME/threaded.c" "$library/libbawn.a"
  expect 0 "$TMPDIR/threaded" 8 20
  says "160 launches, 0 failures"
}
