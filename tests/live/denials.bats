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

# --- the record -----------------------------------------------------------------------------------------------------------

# logged [OPTION...] -- COMMAND...: the JSON lines in $WORLD/log, and one word a line in output:
# TYPE OPERATION TARGET ERRNO PROGRAM COUNT, sorted
logged() {
  rm -f "$WORLD/log"
  box --quiet --log-file "$WORLD/log" "$@" > "$WORLD/said" 2>&1 < /dev/null || :
  output=$(jq -r '[.type, .operation, .target, .errno, .program, .count] | join(" ")' "$WORLD/log" | LC_ALL=C sort)
}

@test "the report tells each denial once, with its rule and what would allow it" {
  expect 0 box --log-denials -- sh -c 'for i in 1 2 3; do rm -f ~/f; echo x > ~/f; done; true'
  says "bawn: denied: write $HOME/f  (sh, EROFS, 3 times)" \
    "      rule:  \":root\" = \"read\"            (built-in :workspace)" \
    "      allow: filesystem.\"$HOME/f\" = \"write\"  or  --write $HOME/f" \
    "bawn: 3 denied, 1 different; 3 failed that would have failed outside, too"
}

@test "two printed lines in a profile make both succeed" {
  : > ~/f
  mkdir -p ~/d
  expect 2 box --log-denials -- sh -c 'rmdir ~/d; echo x > ~/f'
  {
    echo "[permissions.t]"
    echo 'extends = ":workspace"'
    sed -n 's/^ *allow: \(.*\)  or  --.*/\1/p' <<< "$output"
  } > "$WORLD/c.toml"
  [ "$(grep -c filesystem "$WORLD/c.toml")" = 2 ] || fail "$output"
  # a directory that a rule names keeps its name: what is in it may go
  expect 0 box --config "$WORLD/c.toml" -P t -- sh -c 'echo x > ~/f; echo x > ~/d/f; rm ~/d/f'
  unchanged ~/f x
}

@test "lines are written as things happen" {
  mkfifo "$WORLD/pipe"
  box --quiet --log-file "$WORLD/log" -- sh -c 'echo x > ~/f; while ! [ -e go ]; do sleep 0.05; done' 2> /dev/null &
  local pid=$!
  wait_for 10 grep -q '"target":"'"$HOME/f"'"' "$WORLD/log"
  : > go
  wait "$pid"
}

@test "a reader of the log who does not read holds nobody up" {
  mkfifo "$WORLD/pipe"
  exec 7<> "$WORLD/pipe"
  expect 0 box --quiet --log-fd 7 -- sh -c 'i=0; while [ $i -lt 3000 ]; do echo x > ~/f$i; i=$((i+1)); done 2>/dev/null; true' &
  local pid=$!
  sleep 0.5
  head -c 100 <&7 > /dev/null
  # the command itself has ended long before its log is taken
  cat <&7 > "$WORLD/log" &
  local reader=$!
  wait "$pid"
  wait_for 10 grep -q f2999 "$WORLD/log"
  kill "$reader"
  exec 7>&-
}

@test "a log whose reader has gone is no end of the command" {
  expect 0 bash -c '"$0" run --quiet --log-fd 7 -- sh -c "echo x > ~/f; sleep 0.2; echo x > ~/g; true" 7> >(true) 2> /dev/null' "$BAWN"
}

@test "the log-fd does not cross into the box" {
  expect 0 bash -c '"$0" run --log-fd 7 -- sh -c "! [ -e /proc/self/fd/7 ]" 7> "$1"' "$BAWN" "$WORLD/log"
}

# --- what a rule grants and is not there ----------------------------------------------------------------------------------

@test "a granted file that is missing can be made, changed and removed, and nothing beside it" {
  expect 0 box --write ~/new -- sh -c 'echo x > ~/new && echo y >> ~/new && chmod 600 ~/new && touch ~/new'
  unchanged ~/new $'x\ny'
  rm ~/new
  expect 0 box --write ~/new -- sh -c 'echo x > ~/new && rm ~/new'
  missing ~/new
  for attempt in 'echo x > ~/other' 'mkdir ~/other' 'mv here ~/other' 'ln -s x ~/other' 'echo x > ~/new2'; do
    : > here
    observe box --write ~/new -- sh -c "$attempt"
    [ "$status" != 0 ] || fail "$attempt"
    missing ~/other ~/new2
  done
}

@test "a granted directory that is missing can be made with the way to it, filled and emptied" {
  expect 0 box --write ~/.cache/tool -- sh -c 'umask 077 && mkdir -p ~/.cache/tool/a/b && echo x > ~/.cache/tool/a/b/c &&
    mv ~/.cache/tool/a/b/c ~/.cache/tool/d && ln ~/.cache/tool/d ~/.cache/tool/e && ln -s d ~/.cache/tool/f &&
    rm ~/.cache/tool/e && rmdir ~/.cache/tool/a/b && cat ~/.cache/tool/f'
  [ "$output" = x ] || fail "$output"
  unchanged ~/.cache/tool/d x
  missing ~/.cache/tool/a/b ~/.cache/tool/e
  rm -r ~/.cache
  observe box --write ~/.cache/tool -- sh -c 'mkdir -p ~/.cache/other || mkdir ~/x || : > ~/.cache'
  [ "$status" != 0 ] || fail "$output"
  missing ~/.cache/other ~/x
}

@test "a rule below what is granted and missing holds" {
  observe box --write ~/.cache --deny ~/.cache/secret --deny "$HOME/**/*.key" -- sh -c 'mkdir ~/.cache; mkdir ~/.cache/secret; touch ~/.cache/a.key; mkdir ~/.cache/x; mv ~/.cache/x ~/.cache/secret; ln -s /etc ~/.cache/secret'
  missing ~/.cache/secret ~/.cache/a.key
  [ -d ~/.cache/x ] || fail "$output"
}

@test "no link leads out of what is granted and missing" {
  mkdir "$OUTSIDE/d"
  echo x > "$OUTSIDE/d/f"
  observe box --write ~/g -- sh -c "mkdir ~/g; ln -s $OUTSIDE/d ~/g/l; echo y > ~/g/l/f; rm ~/g/l/f; chmod 600 ~/g/l/f; echo y > ~/g/l/new; mkdir ~/g/m; mv ~/g/l ~/g/m/l; echo y > ~/g/m/../m/l/new2"
  unchanged "$OUTSIDE/d/f" x
  [ "$(ls "$OUTSIDE/d")" = f ] || fail "$output"
  [ -L ~/g/m/l ] || fail "$output"
}
