#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# doctor.bats — what the machine lacks, and which secrets are in reach: S16, S18. GPUs: devices.bats.
load helpers

@test "doctor_says_what_the_machine_has_and_what_profiles_come_to" {
  expect 0 "$BAWN" doctor
  says "user namespaces" Landlock ":read-only" ":workspace" "all of it can be enforced here (the default)" "bawn doctor gpu"
  expect 0 "$BAWN" doctor --json
  jq -es 'map(select(.type == "facility" and .name == "Landlock"))[0].enough' <<< "$output"
  jq -es 'map(select(.type == "profile" and .id == ":workspace"))[0] | .default and .gaps == 0' <<< "$output"
}

@test "doctor_says_what_is_missing_and_what_to_change" {
  needs_host "its /proc/sys is read-only"
  # in a user namespace of the test's own, where the limit is ours to set
  expect 1 unshare -Ur sh -c 'echo 0 > /proc/sys/user/max_user_namespaces; exec "$1" doctor' sh "$BAWN"
  says "max_user_namespaces" "not all of it can be enforced here"
  expect 1 unshare -Ur sh -c 'echo 0 > /proc/sys/user/max_user_namespaces; exec "$1" doctor --json' sh "$BAWN"
  jq -es 'map(select(.type == "gap" and .profile == ":workspace")) | length > 0 and (.[0].missing | contains("max_user_namespaces"))' <<< "$output"
}

@test "doctor_judges_the_profile_that_run_would_take" {
  cat > "$WORLD/config.toml" << 'TOML'
default_permissions = "a"
[permissions.a]
extends = ":workspace"
kernel.allow = ["perf"]
[permissions.b]
extends = ":workspace"
devices.gpu = "metal"
TOML
  expect 0 "$BAWN" doctor --config "$WORLD/config.toml"
  says "a " "(the default)" "kernel: perf open" "weaker"
  expect 1 "$BAWN" doctor --config "$WORLD/config.toml" -P b
  says 'devices.gpu = "metal"'
}

@test "doctor_lists_secrets_that_can_be_read_and_only_those" {
  mkdir -p ~/.ssh ~/.config/gh
  : > ~/.config/gh/hosts.yml
  MY_TOKEN=x EMPTY_TOKEN='' expect 0 "$BAWN" doctor
  says "~/.ssh" "~/.config/gh/hosts.yml" MY_TOKEN
  [[ $output != *EMPTY_TOKEN* && $output != *~/.aws* ]] || fail "$output"
  cat > "$WORLD/config.toml" << 'TOML'
default_permissions = "a"
[permissions.a]
extends = ":workspace"
environment.exclude = ["*_TOKEN"]
[permissions.a.filesystem]
"~/.ssh" = "deny"
TOML
  MY_TOKEN=x expect 0 "$BAWN" doctor --config "$WORLD/config.toml"
  [[ $output != *~/.ssh* && $output != *MY_TOKEN* ]] || fail "$output"
  says "~/.config/gh/hosts.yml"
}

@test "doctor_takes_gpu_or_nothing" {
  expect 125 "$BAWN" doctor gpus
  says "no topic"
  expect 125 "$BAWN" doctor gpu x
  says "one operand too many"
}
