"""Why the functions on trees refuse, and which reason wins.

The order is part of each function, equal in reference, kernel and contract twin.  It goes on
where `refusals` leaves off: the selector has been read, and the first line that applies wins.

`settleRoot(uint8 method,uint128 amount,bytes packed)`

    1   method: word missing, or above uint8                MalformedInput(4)
    2   amount: word missing, or above uint128              MalformedInput(36)
    3   packed: the head, the length, whole entries of 28   see `bytes` below
    4   method not known                                    UnknownMethod(method)
    5   an address not above the one before, the first      NotAscending(its index)
    6   the weights sum to 2**64 or more                    WeightOverflow(sum)
    7   the weights sum to 0, or there are none             ZeroWeight()

`settleRootChunk(uint128 amount,uint64 totalW,uint64 startC,uint32 startIndex,bytes packed)`

    1   the four words, each missing or too wide            MalformedInput(4, 36, 68, 100)
    2   packed                                              see `bytes` below
    3   no entries                                          NoRecipients()
    4   startIndex + entries above 2**32                    IndexOverflow(that sum)
    5   totalW of 0                                         ZeroWeight()
    6   an address not above the one before, the first      NotAscending(its index)
    7   startC + the weights above totalW                   WeightOverflow(that sum)

`verifyLeaf(bytes32 root,uint128 total,uint32 index,address who,uint128 amt,bytes proof)`

    1   the five words, each missing or too wide            MalformedInput(4, 36, ... 132)
    2   proof: the head, the length, the bytes              MalformedInput(its word)
        and whatever else does not fit is `false`, not a refusal

`payoutTree(uint128 amount,bytes nodes,bytes edges)`

    1   amount: word missing, or above uint128              MalformedInput(4)
    2   nodes: whole entries of 2                           see `bytes` below
    3   edges: whole entries of 8                           see `bytes` below
    4   no nodes                                            NoRecipients()
    5   a share above 10,000 basis points, the first        BadBps(the share)
    6   an edge not above the one before, or                NotAscending(its index)
        parent < child < V and weight > 0 do not hold;      BadTree(its index)
        the first edge at fault, in this order

`bytes`, an argument of entries: the offset must be right behind what comes before, then the
length must be whole entries (`RaggedEntries(length)`), then at most the bound
(`TooManyRecipients`, `TooManyNodes`, `TooManyEdges`, with the number of entries), then the
bytes must be there, padded with zeros to a whole word.  Nothing follows the last argument.
"""

from __future__ import annotations

from typing import Final

from byline.precompiles.errors import CustomError, InvalidInput
from byline.precompiles.math.refusals import BAD_BPS

MAX_NODES: Final = 1024
"""Bound on the nodes of a payout tree."""
MAX_EDGES: Final = 4096
"""Bound on the edges of a payout tree."""

NOT_ASCENDING: Final = CustomError("NotAscending(uint256)")
RAGGED_ENTRIES: Final = CustomError("RaggedEntries(uint256)")
NO_RECIPIENTS: Final = CustomError("NoRecipients()")
INDEX_OVERFLOW: Final = CustomError("IndexOverflow(uint256)")
TOO_MANY_NODES: Final = CustomError("TooManyNodes(uint256)")
TOO_MANY_EDGES: Final = CustomError("TooManyEdges(uint256)")
BAD_TREE: Final = CustomError("BadTree(uint256)")

ERRORS: Final = (
    NOT_ASCENDING,
    RAGGED_ENTRIES,
    NO_RECIPIENTS,
    INDEX_OVERFLOW,
    TOO_MANY_NODES,
    TOO_MANY_EDGES,
    BAD_TREE,
)
"""Those of the functions on trees alone."""


def not_ascending(index: int) -> InvalidInput:
    """Return the refusal of entry `index`, which does not exceed the one before."""
    return NOT_ASCENDING.refuse(
        f"entry {index} is not above entry {index - 1}: sort strictly ascending", index
    )


def ragged_entries(length: int, size: int) -> InvalidInput:
    """Return the refusal of `length` bytes that should be whole entries of `size`."""
    return RAGGED_ENTRIES.refuse(f"{length} bytes are not whole entries of {size}", length)


def no_recipients() -> InvalidInput:
    """Return the refusal of an empty list."""
    return NO_RECIPIENTS.refuse("the list is empty: nobody to pay")


def index_overflow(end: int) -> InvalidInput:
    """Return the refusal of leaves up to index `end`."""
    return INDEX_OVERFLOW.refuse(f"the leaves end at {end}, and an index is below 2**32", end)


def too_many_nodes(count: int) -> InvalidInput:
    """Return the refusal of `count` nodes."""
    return TOO_MANY_NODES.refuse(f"{count} nodes, and one call takes {MAX_NODES}", count)


def too_many_edges(count: int) -> InvalidInput:
    """Return the refusal of `count` edges."""
    return TOO_MANY_EDGES.refuse(f"{count} edges, and one call takes {MAX_EDGES}", count)


def bad_bps(share: int) -> InvalidInput:
    """Return the refusal of a node that keeps `share` basis points."""
    return BAD_BPS.refuse(f"a node keeps {share} basis points: want 10,000 at most", share)


def bad_tree(index: int) -> InvalidInput:
    """Return the refusal of edge `index`."""
    return BAD_TREE.refuse(
        f"edge {index}: want parent < child < number of nodes, and a weight above 0", index
    )
