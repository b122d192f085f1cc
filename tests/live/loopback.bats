#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# loopback.bats — the host's loopback is closed, with the network off and on; single ports open; the box has its own.
load helpers

setup() { make_world; PIDS=(); }
teardown() {
  local pid
  for pid in "${PIDS[@]}"; do kill "$pid" 2> /dev/null || :; done
  remove_world
}

# A server of the host's on all its addresses, TCP and UDP on one port: PORT. Each arrival is a line in $WORLD/log.
host_server() {
  python3 - "$WORLD" > /dev/null 2>&1 3>&- << 'PYTHON' &
import os, select, socket, sys
sockets = {}
while len(sockets) < 4:
    for each in sockets: each.close()
    sockets, port = {}, 0
    try:
        for family, kind in (6, 1), (6, 2), (4, 1), (4, 2):
            s = socket.socket(socket.AF_INET6 if family == 6 else socket.AF_INET, kind)
            if family == 6: s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            if family == 4 and kind == 1: s.setsockopt(socket.IPPROTO_TCP, 23, 5)      # TCP_FASTOPEN
            s.bind(("::" if family == 6 else "", port))
            port = s.getsockname()[1]
            if kind == 1: s.listen(500)
            sockets[s] = kind
    except OSError: pass
log = open(sys.argv[1] + "/log", "a", buffering=1)
open(sys.argv[1] + "/port.new", "w").write(str(port))
os.rename(sys.argv[1] + "/port.new", sys.argv[1] + "/port")
while True:
    for s in select.select(list(sockets), [], [])[0]:
        if sockets[s] == 1:
            peer, address = s.accept()
            log.write("tcp %s\n" % (address,))
            try: peer.send(b"host")
            except OSError: pass
            peer.close()
        else:
            data, address = s.recvfrom(100)
            log.write("udp %s\n" % (address,))
            try: s.sendto(b"host", address)
            except OSError: pass
PYTHON
  PIDS+=($!)
  wait_for 10 test -e "$WORLD/port"
  PORT=$(cat "$WORLD/port")
}

arrivals() { sleep 0.3; wc -l < "$WORLD/log"; }

no_arrival() {
  [ "$(arrivals)" = "$1" ] || fail "somebody came: $(tail -n 3 "$WORLD/log")"
}

ways=(tcp mptcp udp udp-sendto udp-sendmsg udp-sendmmsg)

@test "the_hosts_loopback_is_closed_to_every_call_and_spelling" {
  needs_host "an inner box with the network on is refused, and the host of its ports is the outer box"
  local network host how before own
  host_server
  own=$(hostname -I | tr ' ' '\n' | grep -m 1 '^[0-9.]*$' || :)
  for host in 127.0.0.1 127.9.8.7 ::1 ::ffff:127.0.0.1 0.0.0.0 :: $own; do
    for how in "${ways[@]}"; do
      # the answer would come from 127.0.0.1, which is not who this one is connected to
      [ "$how $host" != "udp 127.9.8.7" ] || continue
      works name-port "$how" "$host" "$PORT"
    done
  done
  works name-port joined-sendmsg 127.0.0.1 "$PORT"
  works name-port fastopen-sendto 127.0.0.1 "$PORT"
  works name-port fastopen-sendmsg 127.0.0.1 "$PORT"
  before=$(arrivals)
  for network in off full; do
    for host in 127.0.0.1 127.9.8.7 ::1 ::ffff:127.0.0.1 0.0.0.0 :: $own; do
      for how in "${ways[@]}"; do refused --network "$network" -- name-port "$how" "$host" "$PORT"; done
    done
    observe box --network "$network" -- "$PROBE" name-port joined-sendmsg 127.0.0.1 "$PORT"
    refused --network "$network" -- name-port fastopen-sendto 127.0.0.1 "$PORT"
    refused --network "$network" -- name-port fastopen-sendmsg 127.0.0.1 "$PORT"
    refused --network "$network" -- name-port fastopen-sendmmsg 127.0.0.1 "$PORT"
  done
  no_arrival "$before"
}

@test "an_address_rewritten_in_the_middle_does_not_reach_loopback" {
  needs_host "an inner box with the network on is refused, and the host of its ports is the outer box"
  local how before
  host_server
  for _ in {1..20}; do
    works race-port 10000 sendmsg "$PORT"
    before=$(arrivals)
    [ "$before" = 0 ] || break
  done
  [ "$before" -gt 0 ] || fail "the race is not won outside either"
  for how in sendto sendmsg sendmmsg; do allowed --network full -- race-port 20000 "$how" "$PORT"; done
  no_arrival "$before"
}

