#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# files.bats — the file rules against a command that wants round them: S4, S5, S10, S11, S15, B8, B11.
load helpers

# --- the plain promises ---------------------------------------------------------------------------------------------------

@test "cannot_write_outside_the_workspace" {
  echo old > "$OUTSIDE/file"
  works open-write "$OUTSIDE/file"
  local call
  for call in "open-write $OUTSIDE/file" "append $OUTSIDE/file x" "truncate $OUTSIDE/file" "truncate-open $OUTSIDE/file" \
      "unlink $OUTSIDE/file" "create $OUTSIDE/new" "mkdir $OUTSIDE/new" "symlink x $OUTSIDE/new" "mkfifo $OUTSIDE/new" \
      "bind $OUTSIDE/new" "link $OUTSIDE/file $WS/hard" "link $OUTSIDE/file $OUTSIDE/new" "rename $OUTSIDE/file $OUTSIDE/new" \
      "rename $OUTSIDE/file $WS/moved" "chmod 600 $OUTSIDE/file" "chown $OUTSIDE/file" "touch $OUTSIDE/file" \
      "setxattr $OUTSIDE/file" "rmdir $OUTSIDE" "create $HOME/new" "create /etc/new"; do
    # shellcheck disable=SC2086
    refused -- $call
  done
  unchanged "$OUTSIDE/file" old
  [ "$(ls "$OUTSIDE")" = file ]
}

@test "a_stray_write_says_so_and_does_not_vanish" {
  local path
  for path in "$OUTSIDE/x" "$HOME/x" /x /usr/x /var/x /run/x /dev/x; do
    run box -- "$PROBE" create "$path"
    [ "$status" = 1 ] || fail "$path: $output"
    [[ $output == *"Read-only file system"* || $output == *"Permission denied"* ]] || fail "$path: $output"
  done
}

@test "nothing_is_writable_in_read_only" {
  echo old > file
  refused -P :read-only -- open-write file
  refused -P :read-only -- create new
  refused -P :read-only -- create /tmp/bawn-new
  refused -P :read-only -- mkdir new
  refused -P :read-only -- truncate file
  allowed -P :read-only -- read file
}

@test "a_denied_file_cannot_be_read_in_any_way" {
  echo secret > "$OUTSIDE/secret"
  works read "$OUTSIDE/secret"
  refused --deny "$OUTSIDE/secret" -- read "$OUTSIDE/secret"
  refused --deny "$OUTSIDE" -- read "$OUTSIDE/secret"
  refused --deny "$OUTSIDE" -- list "$OUTSIDE"
  refused --deny "$OUTSIDE/secret" -- link "$OUTSIDE/secret" "$WS/hard"
  refused --deny "$OUTSIDE/secret" -- chmod 777 "$OUTSIDE/secret"
  ln -s "$OUTSIDE/secret" link
  refused --deny "$OUTSIDE/secret" -- read link
  refused --deny "$OUTSIDE/secret" -- read "/proc/self/root$OUTSIDE/secret"
  run box --deny "$OUTSIDE" -- sh -c "mount --bind $OUTSIDE $WS; umount $OUTSIDE; cat $OUTSIDE/secret; tar -cf - $OUTSIDE"
  [[ $output != *secret"$'\n'"* ]]
}

@test "writes_and_reads_below_a_deny_reopen" {
  mkdir -p a/b/c/d
  echo x > a/file; echo x > a/b/file; echo x > a/b/c/file
  local options=(--deny a --write a/b --deny a/b/c --read a/b/c/d)
  refused "${options[@]}" -- read a/file
  allowed "${options[@]}" -- open-write a/b/file
  refused "${options[@]}" -- read a/b/c/file
  allowed "${options[@]}" -- list a/b/c/d
  refused "${options[@]}" -- create a/b/c/d/new
  refused "${options[@]}" -- create a/new
}

# --- S4: renames -------------------------------------------------------------------------------------------------------------

