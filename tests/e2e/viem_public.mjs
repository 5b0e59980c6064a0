// viem's public client, over HTTP and WebSocket: every action that asks a node.  See parts.mjs.
import assert from "node:assert/strict";
import { inputs, MNEMONIC, pause, PATIENCE, run, untilHeard } from "./parts.mjs";

const { url, wsUrl, contracts, wanted, loadViem } = inputs();
const viem = await loadViem("viem");
const { mnemonicToAccount } = await loadViem("viem/accounts");
const {
  createPublicClient, createTestClient, createWalletClient, defineChain, http, parseAbi,
  parseAbiItem, parseEther, webSocket, zeroAddress,
} = viem;

const [user, other, idle] = [0, 1, 2].map((addressIndex) => mnemonicToAccount(MNEMONIC, { addressIndex }));
const id = await createPublicClient({ transport: http(url) }).getChainId();
const chain = defineChain({
  id, name: "devnet", nativeCurrency: { name: "Ether", symbol: "ETH", decimals: 18 },
  rpcUrls: { default: { http: [url], webSocket: [wsUrl] } },
  contracts: { multicall3: { address: "0xcA11bde05977b3631167028862bE2a173976CA11" } },
});
const transport = http(url);
const reader = createPublicClient({ chain, transport, pollingInterval: 20, cacheTime: 0 });
const live = createPublicClient({ chain, transport: webSocket(wsUrl), cacheTime: 0 });
const writer = createWalletClient({ account: user, chain, transport });
const tests = createTestClient({ mode: "anvil", chain, transport });
const { abi } = contracts.Guild;
const nowhere = `0x${"11".repeat(32)}`;

async function mined(hash, status = "success") {
  const receipt = await reader.waitForTransactionReceipt({ hash, timeout: PATIENCE });
  assert.equal(receipt.status, status);
  return receipt;
}

async function deploy(name, ...args) {
  const { abi: its, bytecode } = contracts[name];
  return (await mined(await writer.deployContract({ abi: its, bytecode, args }))).contractAddress;
}

const address = await deploy("Guild", 5n);
const guild = { address, abi };
const coin = { address: await deploy("Coin", 1_000n), abi: contracts.Coin.abi };
const hasMulticall = (await reader.getCode({ address: chain.contracts.multicall3.address })) !== undefined;

async function failsWith(promise, name, check) {
  await assert.rejects(promise, (error) => {
    const found = error.walk?.((cause) => cause.name === name);
    assert.ok(found, `want ${name}, found ${error.stack}`);
    check?.(found);
    return true;
  });
}

async function blocks() {
  const number = await reader.getBlockNumber();
  const block = await reader.getBlock();
  assert.ok(block.number >= number);
  const full = await reader.getBlock({ blockNumber: number, includeTransactions: true });
  assert.equal(full.transactions.at(-1).blockHash, full.hash);
  assert.equal(full.totalDifficulty ?? null, null);
  const byHash = await reader.getBlock({ blockHash: full.hash });
  assert.deepEqual(byHash.transactions, full.transactions.map(({ hash }) => hash));
  assert.equal(await reader.getBlockTransactionCount({ blockHash: full.hash }), full.transactions.length);
  assert.equal(await reader.getBlockTransactionCount({ blockNumber: number }), full.transactions.length);
  for (const blockTag of ["earliest", "safe", "finalized", "latest"]) {
    assert.equal((await reader.getBlock({ blockTag })).hash.length, 66);
  }
  const pending = await reader.getBlock({ blockTag: "pending" });
  assert.equal(pending.hash, null);
  assert.equal((await reader.getBlock({ blockTag: "earliest" })).number, 0n);
  await failsWith(reader.getBlock({ blockNumber: 1n << 40n }), "BlockNotFoundError");
  await failsWith(reader.getBlock({ blockHash: nowhere }), "BlockNotFoundError");
}

async function receiptsOfBlocks() {
  const { number, hash } = await reader.getBlock();
  const one = await reader.getBlockReceipts({ blockNumber: number });
  const same = await reader.getBlockReceipts({ blockHash: hash });
  assert.deepEqual(one, same);
  const single = await reader.getTransactionReceipt({ hash: one.at(-1).transactionHash });
  assert.deepEqual(single, one.at(-1));
}

