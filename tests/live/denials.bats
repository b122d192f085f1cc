#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# denials.bats — nothing is refused without a reason: the hint after a failure.

load helpers

@test "a failure that the box caused ends in a hint" {
  needs_host "it has the only listener, so an inner one records nothing"
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
  needs_host "it has the only listener, so an inner one records nothing"
  expect 1 box -- mkdir .git
  says "denied: write $WS/.git" "--git commit"
}

@test "a rename that a rule below forbids says so" {
  needs_host "it has the only listener, so an inner one records nothing"
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
  needs_host "it has the only listener, so an inner one records nothing"
  expect 0 box --log-denials -- sh -c 'for i in 1 2 3; do rm -f ~/f; echo x > ~/f; done; true'
  says "bawn: denied: write $HOME/f  (sh, EROFS, 3 times)" \
    "      rule:  \":root\" = \"read\"            (built-in :workspace)" \
    "      allow: filesystem.\"$HOME/f\" = \"write\"  or  --write $HOME/f" \
    "bawn: 3 denied, 1 different; 3 failed that would have failed outside, too"
}

@test "two printed lines in a profile make both succeed" {
  needs_host "it has the only listener, so an inner one records nothing"
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

# as_promised SOCKET: the two denials of the manual's example, and the profile made of its two printed lines
as_promised() {
  local try="echo x > ~/f; python3 -c 'import socket; socket.socket(socket.AF_UNIX).connect(\"$1\")'"
  expect 0 plain sh -c "$try"
  rm ~/f
  expect 1 box --log-denials -- sh -c "$try"
  says "denied: write $HOME/f  (sh, EROFS)" '      rule:  ":root" = "read"            (built-in :workspace)' \
    "denied: unix-connect $1  (python3, EACCES)" "      rule:  none: local sockets of the host are closed" "2 denied, 2 different"
  missing ~/f
  {
    printf '[permissions.t]\nextends = ":workspace"\n'
    sed -n 's/^ *allow: \(.*\)  or  --.*/\1/p' <<< "$output"
  } > "$WORLD/c.toml"
  [ "$(wc -l < "$WORLD/c.toml")" = 4 ] || fail "$output"
  expect 0 box --config "$WORLD/c.toml" -P t --log-denials -- sh -c "$try"
  says "nothing was denied"
  unchanged ~/f x
}

@test "a file that is not there and a socket of the host: two denials, and their lines open both" {
  needs_host "it has the only listener, so an inner one records nothing"
  local server
  python3 -c 'import socket, sys, time; s = socket.socket(socket.AF_UNIX); s.bind(sys.argv[1]); s.listen(); time.sleep(600)' "$OUTSIDE/bus" 3>&- &
  server=$!
  wait_for 10 test -S "$OUTSIDE/bus"
  as_promised "$OUTSIDE/bus"
  kill "$server"
}

answers() { python3 -c 'import socket, sys; socket.socket(socket.AF_UNIX).connect(sys.argv[1])' "$1"; }

# Where there is none that answers, root starts one; an ordinary user, who cannot make that name, one elsewhere.
@test "the system bus: two denials, and their lines open both" {
  needs_host "it has the only listener, so an inner one records nothing"
  local bus=/run/dbus/system_bus_socket server=
  if ! answers $bus 2> /dev/null && is_root; then
    mkdir -p /run/dbus
    dbus-daemon --system --nofork --nopidfile > /dev/null 2>&1 3>&- &
    server=$!
  elif ! answers $bus 2> /dev/null; then
    bus=$OUTSIDE/bus
    dbus-daemon --session --nofork --address="unix:path=$bus" > /dev/null 2>&1 3>&- &
    server=$!
  fi
  wait_for 10 answers "$bus"
  as_promised "$bus"
  [ -z "$server" ] || { kill "$server" && rm -f $bus; }
}

@test "ordinary failures of either kind are counted apart, and no denial is invented" {
  needs_host "it has the only listener, so an inner one records nothing"
  local wanted=3
  mkdir shut
  : > shut/f
  chmod 500 shut
  # ENOENT; and for whom owners count EACCES: a closed directory of one's own, and another's
  # (touch tries two ways)
  is_root || wanted=6
  expect 0 box --log-denials --log-file "$WORLD/log" -- sh -c 'rm none; rmdir none/x; mkdir none/y
    if [ "$(id -u)" != 0 ]; then mkdir shut/d; touch /etc/bawn-test; fi; true'
  says "bawn: nothing was denied; $wanted failed that would have failed outside, too"
  [ "$(jq -c 'select(.type == "summary")' "$WORLD/log")" = '{"type":"summary","denied":0,"different":0,"untold":0,"failed":'$wanted'}' ] ||
    fail "$(cat "$WORLD/log")"
  [ "$(grep -c '"type":"denial"' "$WORLD/log")" = 0 ] || fail "$(cat "$WORLD/log")"
  if is_root; then
    # EROFS: a read-only mount of the host's
    expect 0 unshare -m sh -c 'mount --bind shut shut && mount -o remount,bind,ro shut && ! mkdir shut/d && exec "$0" "$@"' \
      "$BAWN" run --log-denials -- sh -c 'mkdir shut/d; true'
    says "bawn: nothing was denied; 1 failed that would have failed outside, too"
  fi
  expect 0 box --log-denials -- sh -c 'rm none; mkdir ~/d; true'
  says "bawn: 1 denied, 1 different; 1 failed that would have failed outside, too"
}

@test "a link that the command made does not lead the log to a file of the host" {
  needs_host "it has the only listener, so an inner one records nothing"
  echo old > ~/.profile
  expect 0 box -- sh -c 'ln -s ~/.profile log; ln -s ~ dir'
  # outside a shell's >> goes through both
  (echo x >> log && echo x >> dir/.profile) || fail "the links lead nowhere"
  echo old > ~/.profile
  ln -s "$WS/log" "$OUTSIDE/by-way-of"		# of the host's own making, but it leads through the command's
  for log in log dir/.profile dir/new "$OUTSIDE/by-way-of"; do
    expect 125 box --log-file $log -- sh -c 'mkdir ~/"\$(id)"'
    says "by a link that the command can make"
  done
  unchanged ~/.profile old
  missing ~/new
  # while it runs the log is open already
  expect 0 box --log-file own -- sh -c 'mkdir ~/d1; rm own; ln -s ~/.profile own; mkdir ~/d2; true'
  says "warning: the command can change $WS/own"
  unchanged ~/.profile old
}

@test "a link that comes in the way while the log is opened is not followed" {
  needs_host "it has the only listener, so an inner one records nothing"
  mkdir real
  echo old > ~/log
  ln -s ~ turned
  (echo x >> turned/log) && [ "$(cat ~/log)" = $'old\nx' ] || fail "the link leads nowhere"
  echo old > ~/log
  "$PROBE" flip-names "$WS/real" "$WS/turned" 120 > /dev/null &
  local exchanging=$! opened=0 refused=0 i
  for ((i = 0; i < 60 || (i < 2000 && (opened == 0 || refused == 0)); i++)); do
    observe box --quiet --log-file real/log -- sh -c 'mkdir ~/d'
    case $status in 125) refused=$((refused + 1)) ;; *) opened=$((opened + 1)) ;; esac
  done
  kill $exchanging
  wait $exchanging || :
  unchanged ~/log old
  ((opened > 0 && refused > 0)) || fail "no race: $opened opened, $refused refused"
}

