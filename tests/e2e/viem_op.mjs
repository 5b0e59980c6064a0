// viem's OP Stack formatters and fee actions, on the L2's port.
import assert from "node:assert/strict";
import { inputs, MNEMONIC, PATIENCE, run } from "./parts.mjs";

const { url, contracts, wanted, loadViem } = inputs();
const { createPublicClient, createWalletClient, defineChain, encodeFunctionData, http } =
  await loadViem("viem");
const { mnemonicToAccount } = await loadViem("viem/accounts");
const { chainConfig, publicActionsL2 } = await loadViem("viem/op-stack");

const [user, other] = [8, 9].map((addressIndex) => mnemonicToAccount(MNEMONIC, { addressIndex }));
const transport = http(url);
const id = await createPublicClient({ transport }).getChainId();
const chain = defineChain({
  ...chainConfig,
  id,
  name: "devnet",
  nativeCurrency: { name: "Ether", symbol: "ETH", decimals: 18 },
  rpcUrls: { default: { http: [url] } },
});
const reader = createPublicClient({ chain, transport, pollingInterval: 20, cacheTime: 0 }).extend(
  publicActionsL2()
);
const writer = createWalletClient({ account: user, chain, transport });
const { abi, bytecode } = contracts.Guild;

async function mined(hash) {
  const receipt = await reader.waitForTransactionReceipt({ hash, timeout: PATIENCE });
  assert.equal(receipt.status, "success");
  return receipt;
}

async function depositShapes() {
  await mined(await writer.sendTransaction({ to: other.address, value: 1n }));
  const {
    transactions: [deposit, last],
    number,
  } = await reader.getBlock({ includeTransactions: true });
  assert.equal(deposit.type, "deposit");
  assert.equal(deposit.typeHex, "0x7e");
  assert.equal(deposit.to.toLowerCase(), "0x4200000000000000000000000000000000000015");
  assert.equal(deposit.from.toLowerCase(), "0xdeaddeaddeaddeaddeaddeaddeaddeaddead0001");
  assert.equal(deposit.sourceHash.length, 66);
  assert.equal(deposit.gasPrice ?? 0n, 0n);
  assert.equal(last.type, "eip1559");
  const receipt = await reader.getTransactionReceipt({ hash: deposit.hash });
  assert.equal(receipt.type, "0x7e");
  assert.equal(receipt.status, "success");
  assert.equal(receipt.blockNumber, number);
  const same = await reader.getTransaction({ hash: deposit.hash });
  assert.deepEqual(same, deposit);
}

async function receiptsTellFees() {
  const before = await reader.getBalance({ address: user.address });
  const receipt = await mined(await writer.sendTransaction({ to: other.address, value: 5n }));
  assert.ok(receipt.l1Fee > 0n);
  assert.ok(receipt.l1GasPrice > 0n && receipt.l1GasUsed > 0n);
  const paid = receipt.gasUsed * receipt.effectiveGasPrice + receipt.l1Fee + 5n;
  assert.equal(before - (await reader.getBalance({ address: user.address })), paid);
}

async function fees() {
  const call = { account: user, to: other.address, value: 1n };
  assert.ok((await reader.getL1BaseFee()) > 0n);
  const [l1Fee, l1Gas, totalGas, totalFee, operatorFee] = await Promise.all([
    reader.estimateL1Fee(call),
    reader.estimateL1Gas(call),
    reader.estimateTotalGas(call),
    reader.estimateTotalFee(call),
    reader.estimateOperatorFee(call),
  ]);
  assert.ok(l1Fee > 0n && l1Gas > 0n);
  assert.equal(totalGas, l1Gas + 21_000n);
  assert.ok(totalFee >= l1Fee);
  assert.equal(operatorFee, 0n);
  const receipt = await mined(await writer.sendTransaction({ to: other.address, value: 1n }));
  // viem estimates an upper bound, from a transaction of the same size.
  assert.ok(
    receipt.l1Fee <= l1Fee * 2n && l1Fee <= receipt.l1Fee * 2n,
    `${l1Fee} for ${receipt.l1Fee}`
  );
}

async function feesOfContracts() {
  const { contractAddress: address } = await mined(
    await writer.deployContract({ abi, bytecode, args: [1n] })
  );
  const call = { account: user, address, abi, functionName: "setDue", args: [2n] };
  const [l1Fee, l1Gas, fee, gas] = await Promise.all([
    reader.estimateContractL1Fee(call),
    reader.estimateContractL1Gas(call),
    reader.estimateContractTotalFee(call),
    reader.estimateContractTotalGas(call),
  ]);
  assert.ok(l1Fee > 0n && l1Gas > 0n && fee > l1Fee && gas > l1Gas);
  const data = encodeFunctionData({ abi, functionName: "setDue", args: [2n] });
  const same = await reader.estimateL1Fee({ account: user, to: address, data });
  assert.ok(same <= l1Fee * 2n && l1Fee <= same * 2n);
}

await run({ depositShapes, receiptsTellFees, fees, feesOfContracts }, wanted);
