// viem as a user of the attribution contracts: typed data, events, errors, precompiles.
import assert from "node:assert/strict";
import * as kit from "./attribution_kit.mjs";
import { inputs, MNEMONIC, PATIENCE, run } from "./parts.mjs";

const { url, contracts: given, wanted, loadViem } = inputs();
const viem = await loadViem("viem");
const { mnemonicToAccount } = await loadViem("viem/accounts");
const { merkle, sums, leavesHash } = kit.trees(viem.keccak256);

const [builder, payer, owner, sponsor] = given.people.map((addressIndex) =>
  mnemonicToAccount(MNEMONIC, { addressIndex })
);
const transport = viem.http(url);
const id = await viem.createPublicClient({ transport }).getChainId();
const nativeCurrency = { name: "OPEN", symbol: "OPEN", decimals: 18 };
const chain = viem.defineChain({
  id,
  name: "devnet",
  nativeCurrency,
  rpcUrls: { default: { http: [url] } },
});
const reader = viem.createPublicClient({ chain, transport, pollingInterval: 20, cacheTime: 0 });
const writer = viem.createWalletClient({ chain, transport });
const FAR = 2n ** 40n;

const read = (name, functionName, ...args) =>
  reader.readContract({ ...given.contracts[name], functionName, args });

/** Send a call as `account`; return the receipt with the events of that contract by name. */
async function send(account, name, functionName, args, value = 0n) {
  const call = { ...given.contracts[name], functionName, args, account, value };
  const hash = await writer.writeContract((await reader.simulateContract(call)).request);
  const receipt = await reader.waitForTransactionReceipt({ hash, timeout: PATIENCE });
  assert.equal(receipt.status, "success");
  const events = {};
  for (const contract of Object.values(given.contracts)) {
    const logs = receipt.logs.filter((log) => viem.isAddressEqual(log.address, contract.address));
    for (const log of viem.parseEventLogs({ abi: contract.abi, logs, strict: true })) {
      (events[log.eventName] ??= []).push(log.args);
    }
  }
  // Nothing that our contracts told is without a name.
  assert.equal(Object.values(events).flat().length, receipt.logs.length);
  return { receipt, events };
}

/** Check that a call is refused by an error of that name and these arguments. */
async function refused(account, name, functionName, args, error, values = [], value = 0n) {
  const call = { ...given.contracts[name], functionName, args, account, value };
  await assert.rejects(reader.simulateContract(call), (failed) => {
    const found = failed.walk((cause) => cause.name === "ContractFunctionRevertedError");
    assert.ok(found, failed.stack);
    assert.equal(found.data?.errorName, error, failed.message);
    assert.deepEqual(found.data.args ?? [], values);
    return true;
  });
}

const ledger = given.contracts.InferenceLedger.address;
const receiptDomain = {
  name: "Byline Inference Ledger",
  version: "1",
  chainId: id,
  verifyingContract: ledger,
};
const permitDomain = {
  name: "Byline Payout Vault",
  version: "1",
  chainId: id,
  verifyingContract: given.contracts.PayoutVault.address,
};
let model;
let batchId;
let messages;
let payouts;

async function registers() {
  const { events } = await send(builder, "AttributionRegistry", "registerDataset", given.dataset);
  const [dataset] = events.DatasetRegistered;
  assert.equal(dataset.registrant, builder.address);
  assert.equal(dataset.saRoot, given.dataset[2]);
  assert.equal(dataset.license, "CC0-1.0");
  const made = await send(builder, "FeePolicy", "createPolicy", [
    0n,
    0n,
    9n,
    ...given.bps,
    sponsor.address,
  ]);
  const policy = made.events.PolicyCreated[0].id;
  const terms = [[dataset.id], [], [], policy, given.engine, builder.address, 0, 3, "ipfs://model"];
  const registered = await send(builder, "AttributionRegistry", "registerModel", terms);
  const [told] = registered.events.ModelRegistered;
  assert.deepEqual([told.datasets, told.uri, told.mode], [[dataset.id], "ipfs://model", 3]);
  model = told.id;
  await refused(
    payer,
    "AttributionRegistry",
    "setOperator",
    [model, payer.address],
    "NotModelOwner",
    [payer.address]
  );
  const odd = [...terms.slice(0, 4), `0x${"11".repeat(32)}`, ...terms.slice(5)];
  await refused(builder, "AttributionRegistry", "registerModel", odd, "UnknownEngine", [odd[4]]);
}

