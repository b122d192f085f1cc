#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# profiles.bats — the profiles that are shipped: each is sound, opens what it says, and closes what it says.
load helpers

setup() {
  make_world
  # A copy: a checkout may be writable for a group, and then its files are refused.
  mkdir "$WORLD/profiles"
  install -m 644 "$BATS_TEST_DIRNAME"/../../profiles/*.toml "$WORLD/profiles"
}

# by PROFILE [OPTION...] -- COMMAND...: in a profile that is shipped
by() {
  local profile=$1
  shift
  "$BAWN" run --config "$WORLD/profiles/$profile.toml" "$@"
}

@test "every_shipped_profile_is_sound_and_starts" {
  local file name
  for file in "$WORLD"/profiles/*.toml; do
    name=$(basename "$file" .toml)
    expect 0 "$BAWN" profile check "$file"
    [[ $output != *warning* ]] || fail "$output"
    expect 0 by "$name" -- true
    expect 0 by "$name" -P "$name" -- true
  done
}

@test "dev_commits_and_hides_secrets" {
  git init -q .
  mkdir -p "$HOME/.ssh" sub/secrets
  echo s3cret | tee "$HOME/.ssh/id_ed25519" .env sub/.env.local sub/secrets/key > /dev/null
  expect 0 by dev -- sh -c 'echo text > file && git add file && git commit -qm first && cat file'
  expect 1 by dev -- sh -c 'echo x > .git/hooks/pre-commit 2> /dev/null || exit 1'
  expect 1 by dev -- cat "$HOME/.ssh/id_ed25519" .env sub/.env.local sub/secrets/key
  [[ $output != *s3cret* ]]
  NPM_TOKEN=s3cret expect 1 by dev -- printenv NPM_TOKEN
}

@test "ci_has_few_variables_and_an_end" {
  STRANGE=1 expect 1 by ci -- printenv STRANGE
  expect 0 by ci -- printenv CI
  expect 124 by ci -c limits.wall_seconds=1 -- sleep 20
  expect 0 by ci -- printenv BAWN_NETWORK
  [ "$output" = off ]
  is_inside || { expect 0 by ci -P fetch -- printenv BAWN_NETWORK && [ "$output" = full ]; }
}

@test "read_only_secrets_writes_nothing_and_hides_secrets" {
  echo s3cret | tee .env server.pem > /dev/null
  echo text > file
  expect 0 by read-only-secrets -- cat file
  expect 1 by read-only-secrets -- cat .env server.pem
  [[ $output != *s3cret* ]]
  expect 1 by read-only-secrets -- sh -c 'echo x > file 2> /dev/null || exit 1'
  expect 1 by read-only-secrets -- sh -c 'echo x > /tmp/bawn-new 2> /dev/null || exit 1'
}

@test "minimal_has_the_workspace_and_nothing_else_of_the_home" {
  echo s3cret > "$HOME/letter"
  echo text > file
  expect 0 by minimal -- sh -c 'cat file && echo new > new && mktemp > /dev/null && git --version'
  expect 1 by minimal -- cat "$HOME/letter"
  says "No such file"
  expect 2 by minimal -- ls "$HOME"		# the way to the workspace, which cannot be listed
  says "Permission denied"
}
