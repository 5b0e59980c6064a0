// What a user of the attribution contracts has to know, written down once more from their
// documentation: the trees, the receipt's bytes, what is signed.  No library is used but for
// Keccak-256, which the caller brings.  All byte strings are hex with 0x.

const strip = (bytes) => bytes.replace(/^0x/, "").toLowerCase();
export const hex = (number, size) =>
  BigInt(number)
    .toString(16)
    .padStart(2 * size, "0");
const join = (...parts) => `0x${parts.map(strip).join("")}`;

export const MATH = "0x000000000000000000000000000000000000a770";
export const EVIDENCE = "0x000000000000000000000000000000000000a771";

export const receiptTypes = {
  InferenceReceipt: [
    { name: "payer", type: "address" },
    { name: "modelId", type: "uint32" },
    { name: "nonce", type: "uint64" },
    { name: "reqHash", type: "bytes32" },
    { name: "outHash", type: "bytes32" },
    { name: "fee", type: "uint128" },
    { name: "deadline", type: "uint64" },
  ],
};

export const permitTypes = {
  ClaimPermit: [
    { name: "who", type: "address" },
    { name: "leavesHash", type: "bytes32" },
    { name: "maxFee", type: "uint256" },
    { name: "nonce", type: "uint256" },
    { name: "deadline", type: "uint256" },
  ],
};

/** The 253 bytes that the ledger takes for a signed receipt and what its operator adds. */
export function receiptBytes(message, answer, signature) {
  return join(
    message.payer,
    hex(message.nonce, 8),
    message.reqHash,
    message.outHash,
    hex(message.fee, 16),
    hex(message.deadline, 8),
    answer.evidenceRoot,
    answer.weightsRoot,
    hex(answer.tokensIn, 4),
    hex(answer.tokensOut, 4),
    signature
  );
}

/** The 180 bytes that a batch commits to for a receipt. */
export function recordBytes(message, answer) {
  return join(
    message.payer,
    message.reqHash,
    message.outHash,
    answer.evidenceRoot,
    answer.weightsRoot,
    hex(message.fee, 16),
    hex(answer.tokensIn, 4),
    hex(answer.tokensOut, 4),
    hex(message.nonce, 8)
  );
}

/** Addresses and weights as the vault's settle takes them; entries ascend by address. */
export const packed = (entries) => join(...entries.flatMap(([who, w]) => [who, hex(w, 8)]));

/** Shares of an amount by weight: what the running sums of weights are worth, rounded down. */
export function cascade(amount, weights) {
  const total = weights.reduce((sum, weight) => sum + weight, 0n);
  let reached = 0n;
  return weights.map((weight) => {
    const before = (amount * reached) / total;
    reached += weight;
    return (amount * reached) / total - before;
  });
}

/** Points of several records, summed by owner. */
export function summed(lists) {
  const sums = new Map();
  for (const [who, points] of lists.flat()) {
    sums.set(strip(who), (sums.get(strip(who)) ?? 0n) + BigInt(points));
  }
  return [...sums]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([who, points]) => [`0x${who}`, points]);
}

/** Trees of a Keccak-256 of hex. */
export function trees(keccak) {
  const hash = (...parts) => keccak(join(...parts));

  function levels(leaves, node) {
    const all = [leaves];
    while (all.at(-1).length > 1) {
      const below = all.at(-1);
      const above = [];
      for (let at = 0; at < below.length; at += 2) {
        above.push(at + 1 < below.length ? node(below[at], below[at + 1]) : below[at]);
      }
      all.push(above);
    }
    return all;
  }

  function siblings(all, index) {
    const found = [];
    for (const level of all) {
      if (level[index ^ 1] !== undefined) found.push(level[index ^ 1]);
      index >>= 1;
    }
    return found;
  }

  function merkle(chunks) {
    const leaves = chunks.map((chunk, at) => hash("00", hex(at, 8), chunk));
    const all = levels(leaves, (left, right) => hash("01", left, right));
    const count = hex(chunks.length, 8);
    return {
      root: hash("02", count, chunks.length ? all.at(-1)[0] : ""),
      proof: (index) => join(count, ...siblings(all, index)),
    };
  }

  function sums(entries) {
    const leaves = entries.map(([who, amount], at) => ({
      hash: hash("00", hex(at, 4), who, hex(amount, 16)),
      sum: BigInt(amount),
    }));
    const wire = (one) => strip(one.hash) + hex(one.sum, 16);
    const all = levels(leaves, (left, right) => ({
      hash: hash("01", wire(left), wire(right)),
      sum: left.sum + right.sum,
    }));
    const top = all.at(-1)[0];
    const count = hex(entries.length, 4);
    return {
      root: hash("02", count, hex(top.sum, 16), top.hash),
      total: top.sum,
      proof: (index) => join(count, ...siblings(all, index).map(wire)),
    };
  }

  /** What a permit says of the leaves that it is for. */
  const leavesHash = (leaves) =>
    leaves.reduce(
      (so, { batchId, index, amount }) => hash(so, hex(batchId, 8), hex(index, 4), hex(amount, 16)),
      `0x${hex(0, 32)}`
    );

  return { merkle, sums, leavesHash };
}
