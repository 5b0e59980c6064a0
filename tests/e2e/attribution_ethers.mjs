// ethers v6 as a user of the attribution contracts: typed data, events, errors, precompiles.
import assert from "node:assert/strict";
import * as kit from "./attribution_kit.mjs";
import { inputs, MNEMONIC, PATIENCE, run } from "./parts.mjs";

const { url, contracts: given, wanted, require } = inputs();
const ethers = require("ethers");
const { merkle, sums, leavesHash } = kit.trees(ethers.keccak256);
const provider = new ethers.JsonRpcProvider(url, undefined, {
  pollingInterval: 20,
  cacheTimeout: -1,
});
const [builder, payer, owner, sponsor] = given.people.map((index) =>
  ethers.HDNodeWallet.fromPhrase(MNEMONIC, "", `m/44'/60'/0'/0/${index}`).connect(provider)
);
const contracts = Object.fromEntries(
  Object.entries(given.contracts).map(([name, { address, abi }]) => [
    name,
    new ethers.Contract(address, abi, provider),
  ])
);
const { AttributionRegistry, FeePolicy, ContributorBond, StakePool, InferenceLedger, PayoutVault } =
  contracts;
const byAddress = Object.fromEntries(
  Object.values(contracts).map((contract) => [contract.target.toLowerCase(), contract.interface])
);
const chainId = (await provider.getNetwork()).chainId;
const FAR = 2n ** 40n;
const same = (a, b) => a.toLowerCase() === b.toLowerCase();

/** Wait for a transaction; return its events by name, each of which our ABIs must know. */
async function done(transaction) {
  const receipt = await (await transaction).wait(1, PATIENCE);
  assert.equal(receipt.status, 1);
  const events = {};
  for (const log of receipt.logs) {
    const parsed = byAddress[log.address.toLowerCase()].parseLog(log);
    assert.ok(parsed, `${log.address} ${log.topics[0]}`);
    (events[parsed.name] ??= []).push(parsed.args.toObject(true));
  }
  return events;
}

/** Check that a call reverts with that error and these arguments. */
async function refused(call, name, values = []) {
  await assert.rejects(call, (error) => {
    assert.equal(error.code, "CALL_EXCEPTION", error.stack);
    assert.equal(error.revert?.name, name, error.shortMessage);
    assert.deepEqual([...error.revert.args], values);
    return true;
  });
}

const receiptDomain = {
  name: "Byline Inference Ledger",
  version: "1",
  chainId,
  verifyingContract: InferenceLedger.target,
};
const permitDomain = {
  name: "Byline Payout Vault",
  version: "1",
  chainId,
  verifyingContract: PayoutVault.target,
};
let model;

async function registers() {
  const registry = AttributionRegistry.connect(builder);
  const { DatasetRegistered } = await done(registry.registerDataset(...given.dataset));
  const dataset = DatasetRegistered[0].id;
  const policy = FeePolicy.connect(builder).createPolicy(
    10n,
    10n,
    0n,
    ...given.bps,
    sponsor.address
  );
  const { id } = (await done(policy)).PolicyCreated[0];
  assert.equal(await FeePolicy.quote(id, 1000, 1), 11n);
  const terms = [[dataset], [], [], id, given.engine, ethers.ZeroAddress, 0, 3, ""];
  const registered = await done(registry.registerModel(...terms));
  model = registered.ModelRegistered[0].id;
  assert.ok(same(registered.ModelRegistered[0].fallbackTo, builder.address));
  const child = [[dataset], [model], [2500], ...terms.slice(3)];
  const adapter = await done(registry.registerAdapter(...child));
  assert.deepEqual(adapter.LineageEdge, [{ child: model + 1n, parent: model, bps: 2500n }]);
  const orphan = [[dataset], [], [], ...terms.slice(3)];
  await refused(registry.registerAdapter.staticCall(...orphan), "NoParents");
  await refused(
    registry.recordTraining.staticCall(model, 0, ...[1, 2].map(word), -5),
    "StepNotAfter",
    [0n]
  );
  const step = await done(registry.recordTraining(model, 1, word(1), word(2), -5));
  assert.deepEqual(step.TrainingStep[0].lossQ16, -5n);
  await done(ContributorBond.connect(builder).bond({ value: 10n ** 17n }));
  await done(StakePool.connect(sponsor).stake(model, { value: 5n }));
  await refused(StakePool.connect(sponsor).unstake.staticCall(model, 9), "NotStaked", [5n, 9n]);
}

