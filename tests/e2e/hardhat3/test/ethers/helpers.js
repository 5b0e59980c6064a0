import assert from "node:assert/strict";

import { expect } from "chai";
import hre from "hardhat";

const connection = await hre.network.create();
const { ethers, networkHelpers, provider } = connection;
const { time } = networkHelpers;
const stranger = ethers.getAddress("0x00000000000000000000000000000000000abcde");

describe("ethers and the network helpers on a devnet", () => {
  after(() => connection.close());

  async function founded() {
    const guild = await ethers.deployContract("Guild", [5n]);
    const coin = await ethers.deployContract("Coin", [1_000n]);
    const [first, second] = await ethers.getSigners();
    return { guild, coin, first, second };
  }

  async function head() {
    return ethers.provider.getBlock("latest");
  }

  it("emits and reverts as the matchers want it", async () => {
    const { guild, first } = await networkHelpers.loadFixture(founded);
    await expect(guild.join("hello", { value: 9n }))
      .to.emit(guild, "Joined")
      .withArgs(first.address, 9n, "hello");
    await expect(guild.setDue(1n)).to.be.revertedWith("dues must not fall");
    await expect(guild.join("poor", { value: 1n }))
      .to.be.revertedWithCustomError(guild, "TooLow")
      .withArgs(1n, 5n);
    await expect(guild.divide(0n)).to.be.revertedWithPanic(0x12);
    await expect(guild.check(false)).to.be.revertedWithPanic(0x01);
    await expect(guild.silent()).to.be.revertedWithoutReason(ethers);
    await expect(guild.close()).to.be.revert(ethers);
    await expect(guild.setDue(6n)).to.not.be.revert(ethers);
  });

  it("sees ether and tokens move", async () => {
    const { guild, coin, first, second } = await networkHelpers.loadFixture(founded);
    const ether = () =>
      expect(guild.join("paid", { value: 9n })).to.changeEtherBalance(ethers, guild, 9n);
    const tokens = () =>
      expect(coin.transfer(second.address, 10n)).to.changeTokenBalances(
        ethers,
        coin,
        [first, second],
        [-10n, 10n]
      );
    for (const check of [ether, tokens]) {
      if (process.env.CHAIN_TYPE === "l1") await check();
      // These matchers want blocks of one transaction, and an L2 block begins with a deposit.
      else
        await check().then(
          () => assert.fail("there is no deposit"),
          (error) => assert.match(error.message, /only 1 transaction in the block/)
        );
    }
  });

  it("sets balances, nonces, code and storage", async () => {
    const { guild } = await networkHelpers.loadFixture(founded);
    await networkHelpers.setBalance(stranger, ethers.parseEther("3"));
    expect(await ethers.provider.getBalance(stranger)).to.equal(ethers.parseEther("3"));
    const other = ethers.Wallet.createRandom().address;
    await networkHelpers.setNonce(other, 9);
    expect(await ethers.provider.getTransactionCount(other)).to.equal(9);
    await networkHelpers.setCode(other, "0x602a5f5260205ff3");
    expect(await ethers.provider.call({ to: other })).to.equal(ethers.zeroPadValue("0x2a", 32));
    await networkHelpers.setStorageAt(await guild.getAddress(), 0, 41);
    expect(await guild.due()).to.equal(41n);
    expect(BigInt(await networkHelpers.getStorageAt(await guild.getAddress(), 0))).to.equal(41n);
  });

  it("impersonates", async () => {
    const { guild } = await networkHelpers.loadFixture(founded);
    await networkHelpers.setBalance(stranger, ethers.parseEther("3"));
    await networkHelpers.impersonateAccount(stranger);
    const signer = await ethers.getSigner(stranger);
    await (await guild.connect(signer).join("masked", { value: 6n })).wait();
    expect(await guild.paid(stranger)).to.equal(6n);
    await networkHelpers.stopImpersonatingAccount(stranger);
    const again = await ethers.getImpersonatedSigner(stranger);
    await (await again.sendTransaction({ to: await guild.getAddress(), value: 1n })).wait();
  });

  it("moves time and mines", async () => {
    const before = await head();
    await time.increase(100);
    expect(await time.latest()).to.be.at.least(before.timestamp + 100);
    await time.increaseTo(before.timestamp + 1_000);
    expect(await time.latest()).to.equal(before.timestamp + 1_000);
    await time.setNextBlockTimestamp(before.timestamp + 2_000);
    await networkHelpers.mine();
    expect(await time.latest()).to.equal(before.timestamp + 2_000);
    const number = await time.latestBlock();
    await networkHelpers.mine(5, { interval: 60 });
    expect(await time.latestBlock()).to.equal(number + 5);
    await networkHelpers.mineUpTo(number + 9);
    expect(await time.latestBlock()).to.equal(number + 9);
  });

  it("takes snapshots", async () => {
    const [first, second] = await ethers.getSigners();
    const snapshot = await networkHelpers.takeSnapshot();
    const balance = await ethers.provider.getBalance(second.address);
    await (await first.sendTransaction({ to: second.address, value: 5n })).wait();
    await snapshot.restore();
    expect(await ethers.provider.getBalance(second.address)).to.equal(balance);
    await (await first.sendTransaction({ to: second.address, value: 6n })).wait();
    await snapshot.restore();
    expect(await ethers.provider.getBalance(second.address)).to.equal(balance);
  });

  it("chooses fields of the next block", async () => {
    const { guild } = await networkHelpers.loadFixture(founded);
    await networkHelpers.setNextBlockBaseFeePerGas(2_000_000_000n);
    await networkHelpers.setPrevRandao(4_242n);
    await networkHelpers.mine();
    const block = await provider.request({
      method: "eth_getBlockByNumber",
      params: ["latest", false],
    });
    expect(BigInt(block.baseFeePerGas)).to.equal(2_000_000_000n);
    expect(BigInt(block.mixHash)).to.equal(4_242n);
    await networkHelpers.setBlockGasLimit(25_000_000n);
    await networkHelpers.mine();
    expect((await head()).gasLimit).to.equal(25_000_000n);
    await networkHelpers.setCoinbase(stranger);
    await networkHelpers.mine();
    expect((await head()).miner).to.equal(stranger);
    expect((await guild.now_({ blockTag: "latest" }))[4]).to.equal(stranger);
  });

  it("drops a waiting transaction", async () => {
    const [first] = await ethers.getSigners();
    await provider.request({ method: "evm_setAutomine", params: [false] });
    try {
      const waiting = await first.sendTransaction({ to: stranger, value: 1n, gasLimit: 21_000n });
      expect(await networkHelpers.dropTransaction(waiting.hash)).to.equal(true);
      expect(await networkHelpers.dropTransaction(waiting.hash)).to.equal(false);
      await networkHelpers.mine();
      expect(await ethers.provider.getTransaction(waiting.hash)).to.equal(null);
    } finally {
      await provider.request({ method: "evm_setAutomine", params: [true] });
    }
  });

  it("finds contracts, signers and receipts", async () => {
    const { guild } = await networkHelpers.loadFixture(founded);
    const same = await ethers.getContractAt("Guild", await guild.getAddress());
    expect(await same.due()).to.equal(5n);
    const factory = await ethers.getContractFactory("Guild");
    await expect(factory.deploy(666n)).to.be.revertedWith("no such due");
    expect((await ethers.getSigners()).length).to.be.at.least(20);
  });
});