@test "a log may be a FIFO that somebody reads, or a stream of ours" {
  needs_host "it has the only listener, so an inner one records nothing"
  mkfifo "$WORLD/fifo"
  expect 125 timeout 20 "$BAWN" run --log-file "$WORLD/fifo" -- touch ran
  says "log file $WORLD/fifo: a FIFO that nobody reads"
  missing ran
  exec 5<> "$WORLD/fifo"
  expect 1 box --quiet --log-file "$WORLD/fifo" -- mkdir ~/d
  timeout 20 head -n 2 <&5 > "$WORLD/read"
  exec 5>&-
  [ "$(jq -r .type "$WORLD/read" | tr '\n' ' ')" = "denial summary " ] || fail "$(cat "$WORLD/read")"
  observe box --quiet --log-file /dev/stderr -- mkdir ~/d
  says '{"type":"denial",' '"operation":"write"'
}

@test "a profile that the command can change is warned of" {
  printf '[permissions.t]\nextends = ":workspace"\n' > "$WORLD/c.toml"
  cp "$WORLD/c.toml" c.toml
  expect 0 box --config c.toml -P t -- sh -c 'echo "# x" >> c.toml'
  says "warning: the command can change $WS/c.toml"
  expect 0 box --config "$WORLD/c.toml" -P t -- true
  [ -z "$output" ] || fail "$output"
}

