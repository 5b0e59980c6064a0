// What viem asks of eth_simulateV1: node simulate.mjs URL CLIENTS.
// A failed expectation ends it with an assertion and status 1.
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

const [url, clients] = process.argv.slice(2);
const require = createRequire(pathToFileURL(`${clients}/package.json`));
const load = (name) => import(pathToFileURL(require.resolve(name).replace("_cjs", "_esm")));
const { createPublicClient, encodeFunctionData, http, parseEther } = await load("viem");
const { mnemonicToAccount } = await load("viem/accounts");

const mnemonic = "test test test test test test test test test test test junk";
const [alice, bob] = [0, 1].map((addressIndex) => mnemonicToAccount(mnemonic, { addressIndex }));
const client = createPublicClient({ transport: http(url) });
const poor = "0xc000000000000000000000000000000000000000";
const code = "0xc200000000000000000000000000000000000000";

const before = await client.getBalance({ address: bob.address });
const [first, second] = await client.simulateBlocks({
  blocks: [
    {
      stateOverrides: [{ address: poor, balance: parseEther("2") }],
      calls: [{ account: poor, to: bob.address, value: parseEther("1") }],
    },
    {
      blockOverrides: { baseFeePerGas: 10n },
      // BALANCE of the argument, returned
      stateOverrides: [{ address: code, code: "0x60043531" + "5f5260205ff3" }],
      calls: [
        {
          to: code,
          data: encodeFunctionData({
            abi: [{ type: "function", name: "of", inputs: [{ type: "address" }], outputs: [] }],
            args: [bob.address],
          }),
          account: alice.address,
        },
      ],
    },
  ],
  traceTransfers: true,
});
assert.equal(first.calls[0].status, "success");
assert.equal(first.calls[0].gasUsed, 21000n);
assert.equal(first.calls[0].logs[0].address.toLowerCase(), "0x" + "ee".repeat(20));
assert.equal(second.number, first.number + 1n);
assert.equal(second.baseFeePerGas, 10n);
assert.equal(BigInt(second.calls[0].data), before + parseEther("1"));

const { assetChanges, results } = await client.simulateCalls({
  account: alice.address,
  calls: [{ to: bob.address, value: parseEther("3") }],
  traceAssetChanges: true,
});
assert.equal(results[0].status, "success");
assert.equal(assetChanges[0].value.diff, -parseEther("3"));

await assert.rejects(
  client.simulateBlocks({
    blocks: [{ calls: [{ account: poor, to: bob.address, value: parseEther("1") }] }],
  }),
  /insufficient funds/,
);
assert.equal(await client.getBalance({ address: bob.address }), before);
console.log("simulated");
