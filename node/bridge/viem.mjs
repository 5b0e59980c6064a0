// Byline's bridge for viem: both chains as its OP Stack actions want them, and deposits of the
// token that pays for gas, which those actions do not know.
//
//   import { createPublicClient, createWalletClient, http } from "viem";
//   import { chainConfig, walletActionsL1 } from "viem/op-stack";
//   import { depositOpen, devnetChains } from "./viem.mjs";
//
//   const { l1, l2 } = await devnetChains({
//     l1: createPublicClient({ transport: http("http://127.0.0.1:8545") }),
//     l2: createPublicClient({ transport: http("http://127.0.0.1:9545") }),
//     chainConfig,
//   });
//   const hash = await depositOpen(walletClient, {
//     publicClient, targetChain: l2, request: { to, mint: parseEther("1"), gas: 100_000n },
//   });
//
// Everything else is viem's own.  Its `waitToProve` guesses from the pauses between earlier games
// how long the next one takes; a devnet's games come at once, so `intervalBuffer: 0` among its
// parameters saves waiting, as moving the clock (`evm_increaseTime`) does afterwards.
//
// The file imports nothing, so it can be copied anywhere.  Sources: ethereum-optimism/specs,
// protocol/{deposits,withdrawals,messengers,bridges}.md and experimental/custom-gas-token.md.

/** Gas of the L2 that a plain transfer to an account needs, with room. */
export const TRANSFER_GAS = 100_000n;

const MULTICALL3 = "0xcA11bde05977b3631167028862bE2a173976CA11";
const PREDEPLOYS = {
  optimismMintableErc20Factory: { address: "0x4200000000000000000000000000000000000012" },
  multicall3: { address: MULTICALL3 },
};

// --- ABIs: "name type" pairs, so that a line is a function

const parameters = (text) => text.split(",").map((item) => item.trim()).filter(Boolean).map(
  (item) => {
    const [type, ...rest] = item.split(/\s+/);
    const name = rest.at(-1) ?? "";
    return rest.length > 1 ? { type, name, indexed: true } : { type, name };
  },
);
const functionOf = (stateMutability) => (name, inputs = "", outputs = "") => (
  { type: "function", name, stateMutability, inputs: parameters(inputs), outputs: parameters(outputs) }
);
const write = functionOf("nonpayable");
const pay = functionOf("payable");
const view = functionOf("view");
const error = (name, inputs = "") => ({ type: "error", name, inputs: parameters(inputs) });
const event = (name, inputs) => ({
  type: "event", name, anonymous: false,
  inputs: parameters(inputs).map((input) => ({ indexed: false, ...input })),
});
const list = (make, names) => names.map((name) => make(name));

/** Errors of the portal and of what it calls; viem's own ABI knows some of them. */
export const portalErrorsAbi = [
  ...list(error, [
    "ETHLockbox_InsufficientBalance", "NoValue", "OnlyCustomGasToken", "OutOfGas",
    "TransferFailed", "Unauthorized",
  ]),
  ...list((name) => error(`OptimismPortal_${name}`), [
    "AlreadyFinalized", "BadTarget", "CallPaused", "CalldataTooLarge", "GasEstimation",
    "GasLimitTooLow", "ImproperDisputeGame", "InvalidDisputeGame", "InvalidMerkleProof",
    "InvalidOutputRootProof", "InvalidProofTimestamp", "InvalidRootClaim", "NoReentrancy",
    "ProofNotOldEnough", "Unproven",
  ]),
  error("ERC20InsufficientAllowance", "address spender, uint256 balance, uint256 needed"),
  error("ERC20InsufficientBalance", "address sender, uint256 balance, uint256 needed"),
];

/** What the portal has besides viem's ABI of it: deposits of an ERC-20 that pays for gas. */
export const portalAbi = [
  write(
    "depositERC20Transaction",
    "address to, uint256 mint, uint256 value, uint64 gasLimit, bool isCreation, bytes data",
  ),
  view("anchorStateRegistry", "", "address"),
  view("checkWithdrawal", "bytes32 withdrawalHash, address proofSubmitter"),
  view("disputeGameFactory", "", "address"),
  view("proofMaturityDelaySeconds", "", "uint256"),
  view("disputeGameFinalityDelaySeconds", "", "uint256"),
  ...portalErrorsAbi,
];

/** SystemConfig, as far as it names the other contracts of a chain. */
export const systemConfigAbi = [
  view("gasPayingToken", "", "address token, uint8 decimals"),
  view("gasPayingTokenName", "", "string"),
  view("gasPayingTokenSymbol", "", "string"),
  view("l1CrossDomainMessenger", "", "address"),
  view("l1StandardBridge", "", "address"),
];

