// What the scripts of stock clients share: their inputs, waiting, and a list of parts that each
// prove one thing.  A script is run as: node SCRIPT URL CLIENTS CONTRACTS_JSON [PART...]
// It prints one JSON object: the parts done, and those that failed, with their words.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

export const PATIENCE = 20_000;
export const MNEMONIC = "test test test test test test test test test test test junk";

/** Return the inputs of a script: URLs, contracts by name, and how to load npm packages. */
export function inputs() {
  const [url, clients, contracts, ...wanted] = process.argv.slice(2);
  const require = createRequire(pathToFileURL(`${clients}/package.json`));
  return {
    url,
    wsUrl: url.replace("http", "ws"),
    contracts: JSON.parse(readFileSync(contracts, "utf8")),
    wanted,
    require,
    loadViem: (name) => import(pathToFileURL(require.resolve(name).replace("_cjs", "_esm"))),
  };
}

export const pause = (milliseconds) => new Promise((go) => setTimeout(go, milliseconds));

/** Wait until `condition` answers something true, and return it. */
export async function until(what, condition) {
  const deadline = Date.now() + PATIENCE;
  for (;;) {
    const answer = await condition();
    if (answer) return answer;
    assert.ok(Date.now() < deadline, `waited in vain for ${what}`);
    await pause(20);
  }
}

/** Act, again and again where a listener was not there yet, until `heard` of what was done. */
export async function untilHeard(what, act, heard) {
  for (let round = 0; round < 8; round += 1) {
    const made = await act();
    const deadline = Date.now() + PATIENCE / 8;
    while (Date.now() < deadline) {
      if (heard(made)) return made;
      await pause(20);
    }
  }
  return assert.fail(`listened in vain for ${what}`);
}

/** Run parts one after the other, print what came of them, and end the process. */
export async function run(parts, wanted = []) {
  const done = [];
  const failed = {};
  for (const [name, part] of Object.entries(parts)) {
    if (wanted.length && !wanted.includes(name)) continue;
    const started = Date.now();
    try {
      await Promise.race([part(), pause(3 * PATIENCE).then(() => assert.fail("took too long"))]);
      done.push(name);
    } catch (error) {
      failed[name] = `${error?.details ?? ""} ${error?.stack ?? error}`.slice(0, 2_000);
    }
    if (process.env.TIMES) console.error(name, Date.now() - started, "ms", failed[name] ?? "");
  }
  console.log(JSON.stringify({ done, failed }));
  process.exit(Object.keys(failed).length || !done.length ? 1 : 0);
}