async function paysIn() {
  const { events } = await send(payer, "InferenceLedger", "deposit", [], 10n ** 18n);
  const { payer: who, amount } = events.PrepaidDeposited[0];
  assert.deepEqual([who, amount], [payer.address, 10n ** 18n]);
  assert.equal(await read("InferenceLedger", "prepaid", payer.address), 10n ** 18n);
}

async function signsReceipts() {
  assert.equal(
    viem.domainSeparator({ domain: receiptDomain }),
    await read("InferenceLedger", "domainSeparator")
  );
  messages = given.answers.map((answer, at) => ({
    payer: payer.address,
    modelId: model,
    nonce: 2n ** 63n + BigInt(at),
    reqHash: answer.reqHash,
    outHash: answer.outHash,
    fee: BigInt(answer.fee),
    deadline: FAR,
  }));
  const signed = async (message, by = payer) =>
    by.signTypedData({
      domain: receiptDomain,
      types: kit.receiptTypes,
      primaryType: "InferenceReceipt",
      message,
    });
  const receipts = [];
  for (const [at, message] of messages.entries()) {
    const bytes = kit.receiptBytes(message, given.answers[at], await signed(message));
    assert.equal(viem.size(bytes), 253);
    receipts.push(bytes);
  }
  for (const { points, weightsRoot } of given.answers) {
    assert.equal(sums(points).root, weightsRoot);
  }
  payouts = kit.summed(given.answers.map(({ points }) => points));
  const { root, total } = sums(payouts);
  const batch = (...list) => [model, viem.concat(list), root, payouts.length];
  await refused(builder, "InferenceLedger", "recordBatch", batch(...receipts), "NotFree", [
    0n,
    10n ** 16n,
  ]);
  const bonded = await send(builder, "ContributorBond", "bond", [], 10n ** 17n);
  assert.equal(bonded.events.Bonded.length, 1);
  await refused(payer, "InferenceLedger", "recordBatch", batch(...receipts), "NotOperator", [
    payer.address,
  ]);
  const forged = kit.receiptBytes(messages[0], given.answers[0], await signed(messages[0], owner));
  await refused(
    builder,
    "InferenceLedger",
    "recordBatch",
    batch(receipts[1], forged),
    "WrongSigner",
    [1n]
  );
  const late = { ...messages[0], deadline: 1n };
  const expired = kit.receiptBytes(late, given.answers[0], await signed(late));
  await refused(builder, "InferenceLedger", "recordBatch", batch(expired), "ReceiptExpired", [0n]);

  const { events } = await send(builder, "InferenceLedger", "recordBatch", batch(...receipts));
  const [recorded] = events.ReceiptBatch;
  batchId = recorded.batchId;
  const records = messages.map((message, at) => kit.recordBytes(message, given.answers[at]));
  assert.equal(recorded.recordsRoot, merkle(records).root);
  assert.equal(recorded.payoutRoot, root);
  assert.equal(recorded.totalW, total);
  assert.equal(recorded.operator, builder.address);
  const told = events.InferenceRecorded.map(({ reqHash, nonce }) => [reqHash, nonce]);
  assert.deepEqual(
    told,
    messages.map(({ reqHash, nonce }) => [reqHash, nonce])
  );
  const debited = events.PrepaidDebited.reduce((sum, { amount }) => sum + amount, 0n);
  assert.equal(debited, recorded.totalFee);
  await refused(builder, "InferenceLedger", "recordBatch", batch(receipts[0]), "NonceUsed", [0n]);
  const found = await reader.getContractEvents({
    ...given.contracts.InferenceLedger,
    eventName: "InferenceRecorded",
    args: { payer: payer.address, reqHash: messages[1].reqHash },
    fromBlock: 0n,
    strict: true,
  });
  assert.deepEqual(
    found.map(({ args }) => args.index),
    [1n]
  );
}

