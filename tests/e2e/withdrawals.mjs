// Deposits and withdrawals by viem's OP Stack actions: node withdrawals.mjs PLAN_JSON
// Prints one JSON object; a failed expectation ends it with an assertion and status 1.
import assert from "node:assert/strict";
import { kit } from "./withdrawals_kit.mjs";

const plan = JSON.parse(process.argv[2]);
const all = await kit(plan);
const { bridge, chains, contracts, l1, l2, opStack, other, user, viem } = all;
const { deposited, ether, fee, grows, mined, pass, reaches, status, wei } = all;
const { refused, refusedUnnamed } = all;
const targetChain = chains.l2;
const isOpen = targetChain.nativeCurrency.symbol === "OPEN";
const done = [];

/** What the portal holds for the L2, in its own unit. */
const native = (account) => (
  isOpen ? all.tokens(l1, contracts.gasToken, account) : wei(l1, account.address)
);
const onL1 = (call) => l1.write.writeContract(call).then((hash) => mined(l1, hash));
const onL2 = (call) => l2.write.writeContract(call).then((hash) => mined(l2, hash));

// --- Deposits

async function deposits() {
  const mint = ether("3"), value = ether("1");
  const request = { to: other.address, mint, value, gas: 100_000n };
  const send = () => (
    isOpen
      ? bridge.depositOpen(l1.write, { publicClient: l1.read, request, targetChain })
      : l1.write.depositTransaction({ request, targetChain })
  );
  // The sender gets what is minted and sends `value` of it on; nobody pays for gas on the L2.
  const receipt = await grows(value, () => wei(l2, other.address), () => (
    grows(mint - value, () => wei(l2, user.address), async () => {
      const made = await mined(l1, await send());
      const [follows] = await deposited(made);
      assert.equal(follows.from, user.address.toLowerCase());
      assert.equal(follows.to, other.address.toLowerCase());
      return made;
    })
  ));
  const [hash] = opStack.getL2TransactionHashes(receipt);
  const transaction = await l2.read.getTransaction({ hash });
  assert.equal(transaction.type, "deposit");
  assert.equal(transaction.mint, mint);
  assert.equal(transaction.value, value);
  done.push("deposit");

  // A call that fails on the L2 leaves there what was minted.
  const failing = { to: contracts.l1Block, mint: 5n, value: 0n, gas: 100_000n, data: "0x12345678" };
  await grows(5n, () => wei(l2, user.address), async () => {
    const call = isOpen
      ? bridge.depositOpen(l1.write, { publicClient: l1.read, request: failing, targetChain })
      : l1.write.depositTransaction({ request: failing, targetChain });
    await deposited(await mined(l1, await call), ["reverted"]);
  });
  done.push("failed deposit");

  // A creation.
  const creation = { isCreation: true, data: plan.door.bytecode, gas: 500_000n };
  const call = isOpen
    ? bridge.depositOpen(l1.write, { request: creation, targetChain })
    : l1.write.depositTransaction({ request: creation, targetChain });
  const [{ contractAddress }] = await deposited(await mined(l1, await call));
  const read = { address: contractAddress, abi: plan.door.abi, functionName: "is_open" };
  assert.equal(await l2.read.readContract(read), false);
  done.push("creation");
  await wrongDeposits(request);
}

async function wrongDeposits(request) {
  const little = { ...request, gas: 20_999n };
  if (isOpen) {
    await refusedUnnamed(l1.write.depositTransaction({ request, targetChain }), "NoValue");
    await refused(
      bridge.depositOpen(l1.write, { request: { ...request, mint: ether("1") }, targetChain }),
      "ERC20InsufficientAllowance",
    );
    await refused(
      bridge.depositOpen(l1.write, {
        request: { ...little, mint: 0n, value: 0n }, targetChain,
      }),
      "OptimismPortal_GasLimitTooLow",
    );
  } else {
    await refusedUnnamed(
      l1.write.depositTransaction({ request: little, targetChain }),
      "OptimismPortal_GasLimitTooLow",
    );
    const approval = () => bridge.approveOpenCall({ amount: 1n, targetChain });
    assert.throws(approval, /ether pays for gas there/);
    if (!plan.genuine) {
      const tokens = l1.write.writeContract(bridge.depositOpenCall({ request, targetChain }));
      await refused(tokens, "OnlyCustomGasToken");
    }
  }
  done.push("wrong deposits");
}

// --- A withdrawal through all its states

async function withdraw(request) {
  const hash = await l2.write.initiateWithdrawal({ request });
  return mined(l2, hash);
}

