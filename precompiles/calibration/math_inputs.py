"""Inputs of the attribution math: sizes, and shapes that its loops like least."""

from __future__ import annotations

import functools
import random
from collections.abc import Sequence
from typing import Final

from byline.precompiles.abi import SELECTOR, Tail, array_tail, bytes_tail, encode
from byline.precompiles.calibration.genes import Gene, Genes, Probe, Size
from byline.precompiles.errors import CustomError
from byline.precompiles.math.call import METHODS
from byline.precompiles.math.refusals import MAX_RECIPIENTS
from byline.precompiles.math.tree_refusals import MAX_EDGES, MAX_NODES

COUNT: Final = Gene("count", 0, MAX_RECIPIENTS, is_size=True, is_declared=True)
SHAPE: Final = Gene("shape", 0, 6)
"""Of a list: see `weights`."""
FAULT: Final = Gene("fault", 0, 2)
"""0 none, 1 the last element is too wide, 2 the sum is: refused after the work of a loop."""
AMOUNT: Final = Gene("amount bits", 0, 128)
RANDOM, EQUAL, FALLING, RISING, FEW, LONELY, SAW = range(7)


@functools.cache
def selector(signature: str) -> bytes:
    """Return the selector of a function."""
    return CustomError(signature).selector


def call(signature: str, *arguments: int | bytes | Tail) -> bytes:
    """Encode a call with the arguments as they are."""
    return selector(signature)[:SELECTOR] + encode(*arguments)


def weights(genes: Genes, source: random.Random) -> list[int]:
    """Return weights that sum to less than 2**64, unless the genes want a fault."""
    count, shape = genes["count"], genes["shape"]
    if not count:
        return []
    widest = 2**64 // count - 1
    made = {
        RANDOM: lambda: [source.randrange(1, widest) for _ in range(count)],
        EQUAL: lambda: [widest] * count,
        FALLING: lambda: [widest - at for at in range(count)],
        RISING: lambda: [widest - count + at for at in range(count)],
        FEW: lambda: [source.randrange(4) for _ in range(count - 1)] + [1],
        LONELY: lambda: [0] * (count - 1) + [widest],
        SAW: lambda: [widest - (at * 2654435761) % count for at in range(count)],
    }[shape]()
    if genes.get("fault") == 1:
        made[-1] = 2**64
    elif genes.get("fault") == 2:
        made[-1] = made[0] = 2**64 - 1
    return made


def amount(genes: Genes) -> int:
    """Return the largest amount of so many bits."""
    return (1 << genes["amount bits"]) - 1


def count(genes: Genes) -> float:
    """Return the number of elements."""
    return genes["count"]


def sorting(genes: Genes) -> float:
    """Return the number of elements by the depth of a sort of them."""
    return genes["count"] * max(genes["count"] - 1, 0).bit_length()


N: Final[tuple[str, Size]] = ("element", count)
N_LOG_N: Final[tuple[str, Size]] = ("element x log", sorting)


def packed(values: Sequence[int]) -> Tail:
    """Return weights as entries of ascending addresses, those too wide cut to 64 bits."""
    step = 2**160 // (len(values) + 1)
    return bytes_tail(
        b"".join(
            (step * (at + 1)).to_bytes(20, "big") + (value % 2**64).to_bytes(8, "big")
            for at, value in enumerate(values)
        )
    )


def _apportion(method: int) -> Probe:
    def build(genes: Genes, source: random.Random) -> bytes:
        values = array_tail(weights(genes, source))
        return call("apportion(uint8,uint128,uint64[])", method, amount(genes), values)

    name = next(name for name, number in METHODS.items() if number == method)
    sizes = (N,) if method == 0 else (N, N_LOG_N)
    return Probe(f"apportion {name}", "apportion", (COUNT, SHAPE, FAULT, AMOUNT), build, sizes)


def _chunk(genes: Genes, source: random.Random) -> bytes:
    values = weights(genes, source)
    total = max(1, min(sum(values), 2**64 - 1))
    signature = "apportionChunk(uint128,uint64,uint64,uint64[])"
    return call(signature, amount(genes), total, 0, array_tail(values))


def _cap_floor(genes: Genes, source: random.Random) -> bytes:
    least = (2 ** genes["amount bits"] >> genes["floor"]) % 2**128
    return call(
        "capFloor(uint128,uint64[],uint128,uint16)",
        amount(genes),
        array_tail(weights(genes, source)),
        least,
        genes["cap"],
    )


def _scores(genes: Genes, source: random.Random) -> Tail:
    bits = genes["score bits"]
    made = [source.randrange(-(2**bits), 2**bits) for _ in range(genes["count"])]
    if genes["shape"] == EQUAL:
        made = [2**bits - 1] * len(made)
    elif genes["shape"] == FALLING:
        made.sort(reverse=True)
    elif genes["shape"] == RISING:
        made.sort()
    return array_tail(made)


SCORE_BITS: Final = Gene("score bits", 0, 63)


def _relu(genes: Genes, source: random.Random) -> bytes:
    return call("relu(int64[])", _scores(genes, source))


def _softmax(genes: Genes, source: random.Random) -> bytes:
    temperature = max(1, 2 ** genes["temperature bits"] - 1)
    return call("softmax(int64[],uint32)", _scores(genes, source), temperature)


