#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# learn.bats — bawn learn: a small profile under which the command works, and nothing done on the host meanwhile.

load helpers

# learns COMMAND...: learns into $WORLD/p.toml in at most 15 lines, leaves the home as it was, and then the command works under it
learns() {
  local before
  before=$(cd ~ && find . -path ./ws -prune -o -print | LC_ALL=C sort)
  expect 0 "$BAWN" learn -o "$WORLD/p.toml" "${LEARN_OPTIONS[@]}" -- "$@"
  [ "$(cd ~ && find . -path ./ws -prune -o -print | LC_ALL=C sort)" = "$before" ] || fail "the home changed"
  [ "$(wc -l < "$WORLD/p.toml")" -le 15 ] || fail "$(cat "$WORLD/p.toml")"
  clean
  expect 0 box --config "$WORLD/p.toml" --log-denials -- "$@"
  # what is linked across two mounts is copied instead, and is no matter of grants
  [[ $output != *"  allow:"* ]] || fail "$output"
}

clean() { :; }
LEARN_OPTIONS=()

# has LINE...: the profile does
has() {
  local line
  for line in "$@"; do
    grep -qF -- "$line" "$WORLD/p.toml" || fail "$line is not in: $(cat "$WORLD/p.toml")"
  done
}

@test "a tool's own directories, not its four hundred files" {
  needs_host "it has the only listener, so nothing is learned in an inner one"
  cat > tool.sh <<'SH'
mkdir -p ~/.cache/pip/http/a ~/.local/share/tool/x ~/.cargo/registry
i=0; while [ $i -lt 400 ]; do echo $i > ~/.cache/pip/http/a/$i; i=$((i+1)); done
echo x > ~/.cargo/registry/y; echo x > ~/.local/share/tool/x/y; echo x > ~/.toolrc
mv ~/.cargo/registry/y ~/.cargo/registry/z; cat ~/.cargo/registry/z; chmod 600 ~/.toolrc; rm ~/.cache/pip/http/a/7
SH
  learns sh tool.sh
  has 'extends = ":workspace"' 'filesystem."~/.cache/pip" = "write"' 'filesystem."~/.cargo/registry" = "write"' \
    'filesystem."~/.local/share/tool" = "write"' 'filesystem."~/.toolrc" = "write"'
  [ "$(grep -c '^filesystem' "$WORLD/p.toml")" = 4 ] || fail "$(cat "$WORLD/p.toml")"
  [ "$(grep -c '^filesystem.*# .*change' "$WORLD/p.toml")" = 4 ] || fail "a line without its evidence: $(cat "$WORLD/p.toml")"
}

@test "nothing is granted that needs thought, and nothing that was there is changed" {
  needs_host "it has the only listener, so nothing is learned in an inner one"
  echo old > ~/.netrc
  mkdir ~/.ssh
  echo key > ~/.ssh/id
  cat > tool.sh <<'SH'
echo new > ~/.netrc; cat ~/.netrc; echo evil >> ~/.bashrc; echo x > ~/.ssh/id; unshare -U true; echo x > ~/.fine; true
SH
  expect 0 "$BAWN" learn -o "$WORLD/p.toml" -- sh tool.sh
  says new
  unchanged ~/.netrc old
  unchanged ~/.ssh/id key
  missing ~/.bashrc ~/.fine
  has '# secrets may lie there; grant it? filesystem."~/.netrc" = "write"' '# asked for, not granted: filesystem."~/.bashrc" = "write"' \
    '# asked for, not granted: filesystem."~/.ssh' '# asked for, not granted: kernel.allow = ["user-namespaces"]'
  [ "$(grep '^filesystem' "$WORLD/p.toml" | cut -f1)" = 'filesystem."~/.fine" = "write"' ] || fail "$(cat "$WORLD/p.toml")"
}

@test "a denied path stays denied while learning" {
  needs_host "it has the only listener, so nothing is learned in an inner one"
  mkdir ~/private
  echo s > ~/private/s
  expect 0 "$BAWN" learn --deny ~/private -o "$WORLD/p.toml" -- sh -c 'cat ~/private/s; echo x > ~/private/t; true'
  says "private/s: Permission denied"
  missing ~/private/t
  has '# asked for, not granted:' '= "deny"'
}

@test "a second lesson is added to the first" {
  needs_host "it has the only listener, so nothing is learned in an inner one"
  learns sh -c 'mkdir -p ~/.one; echo x > ~/.one/f'
  rm -rf ~/.one
  learns sh -c 'mkdir -p ~/.two; echo x > ~/.two/f; mkdir -p ~/.one; echo x > ~/.one/f'
  has 'filesystem."~/.one" = "write"' 'filesystem."~/.two" = "write"'
  [ "$(grep -c '^filesystem' "$WORLD/p.toml")" = 2 ] || fail "$(cat "$WORLD/p.toml")"
  cp "$WORLD/p.toml" "$WORLD/before"
  expect 0 "$BAWN" learn -o "$WORLD/p.toml" -- sh -c 'echo x > ~/.one/g'
  diff "$WORLD/before" "$WORLD/p.toml"
}