const finalize = (withdrawal, account = user) => (
  l1.write.finalizeWithdrawal({ account, targetChain, withdrawal })
);

/** Expect the portal to refuse it, and to say why when it is asked before. */
async function mayNotFinalize(withdrawal, why, account = user) {
  await refusedUnnamed(finalize(withdrawal, account), why);
  const question = l1.read.readContract({
    address: contracts.portal, abi: bridge.portalAbi, functionName: "checkWithdrawal",
    args: [withdrawal.withdrawalHash, account.address],
  });
  await refused(question, why);
}

async function lifeCycle() {
  const value = ether("2");
  const request = { to: other.address, value, gas: 100_000n };
  const receipt = await grows(
    (made) => -value - fee(made), () => wei(l2, user.address), () => withdraw(request),
  );
  const [withdrawal] = opStack.getWithdrawals(receipt);
  assert.equal(withdrawal.value, value);
  assert.equal(await status(receipt), "waiting-to-prove");
  await mayNotFinalize(withdrawal, "OptimismPortal_Unproven");
  await reaches(receipt, "ready-to-prove", ["waiting-to-prove"]);

  const found = await l1.read.waitToProve({ receipt, targetChain });
  const proof = await l2.read.buildProveWithdrawal({ ...found, account: user });
  if (plan.ticks) await olderThanItsGame(proof);
  await wrongProofs(proof);
  await prove(proof);
  assert.equal(await status(receipt), "waiting-to-finalize");
  await mayNotFinalize(withdrawal, "OptimismPortal_ProofNotOldEnough");
  await mayNotFinalize(withdrawal, "OptimismPortal_Unproven", other);

  // The proof is old enough long before the game has been won and is final.
  await pass(plan.maturity + 1);
  assert.equal(await status(receipt), "waiting-to-finalize");
  await mayNotFinalize(withdrawal, "OptimismPortal_InvalidRootClaim");
  await pass(plan.clock);
  await all.until("the game's end", async () => (await gameStatus(found.game)) === 2);
  await pass(plan.finality + 1);
  await reaches(receipt, "ready-to-finalize", ["waiting-to-finalize"]);

  const ended = await grows(value, () => native(other), async () => (
    mined(l1, await finalize(withdrawal))
  ));
  assert.ok(ended.logs.some((log) => log.topics[1] === withdrawal.withdrawalHash));
  assert.equal(await status(receipt), "finalized");
  await mayNotFinalize(withdrawal, "OptimismPortal_AlreadyFinalized");
  done.push("life cycle");
}

/** The whole way as viem's own actions wait for it; no clock is moved. */
async function byWaiting() {
  const value = ether("1");
  const receipt = await withdraw({ to: other.address, value, gas: 100_000n });
  const found = await l1.read.waitToProve({ receipt, targetChain });
  await prove(await l2.read.buildProveWithdrawal({ ...found, account: user }));
  const { withdrawalHash } = found.withdrawal;
  await l1.read.waitToFinalize({ targetChain, withdrawalHash });
  await grows(value, () => native(other), async () => (
    mined(l1, await finalize(found.withdrawal))
  ));
  assert.equal(await status(receipt), "finalized");
  done.push("by waiting");
}

const gameStatus = (game) => l1.read.readContract({
  address: `0x${game.metadata.slice(26)}`,
  abi: [{ type: "function", name: "status", stateMutability: "view", inputs: [],
    outputs: [{ type: "uint8" }] }],
  functionName: "status",
});

async function prove(proof) {
  if (plan.ticks) await olderThanItsGame(proof);
  return mined(l1, await l1.write.proveWithdrawal(proof));
}

/** On an L1 with a pace of its own, the block with a game may be the latest for a while. */
const olderThanItsGame = (proof) => all.until("an L1 block after the game's", () => (
  l1.read.estimateProveWithdrawalGas(proof).then(() => true, (error) => {
    assert.equal(
      all.nameOf(error), viem.toFunctionSelector("OptimismPortal_InvalidProofTimestamp()"),
    );
    return false;
  })
));