const word = (number) => ethers.zeroPadValue(ethers.toBeHex(number), 32);

const messagesOf = (at, nonce) => ({
  payer: payer.address,
  modelId: model,
  nonce,
  reqHash: given.answers[at].reqHash,
  outHash: given.answers[at].outHash,
  fee: BigInt(given.answers[at].fee),
  deadline: FAR,
});

async function signsReceiptsAndPermits() {
  assert.equal(
    ethers.TypedDataEncoder.hashDomain(receiptDomain),
    await InferenceLedger.domainSeparator()
  );
  assert.equal(
    ethers.TypedDataEncoder.hashDomain(permitDomain),
    await PayoutVault.DOMAIN_SEPARATOR()
  );
  await done(InferenceLedger.connect(payer).deposit({ value: 10n ** 18n }));
  const messages = given.answers.map((_, at) => messagesOf(at, BigInt(at) << 60n));
  const receipts = await Promise.all(
    messages.map(async (message, at) =>
      kit.receiptBytes(
        message,
        given.answers[at],
        await payer.signTypedData(receiptDomain, kit.receiptTypes, message)
      )
    )
  );
  const payouts = kit.summed(given.answers.map(({ points }) => points));
  const { root } = sums(payouts);
  const ledger = InferenceLedger.connect(builder);
  const batch = [model, ethers.concat(receipts), root, payouts.length];
  await refused(
    ledger.recordBatch.staticCall(
      model,
      ethers.concat([...receipts, receipts[0]]),
      root,
      payouts.length
    ),
    "NonceUsed",
    [3n]
  );
  const cut = ethers.dataSlice(batch[1], 0, 758);
  await refused(ledger.recordBatch.staticCall(model, cut, root, 1), "ReceiptsLength", [758n]);
  const { ReceiptBatch, InferenceRecorded } = await done(ledger.recordBatch(...batch));
  const { batchId, recordsRoot } = ReceiptBatch[0];
  const records = messages.map((message, at) => kit.recordBytes(message, given.answers[at]));
  assert.equal(recordsRoot, merkle(records).root);
  assert.equal(InferenceRecorded.length, 3);
  // By the place of a field; null stands for those that are not indexed.
  const wantedOnes = [batchId, null, payer.address, messages[2].reqHash];
  const filter = InferenceLedger.filters.InferenceRecorded(...wantedOnes);
  const [log] = await InferenceLedger.queryFilter(filter, 0);
  assert.equal(log.args.index, 2n);
  await provider.send("evm_increaseTime", [601]);
  await provider.send("evm_mine", []);
  const { Deposited } = await done(InferenceLedger.connect(sponsor).finalize(batchId));
  const { pot, toStakers } = Deposited[0];
  assert.equal(await StakePool.pending(model, sponsor.address), toStakers);
  await done(PayoutVault.connect(sponsor).settle(batchId, kit.packed(payouts)));
  const amounts = kit.cascade(
    pot,
    payouts.map(([, weight]) => weight)
  );
  await claims(
    batchId,
    payouts.map(([who], at) => [who, amounts[at]])
  );
}

async function claims(batchId, entries) {
  const tree = sums(entries);
  assert.equal((await PayoutVault.settlement(batchId))[4], tree.root);
  const index = entries.findIndex(([who]) => same(who, owner.address));
  const amount = entries[index][1];
  const leaf = { batchId, index, amount, proof: tree.proof(index) };
  const message = {
    who: owner.address,
    leavesHash: leavesHash([leaf]),
    maxFee: 10n ** 12n,
    nonce: await PayoutVault.nonces(owner.address),
    deadline: FAR,
  };
  const signature = await owner.signTypedData(permitDomain, kit.permitTypes, message);
  const vault = PayoutVault.connect(sponsor);
  const args = [owner.address, [leaf], message.maxFee, FAR, signature];
  await refused(vault.claimFor.staticCall(...args.slice(0, 3), 1n, signature), "PermitExpired", [
    1n,
  ]);
  await refused(vault.claimFor.staticCall(...args.slice(0, 4), "0x1234"), "BadSignature");
  const wrong = [batchId, index, amount, tree.proof(index ^ 1)];
  await refused(PayoutVault.connect(owner).claim.staticCall(...wrong), "WrongProof", [
    batchId,
    BigInt(index),
  ]);
  const before = await provider.getBalance(owner.address);
  const { Claimed, Sponsored } = await done(vault.claimFor(...args));
  assert.equal(Claimed[0].amount, amount);
  assert.equal((await provider.getBalance(owner.address)) - before, amount - Sponsored[0].fee);
  await refused(PayoutVault.connect(owner).claimMany.staticCall([leaf]), "AlreadyClaimed", [
    batchId,
    BigInt(index),
  ]);
}

