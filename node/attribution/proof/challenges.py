"""Challenges: what the ledger is shown to prove a record, a batch or a dataset wrong.

`InferenceLedger.challenge(subject, kind, data)` takes a batch's id (of kind 5 a dataset's) and
`encode()` of one of these: the ABI encoding of the fields, in their order, as arguments.

    Shown    (uint64 index, bytes record, bytes proof)        a record of the batch
    Opening  (uint64 first, bytes[] chunks, bytes[] proofs)   one or two neighbouring chunks;
                                                              none where it is not needed

    1 FalseSpan      Shown, bytes leaf, uint64 leafIndex, bytes leafProof, bytes output,
                     Opening tokens, Opening suffix
    2 LongerMatch    Shown, bytes output, bytes leaves, uint32 outPos, uint32 length,
                     uint32 dataset, uint32 pos, Opening tokens
    3 WrongOwner     Shown, bytes leaf, uint64 leafIndex, bytes leafProof, Opening owner
    4 WrongCount     Shown, bytes output, bytes leaves, uint8 edge, uint32 leafIndex,
                     uint32 dataset, uint32 pos, Opening suffix, Opening tokens
    5 BadDataset     uint8 form, uint64 index, Opening suffix, Opening left, Opening right,
                     Opening owners
    6 WrongWeights   Shown, bytes leaves, bytes owners
    7 NotSettled     nothing: a final batch that nobody settled in time
      Underpaid      address owner, bytes records, bytes shares,
                     (uint32 index, address who, uint128 amount, bytes proof)[] entries,
                     (uint32 n, uint128 total, bytes32 top) header
    8 WrongPayouts   bytes records, bytes counts, bytes lists, bytes places, bytes merged

What each has to show is said at the functions of ChallengeVerifier and PayoutVerifier.
"""

from __future__ import annotations

import struct
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any, ClassVar, Final

from eth_abi.abi import encode

from byline.derivation.hashing import ZERO_ADDRESS
from byline.node.attribution.dataset import Opening
from byline.node.attribution.encoding import (
    EvidenceLeaf,
    Points,
    RecordLeaf,
    encode_evidence,
    encode_packed,
)

NO_OPENING: Final = Opening(0, (), ())
MOST_LISTED: Final = 1500
"""Entries of all lists of a `WrongPayouts` together: with 200 records, and each entry of another
owner, they are about as long as a transaction may be (131,072 bytes)."""

_SHOWN: Final = "(uint64,bytes,bytes)"
_OPENING: Final = "(uint64,bytes[],bytes[])"
_SHARE: Final = struct.Struct(">HI16sH")


@dataclass(frozen=True, slots=True)
class Shown:
    """A record and the proof that its batch has it."""

    index: int
    record: RecordLeaf
    proof: bytes

    def _values(self) -> tuple[Any, ...]:
        return self.index, self.record.encode(), self.proof


@dataclass(frozen=True, slots=True)
class ShownLeaf:
    """An evidence leaf and the proof that its record has it."""

    index: int
    leaf: EvidenceLeaf
    proof: bytes


def _opening(opening: Opening) -> tuple[Any, ...]:
    return opening.first, list(opening.chunks), list(opening.proofs)


@dataclass(frozen=True, slots=True)
class FalseSpan:
    """A leaf's span is not where it says; what is not needed stays empty."""

    kind: ClassVar[int] = 1
    record: Shown
    leaf: ShownLeaf
    output: bytes = b""
    """The token string."""
    tokens: Opening = NO_OPENING
    """The dataset's tokens at the leaf's position, as many as the span has."""
    suffix: Opening = NO_OPENING
    """The suffix array at the leaf's entry."""

    def encode(self) -> bytes:
        """Return the challenge's data."""
        return encode(
            [_SHOWN, "bytes", "uint64", "bytes", "bytes", _OPENING, _OPENING],
            [
                self.record._values(),
                self.leaf.leaf.encode(),
                self.leaf.index,
                self.leaf.proof,
                self.output,
                _opening(self.tokens),
                _opening(self.suffix),
            ],
        )