@test "whatever a file is called, a report has only its own lines and the log is JSON" {
  needs_host "it has the only listener, so an inner one records nothing"
  cat > names.py <<'PY'
import os
home = os.environ['HOME'].encode()
for name in b'a\nbawn: denied: b', b'\x1b[31mred', b'\xff\xfe', b'\xc3\xbc\xe2\x80\xae', b'q"\\\'', b'x' * 255, b'a$(id)`id`', b'[a]*':
    try:
        os.mkdir(home + b'/' + name)
    except OSError:
        pass
PY
  cp /bin/mkdir "$(printf 'a\n\033[1m')"
  expect 1 box --log-denials --log-file "$WORLD/log" -- sh -c 'python3 names.py; ./a* ~/by-another 2> /dev/null'
  [ "$(grep -c '^bawn: denied: write ' <<< "$output")" = 9 ] || fail "$output"
  ! grep -q '[^[:print:][:space:]]' <<< "${output//ü/}" || fail "$output"
  says 'home/a\x0abawn: denied: b' 'home/\xff\xfe' '\u202e" = "write"'
  iconv -f UTF-8 -t UTF-8 "$WORLD/log" > /dev/null
  [ "$(jq -c .type "$WORLD/log" | sort | uniq -c | tr -s ' ')" = $' 9 "denial"\n 1 "summary"' ] || fail "$(cat "$WORLD/log")"
}

@test "a log that cannot be is refused before anything runs" {
  local options
  : > "$WORLD/plain"
  for options in "--log-file /" "--log-file $WORLD/plain/" "--log-file $WORLD/none/log" "--log-fd 0" "--log-fd 9" "--log-fd x" "--log-fd -1"; do
    # shellcheck disable=SC2086
    expect 125 box $options -- touch ran
    missing ran
  done
}

@test "explain: 0 when all is allowed, 1 when something is denied; a JSON line each" {
  expect 0 "$BAWN" explain write "$WS/x" read /usr exec /bin/sh
  [ "$(grep -c ^allowed <<< "$output")" = 3 ] || fail "$output"
  expect 1 "$BAWN" explain write "$WS/x" write /usr/x connect 80
  [ "$(grep -c ^allowed <<< "$output")-$(grep -c ^denied <<< "$output")" = 1-2 ] || fail "$output"
  expect 1 "$BAWN" explain --json --platform macos write "$WS/x" mach-lookup com.example.x
  [ "$(jq -r 'select(.type == "decision") | .allowed' <<< "$output" | tr '\n' ' ')" = "true false " ] || fail "$output"
  expect 125 "$BAWN" explain write
  expect 125 "$BAWN" explain mach-lookup com.example.x
}

@test "lines are written as things happen" {
  needs_host "it has the only listener, so an inner one records nothing"
  mkfifo "$WORLD/pipe"
  box --quiet --log-file "$WORLD/log" -- sh -c 'echo x > ~/f; while ! [ -e go ]; do sleep 0.05; done' 2> /dev/null &
  local pid=$!
  wait_for 10 grep -q '"target":"'"$HOME/f"'"' "$WORLD/log"
  : > go
  wait "$pid"
}

