// ethers v6: providers, signers, contracts, and the error codes that programs branch on.
import assert from "node:assert/strict";
import { inputs, MNEMONIC, pause, PATIENCE, run, until, untilHeard } from "./parts.mjs";

const { url, wsUrl, contracts, wanted, require } = inputs();
const ethers = require("ethers");

const provider = new ethers.JsonRpcProvider(url, undefined, {
  pollingInterval: 20,
  cacheTimeout: -1,
});
const live = new ethers.WebSocketProvider(wsUrl);
const account = (index) =>
  ethers.HDNodeWallet.fromPhrase(MNEMONIC, "", `m/44'/60'/0'/0/${index}`).connect(provider);
const [user, other, third] = [10, 11, 12].map(account);
const stranger = ethers.getAddress("0x00000000000000000000000000000000000abcde");
const { abi, bytecode, deployed } = contracts.Guild;
const sent = async (transaction) => (await transaction).wait(1, PATIENCE);
const factory = new ethers.ContractFactory(abi, bytecode, user);
const guild = await factory.deploy(5n);
await guild.waitForDeployment();
const address = await guild.getAddress();
const coins = new ethers.ContractFactory(contracts.Coin.abi, contracts.Coin.bytecode, user);
const coin = await coins.deploy(1_000n);
await coin.waitForDeployment();

async function networks() {
  const { chainId } = await provider.getNetwork();
  assert.equal(chainId, BigInt(await provider.send("eth_chainId", [])));
  assert.equal((await live.getNetwork()).chainId, chainId);
  assert.equal(
    (await new ethers.JsonRpcProvider(url, Number(chainId), {
      staticNetwork: true,
    }).getBlockNumber()) > 0,
    true
  );
}

async function blocks() {
  const block = await provider.getBlock("latest");
  assert.equal(block.parentHash, (await provider.getBlock(block.number - 1)).hash);
  const full = await provider.getBlock(block.hash, true);
  assert.equal(full.prefetchedTransactions.length, full.transactions.length);
  for (const tag of ["earliest", "safe", "finalized", "pending", "latest"]) {
    assert.equal(typeof (await provider.getBlock(tag)).number, "number", tag);
  }
  assert.equal(await provider.getBlock(1 << 30), null);
  assert.equal(await provider.getTransaction(ethers.ZeroHash), null);
}

async function accountsOfANode() {
  const held = await provider.listAccounts();
  assert.equal(held[11].address, other.address);
  const signer = await provider.getSigner(11);
  assert.equal(signer.address, other.address);
  const { status, from } = await sent(signer.sendTransaction({ to: third.address, value: 1n }));
  assert.deepEqual([status, from], [1, other.address]);
  const signature = await signer.signMessage("mine");
  assert.equal(ethers.verifyMessage("mine", signature), other.address);
  const domain = { name: "devnet", chainId: (await provider.getNetwork()).chainId };
  const types = { Note: [{ name: "text", type: "string" }] };
  const typed = await signer.signTypedData(domain, types, { text: "mine" });
  assert.equal(ethers.verifyTypedData(domain, types, { text: "mine" }, typed), other.address);
  await assert.rejects(provider.getSigner(stranger), /invalid account/);
  const contract = guild.connect(signer);
  await sent(contract.join("held", { value: 5n }));
  assert.equal(await contract.paid(other.address), 5n);
}

async function browser() {
  const injected = { request: ({ method, params }) => provider.send(method, params ?? []) };
  const browserProvider = new ethers.BrowserProvider(injected);
  const signer = await browserProvider.getSigner(0);
  await sent(signer.sendTransaction({ to: third.address, value: 1n }));
}

async function contractsAndEvents() {
  const receipt = await sent(guild.join("all for one", { value: 6n }));
  const [joined] = receipt.logs;
  assert.equal(joined.eventName, "Joined");
  assert.deepEqual([...joined.args], [user.address, 6n, "all for one"]);
  const past = await guild.queryFilter(guild.filters.Joined(user.address), receipt.blockNumber);
  assert.equal(past.at(-1).transactionHash, receipt.hash);
  assert.equal((await past.at(-1).getBlock()).hash, receipt.blockHash);
  const [time, number, fee] = await guild.now_();
  const head = await provider.getBlock("latest");
  assert.equal(time, BigInt(head.timestamp));
  assert.equal(number, BigInt(head.number));
  assert.ok(fee === 0n || fee === head.baseFeePerGas);
  const atBlock = await guild.due.staticCall({ blockTag: receipt.blockNumber - 1 });
  assert.equal(atBlock, await guild.due());
  const filled = await guild.setDue.populateTransaction(9n);
  assert.equal(filled.to, address);
  assert.ok((await guild.setDue.estimateGas(9n)) > 21_000n);
}

