#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# peers.bats — local sockets of real programs: refused by default, reached when listed; and the same programs inside.
load helpers

setup() { make_world; PIDS=(); }
teardown() {
  local pid
  for pid in "${PIDS[@]}"; do kill "$pid" 2> /dev/null || :; done
  remove_world
}

# background COMMAND...: outside the box, ended with the test
background() {
  "$@" > /dev/null 2>&1 3>&- < /dev/null &
  PIDS+=($!)
}

@test "ssh_agent_is_closed_until_it_is_listed" {
  needs_host "it has the only listener, so an inner one reports nothing"
  local network
  export SSH_AUTH_SOCK=$WORLD/agent.sock
  background ssh-agent -D -a "$SSH_AUTH_SOCK"
  wait_for 10 test -S "$SSH_AUTH_SOCK"
  ssh-keygen -q -t ed25519 -N '' -f "$WORLD/key"
  ssh-add -q "$WORLD/key"
  expect 0 ssh-add -l
  for network in $(networks); do
    expect 2 box --network "$network" -- ssh-add -l
    says "denied: unix-connect $SSH_AUTH_SOCK" "--allow-unix-socket $SSH_AUTH_SOCK"
    expect 0 box --network "$network" --allow-unix-socket "$SSH_AUTH_SOCK" -- ssh-add -l
    says ED25519
  done
  cat > "$WORLD/p.toml" << TOML
[permissions.p]
extends = ":workspace"
network.unix_sockets = { "$SSH_AUTH_SOCK" = "allow" }
TOML
  expect 0 box --config "$WORLD/p.toml" -P p -- ssh-add -l
}

@test "dbus_is_closed_until_it_is_listed_also_while_the_agent_is_open" {
  needs_host "it has the only listener, so an inner one reports nothing"
  local bus=$WORLD/bus call
  background dbus-daemon --session --nofork --address="unix:path=$bus"
  wait_for 10 test -S "$bus"
  call=(dbus-send --bus="unix:path=$bus" --print-reply --dest=org.freedesktop.DBus / org.freedesktop.DBus.ListNames)
  expect 0 "${call[@]}"
  observe box -- "${call[@]}"
  [ "$status" != 0 ] || fail "$output"
  says "denied: unix-connect $bus"
  observe box --network full --allow-unix-socket "$WORLD/agent.sock" -- "${call[@]}"
  [ "$status" != 0 ] || fail "$output"
  expect 0 box --allow-unix-socket "$bus" -- "${call[@]}"
  expect 0 box --network full --allow-unix-socket "$bus" -- "${call[@]}"
  says org.freedesktop.DBus
}

@test "a_display_is_closed_until_it_is_listed" {
  needs_host "it has the only listener, so an inner one reports nothing"
  local number=$((90 + RANDOM % 900))
  background Xvfb ":$number" -screen 0 64x64x24 -nolisten tcp
  wait_for 20 xdpyinfo -display ":$number"
  observe box -- xdpyinfo -display ":$number"
  [ "$status" != 0 ] || fail "$output"
  says "denied: unix-connect /tmp/.X11-unix/X$number"
  expect 0 box --allow-unix-socket "/tmp/.X11-unix/X$number" -- xdpyinfo -display ":$number"
  expect 0 box --network full --allow-unix-socket /tmp/.X11-unix -- xdpyinfo -display ":$number"
}

@test "a_container_daemons_socket_is_closed_until_it_is_listed" {
  needs_host "it has the only listener, so an inner one reports nothing"
  local socket=$WORLD/docker.sock
  background python3 -c '
import http.server, socketserver, sys
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200); self.end_headers(); self.wfile.write(b"containers")
    def address_string(self): return "local"
socketserver.ThreadingUnixStreamServer(sys.argv[1], Handler).serve_forever()' "$socket"
  wait_for 10 test -S "$socket"
  expect 0 curl -sS --unix-socket "$socket" http://d/containers/json
  observe box --network full -- curl -sS --unix-socket "$socket" http://d/containers/json
  [ "$status" != 0 ] || fail "$output"
  says "denied: unix-connect $socket"
  expect 0 box --allow-unix-socket "$socket" -- curl -sS --unix-socket "$socket" http://d/containers/json
  says containers
}

@test "redis_by_socket_and_by_port_is_closed_until_it_is_listed" {
  needs_host "it has the only listener, so an inner one reports nothing"
  local socket=$WORLD/redis.sock port
  port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
  background redis-server --port "$port" --bind 127.0.0.1 --unixsocket "$socket" --save '' --dir "$WORLD"
  wait_for 10 redis-cli -s "$socket" ping
  observe box -- redis-cli -s "$socket" ping
  [[ $output != *PONG* ]] || fail "$output"
  observe box --network full -- redis-cli -p "$port" ping
  [[ $output != *PONG* ]] || fail "$output"
  expect 0 box --allow-unix-socket "$socket" -- redis-cli -s "$socket" ping
  says PONG
  for network in $(networks); do
    expect 0 box --network "$network" --connect "$port" -- redis-cli -p "$port" ping
    says PONG
  done
}

