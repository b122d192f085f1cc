#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# nesting.bats — a box inside a box, and machines that cannot hold a promise: B2, S16.
load helpers

nested() { box --allow-kernel user-namespaces -- "$BAWN" run "$@"; }

@test "a_nested_bawn_is_refused_with_what_blocks_it" {
  expect 125 box -- "$BAWN" run -- true
  says "user-namespaces"
  expect 125 box -- "$BAWN" run --allow-degraded -- true
  says "user-namespaces"
}

@test "a_nested_bawn_of_a_read_only_profile_works" {
  if is_root; then
    # uid 0 may be mapped again only with CAP_SETFCAP, which no box leaves: user_namespaces(7)
    observe nested -P :read-only -- true
    [ "$status" = 0 ] || { [ "$status" = 125 ] && says "cannot map the user"; }
    return
  fi
  expect 0 nested -P :read-only -- true
  expect 1 nested -P :read-only -- "$PROBE" create "$WS/new"
}

@test "a_nested_bawn_with_a_workspace_works_or_names_the_listener" {
  observe nested -- "$PROBE" create "$WS/new"
  if [ "$status" = 0 ]; then
    [ -e "$WS/new" ]
    expect 1 nested -- "$PROBE" mkdir "$WS/.codex"
    missing "$WS/.codex"
    expect 1 nested --deny "$WS/no" -- "$PROBE" create "$WS/no"
  else
    [ "$status" = 125 ] || fail "$status: $output"
    is_root || says "listener"
  fi
}

@test "the_outer_rules_hold_in_a_nested_namespace" {
  mkdir -p a "$OUTSIDE"
  echo old > "$OUTSIDE/file"
  cat > attack.sh << 'SH'
mkdir -p mnt deep
mount --bind . mnt
mkdir mnt/.codex
mkdir -p mnt/d/e/no
mv mnt/a mnt/b
mount -o remount,rw,bind / ; mount -o remount,rw /
umount -l "$OUTSIDE"; umount -l /proc/sys
echo evil > "$OUTSIDE/file"
mount --bind "$OUTSIDE" mnt && echo evil > mnt/file
mount -t tmpfs none mnt && mkdir mnt/w && mount --bind . mnt/w && mkdir mnt/w/.codex
mount -t proc proc mnt && echo x > mnt/sys/kernel/core_pattern
pivot_root mnt mnt/w
true
SH
  local as=-Um
  export OUTSIDE
  box --allow-kernel user-namespaces --deny d/e/no --read a/x -- unshare "$as" --map-current-user sh attack.sh > "$TMPDIR/out" 2>&1 || true
  box --allow-kernel user-namespaces --deny d/e/no --read a/x -- unshare -Urm sh attack.sh >> "$TMPDIR/out" 2>&1 || true
  missing .codex d/e/no
  unchanged "$OUTSIDE/file" old
}

@test "a_deny_holds_in_a_nested_namespace" {
  mkdir secret
  echo key > secret/file
  local line
  for line in "cat secret/file" "umount secret; cat secret/file" "umount -l .; cat secret/file" \
      "mkdir m; mount --bind . m; cat m/secret/file" "mkdir m; mount --rbind / m; cat m$WS/secret/file; umount m$WS/secret; cat m$WS/secret/file" \
      "mv secret open; cat open/file" "unshare -m cat secret/file"; do
    observe box --allow-kernel user-namespaces --deny secret -- unshare -Urm sh -c "$line"
    [[ $output != *key* ]] || fail "$line: $output"
    observe box --allow-kernel user-namespaces --deny secret -- unshare -Um --map-current-user sh -c "$line"
    [[ $output != *key* ]] || fail "$line: $output"
    rm -rf m
  done
}

@test "bubblewrap_works_inside_where_namespaces_are_open" {
  command -v bwrap > /dev/null || return 0
  is_root && return 0		# as above: uid 0 cannot be mapped again
  expect 0 box --allow-kernel user-namespaces -- bwrap --ro-bind / / --dev /dev --proc /proc --unshare-all sh -c 'echo works'
  says works
}

@test "bawn_inside_bubblewrap_keeps_its_promises_or_refuses" {
  command -v bwrap > /dev/null || return 0
  observe bwrap --bind / / --dev /dev --proc /proc "$BAWN" run -- "$PROBE" mkdir "$WS/.codex"
  missing "$WS/.codex"
  [ "$status" != 0 ]
  observe bwrap --bind / / --dev /dev --proc /proc --unshare-all "$BAWN" run -- true
  [ "$status" = 0 ] || [ "$status" = 125 ] || fail "$status: $output"
}

@test "a_setting_that_nothing_enforces_yet_is_refused_by_name" {
  expect 125 box --allow-domain example.com -- true
  says "example.com"
  expect 125 box --listen 8080 -- true
  says 8080
}

@test "a_machine_without_user_namespaces_is_told_so" {
  # in a user namespace of the test's own, where the limit is ours to set
  expect 125 unshare -Ur sh -c 'echo 0 > /proc/sys/user/max_user_namespaces; exec "$1" run -- true' sh "$BAWN"
  says "max_user_namespaces"
}