async function accounts() {
  const before = await reader.getBlockNumber();
  const balance = await reader.getBalance({ address: idle.address });
  const sent = await mined(await writer.sendTransaction({ to: idle.address, value: 7n }));
  assert.equal(await reader.getBalance({ address: idle.address }), balance + 7n);
  assert.equal(await reader.getBalance({ address: idle.address, blockNumber: before }), balance);
  assert.equal(
    await reader.getBalance({ address: idle.address, blockNumber: sent.blockNumber }), balance + 7n,
  );
  const count = await reader.getTransactionCount({ address: user.address });
  assert.equal(await reader.getTransactionCount({ address: user.address, blockTag: "pending" }), count);
  assert.equal(
    await reader.getTransactionCount({ address: user.address, blockNumber: before }), count - 1,
  );
  assert.equal((await reader.getCode({ address })).length, contracts.Guild.deployed.length);
  assert.equal(await reader.getCode({ address: idle.address }), undefined);
  assert.equal(BigInt(await reader.getStorageAt({ address, slot: "0x0" })), 5n);
  assert.equal(BigInt(await reader.getStorageAt({ address, slot: `0x${"00".repeat(32)}` })), 5n);
  await assert.rejects(reader.getBalance({ address, blockNumber: 1n << 40n }));
}

async function proofs() {
  const slots = [`0x${"00".repeat(32)}`, `0x${"ab".repeat(32)}`];
  const proof = await reader.getProof({ address, storageKeys: slots });
  assert.equal(proof.address.toLowerCase(), address.toLowerCase());
  assert.deepEqual(proof.storageProof.map(({ key, value }) => [key, value]), [
    [slots[0], 5n], [slots[1], 0n],
  ]);
  assert.ok(proof.accountProof.length > 0);
  assert.equal(proof.codeHash, viem.keccak256(await reader.getCode({ address })));
}

async function reads() {
  assert.equal(await reader.readContract({ ...guild, functionName: "due" }), 5n);
  assert.equal(await reader.readContract({ ...guild, functionName: "founder" }), user.address);
  const contract = viem.getContract({ ...guild, client: { public: reader, wallet: writer } });
  assert.equal(await contract.read.due(), 5n);
  const { result } = await contract.simulate.setDue([6n], { account: user });
  assert.equal(result, undefined);
  assert.ok((await contract.estimateGas.setDue([6n], { account: user })) > 21_000n);
  const { request } = await reader.simulateContract({
    ...coin, functionName: "transfer", args: [other.address, 3n], account: user,
  });
  await mined(await writer.writeContract(request));
  assert.equal(
    await reader.readContract({ ...coin, functionName: "balanceOf", args: [other.address] }), 3n,
  );
}

async function multicalls() {
  if (!hasMulticall) return; // anvil has none
  const many = await reader.multicall({
    contracts: [
      { ...guild, functionName: "due" },
      { ...coin, functionName: "totalSupply" },
      { ...guild, functionName: "close" },
    ],
  });
  assert.deepEqual(many.slice(0, 2).map(({ result }) => result), [5n, 1_000n]);
  assert.equal(many[2].status, "failure");
  const batched = createPublicClient({ chain, transport, batch: { multicall: true } });
  const found = await Promise.all(
    ["due", "count"].map((functionName) => batched.readContract({ ...guild, functionName })),
  );
  assert.deepEqual(found, [5n, 0n]);
}

async function deployless() {
  const many = await reader.multicall({
    contracts: [{ ...guild, functionName: "due" }, { ...coin, functionName: "name" }],
    deployless: true, allowFailure: false,
  });
  assert.deepEqual(many, [5n, "Coin"]);
  const { bytecode } = contracts.Guild;
  const code = viem.encodeDeployData({ abi, bytecode, args: [9n] });
  assert.equal((await reader.call({ data: code })).data, (await reader.getCode({ address })).replace(
    user.address.slice(2).toLowerCase(), "00".repeat(20),
  ));
  const data = viem.encodeFunctionData({ abi, functionName: "due" });
  assert.equal(BigInt((await reader.call({ code, data })).data), 9n);
}

async function overrides() {
  const poor = "0x00000000000000000000000000000000000000aa";
  const join = { ...guild, functionName: "join", args: ["all for one"], account: poor, value: 5n };
  await failsWith(reader.simulateContract(join), "InsufficientFundsError");
  await reader.simulateContract({ ...join, stateOverride: [{ address: poor, balance: 10n ** 18n }] });
  const slot = `0x${"00".repeat(32)}`;
  const value = `0x${"07".padStart(64, "0")}`;
  const read = { ...guild, functionName: "due" };
  assert.equal(await reader.readContract({
    ...read, stateOverride: [{ address, stateDiff: [{ slot, value }] }],
  }), 7n);
  const code = "0x602a5f5260205ff3";
  assert.equal(await reader.readContract({ ...read, stateOverride: [{ address, code }] }), 42n);
  const [time, number, fee] = await reader.readContract({
    ...guild, functionName: "now_", blockOverrides: { time: 5n << 32n, number: 77n, baseFeePerGas: 3n },
  });
  // What BASEFEE says of a call without prices is the node's affair: geth says 0.
  assert.deepEqual([time, number], [5n << 32n, 77n]);
  assert.ok(fee === 3n || fee === 0n);
}

