"""`settleRoot`, `settleRootChunk` and `verifyLeaf`: input, price and output.

The price grows by what the input declares, as measured against ecrecover (see `gas`):

    settleRoot, settleRootChunk    apportion by the method + 150 n
    verifyLeaf                     1500 + 120 for each level up to the top

Gas charged / gas that the time is worth, by the kernel, price included (`make bench ARGS=gas`),
is 1.4 or more on the worst inputs found: the smallest, where reading is most of the work.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from byline.precompiles.abi import (
    SELECTOR,
    WORD,
    array_length,
    bytes_argument,
    bytes_tail,
    encode,
    end_of_bytes,
    nothing_follows,
    uint,
)
from byline.precompiles.errors import InvalidInput
from byline.precompiles.functions import Function
from byline.precompiles.math._sum_tree_py import ADDRESS, HASH, NODE, PACKED
from byline.precompiles.math.call import CASCADE, METHODS
from byline.precompiles.math.dividing import divide, divide_chunk
from byline.precompiles.math.gas import BASE, MINIMUM, apportion_gas
from byline.precompiles.math.refusals import (
    MAX_RECIPIENTS,
    too_many_recipients,
    unknown_method,
    zero_weight,
)
from byline.precompiles.math.sum_tree import (
    Entry,
    SumNode,
    SumRoot,
    entries_of,
    proves,
    top,
    weights_of,
)
from byline.precompiles.math.tree_refusals import index_overflow, no_recipients, ragged_entries

READING: Final = 200
"""The six arguments of `verifyLeaf`, and the values made of them: 9 to 11 us, worth up to
1,080 gas with the base."""
LEAF_EACH: Final = 150
"""Two hashes: of the leaf, and of a node above."""
LEVEL_EACH: Final = 120
"""One hash, of the node above two."""
MOST_LEVELS: Final = 32
"""Of any tree: its n is below 2**32."""


def packed_argument(data: bytes, head: int, start: int) -> bytes:
    """Read the last argument, packed recipients, as far as their shape."""
    length = array_length(data, head, start)
    if length % PACKED:
        raise ragged_entries(length, PACKED)
    if length > PACKED * MAX_RECIPIENTS:
        raise too_many_recipients(length // PACKED)
    nothing_follows(data, end_of_bytes(data, start, length))
    return data[start + WORD : start + WORD + length]


@dataclass(frozen=True, slots=True)
class SettleCall:
    """What `settleRoot` was asked; the recipients are unread."""

    method: int
    amount: int
    packed: bytes

    @classmethod
    def read(cls, data: bytes) -> SettleCall:
        """Read the whole input; lines 1 to 4 of `tree_refusals`."""
        method = uint(data, SELECTOR, 8)
        amount = uint(data, SELECTOR + WORD, 128)
        packed = packed_argument(data, SELECTOR + 2 * WORD, SELECTOR + 3 * WORD)
        if method not in METHODS.values():
            raise unknown_method(method)
        return cls(method, amount, packed)


def settle_root_gas(data: bytes) -> int:
    """Return the gas for the input of `settleRoot`; takes any bytes."""
    try:
        call = SettleCall.read(data)
    except InvalidInput:
        return MINIMUM
    count = len(call.packed) // PACKED
    return apportion_gas(call.method, count) + LEAF_EACH * count


def run_settle_root(data: bytes) -> bytes:
    """Return root, total and number of the leaves that `apportion` gives."""
    call = SettleCall.read(data)
    shares = divide(call.method, call.amount, weights_of(call.packed))
    node = SumNode.decode(top(entries_of(call.packed, shares), 0))
    found = node.wrap(len(call.packed) // PACKED)
    return encode(found.root, found.total, found.count)


@dataclass(frozen=True, slots=True)
class ChunkCall:
    """What `settleRootChunk` was asked; the recipients are unread."""

    amount: int
    total: int
    """Sum of the weights of all chunks."""
    start: int
    """Sum of the weights of the chunks before."""
    first: int
    """Index of the first leaf."""
    packed: bytes

    @classmethod
    def read(cls, data: bytes) -> ChunkCall:
        """Read the whole input; lines 1 to 5 of `tree_refusals`."""
        widths = (128, 64, 64, 32)
        amount, total, start, first = (
            uint(data, SELECTOR + WORD * at, bits) for at, bits in enumerate(widths)
        )
        packed = packed_argument(data, SELECTOR + 4 * WORD, SELECTOR + 5 * WORD)
        count = len(packed) // PACKED
        if not count:
            raise no_recipients()
        if first + count > 2**32:
            raise index_overflow(first + count)
        if not total:
            raise zero_weight()
        return cls(amount, total, start, first, packed)


def settle_root_chunk_gas(data: bytes) -> int:
    """Return the gas for the input of `settleRootChunk`; takes any bytes."""
    try:
        count = len(ChunkCall.read(data).packed) // PACKED
    except InvalidInput:
        return MINIMUM
    return apportion_gas(CASCADE, count) + LEAF_EACH * count


def run_settle_root_chunk(data: bytes) -> bytes:
    """Return the top of the chunk's leaves, their sum, and the weights reached."""
    call = ChunkCall.read(data)
    words = weights_of(call.packed)
    # Weights of 8 bytes are never too wide, so the place that a refusal would name is unused.
    shares, end = divide_chunk(call.amount, call.total, call.start, words, 0)
    node = SumNode.decode(top(entries_of(call.packed, shares), call.first))
    return encode(node.hash, node.sum, end)