async function listening() {
  for (const watched of [guild.connect(provider), guild.connect(live)]) {
    const heard = [];
    const heads = [];
    const waiting = [];
    const from = watched.runner;
    await watched.on("Joined", (who, paid, motto) => heard.push([who, paid, motto]));
    await from.on("block", (number) => heads.push(number));
    await from.on("pending", (hash) => waiting.push(hash));
    await pause(200);
    await untilHeard(
      `news from ${from.constructor.name}`,
      () => sent(guild.join("heard", { value: 8n })),
      ({ blockNumber, hash }) =>
        heard.length && heads.includes(blockNumber) && waiting.includes(hash)
    );
    assert.deepEqual(heard.at(-1), [user.address, 8n, "heard"]);
    await watched.removeAllListeners();
    await from.removeAllListeners();
  }
  const once = provider.once("block", () => {});
  await sent(user.sendTransaction({ to: third.address }));
  await once;
}

async function customErrors() {
  const wanting = (check) => (error) => {
    assert.equal(error.code, "CALL_EXCEPTION", error.stack);
    check(error);
    return true;
  };
  await assert.rejects(
    guild.setDue.staticCall(1n),
    wanting((error) => {
      assert.equal(error.reason, "dues must not fall");
      assert.equal(error.revert.name, "Error");
    })
  );
  await assert.rejects(
    guild.join.staticCall("me", { value: 1n }),
    wanting((error) => {
      assert.equal(error.revert.name, "TooLow");
      assert.deepEqual([...error.revert.args], [1n, 5n]);
    })
  );
  await assert.rejects(
    guild.close.staticCall(),
    wanting(({ revert }) => assert.equal(revert.name, "Closed"))
  );
  await assert.rejects(
    guild.close(),
    wanting(() => {})
  );
  await assert.rejects(
    guild.divide(0n),
    wanting(({ revert }) => assert.equal(revert.name, "Panic"))
  );
  await assert.rejects(
    guild.silent.staticCall(),
    wanting(({ data }) => assert.ok(data === "0x" || data === null))
  );
  await assert.rejects(
    factory.deploy(666n),
    wanting(({ reason }) => assert.equal(reason, "no such due"))
  );
  const gone = new ethers.Contract(stranger, abi, provider);
  await assert.rejects(gone.due(), { code: "BAD_DATA" });
  const transaction = await guild.setDue(1n, { gasLimit: 100_000n });
  await assert.rejects(
    transaction.wait(),
    wanting((error) => assert.equal(error.receipt.status, 0))
  );
}

async function errorCodes() {
  const plain = { to: third.address, gasLimit: 21_000n };
  await assert.rejects(user.sendTransaction({ ...plain, nonce: 0 }), { code: "NONCE_EXPIRED" });
  const poor = ethers.Wallet.createRandom().connect(provider);
  await assert.rejects(poor.sendTransaction({ ...plain, value: 1n }), {
    code: "INSUFFICIENT_FUNDS",
  });
  await assert.rejects(poor.estimateGas({ to: third.address, value: 1n }), {
    code: "INSUFFICIENT_FUNDS",
  });
  await assert.rejects(provider.send("eth_nothing", []), { code: "UNSUPPORTED_OPERATION" });
}

async function replacements() {
  await provider.send("evm_setAutomine", [false]);
  try {
    const fees = (times) => ({
      maxFeePerGas: 50_000_000_000n * times,
      maxPriorityFeePerGas: 2_000_000_000n * times,
    });
    const nonce = await user.getNonce();
    const first = await user.sendTransaction({ to: third.address, nonce, ...fees(1n) });
    assert.equal(await user.getNonce("pending"), nonce + 1);
    await assert.rejects(
      user.sendTransaction({ to: third.address, nonce, value: 1n, ...fees(1n) }),
      { code: "REPLACEMENT_UNDERPRICED" }
    );
    const waiting = first.wait(1, PATIENCE).catch((error) => error);
    await pause(100);
    const second = await user.sendTransaction({
      to: third.address,
      nonce,
      value: 1n,
      ...fees(2n),
    });
    let error;
    waiting.then((found) => {
      error = found;
    });
    // ethers looks at every new block: it may have begun to look after the first.
    await until("the replacement", async () => {
      await provider.send("evm_mine", []);
      await pause(100);
      return error;
    });
    assert.equal(error.code, "TRANSACTION_REPLACED", error.stack);
    assert.equal(error.replacement.hash, second.hash);
    assert.equal(error.receipt.status, 1);
  } finally {
    await provider.send("evm_setAutomine", [true]);
  }
}

