#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# agents.bats — the examples of docs/agents.md do what the page says.

load helpers

# example LANGUAGE: the code block of docs/agents.md
example() { sed -n "/^\`\`\`$1\$/,/^\`\`\`\$/p" "$BATS_TEST_DIRNAME/../../docs/agents.md" | sed '1d;$d'; }

setup() {
  make_world
  mkdir "$WORLD/bin"
  ln -s "$BAWN" "$WORLD/bin/bawn"
  PATH=$WORLD/bin:$PATH
  printf '#!/bin/sh\necho "$1" >> %s\n[ -e %s ]\n' "$WORLD/questions" "$WORLD/yes" > "$WORLD/bin/ask"
  chmod 755 "$WORLD/bin/ask"
}

@test "in shell: what the user allows is granted, and nothing else" {
  needs_host "it has the only listener, so an inner one records nothing"
  example sh > "$WORLD/ask-and-run"
  export ASK=$WORLD/bin/ask
  expect 1 sh "$WORLD/ask-and-run" tee "$HOME/f"
  [ "$(cat "$WORLD/questions")" = "may tee write $HOME/f?" ] || fail "$(cat "$WORLD/questions")"
  missing ~/f
  : > "$WORLD/yes"
  expect 0 sh "$WORLD/ask-and-run" sh -c 'echo x > ~/f || exit'
  unchanged ~/f x
  expect 3 sh "$WORLD/ask-and-run" sh -c 'exit 3'
}

@test "in Node: what the user allows is granted, and nothing else" {
  needs_host "it has the only listener, so an inner one records nothing"
  example js > "$WORLD/agent.js"
  cat > "$WORLD/try.js" <<'JS'
const { askAndRun } = require(process.argv[2]);
const home = process.env.HOME;
(async () => {
  const asked = [];
  const no = await askAndRun(['sh', '-c', 'echo x > ~/f || exit 4'], (d) => { asked.push(d.target); return false; });
  const yes = await askAndRun(['sh', '-c', 'echo x > ~/f || exit 4; echo fine'], (d) => d.target === home + '/f');
  console.log(JSON.stringify([no.status !== 0, asked, yes.status, yes.output, yes.denials.length]));
})();
JS
  expect 0 node "$WORLD/try.js" "$WORLD/agent.js"
  says "[true,[\"$HOME/f\"],0,\"fine\\n\",0]"
  unchanged ~/f x
}