@dataclass(frozen=True, slots=True)
class LongerMatch:
    """A dataset has `length` tokens of the output from `out_pos` on, the record fewer or none."""

    kind: ClassVar[int] = 2
    record: Shown
    output: bytes
    leaves: tuple[EvidenceLeaf, ...]
    out_pos: int
    length: int
    dataset: int
    pos: int
    tokens: Opening
    """The dataset's tokens from `pos` on, `length` of them."""

    def encode(self) -> bytes:
        """Return the challenge's data."""
        return encode(
            [_SHOWN, "bytes", "bytes", *["uint32"] * 4, _OPENING],
            [
                self.record._values(),
                self.output,
                encode_evidence(self.leaves),
                self.out_pos,
                self.length,
                self.dataset,
                self.pos,
                _opening(self.tokens),
            ],
        )


@dataclass(frozen=True, slots=True)
class WrongOwner:
    """A leaf's position belongs to somebody else."""

    kind: ClassVar[int] = 3
    record: Shown
    leaf: ShownLeaf
    owner: Opening
    """The one range that holds the position."""

    def encode(self) -> bytes:
        """Return the challenge's data."""
        return encode(
            [_SHOWN, "bytes", "uint64", "bytes", _OPENING],
            [
                self.record._values(),
                self.leaf.leaf.encode(),
                self.leaf.index,
                self.leaf.proof,
                _opening(self.owner),
            ],
        )


class Edge(IntEnum):
    """What a `WrongCount` shows of a leaf's range [lo, hi)."""

    BEFORE_FIRST = 0
    """Entry lo - 1 has the span."""
    FIRST = 1
    """Entry lo has it not."""
    LAST = 2
    """Entry hi - 1 has it not."""
    BEHIND_LAST = 3
    """Entry hi has it."""
    OTHER_DATASET = 4
    """A dataset without a leaf for the span has it at `pos`."""


@dataclass(frozen=True, slots=True)
class WrongCount:
    """A leaf's range is not all that has its span, or a dataset is left out.

    A range that is empty, or ends behind the dataset, needs no opening, whatever the edge.
    """

    kind: ClassVar[int] = 4
    record: Shown
    output: bytes
    leaves: tuple[EvidenceLeaf, ...]
    edge: Edge
    leaf_index: int
    dataset: int = 0
    """Of `OTHER_DATASET`, and `pos` too."""
    pos: int = 0
    suffix: Opening = NO_OPENING
    """The suffix array at the entry that the edge names."""
    tokens: Opening = NO_OPENING
    """The tokens at the position there, or at `pos`, as many as the span has; none are needed
    where that would be beyond the dataset's end."""

    def encode(self) -> bytes:
        """Return the challenge's data."""
        return encode(
            [_SHOWN, "bytes", "bytes", "uint8", *["uint32"] * 3, _OPENING, _OPENING],
            [
                self.record._values(),
                self.output,
                encode_evidence(self.leaves),
                self.edge,
                self.leaf_index,
                self.dataset,
                self.pos,
                _opening(self.suffix),
                _opening(self.tokens),
            ],
        )


class DatasetFault(IntEnum):
    """What a `BadDataset` shows."""

    ORDER = 0
    """Entries `index` and `index` + 1 of the suffix array are in the wrong order, with the
    first 64 tokens at both; or one of them is out of range, and no tokens are needed."""
    OWNERS = 1
    """A range, or two neighbours, that leave a gap, overlap or are empty; or their number."""
    TOKENS_SHAPE = 2
    """A chunk of the tokens (`left`) of a wrong size, or a wrong number of them."""
    SUFFIXES_SHAPE = 3
    """The same of the suffix array (`suffix`)."""


@dataclass(frozen=True, slots=True)
class BadDataset:
    """What a dataset commits to is no dataset.  The subject is the dataset's id."""

    kind: ClassVar[int] = 5
    form: DatasetFault
    index: int = 0
    suffix: Opening = NO_OPENING
    left: Opening = NO_OPENING
    right: Opening = NO_OPENING
    owners: Opening = NO_OPENING

    def encode(self) -> bytes:
        """Return the challenge's data."""
        openings = (self.suffix, self.left, self.right, self.owners)
        return encode(
            ["uint8", "uint64", *[_OPENING] * 4],
            [self.form, self.index, *map(_opening, openings)],
        )


@dataclass(frozen=True, slots=True)
class WrongWeights:
    """Leaves, their weights or the points are not as the rule makes them."""

    kind: ClassVar[int] = 6
    record: Shown
    leaves: tuple[EvidenceLeaf, ...]
    """All of them."""

    def encode(self) -> bytes:
        """Return the challenge's data."""
        owners = sorted({leaf.owner for leaf in self.leaves})
        return encode(
            [_SHOWN, "bytes", "bytes"],
            [self.record._values(), encode_evidence(self.leaves), b"".join(owners)],
        )