async function asksOnChain() {
  const ledger = InferenceLedger.connect(payer);
  const [answer] = given.answers;
  const fee = BigInt(answer.fee);
  const soon = BigInt((await provider.getBlock("latest")).timestamp + 100);
  const requests = [];
  for (const deadline of [soon, FAR]) {
    const { InferenceOpened } = await done(
      ledger.open(model, answer.reqHash, deadline, { value: fee })
    );
    requests.push(InferenceOpened[0].reqId);
  }
  await refused(ledger.cancel.staticCall(requests[0]), "DeadlineNotPassed", [soon]);
  const tree = sums(answer.points);
  const said = [answer.outHash, answer.evidenceRoot, answer.weightsRoot, answer.tokensIn];
  const rest = [answer.tokensOut, tree.root, answer.points.length];
  const recording = InferenceLedger.connect(builder);
  await refused(ledger.record.staticCall(requests[1], ...said, ...rest), "NotOperator", [
    payer.address,
  ]);
  const { InferenceAnswered, ReceiptBatch } = await done(
    recording.record(requests[1], ...said, ...rest)
  );
  assert.deepEqual(InferenceAnswered, [{ reqId: requests[1], batchId: ReceiptBatch[0].batchId }]);
  assert.equal(ReceiptBatch[0].totalFee, fee);
  await provider.send("evm_increaseTime", [200]);
  await provider.send("evm_mine", []);
  await refused(recording.record.staticCall(requests[0], ...said, ...rest), "DeadlinePassed", [
    soon,
  ]);
  const ledgerHeld = await provider.getBalance(InferenceLedger.target);
  const { InferenceCancelled } = await done(ledger.cancel(requests[0]));
  assert.equal(InferenceCancelled[0].fee, fee);
  assert.equal(ledgerHeld - (await provider.getBalance(InferenceLedger.target)), fee);
  await refused(ledger.cancel.staticCall(requests[0]), "UnknownRequest", [requests[0]]);
}

async function asksThePrecompiles() {
  const weights = [1n, 3n, 0n, 2n ** 63n];
  for (const address of [kit.MATH, contracts.AttributionMath.target]) {
    const math = new ethers.Contract(address, given.contracts.AttributionMath.abi, provider);
    assert.deepEqual(
      [...(await math.apportion(0, 10n ** 20n, weights))],
      kit.cascade(10n ** 20n, weights)
    );
    const [amounts, carry] = await math.capFloor(100, [1, 1, 98], 2, 5_000);
    assert.equal(
      [...amounts].reduce((sum, one) => sum + one, carry),
      100n
    );
    await refused(math.apportion(0, 1, [0]), "ZeroWeight");
    await refused(math.softmax([1], 0), "ZeroTemperature");
    await refused(math.decay([1, 2], [1], 5), "LengthMismatch", [2n, 1n]);
    await refused(math.payoutTree(1, "0x2710", "0x00"), "RaggedEntries", [1n]);
    await refused(
      provider.call({ to: address, data: "0x12345678" }).catch((error) => {
        // Without an ABI the data are there, for whoever has one.
        error.revert = math.interface.parseError(error.data);
        throw error;
      }),
      "UnknownSelector",
      ["0x12345678"]
    );
  }
  for (const address of [kit.EVIDENCE, contracts.AttributionEvidence.target]) {
    const evidence = new ethers.Contract(
      address,
      given.contracts.AttributionEvidence.abi,
      provider
    );
    const { output, documents, entries } = given.spans;
    assert.equal(await evidence.spans(output, documents, 2), entries);
    assert.equal(await evidence.compareSuffix("0x01", "0x0100"), -1n);
    assert.equal(await evidence.matchLen("0x0102", 0, "0x0103", 0, 9), 1n);
    await refused(evidence.spans(output, documents, 0), "BadMinimum", [0n]);
    await refused(evidence.spans("0x01", documents, 2), "NotTokens", [1n]);
  }
}

await run({ registers, signsReceiptsAndPermits, asksOnChain, asksThePrecompiles }, wanted);