@test "a_parent_of_a_denied_path_cannot_be_renamed" {
  mkdir -p cfg/deep
  echo key > cfg/deep/secret
  works rename cfg cfg2
  works rename cfg2 cfg
  refused --deny cfg/deep/secret -- rename cfg cfg2
  refused --deny cfg/deep/secret -- rename cfg/deep cfg/deep2
  refused --deny cfg/deep/secret -- rename cfg/deep/secret moved
  mkdir other
  refused --deny cfg/deep/secret -- exchange cfg other
  refused --deny cfg/deep/secret -- exchange other cfg
  refused --deny cfg/deep/secret -- rename cfg/deep other
  run box --deny cfg/deep/secret -- sh -c 'mv cfg cfg2; cat cfg2/deep/secret cfg/deep/secret; rm -rf cfg'
  [[ $output != *key* ]]
  unchanged cfg/deep/secret key
}

@test "a_parent_of_a_protected_path_cannot_be_renamed" {
  mkdir -p cfg/prod sub
  echo keep > cfg/prod/file
  refused --read cfg/prod -- rename cfg cfg2
  refused --read cfg/prod -- rename cfg/prod cfg/prod2
  refused --read cfg/prod -- exchange cfg sub
  run box --read cfg/prod -- sh -c 'mv cfg cfg2; echo evil > cfg2/prod/file; echo evil > cfg/prod/file; rm -r cfg'
  unchanged cfg/prod/file keep
}

@test "neighbours_of_a_rule_can_be_renamed_and_removed" {
  mkdir -p cfg/prod cfg/other
  echo x > cfg/file
  allowed --read cfg/prod -- rename cfg/file cfg/file2
  allowed --read cfg/prod -- rename cfg/file2 moved
  allowed --read cfg/prod -- rename cfg/other other
  allowed --read cfg/prod -- rename other cfg/other
}

@test "a_missing_denied_name_cannot_be_made_in_any_way" {
  mkdir -p d src
  echo x > file
  ln -s nowhere link
  local call
  for call in "create d/no" "mkdir d/no" "symlink x d/no" "mkfifo d/no" "bind d/no" "link file d/no" "rename file d/no" \
      "rename src d/no" "rename link d/no" "exchange file d/no" "create ./d/../d/no" "mkdir d/no/"; do
    # shellcheck disable=SC2086
    refused --deny d/no -- $call
  done
  missing d/no
}

@test "what_lies_below_a_missing_denied_name_cannot_be_made" {
  run box --deny d/deep/no -- sh -c 'mkdir -p d/deep/no; mkdir -p z/deep; echo x > z/deep/no; mv z d; ls -R'
  missing d/deep/no
}

@test "no_link_can_stand_in_for_a_missing_parent_of_a_ruled_name" {
  run box --deny d/deep/no -- sh -c 'mkdir -p z/deep; echo x > z/deep/no; ln -s z d'
  missing d/deep/no
  rm -rf d z
  run box --deny d/deep/no -- sh -c 'mkdir -p z/deep; echo x > z/deep/no; ln -s z l; mv l d'
  missing d/deep/no
  rm -rf d z l
  run box --deny d/deep/no -- sh -c 'mkdir -p z/deep; echo x > z/deep/no; ln -s z l; ln l d'
  missing d/deep/no
  rm -rf d z l
  run box --deny d/deep/no -- sh -c 'mkdir -p d e/no; ln -s ../e d/deep'
  missing d/deep/no
  rm -rf d e
  run box --deny d/deep/no -- sh -c "mkdir d; echo x > f; ln -s ../e l; $PROBE exchange f l; mkdir -p e/no; $PROBE exchange l d; $PROBE exchange f d/deep"
  missing d/deep/no
}

@test "a_tree_that_holds_a_ruled_name_cannot_be_moved_to_its_place" {
  run box --deny d/no -- sh -c 'mkdir z; echo x > z/no; mv z d; mkdir d; mv z/no d/no; mv -T z d'
  missing d/no
}

# --- S5: deny globs ----------------------------------------------------------------------------------------------------------

