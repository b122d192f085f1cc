#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# sockets.bats — local sockets of the host: closed, by whatever name and call; opened by path; and all works inside.
#
# The servers bind relative names, and some come after the start: no mask covers them, the broker alone keeps them closed.
load helpers

setup() { make_world; SERVERS=(); }
teardown() { end_servers; remove_world; }

end_servers() {
  local pid
  for pid in "${SERVERS[@]}"; do kill "$pid" 2> /dev/null || :; done
  SERVERS=()
}

# server KIND PATH: outside the box
server() {
  (cd "$(dirname "$2")" && exec "$PROBE" serve "$1" "$(basename "$2")") > /dev/null 2>&1 3>&- &
  SERVERS+=($!)
  wait_for 10 test -e "$2.log"
}

# arrivals PATH COUNT
arrivals() {
  local count
  count=$(wc -l < "$1.log")
  [ "$count" = "$2" ] || fail "$1: $count arrivals, not $2"
}

@test "sockets_of_the_host_are_closed_to_every_call_and_kind" {
  needs_host "it has no local datagram sockets"
  local network kind how
  for kind in stream seqpacket dgram; do server "$kind" "$WS/$kind.sock"; done
  for kind in stream seqpacket dgram; do works name-socket connect "$kind" "$WS/$kind.sock"; done
  for how in sendto sendmsg sendmsg-fd sendmmsg pair-sendto pair-sendmsg pair-sendmsg-fd pair-sendmmsg raw-sendto raw-connect; do
    works name-socket "$how" dgram "$WS/dgram.sock"
  done
  arrivals "$WS/stream.sock" 1
  arrivals "$WS/seqpacket.sock" 1
  arrivals "$WS/dgram.sock" 11
  for network in $(networks); do
    for kind in stream seqpacket dgram; do
      refused --network "$network" -- name-socket connect "$kind" "$WS/$kind.sock"
      refused --network "$network" -P :read-only -- name-socket connect "$kind" "$WS/$kind.sock"
    done
    for how in sendto sendmsg sendmsg-fd sendmmsg raw-sendto raw-connect; do
      refused --network "$network" -- name-socket "$how" dgram "$WS/dgram.sock"
    done
    allowed --network "$network" -- datagram-pair "$WS/dgram.sock"
    for how in pair-sendto pair-sendmsg pair-sendmsg-fd pair-sendmmsg; do
      allowed --network "$network" -- name-socket "$how" dgram "$WS/dgram.sock"
    done
  done
  arrivals "$WS/stream.sock" 1
  arrivals "$WS/seqpacket.sock" 1
  arrivals "$WS/dgram.sock" 11
}

@test "sockets_of_the_host_are_closed_by_whatever_name" {
  local way network
  mkdir "$WS/dir"
  server stream "$WS/dir/s.sock"
  for way in plain name symlink directory-link hard-link proc-root proc-cwd relative other-cwd descriptor descriptor-itself; do
    # a box follows no link of another process that leads out of it
    if is_inside && [ "$way" = other-cwd ]; then continue; fi
    works reach-socket "$way" "$WS/dir/s.sock"
    rm -f "$WS"/reach.*
    for network in $(networks); do
      refused --network "$network" -- reach-socket "$way" "$WS/dir/s.sock"
      rm -f "$WS"/reach.*
    done
  done
  arrivals "$WS/dir/s.sock" "$(is_inside && echo 10 || echo 11)"
}

@test "a_ring_does_not_connect_either" {
  server stream "$WS/s.sock"
  "$PROBE" name-socket io-uring stream "$WS/s.sock" || needs_host "it has no io_uring"
  "$PROBE" name-socket io-uring stream "$WS/s.sock" || skip "no io_uring on this machine"
  refused -- name-socket io-uring stream "$WS/s.sock"
}

@test "a_socket_that_appears_after_the_start_is_closed" {
  local pid
  box -- sh -c "touch ready; until [ -e go ]; do sleep 0.05; done; exec '$PROBE' name-socket connect stream '$OUTSIDE/late.sock'" > out 2>&1 &
  pid=$!
  wait_for 10 test -e ready
  server stream "$OUTSIDE/late.sock"
  works name-socket connect stream "$OUTSIDE/late.sock"
  touch go
  status=0; wait "$pid" || status=$?
  [ "$status" = 1 ] || fail "$(cat out)"
  arrivals "$OUTSIDE/late.sock" 1
}

