const helpers = require("@nomicfoundation/hardhat-network-helpers");
const { anyValue } = require("@nomicfoundation/hardhat-chai-matchers/withArgs");
const { expect } = require("chai");
const { ethers, network } = require("hardhat");

const { time } = helpers;
const stranger = ethers.getAddress("0x00000000000000000000000000000000000abcde");

async function founded() {
  const guild = await ethers.deployContract("Guild", [5n]);
  const coin = await ethers.deployContract("Coin", [1_000n]);
  const [first, second] = await ethers.getSigners();
  return { guild, coin, first, second };
}

const head = () => network.provider.send("eth_getBlockByNumber", ["latest", false]);

describe("the helpers of Hardhat 2 on a devnet", () => {
  it("emits and reverts as the matchers want it", async () => {
    const { guild, first } = await helpers.loadFixture(founded);
    await expect(guild.join("hello", { value: 9n }))
      .to.emit(guild, "Joined")
      .withArgs(first.address, anyValue, "hello");
    await expect(guild.setDue(1n)).to.be.revertedWith("dues must not fall");
    await expect(guild.join("poor", { value: 1n }))
      .to.be.revertedWithCustomError(guild, "TooLow")
      .withArgs(1n, 5n);
    await expect(guild.divide(0n)).to.be.revertedWithPanic(0x12);
    await expect(guild.silent()).to.be.revertedWithoutReason();
    await expect(guild.close()).to.be.reverted;
    await expect(guild.setDue(6n)).not.to.be.reverted;
  });

  it("goes back to a fixture", async () => {
    const { guild } = await helpers.loadFixture(founded);
    expect(await guild.count()).to.equal(0n);
    expect(await guild.due()).to.equal(5n);
  });

  it("edits accounts", async () => {
    const { guild } = await helpers.loadFixture(founded);
    const address = await guild.getAddress();
    await helpers.setBalance(stranger, ethers.parseEther("3"));
    expect(await ethers.provider.getBalance(stranger)).to.equal(ethers.parseEther("3"));
    const other = ethers.Wallet.createRandom().address;
    await helpers.setNonce(other, 9);
    expect(await ethers.provider.getTransactionCount(other)).to.equal(9);
    await helpers.setCode(other, "0x602a5f5260205ff3");
    expect(await ethers.provider.call({ to: other })).to.equal(ethers.zeroPadValue("0x2a", 32));
    await helpers.setStorageAt(address, 0, 41);
    expect(await guild.due()).to.equal(41n);
    expect(BigInt(await helpers.getStorageAt(address, 0))).to.equal(41n);
  });

  it("impersonates", async () => {
    const { guild } = await helpers.loadFixture(founded);
    await helpers.setBalance(stranger, ethers.parseEther("3"));
    await helpers.impersonateAccount(stranger);
    await guild.connect(await ethers.getSigner(stranger)).join("masked", { value: 6n });
    expect(await guild.paid(stranger)).to.equal(6n);
    await helpers.stopImpersonatingAccount(stranger);
    const again = await ethers.getImpersonatedSigner(stranger);
    await again.sendTransaction({ to: await guild.getAddress(), value: 1n });
  });

  it("moves time and mines", async () => {
    const before = await time.latest();
    await time.increase(100);
    expect(await time.latest()).to.be.at.least(before + 100);
    await time.increaseTo(before + 1_000);
    expect(await time.latest()).to.equal(before + 1_000);
    await time.setNextBlockTimestamp(before + 2_000);
    await helpers.mine();
    expect(await time.latest()).to.equal(before + 2_000);
    const number = await time.latestBlock();
    await helpers.mine(5, { interval: 60 });
    await helpers.mineUpTo(number + 9);
    expect(await time.latestBlock()).to.equal(number + 9);
  });

  it("takes snapshots", async () => {
    const [first, second] = await ethers.getSigners();
    const snapshot = await helpers.takeSnapshot();
    const balance = await ethers.provider.getBalance(second.address);
    await first.sendTransaction({ to: second.address, value: 5n });
    await snapshot.restore();
    expect(await ethers.provider.getBalance(second.address)).to.equal(balance);
  });

  it("chooses fields of the next block", async () => {
    await helpers.setNextBlockBaseFeePerGas(2_000_000_000n);
    await helpers.setPrevRandao(4_242n);
    await helpers.mine();
    const block = await head();
    expect(BigInt(block.baseFeePerGas)).to.equal(2_000_000_000n);
    expect(BigInt(block.mixHash)).to.equal(4_242n);
    await helpers.setBlockGasLimit(25_000_000n);
    await helpers.setCoinbase(stranger);
    await helpers.mine();
    expect(BigInt((await head()).gasLimit)).to.equal(25_000_000n);
    expect(ethers.getAddress((await head()).miner)).to.equal(stranger);
  });

  it("drops a waiting transaction, and tells its modes", async () => {
    const [first] = await ethers.getSigners();
    await network.provider.send("evm_setAutomine", [false]);
    try {
      expect(await network.provider.send("hardhat_getAutomine")).to.equal(false);
      const { hash } = await first.sendTransaction({ to: stranger, value: 1n, gasLimit: 21_000n });
      await helpers.dropTransaction(hash);
      await helpers.mine();
      expect(await ethers.provider.getTransaction(hash)).to.equal(null);
    } finally {
      await network.provider.send("evm_setAutomine", [true]);
    }
    const { chainId, latestBlockNumber } = await network.provider.send("hardhat_metadata");
    expect(BigInt(chainId)).to.equal((await ethers.provider.getNetwork()).chainId);
    expect(Number(latestBlockNumber)).to.equal(await ethers.provider.getBlockNumber());
  });
});
