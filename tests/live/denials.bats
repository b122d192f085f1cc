#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# denials.bats — nothing is refused without a reason: the hint after a failure.

load helpers

@test "a failure that the box caused ends in a hint" {
  expect 1 box -- tee ~/f
  says "bawn: denied: write $HOME/f  (tee, EROFS)" "allow: --write $HOME/f"
  missing ~/f
}

@test "the hint's grant works" {
  : > ~/f
  expect 0 box --write ~/f -- sh -c 'echo x > ~/f'
  unchanged ~/f x
}

@test "no hint when the command succeeded, when nothing was denied, and with --quiet" {
  expect 0 box -- sh -c 'echo x > ~/f; true'
  [[ $output != *bawn:* ]] || fail "$output"
  expect 3 box -- sh -c 'echo x > f; exit 3'
  [[ $output != *bawn:* ]] || fail "$output"
  expect 3 box --quiet -- sh -c 'echo x > ~/f; exit 3'
  [[ $output != *bawn:* ]] || fail "$output"
}

@test "what would have failed outside, too, is not blamed on the box" {
  mkdir closed
  : > closed/f
  chmod 555 closed
  if is_root; then
    expect 1 box -- touch missing/f
  else
    expect 1 box -- touch closed/g
    [[ $output != *bawn:* ]] || fail "$output"
    expect 1 box -- touch /etc/bawn-test
  fi
  [[ $output != *bawn:* ]] || fail "$output"
}

@test "a refused repository is told with its grant" {
  expect 1 box -- mkdir .git
  says "denied: write $WS/.git" "--git commit"
}

@test "a rename that a rule below forbids says so" {
  mkdir -p cfg
  echo s > cfg/secret
  expect 1 box --deny cfg/secret -- mv cfg cfg2
  says "denied: write $WS/cfg"
}