@test "a_listed_port_is_reached_and_no_other" {
  needs_host "an inner box with the network on is refused, and the host of its ports is the outer box"
  local network other
  host_server
  other=$PORT; rm "$WORLD/port"; host_server
  for network in off full; do
    allowed --network "$network" --connect "$PORT" -- name-port tcp 127.0.0.1 "$PORT"
    allowed --network "$network" --connect "$PORT" -- name-port tcp ::1 "$PORT"
    refused --network "$network" --connect "$PORT" -- name-port tcp 127.0.0.1 "$other"
    allowed --network "$network" --connect "$PORT" --connect "$other" -- name-port tcp 127.0.0.1 "$other"
  done
  cat > "$WORLD/p.toml" << TOML
[permissions.p]
extends = ":workspace"
network.connect = [$PORT]
TOML
  allowed --config "$WORLD/p.toml" -P p -- name-port tcp 127.0.0.1 "$PORT"
}

# free_port: one that nobody has
free_port() { python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }

# reached PORT: from the host
reached() { "$PROBE" name-port tcp 127.0.0.1 "$1" > /dev/null 2>&1; }

@test "a_listed_port_is_offered_to_the_host_and_no_other" {
  needs_host "an inner box with the network on is refused, and the host of its ports is the outer box"
  local network host port open
  for network in off full; do
    for host in 127.0.0.1 0.0.0.0 ::1; do
      port=$(free_port)
      "$BAWN" run --network "$network" --listen "$port" -- "$PROBE" listen-port "$host" "$port" > /dev/null 2>&1 3>&- &
      PIDS+=($!)
      if [ "$host" = ::1 ]; then wait_for 10 "$PROBE" name-port tcp ::1 "$port"; else wait_for 10 reached "$port"; fi
      kill "$!" && wait "$!" || true		# the port is free again once it has ended
      open=$port port=$(free_port)
      "$BAWN" run --network "$network" --listen "$open" -- "$PROBE" listen-port "$host" "$port" > /dev/null 2>&1 3>&- &
      PIDS+=($!)
      sleep 0.5
      ! reached "$port" || fail "$network: $host:$port is offered"
      kill "$!"
    done
  done
}

@test "what_a_box_offers_on_loopback_only_the_box_reaches" {
  needs_host "an inner box with the network on is refused, and the host of its ports is the outer box"
  local network script
  script='import os, socket, sys, time
ports = []
for family, host in (socket.AF_INET, "127.0.0.1"), (socket.AF_INET, ""), (socket.AF_INET6, "::1"), (socket.AF_INET6, "::"):
    for port in 0, int(sys.argv[1]):
        s = socket.socket(family)
        s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        s.bind((host, port)); s.listen()
        port = s.getsockname()[1]
        c = socket.create_connection((host or "127.0.0.1", port), 5)
        p, _ = s.accept()
        p.send(b"hello"); assert c.recv(9) == b"hello"
        assert c.getpeername()[1] == port
        ports.append(port)
        if port == int(sys.argv[1]): s.close()
        else: globals()["keep%d" % port] = s
s = socket.socket(); s.listen(); ports.append(s.getsockname()[1])
u = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); u.bind(("127.0.0.1", 0)); u.settimeout(5)
for send in (lambda v: v.sendto(b"x", u.getsockname())), (lambda v: v.sendmsg([b"x"], [], 0, u.getsockname())), (lambda v: (v.connect(u.getsockname()), v.send(b"x"))):
    v = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    send(v)
    data, back = u.recvfrom(9)
    u.sendto(b"y", back); v.settimeout(5); assert v.recv(9) == b"y"
open("ports", "w").write(" ".join(map(str, ports)))
os.rename("ports", "ready")
time.sleep(20)'
  for network in off full; do
    rm -f ready
    "$BAWN" run --network "$network" -- python3 -c "$script" "$(free_port)" > out 2>&1 3>&- &
    PIDS+=($!)
    wait_for 20 test -e ready || fail "$(cat out)"
    for port in $(cat ready); do ! reached "$port" || fail "$network: $port is offered"; done
    kill "$!"
  done
}

