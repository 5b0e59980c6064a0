// viem's public client: every action that asks a node once.  See parts.mjs.
import assert from "node:assert/strict";
import { run } from "./parts.mjs";
import {
  chain,
  coin,
  contracts,
  failsWith,
  guild,
  id,
  idle,
  mined,
  other,
  reader,
  stranger,
  tests,
  transport,
  url,
  user,
  viem,
  wanted,
  writer,
} from "./viem_kit.mjs";

const { createPublicClient, createWalletClient, http, zeroAddress } = viem;
const { address, abi } = guild;
const nowhere = `0x${"11".repeat(32)}`;
const multicall3 = chain.contracts.multicall3.address;
const hasMulticall = (await reader.getCode({ address: multicall3 })) !== undefined;

async function blocks() {
  const number = await reader.getBlockNumber();
  const block = await reader.getBlock();
  assert.ok(block.number >= number);
  const full = await reader.getBlock({ blockNumber: number, includeTransactions: true });
  assert.equal(full.transactions.at(-1).blockHash, full.hash);
  assert.equal(full.totalDifficulty ?? null, null);
  const byHash = await reader.getBlock({ blockHash: full.hash });
  assert.deepEqual(
    byHash.transactions,
    full.transactions.map(({ hash }) => hash)
  );
  assert.equal(
    await reader.getBlockTransactionCount({ blockHash: full.hash }),
    full.transactions.length
  );
  assert.equal(
    await reader.getBlockTransactionCount({ blockNumber: number }),
    full.transactions.length
  );
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
    await reader.getBalance({ address: idle.address, blockNumber: sent.blockNumber }),
    balance + 7n
  );
  const count = await reader.getTransactionCount({ address: user.address });
  assert.equal(
    await reader.getTransactionCount({ address: user.address, blockTag: "pending" }),
    count
  );
  assert.equal(
    await reader.getTransactionCount({ address: user.address, blockNumber: before }),
    count - 1
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
  assert.deepEqual(
    proof.storageProof.map(({ key, value }) => [key, value]),
    [
      [slots[0], 5n],
      [slots[1], 0n],
    ]
  );
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
    ...coin,
    functionName: "transfer",
    args: [other.address, 3n],
    account: user,
  });
  await mined(await writer.writeContract(request));
  assert.equal(
    await reader.readContract({ ...coin, functionName: "balanceOf", args: [other.address] }),
    3n
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
  assert.deepEqual(
    many.slice(0, 2).map(({ result }) => result),
    [5n, 1_000n]
  );
  assert.equal(many[2].status, "failure");
  const batched = createPublicClient({ chain, transport, batch: { multicall: true } });
  const found = await Promise.all(
    ["due", "count"].map((functionName) => batched.readContract({ ...guild, functionName }))
  );
  assert.deepEqual(found, [5n, 0n]);
}

async function deployless() {
  const many = await reader.multicall({
    contracts: [
      { ...guild, functionName: "due" },
      { ...coin, functionName: "name" },
    ],
    deployless: true,
    allowFailure: false,
  });
  assert.deepEqual(many, [5n, "Coin"]);
  const { bytecode } = contracts.Guild;
  const code = viem.encodeDeployData({ abi, bytecode, args: [9n] });
  assert.equal(
    (await reader.call({ data: code })).data,
    (await reader.getCode({ address })).replace(
      user.address.slice(2).toLowerCase(),
      "00".repeat(20)
    )
  );
  const data = viem.encodeFunctionData({ abi, functionName: "due" });
  assert.equal(BigInt((await reader.call({ code, data })).data), 9n);
}

async function overrides() {
  const poor = "0x00000000000000000000000000000000000000aa";
  const join = { ...guild, functionName: "join", args: ["all for one"], account: poor, value: 5n };
  await failsWith(reader.simulateContract(join), "InsufficientFundsError");
  await reader.simulateContract({
    ...join,
    stateOverride: [{ address: poor, balance: 10n ** 18n }],
  });
  const slot = `0x${"00".repeat(32)}`;
  const value = `0x${"07".padStart(64, "0")}`;
  const read = { ...guild, functionName: "due" };
  assert.equal(
    await reader.readContract({
      ...read,
      stateOverride: [{ address, stateDiff: [{ slot, value }] }],
    }),
    7n
  );
  const code = "0x602a5f5260205ff3";
  assert.equal(await reader.readContract({ ...read, stateOverride: [{ address, code }] }), 42n);
  const [time, number, fee] = await reader.readContract({
    ...guild,
    functionName: "now_",
    blockOverrides: { time: 5n << 32n, number: 77n, baseFeePerGas: 3n },
  });
  // What BASEFEE says of a call without prices is the node's affair: geth says 0.
  assert.deepEqual([time, number], [5n << 32n, 77n]);
  assert.ok(fee === 3n || fee === 0n);
}

async function errors() {
  const call = (functionName, args = [], more = {}) =>
    reader.simulateContract({ ...guild, functionName, args, account: user, ...more });
  const reverted = (promise, check) => failsWith(promise, "ContractFunctionRevertedError", check);
  await reverted(call("setDue", [1n]), (error) =>
    assert.equal(error.reason, "dues must not fall")
  );
  await reverted(call("join", ["me"], { value: 1n }), ({ data }) => {
    assert.equal(data.errorName, "TooLow");
    assert.deepEqual(data.args, [1n, 5n]);
  });
  await reverted(call("close"), ({ data }) => assert.equal(data.errorName, "Closed"));
  await reverted(call("divide", [0n]), (error) =>
    assert.match(error.reason, /divided by zero|Division/)
  );
  await reverted(call("check", [false]), (error) => assert.match(error.reason, /assert/i));
  await reverted(call("silent"), ({ data }) => assert.equal(data, undefined));
  await failsWith(
    reader.estimateContractGas({ ...guild, functionName: "close", account: user }),
    "ContractFunctionRevertedError",
    ({ data }) => assert.equal(data.errorName, "Closed")
  );
  await assert.rejects(
    writer.deployContract({ abi, bytecode: contracts.Guild.bytecode, args: [666n] }),
    /no such due/
  );
  await assert.rejects(call("burn"));
  await failsWith(
    reader.readContract({ address: idle.address, abi, functionName: "due" }),
    "ContractFunctionZeroDataError"
  );
}