async function publishes() {
  const records = messages.map((message, at) => kit.recordBytes(message, given.answers[at]));
  const { output, evidence } = given.answers[1];
  const shown = [batchId, 1n, records[1], merkle(records).proof(1)];
  const other = `${output.slice(0, -1)}${output.endsWith("1") ? "2" : "1"}`;
  await refused(sponsor, "InferenceLedger", "publish", [...shown, other, evidence], "WrongOutput");
  await refused(sponsor, "InferenceLedger", "publish", [...shown, output, "0x"], "WrongEvidence");
  const { events } = await send(sponsor, "InferenceLedger", "publish", [
    ...shown,
    output,
    evidence,
  ]);
  assert.deepEqual(events.EvidencePublished, [{ batchId, index: 1n, output, evidence }]);
  await refused(sponsor, "InferenceLedger", "challenge", [batchId, 99, "0x"], "UnknownKind", [99]);
}

async function settles() {
  const end = (await read("InferenceLedger", "batchState", batchId))[2];
  await refused(sponsor, "InferenceLedger", "finalize", [batchId], "WindowNotOver", [end]);
  await reader.request({ method: "evm_increaseTime", params: [601] });
  await reader.request({ method: "evm_mine", params: [] });
  const { events } = await send(sponsor, "InferenceLedger", "finalize", [batchId]);
  const [{ amount, platform, toOwner, toStakers, toAncestors, carried, pot }] = events.Deposited;
  assert.equal(amount, platform + toOwner + toStakers + toAncestors + pot - carried);
  const [[first, most], [second, least], ...rest] = payouts;
  const wrong = kit.packed([[first, most - 1n], [second, least + 1n], ...rest]);
  await refused(sponsor, "PayoutVault", "settle", [batchId, wrong], "WrongList", [batchId]);
  const settled = await send(sponsor, "PayoutVault", "settle", [batchId, kit.packed(payouts)]);
  const shares = kit.cascade(
    pot,
    payouts.map(([, weight]) => weight)
  );
  const entries = payouts.map(([who], at) => [who, shares[at]]);
  assert.equal(settled.events.Settled[0].root, sums(entries).root);
  assert.equal(sums(entries).total, pot);
  await send(sponsor, "InferenceLedger", "release", [batchId]);
}

async function signsPermits() {
  assert.equal(
    viem.domainSeparator({ domain: permitDomain }),
    await read("PayoutVault", "DOMAIN_SEPARATOR")
  );
  const pot = (await read("PayoutVault", "settlement", batchId))[3];
  const shares = kit.cascade(
    pot,
    payouts.map(([, weight]) => weight)
  );
  const entries = payouts.map(([who], at) => [who, shares[at]]);
  const index = entries.findIndex(([who]) => viem.isAddressEqual(who, owner.address));
  const leaf = { batchId, index, amount: shares[index], proof: sums(entries).proof(index) };
  const message = {
    who: owner.address,
    leavesHash: leavesHash([leaf]),
    maxFee: 10n ** 12n,
    nonce: await read("PayoutVault", "nonces", owner.address),
    deadline: FAR,
  };
  const signature = await owner.signTypedData({
    domain: permitDomain,
    types: kit.permitTypes,
    primaryType: "ClaimPermit",
    message,
  });
  const args = (leaves, maxFee) => [owner.address, leaves, maxFee, FAR, signature];
  const greedy = { ...leaf, amount: leaf.amount + 1n };
  const { address, abi } = given.contracts.PayoutVault;
  for (const changed of [args([leaf], 10n ** 15n), args([greedy], message.maxFee)]) {
    const call = { address, abi, functionName: "claimFor", args: changed, account: sponsor };
    await assert.rejects(reader.simulateContract(call), /WrongSigner/);
  }
  const before = await reader.getBalance({ address: owner.address });
  const { events } = await send(sponsor, "PayoutVault", "claimFor", args([leaf], message.maxFee));
  const [{ who, sponsor: by, fee }] = events.Sponsored;
  assert.deepEqual([who, by], [owner.address, sponsor.address]);
  assert.ok(fee > 0n && fee <= message.maxFee);
  assert.deepEqual(events.Claimed, [{ batchId, who, index, amount: leaf.amount }]);
  assert.equal((await reader.getBalance({ address: owner.address })) - before, leaf.amount - fee);
  await refused(
    owner,
    "PayoutVault",
    "claim",
    [batchId, index, leaf.amount, leaf.proof],
    "AlreadyClaimed",
    [batchId, BigInt(index)]
  );
  await assert.rejects(
    reader.simulateContract({
      address,
      abi,
      functionName: "claimFor",
      args: args([leaf], message.maxFee),
      account: sponsor,
    }),
    /WrongSigner|AlreadyClaimed/
  );
}