# postgres DIRECTORY PORT: a cluster there, its socket too. The server will not run as root.
postgres() {
  local bin as=()
  bin=$(compgen -G '/usr/lib/postgresql/*/bin' | tail -n 1)
  if is_root; then
    chmod 755 "$WORLD"
    chown nobody "$1"
    as=(setpriv --reuid=nobody --regid=nogroup --clear-groups)
  fi
  "${as[@]}" "$bin/initdb" -D "$1/data" -A trust -U me --no-sync > /dev/null
  "${as[@]}" "$bin/postgres" -D "$1/data" -k "$1" -p "$2" -h 127.0.0.1 -F > "$WORLD/pg.log" 2>&1 3>&- < /dev/null &
  PIDS+=($!)
}

@test "postgresql_is_closed_until_it_is_listed_and_works_inside" {
  needs_host "it has the only listener, so an inner one reports nothing"
  local port
  mkdir "$WORLD/pg"
  port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
  postgres "$WORLD/pg" "$port"
  wait_for 20 psql -h "$WORLD/pg" -p "$port" -U me -c 'select 1' postgres
  observe box -- psql -h "$WORLD/pg" -p "$port" -U me -tc 'select 40 + 2' postgres
  [ "$status" != 0 ] || fail "$output"
  says "denied: unix-connect $WORLD/pg/.s.PGSQL.$port"
  expect 0 box --allow-unix-socket "$WORLD/pg" -- psql -h "$WORLD/pg" -p "$port" -U me -tc 'select 40 + 2' postgres
  says 42
  expect 0 box --connect "$port" -- psql -h 127.0.0.1 -p "$port" -U me -tc 'select 40 + 2' postgres
  says 42
  observe box --network full -- psql -h 127.0.0.1 -p "$port" -U me -tc 'select 40 + 2' postgres
  [ "$status" != 0 ] || fail "$output"
  cat > pg.sh << SHELL
bin=\$(echo /usr/lib/postgresql/*/bin)
"\$bin/initdb" -D data -A trust -U me --no-sync > /dev/null
"\$bin/postgres" -D data -k "\$PWD" -p 5999 -h 127.0.0.1 -F > log 2>&1 &
i=0; until psql -h "\$PWD" -p 5999 -U me -tc 'select 1' postgres > /dev/null 2>&1 || [ \$((i += 1)) = 100 ]; do sleep 0.1; done
psql -h "\$PWD" -p 5999 -U me -tc 'select 40 + 2' postgres && psql -h 127.0.0.1 -p 5999 -U me -tc 'select 40 + 3' postgres
SHELL
  if ! is_root; then
    expect 0 box -- bash pg.sh
    says 42 43
  fi
}

@test "agents_buses_and_databases_work_inside" {
  local network
  cat > inside.sh << 'SHELL'
set -e
eval "$(ssh-agent -a "$PWD/agent")" > /dev/null
ssh-keygen -q -t ed25519 -N '' -f key; ssh-add -q key; ssh-add -l | grep -q ED25519 && echo ssh-agent works
kill "$SSH_AGENT_PID"
mkdir -m 700 -p gnupg
GNUPGHOME=$PWD/gnupg gpg --batch --quiet --passphrase '' --quick-generate-key someone@example.org ed25519 sign
echo text | GNUPGHOME=$PWD/gnupg gpg --batch --quiet --sign | GNUPGHOME=$PWD/gnupg gpg --batch --quiet --verify 2> /dev/null && echo gpg-agent works
GNUPGHOME=$PWD/gnupg gpgconf --kill all
dbus-daemon --session --fork --print-pid=3 --address="unix:path=$PWD/bus" 3> bus.pid
dbus-send --bus="unix:path=$PWD/bus" --print-reply --dest=org.freedesktop.DBus / org.freedesktop.DBus.ListNames > /dev/null && echo dbus works
kill "$(cat bus.pid)"
redis-server --port 7777 --bind 127.0.0.1 --unixsocket "$PWD/redis" --save '' --daemonize yes --pidfile "$PWD/redis.pid" > /dev/null
i=0; until redis-cli -s "$PWD/redis" ping > /dev/null 2>&1 || [ $((i += 1)) = 50 ]; do sleep 0.1; done
redis-cli -s "$PWD/redis" set a 1 && redis-cli -p 7777 get a && echo redis works
redis-cli -p 7777 shutdown nosave 2> /dev/null || :
SHELL
  for network in $(networks); do
    rm -rf agent key key.pub gnupg bus redis
    expect 0 box --network "$network" -- bash inside.sh
    says "ssh-agent works" "gpg-agent works" "dbus works" "redis works"
  done
}

@test "a_box_in_a_box_is_closed_to_what_the_outer_one_has_bound" {
  cat > outer.sh << SHELL
"$PROBE" serve stream "$WS/mine.sock" & server=\$!
until [ -e mine.sock.log ]; do sleep 0.05; done
"$PROBE" name-socket connect stream "$WS/mine.sock" || exit 9
"$BAWN" run --quiet -- "$PROBE" name-socket connect stream "$WS/mine.sock" && exit 8
"$BAWN" run --allow-unix-socket mine.sock -- "$PROBE" name-socket connect stream "$WS/mine.sock" || exit 7
"$BAWN" run -- "$PROBE" unix-stream "$WS/inner.sock" || exit 6
kill \$server
SHELL
  expect 0 box --allow-kernel user-namespaces -- bash outer.sh
}