@test "a reader of the log who does not read holds nobody up" {
  needs_host "it has the only listener, so an inner one records nothing"
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
  needs_host "it has the only listener, so an inner one records nothing"
  expect 0 bash -c '"$0" run --quiet --log-fd 7 -- sh -c "echo x > ~/f; sleep 0.2; echo x > ~/g; true" 7> >(true) 2> /dev/null' "$BAWN"
}

@test "the log-fd does not cross into the box" {
  expect 0 bash -c '"$0" run --log-fd 7 -- sh -c "! [ -e /proc/self/fd/7 ]" 7> "$1"' "$BAWN" "$WORLD/log"
}

# --- what a rule grants and is not there ----------------------------------------------------------------------------------

@test "a granted file that is missing can be made, changed and removed, and nothing beside it" {
  needs_host "it has the only listener, so an inner one records nothing"
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
  needs_host "it has the only listener, so an inner one records nothing"
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
  needs_host "it has the only listener, so an inner one records nothing"
  observe box --write ~/.cache --deny ~/.cache/secret --deny "$HOME/**/*.key" -- sh -c 'mkdir ~/.cache; mkdir ~/.cache/secret; touch ~/.cache/a.key; mkdir ~/.cache/x; mv ~/.cache/x ~/.cache/secret; ln -s /etc ~/.cache/secret'
  missing ~/.cache/secret ~/.cache/a.key
  [ -d ~/.cache/x ] || fail "$output"
}

@test "no link leads out of what is granted and missing" {
  needs_host "it has the only listener, so an inner one records nothing"
  mkdir "$OUTSIDE/d"
  echo x > "$OUTSIDE/d/f"
  observe box --write ~/g -- sh -c "mkdir ~/g; ln -s $OUTSIDE/d ~/g/l; echo y > ~/g/l/f; rm ~/g/l/f; chmod 600 ~/g/l/f; echo y > ~/g/l/new; mkdir ~/g/m; mv ~/g/l ~/g/m/l; echo y > ~/g/m/../m/l/new2"
  unchanged "$OUTSIDE/d/f" x
  [ "$(ls "$OUTSIDE/d")" = f ] || fail "$output"
  [ -L ~/g/m/l ] || fail "$output"
}

# --- exactness ------------------------------------------------------------------------------------------------------------

make_corpus() {
  mkdir -p ~/dir ~/bin dir2 secrets/deep cfg mk closed
  echo old > ~/old
  echo a > a
  echo b > b
  echo s > secret
  echo s > secrets/deep/er
  echo s > cfg/secret
  echo k > a.key
  printf '#!/bin/sh\ntrue\n' > ~/bin/tool
  printf '#!%s\n' ~/bin/tool > script
  chmod 755 ~/bin/tool script
  printf 'all:\n\techo x > %s\n' ~/out > mk/Makefile
  echo 'int main(void) { return 0; }' > prog.c
  tar -cf t.tar a
  git init -q repo
}