@test "pid_1_and_the_broker_may_not_make_namespaces_and_nobody_may_once_the_loopback_is_made" {
  needs_host "an inner box with the network on is refused"
  # 0x80000 is CAP_SYS_PTRACE: the broker reads memory with it
  expect 0 box --network full -- sh -c ': > "$1"; sleep 0.2; grep CapEff /proc/[0-9]*/status' - "$WS/file"
  grep -q "^/proc/1/status:CapEff:.0*$" <<< "$output" || fail "pid 1: $output"
  [ "$(grep -c 'CapEff:.0*80000$' <<< "$output")" = 1 ] || fail "not one broker: $output"
  expect 0 box --network full -- python3 -c '
import glob, socket
socket.socket().bind(("127.0.0.1", 0))
for status in glob.glob("/proc/[0-9]*/status"):
    print([line for line in open(status) if line.startswith("CapEff")][0].split()[1])'
  [ "$(sort -u <<< "$output" | tr '\n' ' ')" = "0000000000000000 0000000000080000 " ] || fail "who has rights: $output"
}

@test "what_passes_a_relay_arrives_whole_and_ends_as_it_was_ended" {
  needs_host "an inner box with the network on is refused, and the host of its ports is the outer box"
  local port
  port=$(free_port)
  cat > talk.py << 'PYTHON'
import os, socket, sys, threading
def everything(s):
    got = b""
    while True:
        more = s.recv(65536)
        if not more: return got
        got += more
data = os.urandom(2_000_000)
if sys.argv[1] == "serve":
    s = socket.socket(); s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    s.bind(("127.0.0.1", int(sys.argv[2]))); s.listen(50)
    while True:
        peer, _ = s.accept()
        threading.Thread(target=lambda p: (p.sendall(everything(p)[::-1]), p.close()), args=(peer,)).start()
else:
    def one():
        c = socket.create_connection(("127.0.0.1", int(sys.argv[2])), 20)
        threading.Thread(target=lambda: (c.sendall(data), c.shutdown(socket.SHUT_WR))).start()
        assert everything(c) == data[::-1]
        good.append(1)
    good, threads = [], [threading.Thread(target=one) for _ in range(20)]
    for t in threads: t.start()
    for t in threads: t.join()
    assert len(good) == 20
PYTHON
  "$BAWN" run --listen "$port" -- python3 talk.py serve "$port" > /dev/null 2>&1 3>&- &
  PIDS+=($!)
  # a relay takes up what nobody listens for yet: only an answer tells that the server is there
  wait_for 10 python3 -c "import socket; c = socket.create_connection(('127.0.0.1', $port)); c.send(b'x'); c.shutdown(1); exit(c.recv(1) != b'x')"
  expect 0 python3 talk.py talk "$port"
  kill "$!"
  wait "$!" || :
  python3 talk.py serve "$port" > /dev/null 2>&1 3>&- &
  PIDS+=($!)
  wait_for 10 python3 -c "import socket; socket.create_connection(('127.0.0.1', $port))"
  expect 0 box --connect "$port" -- python3 talk.py talk "$port"
}

@test "what_is_broken_off_behind_a_relay_is_broken_off_before_it" {
  needs_host "the host of its ports is the outer box"
  local port
  port=$(free_port)
  cat > reset.py << 'PYTHON'
import os, socket, struct, sys
s = socket.socket(); s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
while not os.path.exists("listen"): pass
s.bind(("127.0.0.1", int(sys.argv[1]))); s.listen(5)
open("listening", "w")
while True:
    peer, _ = s.accept()
    peer.recv(4)
    peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    peer.close()
PYTHON
  cat > ask.py << 'PYTHON'
import socket, sys
c = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
try: c.sendall(b"ping"); print("end of file" if c.recv(1) == b"" else "answer")
except ConnectionError: print("broken off")
PYTHON
  "$BAWN" run --listen "$port" -- python3 reset.py "$port" > /dev/null 2>&1 3>&- &
  PIDS+=($!)
  wait_for 10 python3 -c "import socket; socket.create_connection(('127.0.0.1', $port))"
  expect 0 python3 ask.py "$port"
  [ "$output" = "broken off" ] || fail "nobody listens inside: $output"
  touch listen
  wait_for 10 test -e listening
  expect 0 python3 ask.py "$port"
  [ "$output" = "broken off" ] || fail "the server resets: $output"
}