async function wrongProofs(proof) {
  const changed = (changes) => l1.write.proveWithdrawal({ ...proof, ...changes });
  const zero = `0x${"00".repeat(32)}`;
  await refusedUnnamed(
    changed({ outputRootProof: { ...proof.outputRootProof, stateRoot: zero } }),
    "OptimismPortal_InvalidOutputRootProof",
  );
  const value = proof.withdrawal.value + 1n;
  await refused(
    changed({ withdrawal: { ...proof.withdrawal, value } }),
    "MerkleTrie: invalid large internal hash",
  );
  await refused(
    changed({ withdrawalProof: proof.withdrawalProof.slice(0, -1) }),
    "MerkleTrie: ran out of proof elements",
  );
  // Vyper gives no code of a panic.
  await refused(
    changed({ l2OutputIndex: proof.l2OutputIndex + 1_000n }),
    plan.genuine ? "Panic" : "execution reverted",
  );
  await refusedUnnamed(
    changed({ withdrawal: { ...proof.withdrawal, target: contracts.portal } }),
    "OptimismPortal_BadTarget",
  );
  done.push("wrong proofs");
}

/** Prove withdrawals, let all time pass that it takes, and finalize them in order. */
async function settle(receipts) {
  const games = [];
  for (const receipt of receipts) {
    await reaches(receipt, "ready-to-prove", ["waiting-to-prove"]);
    const found = await l1.read.waitToProve({ receipt, targetChain });
    await prove(await l2.read.buildProveWithdrawal({ ...found, account: user }));
    games.push(found.game);
  }
  await finish(receipts, games);
}

/**
 * Finalize withdrawals in order, once all that they were proven against has ended.
 *
 * viem proves against any game that is late enough, so the last receipt's need not be the last
 * to end; and it asks about a game in two calls, between which one that becomes final looks
 * like one that is to be proven again.
 */
async function finish(receipts, games) {
  await pass(Math.max(plan.maturity, plan.clock) + 1);
  for (const game of games) {
    await all.until("the game's end", async () => (await gameStatus(game)) === 2);
  }
  await pass(plan.finality + 1);
  const ended = [];
  for (const receipt of receipts) {
    await reaches(receipt, "ready-to-finalize", ["waiting-to-finalize"]);
    const [withdrawal] = opStack.getWithdrawals(receipt);
    const hash = await l1.write.finalizeWithdrawal({ targetChain, withdrawal });
    ended.push(await mined(l1, hash));
    assert.equal(await status(receipt), "finalized");
  }
  return ended;
}

/** Two games about two L2 blocks; what was proven against the first is proven again. */
async function twoGames() {
  const early = await withdraw({ to: other.address, value: 7n, gas: 100_000n });
  await reaches(early, "ready-to-prove", ["waiting-to-prove"]);
  const first = await l1.read.waitToProve({ receipt: early, targetChain });
  await prove(await l2.read.buildProveWithdrawal({ ...first, account: user }));
  const late = await withdraw({ to: other.address, value: 8n, gas: 100_000n });
  await reaches(late, "ready-to-prove", ["waiting-to-prove"]);
  const second = await l1.read.waitToProve({ receipt: late, targetChain });
  assert.ok(second.game.index > first.game.index);
  const [withdrawal] = opStack.getWithdrawals(early);
  const again = await l2.read.buildProveWithdrawal({
    game: second.game, withdrawal, account: user,
  });
  await prove(again);
  await prove(await l2.read.buildProveWithdrawal({ ...second, account: user }));
  await grows(15n, () => native(other), () => finish([early, late], [second.game]));
  done.push("proven again");
}

// --- Tokens, messages, ether

async function deploy(layer, { bytecode, abi }) {
  const { contractAddress } = await mined(
    layer, await layer.write.deployContract({ abi, bytecode }),
  );
  return contractAddress;
}

async function createTwin(token) {
  const abi = bridge.mintableErc20FactoryAbi;
  const receipt = await onL2({
    address: contracts.optimismMintableErc20Factory, abi,
    functionName: "createOptimismMintableERC20", args: [token, "Twin", "TWIN"],
  });
  const [log] = viem.parseEventLogs({
    abi, logs: receipt.logs, eventName: "OptimismMintableERC20Created",
  });
  assert.equal(log.args.remoteToken.toLowerCase(), token.toLowerCase());
  return log.args.localToken;
}

const bridgeCall = (layer, functionName, args, value = 0n) => ({
  address: layer === l1 ? contracts.l1StandardBridge : contracts.l2StandardBridge,
  abi: bridge.standardBridgeAbi, functionName, args, value,
});

