#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# ipc.bats — processes of one box talk to each other in every usual way; none talks to the host.
load helpers

@test "sockets_semaphores_and_shared_memory_work_inside" {
  local trial
  for trial in socketpair "unix-stream $WS/sock" "unix-stream sock" "unix-stream /tmp/bawn-probe.$$" "unix-stream /dev/shm/sock" \
      unix-abstract tcp tcp6 udp posix-semaphore shared-memory system-v; do
    # shellcheck disable=SC2086
    allowed -- $trial
  done
  allowed -P :read-only -- unix-stream /dev/shm/sock
  allowed -P :read-only -- tcp
}

@test "the_hosts_loopback_is_out_of_reach" {
  python3 -c '
import socket, sys, time
s = socket.socket(); s.bind(("127.0.0.1", 0)); s.listen()
open(sys.argv[1], "w").write(str(s.getsockname()[1]))
time.sleep(20)' "$TMPDIR/port" &
  local pid=$!
  wait_for 5 test -s "$TMPDIR/port"
  works connect 127.0.0.1 "$(cat "$TMPDIR/port")"
  refused -- connect 127.0.0.1 "$(cat "$TMPDIR/port")"
  is_inside || refused --network full -- connect 127.0.0.1 "$(cat "$TMPDIR/port")"
  kill "$pid"
}

@test "abstract_sockets_of_the_host_are_out_of_reach" {
  python3 -c '
import socket, sys, time
s = socket.socket(socket.AF_UNIX); s.bind("\0" + sys.argv[1]); s.listen()
open(sys.argv[2], "w").close()
time.sleep(20)' "bawn-live-$$" "$TMPDIR/ready" &
  local pid=$! attack
  wait_for 5 test -e "$TMPDIR/ready"
  attack="import socket; socket.socket(socket.AF_UNIX).connect('\\0bawn-live-$$')"
  expect 0 python3 -c "$attack"
  expect 1 box -- python3 -c "$attack"
  is_inside || expect 1 box --network full -- python3 -c "$attack"
  kill "$pid"
}

@test "system_v_objects_of_the_host_are_out_of_reach" {
  local id
  id=$(ipcmk -M 64 | grep -o '[0-9]*$')
  ipcs -m | grep -q " $id "
  run box -- ipcs -m
  ipcrm -m "$id"
  [[ $output != *" $id "* ]] || fail "$output"
}

@test "pythons_multiprocessing_works_in_every_start_method" {
  cat > work.py << 'PYTHON'
import multiprocessing as mp
import sys

def double(x):
    return 2 * x

def put(queue, shared):
    shared["x"] = 1
    queue.put("put")

if __name__ == "__main__":
    for method in "fork", "spawn", "forkserver":
        context = mp.get_context(method)
        with context.Pool(2) as pool:
            assert pool.map(double, range(4)) == [0, 2, 4, 6]
        with context.Manager() as manager:
            shared, queue = manager.dict(), context.Queue()
            process = context.Process(target=put, args=(queue, shared))
            process.start()
            assert queue.get(timeout=20) == "put"
            process.join()
            assert shared["x"] == 1
        lock, value = context.Lock(), context.Value("i", 5)
        with lock:
            assert value.value == 5
        print(method, "works")
PYTHON
  expect 0 box -- python3 work.py
  says "fork works" "spawn works" "forkserver works"
}

@test "pythons_asyncio_and_sockets_work" {
  cat > work.py << 'PYTHON'
import asyncio, os, socket, tempfile

async def serve(reader, writer):
    writer.write(await reader.readline())
    await writer.drain()
    writer.close()

async def main():
    path = os.path.join(tempfile.mkdtemp(), "sock")
    server = await asyncio.start_unix_server(serve, path)
    reader, writer = await asyncio.open_unix_connection(path)
    assert writer.get_extra_info("peername") == path, writer.get_extra_info("peername")
    writer.write(b"hello\n")
    assert await reader.readline() == b"hello\n"
    server.close()
    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    reader, writer = await asyncio.open_connection("127.0.0.1", server.sockets[0].getsockname()[1])
    writer.write(b"tcp\n")
    assert await reader.readline() == b"tcp\n"
    process = await asyncio.create_subprocess_exec("echo", "sub", stdout=asyncio.subprocess.PIPE)
    assert (await process.communicate())[0] == b"sub\n"
    print("all works", socket.if_nameindex())

asyncio.run(main())
PYTHON
  expect 0 box -- python3 work.py
  says "all works" "lo"
}