async function asksThePrecompiles() {
  const weights = [7n, 0n, 5n, 2n ** 60n];
  const entries = [1, 2, 3, 4].map((at, place) => [`0x${kit.hex(at, 20)}`, weights[place]]);
  for (const address of [kit.MATH, given.contracts.AttributionMath.address]) {
    const math = { address, abi: given.contracts.AttributionMath.abi };
    const ask = (functionName, ...args) => reader.readContract({ ...math, functionName, args });
    const amount = 10n ** 24n + 1n;
    const shares = kit.cascade(amount, weights);
    assert.deepEqual(await ask("apportion", 0, amount, weights), shares);
    const tree = sums(entries.map(([who], at) => [who, shares[at]]));
    assert.deepEqual(await ask("settleRoot", 0, amount, kit.packed(entries)), [
      tree.root,
      amount,
      4,
    ]);
    const leaf = [tree.root, amount, 2, entries[2][0], shares[2]];
    assert.equal(await ask("verifyLeaf", ...leaf, tree.proof(2)), true);
    assert.equal(await ask("verifyLeaf", ...leaf, tree.proof(1)), false);
    assert.deepEqual(await ask("relu", [-5n, 5n]), [0n, 5n]);
    await assert.rejects(ask("apportion", 0, 1n, [0n]), /ZeroWeight\(\)/);
    await assert.rejects(ask("apportion", 9, 1n, [1n]), /UnknownMethod\(uint8\)\s+\(9\)/);
    const descending = kit.packed([...entries].reverse());
    await assert.rejects(ask("settleRoot", 0, 1n, descending), /NotAscending\(uint256/);
    const [one, two] = await Promise.all(
      [10, 1000].map((size) =>
        reader.estimateGas({
          account: sponsor.address,
          to: address,
          data: viem.encodeFunctionData({
            abi: math.abi,
            functionName: "apportion",
            args: [0, 1n, Array(size).fill(1n)],
          }),
        })
      )
    );
    assert.ok(two > one);
  }
  for (const address of [kit.EVIDENCE, given.contracts.AttributionEvidence.address]) {
    const evidence = { address, abi: given.contracts.AttributionEvidence.abi };
    const ask = (functionName, ...args) => reader.readContract({ ...evidence, functionName, args });
    const { output, documents, entries: found } = given.spans;
    assert.equal(await ask("spans", output, documents, 2), found);
    const chunks = ["0x", "0x1234", "0xabcdef"];
    const tree = merkle(chunks);
    assert.equal(await ask("verifyChunk", tree.root, 2n, chunks[2], tree.proof(2)), true);
    assert.equal(await ask("verifyChunk", tree.root, 1n, chunks[2], tree.proof(2)), false);
    const [num, den] = await ask("knnShapley", 1, 7, [7, 3]);
    assert.deepEqual([num.length, den > 0n], [2, true]);
    await assert.rejects(ask("matchLen", "0x01", 2, "0x01", 0, 1), /OffsetOutOfRange/);
  }
}

await run(
  { registers, paysIn, signsReceipts, publishes, settles, signsPermits, asksThePrecompiles },
  wanted
);