async function haltsAreToldAtOnce() {
  let asked = 0;
  const onFetchRequest = () => {
    asked += 1;
  };
  const asking = createPublicClient({ chain, transport: http(url, { onFetchRequest }) });
  for (const name of ["burn", "spin"]) {
    asked = 0;
    await assert.rejects(asking.call({ ...calling(name), gas: 100_000n }));
    assert.equal(asked, 1, "viem tried again what never changes");
  }
}

function calling(functionName, args = []) {
  return {
    to: address,
    data: viem.encodeFunctionData({ abi, functionName, args }),
    account: user,
  };
}

async function refusals() {
  const send = (fields) => writer.sendTransaction({ to: other.address, gas: 21_000n, ...fields });
  await failsWith(send({ nonce: 0 }), "NonceTooLowError");
  const poor = createWalletClient({
    account: stranger,
    chain,
    transport,
  });
  await failsWith(
    poor.sendTransaction({ to: other.address, value: 1n, gas: 21_000n }),
    "InsufficientFundsError"
  );
  await failsWith(send({ gas: 20_000n }), "IntrinsicGasTooLowError");
  await failsWith(send({ maxFeePerGas: 1n, maxPriorityFeePerGas: 2n }), "TipAboveFeeCapError");
  await failsWith(
    reader.call({ ...calling("due"), maxFeePerGas: 1n, maxPriorityFeePerGas: 0n }),
    "FeeCapTooLowError"
  );
  await failsWith(reader.request({ method: "eth_nothing", params: [] }), "MethodNotFoundRpcError");
  await failsWith(
    reader.request({ method: "eth_getBalance", params: ["0x12", "latest"] }),
    "InvalidParamsRpcError"
  );
  await failsWith(reader.getTransaction({ hash: nowhere }), "TransactionNotFoundError");
  await failsWith(
    reader.getTransactionReceipt({ hash: nowhere }),
    "TransactionReceiptNotFoundError"
  );
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

async function simulations() {
  const [first, second] = await reader.simulateBlocks({
    blocks: [
      {
        calls: [{ ...calling("setDue", [8n]) }],
        stateOverrides: [{ address: zeroAddress, balance: 1n }],
      },
      {
        calls: [{ ...calling("due") }, { ...calling("close") }],
        blockOverrides: { gasLimit: 10_000_000n },
      },
    ],
  });
  assert.equal(first.calls[0].status, "success");
  assert.equal(first.calls[0].logs.length, 1);
  assert.equal(BigInt(second.calls[0].data), 8n);
  assert.equal(second.calls[1].status, "failure");
  const { results } = await reader.simulateCalls({
    account: user.address,
    calls: [
      { to: other.address, value: 5n },
      { to: coin.address, ...coin, functionName: "transfer", args: [other.address, 2n] },
    ],
  });
  assert.deepEqual(
    results.map(({ status }) => status),
    ["success", "success"]
  );
}

async function accessLists() {
  const found = await reader.createAccessList(calling("setDue", [9n]));
  assert.ok(found.gasUsed > 21_000n);
  assert.deepEqual(
    found.accessList.map((entry) => entry.storageKeys),
    [[`0x${"00".repeat(32)}`]]
  );
}

async function storageValues() {
  const found = await reader
    .getStorageValues({ requests: { [address]: ["0x0"], [coin.address]: ["0x0", "0x5"] } })
    .catch((error) => error);
  // A recent method: nodes that have it answer words, others that there is none.
  if (found instanceof Error)
    assert.ok(
      found.walk((cause) => cause.name === "MethodNotFoundRpcError"),
      found.stack
    );
  else assert.equal(Object.keys(found).length, 2);
}

async function filling() {
  const { raw, transaction } = await reader.fillTransaction({
    account: user.address,
    to: other.address,
    value: 3n,
  });
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
  const raw =
    (await reader.getRawTransaction({ hash }).catch(() => undefined)) ??
    (await reader.request({ method: "eth_getRawTransactionByHash", params: [hash] }));
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
    domain: { name: "devnet", chainId: id },
    types: { Note: [{ name: "text", type: "string" }] },
    primaryType: "Note",
    message: { text: message },
  };
  const typedSignature = await user.signTypedData(typed);
  assert.equal(
    await reader.verifyTypedData({ address: user.address, ...typed, signature: typedSignature }),
    true
  );
  assert.equal(await reader.getDelegation({ address: user.address }), undefined);
}

async function batches() {
  const client = createPublicClient({ chain, transport: http(url, { batch: { batchSize: 50 } }) });
  const found = await Promise.all(
    Array.from({ length: 120 }, (_, nonce) =>
      client.getBalance({ address: `0x${nonce.toString(16).padStart(40, "0")}` })
    )
  );
  assert.equal(found.length, 120);
}

await run(
  {
    blocks,
    receiptsOfBlocks,
    accounts,
    proofs,
    reads,
    multicalls,
    deployless,
    overrides,
    errors,
    haltsAreToldAtOnce,
    refusals,
    fees,
    simulations,
    accessLists,
    storageValues,
    filling,
    transactions,
    signatures,
    batches,
  },
  wanted
);
