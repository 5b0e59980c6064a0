// viem against a running chain: node viem.mjs URL WS_URL CLIENTS BYTECODE ABI_JSON KEY...
// Prints one JSON object; a failed expectation ends it with an assertion and status 1.
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";
import { pause, untilHeard } from "./parts.mjs";

const [url, wsUrl, clients, bytecode, abiText, key, otherKey] = process.argv.slice(2);
const require = createRequire(pathToFileURL(`${clients}/package.json`));
const load = (name) => import(pathToFileURL(require.resolve(name).replace("_cjs", "_esm")));
const {
  BaseError, ContractFunctionRevertedError, createPublicClient, createTestClient,
  createWalletClient, defineChain, encodeFunctionData, getContractAddress, http,
  parseEther, webSocket,
} = await load("viem");
const { privateKeyToAccount } = await load("viem/accounts");

const abi = JSON.parse(abiText);
const account = privateKeyToAccount(key);
const other = privateKeyToAccount(otherKey);
const probe = createPublicClient({ transport: http(url) });
const id = await probe.getChainId();
const chain = defineChain({
  id, name: "devnet", nativeCurrency: { name: "Ether", symbol: "ETH", decimals: 18 },
  rpcUrls: { default: { http: [url], webSocket: [wsUrl] } },
});
const reader = createPublicClient({ chain, transport: http(url), pollingInterval: 50 });
const live = createPublicClient({ chain, transport: webSocket(wsUrl) });
const writer = createWalletClient({ account, chain, transport: http(url) });
const tests = createTestClient({ mode: "anvil", chain, transport: http(url) });
const mined = (hash) => reader.waitForTransactionReceipt({ hash, timeout: 20_000 });
const done = [];

async function deploy() {
  const hash = await writer.deployContract({ abi, bytecode, args: [5n] });
  const receipt = await mined(hash);
  assert.equal(receipt.status, "success");
  assert.equal(receipt.to, null);
  const transaction = await reader.getTransaction({ hash });
  const expected = getContractAddress({ from: account.address, nonce: BigInt(transaction.nonce) });
  assert.equal(receipt.contractAddress.toLowerCase(), expected.toLowerCase());
  done.push("deploy");
  return receipt.contractAddress;
}

async function reverts(address) {
  const wanted = (error) => {
    const found = error instanceof BaseError
      && error.walk((cause) => cause instanceof ContractFunctionRevertedError);
    assert.ok(found, String(error));
    assert.equal(found.reason, "must not fall");
    return true;
  };
  const call = { address, abi, functionName: "set_value", args: [1n], account };
  await assert.rejects(reader.simulateContract(call), wanted);
  await assert.rejects(reader.estimateContractGas(call), wanted);
  done.push("reverts");
}

async function types(address) {
  const data = (value) => encodeFunctionData({ abi, functionName: "set_value", args: [value] });
  const list = [{ address, storageKeys: [`0x${"00".repeat(32)}`] }];
  const price = await reader.getGasPrice();
  const sends = [
    ["legacy", { gasPrice: price * 2n }],
    ["eip2930", { gasPrice: price * 2n, accessList: list }],
    ["eip1559", {}],
  ];
  let value = 10n;
  for (const [type, fields] of sends) {
    const hash = await writer.sendTransaction({ to: address, data: data(value), type, ...fields });
    assert.equal((await mined(hash)).status, "success");
    assert.equal((await reader.getTransaction({ hash })).type, type);
    assert.equal(await reader.readContract({ address, abi, functionName: "value" }), value);
    value += 1n;
    done.push(type);
  }
}

async function setCode(address) {
  const authorization = await writer.signAuthorization({
    account: other, contractAddress: address,
  });
  const hash = await writer.sendTransaction({
    to: other.address, authorizationList: [authorization],
    data: encodeFunctionData({ abi, functionName: "set_value", args: [3n] }),
  });
  assert.equal((await mined(hash)).status, "success");
  assert.equal((await reader.getTransaction({ hash })).type, "eip7702");
  const code = await reader.getCode({ address: other.address });
  assert.equal(code, `0xef0100${address.slice(2).toLowerCase()}`);
  const read = { address: other.address, abi, functionName: "value" };
  assert.equal(await reader.readContract(read), 3n);
  done.push("eip7702");
}

async function watch(address) {
  const heads = [];
  const logs = [];
  const stop = [
    live.watchBlocks({ onBlock: (block) => heads.push(block.number), onError: assert.fail }),
    live.watchContractEvent({
      address, abi, eventName: "Changed", onLogs: (found) => logs.push(...found),
      onError: assert.fail,
    }),
  ];
  const polled = [];
  stop.push(reader.watchContractEvent({
    address, abi, eventName: "Changed", onLogs: (found) => polled.push(...found),
    onError: assert.fail,
  }));
  await pause(200);
  let value = 99n;
  const of = (found, { transactionHash: made }) => (
    found.filter(({ transactionHash }) => transactionHash === made)
  );
  const receipt = await untilHeard(
    "a change",
    async () => {
      value += 1n;
      const call = { address, abi, functionName: "set_value", args: [value] };
      return mined(await writer.writeContract(call));
    },
    (made) => (
      heads.includes(made.blockNumber) && [logs, polled].every((found) => of(found, made).length)
    ),
  );
  for (const found of [logs, polled]) {
    const [log, ...more] = of(found, receipt);
    assert.deepEqual(more, []);
    assert.equal(log.args.new, value);
    assert.equal(log.blockHash, receipt.blockHash);
    assert.equal(log.removed, false);
  }
  stop.forEach((end) => end());
  const past = await reader.getContractEvents({ address, abi, fromBlock: 0n });
  assert.equal(past.length, 3 + Number(value - 99n));
  done.push("watch");
}

async function reads() {
  const block = await reader.getBlock({ includeTransactions: true });
  assert.equal(block.hash.length, 66);
  const head = await reader.getBlockNumber();
  const fees = await reader.estimateFeesPerGas();
  assert.ok(fees.maxFeePerGas >= fees.maxPriorityFeePerGas);
  const history = await reader.getFeeHistory({ blockCount: 2, rewardPercentiles: [10, 90] });
  assert.equal(history.baseFeePerGas.length, history.gasUsedRatio.length + 1);
  const gas = await reader.estimateGas({ account, to: account.address, value: 1n });
  const proof = await reader.getProof({ address: account.address, storageKeys: [] });
  assert.equal(proof.balance, await reader.getBalance({ address: account.address }));
  const richer = await reader.call({
    account, to: account.address, value: parseEther("1000000000"),
    stateOverride: [{ address: account.address, balance: parseEther("2000000000") }],
  });
  assert.equal(richer.data, undefined);
  await assert.rejects(reader.getTransactionReceipt({ hash: `0x${"11".repeat(32)}` }));
  done.push("reads");
  return { gas: gas.toString(), head: head.toString() };
}

async function snapshots() {
  const before = await reader.getBlockNumber({ cacheTime: 0 });
  const snapshot = await tests.snapshot();
  await tests.mine({ blocks: 3 });
  assert.equal(await reader.getBlockNumber({ cacheTime: 0 }), before + 3n);
  await tests.revert({ id: snapshot });
  assert.equal(await reader.getBlockNumber({ cacheTime: 0 }), before);
  done.push("snapshots");
}

const address = await deploy();
await reverts(address);
await types(address);
await setCode(address);
await watch(address);
const found = await reads();
await snapshots();
console.log(JSON.stringify({ done, ...found }));
process.exit(0);
