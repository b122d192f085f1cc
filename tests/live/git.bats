#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# git.bats — B4: `.git = "commit"` lets git work, and what git executes or obeys stays closed.
load helpers

# a repository with two commits, in the workspace
make_repository() {
  git init -q -b main "${1-.}"
  (
    cd "${1-.}" || exit
    echo one > file
    git add file
    git commit -q -m one
    git commit -q --allow-empty -m two
  )
}

gitbox() { box --git commit -- git -c advice.detachedHead=false "$@"; }

@test "git_add_and_commit_need_the_grant" {
  make_repository
  echo two > file
  run box -- git add file
  [ "$status" != 0 ]
  gitbox add file
  gitbox commit -q -m three
  [ "$(git rev-list --count HEAD)" = 3 ]
  git fsck --strict
}

@test "git_branch_merge_rebase_and_tag_work" {
  make_repository
  gitbox checkout -q -b side
  echo side > side && gitbox add side && gitbox commit -q -m side
  gitbox checkout -q main
  echo more > more && gitbox add more && gitbox commit -q -m more
  gitbox merge -q -m merged side
  gitbox tag v1
  gitbox tag -a -m two v2
  gitbox branch -d side
  # git also wants to rename a section of the closed config, and says so
  run gitbox branch -m main trunk
  [ "$status" = 0 ] || says "config"
  gitbox reset -q --hard HEAD~1
  gitbox cherry-pick v1~0^2
  [ -e more ] && [ -e side ]
  git fsck --strict
}

@test "git_stash_gc_and_status_work" {
  make_repository
  echo changed > file
  gitbox stash
  [ "$(cat file)" = one ]
  gitbox stash pop
  [ "$(cat file)" = changed ]
  gitbox status
  gitbox gc -q --prune=now
  gitbox pack-refs --all
  gitbox reflog expire --expire=now --all
  git fsck --strict
}

@test "git_fetch_from_a_local_repository_works" {
  make_repository
  git clone -q . "$OUTSIDE/clone"
  git -C "$OUTSIDE/clone" commit -q --allow-empty -m three
  git remote add other "$OUTSIDE/clone"
  gitbox fetch -q other
  [ "$(git rev-list --count other/main)" = 3 ]
  gitbox merge -q other/main
}

@test "git_commit_works_in_a_linked_worktree" {
  make_repository "$OUTSIDE/main"
  git -C "$OUTSIDE/main" worktree add -q "$WS/tree"
  cd tree
  echo new > new
  gitbox add new
  gitbox commit -q -m three
  gitbox stash list
  [ "$(git rev-list --count HEAD)" = 3 ]
  local directory=$OUTSIDE/main/.git
  refused --git commit -- create "$directory/hooks/post-commit"
  refused --git commit -- append "$directory/config" evil
  refused --git commit -- append "$directory/worktrees/tree/gitdir" evil
  refused --git commit -- append "$directory/worktrees/tree/commondir" evil
  refused --git commit -- create "$directory/worktrees/tree/config.worktree"
  refused --git commit -- append "$WS/tree/.git" evil
  refused --git commit -- create "$OUTSIDE/main/new"
}

@test "git_worktree_add_works" {
  make_repository
  gitbox worktree add -q linked
  [ -e linked/file ]
  git -C linked log -1 --format=%s
  gitbox worktree list
}

@test "git_commit_works_in_a_submodule" {
  make_repository "$OUTSIDE/lib"
  make_repository
  git -c protocol.file.allow=always submodule add -q "$OUTSIDE/lib" lib
  git commit -q -m submodule
  (
    cd lib
    echo new > new
    gitbox add new
    gitbox commit -q -m three
    [ "$(git rev-list --count HEAD)" = 3 ]
    refused --git commit -- append "$WS/.git/modules/lib/config" evil
    refused --git commit -- create "$WS/.git/modules/lib/hooks/x"
    refused --git commit -- create "$WS/.git/hooks/x"
  )
  gitbox add lib
  gitbox commit -q -m moved
  refused --git commit -- append "$WS/.git/modules/lib/config" evil
  refused --git commit -- create "$WS/.git/modules/lib/hooks/x"
  refused --git commit -- create "$WS/.git/modules/lib/info/attributes"
}