/** Tokens to the L2, and half of them on their way back; returns what finalizing must do. */
async function tokensOver() {
  const token = await deploy(l1, plan.token);
  const twin = await createTwin(token);
  const amount = ether("10"), back = ether("4");
  await onL1({
    address: token, abi: bridge.tokenAbi, functionName: "approve",
    args: [contracts.l1StandardBridge, amount],
  });
  await grows(-amount, () => all.tokens(l1, token, user), () => (
    grows(amount, () => all.tokens(l2, twin, other), async () => {
      const args = [token, twin, other.address, amount, 200_000, "0x"];
      await deposited(await onL1(bridgeCall(l1, "bridgeERC20To", args)));
    })
  ));
  const receipt = await grows(-back, () => all.tokens(l2, twin, other), () => (
    onL2({
      ...bridgeCall(l2, "bridgeERC20", [twin, token, back, 200_000, "0x"]), account: other,
    })
  ));
  done.push("token deposit");
  return {
    receipt,
    name: "token withdrawal",
    measure: () => all.tokens(l1, token, other),
    wanted: back,
  };
}

/** Ether over the bridges, or its refusal where a token pays for gas. */
async function etherOver() {
  const amount = ether("0.5");
  const up = bridgeCall(l1, "bridgeETH", [200_000, "0x"], amount);
  const down = bridgeCall(l2, "bridgeETH", [200_000, "0x"], amount);
  if (isOpen) {
    const words = "StandardBridge: cannot bridge ETH with custom gas token";
    await refused(l1.write.writeContract(up), words);
    await refused(l2.write.writeContract(down), words);
    done.push("ether refused");
    return [];
  }
  await grows(amount, () => wei(l2, user.address), async () => deposited(await onL1(up)));
  const receipt = await grows(
    (made) => -amount - fee(made), () => wei(l2, user.address), () => onL2(down),
  );
  done.push("ether deposit");
  const measure = () => wei(l1, user.address);
  return [{ receipt, name: "ether withdrawal", measure, wanted: amount, paid: true }];
}

const DOOR_VALUE = isOpen ? 0n : 3n;

const knock = (number) => viem.encodeFunctionData({
  abi: plan.door.abi, functionName: "knock", args: [number],
});

const sendKnock = (layer, door, number) => ({
  address: layer === l1 ? contracts.l1CrossDomainMessenger : contracts.l2CrossDomainMessenger,
  abi: bridge.crossDomainMessengerAbi, functionName: "sendMessage",
  args: [door, knock(number), 200_000], value: DOOR_VALUE,
});

/**
 * The call that executes a message again, from the receipt of its sending.  It wants a gas limit:
 * an estimate is the least with which the call succeeds, if only by noting that it failed again.
 */
function replay(receipt, messenger) {
  const abi = bridge.crossDomainMessengerAbi;
  const [{ args: sent }] = viem.parseEventLogs({ abi, logs: receipt.logs, eventName: "SentMessage" });
  return {
    address: messenger, abi, functionName: "relayMessage",
    args: [
      sent.messageNonce, sent.sender, sent.target, DOOR_VALUE, sent.gasLimit, sent.message,
    ],
  };
}

const logged = (receipt, eventName) => viem.parseEventLogs({
  abi: bridge.crossDomainMessengerAbi, logs: receipt.logs, eventName,
}).length;

/** Somebody opens the door and executes the message again, and only once. */
async function openAndReplay(layer, door, call, number) {
  const send = (fields) => layer.write.writeContract(fields).then((hash) => mined(layer, hash));
  await send({ address: door, abi: plan.door.abi, functionName: "open" });
  const receipt = await grows(DOOR_VALUE, () => wei(layer, door), () => (
    send({ ...call, account: other, gas: 500_000n })
  ));
  assert.equal(logged(receipt, "RelayedMessage"), 1);
  const read = (functionName) => (
    layer.read.readContract({ address: door, abi: plan.door.abi, functionName })
  );
  assert.equal(await read("last"), number);
  assert.equal(await read("guest"), user.address);
  await refused(
    layer.write.writeContract(call), "CrossDomainMessenger: message has already been relayed",
  );
}

async function messageToL2() {
  const door = await deploy(l2, plan.door);
  const sent = await onL1(sendKnock(l1, door, 7n));
  const [arrived] = await deposited(sent);
  assert.equal(logged(arrived, "FailedRelayedMessage"), 1);
  await openAndReplay(l2, door, replay(sent, contracts.l2CrossDomainMessenger), 7n);
  // With the door open the next one is let in at once.
  const [next] = await deposited(await onL1(sendKnock(l1, door, 8n)));
  assert.equal(logged(next, "RelayedMessage"), 1);
  if (isOpen) {
    await refused(
      l1.write.writeContract({ ...sendKnock(l1, door, 9n), value: 1n }),
      "CrossDomainMessenger: cannot send value with custom gas token",
    );
  }
  done.push("message to the L2");
}