/** EIP-20, as far as bridging needs it. */
export const tokenAbi = [
  view("allowance", "address owner, address spender", "uint256"),
  view("balanceOf", "address account", "uint256"),
  write("approve", "address spender, uint256 amount", "bool"),
];

/** The standard bridges of both chains. */
export const standardBridgeAbi = [
  pay("bridgeETH", "uint32 minGasLimit, bytes extraData"),
  pay("bridgeETHTo", "address to, uint32 minGasLimit, bytes extraData"),
  write(
    "bridgeERC20",
    "address localToken, address remoteToken, uint256 amount, uint32 minGasLimit, bytes extraData",
  ),
  write(
    "bridgeERC20To",
    "address localToken, address remoteToken, address to, uint256 amount, uint32 minGasLimit, "
      + "bytes extraData",
  ),
  view("deposits", "address localToken, address remoteToken", "uint256"),
];

/** The messengers of both chains. */
export const crossDomainMessengerAbi = [
  pay("sendMessage", "address target, bytes message, uint32 minGasLimit"),
  pay(
    "relayMessage",
    "uint256 nonce, address sender, address target, uint256 value, uint256 minGasLimit, "
      + "bytes message",
  ),
  view("failedMessages", "bytes32 messageHash", "bool"),
  view("successfulMessages", "bytes32 messageHash", "bool"),
  view("xDomainMessageSender", "", "address"),
  event(
    "SentMessage",
    "address indexed target, address sender, bytes message, uint256 messageNonce, "
      + "uint256 gasLimit",
  ),
  event("SentMessageExtension1", "address indexed sender, uint256 value"),
  event("RelayedMessage", "bytes32 indexed msgHash"),
  event("FailedRelayedMessage", "bytes32 indexed msgHash"),
];

/** The factory on the L2 of twins of the L1's tokens. */
export const mintableErc20FactoryAbi = [
  write(
    "createOptimismMintableERC20", "address remoteToken, string name, string symbol", "address",
  ),
  event(
    "OptimismMintableERC20Created",
    "address indexed localToken, address indexed remoteToken, address deployer",
  ),
];

// --- Chains

const ETHER = { name: "Ether", symbol: "ETH", decimals: 18 };
const ETHER_TOKEN = "0xeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee";

/**
 * Both chains, in the shape of viem's `defineChain`; asks a running pair what it is.
 *
 * @param l1 A public client of the L1; it needs no chain.
 * @param l2 A public client of the L2, or of its rollup node.
 * @param chainConfig That of `viem/op-stack`, for deposits and L1 fees in what is read.
 * @returns `{ l1, l2 }`; `l2.contracts` has `portal`, `disputeGameFactory`, `l1StandardBridge`
 *   and `l1CrossDomainMessenger` under the id of the L1, and `gasToken` where an ERC-20 of the
 *   L1 pays for gas.
 */
export async function devnetChains({ l1, l2, chainConfig = {} }) {
  const config = await l2.request({ method: "optimism_rollupConfig" });
  const sourceId = config.l1_chain_id;
  const portal = config.deposit_contract_address;
  const read = (address, functionName) => (
    l1.readContract({ address, abi: [...portalAbi, ...systemConfigAbi], functionName })
  );
  const systemConfig = config.l1_system_config_address;
  const [disputeGameFactory, l1StandardBridge, l1CrossDomainMessenger] = await Promise.all([
    read(portal, "disputeGameFactory"),
    read(systemConfig, "l1StandardBridge"),
    read(systemConfig, "l1CrossDomainMessenger"),
  ]);
  const { token, currency } = await gasToken(l1, systemConfig);
  const at = (address) => ({ [sourceId]: { address } });
  return {
    l1: {
      id: sourceId, name: "Byline L1", nativeCurrency: ETHER, rpcUrls: urls(l1), testnet: true,
      contracts: { multicall3: PREDEPLOYS.multicall3 },
    },
    l2: {
      ...chainConfig,
      id: config.l2_chain_id, name: "Byline L2", nativeCurrency: currency, rpcUrls: urls(l2),
      testnet: true, sourceId, blockTime: 1_000 * config.block_time,
      contracts: {
        ...chainConfig.contracts, ...PREDEPLOYS,
        portal: at(portal), disputeGameFactory: at(disputeGameFactory),
        l1StandardBridge: at(l1StandardBridge),
        l1CrossDomainMessenger: at(l1CrossDomainMessenger),
        ...(token ? { gasToken: at(token) } : {}),
      },
    },
  };
}