@test "local_binding_opens_the_whole_loopback" {
  needs_host "an inner box with the network on is refused, and the host of its ports is the outer box"
  host_server
  cat > "$WORLD/p.toml" << TOML
[permissions.p]
extends = ":workspace"
network.enabled = true
network.allow_local_binding = true
TOML
  allowed --config "$WORLD/p.toml" -P p -- name-port tcp 127.0.0.1 "$PORT"
  allowed --config "$WORLD/p.toml" -P p -- name-port udp-sendmsg 127.0.0.1 "$PORT"
  expect 125 box --config "$WORLD/p.toml" -P p --network off -- true
  says "allow_local_binding" "network.listen and network.connect"
}

@test "a_port_in_use_is_said_at_the_start" {
  needs_host "an inner box with the network on is refused, and the host of its ports is the outer box"
  host_server
  expect 125 box --listen "$PORT" -- true
  says "loopback port" "$PORT" "Address in use"
}

@test "messages_of_every_kind_pass_where_they_are_looked_into" {
  needs_host "an inner box with the network on is refused, and the host of its ports is the outer box"
  cat > work.py << 'PYTHON'
import array, os, signal, socket, threading, time
a, b = socket.socketpair()
r, w = os.pipe()
socket.send_fds(a, [b"fds"], [r, w])
data, fds, flags, _ = socket.recv_fds(b, 10, 5)
assert data == b"fds" and len(fds) == 2
os.write(fds[1], b"through"); assert os.read(fds[0], 10) == b"through"
# what does not fit waits, and is sent whole
big = os.urandom(3_000_000)
thread = threading.Thread(target=lambda: results.append(a.sendmsg([big[:1000], big[1000:]])))
results = []
thread.start()
got = b""
while len(got) < len(big): got += b.recv(100000)
thread.join()
assert got == big and results == [len(big)], results
# without waiting it is cut short, and then refused
a.setblocking(False)
sent = a.sendmsg([big])
assert 0 < sent < len(big)
try: a.sendmsg([big]); raise SystemExit("no EAGAIN")
except BlockingIOError: pass
# a closed peer: EPIPE, and SIGPIPE as ever
c, d = socket.socketpair(); d.close()
try: c.sendmsg([b"x"]); raise SystemExit("no EPIPE")
except BrokenPipeError: pass
pid = os.fork()
if pid == 0:
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    c.sendmsg([b"x"]); os._exit(3)
assert os.WTERMSIG(os.waitpid(pid, 0)[1]) == signal.SIGPIPE
# ancillary data of IP, and messages too long
u = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); u.bind(("127.0.0.1", 0)); u.settimeout(5)
u.setsockopt(socket.IPPROTO_IP, socket.IP_RECVTOS, 1)
v = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
v.sendmsg([b"tos"], [(socket.IPPROTO_IP, socket.IP_TOS, array.array("i", [16]))], 0, u.getsockname())
data, control, _, _ = u.recvmsg(10, 100)
assert data == b"tos" and control[0][2][0] == 16, control
try: v.sendmsg([b"x" * 70000], [], 0, u.getsockname()); raise SystemExit("no EMSGSIZE")
except OSError as e: assert e.errno == 90, e
# a send that waits is interrupted, and times out
e, f = socket.socketpair()
e.setblocking(False)
try:
    while True: e.sendmsg([b"x" * 60000])
except BlockingIOError: pass
e.setblocking(True)
e.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, b"\0" * 8 + (200000).to_bytes(8, "little"))
try: e.sendmsg([b"x" * 60000]); raise SystemExit("no timeout")
except BlockingIOError: pass
print("all passed")
PYTHON
  expect 0 python3 work.py
  expect 0 box --network full -- python3 work.py
  says "all passed"
}

@test "explain_tells_of_ports" {
  expect 1 "$BAWN" explain connect 5432
  says "--connect 5432"
  expect 0 "$BAWN" explain --connect 5432 connect localhost:5432
  expect 1 "$BAWN" explain listen 3000
  says "--listen 3000"
}

@test "a_report_names_the_port" {
  needs_host "an inner box with the network on is refused, and the host of its ports is the outer box"
  host_server
  expect 1 box --network full -- "$PROBE" name-port tcp 127.0.0.1 "$PORT"
  says "denied: connect 127.0.0.1:$PORT" "--connect $PORT"
}