async function overTheBridges() {
  const door = await deploy(l1, plan.door);
  const message = await onL2(sendKnock(l2, door, 11n));
  const on = [await tokensOver(), ...await etherOver()];
  const receipts = [...on.map((item) => item.receipt), message];
  const before = await Promise.all(on.map((item) => item.measure()));
  const spent = await spending(() => settle(receipts));
  for (const [index, { name, measure, wanted, paid }] of on.entries()) {
    const change = await measure() - before[index] + (paid ? spent : 0n);
    assert.equal(change, wanted, name);
    done.push(name);
  }
  await openAndReplay(l1, door, replay(message, contracts.l1CrossDomainMessenger), 11n);
  done.push("message to the L1");
}

/** What the user pays in fees on the L1 while `work` is done. */
async function spending(work) {
  const first = await l1.read.getTransactionCount({ address: user.address });
  const from = await l1.read.getBlockNumber({ cacheTime: 0 });
  await work();
  const last = await l1.read.getTransactionCount({ address: user.address });
  const head = await l1.read.getBlockNumber({ cacheTime: 0 });
  let paid = 0n, count = 0;
  for (let blockNumber = from + 1n; blockNumber <= head; blockNumber += 1n) {
    const { transactions } = await l1.read.getBlock({ blockNumber, includeTransactions: true });
    for (const { hash, from: sender } of transactions) {
      if (sender.toLowerCase() !== user.address.toLowerCase()) continue;
      paid += fee(await l1.read.getTransactionReceipt({ hash }));
      count += 1;
    }
  }
  assert.equal(count, last - first);
  return paid;
}

/** What viem's other OP Stack actions ask of both chains. */
async function questions() {
  const request = { to: other.address, value: 1n, gas: 100_000n };
  const fields = { account: user, to: other.address, value: 1n };
  const builtWithdrawal = await l1.read.buildInitiateWithdrawal(request);
  const builtDeposit = await l2.read.buildDepositTransaction({ ...fields, mint: 2n });
  assert.equal(builtDeposit.request.mint, 2n);
  assert.ok(await l2.read.estimateInitiateWithdrawalGas({ ...builtWithdrawal, account: user }) > 0n);
  const deposit = { ...builtDeposit, targetChain };
  if (isOpen) {
    const refusal = l1.read.estimateDepositTransactionGas(deposit);
    await refusedUnnamed(refusal, "NoValue");
  } else {
    assert.ok(await l1.read.estimateDepositTransactionGas(deposit) > 21_000n);
  }
  const l1Fee = await l2.read.estimateL1Fee(fields);
  const prepared = await l2.write.prepareTransactionRequest(fields);
  const total = await l2.read.estimateTotalFee(prepared);
  assert.ok(l1Fee > 0n && total > l1Fee);
  assert.ok(await l2.read.estimateL1Gas(fields) > 0n);
  assert.equal(await l2.read.estimateOperatorFee(fields), 0n);
  assert.ok(await l2.read.getL1BaseFee() > 0n);
  assert.ok((await l1.read.getPortalVersion({ targetChain })).major >= 3);

  const receipt = await withdraw(request);
  await reaches(receipt, "ready-to-prove", ["waiting-to-prove"]);
  const game = await l1.read.getGame({ targetChain, l2BlockNumber: receipt.blockNumber });
  assert.ok(game.l2BlockNumber >= receipt.blockNumber);
  const games = await l1.read.getGames({ targetChain });
  assert.deepEqual(games[0].index, game.index);
  const output = await l1.read.getL2Output({ targetChain, l2BlockNumber: receipt.blockNumber });
  assert.equal(output.outputRoot, game.rootClaim);
  assert.equal((await l1.read.getTimeToProve({ receipt, targetChain })).seconds, 0);
  const found = await l1.read.waitToProve({ receipt, targetChain });
  const proof = await l2.read.buildProveWithdrawal({ ...found, account: user });
  if (plan.ticks) await olderThanItsGame(proof);
  assert.ok(await l1.read.estimateProveWithdrawalGas(proof) > 100_000n);
  await prove(proof);
  const { withdrawalHash } = found.withdrawal;
  const wait = await l1.read.getTimeToFinalize({ targetChain, withdrawalHash });
  assert.equal(wait.period, plan.maturity);
  done.push("questions");
}

const parts = { deposits, lifeCycle, messageToL2, overTheBridges, twoGames, byWaiting, questions };
for (const part of plan.parts) await parts[part]();
console.log(JSON.stringify({ done, currency: targetChain.nativeCurrency.symbol }));
process.exit(0);