@test "a_listed_socket_opens_and_no_other" {
  local network
  mkdir "$OUTSIDE/dir"
  for path in "$OUTSIDE/one.sock" "$OUTSIDE/two.sock" "$OUTSIDE/dir/three.sock" "$WS/four.sock"; do server stream "$path"; done
  for network in $(networks); do
    allowed --network "$network" --allow-unix-socket "$OUTSIDE/one.sock" -- name-socket connect stream "$OUTSIDE/one.sock"
    refused --network "$network" --allow-unix-socket "$OUTSIDE/one.sock" -- name-socket connect stream "$OUTSIDE/two.sock"
    allowed --network "$network" --allow-unix-socket ../../outside/dir --allow-unix-socket four.sock -- name-socket connect stream "$OUTSIDE/dir/three.sock"
    allowed --network "$network" --allow-unix-socket ../../outside/dir --allow-unix-socket four.sock -- name-socket connect stream "$WS/four.sock"
    refused --network "$network" --allow-unix-socket ../../outside/dir --allow-unix-socket four.sock -- name-socket connect stream "$OUTSIDE/one.sock"
  done
  allowed -P :read-only --allow-unix-socket "$WS/four.sock" -- name-socket connect stream "$WS/four.sock"
  # by another name it is the same socket
  allowed --allow-unix-socket four.sock -- reach-socket symlink "$WS/four.sock"
  allowed --allow-unix-socket four.sock -- reach-socket proc-root "$WS/four.sock"
}

@test "a_listed_socket_may_appear_later_or_anew" {
  local pid
  server stream "$OUTSIDE/s.sock"
  box --allow-unix-socket "$OUTSIDE/s.sock" --allow-unix-socket "$OUTSIDE/later.sock" -- sh -c \
    "touch ready; until [ -e go ]; do sleep 0.05; done; '$PROBE' name-socket connect stream '$OUTSIDE/s.sock' && exec '$PROBE' name-socket connect stream '$OUTSIDE/later.sock'" > out 2>&1 &
  pid=$!
  wait_for 10 test -e ready
  end_servers
  rm -f "$OUTSIDE"/s.sock*
  server stream "$OUTSIDE/s.sock"
  server stream "$OUTSIDE/later.sock"
  touch go
  wait "$pid" || fail "$(cat out)"
}

@test "a_profile_opens_sockets_and_closes_one_among_them" {
  mkdir "$OUTSIDE/dir"
  server stream "$OUTSIDE/dir/open.sock"
  server stream "$OUTSIDE/dir/closed.sock"
  cat > "$WORLD/p.toml" << TOML
[permissions.p]
extends = ":workspace"
network.unix_sockets = { "$OUTSIDE/dir" = "allow", "$OUTSIDE/dir/closed.sock" = "deny" }
TOML
  allowed --config "$WORLD/p.toml" -P p -- name-socket connect stream "$OUTSIDE/dir/open.sock"
  refused --config "$WORLD/p.toml" -P p -- name-socket connect stream "$OUTSIDE/dir/closed.sock"
  is_inside || allowed --config "$WORLD/p.toml" -P p --network full -- name-socket connect stream "$OUTSIDE/dir/open.sock"
  is_inside || refused --config "$WORLD/p.toml" -P p --network full -- name-socket connect stream "$OUTSIDE/dir/closed.sock"
}

@test "a_socket_is_listed_where_little_can_be_read" {
  server stream "$OUTSIDE/s.sock"
  server stream "$OUTSIDE/t.sock"
  cat > "$WORLD/p.toml" << TOML
[permissions.p.filesystem]
":minimal" = "read"
":workspace_roots" = "write"
"$(dirname "$PROBE")" = "read"
[permissions.p.network.unix_sockets]
"$OUTSIDE/s.sock" = "allow"
TOML
  allowed --config "$WORLD/p.toml" -P p -- name-socket connect stream "$OUTSIDE/s.sock"
  refused --config "$WORLD/p.toml" -P p -- name-socket connect stream "$OUTSIDE/t.sock"
}

@test "a_foreign_socket_is_not_brought_to_where_one_is_open" {
  mkdir "$WS/open" "$WS/dir" "$WS/closed"
  server stream "$WS/dir/s.sock"
  for attack in 'dir/s.sock open/s.sock 0' 'dir open/dir 0' 'dir open 0' 'dir open 2' 'open dir 2'; do
    # shellcheck disable=SC2086
    expect 1 box --allow-unix-socket open -- "$PROBE" rename2 $attack
    [ -S "$WS/dir/s.sock" ] || fail "$attack: moved"
    # shellcheck disable=SC2086
    works rename2 $attack
    case $attack in
      *s.sock*) mv open/s.sock dir/s.sock ;;
      'dir open/dir 0') mv open/dir dir ;;
      'dir open 0') mv open dir; mkdir open ;;
      *) works rename2 open dir 2 ;;
    esac
  done
  expect 1 box --allow-unix-socket open -- ln dir/s.sock open/s.sock
  refused --allow-unix-socket open -- name-socket connect stream "$WS/open/s.sock"
  # where nothing is opened there is nothing to gain: names move as ever
  expect 0 box -- sh -c 'mv dir open/dir && mv open/dir dir && ln dir/s.sock other && rm other'
  # a directory without sockets still moves within one that is open, and files move as ever
  mkdir "$WS/open/a"
  touch "$WS/open/a/file" "$WS/file"
  expect 0 box --allow-unix-socket open -- sh -c 'mv open/a open/b && mv open/b/file here && mv file open/file && mv closed other'
}

