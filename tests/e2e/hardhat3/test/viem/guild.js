import assert from "node:assert/strict";
import { after, describe, it } from "node:test";

import hre from "hardhat";
import { getAddress, parseEther, zeroAddress } from "viem";

import Guild from "../../ignition/modules/Guild.js";

const connection = await hre.network.create();
const { viem, networkHelpers, ignition } = connection;
const stranger = getAddress("0x00000000000000000000000000000000000abcde");

async function founded() {
  const guild = await viem.deployContract("Guild", [5n]);
  const [first, second] = await viem.getWalletClients();
  return { guild, first, second };
}

describe("viem on a devnet", () => {
  after(() => connection.close());

  it("deploys, reads, writes and finds events", async () => {
    const { guild, first } = await networkHelpers.loadFixture(founded);
    await viem.assertions.emitWithArgs(
      guild.write.join(["hello"], { value: 9n }),
      guild,
      "Joined",
      [getAddress(first.account.address), 9n, "hello"]
    );
    assert.equal(await guild.read.count(), 1n);
    const events = await guild.getEvents.Joined({ who: first.account.address });
    assert.equal(events.length, 1);
  });

  it("goes back to a fixture", async () => {
    const { guild, second } = await networkHelpers.loadFixture(founded);
    assert.equal(await guild.read.count(), 0n);
    await guild.write.join(["again"], { value: 5n, account: second.account });
    assert.equal(await guild.read.paid([second.account.address]), 5n);
  });

  it("names what fails", async () => {
    const { guild } = await networkHelpers.loadFixture(founded);
    await viem.assertions.revertWith(guild.write.setDue([1n]), "dues must not fall");
    await viem.assertions.revertWithCustomError(guild.read.close(), guild, "Closed");
    await viem.assertions.revertWithCustomErrorWithArgs(
      guild.write.join(["poor"], { value: 1n }),
      guild,
      "TooLow",
      [1n, 5n]
    );
    await viem.assertions.revert(guild.read.silent());
  });

  it("sees balances change", async () => {
    const { guild, first } = await networkHelpers.loadFixture(founded);
    await viem.assertions.balancesHaveChanged(guild.write.join(["paid"], { value: 7n }), [
      { address: guild.address, amount: 7n },
    ]);
    assert.equal(await guild.read.paid([first.account.address]), 7n);
  });

  it("impersonates and edits", async () => {
    const { guild } = await networkHelpers.loadFixture(founded);
    await networkHelpers.setBalance(stranger, parseEther("2"));
    await networkHelpers.impersonateAccount(stranger);
    await guild.write.join(["masked"], { value: 5n, account: stranger });
    await networkHelpers.stopImpersonatingAccount(stranger);
    assert.equal(await guild.read.paid([stranger]), 5n);
    await networkHelpers.setStorageAt(guild.address, 0, 77n);
    assert.equal(await guild.read.due(), 77n);
    assert.notEqual(zeroAddress, guild.address);
  });

  it("deploys with ignition", async () => {
    const { guild, coin } = await ignition.deploy(Guild);
    assert.equal(await guild.read.count(), 1n);
    assert.equal(await coin.read.totalSupply(), 1_000n);
  });

  it("moves time", async () => {
    const before = await networkHelpers.time.latest();
    await networkHelpers.time.increase(3_600);
    assert.ok((await networkHelpers.time.latest()) >= before + 3_600);
    const public_ = await viem.getPublicClient();
    await networkHelpers.mine(3);
    assert.ok((await public_.getBlockNumber()) >= 3n);
  });
});
