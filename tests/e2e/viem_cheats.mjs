// viem's test client in its modes, and what its wallet client asks of a node that holds keys.
import assert from "node:assert/strict";
import { inputs, MNEMONIC, pause, PATIENCE, run, until } from "./parts.mjs";

const { url, contracts, wanted, loadViem } = inputs();
const viem = await loadViem("viem");
const { mnemonicToAccount } = await loadViem("viem/accounts");
const {
  createPublicClient,
  createTestClient,
  createWalletClient,
  defineChain,
  http,
  numberToHex,
  parseEther,
  parseGwei,
  walletActions,
} = viem;

const [user, other, third, fourth] = [4, 5, 6, 7].map((addressIndex) =>
  mnemonicToAccount(MNEMONIC, { addressIndex })
);
const id = await createPublicClient({ transport: http(url) }).getChainId();
const chain = defineChain({
  id,
  name: "devnet",
  nativeCurrency: { name: "Ether", symbol: "ETH", decimals: 18 },
  rpcUrls: { default: { http: [url] } },
});
const transport = http(url);
const reader = createPublicClient({ chain, transport, pollingInterval: 20, cacheTime: 0 });
const writer = createWalletClient({ account: user, chain, transport });
const unlocked = createWalletClient({ account: other.address, chain, transport });
const modes = Object.fromEntries(
  ["anvil", "hardhat", "ganache"].map((mode) => [
    mode,
    createTestClient({ mode, chain, transport }),
  ])
);
const both = [modes.anvil, modes.hardhat];
const stranger = "0x00000000000000000000000000000000000abcde";
const { abi, bytecode, deployed } = contracts.Guild;
const receiptOf = (hash) => reader.waitForTransactionReceipt({ hash, timeout: PATIENCE });

async function mined(hash, status = "success") {
  const receipt = await receiptOf(hash);
  assert.equal(receipt.status, status);
  return receipt;
}

async function deploy(name = "Guild", args = [5n]) {
  const its = contracts[name];
  return (await mined(await writer.deployContract({ abi: its.abi, bytecode: its.bytecode, args })))
    .contractAddress;
}

async function balances() {
  for (const [step, tests] of both.entries()) {
    const value = parseEther(String(step + 3));
    await tests.setBalance({ address: stranger, value });
    assert.equal(await reader.getBalance({ address: stranger }), value);
  }
  await modes.anvil.setBalance({ address: stranger, value: 0n });
  assert.equal(await reader.getBalance({ address: stranger }), 0n);
}

async function nonces() {
  for (const [step, tests] of both.entries()) {
    const address = `0x${"0".repeat(38)}d${step}`;
    await tests.setNonce({ address, nonce: 17 });
    assert.equal(await reader.getTransactionCount({ address }), 17);
  }
}

async function codeAndStorage() {
  for (const [step, tests] of both.entries()) {
    const address = `0x${"0".repeat(38)}c${step}`;
    await tests.setCode({ address, bytecode: deployed });
    assert.equal(await reader.getCode({ address }), deployed);
    const value = numberToHex(77 + step, { size: 32 });
    await tests.setStorageAt({ address, index: 0, value });
    assert.equal(await reader.getStorageAt({ address, slot: "0x0" }), value);
    assert.equal(
      await reader.readContract({ address, abi, functionName: "due" }),
      BigInt(77 + step)
    );
    await tests.setStorageAt({
      address,
      index: numberToHex(0, { size: 32 }),
      value: numberToHex(1, { size: 32 }),
    });
    assert.equal(await reader.readContract({ address, abi, functionName: "due" }), 1n);
  }
}