def _decay(genes: Genes, source: random.Random) -> bytes:
    most = 2 ** genes["age bits"]
    ages = array_tail([source.randrange(most) for _ in range(genes["count"])])
    life = max(1, 2 ** genes["life bits"] - 1)
    signature = "decay(uint64[],uint32[],uint32)"
    return call(signature, array_tail(weights(genes, source)), ages, life)


def _settle_root(method: int) -> Probe:
    def build(genes: Genes, source: random.Random) -> bytes:
        values = packed(weights(genes, source))
        return call("settleRoot(uint8,uint128,bytes)", method, amount(genes), values)

    name = next(name for name, number in METHODS.items() if number == method)
    sizes = (N,) if method == 0 else (N, N_LOG_N)
    return Probe(f"settleRoot {name}", "settleRoot", (COUNT, SHAPE, AMOUNT), build, sizes)


def _settle_root_chunk(genes: Genes, source: random.Random) -> bytes:
    values = weights(genes, source)
    signature = "settleRootChunk(uint128,uint64,uint64,uint32,bytes)"
    first = genes["first bits"]
    start = 2**first - 1
    return call(signature, amount(genes), max(1, sum(values)), 0, start, packed(values))


def _verify_leaf(genes: Genes, source: random.Random) -> bytes:
    depth = genes["depth"]
    leaves = min(2**depth, 2**32 - 1)
    sibling = 32 + 16
    proof = leaves.to_bytes(4, "big")
    for _ in range(depth):
        proof += source.randbytes(32) + bytes(sibling - 32)
    index = source.randrange(leaves) if depth < 32 else 0
    signature = "verifyLeaf(bytes32,uint128,uint32,address,uint128,bytes)"
    root = source.randbytes(32)
    return call(signature, root, 7, index, source.getrandbits(160), 7, bytes_tail(proof))


def _payout_tree(genes: Genes, source: random.Random) -> bytes:
    nodes = genes["nodes"]
    edges = edges_of(genes)
    bound = 2 ** genes["weight bits"]
    packed_edges = b"".join(
        child.to_bytes(2, "big") + parent.to_bytes(2, "big")
        + source.randrange(1, bound + 1).to_bytes(4, "big")
        for child, parent in edges
    )  # fmt: skip
    kept = genes["kept"].to_bytes(2, "big") * nodes
    signature = "payoutTree(uint128,bytes,bytes)"
    return call(signature, amount(genes), bytes_tail(kept), bytes_tail(packed_edges))


def edges_of(genes: Genes) -> list[tuple[int, int]]:
    """Return at most `edges` (child, parent), each child with at most `fan`, the last first."""
    left, found = genes["edges"], []
    for child in range(genes["nodes"] - 1, 0, -1):
        own = min(child, genes["fan"], left)
        found += [(child, parent) for parent in range(child - own, child)]
        left -= own
    return sorted(found)


PROBES: Final = (
    *(_apportion(method) for method in METHODS.values()),
    Probe("apportionChunk", "apportionChunk", (COUNT, SHAPE, FAULT, AMOUNT), _chunk, (N,)),
    Probe(
        "capFloor",
        "capFloor",
        (COUNT, SHAPE, FAULT, AMOUNT, Gene("floor", 0, 20), Gene("cap", 0, 10_000, is_size=True)),
        _cap_floor,
        (N, N_LOG_N),
    ),
    Probe("relu", "relu", (COUNT, SHAPE, SCORE_BITS), _relu, (N,)),
    Probe(
        "softmax",
        "softmax",
        (COUNT, SHAPE, SCORE_BITS, Gene("temperature bits", 0, 32)),
        _softmax,
        (N,),
    ),
    Probe(
        "decay",
        "decay",
        (COUNT, SHAPE, FAULT, Gene("age bits", 0, 32), Gene("life bits", 0, 32)),
        _decay,
        (N,),
    ),
    _settle_root(METHODS["cascade"]),
    _settle_root(METHODS["hamilton"]),
    _settle_root(METHODS["dhondt"]),
    _settle_root(METHODS["adams"]),
    Probe(
        "settleRootChunk",
        "settleRootChunk",
        (COUNT, SHAPE, AMOUNT, Gene("first bits", 0, 31)),
        _settle_root_chunk,
        (N,),
    ),
    Probe(
        "verifyLeaf",
        "verifyLeaf",
        (Gene("depth", 0, 32, is_declared=True),),
        _verify_leaf,
        (("sibling", lambda genes: genes["depth"]),),
    ),
    Probe(
        "payoutTree",
        "payoutTree",
        (
            Gene("nodes", 1, MAX_NODES, is_size=True, is_declared=True),
            Gene("edges", 0, MAX_EDGES, is_size=True, is_declared=True),
            Gene("fan", 1, MAX_NODES - 1, is_size=True),
            Gene("kept", 0, 10_000, is_size=True),
            Gene("weight bits", 0, 31),
            AMOUNT,
        ),
        _payout_tree,
        (
            ("node", lambda genes: genes["nodes"]),
            ("edge", lambda genes: len(edges_of(genes))),
        ),
    ),
)
"""Every function of the attribution math; those with methods of different prices by method."""