@test "a_glob_denies_a_directory_and_all_below_it" {
  mkdir -p a/secrets/deep
  echo key > a/secrets/deep/file
  refused --deny '**/secrets' -- read a/secrets/deep/file
  refused --deny '**/secrets' -- list a/secrets
  refused --deny '**/secrets' -- create a/secrets/new
  allowed --deny '**/secrets' -- list a
}

@test "a_glob_denies_what_links_lead_to" {
  mkdir -p a
  echo key > a/x.key
  ln -s a/x.key link
  ln -s a/x.key b.key
  refused --deny '**/*.key' -- read link
  refused --deny '**/*.key' -- read b.key
  refused --deny '**/*.key' -- read a/x.key
}

@test "a_glob_denies_the_other_names_of_a_denied_file" {
  mkdir -p a b
  echo key > a/x.key
  ln a/x.key b/innocent
  echo free > b/free
  refused --deny '**/*.key' -- read b/innocent
  allowed --deny '**/*.key' -- read b/free
  refused --deny '**/*.key' -- link a/x.key b/another
}

@test "a_new_match_of_a_glob_cannot_be_made" {
  mkdir -p d
  echo x > file
  local call
  for call in "create x.key" "mkdir x.key" "symlink file x.key" "link file x.key" "rename file x.key" "rename d x.key" \
      "mkfifo d/x.key" "bind d/x.key"; do
    # shellcheck disable=SC2086
    refused --deny '**/*.key' -- $call
  done
  [ -z "$(find . -name '*.key')" ]
}

@test "a_match_cannot_be_renamed_out_of_its_glob" {
  mkdir -p a/secrets
  echo key > a/secrets/file
  echo key > a/.env
  refused --deny '**/secrets' -- rename a/secrets a/open
  refused --deny 'a/secrets' -- rename a b
  refused --deny '**/.env' -- rename a/.env a/env
  # a directory above a match may move where the glob follows it
  run box --deny '**/.env' -- sh -c 'mv a b; cat b/.env a/.env'
  [[ $output != *key* ]] || fail "$output"
}

@test "a_file_that_appears_later_and_matches_is_not_opened_by_a_call_that_is_seen" {
  (sleep 0.4; echo key > later.key) &
  run box --deny '**/*.key' -- sh -c 'sleep 1; : >> later.key; ls later.key'
  wait
  unchanged later.key key
}

@test "two_thousand_matches_are_no_trouble" {
  local i
  mkdir many
  for ((i = 0; i < 2000; i++)); do echo key > "many/$i.key"; done
  refused --deny '**/*.key' -- read many/0.key
  refused --deny '**/*.key' -- read many/1999.key
}

@test "a_rule_on_a_file_holds_when_somebody_outside_replaces_the_file" {
  echo one > kept
  box --read kept -- sh -c 'touch started; while [ ! -e go ]; do sleep 0.02; done; echo evil >> kept' &
  wait_for 5 test -e started
  echo two > new
  mv new kept
  touch go
  wait || true
  unchanged kept two
}

@test "a_replaced_file_cannot_be_reached_by_another_name" {
  local attack
  for attack in "ln kept x && echo evil >> x" "mv kept x && echo evil >> x && mv x kept" "ln -s kept x && echo evil >> x" \
      "$PROBE truncate kept" "$PROBE truncate-open kept" "echo evil > new && mv new kept" "exec 3<> kept && echo evil >&3" \
      "echo evil > new; $PROBE exchange new kept" "cp kept x && echo evil >> x && ln -f x kept"; do
    rm -f started go x new kept
    echo one > kept
    box --read kept -- sh -c "touch started; while [ ! -e go ]; do sleep 0.02; done; $attack" > "$TMPDIR/out" 2>&1 &
    wait_for 5 test -e started
    echo two > replacement
    mv replacement kept
    touch go
    wait || true
    [ "$(cat kept)" = two ] || fail "$attack: $(cat kept)"
  done
}

