// ethers against a running chain: node ethers.mjs URL WS_URL CLIENTS BYTECODE ABI_JSON KEY...
// Prints one JSON object; a failed expectation ends it with an assertion and status 1.
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";
import { pause, untilHeard } from "./parts.mjs";

const [url, wsUrl, clients, bytecode, abiText, key, otherKey] = process.argv.slice(2);
const require = createRequire(pathToFileURL(`${clients}/package.json`));
const ethers = require("ethers");

const provider = new ethers.JsonRpcProvider(url, undefined, { pollingInterval: 50 });
const live = new ethers.WebSocketProvider(wsUrl);
const wallet = new ethers.Wallet(key, provider);
const signer = new ethers.NonceManager(wallet);
const abi = JSON.parse(abiText);
const done = [];
const soon = (promise) => Promise.race([
  promise,
  new Promise((_, reject) => setTimeout(() => reject(new Error("waited in vain")), 20_000)),
]);

async function deploy() {
  const factory = new ethers.ContractFactory(abi, bytecode, signer);
  const contract = await factory.deploy(5n);
  await soon(contract.waitForDeployment());
  assert.equal(await contract.value(), 5n);
  done.push("deploy");
  return contract;
}

async function types(contract) {
  const target = await contract.getAddress();
  const price = (await provider.getFeeData()).gasPrice * 2n;
  const list = [{ address: target, storageKeys: [ethers.ZeroHash] }];
  const sends = [
    ["legacy", { type: 0, gasPrice: price }],
    ["eip2930", { type: 1, gasPrice: price, accessList: list }],
    ["eip1559", { type: 2 }],
  ];
  let value = 10n;
  for (const [name, overrides] of sends) {
    const sent = await contract.set_value(value, overrides);
    const receipt = await soon(sent.wait());
    assert.equal(receipt.status, 1);
    assert.equal(receipt.type, overrides.type);
    assert.equal(await contract.value(), value);
    value += 1n;
    done.push(name);
  }
}

async function setCode(contract) {
  const other = new ethers.Wallet(otherKey, provider);
  const target = await contract.getAddress();
  const auth = await other.authorize({ address: target, nonce: await other.getNonce() });
  const sent = await signer.sendTransaction({
    type: 4, to: other.address, authorizationList: [auth],
    data: contract.interface.encodeFunctionData("set_value", [3n]),
  });
  const receipt = await soon(sent.wait());
  assert.equal(receipt.status, 1);
  assert.equal(receipt.type, 4);
  const code = await provider.getCode(other.address);
  assert.equal(code.toLowerCase(), `0xef0100${target.slice(2).toLowerCase()}`);
  done.push("eip7702");
}

async function refusals(contract) {
  await assert.rejects(contract.set_value.staticCall(1n), (error) => {
    assert.equal(error.code, "CALL_EXCEPTION");
    assert.equal(error.reason, "must not fall");
    return true;
  });
  await assert.rejects(contract.set_value.estimateGas(1n), { code: "CALL_EXCEPTION" });
  const used = { to: wallet.address, nonce: 0, gasLimit: 21_000n };
  await assert.rejects(wallet.sendTransaction(used), { code: "NONCE_EXPIRED" });
  const poor = ethers.Wallet.createRandom().connect(provider);
  const wish = { to: wallet.address, value: 1n, gasLimit: 21_000n };
  await assert.rejects(poor.sendTransaction(wish), { code: "INSUFFICIENT_FUNDS" });
  await assert.rejects(provider.send("byline_nothing", []), { code: "UNSUPPORTED_OPERATION" });
  done.push("refusals");
}

async function failing(contract) {
  const sent = await contract.set_value(1n, { gasLimit: 100_000n });
  await assert.rejects(soon(sent.wait()), (error) => {
    assert.equal(error.code, "CALL_EXCEPTION");
    assert.equal(error.receipt.status, 0);
    return true;
  });
  done.push("failing");
}

async function watch(contract) {
  const watched = new ethers.Contract(await contract.getAddress(), abi, live);
  const logs = [], polled = [], blocks = [];
  await watched.on("Changed", (who, old, value) => logs.push({ who, value }));
  await contract.connect(provider).on(
    "Changed", (who, old, value) => polled.push({ who, value }),
  );
  await live.on("block", (number) => blocks.push(number));
  await pause(200);
  let wanted = 99n;
  const of = (found) => found.filter(({ value }) => value === wanted);
  await untilHeard(
    "a change",
    async () => {
      wanted += 1n;
      return soon((await contract.set_value(wanted)).wait());
    },
    ({ blockNumber }) => (
      blocks.includes(blockNumber) && [logs, polled].every((found) => of(found).length)
    ),
  );
  for (const found of [logs, polled]) {
    assert.deepEqual(of(found), [{ who: wallet.address, value: wanted }]);
  }
  const past = await contract.queryFilter("Changed", 0);
  assert.ok(past.length >= 4);
  done.push("watch");
}

async function reads() {
  const pending = await provider.getBlock("pending");
  assert.equal(typeof pending.number, "number");
  const latest = await provider.getBlock("latest", true);
  assert.equal(latest.hash.length, 66);
  for (const tag of ["safe", "finalized", "earliest"]) {
    assert.ok(await provider.getBlock(tag));
  }
  assert.equal(await provider.getTransactionReceipt(ethers.ZeroHash), null);
  assert.equal(await provider.getBlock(10_000_000), null);
  const batch = await Promise.all([...Array(20).keys()].map(() => provider.getBlockNumber()));
  assert.equal(batch.length, 20);
  done.push("reads");
}

const contract = await deploy();
await types(contract);
await setCode(contract);
await refusals(contract);
await failing(contract);
signer.reset();
await watch(contract);
await reads();
console.log(JSON.stringify({ done }));
process.exit(0);
