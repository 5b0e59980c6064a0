// What the scripts about deposits and withdrawals share: clients of both chains, waiting, and
// expectations.  viem is loaded from a folder of npm packages, so all of it hangs on one object.
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

const PATIENCE = 60_000;

/** Return clients, contracts and helpers for a run, as `plan` describes it. */
export async function kit(plan) {
  const require = createRequire(pathToFileURL(`${plan.clients}/package.json`));
  const load = (name) => import(pathToFileURL(require.resolve(name).replace("_cjs", "_esm")));
  const viem = await load("viem");
  const opStack = await load("viem/op-stack");
  const { privateKeyToAccount } = await load("viem/accounts");
  const bridge = await import(pathToFileURL(plan.helper));
  const bare = (url) => viem.createPublicClient({ transport: viem.http(url) });
  const chains = await bridge.devnetChains({
    l1: bare(plan.l1), l2: bare(plan.l2), chainConfig: opStack.chainConfig,
  });
  const layer = (chain, url, reads, writes, account) => {
    const transport = viem.http(url);
    return {
      read: viem.createPublicClient({ chain, transport, pollingInterval: 50 }).extend(reads()),
      write: viem.createWalletClient({ chain, transport, account }).extend(writes()),
      test: viem.createTestClient({ mode: "anvil", chain, transport }),
    };
  };
  const user = privateKeyToAccount(plan.key);
  const other = privateKeyToAccount(plan.otherKey);
  const l1 = layer(
    chains.l1, plan.l1, opStack.publicActionsL1, opStack.walletActionsL1, user,
  );
  const l2 = layer(
    chains.l2, plan.l2, opStack.publicActionsL2, opStack.walletActionsL2, user,
  );
  const contracts = Object.fromEntries(
    Object.entries(chains.l2.contracts).map(
      ([name, found]) => [name, found.address ?? found[chains.l1.id].address],
    ),
  );
  const found = { plan, viem, opStack, bridge, chains, user, other, l1, l2, contracts };
  return Object.assign(found, waiting(found), expecting(found), balances(found));
}

function waiting({ opStack, l1, l2, chains, plan }) {
  const targetChain = chains.l2;
  const mined = async (layer, hash, status = "success") => {
    const receipt = await layer.read.waitForTransactionReceipt({ hash, timeout: PATIENCE });
    assert.equal(receipt.status, status);
    return receipt;
  };
  /** Wait until `condition` answers something true. */
  const until = async (what, condition) => {
    const deadline = Date.now() + PATIENCE;
    for (;;) {
      const answer = await condition();
      if (answer) return answer;
      assert.ok(Date.now() < deadline, `waited in vain for ${what}`);
      await new Promise((go) => setTimeout(go, 50));
    }
  };
  const status = (receipt) => l1.read.getWithdrawalStatus({ receipt, targetChain });
  return {
    mined,
    until,
    status,
    /** Wait until a withdrawal has reached a state; whatever it passes on the way must be `via`. */
    reaches: (receipt, wanted, via) => until(wanted, async () => {
      const now = await status(receipt);
      assert.ok(now === wanted || via.includes(now), `${now} on the way to ${wanted}`);
      return now === wanted;
    }),
    /** Let seconds pass on the chains' clock. */
    pass: async (seconds) => {
      await l1.test.increaseTime({ seconds });
      await l1.test.mine({ blocks: 1 });
    },
    /** The receipts on the L2 of what an L1 transaction has deposited. */
    deposited: async (receipt, statuses = ["success"]) => {
      const hashes = opStack.getL2TransactionHashes({ logs: receipt.logs });
      assert.equal(hashes.length, statuses.length);
      return Promise.all(hashes.map((hash, index) => mined(l2, hash, statuses[index])));
    },
  };
}

function expecting({ viem }) {
  /** The name of an error, or its reason, or else its selector, as viem has decoded it. */
  const nameOf = (error) => {
    const reverted = error.walk?.((one) => one instanceof viem.ContractFunctionRevertedError);
    if (!reverted) return String(error);
    const { data, reason, signature } = reverted;
    if (data && data.errorName !== "Error") return data.errorName;
    return reason ?? signature ?? "reverted";
  };
  return {
    nameOf,
    /** Expect a call to be refused with a reason, or an error of that name as viem decodes it. */
    refused: (call, name) => assert.rejects(call, (error) => {
      assert.equal(nameOf(error), name, String(error));
      return true;
    }),
    /** The same where the ABI that viem calls with lacks the error: its selector is shown. */
    refusedUnnamed: (call, name) => assert.rejects(call, (error) => {
      assert.equal(nameOf(error), viem.toFunctionSelector(`${name}()`), String(error));
      return true;
    }),
  };
}

function balances({ l1, l2, bridge, viem }) {
  // None of the chains here charges an operator fee.
  const fee = ({ gasUsed, effectiveGasPrice, l1Fee }) => (
    gasUsed * effectiveGasPrice + (l1Fee ?? 0n)
  );
  return {
    /** What the sender of a transaction has paid for it. */
    fee,
    wei: (layer, address) => layer.read.getBalance({ address }),
    tokens: (layer, token, account) => layer.read.readContract({
      address: token, abi: bridge.tokenAbi, functionName: "balanceOf", args: [account.address],
    }),
    /** Expect `measure` to grow by `wanted` wei while `work` is done; returns what that returns. */
    grows: async (wanted, measure, work) => {
      const before = await measure();
      const done = await work();
      const expected = typeof wanted === "function" ? wanted(done) : wanted;
      assert.equal(await measure() - before, expected);
      return done;
    },
    ether: viem.parseEther,
  };
}