# A mask stands on the file, not on the name: what others put in its place can be read (docs/threats.md says so), but not written.
@test "a_denied_file_cannot_be_written_when_somebody_outside_has_replaced_it" {
  echo one > kept
  box --deny kept -- sh -c 'touch started; while [ ! -e go ]; do sleep 0.02; done; echo three > kept; mv started kept' &
  wait_for 5 test -e started
  echo two > new
  mv new kept
  touch go
  wait || true
  [ "$(cat kept)" = two ]
}

# --- S10: nested repositories --------------------------------------------------------------------------------------------

@test "cannot_plant_hooks_or_settings_in_a_nested_repository" {
  git init -q nest
  git init -q deep/down/nest
  local repository
  for repository in nest deep/down/nest; do
    works create "$repository/.git/hooks/outside"
    refused -- create "$repository/.git/hooks/post-checkout"
    refused -- append "$repository/.git/config" "[core] fsmonitor = evil"
    refused -- rename "$repository/.git" "$repository/git"
    refused -- rename "$repository" "$repository.moved"
    run box -- git -C "$repository" config core.fsmonitor evil
    says "Read-only file system"
  done
  refused -- rename deep/down moved
  refused -- rename deep moved
  allowed -- create nest/file
}

# bawn's own TMPDIR would be searched first, and the search of it ends at a bound
@test "a_nested_repository_is_closed_where_the_workspace_lies_among_others_in_a_temporary_directory" {
  mkdir -p crowd/work
  mkdir crowd/{a..z}{0..9}
  git init -q crowd/work/nest
  cd crowd/work
  works create nest/.git/hooks/outside
  TMPDIR=$PWD/.. refused -- create nest/.git/hooks/post-checkout
  TMPDIR=$PWD/.. allowed -- create ../file
}

@test "cannot_plant_in_protected_names_existing_or_not" {
  local name
  mkdir .claude .aws
  git init -q .
  for name in .git .codex .agents .claude .aws .bawn; do
    refused -- create "$name/x"
    refused -- mkdir "$name/x"
    refused -- rmdir "$name"
    refused -- rename "$name" "x$name"
    missing "$name/x"
  done
  mkdir sub
  for name in .codex .agents .bawn; do
    refused -- mkdir "$name"
    refused -- symlink sub "$name"
    refused -- rename sub "$name"
    refused -- create "$name"
    missing "$name"
  done
}

@test "an_explicit_write_reopens_a_protected_name" {
  mkdir .codex
  allowed --write .codex -- create .codex/x
  refused -- create .codex/y
}

@test "a_worktrees_own_git_directory_is_protected_too" {
  git init -q "$OUTSIDE/main"
  git -C "$OUTSIDE/main" commit -q --allow-empty -m one
  git -C "$OUTSIDE/main" worktree add -q "$WS/tree"
  refused --write "$OUTSIDE" -C "$WS/tree" -- create "$OUTSIDE/main/.git/hooks/x"
  refused --write "$OUTSIDE" -C "$WS/tree" -- append "$OUTSIDE/main/.git/config" x
  refused --write "$OUTSIDE" -C "$WS/tree" -- append "$WS/tree/.git" x
  refused --write "$OUTSIDE" -C "$WS/tree" -- create "$OUTSIDE/main/.git/worktrees/tree/config.worktree"
}

# --- S11: a home that is writable ------------------------------------------------------------------------------------------

@test "what_a_login_executes_is_protected_in_a_writable_home" {
  mkdir -p "$HOME/.ssh" "$HOME/.config/systemd/user"
  echo old > "$HOME/.bashrc"
  cd "$HOME"
  works create .outside
  local call
  for call in "append .bashrc evil" "create .profile" "create .ssh/authorized_keys" "create .config/systemd/user/x.service" \
      "mkdir .config/autostart" "rename .config moved" "rename .ssh moved" "unlink .bashrc" "create .zshenv" "create .gitconfig" \
      "mkdir .local/bin" "symlink /tmp .gnupg" "rename .outside .bash_profile"; do
    # shellcheck disable=SC2086
    refused -- $call
  done
  unchanged .bashrc old
  allowed -- create .config/some-program
  allowed -- create .ordinary
}