async function confirmations() {
  const transaction = await user.sendTransaction({ to: third.address, value: 1n });
  const waiting = transaction.wait(3, PATIENCE);
  await provider.send("anvil_mine", ["0x2"]);
  assert.equal((await waiting).status, 1);
  assert.ok((await (await provider.getTransaction(transaction.hash)).confirmations()) >= 3);
}

async function fees() {
  const { gasPrice, maxFeePerGas, maxPriorityFeePerGas } = await provider.getFeeData();
  assert.ok(gasPrice > 0n && maxFeePerGas > maxPriorityFeePerGas);
  assert.equal(
    await provider.estimateGas({ from: user.address, to: third.address, value: 1n }),
    21_000n
  );
  const populated = await user.populateTransaction({ to: third.address });
  assert.equal(populated.type, 2);
}

async function batches() {
  const many = await Promise.all(
    Array.from({ length: 150 }, (_, index) => provider.getBalance(account(index % 20).address))
  );
  assert.equal(many.length, 150);
  const one = new ethers.JsonRpcProvider(url, undefined, { batchMaxCount: 1 });
  assert.ok((await one.getBlockNumber()) > 0);
}

async function logs() {
  const found = await provider.getLogs({ address, fromBlock: 0, toBlock: "latest" });
  assert.ok(found.length >= 1);
  const some = await provider.getLogs({
    blockHash: found[0].blockHash,
    topics: [null, ethers.zeroPadValue(user.address, 32)],
  });
  assert.ok(some.every((log) => log.topics.length > 1));
  const poll = await provider.send("eth_newFilter", [{ address }]);
  assert.deepEqual(await provider.send("eth_getFilterChanges", [poll]), []);
}

async function impersonated() {
  await provider.send("hardhat_setBalance", [stranger, ethers.toQuantity(ethers.parseEther("3"))]);
  await provider.send("hardhat_impersonateAccount", [stranger]);
  const signer =
    (await provider.getImpersonatedSigner?.(stranger)) ??
    new ethers.JsonRpcSigner(provider, stranger);
  const receipt = await sent(guild.connect(signer).join("masked", { value: 30n }));
  assert.equal(receipt.from, stranger);
  assert.equal(await guild.paid(stranger), 30n);
  await provider.send("hardhat_stopImpersonatingAccount", [stranger]);
  await assert.rejects(signer.sendTransaction({ to: third.address, gasLimit: 21_000n }));
}

async function types() {
  const gasPrice = (await provider.getFeeData()).gasPrice * 2n;
  for (const [type, fields] of [
    [0, { gasPrice }],
    [1, { gasPrice, accessList: [[address, [ethers.ZeroHash]]] }],
    [2, {}],
  ]) {
    const receipt = await sent(user.sendTransaction({ to: third.address, type, ...fields }));
    assert.equal(receipt.type, type);
    assert.equal((await receipt.getTransaction()).type, type);
  }
  const authorization = await third.authorize({ address });
  const receipt = await sent(
    user.sendTransaction({ type: 4, to: third.address, authorizationList: [authorization] })
  );
  assert.equal(receipt.type, 4);
}

async function stateReads() {
  assert.equal(await provider.getCode(address), await guild.getDeployedCode());
  assert.equal((await provider.getCode(address)).length, deployed.length);
  assert.equal(BigInt(await provider.getStorage(address, 0)), await guild.due());
  assert.equal(await provider.getTransactionCount(stranger, "earliest"), 0);
}

await run(
  {
    networks,
    blocks,
    accountsOfANode,
    browser,
    contractsAndEvents,
    listening,
    customErrors,
    errorCodes,
    replacements,
    confirmations,
    fees,
    batches,
    logs,
    impersonated,
    types,
    stateReads,
  },
  wanted
);