@dataclass(frozen=True, slots=True)
class NotSettled:
    """A batch is final, and nobody settled it within the settle window."""

    kind: ClassVar[int] = 7

    def encode(self) -> bytes:
        """Return the challenge's data: none."""
        return b""


@dataclass(frozen=True, slots=True)
class Share:
    """The points of an owner in one record, as its weights root has them."""

    record: int
    """Index of the record in the batch."""
    leaf: int
    """Index in the record's list of points."""
    points: int
    proof: bytes
    """Of the sum tree."""

    def encode(self) -> bytes:
        """Return record u16, leaf u32, points u128, bytes of the proof u16, the proof."""
        points = self.points.to_bytes(16, "big")
        return _SHARE.pack(self.record, self.leaf, points, len(self.proof)) + self.proof


@dataclass(frozen=True, slots=True)
class PayoutEntry:
    """An entry of a batch's list of payouts."""

    index: int
    who: bytes
    amount: int
    proof: bytes
    """Of the sum tree."""


@dataclass(frozen=True, slots=True)
class PayoutHeader:
    """What a batch's payout root is the hash of."""

    n: int = 0
    total: int = 0
    top: bytes = bytes(32)
    """Hash of the topmost node; zero stands for no header."""


@dataclass(frozen=True, slots=True)
class Underpaid:
    """A batch pays an owner less than its records say, or its payouts do not fit its sums.

    With a header only that is judged.
    """

    kind: ClassVar[int] = 7
    owner: bytes = ZERO_ADDRESS
    records: tuple[RecordLeaf, ...] = ()
    """All of the batch."""
    shares: tuple[Share, ...] = ()
    """Of the owner, by ascending record."""
    entries: tuple[PayoutEntry, ...] = ()
    """The owner's; or, where it has none, the two neighbours, the first or the last."""
    header: PayoutHeader = field(default_factory=PayoutHeader)

    def encode(self) -> bytes:
        """Return the challenge's data."""
        entries = [(one.index, one.who, one.amount, one.proof) for one in self.entries]
        return encode(
            [
                "address",
                "bytes",
                "bytes",
                "(uint32,address,uint128,bytes)[]",
                "(uint32,uint128,bytes32)",
            ],
            [
                self.owner,
                _records(self.records),
                b"".join(share.encode() for share in self.shares),
                entries,
                (self.header.n, self.header.total, self.header.top),
            ],
        )


@dataclass(frozen=True, slots=True)
class WrongPayouts:
    """The points of all records, added up, are not the payouts; needs no list of payouts."""

    kind: ClassVar[int] = 8
    records: tuple[RecordLeaf, ...]
    """All of the batch."""
    lists: tuple[Points, ...]
    """The points of each record, which its weights root commits to; 1,500 entries at most."""

    def encode(self) -> bytes:
        """Return the challenge's data; `ValueError` for more entries than one can judge."""
        entries = [entry for one in self.lists for entry in one]
        if len(entries) > MOST_LISTED:
            raise ValueError(f"{len(entries)} points in all lists: want at most {MOST_LISTED}")
        owners = sorted({owner for owner, _ in entries})
        sums = [0] * len(owners)
        places = [bisect_left(owners, owner) for owner, _ in entries]
        for place, (_, amount) in zip(places, entries, strict=True):
            sums[place] += amount
        return encode(
            ["bytes"] * 5,
            [
                _records(self.records),
                _shorts([len(one) for one in self.lists]),
                b"".join(map(encode_packed, self.lists)),
                _shorts(places),
                encode_packed(tuple(zip(owners, sums, strict=True))),
            ],
        )


Challenge = (
    FalseSpan
    | LongerMatch
    | WrongOwner
    | WrongCount
    | BadDataset
    | WrongWeights
    | NotSettled
    | Underpaid
    | WrongPayouts
)
"""Anything that the ledger takes for a proof."""


def _records(records: Sequence[RecordLeaf]) -> bytes:
    return b"".join(record.encode() for record in records)


def _shorts(numbers: Sequence[int]) -> bytes:
    return struct.pack(f">{len(numbers)}H", *numbers)