async function impersonation() {
  const address = await deploy();
  for (const tests of both) {
    await tests.setBalance({ address: stranger, value: parseEther("2") });
    await tests.impersonateAccount({ address: stranger });
    const acting = tests.extend(walletActions);
    const hash = await acting.sendTransaction({ account: stranger, to: other.address, value: 1n });
    assert.equal((await mined(hash)).from.toLowerCase(), stranger);
    const joined = await acting.writeContract({
      account: stranger,
      address,
      abi,
      functionName: "join",
      args: ["under a mask"],
      value: 5n,
    });
    await mined(joined);
    await tests.stopImpersonatingAccount({ address: stranger });
    await assert.rejects(
      acting.sendTransaction({ account: stranger, to: other.address, value: 1n })
    );
  }
  assert.equal(
    await reader.readContract({ address, abi, functionName: "paid", args: [stranger] }),
    10n
  );
  // A contract too, as people do with multisigs.
  await modes.anvil.setBalance({ address, value: parseEther("1") });
  await modes.anvil.impersonateAccount({ address });
  const hash = await modes.anvil.extend(walletActions).sendTransaction({
    account: address,
    to: fourth.address,
    value: 7n,
  });
  assert.equal((await mined(hash)).from.toLowerCase(), address.toLowerCase());
  await modes.anvil.stopImpersonatingAccount({ address });
  const unsigned = await modes.anvil
    .sendUnsignedTransaction({
      from: stranger,
      to: fourth.address,
      value: 3n,
      type: "0x2",
      maxFeePerGas: parseGwei("100"),
      maxPriorityFeePerGas: 0n,
    })
    .catch((error) => error);
  if (unsigned instanceof Error) throw unsigned;
  assert.equal((await mined(unsigned)).from.toLowerCase(), stranger);
}

async function withoutAutomine(tests, work) {
  await tests.setAutomine(false);
  try {
    await work();
  } finally {
    await tests.setAutomine(true);
  }
}

async function automine() {
  for (const tests of both) {
    assert.equal(await tests.getAutomine(), true);
    await withoutAutomine(tests, async () => {
      assert.equal(await tests.getAutomine(), false);
      const hash = await writer.sendTransaction({ to: other.address, value: 1n });
      await pause(50);
      assert.equal((await reader.getTransaction({ hash })).blockNumber, null);
      const { pending } = await tests.getTxpoolStatus();
      assert.equal(pending, 1);
      const content = await tests.getTxpoolContent();
      assert.equal(Object.values(Object.values(content.pending)[0])[0].hash, hash);
      assert.ok(Object.keys((await tests.inspectTxpool()).pending).length === 1);
      const block = await reader.getBlock({ blockTag: "pending", includeTransactions: true });
      assert.ok(block.transactions.some((one) => one.hash === hash));
      await tests.mine({ blocks: 1 });
      assert.equal((await mined(hash)).status, "success");
    });
  }
}

async function replacement() {
  const tests = modes.anvil;
  await withoutAutomine(tests, async () => {
    const nonce = await reader.getTransactionCount({ address: user.address });
    const fees = (times) => ({
      maxFeePerGas: parseGwei("50") * times,
      maxPriorityFeePerGas: parseGwei("2") * times,
    });
    const first = await writer.sendTransaction({
      to: third.address,
      value: 1n,
      nonce,
      ...fees(1n),
    });
    const replaced = [];
    const answers = [];
    const onFetchResponse = async (response) => answers.push(await response.clone().text());
    const waiter = createPublicClient({
      chain,
      transport: http(url, { onFetchResponse }),
      pollingInterval: 20,
    });
    const waiting = waiter.waitForTransactionReceipt({
      hash: first,
      timeout: PATIENCE,
      onReplaced: ({ reason, replacedTransaction, transaction }) =>
        replaced.push([reason, replacedTransaction.hash, transaction.hash]),
    });
    await until("viem to know the transaction", () =>
      answers.some((text) => text.includes(first))
    );
    await assert.rejects(
      writer.sendTransaction({ to: third.address, value: 2n, nonce, ...fees(1n) }),
      /underpriced/
    );
    const second = await writer.sendTransaction({
      to: third.address,
      value: 1n,
      nonce,
      ...fees(2n),
    });
    await tests.mine({ blocks: 1 });
    assert.equal((await waiting).transactionHash, second);
    assert.deepEqual(replaced, [["repriced", first, second]]);
  });
}

async function dropping() {
  const tests = modes.anvil;
  await withoutAutomine(tests, async () => {
    const hashes = [];
    for (const client of both) {
      const hash = await writer.sendTransaction({ to: third.address, value: 1n });
      await client.dropTransaction({ hash });
      await assert.rejects(reader.getTransaction({ hash }), { name: "TransactionNotFoundError" });
      hashes.push(hash);
    }
    await tests.mine({ blocks: 1 });
    for (const hash of hashes) await assert.rejects(reader.getTransactionReceipt({ hash }));
  });
}

async function intervals() {
  const tests = modes.anvil;
  await tests.setIntervalMining({ interval: 1 });
  try {
    const before = await reader.getBlockNumber();
    await until("a block of the interval", async () => (await reader.getBlockNumber()) > before);
  } finally {
    await tests.setIntervalMining({ interval: 0 });
    await tests.setAutomine(true);
  }
  await mined(await writer.sendTransaction({ to: other.address, value: 1n }));
}