@test "an_address_rewritten_in_the_middle_reaches_nobody_else" {
  server stream "$WS/good.sock"
  server stream "$WS/evil.sock"
  wins "$PROBE" race-connect 20000 "$WS/good.sock" "$WS/evil.sock"
  # an even number: the address alone; an odd one: other sockets behind the number as well
  refused --allow-unix-socket good.sock -- race-connect 100000 "$WS/good.sock" "$WS/evil.sock"
  is_inside || refused --network full --allow-unix-socket good.sock -- race-connect 50001 "$WS/good.sock" "$WS/evil.sock"
  refused --allow-unix-socket good.sock -- race-connect 50001 "$WS/good.sock" "$WS/evil.sock"
}

# swap.py TRIES FOREIGN: one thread binds ./mine, puts a link or another name of FOREIGN in its place and takes that away
# again; the other connects to ./mine all the while. Prints how often it met FOREIGN's server, and how often its own.
swap_program() {
  cat > "$WORLD/swap.py" << 'PYTHON'
import os, random, socket, sys, threading, time
foreign, done, met = sys.argv[2], False, {"own": 0, "foreign": 0}
def swap():
    kept, turn = [], 0
    while not done:
        turn += 1
        own = socket.socket(socket.AF_UNIX)
        own.settimeout(0)
        for name in "mine", "other":
            try: os.unlink(name)
            except OSError: pass
        own.bind("mine")
        own.listen(100)
        time.sleep(random.random() * 0.0003)
        kept = (kept + [own])[-3:]
        try: os.symlink(foreign, "other") if turn % 2 else os.link(foreign, "other")
        except OSError: continue
        try: os.rename("other", "mine")
        except OSError: pass
        time.sleep(random.random() * 0.0003)
thread = threading.Thread(target=swap)
thread.start()
for _ in range(int(sys.argv[1])):
    client = socket.socket(socket.AF_UNIX)
    client.settimeout(0.05)
    try:
        client.connect("mine")
        met["foreign" if client.getpeername().endswith("foreign.sock") else "own"] += 1
    except OSError: pass
    client.close()
done = True
thread.join()
print(met)
PYTHON
}

