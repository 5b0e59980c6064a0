import assert from "node:assert/strict";
import { after, describe, it } from "node:test";

import { network } from "hardhat";
import { encodeFunctionData, getAddress, parseAbi } from "viem";
import { getL2TransactionHashes, publicActionsL2 } from "viem/op-stack";

const l1 = await network.create("l1");
const l2 = await network.create("l2");
const l1Block = "0x4200000000000000000000000000000000000015";
const gasPriceOracleAddress = "0x420000000000000000000000000000000000000F";
const portalAbi = parseAbi([
  "function depositTransaction(address to, uint256 value, uint64 gas, bool creation, bytes data) payable",
]);

describe("Postbox", () => {
  after(async () => {
    await l1.close();
    await l2.close();
  });

  const deployed = () => l2.viem.deployContract("Postbox");

  it("stamps a letter with the L1 block that the L2 knows", async () => {
    const postbox = await l2.networkHelpers.loadFixture(deployed);
    await l2.viem.assertions.emit(postbox.write.post(["hello"]), postbox, "Posted");
    const [sender] = await l2.viem.getWalletClients();
    const reader = await l2.viem.getPublicClient();
    const number = await reader.readContract({
      address: l1Block,
      abi: parseAbi(["function number() view returns (uint64)"]),
      functionName: "number",
    });
    const letter = await postbox.read.letter([0n]);
    assert.equal(letter.from, getAddress(sender.account.address));
    assert.equal(letter.l1Block, number);
  });

  it("refuses an empty letter", async () => {
    const postbox = await l2.networkHelpers.loadFixture(deployed);
    await l2.viem.assertions.revertWithCustomError(
      postbox.write.post([""]),
      postbox,
      "NothingWritten"
    );
  });

  it("takes a letter from the L1, as a deposit", async () => {
    // Not in a fixture: going back to one takes both chains back.
    const postbox = await l2.viem.deployContract("Postbox");
    const [depositor] = await l1.viem.getWalletClients();
    const config = await l2.provider.request({ method: "optimism_rollupConfig" });
    const { deposit_contract_address: portal } = config as {
      deposit_contract_address: `0x${string}`;
    };
    const data = encodeFunctionData({
      abi: postbox.abi,
      functionName: "post",
      args: ["hello from the L1"],
    });
    const hash = await depositor.writeContract({
      address: portal,
      abi: portalAbi,
      functionName: "depositTransaction",
      args: [postbox.address, 0n, 200_000n, false, data],
    });
    const l1Receipt = await (await l1.viem.getPublicClient()).waitForTransactionReceipt({ hash });
    const [l2Hash] = getL2TransactionHashes(l1Receipt);
    const l2Receipt = await (
      await l2.viem.getPublicClient()
    ).waitForTransactionReceipt({ hash: l2Hash });
    assert.equal(l2Receipt.status, "success");
    const letter = await postbox.read.letter([0n]);
    assert.equal(letter.from, getAddress(depositor.account.address));
    assert.equal(letter.text, "hello from the L1");
  });

  it("costs an L1 fee, more for a longer letter", async () => {
    const postbox = await l2.networkHelpers.loadFixture(deployed);
    const [sender] = await l2.viem.getWalletClients();
    const reader = (await l2.viem.getPublicClient()).extend(publicActionsL2());
    const fee = (text: string) =>
      reader.estimateContractL1Fee({
        account: sender.account,
        address: postbox.address,
        abi: postbox.abi,
        functionName: "post",
        args: [text],
        gasPriceOracleAddress,
      });
    const [short, long] = [await fee("hello"), await fee([...Array(500).keys()].join(" "))];
    assert.ok(short > 0n && long > short, `${short}, ${long}`);
  });
});