/** What pays for gas on the L2: the token of the L1, if it is one, and its currency. */
async function gasToken(l1, address) {
  const read = (functionName) => l1.readContract({ address, abi: systemConfigAbi, functionName });
  let found;
  try {
    found = await read("gasPayingToken");
  } catch (problem) {
    // Later system configs know of ether alone and have no such function.
    if (problem.name !== "ContractFunctionExecutionError") throw problem;
    return { currency: ETHER };
  }
  const [token, decimals] = found;
  if (token.toLowerCase() === ETHER_TOKEN) return { currency: ETHER };
  const [name, symbol] = await Promise.all([
    read("gasPayingTokenName"), read("gasPayingTokenSymbol"),
  ]);
  return { token, currency: { name, symbol, decimals } };
}

function urls(client) {
  const { url } = client.transport;
  if (url === undefined) return { default: { http: [] } };
  return {
    default: { http: [url.replace(/^ws/, "http")], webSocket: [url.replace(/^http/, "ws")] },
  };
}

// --- Deposits of the token that pays for gas

/**
 * The call of the portal that deposits the token; for `writeContract`, `simulateContract` and
 * `estimateContractGas`.
 *
 * @param request `to`; `mint`, wei of the token that are taken on the L1 and minted on the L2
 *   (0); `value`, wei that the L2 transaction carries (`mint`); `gas` of the L2 transaction;
 *   `data`; `isCreation`.
 * @param targetChain The L2, from `devnetChains`.
 */
export function depositOpenCall({ request, targetChain }) {
  const {
    to, mint = 0n, value = mint, gas = TRANSFER_GAS, data = "0x", isCreation = false,
  } = request;
  if (isCreation && to) {
    throw new Error(`deposit: a creation has no recipient, but \`to\` is ${to}: leave it out`);
  }
  if (!isCreation && !to) throw new Error("deposit: `to` is missing: name the recipient");
  const recipient = isCreation ? `0x${"00".repeat(20)}` : to;
  return {
    address: addressOf(targetChain, "portal"), abi: portalAbi,
    functionName: "depositERC20Transaction",
    args: [recipient, mint, value, gas, isCreation, data],
  };
}

/** The call of the token that lets the portal take `amount` of it. */
export function approveOpenCall({ amount, targetChain }) {
  return {
    address: addressOf(targetChain, "gasToken"), abi: tokenAbi, functionName: "approve",
    args: [addressOf(targetChain, "portal"), amount],
  };
}

/**
 * Deposit the token that pays for gas on the L2, and have the L2 execute a transaction.
 *
 * With a `publicClient` of the L1, the portal is first allowed to take what it may not take yet.
 * `getL2TransactionHashes` of `viem/op-stack` tells from the receipt which transaction of the L2
 * follows.
 *
 * @param walletClient A wallet client of the L1.
 * @param options `request` and `targetChain` as of `depositOpenCall`, `publicClient`, `account`,
 *   `chain`, and what else `writeContract` takes (`gas`, `nonce`, fees).
 * @returns The hash of the L1 transaction.
 */
export async function depositOpen(walletClient, options) {
  const { request, targetChain, publicClient, ...fields } = options;
  const account = fields.account ?? walletClient.account;
  const deposit = depositOpenCall({ request, targetChain });
  const mint = request.mint ?? 0n;
  if (publicClient && mint > 0n) {
    const owner = account.address ?? account;
    const { chain = walletClient.chain } = fields;
    await approveOpen(walletClient, { owner, mint, targetChain, publicClient, account, chain });
  }
  return walletClient.writeContract({ ...deposit, ...fields, account });
}

async function approveOpen(walletClient, options) {
  const { owner, mint, targetChain, publicClient, account, chain } = options;
  const approval = approveOpenCall({ amount: mint, targetChain });
  const [spender] = approval.args;
  const allowed = await publicClient.readContract({
    ...approval, functionName: "allowance", args: [owner, spender],
  });
  if (allowed >= mint) return;
  const hash = await walletClient.writeContract({ ...approval, account, chain });
  const receipt = await publicClient.waitForTransactionReceipt({ hash });
  if (receipt.status !== "success") throw new Error(`deposit: the approval ${hash} failed`);
}

function addressOf(chain, name) {
  const found = chain.contracts?.[name]?.[chain.sourceId];
  if (found) return found.address;
  const hint = name === "gasToken" ? ": ether pays for gas there, use viem's depositTransaction" : "";
  throw new Error(`${chain.name} has no contract ${name}${hint}`);
}