@test "hooks_and_settings_stay_closed" {
  make_repository
  local name call
  for name in hooks/pre-commit config.worktree info/attributes objects/info/alternates rebase-merge/git-rebase-todo \
      sequencer/todo commondir; do
    refused --git commit -- create ".git/$name"
    missing ".git/$name"
  done
  mkdir evil
  echo evil > evil/attributes
  for call in "append .git/config evil" "rename .git/hooks .git/h" "rename .git/info .git/i" "rename evil .git/hooks" \
      "exchange evil .git/hooks" "exchange evil .git/info" "rename .git git" "rename .git/objects/info .git/oi" "unlink .git/config" \
      "truncate .git/config" "symlink evil .git/rebase-merge" "mkdir .git/rebase-merge" "mkdir .git/sequencer" \
      "link evil/attributes .git/info/attributes" "rename evil/attributes .git/info/attributes" "rename evil/attributes .git/config"; do
    # shellcheck disable=SC2086
    refused --git commit -- $call
  done
  run box --git commit -- git config core.fsmonitor evil
  [ "$status" != 0 ]
  [ -z "$(git config core.fsmonitor)" ]
}

@test "missing_hooks_and_info_cannot_be_put_there_by_a_link" {
  make_repository
  rm -rf .git/hooks .git/info
  run box --git commit -- sh -c 'mkdir -p evil; echo "* filter=evil" > evil/attributes; echo x > evil/pre-commit; chmod +x evil/pre-commit
    ln -s ../evil .git/info; ln -s ../evil .git/hooks; ln -s ../evil l; mv l .git/info; mv evil .git/info; mkdir .git/info; echo x > .git/info/attributes'
  missing .git/info/attributes .git/hooks
}

@test "settings_that_git_replaces_outside_meanwhile_stay_closed" {
  make_repository
  box --git commit -- sh -c 'touch started; while [ ! -e go ]; do sleep 0.02; done; echo "#evil" >> .git/config' &
  wait_for 5 test -e started
  git config user.name changed
  touch go
  wait || true
  run grep evil .git/config
  [ "$status" = 1 ]
}

@test "a_pull_outside_meanwhile_does_no_harm" {
  make_repository
  box --git commit -- sh -c 'touch started; while [ ! -e go ]; do sleep 0.02; done; git log -1 --format=%s > said' &
  wait_for 5 test -e started
  git commit -q --allow-empty -m outside
  touch go
  wait
  unchanged said outside
}

@test "a_status_outside_runs_nothing_that_the_command_left" {
  make_repository
  echo "#!/bin/sh
touch '$OUTSIDE/ran'" > "$TMPDIR/payload"
  # the attack: a repository of the command's own, linked into the index, whose settings name a program
  # shellcheck disable=SC2016
  run box --git commit -- sh -c '
    printf "#!/bin/sh\ntouch '"$OUTSIDE"'/ran\n" > payload; chmod +x payload
    git init -q sub; cd sub; git commit -q --allow-empty -m x; git config core.fsmonitor "$PWD/../payload"; cd ..
    git add sub; git commit -q -m gitlink; git mv file f2; git commit -q -m more'
  git status > /dev/null
  git diff > /dev/null
  missing "$OUTSIDE/ran"
}

@test "a_missing_git_directory_stays_missing" {
  run box --git commit -- git init
  [ "$status" != 0 ]
  missing .git
}

@test "git_works_read_only_without_the_grant" {
  make_repository
  box -- git status
  box -- git log --oneline
  box -P :read-only -- git diff HEAD~1
}

# A file ".git" makes a repository as well as a directory does: only the one that `git worktree add` writes may be made.
@test "a_git_file_of_the_commands_own_leads_nowhere" {
  git init -q . && echo 1 > one && git add one && git commit -qm one
  cat > evil.sh <<'SCRIPT'
mkdir -p sub/evil/objects sub/evil/refs .git/worktrees/forged
echo 'ref: refs/heads/main' > sub/evil/HEAD
printf '[core]\n\trepositoryformatversion = 0\n\tfsmonitor = touch %s/ran; false\n' "$1" > sub/evil/config
echo 'gitdir: evil' > sub/.git
echo 'gitdir: evil' > sub/pointer && mv sub/pointer sub/.git
ln -s evil sub/.git
ln sub/evil/HEAD sub/.git
echo /tmp > .git/worktrees/forged/commondir
git update-index --add --cacheinfo "160000,$(git rev-parse HEAD),sub"
SCRIPT
  run box --git commit -- sh evil.sh "$OUTSIDE"
  missing sub/.git
  [ "$(cat .git/worktrees/forged/commondir)" = ../.. ]
  git status > /dev/null 2>&1 || true
  missing "$OUTSIDE/ran"
}

@test "a_new_worktree_inside_the_workspace_works_and_keeps_its_pointers" {
  git init -q . && echo 1 > one && git add one && git commit -qm one
  expect 0 box --git commit -- sh -c 'git worktree add -q wt && cd wt && echo 2 > two && git add two && git commit -qm two'
  [ "$(git -C wt log --format=%s -n 1)" = two ]
  run box --git commit -- sh -c 'echo "gitdir: evil" > wt/.git; echo evil > .git/worktrees/wt/commondir'
  [ "$(git -C wt log --format=%s -n 1)" = two ]
}
