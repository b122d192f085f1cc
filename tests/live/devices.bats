#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# devices.bats — the box's own /dev, and devices that are granted: B14. Each test has a /dev of its own (with_dev).
load helpers

with_dev() { "$BATS_TEST_DIRNAME/with_dev" "$@"; }

@test "cannot_change_mode_or_owner_of_the_hosts_device_files_even_as_root" {
  # the made nodes belong to root, and an ordinary user could not change them outside either
  local before='666 0:0'
  is_root || before='666 65534:65534'
  expect 0 with_dev '' sh -c '"$1" run -- sh -c "chmod 600 /dev/null; chown 1:1 /dev/null; chmod 0 /dev/tty; true" 2> /dev/null
    stat -c "%a %u:%g" /dev/null /dev/tty' sh "$BAWN"
  [ "${lines[0]}" = "$before" ] && [ "${lines[1]}" = "$before" ] || fail "$output"
  if is_root; then
    expect 0 with_dev '' sh -c 'chmod 600 /dev/null; stat -c %a /dev/null'
    says 600
  fi
}

@test "the_boxs_own_device_files_are_read_and_written" {
  expect 0 box -- sh -c 'echo x > /dev/null && head -c 3 /dev/zero | wc -c && test -w /dev/full && head -c 1 /dev/urandom | wc -c'
  says 3 1
}