@test "nodes_child_processes_and_servers_work" {
  cat > work.js << 'NODE'
const { spawnSync, execFileSync, fork } = require("child_process");
const net = require("net");
if (process.argv[2] === "child") {
  process.on("message", (m) => { process.send(m + 1); process.disconnect(); });
} else {
  console.log(spawnSync("echo", ["spawnSync"], { encoding: "utf8" }).stdout.trim());
  console.log(execFileSync("/bin/echo", ["execFileSync"], { encoding: "utf8" }).trim());
  const child = fork(__filename, ["child"]);
  child.on("message", (m) => console.log("fork", m));
  child.send(41);
  for (const where of ["pipe.sock", 0]) {
    const server = net.createServer((c) => c.end("served"));
    server.listen(where === 0 ? { port: 0, host: "127.0.0.1" } : where, () => {
      const address = where === 0 ? server.address() : where;
      const c = net.connect(where === 0 ? { port: address.port, host: "127.0.0.1" } : where);
      c.on("data", (d) => console.log(where === 0 ? "tcp" : "unix", d.toString()));
      c.on("end", () => server.close());
    });
  }
  require("fs").watch(".", () => {}).close();
  new (require("worker_threads").Worker)("require('worker_threads').parentPort.postMessage('worker')", { eval: true })
    .on("message", (m) => console.log(m));
}
NODE
  expect 0 box -- node work.js
  says spawnSync execFileSync "fork 42" "unix served" "tcp served" worker
}

@test "npm_test_of_a_small_package_works" {
  cat > package.json << 'JSON'
{ "name": "small", "version": "1.0.0", "scripts": { "pretest": "echo before", "test": "node --test test.js" } }
JSON
  cat > test.js << 'NODE'
const test = require("node:test");
test("adds", () => require("assert").strictEqual(1 + 1, 2));
NODE
  expect 0 box -c 'environment.set.npm_config_cache="/tmp/bawn-npm"' -- npm test --no-update-notifier
  says before "pass 1"
  rm -rf /tmp/bawn-npm
}

@test "debuggers_work_on_ones_own_children" {
  if command -v gdb > /dev/null; then
    run box -- gdb -batch -nx -ex starti -ex 'info registers rip' -ex 'x/i $pc' -ex kill /bin/true
    [ "$status" = 0 ] || fail "$output"
    says rip
    [[ $output != *"not permitted"* ]] || fail "$output"
  fi
  run box -- strace -f -o trace -e trace=execve,mkdir,mkdirat sh -c 'mkdir traced'
  [ "$status" = 0 ] || fail "$output"
  grep -q 'mkdir' trace
  [ -d traced ]
}

@test "ps_shows_ones_own_processes" {
  run box -- sh -c 'sleep 5 & ps ax -o pid,args'
  says "sleep 5" "ps ax"
}

@test "shared_memory_is_the_boxs_own" {
  touch "/dev/shm/bawn-live-$$"
  run box -- sh -c "ls /dev/shm; echo x > /dev/shm/bawn-live-inside"
  rm "/dev/shm/bawn-live-$$"
  [[ $output != *bawn-live* ]]
  missing /dev/shm/bawn-live-inside
}

@test "standard_temporary_files_and_pseudo_terminals_work" {
  expect 0 box -- python3 -c '
import os, pty, tempfile
with tempfile.TemporaryFile() as f, tempfile.NamedTemporaryFile() as g, tempfile.TemporaryDirectory() as d:
    f.write(b"x"), g.write(b"y"), os.mkdir(os.path.join(d, "z"))
a, b = pty.openpty()
os.write(b, b"through")
print(os.read(a, 100), os.ttyname(b))'
  says through /dev/pts/
}