@test "each failing program is told exactly, and no ordinary failure is blamed on the box" {
  needs_host "it has the only listener, so an inner one records nothing"
  local who options command wanted rows=0 bad=0 got pid server port
  make_corpus
  python3 - "$OUTSIDE/s" > "$WORLD/port" 2> /dev/null 3>&- <<'PY' &
import socket, sys, time
unix = socket.socket(socket.AF_UNIX); unix.bind(sys.argv[1]); unix.listen()
server = socket.create_server(('127.0.0.1', 0)); print(server.getsockname()[1], flush=True)
time.sleep(600)
PY
  server=$!
  wait_for 10 test -s "$WORLD/port"
  port=$(cat "$WORLD/port")
  sleep 600 > /dev/null 2>&1 3>&- &
  pid=$!
  while IFS='|' read -r who options command wanted; do
    [[ $who != \#* && -n $who ]] || continue
    case "${who// /}" in
    root) is_root || continue ;;
    user) ! is_root || continue ;;
    esac
    rows=$((rows + 1))
    options=${options//@H/$HOME}
    command=${command//@L/$port} command=${command//@O/$OUTSIDE} wanted=${wanted//@L/$port} wanted=${wanted//@O/$OUTSIDE}
    command=${command//@H/$HOME} command=${command//@P/$PROBE} command=${command//@K/$pid}
    wanted=${wanted//@H/$HOME} wanted=${wanted//@W/$WS} wanted=${wanted//@K/$pid} wanted=${wanted//process_/process }
    set -f
    # shellcheck disable=SC2086
    logged $options -- sh -c "$command"
    set +f
    got=$(sed -n 's/^denial \(.*\) [0-9]*$/\1/p' <<< "$output" | LC_ALL=C sort -u)
    wanted=$(sed 's/^ *- *$//; s/; */\n/g; s/^ *//; s/ *$//' <<< "$wanted" | LC_ALL=C sort -u)
    # shellcheck disable=SC2053		# a pattern: mktemp's names
    if [[ $got != $wanted ]]; then
      bad=$((bad + 1))
      printf '%s\n  wanted: %s\n  got:    %s\n' "$options -- $command" "$wanted" "$got"
    fi
    rm -f l new .claude
  done < "$BATS_TEST_DIRNAME/denials.rows"
  kill "$pid" "$server"
  [ "$rows" -ge 60 ] || fail "only $rows rows"
  [ "$bad" = 0 ] || fail "$bad of $rows rows"
}

# --- storms and strange programs ------------------------------------------------------------------------------------------

# the log's last line: denied + what is asked for
summary() { tail -n 1 "$WORLD/log" | jq "$1"; }

@test "a hundred thousand denials are counted to the last, in bounded memory" {
  needs_host "it has the only listener, so an inner one records nothing"
  cat > storm.py <<'PY'
import os
home = os.environ['HOME']
for i in range(100000):
    try:
        os.mkdir(home + '/d%d' % (i % 20000 if i >= 50000 else 0))
    except OSError:
        pass
PY
  logged -- python3 storm.py
  [ "$(summary .denied)" = 100000 ] || fail "$(tail -n 1 "$WORLD/log")"
  [ "$(summary .different)" -le 8192 ] || fail "$(tail -n 1 "$WORLD/log")"
  [ "$(jq -s '[.[] | select(.type == "denial") | .count] | add' "$WORLD/log")" = $((100000 - $(summary .untold))) ] || fail "lines and sum differ"
}

@test "nothing is lost among a thousand threads" {
  needs_host "it has the only listener, so an inner one records nothing"
  cat > threads.py <<'PY'
import os, threading
home = os.environ['HOME']
def attempt():
    for i in range(5):
        try:
            os.mkdir(home + '/d%d' % i)
        except OSError:
            pass
threading.stack_size(65536)
threads = [threading.Thread(target=attempt) for i in range(1000)]
for t in threads: t.start()
for t in threads: t.join()
PY
  logged -- python3 threads.py
  [ "$(summary .denied)" = 5000 ] || fail "$(tail -n 1 "$WORLD/log")"
  [ "$(summary .different)" = 5 ] || fail "$(tail -n 1 "$WORLD/log")"
}

@test "programs that fork fast, daemonise, or are killed are recorded" {
  needs_host "it has the only listener, so an inner one records nothing"
  logged -- sh -c 'i=0; while [ $i -lt 200 ]; do mkdir ~/f & i=$((i+1)); done; wait'
  [ "$(summary .denied)" = 200 ] || fail "$(tail -n 1 "$WORLD/log")"
  logged -- sh -c 'setsid sh -c "(mkdir ~/g; touch done) &"; while ! [ -e done ]; do sleep 0.05; done'
  says "denial write $HOME/g EROFS mkdir 1"
  logged -- sh -c 'sh -c "mkdir ~/h; kill -9 \$\$"; true'
  says "denial write $HOME/h EROFS mkdir 1"
  logged -- sh -c 'mkdir ~/i; kill -9 $$'
  says "denial write $HOME/i EROFS mkdir 1"
}

@test "a program that traces itself is recorded, and works" {
  needs_host "it has the only listener, so an inner one records nothing"
  cat > traced.py <<'PY'
import ctypes, os, signal
libc = ctypes.CDLL(None, use_errno=True)
pid = os.fork()
if pid == 0:
    libc.ptrace(0, 0, 0, 0)             # PTRACE_TRACEME
    os.kill(os.getpid(), signal.SIGSTOP)
    try:
        os.mkdir(os.environ['HOME'] + '/traced')
    except OSError:
        os._exit(7)
    os._exit(1)
os.waitpid(pid, 0)
while True:
    libc.ptrace(24, pid, 0, 0)          # PTRACE_SYSCALL
    _, status = os.waitpid(pid, 0)
    if os.WIFEXITED(status):
        raise SystemExit(os.WEXITSTATUS(status))
PY
  expect 7 box --quiet --log-file "$WORLD/log" -- python3 traced.py
  [ "$(grep -c '"type":"denial"' "$WORLD/log")" = 1 ] || fail "$(cat "$WORLD/log")"
  logged -- strace -f -o /dev/null mkdir ~/under-strace
  says "denial write $HOME/under-strace EROFS mkdir 1"
  logged -- gdb -q -batch -ex 'catch syscall mkdir' -ex run -ex continue -ex continue --args mkdir "$HOME/under-gdb"
  says "denial write $HOME/under-gdb EROFS mkdir 1"
  grep -q 'Catchpoint 1 (call to syscall' "$WORLD/said" || fail "$(cat "$WORLD/said")"
}

@test "what the record watches works as without it" {
  needs_host "it has the only listener, so an inner one records nothing"
  cat > work.sh <<'SH'
set -e
mkdir d; echo x > d/f; chmod 640 d/f; touch -d 2001-01-01 d/f; ln -s f d/l; touch -h -d 2002-02-02 d/l; mv d/f d/g; ln d/g d/h
chown "$(id -u):$(id -g)" d/g; stat -c '%a %Y' d/g; python3 - <<'PY'
import os
os.setxattr('d/g', 'user.a', b'1'); print(os.getxattr('d/g', 'user.a')); os.removexattr('d/g', 'user.a'); print(os.listxattr('d/g'))
fd = os.open('d/g', os.O_RDWR); os.fchmod(fd, 0o600); os.utime(fd, (5, 6)); os.fchown(fd, -1, -1); os.ftruncate(fd, 1)
s = os.stat('d/g'); print(oct(s.st_mode), s.st_size, os.path.islink('d/l'))
for call in (lambda: os.unlink('d'), lambda: os.rmdir('d'), lambda: os.unlink('d/g/'), lambda: os.rmdir('d/.'), lambda: os.chmod('none', 0),
             lambda: os.chmod('d/l', 0o644), lambda: os.unlink(''), lambda: os.utime('d/g/x'), lambda: os.setxattr('d/g', 'bad', b''),
             lambda: os.unlink('x' * 300), lambda: os.chmod('/proc/self/fd/%d' % fd, 0o444), lambda: os.execv('none', ['none'])):
    try:
        call(); print('ok')
    except OSError as e:
        print(e.errno)
PY
rm -r d; ls
SH
  "$BASH" work.sh > "$WORLD/plain" 2>&1
  for options in "" --log-denials --log-denials=all; do
    # shellcheck disable=SC2086
    box --quiet $options -- "$BASH" work.sh > "$WORLD/inside" 2> "$WORLD/errors" || fail "$(cat "$WORLD/inside" "$WORLD/errors")"
    diff <(cat "$WORLD/plain") "$WORLD/inside" || fail "$options"
  done
}
