# SPDX-License-Identifier: Apache-2.0
# helpers.bash — what the live tests share: a made-up home with a workspace, the box, and the probe outside and inside.
#
# Every attack is tried twice: without the box, where it must work on a target of our own, and inside, where it must not.
# shellcheck disable=SC2034,SC2154,SC2153		# bats sets status and output; tests use what is set here

# Whether these tests run in a box themselves (make check-self); the name is then ours.
if [ "${BAWN-}" = 1 ]; then export BAWN_LIVE_INSIDE=1; fi
BAWN=$(realpath "$BATS_TEST_DIRNAME/../../build/bawn")
PROBE=$(realpath "$BATS_TEST_DIRNAME/../../build/probe")
# Not below /tmp, which is writable in every box; the same file system as what the tests link to.
LIVE_TMP=${BAWN_LIVE_TMP:-/var/tmp}

# A home, a workspace in it and a place beside it, all new. The probe lies in the workspace too: some tests need it there.
make_world() {
  WORLD=$(mktemp -d "$LIVE_TMP/bawn-live.XXXXXX")
  HOME=$WORLD/home WS=$WORLD/home/ws OUTSIDE=$WORLD/outside
  mkdir -p "$WS" "$OUTSIDE" "$WORLD/tmp"
  TMPDIR=$WORLD/tmp
  PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
  export HOME TMPDIR PATH
  unset BAWN_CONFIG XDG_CONFIG_HOME LD_LIBRARY_PATH LD_PRELOAD NO_COLOR
  export GIT_CONFIG_NOSYSTEM=1 GIT_AUTHOR_NAME=a GIT_AUTHOR_EMAIL=a@b GIT_COMMITTER_NAME=a GIT_COMMITTER_EMAIL=a@b
  cd "$WS" || exit
}

remove_world() {
  cd / || exit
  [ -z "${WORLD-}" ] || { chmod -R u+rwX "$WORLD" 2> /dev/null; rm -rf "$WORLD"; }
}

setup() { make_world; }
teardown() { remove_world; }

# needs_host WHAT: what this test shows first, or uses, is closed by the box around it when the tests run in one; then it is
# skipped, and tools/check tells. Only for tests that can do nothing without it.
needs_host() { ! is_inside || skip "inside a box: $1"; }

is_inside() { [ -n "${BAWN_LIVE_INSIDE-}" ]; }
# What --network can be: an inner box with the network on is refused, for the outer one decides about the loopback.
networks() { is_inside && echo off || echo off full; }

is_root() { [ "$(id -u)" = 0 ]; }

# box [OPTION...] -- COMMAND...: in the default profile
box() { "$BAWN" run "$@"; }

# As the box runs things, less the box: without capabilities.
plain() {
  if is_root; then
    setpriv --inh-caps=-all --bounding-set=-all "$@"
  else
    "$@"
  fi
}

fail() {
  echo "$*" >&2
  return 1
}

# observe COMMAND...: run, without its remark on status 127
observe() {
  status=0
  output=$("$@" 2>&1) || status=$?
  mapfile -t lines <<< "$output"
}

# expect STATUS COMMAND...
expect() {
  local wanted=$1
  shift
  observe "$@"
  [ "$status" = "$wanted" ] || fail "status $status, not $wanted: $* → $output"
}

# says TEXT...: each is part of the last output
says() {
  local text
  for text in "$@"; do
    [[ $output == *"$text"* ]] || fail "\"$text\" is not in: $output"
  done
}

# works PROBE-ARGS...: without the box
works() { expect 0 "$PROBE" "$@"; }

# wins COMMAND...: a race, without the box. It need not be won each time, least of all on a busy machine.
wins() {
  for _ in {1..10}; do
    observe "$@"
    [ "$status" != 0 ] || return 0
  done
  fail "the race is not won outside either: $* → $output"
}

# refused [OPTION...] -- PROBE-ARGS...: inside
refused() {
  local options=()
  while [ "$1" != -- ]; do options+=("$1"); shift; done
  shift
  expect 1 box "${options[@]}" -- "$PROBE" "$@"
  says "refused"
}

# allowed [OPTION...] -- PROBE-ARGS...: inside
allowed() {
  local options=()
  while [ "$1" != -- ]; do options+=("$1"); shift; done
  shift
  expect 0 box "${options[@]}" -- "$PROBE" "$@"
}

# closed PROBE-ARGS...: works outside (as an ordinary user in namespaces of one's own where the kernel wants capabilities; what it
# keeps from ordinary users altogether was shown to work by root's run), and is refused inside.
closed() {
  run "$PROBE" "$@"
  if [ "$status" != 0 ]; then
    run unshare -Urmn "$PROBE" "$@"
    [ "$status" = 0 ] || ! is_root || fail "does not work outside either: $* → $output"
  fi
  refused -- "$@"
}

# unchanged FILE TEXT
unchanged() {
  [ "$(cat "$1")" = "$2" ] || fail "$1 now holds: $(cat "$1")"
}

missing() {
  local path
  for path in "$@"; do
    [[ ! -e $path && ! -L $path ]] || fail "$path is there"
  done
}

# wait_for SECONDS COMMAND...: until it succeeds
wait_for() {
  local rounds=$(($1 * 20))
  shift
  while ! "$@" > /dev/null 2>&1; do
    ((rounds-- > 0)) || fail "in vain: $*"
    sleep 0.05
  done
}