async function errors() {
  const call = (functionName, args = [], more = {}) => (
    reader.simulateContract({ ...guild, functionName, args, account: user, ...more })
  );
  const reverted = (promise, check) => failsWith(promise, "ContractFunctionRevertedError", check);
  await reverted(call("setDue", [1n]), (error) => assert.equal(error.reason, "dues must not fall"));
  await reverted(call("join", ["me"], { value: 1n }), ({ data }) => {
    assert.equal(data.errorName, "TooLow");
    assert.deepEqual(data.args, [1n, 5n]);
  });
  await reverted(call("close"), ({ data }) => assert.equal(data.errorName, "Closed"));
  await reverted(call("divide", [0n]), (error) => assert.match(error.reason, /divided by zero|Division/));
  await reverted(call("check", [false]), (error) => assert.match(error.reason, /assert/i));
  await reverted(call("silent"), ({ data }) => assert.equal(data, undefined));
  await failsWith(
    reader.estimateContractGas({ ...guild, functionName: "close", account: user }),
    "ContractFunctionRevertedError", ({ data }) => assert.equal(data.errorName, "Closed"),
  );
  await assert.rejects(writer.deployContract({ abi, bytecode: contracts.Guild.bytecode, args: [666n] }), /no such due/);
  await assert.rejects(call("burn"));
  await failsWith(
    reader.readContract({ address: idle.address, abi, functionName: "due" }), "ContractFunctionZeroDataError",
  );
}

async function haltsAreToldAtOnce() {
  const started = Date.now();
  await assert.rejects(reader.call({ ...calling("burn"), gas: 100_000n }));
  await assert.rejects(reader.call({ ...calling("spin"), gas: 100_000n }));
  assert.ok(Date.now() - started < 1_000, "viem tried again what never changes");
}

function calling(functionName, args = []) {
  return { to: address, data: viem.encodeFunctionData({ abi, functionName, args }), account: user };
}

async function refusals() {
  const send = (fields) => writer.sendTransaction({ to: other.address, gas: 21_000n, ...fields });
  await failsWith(send({ nonce: 0 }), "NonceTooLowError");
  const poor = createWalletClient({ account: mnemonicToAccount(MNEMONIC, { addressIndex: 999 }), chain, transport });
  await failsWith(poor.sendTransaction({ to: other.address, value: 1n, gas: 21_000n }), "InsufficientFundsError");
  await failsWith(send({ gas: 20_000n }), "IntrinsicGasTooLowError");
  await failsWith(send({ maxFeePerGas: 1n, maxPriorityFeePerGas: 2n }), "TipAboveFeeCapError");
  await failsWith(
    reader.call({ ...calling("due"), maxFeePerGas: 1n, maxPriorityFeePerGas: 0n }), "FeeCapTooLowError",
  );
  await failsWith(reader.request({ method: "eth_nothing", params: [] }), "MethodNotFoundRpcError");
  await failsWith(
    reader.request({ method: "eth_getBalance", params: ["0x12", "latest"] }), "InvalidParamsRpcError",
  );
  await failsWith(reader.getTransaction({ hash: nowhere }), "TransactionNotFoundError");
  await failsWith(reader.getTransactionReceipt({ hash: nowhere }), "TransactionReceiptNotFoundError");
}

async function fees() {
  const { baseFeePerGas } = await reader.getBlock();
  const price = await reader.getGasPrice();
  assert.ok(price >= baseFeePerGas, `${price} is below the base fee ${baseFeePerGas}`);
  const tip = await reader.estimateMaxPriorityFeePerGas();
  const found = await reader.estimateFeesPerGas();
  assert.equal(found.maxPriorityFeePerGas, tip);
  assert.ok(found.maxFeePerGas >= baseFeePerGas);
  assert.ok((await reader.estimateFeesPerGas({ type: "legacy" })).gasPrice >= baseFeePerGas);
  assert.ok((await reader.getBlobBaseFee()) >= 1n);
  const history = await reader.getFeeHistory({ blockCount: 3, rewardPercentiles: [10, 50.5, 90] });
  assert.equal(history.baseFeePerGas.length, history.gasUsedRatio.length + 1);
  assert.ok(history.reward.every((row) => row.length === 3));
  assert.equal(await reader.estimateGas({ account: user, to: other.address, value: 1n }), 21_000n);
}

