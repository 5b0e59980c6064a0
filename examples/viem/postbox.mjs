// A contract on the L2, a letter from there, a letter from the L1, what it cost, and time travel.
import { readFileSync } from "node:fs";

import solc from "solc";
import {
  createPublicClient,
  createTestClient,
  createWalletClient,
  encodeFunctionData,
  formatEther,
  http,
  parseAbi,
} from "viem";
import { mnemonicToAccount } from "viem/accounts";
import { chainConfig, getL2TransactionHashes, publicActionsL2 } from "viem/op-stack";

const l1Url = process.env.L1_URL ?? "http://127.0.0.1:8545";
const l2Url = process.env.L2_URL ?? "http://127.0.0.1:9545";
const account = mnemonicToAccount("test test test test test test test test test test test junk");

// -- clients: the ids come from the ports

async function layer(url, config = {}) {
  const transport = http(url);
  const id = await createPublicClient({ transport }).getChainId();
  const chain = {
    ...config,
    id,
    name: `devnet ${id}`,
    rpcUrls: { default: { http: [url] } },
    nativeCurrency: { name: "Ether", symbol: "ETH", decimals: 18 },
  };
  return {
    read: createPublicClient({ chain, transport, pollingInterval: 50 }),
    write: createWalletClient({ account, chain, transport }),
    cheat: createTestClient({ mode: "anvil", chain, transport }),
  };
}

const l1 = await layer(l1Url);
const l2 = await layer(l2Url, chainConfig);
const fees = l2.read.extend(publicActionsL2());
const mined = ({ read }, hash) => read.waitForTransactionReceipt({ hash });

// -- the contract

const output = JSON.parse(
  solc.compile(
    JSON.stringify({
      language: "Solidity",
      sources: {
        "Postbox.sol": { content: readFileSync(new URL("Postbox.sol", import.meta.url), "utf8") },
      },
      settings: { outputSelection: { "*": { "*": ["abi", "evm.bytecode.object"] } } },
    })
  )
);
const { abi, evm } = output.contracts["Postbox.sol"].Postbox;
const bytecode = `0x${evm.bytecode.object}`;
const { contractAddress: address } = await mined(
  l2,
  await l2.write.deployContract({ abi, bytecode })
);
console.log(`Postbox at ${address}`);

// -- a letter on the L2, and its price

const letter = { address, abi, functionName: "post", args: ["hello"] };
console.log(
  `L1 fee, estimated: ${formatEther(await fees.estimateContractL1Fee({ ...letter, account }))}`
);
const posted = await mined(l2, await l2.write.writeContract(letter));
console.log(`L1 fee, paid:      ${formatEther(posted.l1Fee)}`);

// -- a letter from the L1: a deposit, whose receipt on the L2 follows from that on the L1

const { deposit_contract_address: portal } = await l2.read.request({
  method: "optimism_rollupConfig",
});
const deposited = await mined(
  l1,
  await l1.write.writeContract({
    address: portal,
    abi: parseAbi(["function depositTransaction(address, uint256, uint64, bool, bytes) payable"]),
    functionName: "depositTransaction",
    args: [
      address,
      0n,
      200_000n,
      false,
      encodeFunctionData({ abi, functionName: "post", args: ["hello from the L1"] }),
    ],
  })
);
const [hash] = getL2TransactionHashes(deposited);
const arrived = await mined(l2, hash);
const { type } = await l2.read.getTransaction({ hash });
console.log(`the ${type} arrived in L2 block ${arrived.blockNumber}`);

// -- a week later, on both chains

const before = await l2.read.getBlock();
await l2.cheat.increaseTime({ seconds: 604_800 });
await l2.cheat.mine({ blocks: 1 });
const after = await l2.read.getBlock();
console.log(`${after.timestamp - before.timestamp >= 604_800n ? "a week" : "no time"} has passed`);

const count = await l2.read.readContract({ address, abi, functionName: "count" });
for (let index = 0n; index < count; index += 1n) {
  const found = await l2.read.readContract({
    address,
    abi,
    functionName: "letter",
    args: [index],
  });
  console.log(`${found.from} at L1 block ${found.l1Block}: ${found.text}`);
}