@test "a_missing_parent_of_what_a_login_executes_cannot_be_a_link" {
  cd "$HOME"
  box -- sh -c 'mkdir -p evil/systemd/user; echo x > evil/systemd/user/x.service; ln -s evil .config; mv evil .config' || true
  missing .config/systemd/user/x.service
  rm -rf .config evil
  box -- sh -c 'mkdir -p evil/bin; echo x > evil/bin/ls; ln -s evil l; mv l .local' || true
  missing .local/bin/ls
}

@test "home_and_working_directory_may_be_the_root" {
  if is_root; then
    # everything is the caller's to write then, by his own words; the kernel's settings are not
    HOME=/ expect 1 box -C / -- "$PROBE" open-write /proc/sys/kernel/core_pattern
    HOME=/ expect 1 box -C / -- "$PROBE" create /.profile
    HOME=/ expect 1 box -C / -- "$PROBE" mkdir /.codex
  fi
  HOME=/ expect 0 box -C / -- true
  HOME=/ expect 0 box -P :read-only -C / -- true
  missing /.profile /.codex
}

# --- S15: links and swaps --------------------------------------------------------------------------------------------------

@test "a_link_planted_by_the_command_does_not_reach_outside" {
  echo old > "$OUTSIDE/file"
  run box -- sh -c "ln -s $OUTSIDE/file l; echo evil > l; ln -s $OUTSIDE d; echo evil > d/new; rm d/file; mv l d/l2; cp l d"
  unchanged "$OUTSIDE/file" old
  [ "$(ls "$OUTSIDE")" = file ]
}

@test "a_link_left_by_an_earlier_run_is_not_followed_into_a_grant" {
  # The first run turns a directory that a rule names into a link; what the second run grants is what stands there for the user to
  # see, resolved once, and protected names hold at that place too.
  mkdir "$OUTSIDE/.codex"
  box -- ln -s "$OUTSIDE" linked
  refused -- create linked/new
  refused --write linked -- create linked/.codex/x
}

@test "a_name_on_the_way_that_changes_outside_leads_nowhere" {
  mkdir d
  ln -s . swap
  "$PROBE" flip-names d swap 4 > /dev/null &
  local flipper=$!
  # through "swap" the name is the workspace's own .codex
  run box -- "$PROBE" make-through d/.codex "$WS/.codex" 15000
  kill "$flipper" 2> /dev/null || true
  wait "$flipper" 2> /dev/null || true
  missing "$WS/.codex"
  [ "$status" = 1 ] || fail "$output"
}

@test "a_link_swapped_in_between_resolving_and_mounting_grants_nothing" {
  mkdir sub
  ln -s "$OUTSIDE" swap
  "$PROBE" flip-names "$WS/sub" "$WS/swap" 6 > /dev/null &
  local flipper=$! i refused=0
  for ((i = 0; i < 120; i++)); do
    # the user names a directory; OUTSIDE was never named, but may be what the link shows when it is looked up
    "$BAWN" run -P :read-only --write "$WS/sub" --deny "$OUTSIDE" -- "$PROBE" create "$OUTSIDE/evil" > "$TMPDIR/out" 2>&1 &&
      fail "written: $(cat "$TMPDIR/out")"
    ! grep -q '^bawn:' "$TMPDIR/out" || refused=$((refused + 1))
  done
  kill "$flipper" 2> /dev/null || true
  wait "$flipper" 2> /dev/null || true
  missing "$OUTSIDE/evil"
}

# --- B11 -----------------------------------------------------------------------------------------------------------------------

@test "a_workspace_reached_by_a_link_works" {
  ln -s "$WS" "$HOME/link"
  cd "$HOME/link"
  allowed -- create new
  allowed -C "$HOME/link" -- create new2
  refused -- mkdir .codex
  refused -- mkdir "$WS/.codex"
  [ -e "$WS/new" ] && [ -e "$WS/new2" ]
}