async function logsAndFilters() {
  const filters = {
    event: await reader.createContractEventFilter({ ...coin, eventName: "Transfer" }),
    typed: await reader.createEventFilter({
      address: coin.address, event: parseAbiItem("event Transfer(address indexed from, address indexed to, uint256 value)"),
      args: { to: other.address },
    }),
    block: await reader.createBlockFilter(),
    pending: await reader.createPendingTransactionFilter(),
  };
  const hash = await writer.writeContract({ ...coin, functionName: "transfer", args: [other.address, 9n] });
  const receipt = await mined(hash);
  const changes = {};
  for (const [name, filter] of Object.entries(filters)) {
    changes[name] = await reader.getFilterChanges({ filter });
  }
  assert.deepEqual(changes.event.map(({ args }) => args.value), [9n]);
  assert.deepEqual(changes.typed.map(({ args }) => args.to), [other.address]);
  assert.ok(changes.block.includes(receipt.blockHash));
  assert.ok(changes.pending.includes(hash));
  assert.equal(changes.event[0].transactionHash, hash);
  assert.equal((await reader.getFilterLogs({ filter: filters.event })).at(-1).args.value, 9n);
  assert.deepEqual(await reader.getFilterChanges({ filter: filters.event }), []);
  for (const filter of Object.values(filters)) assert.equal(await reader.uninstallFilter({ filter }), true);
  await failsWith(reader.getFilterChanges({ filter: filters.event }), "InvalidInputRpcError");
  const logs = await reader.getLogs({ address: coin.address, fromBlock: 0n, toBlock: "latest" });
  assert.equal(logs.at(-1).blockHash, receipt.blockHash);
  const byHash = await reader.getLogs({ address: coin.address, blockHash: receipt.blockHash });
  assert.deepEqual(byHash.map(({ transactionHash }) => transactionHash), [hash]);
  const strict = await reader.getContractEvents({
    ...coin, eventName: "Transfer", args: { from: [user.address, zeroAddress] }, fromBlock: 0n, strict: true,
  });
  assert.equal(strict[0].args.from, zeroAddress);
}

async function watching() {
  for (const client of [reader, live]) {
    const heard = { numbers: [], blocks: [], hashes: [], logs: [], events: [] };
    const onError = (error) => assert.fail(String(error));
    const stop = [
      client.watchBlockNumber({ onBlockNumber: (number) => heard.numbers.push(number), onError }),
      client.watchBlocks({ onBlock: ({ hash }) => heard.blocks.push(hash), onError, emitMissed: true }),
      client.watchPendingTransactions({ onTransactions: (some) => heard.hashes.push(...some), onError }),
      client.watchContractEvent({ ...coin, onLogs: (some) => heard.logs.push(...some), onError }),
      client.watchEvent({
        address: coin.address, onLogs: (some) => heard.events.push(...some), onError,
        event: parseAbiItem("event Transfer(address indexed from, address indexed to, uint256 value)"),
      }),
    ];
    await pause(200);
    const { hash } = await untilHeard(
      `a transfer: ${client.transport.type}`,
      async () => {
        const made = await writer.writeContract({ ...coin, functionName: "transfer", args: [other.address, 1n] });
        return { hash: made, ...(await mined(made)) };
      },
      ({ hash: made, blockHash, blockNumber }) => (
        heard.numbers.includes(blockNumber) && heard.blocks.includes(blockHash)
        && heard.hashes.includes(made)
        && [heard.logs, heard.events].every((some) => some.some((log) => log.transactionHash === made))
      ),
    );
    for (const some of [heard.logs, heard.events]) {
      const [log, ...more] = some.filter(({ transactionHash }) => transactionHash === hash);
      assert.deepEqual([log.args.value, more], [1n, []]);
    }
    stop.forEach((end) => end());
  }
}

async function watchersSurviveARevert() {
  const heard = [];
  const onError = (error) => assert.fail(String(error));
  const stop = reader.watchContractEvent({ ...coin, onLogs: (some) => heard.push(...some), onError });
  const send = async () => {
    const hash = await writer.writeContract({ ...coin, functionName: "transfer", args: [other.address, 2n] });
    return mined(hash);
  };
  const told = ({ blockHash }) => heard.some((log) => !log.removed && log.blockHash === blockHash);
  await untilHeard("the first log", send, told);
  const snapshot = await tests.snapshot();
  await untilHeard("a log that is taken back", send, told);
  await tests.revert({ id: snapshot });
  await untilHeard("a log after the revert", send, told);
  stop();
}