@test "the workspace itself is written while learning" {
  needs_host "it has the only listener, so nothing is learned in an inner one"
  expect 0 "$BAWN" learn -o "$WORLD/p.toml" -- sh -c 'echo x > made; echo x > ~/.f'
  unchanged made x
  missing ~/.f
}

@test "a learning run that fails says so, and writes what it saw" {
  needs_host "it has the only listener, so nothing is learned in an inner one"
  expect 7 "$BAWN" learn -o "$WORLD/p.toml" -- sh -c 'echo x > ~/.f; exit 7'
  has 'filesystem."~/.f" = "write"'
  expect 125 "$BAWN" learn -- true
  expect 125 "$BAWN" learn -o "$WORLD/none/p.toml" -- true
  echo 'broken = [' > "$WORLD/bad.toml"
  expect 125 "$BAWN" learn -o "$WORLD/bad.toml" -- true
  unchanged "$WORLD/bad.toml" 'broken = ['
}

@test "a kernel without the layers is named" {
  needs_host "it has the only listener, so nothing is learned in an inner one"
  local call said=
  # the one that gives overlayfs its layer is among these
  for call in 7 8 9 10 11 12 13 14 15 16; do
    observe strace -f -o /dev/null -e trace=fsconfig -e inject=fsconfig:error=EINVAL:when=$call \
      "$BAWN" learn -o "$WORLD/p.toml" -- touch ran
    [ "$status" = 125 ] || continue
    missing ran "$WORLD/p.toml"
    [[ $output != *"overlayfs, of Linux 6.13 or newer"* ]] || said=1
  done
  [ -n "$said" ] || fail "$output"
}

@test "make, with a compiler" {
  needs_host "it has the only listener, so nothing is learned in an inner one"
  mkdir -p src
  echo 'int main(void) { return 0; }' > src/a.c
  printf 'a: src/a.c\n\tgcc -o a src/a.c\n\tinstall -D a %s/opt/a\n' ~ > Makefile
  clean() { rm -f a; }
  learns make
  has 'filesystem."~/opt" = "write"'
  [ -x ~/opt/a ] || fail "$output"
}

@test "pytest, with a cache outside the workspace" {
  needs_host "it has the only listener, so nothing is learned in an inner one"
  mkdir -p tests
  printf 'import os\ndef test_a(tmp_path):\n  os.makedirs(os.path.expanduser("~/.cache/tool/v"), exist_ok=True)\n  open(os.path.expanduser("~/.cache/tool/v/nodes"), "w").write("x")\n' > tests/test_a.py
  clean() { rm -rf tests/__pycache__; }
  learns pytest-3 -q -o cache_dir="$HOME/.cache/pytest" tests
  has 'filesystem."~/.cache/pytest" = "write"' 'filesystem."~/.cache/tool" = "write"'
  [ -e ~/.cache/pytest/v ] || fail "$output"
}

@test "git clone of a local repository" {
  needs_host "it has the only listener, so nothing is learned in an inner one"
  git init -q "$OUTSIDE/repo"
  git -C "$OUTSIDE/repo" commit -q --allow-empty -m x
  clean() { rm -rf clone; }
  learns git clone -q "$OUTSIDE/repo" clone
  [ -d clone/.git ] || fail "$output"
}

@test "npm ci from a local mirror" {
  needs_host "it has the only listener, so nothing is learned in an inner one"
  local port pid
  mkdir -p "$OUTSIDE/mirror" "$OUTSIDE/dep/package"
  echo '{"name":"dep","version":"1.0.0"}' > "$OUTSIDE/dep/package/package.json"
  tar -czf "$OUTSIDE/mirror/dep-1.0.0.tgz" -C "$OUTSIDE/dep" package
  python3 - "$OUTSIDE/mirror" > "$WORLD/port" 2> /dev/null 3>&- <<'PY' &
import functools, http.server, sys
handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=sys.argv[1])
server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), handler)
print(server.server_port, flush=True)
server.serve_forever()
PY
  pid=$!
  wait_for 10 test -s "$WORLD/port"
  port=$(cat "$WORLD/port")
  echo '{"name":"app","version":"1.0.0","dependencies":{"dep":"1.0.0"}}' > package.json
  printf '{"name":"app","version":"1.0.0","lockfileVersion":3,"requires":true,"packages":{"":{"name":"app","version":"1.0.0","dependencies":{"dep":"1.0.0"}},"node_modules/dep":{"version":"1.0.0","resolved":"http://127.0.0.1:%s/dep-1.0.0.tgz"}}}' \
    "$port" > package-lock.json
  clean() { rm -rf node_modules; }
  LEARN_OPTIONS=(--connect "$port")
  learns npm ci --no-audit --no-fund --registry "http://127.0.0.1:$port/" || { kill "$pid"; return 1; }
  kill "$pid"
  has 'filesystem."~/.npm" = "write"' "network.connect = [$port]"
  [ -e node_modules/dep/package.json ] || fail "$output"
}