@test "a_protected_name_that_is_a_link_stays_what_it_is" {
  mkdir real
  ln -s real .codex
  refused -- create .codex/x
  refused -- create real/x
  refused -- unlink .codex
  refused -- rename .codex moved
  refused -- rename real moved
  [ "$(readlink .codex)" = real ]
}

@test "a_protected_name_that_is_a_dangling_link_stays_what_it_is" {
  ln -s nowhere .codex
  refused -- unlink .codex
  refused -- mkdir nowhere
  refused -- mkdir .codex
  refused -- rename .codex moved
  missing nowhere
  [ "$(readlink .codex)" = nowhere ]
}

@test "dangling_and_looping_links_as_roots_are_told_in_one_line" {
  ln -s nowhere dangling
  ln -s loop loop
  run box --write dangling -- true
  [ "$status" = 0 ] || [ "${#lines[@]}" -le 2 ] || fail "$output"
  expect 125 box --write loop -- true
  [ "${#lines[@]}" -le 3 ] || fail "$output"
  says loop
}

@test "dot_dot_after_a_link_means_what_the_kernel_means" {
  mkdir -p "$OUTSIDE/a/b"
  ln -s "$OUTSIDE/a/b" link
  allowed --write link/.. -- create "$OUTSIDE/a/new"
  refused --write link/.. -- create "$WS/../new"
}

# --- S6: descriptors ------------------------------------------------------------------------------------------------------------

@test "only_descriptors_0_to_2_cross" {
  run "$PROBE" with-open 7 "$OUTSIDE" "$BAWN" run -- "$PROBE" descriptors
  [[ $output != *"7 "*"$OUTSIDE"* ]] || fail "$output"
  run "$PROBE" with-open 7 "$OUTSIDE" "$PROBE" descriptors
  says "7 $OUTSIDE"
  run "$PROBE" with-open 7 "$OUTSIDE" "$BAWN" run --keep-fd 7 -- "$PROBE" descriptors
  says "7 $OUTSIDE"
  for number in 3 4 5 6 8 9; do
    [[ $output != *$'\n'"$number "* ]] || fail "$output"
  done
}

@test "a_protected_file_given_as_input_cannot_be_written" {
  git init -q .
  cp .git/config "$TMPDIR/before"
  expect 0 "$PROBE" with-open 0 "$WS/.git/config" "$PROBE" reopen 0
  expect 1 "$PROBE" with-open 0 "$WS/.git/config" "$BAWN" run -- "$PROBE" reopen 0
  cmp .git/config "$TMPDIR/before"
}

@test "an_outside_file_given_as_input_cannot_be_written" {
  echo old > "$OUTSIDE/file"
  expect 1 "$PROBE" with-open 0 "$OUTSIDE/file" "$BAWN" run -- "$PROBE" reopen 0
  unchanged "$OUTSIDE/file" old
}

@test "a_directory_given_as_input_opens_nothing_that_is_ruled" {
  git init -q .
  echo old > "$OUTSIDE/file"
  echo secret > secret
  expect 0 "$PROBE" with-open 0 "$WS" "$PROBE" open-from 0 .git/config write
  expect 1 "$PROBE" with-open 0 "$OUTSIDE" "$BAWN" run -- "$PROBE" open-from 0 file write
  run "$PROBE" with-open 0 "$WS" "$BAWN" run -- "$PROBE" open-from 0 .git/config write
  [ "$status" != 0 ]
  run "$PROBE" with-open 0 "$WS" "$BAWN" run --deny secret -- "$PROBE" open-from 0 secret read
  [ "$status" != 0 ]
}

@test "output_that_goes_to_a_file_can_be_opened_again" {
  box -- sh -c 'echo one; echo two > /dev/stdout; echo three >> /dev/stderr' >> "$OUTSIDE/log" 2>&1
  grep -q two "$OUTSIDE/log"
  grep -q three "$OUTSIDE/log"
}