@dataclass(frozen=True, slots=True)
class VerifyCall:
    """What `verifyLeaf` was asked."""

    root: bytes
    total: int
    index: int
    entry: bytes
    """Address 20 || u128 amount."""
    proof: bytes

    @classmethod
    def read(cls, data: bytes) -> VerifyCall:
        """Read the whole input."""
        widths = (256, 128, 32, 160, 128)
        root, total, index, who, amount = (
            uint(data, SELECTOR + WORD * at, bits) for at, bits in enumerate(widths)
        )
        proof, end = bytes_argument(data, SELECTOR + 5 * WORD, SELECTOR + 6 * WORD)
        nothing_follows(data, end)
        entry = who.to_bytes(ADDRESS, "big") + amount.to_bytes(16, "big")
        return cls(root.to_bytes(HASH, "big"), total, index, entry, proof)


def verify_leaf_gas(data: bytes) -> int:
    """Return the gas for the input of `verifyLeaf`; takes any bytes."""
    try:
        levels = len(VerifyCall.read(data).proof) // NODE
    except InvalidInput:
        return MINIMUM
    return BASE + READING + LEVEL_EACH * min(levels, MOST_LEVELS)


def run_verify_leaf(data: bytes) -> bytes:
    """Return whether the proof shows the entry."""
    call = VerifyCall.read(data)
    return encode(int(proves(call.root, call.total, call.index, call.entry, call.proof)))


SETTLE_ROOT: Final = Function(
    name="settleRoot",
    inputs=(("uint8", "method"), ("uint128", "amount"), ("bytes", "packed")),
    outputs=(("bytes32", "root"), ("uint128", "total"), ("uint32", "n")),
    gas=settle_root_gas,
    run=run_settle_root,
    summary="divides `amount` and returns the root of the payouts' sum tree; "
    "`packed` is address 20 || weight u64 each, strictly ascending",
)

SETTLE_ROOT_CHUNK: Final = Function(
    name="settleRootChunk",
    inputs=(
        ("uint128", "amount"),
        ("uint64", "totalW"),
        ("uint64", "startC"),
        ("uint32", "startIndex"),
        ("bytes", "packed"),
    ),
    outputs=(("bytes32", "top"), ("uint128", "sum"), ("uint64", "endC")),
    gas=settle_root_chunk_gas,
    run=run_settle_root_chunk,
    summary="divides a part by cascade and returns the top of its part of the sum tree",
)

VERIFY_LEAF: Final = Function(
    name="verifyLeaf",
    inputs=(
        ("bytes32", "root"),
        ("uint128", "total"),
        ("uint32", "index"),
        ("address", "who"),
        ("uint128", "amt"),
        ("bytes", "proof"),
    ),
    outputs=(("bool", "proved"),),
    gas=verify_leaf_gas,
    run=run_verify_leaf,
    summary="whether `who` has `amt` at `index` of a sum tree; false for what does not fit",
)

FUNCTIONS: Final = (SETTLE_ROOT, SETTLE_ROOT_CHUNK, VERIFY_LEAF)


def encode_packed(recipients: Sequence[Entry]) -> bytes:
    """Encode (address, weight) as address 20 || u64 weight each, in the order given."""
    return b"".join(who + weight.to_bytes(8, "big") for who, weight in recipients)


def encode_settle_root(method: int, amount: int, packed: bytes) -> bytes:
    """Encode a call of `settleRoot`; also such a one as is refused."""
    return SETTLE_ROOT.selector + encode(method, amount, bytes_tail(packed))


def encode_settle_root_chunk(
    amount: int, total: int, start: int, first: int, packed: bytes
) -> bytes:
    """Encode a call of `settleRootChunk`; also such a one as is refused."""
    return SETTLE_ROOT_CHUNK.selector + encode(amount, total, start, first, bytes_tail(packed))


def encode_verify_leaf(
    root: bytes, total: int, index: int, who: bytes, amount: int, proof: bytes
) -> bytes:
    """Encode a call of `verifyLeaf`; also such a one as is refused."""
    address = int.from_bytes(who, "big")
    return VERIFY_LEAF.selector + encode(root, total, index, address, amount, bytes_tail(proof))


def settle_root(method: int, amount: int, recipients: Sequence[Entry]) -> SumRoot:
    """Return the root of what `amount` divides into; recipients are (address, weight).

    Raises `InvalidInput` for what the chain would refuse too.
    """
    output = run_settle_root(encode_settle_root(method, amount, encode_packed(recipients)))
    total, count = (int.from_bytes(output[at : at + WORD], "big") for at in (WORD, 2 * WORD))
    return SumRoot(output[:WORD], total, count)


def settle_root_chunk(
    amount: int, total: int, start: int, first: int, recipients: Sequence[Entry]
) -> tuple[SumNode, int]:
    """Return the top of a chunk's leaves, and the weights reached; `first` is its index.

    `total` is the sum of all weights of all chunks, `start` that of the chunks before.
    Raises `InvalidInput` for what the chain would refuse too.
    """
    data = encode_settle_root_chunk(amount, total, start, first, encode_packed(recipients))
    output = run_settle_root_chunk(data)
    reached, end = (int.from_bytes(output[at : at + WORD], "big") for at in (WORD, 2 * WORD))
    return SumNode(output[:WORD], reached), end
