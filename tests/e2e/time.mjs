// Time travel by viem and by what Hardhat's helpers send: node time.mjs URL OTHER_URL CLIENTS
// BLOCK_SECONDS.  The other URL is that of the chain beside it, which has to follow.
// Prints one JSON object; a failed expectation ends it with an assertion and status 1.
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

const [url, otherUrl, clients, blockSeconds] = process.argv.slice(2);
const require = createRequire(pathToFileURL(`${clients}/package.json`));
const load = (name) => import(pathToFileURL(require.resolve(name).replace("_cjs", "_esm")));
const { createPublicClient, createTestClient, http } = await load("viem");

const transport = http(url);
const reader = createPublicClient({ transport, cacheTime: 0 });
const other = createPublicClient({ transport: http(otherUrl), cacheTime: 0 });
const tests = createTestClient({ mode: "anvil", transport });
const otherTests = createTestClient({ mode: "anvil", transport: http(otherUrl) });
const ask = (method, params = []) => reader.request({ method, params });
const time = async (client = reader) => (await client.getBlock()).timestamp;
const week = 604_800n;
const slack = 30n; // seconds that this machine may take between two calls
const done = [];

function near(found, wanted, what) {
  assert.ok(found >= wanted && found <= wanted + slack, `${what}: ${found}, want ${wanted}`);
}

// The L1 gets blocks of the node's own, too: run `work`, then find a block of it at `wanted`.
async function makesBlockAt(wanted, work) {
  const before = await reader.getBlockNumber();
  await work();
  const found = [];
  for (let number = before + 1n; number <= await reader.getBlockNumber(); number += 1n) {
    found.push((await reader.getBlock({ blockNumber: number })).timestamp);
  }
  assert.ok(found.includes(wanted), `want a block at ${wanted}, found ${found}`);
}

// What a call sees as TIMESTAMP: init code that returns it.
async function seen(block) {
  const { data } = await reader.call({ data: "0x425f5260205ff3", ...block });
  return BigInt(data);
}

async function exact() {
  const wanted = (await time()) + 1_000n;
  await tests.setNextBlockTimestamp({ timestamp: wanted });
  assert.equal(await seen({ blockTag: "pending" }), wanted);
  assert.equal((await reader.getBlock({ blockTag: "pending" })).timestamp, wanted);
  const [account] = await ask("eth_accounts");
  const hash = await ask("eth_sendTransaction", [{ from: account, to: account, value: "0x1" }]);
  const receipt = await reader.waitForTransactionReceipt({ hash, pollingInterval: 20 });
  assert.equal((await reader.getBlock({ blockHash: receipt.blockHash })).timestamp, wanted);
  assert.equal(await seen({ blockNumber: receipt.blockNumber }), wanted);
  done.push("exact");
}

async function increases() {
  const before = await time();
  await tests.increaseTime({ seconds: 3_600 });
  await tests.increaseTime({ seconds: Number(week) });
  near(await seen({ blockTag: "pending" }), before + week + 3_600n, "pending");
  await tests.mine({ blocks: 1 });
  near(await time(), before + week + 3_600n, "increased");
  assert.equal(typeof (await ask("evm_increaseTime", ["0x0"])), "number");
  await otherTests.mine({ blocks: 1 });
  near(await time(other), before + week + 3_600n, "the chain beside it");
  done.push("increases");
}

async function distances() {
  await tests.setBlockTimestampInterval({ interval: 60 });
  const before = await time();
  await makesBlockAt(before + 180n, () => tests.mine({ blocks: 3 }));
  await tests.removeBlockTimestampInterval();
  const last = await time();
  await makesBlockAt(last + 100n, () => tests.mine({ blocks: 1, interval: 100 }));
  done.push("distances");
}

// time.increase, time.increaseTo and mine, as @nomicfoundation/hardhat-network-helpers sends them.
async function hardhat() {
  const quantity = (value) => `0x${value.toString(16)}`;
  const helperMine = (blocks = 1, interval = 1) =>
    ask("hardhat_mine", [quantity(blocks), quantity(interval)]);
  for (const seconds of [BigInt(blockSeconds), 15n, 86_400n]) {
    const wanted = (await time()) + seconds;
    await makesBlockAt(wanted, async () => {
      await ask("evm_setNextBlockTimestamp", [quantity(wanted)]);
      await helperMine();
    });
  }
  const before = await time();
  await helperMine(5, 30);
  near(await time(), before + 150n, "five blocks");
  done.push("hardhat");
}

async function sets() {
  const wanted = (await time()) + week;
  near(BigInt(await ask("evm_setTime", [Number(wanted) * 1_000])), week - slack, "moved");
  await makesBlockAt(wanted, () => ask("evm_mine"));
  done.push("sets");
}

async function refusals() {
  const past = { timestamp: (await time()) - 1n };
  await assert.rejects(tests.setNextBlockTimestamp(past), /not after the head's|earliest/);
  await assert.rejects(ask("evm_setTime", [Number(past.timestamp)]), /want at least/);
  await assert.rejects(ask("evm_increaseTime", [-1]), /want 0 to/);
  done.push("refusals");
}

async function reverts() {
  const id = await tests.snapshot();
  const before = await time();
  await tests.increaseTime({ seconds: Number(week) });
  await tests.mine({ blocks: 1 });
  near(await time(), before + week, "before the revert");
  await tests.increaseTime({ seconds: Number(week) });
  await tests.revert({ id });
  near(await time(), before, "reverted");
  await tests.mine({ blocks: 1 });
  near(await time(), before, "after the revert");
  done.push("reverts");
}

await exact();
await increases();
await distances();
await hardhat();
await sets();
await refusals();
await reverts();
console.log(JSON.stringify({ done }));
process.exit(0);
