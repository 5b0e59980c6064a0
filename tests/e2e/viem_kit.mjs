// viem's clients of one port, with two contracts deployed: what its scripts begin with.
import assert from "node:assert/strict";
import { inputs, MNEMONIC, PATIENCE } from "./parts.mjs";

export const { url, wsUrl, contracts, wanted, loadViem } = inputs();
export const viem = await loadViem("viem");
const { mnemonicToAccount } = await loadViem("viem/accounts");
const { createPublicClient, createTestClient, createWalletClient, http, webSocket } = viem;

export const [user, other, idle] = [0, 1, 2].map((addressIndex) =>
  mnemonicToAccount(MNEMONIC, { addressIndex })
);
export const stranger = mnemonicToAccount(MNEMONIC, { addressIndex: 999 });
export const transport = http(url);
export const id = await createPublicClient({ transport }).getChainId();
export const chain = viem.defineChain({
  id,
  name: "devnet",
  nativeCurrency: { name: "Ether", symbol: "ETH", decimals: 18 },
  rpcUrls: { default: { http: [url], webSocket: [wsUrl] } },
  contracts: { multicall3: { address: "0xcA11bde05977b3631167028862bE2a173976CA11" } },
});
export const reader = createPublicClient({ chain, transport, pollingInterval: 20, cacheTime: 0 });
export const live = createPublicClient({ chain, transport: webSocket(wsUrl), cacheTime: 0 });
export const writer = createWalletClient({ account: user, chain, transport });
export const tests = createTestClient({ mode: "anvil", chain, transport });

/** Wait for a receipt and check how the transaction ended. */
export async function mined(hash, status = "success") {
  const receipt = await reader.waitForTransactionReceipt({ hash, timeout: PATIENCE });
  assert.equal(receipt.status, status);
  return receipt;
}

async function deploy(name, ...args) {
  const { abi, bytecode } = contracts[name];
  return (await mined(await writer.deployContract({ abi, bytecode, args }))).contractAddress;
}

export const guild = { address: await deploy("Guild", 5n), abi: contracts.Guild.abi };
export const coin = { address: await deploy("Coin", 1_000n), abi: contracts.Coin.abi };

/** Check that a promise fails with viem's error of that name somewhere in its causes. */
export async function failsWith(promise, name, check) {
  await assert.rejects(promise, (error) => {
    const found = error.walk?.((cause) => cause.name === name);
    assert.ok(found, `want ${name}, found ${error.stack}`);
    check?.(found);
    return true;
  });
}