async function blockFields() {
  const address = await deploy();
  const seen = async (blockNumber) =>
    reader.readContract({ address, abi, functionName: "now_", blockNumber });
  const tests = modes.anvil;
  await tests.setNextBlockBaseFeePerGas({ baseFeePerGas: parseGwei("3") });
  const first = await mined(
    await writer.sendTransaction({
      to: other.address,
      value: 1n,
      maxFeePerGas: parseGwei("9"),
      maxPriorityFeePerGas: 1n,
    })
  );
  assert.equal(
    (await reader.getBlock({ blockNumber: first.blockNumber })).baseFeePerGas,
    parseGwei("3")
  );
  const snapshot = await tests.snapshot();
  await tests.setBlockGasLimit({ gasLimit: 25_000_000n });
  await tests.mine({ blocks: 1 });
  assert.equal((await reader.getBlock()).gasLimit, 25_000_000n);
  await tests.revert({ id: snapshot });
  const coinbase = "0x00000000000000000000000000000000000c0b01";
  await tests.setCoinbase({ address: coinbase });
  const receipt = await mined(await writer.sendTransaction({ to: other.address, value: 1n }));
  const block = await reader.getBlock({ blockNumber: receipt.blockNumber });
  assert.equal(block.miner, coinbase);
  assert.equal((await seen(receipt.blockNumber))[4].toLowerCase(), coinbase);
}

async function time() {
  const tests = modes.anvil;
  const before = (await reader.getBlock()).timestamp;
  await tests.setNextBlockTimestamp({ timestamp: before + 1_000n });
  const receipt = await mined(await writer.sendTransaction({ to: other.address, value: 1n }));
  assert.equal(
    (await reader.getBlock({ blockNumber: receipt.blockNumber })).timestamp,
    before + 1_000n
  );
  await modes.hardhat.increaseTime({ seconds: 500 });
  await modes.hardhat.mine({ blocks: 2, interval: 60 });
  assert.ok((await reader.getBlock()).timestamp >= before + 1_560n);
  await tests.setBlockTimestampInterval({ interval: 30 });
  await tests.mine({ blocks: 1 });
  await tests.removeBlockTimestampInterval();
}

async function snapshots() {
  for (const tests of Object.values(modes)) {
    const balance = await reader.getBalance({ address: third.address });
    const number = await reader.getBlockNumber();
    const snapshot = await tests.snapshot();
    const hash = await writer.sendTransaction({ to: third.address, value: 9n });
    await mined(hash);
    await tests.revert({ id: snapshot });
    assert.equal(await reader.getBalance({ address: third.address }), balance);
    assert.equal(await reader.getBlockNumber(), number);
    await assert.rejects(reader.getTransaction({ hash }), { name: "TransactionNotFoundError" });
    await mined(await writer.sendTransaction({ to: third.address, value: 9n }));
  }
}

async function dumps() {
  const tests = modes.anvil;
  await tests.setBalance({ address: stranger, value: 123_456n });
  const state = await tests.dumpState();
  assert.match(state, /^0x[0-9a-f]+$/);
  await tests.setBalance({ address: stranger, value: 5n });
  await tests.loadState({ state });
  assert.equal(await reader.getBalance({ address: stranger }), 123_456n);
}

async function resets() {
  await mined(await writer.sendTransaction({ to: third.address, value: 1n }));
  await modes.anvil.reset();
  assert.equal(await reader.getBlockNumber(), 0n);
  assert.equal(await reader.getTransactionCount({ address: user.address }), 0);
  await mined(await writer.sendTransaction({ to: third.address, value: 1n }));
}

async function autoImpersonation() {
  await modes.anvil.setBalance({ address: stranger, value: parseEther("1") });
  await modes.anvil.request({ method: "anvil_autoImpersonateAccount", params: [true] });
  const acting = modes.anvil.extend(walletActions);
  await mined(await acting.sendTransaction({ account: stranger, to: third.address, value: 1n }));
  await modes.anvil.request({ method: "anvil_autoImpersonateAccount", params: [false] });
  await assert.rejects(
    acting.sendTransaction({ account: stranger, to: third.address, value: 1n })
  );
}

async function logging() {
  for (const tests of both) await tests.setLoggingEnabled(true);
}

async function ganache() {
  const before = await reader.getBlockNumber();
  await modes.ganache.mine({ blocks: 2 });
  assert.equal(await reader.getBlockNumber(), before + 2n);
}

