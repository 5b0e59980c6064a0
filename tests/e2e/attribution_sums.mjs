// The attribution math once more, from its documentation and in another language: precompiles
// and twins have to answer what is worked out here.
import assert from "node:assert/strict";
import { cascade, hex, MATH, packed, trees } from "./attribution_kit.mjs";
import { inputs, run } from "./parts.mjs";

const { url, contracts: given, wanted, require } = inputs();
const ethers = require("ethers");
const provider = new ethers.JsonRpcProvider(url, undefined, { cacheTimeout: -1 });
const { sums } = trees(ethers.keccak256);
const { address, abi } = given.contracts.AttributionMath;
const math = new ethers.Interface(abi);
const ROUNDS = 24;

let drawn = 0;
/** The next number below a bound, of a sequence that looks random and is always the same. */
const below = (bound) => BigInt(ethers.keccak256(ethers.toBeHex(++drawn, 4))) % BigInt(bound);
const list = (length, value) => Array.from({ length: Number(length) }, (_, at) => value(at));
const total = (numbers) => numbers.reduce((sum, number) => sum + number, 0n);
const up = (number, by) => (number + by - 1n) / by;
const max = (a, b) => (a > b ? a : b);

/** Check that precompile and twin answer `expected` to every call. */
async function answers(name, cases) {
  const found = cases.map(async ([given, expected]) => {
    const data = math.encodeFunctionData(name, given);
    const want = math.encodeFunctionResult(name, expected);
    const words = JSON.stringify([name, given], (_, v) => (typeof v === "bigint" ? `${v}` : v));
    for (const to of [MATH, address]) assert.equal(await provider.call({ to, data }), want, words);
  });
  await Promise.all(found);
}

const some = (bound) => [...list(below(12), () => below(below(4) ? bound : 4n)), 1n + below(9)];

const first = (places, before) => places.reduce((best, at) => (before(at, best) ? at : best));

function hamilton(amount, weights) {
  const sum = total(weights);
  const shares = weights.map((weight) => (amount * weight) / sum);
  const rest = weights.map((weight) => (amount * weight) % sum);
  for (let left = amount - total(shares); left > 0n; left--) {
    const at = first([...weights.keys()], (a, b) => rest[a] > rest[b]);
    shares[at] += 1n;
    rest[at] = -1n;
  }
  return shares;
}

/** A wei at a time to the largest weight / d(share); of those with d = 0 to the heaviest. */
const divisor = (d) => (amount, weights) => {
  const shares = weights.map(() => 0n);
  const served = [...weights.keys()].filter((at) => weights[at]);
  for (let left = amount; left > 0n; left--) {
    const by = shares.map(d);
    const at = first(served, (a, b) =>
      by[a] || by[b] ? weights[a] * by[b] > weights[b] * by[a] : weights[a] > weights[b]
    );
    shares[at] += 1n;
  }
  return shares;
};

const webster = divisor((share) => 2n * share + 1n);
const METHODS = [cascade, hamilton, webster, divisor((s) => s + 1n), divisor((s) => s)];

async function divides() {
  const drawn = list(METHODS.length * ROUNDS, (round) => {
    const method = round % METHODS.length;
    return { method, amount: below(method < 2 ? 2n ** 128n : 200n), weights: some(2n ** 60n) };
  });
  const shares = ({ method, amount, weights }) => METHODS[method](amount, weights);
  const cases = drawn.map((one) => [[one.method, one.amount, one.weights], [shares(one)]]);
  await answers("apportion", cases);
  const roots = drawn.map((one) => {
    const who = one.weights.map((_, at) => `0x${hex(BigInt(at + 1) << 150n, 20)}`);
    const tree = sums(shares(one).map((share, at) => [who[at], share]));
    const listed = packed(one.weights.map((weight, at) => [who[at], weight]));
    const call = [one.method, one.amount, listed];
    return [call, [tree.root, one.amount, who.length]];
  });
  await answers("settleRoot", roots);
}

/** Floor first: the lightest leave, of equal ones the last; then the heaviest are capped. */
function capFloor(amount, weights, least, bps) {
  const cap = (amount * bps) / 10_000n;
  const shares = weights.map(() => 0n);
  if (cap < least) return [shares, amount];
  const order = [...weights.keys()].sort((a, b) => Number(weights[a] - weights[b]) || b - a);
  let [left, sum] = [amount, total(weights)];
  while (order.length && amount * weights[order[0]] < least * sum) sum -= weights[order.shift()];
  while (order.length && left * weights[order.at(-1)] > cap * sum) {
    const at = order.pop();
    [shares[at], left, sum] = [cap, left - cap, sum - weights[at]];
  }
  if (!sum) return [shares, left];
  order.sort((a, b) => a - b);
  const rest = order.map((at) => weights[at]);
  cascade(left, rest).forEach((share, place) => (shares[order[place]] = share));
  return [shares, 0n];
}

async function bounds() {
  const cases = list(4 * ROUNDS, () => {
    const amount = below(60);
    const call = [amount, some(4n), amount / (3n + below(9)), 10n * below(1_001)];
    return [call, capFloor(...call)];
  });
  await answers("capFloor", cases);
}

/** The largest whole number whose square is not above n. */
function root(n) {
  let [x, next] = [n, n / 2n + 1n];
  while (next < x) [x, next] = [next, (next + n / next) / 2n];
  return x;
}
const ROOTS = [];
for (let power = 2n << 300n; ROOTS.length < 32; ) ROOTS.push((power = root(power << 300n)) >> 237n);
const LOG2E = 6653256548922161245n; // in units of 2**-62

/** n * 2**-x, x in units of 2**-32 and rounded up to one, in the steps that are prescribed. */
function halved(n, x) {
  const whole = up(x, 1n << 32n);
  const bits = (whole << 32n) - x;
  const used = ROOTS.filter((_, at) => (bits >> BigInt(31 - at)) & 1n);
  const power = used.reduce((product, factor) => (product * factor) >> 63n, 1n << 63n);
  return (n * power) >> (whole + 63n);
}

async function weighs() {
  const scores = list(ROUNDS, () => some(2n ** 20n).map((score) => score - 2n ** 19n));
  const soft = scores.map((some) => {
    const [best, heat] = [some.reduce(max), 1n + below(2n ** 18n)];
    const weight = (score) => halved(1n << 32n, up((best - score) * LOG2E, heat << 30n));
    return [[some, heat], [some.map(weight)]];
  });
  await answers("softmax", soft);
  const old = list(ROUNDS, () => {
    const [weights, half] = [some(2n ** 64n), 1n + below(100)];
    const ages = weights.map(() => below(1_000));
    const aged = weights.map((weight, at) => halved(weight, up(ages[at] << 32n, half)));
    return [[weights, ages, half], [aged]];
  });
  await answers("decay", old);
}

await run({ divides, bounds, weighs }, wanted);