async function simulations() {
  const [first, second] = await reader.simulateBlocks({
    blocks: [
      { calls: [{ ...calling("setDue", [8n]) }], stateOverrides: [{ address: zeroAddress, balance: 1n }] },
      { calls: [{ ...calling("due") }, { ...calling("close") }], blockOverrides: { gasLimit: 10_000_000n } },
    ],
  });
  assert.equal(first.calls[0].status, "success");
  assert.equal(first.calls[0].logs.length, 1);
  assert.equal(BigInt(second.calls[0].data), 8n);
  assert.equal(second.calls[1].status, "failure");
  const { results } = await reader.simulateCalls({
    account: user.address,
    calls: [{ to: other.address, value: 5n }, { to: coin.address, ...coin, functionName: "transfer", args: [other.address, 2n] }],
  });
  assert.deepEqual(results.map(({ status }) => status), ["success", "success"]);
}

async function accessLists() {
  const found = await reader.createAccessList(calling("setDue", [9n]));
  assert.ok(found.gasUsed > 21_000n);
  assert.deepEqual(found.accessList.map((entry) => entry.storageKeys), [[`0x${"00".repeat(32)}`]]);
}

async function storageValues() {
  const found = await reader.getStorageValues({ requests: { [address]: ["0x0"], [coin.address]: ["0x0", "0x5"] } }).catch(
    (error) => error,
  );
  // A recent method: nodes that have it answer words, others that there is none.
  if (found instanceof Error) assert.ok(found.walk((cause) => cause.name === "MethodNotFoundRpcError"), found.stack);
  else assert.equal(Object.keys(found).length, 2);
}

async function filling() {
  const { raw, transaction } = await reader.fillTransaction({ account: user.address, to: other.address, value: 3n });
  assert.equal(transaction.to.toLowerCase(), other.address.toLowerCase());
  assert.equal(transaction.nonce, await reader.getTransactionCount({ address: user.address }));
  assert.ok(transaction.gas >= 21_000n);
  assert.ok(raw.startsWith("0x02"));
}

async function transactions() {
  const hash = await writer.sendTransaction({ to: other.address, value: 4n });
  const receipt = await mined(hash);
  const byHash = await reader.getTransaction({ hash });
  const { blockHash, blockNumber, transactionIndex: index } = receipt;
  assert.deepEqual(await reader.getTransaction({ blockHash, index }), byHash);
  assert.deepEqual(await reader.getTransaction({ blockNumber, index }), byHash);
  assert.equal(byHash.gasPrice === undefined || byHash.gasPrice >= 0n, true);
  const raw = await reader.getRawTransaction({ hash }).catch(() => undefined)
    ?? await reader.request({ method: "eth_getRawTransactionByHash", params: [hash] });
  assert.equal(viem.keccak256(raw), hash);
  assert.ok((await reader.getTransactionConfirmations({ hash })) >= 1n);
  const confirmed = reader.waitForTransactionReceipt({ hash, confirmations: 3 });
  await tests.mine({ blocks: 2 });
  assert.equal((await confirmed).blockHash, blockHash);
  const found = await reader.getTransaction({ sender: user.address, nonce: byHash.nonce });
  assert.equal(found.hash, hash);
}

async function signatures() {
  const message = "by whom?";
  const signature = await user.signMessage({ message });
  assert.equal(await reader.verifyMessage({ address: user.address, message, signature }), true);
  assert.equal(await reader.verifyMessage({ address: other.address, message, signature }), false);
  const typed = {
    domain: { name: "devnet", chainId: id }, types: { Note: [{ name: "text", type: "string" }] },
    primaryType: "Note", message: { text: message },
  };
  const typedSignature = await user.signTypedData(typed);
  assert.equal(
    await reader.verifyTypedData({ address: user.address, ...typed, signature: typedSignature }), true,
  );
  assert.equal(await reader.getDelegation({ address: user.address }), undefined);
}

async function batches() {
  const client = createPublicClient({ chain, transport: http(url, { batch: { batchSize: 50 } }) });
  const found = await Promise.all(
    Array.from({ length: 120 }, (_, nonce) => client.getBalance({ address: `0x${nonce.toString(16).padStart(40, "0")}` })),
  );
  assert.equal(found.length, 120);
}

await run({
  blocks, receiptsOfBlocks, accounts, proofs, reads, multicalls, deployless, overrides, errors,
  haltsAreToldAtOnce, refusals, fees, logsAndFilters, watching, watchersSurviveARevert, simulations,
  accessLists, storageValues, filling, transactions, signatures, batches,
}, wanted);