// -- keys that the node holds

async function heldKeys() {
  const addresses = await unlocked.getAddresses();
  assert.equal(addresses[5], other.address);
  assert.deepEqual(await unlocked.requestAddresses(), addresses);
  await mined(await unlocked.sendTransaction({ to: third.address, value: 1n }));
  const address = (await mined(await unlocked.deployContract({ abi, bytecode, args: [1n] })))
    .contractAddress;
  await mined(await unlocked.writeContract({ address, abi, functionName: "setDue", args: [2n] }));
  const message = "mine";
  const signature = await unlocked.signMessage({ message });
  assert.ok(await viem.verifyMessage({ address: other.address, message, signature }));
  const typed = {
    domain: { name: "devnet", version: "1", chainId: id, verifyingContract: address },
    types: {
      Note: [
        { name: "text", type: "string" },
        { name: "numbers", type: "uint256[]" },
      ],
    },
    primaryType: "Note",
    message: { text: message, numbers: [1n, 2n] },
  };
  const typedSignature = await unlocked.signTypedData(typed);
  assert.ok(
    await viem.verifyTypedData({ address: other.address, ...typed, signature: typedSignature })
  );
  const request = await writer.prepareTransactionRequest({ to: third.address, value: 2n });
  const serializedTransaction = await writer.signTransaction(request);
  await mined(await writer.sendRawTransaction({ serializedTransaction }));
}

async function atOnce() {
  const receipt = await writer.sendTransactionSync({
    to: third.address,
    value: 2n,
    timeout: 5_000,
  });
  assert.equal(receipt.status, "success");
  const request = await writer.prepareTransactionRequest({ to: third.address, value: 2n });
  const serializedTransaction = await writer.signTransaction(request);
  assert.equal((await writer.sendRawTransactionSync({ serializedTransaction })).status, "success");
  const address = await deploy();
  const wrote = await writer.writeContractSync({
    address,
    abi,
    functionName: "setDue",
    args: [7n],
  });
  assert.equal(wrote.logs.length, 1);
}

async function types() {
  const to = third.address;
  const price = await reader.getGasPrice();
  for (const [type, fields] of [
    ["legacy", { gasPrice: price * 2n }],
    ["eip2930", { gasPrice: price * 2n, accessList: [] }],
    ["eip1559", {}],
  ]) {
    const hash = await writer.sendTransaction({ to, value: 1n, type, ...fields });
    await mined(hash);
    assert.equal((await reader.getTransaction({ hash })).type, type);
  }
  const address = await deploy();
  const authorization = await writer.signAuthorization({
    account: fourth,
    contractAddress: address,
  });
  await mined(
    await writer.sendTransaction({ to: fourth.address, authorizationList: [authorization] })
  );
  assert.equal(
    (await reader.getDelegation({ address: fourth.address })).toLowerCase(),
    address.toLowerCase()
  );
}

async function reverting() {
  const address = await deploy();
  const hash = await writer.writeContract({
    address,
    abi,
    functionName: "setDue",
    args: [1n],
    gas: 100_000n,
  });
  await mined(hash, "reverted");
  await assert.rejects(unlocked.writeContract({ address, abi, functionName: "close" }));
}

async function walletMethods() {
  let asked = 0;
  const onFetchRequest = () => {
    asked += 1;
  };
  const wallet = createWalletClient({
    account: user,
    chain,
    transport: http(url, { onFetchRequest }),
  });
  for (const work of [
    () => wallet.switchChain({ id }),
    () => wallet.getPermissions(),
    () => wallet.addChain({ chain }),
  ]) {
    asked = 0;
    await assert.rejects(work(), { code: -32601 });
    assert.equal(asked, 1, "viem tried again what never changes");
  }
  const { id: calls } = await unlocked.sendCalls({
    calls: [
      { to: third.address, value: 1n },
      { to: third.address, value: 2n },
    ],
    experimental_fallback: true,
  });
  const { status } = await unlocked.waitForCallsStatus({ id: calls, pollingInterval: 50 });
  assert.equal(status, "success");
}

await run(
  {
    balances,
    nonces,
    codeAndStorage,
    impersonation,
    automine,
    replacement,
    dropping,
    intervals,
    blockFields,
    time,
    snapshots,
    dumps,
    logging,
    ganache,
    heldKeys,
    atOnce,
    types,
    reverting,
    walletMethods,
    autoImpersonation,
    resets,
  },
  wanted
);