@test "a_name_exchanged_between_bind_and_connect_reaches_no_foreign_socket" {
  local before network
  swap_program
  server stream "$OUTSIDE/foreign.sock"
  observe python3 "$WORLD/swap.py" 3000 "$OUTSIDE/foreign.sock"
  before=$(wc -l < "$OUTSIDE/foreign.sock.log")
  [ "$before" -gt 0 ] || fail "the race is not won outside either: $output"
  for network in $(networks); do
    expect 0 box --network "$network" -- python3 "$WORLD/swap.py" 20000 "$OUTSIDE/foreign.sock"
    [[ $output =~ \'own\':\ ([0-9]+) ]] || fail "$output"
    [ "${BASH_REMATCH[1]}" -gt 0 ] || fail "no race: $output"
  done
  arrivals "$OUTSIDE/foreign.sock" "$before"
}

@test "stopping_bawns_own_processes_opens_nothing" {
  needs_host "its broker is the outer one's"
  local everybody='for p in /proc/[0-9]*; do p=${p#/proc/}; [ "$p" = $$ ] || kill -STOP "$p"; done 2> /dev/null'
  server stream "$WS/s.sock"
  works name-socket connect stream "$WS/s.sock"
  # they are out of reach of its signals
  expect 1 box -- sh -c ": > started; $everybody; : > after; exec '$PROBE' name-socket connect stream '$WS/s.sock'"
  [ -e after ] || fail "the broker was stopped: $output"
  says "refused"
  # without Landlock's scope they may not be: then the calls hang, and none is made
  observe timeout 5 "$BAWN" run --allow-kernel user-namespaces -- sh -c \
    ": > started; $everybody; '$PROBE' name-socket connect stream '$WS/s.sock' || mkdir .claude && exit 0; exit 1"
  [ "$status" != 0 ] || fail "$output"
  missing .claude
  arrivals "$WS/s.sock" 1
}

@test "thousands_of_threads_connect_at_once" {
  server stream "$WS/s.sock"
  allowed --allow-unix-socket s.sock -- crowd 2000 3 "$WS/s.sock"
  refused -- crowd 2000 3 "$WS/s.sock"
}

@test "a_full_backlog_holds_up_nobody_else" {
  works full-backlog 40
  allowed -- full-backlog 40
  is_inside || allowed --network full -- full-backlog 40
}

@test "a_socket_that_is_made_blocking_in_the_middle_holds_up_nobody_else" {
  works turned-blocking 300
  allowed -- turned-blocking 300
  is_inside || allowed --network full -- turned-blocking 300
}

@test "a_connect_that_waits_is_interrupted_and_times_out" {
  works interrupted-connect
  allowed -- interrupted-connect
}

@test "callers_that_die_or_stop_in_the_middle_leave_nothing_behind" {
  works killed-connect 30
  allowed -- killed-connect 30
}

@test "what_a_box_has_bound_itself_it_reaches_by_every_name" {
  local way network
  for network in $(networks); do
    for way in plain name symlink directory-link hard-link renamed proc-root proc-cwd relative descriptor descriptor-itself; do
      expect 0 box --network "$network" -- sh -c "mkdir -p own; '$PROBE' serve stream '$WS/own/s.sock' & until [ -e own/s.sock.log ]; do sleep 0.05; done; '$PROBE' reach-socket $way '$WS/own/s.sock'; r=\$?; kill %1; rm -rf own reach.*; exit \$r"
    done
  done
}

@test "all_sockets_open_where_the_profile_says_so" {
  needs_host "it has no local datagram sockets"
  server stream "$WS/s.sock"
  server dgram "$WS/d.sock"
  cat > "$WORLD/p.toml" << TOML
[permissions.p]
extends = ":workspace"
network.dangerously_allow_all_unix_sockets = true
TOML
  allowed --config "$WORLD/p.toml" -P p -- name-socket connect stream "$WS/s.sock"
  allowed --config "$WORLD/p.toml" -P p -- name-socket sendmsg-fd dgram "$WS/d.sock"
  is_inside || allowed --config "$WORLD/p.toml" -P p --network full -- name-socket connect stream "$WS/s.sock"
}

@test "a_report_names_the_socket_and_what_would_open_it" {
  needs_host "it has the only listener"
  server stream "$OUTSIDE/s.sock"
  expect 1 box -- "$PROBE" name-socket connect stream "$OUTSIDE/s.sock"
  says "denied: unix-connect $OUTSIDE/s.sock" "--allow-unix-socket $OUTSIDE/s.sock"
  # once, however often
  expect 1 box -- "$PROBE" crowd 20 20 "$OUTSIDE/s.sock"
  [ "$(grep -c denied: <<< "$output")" = 1 ] || fail "$output"
  # a command that succeeds has nothing to be told
  expect 0 box -- sh -c "'$PROBE' name-socket connect stream '$OUTSIDE/s.sock'; true"
  [[ $output != *"bawn:"* ]] || fail "$output"
}

@test "a_local_datagram_socket_is_not_handed_over" {
  needs_host "it has no local datagram sockets"
  local handing="import os, socket, sys
a, b = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
os.dup2(a.fileno(), 7)
os.set_inheritable(7, True)
os.execv(sys.argv[1], sys.argv[1:])"
  expect 0 python3 -c "$handing" /bin/true
  expect 125 python3 -c "$handing" "$BAWN" run --keep-fd 7 -- true
  says "descriptor 7 is a local datagram socket"
  expect 0 python3 -c "$handing" "$BAWN" run --keep-fd 7 -c network.dangerously_allow_all_unix_sockets=true -- true
}

@test "explain_tells_of_sockets" {
  expect 1 "$BAWN" explain unix-connect /run/docker.sock
  says "denied: unix-connect /run/docker.sock" "--allow-unix-socket /run/docker.sock"
  expect 0 "$BAWN" explain --allow-unix-socket /run/docker.sock unix-connect /run/docker.sock
  expect 0 "$BAWN" explain unix-bind "$WS/s.sock"
  expect 1 "$BAWN" explain unix-bind "$OUTSIDE/s.sock"
}


@test "when_the_broker_dies_nothing_opens" {
  needs_host "its broker is that of the inner box too"
  local pid broker
  server stream "$WS/s.sock"
  "$BAWN" run -- sh -c "'$PROBE' name-socket connect stream '$WS/s.sock'; touch ready; sleep 3; exec '$PROBE' name-socket connect stream '$WS/s.sock'" > out 2>&1 3>&- &
  pid=$!
  wait_for 10 test -e ready
  # of bawn's own processes in the box the youngest
  broker=$(pgrep -n -P "$(pgrep -P "$pid" | head -n 1)" -x bawn)
  kill -9 "$broker"
  status=0; wait "$pid" || status=$?
  [ "$status" = 125 ] || fail "$status: $(cat out)"
  arrivals "$WS/s.sock" 0
}
