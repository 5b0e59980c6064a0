"""A model's datasets, and where in them some tokens stand: by binary search, never by scanning.

All lookups trust the suffix arrays.  A watcher that has not built them itself asks
`check_dataset` first.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Final

from byline.derivation.hashing import ZERO_ADDRESS, keccak256
from byline.node.attribution.dataset import Dataset
from byline.node.attribution.suffix_array import DEPTH
from byline.node.attribution.tokens import TOKEN_BYTES, encode_tokens

MOST_DATASETS: Final = 4
DEFAULT_MIN_LENGTH: Final = 5
MOST_MIN_LENGTH: Final = DEPTH

ENGINE: Final = b"byline spans v1"
"""Names the rule; its hash and the shortest span make the engine's id."""


@dataclass(frozen=True, slots=True)
class SuffixRange:
    """The entries `lo` to `hi - 1` of a dataset's suffix array: all that start with a span."""

    dataset: int
    lo: int
    hi: int

    @property
    def count(self) -> int:
        """How often the dataset has the span."""
        return self.hi - self.lo


@dataclass(frozen=True, slots=True)
class Match:
    """Tokens that a dataset has word for word."""

    dataset: int
    pos: int
    """Position in the dataset's tokens."""
    length: int
    """In tokens, at most 64."""


@dataclass(frozen=True, slots=True, eq=False)
class Corpus:
    """What a model was made of, and the parameters of its attribution.

    Raises `ValueError` unless there are 1 to 4 datasets of ascending ids, a shortest span of
    1 to 64 tokens and a fallback of 20 bytes.
    """

    datasets: tuple[Dataset, ...]
    min_length: int = DEFAULT_MIN_LENGTH
    """Tokens of the shortest span that counts."""
    fallback: bytes = ZERO_ADDRESS
    """Who is paid for an output without spans."""
    absent: tuple[int, ...] = ()
    """Ids of the model's datasets that are not at hand."""
    registered: int = 0
    """Tokens that the model was registered with; 0 for those of the datasets at hand."""
    total: int = field(init=False)
    """Tokens of all datasets together: N."""

    def __post_init__(self) -> None:
        ids = [dataset.id for dataset in self.datasets]
        ascending = all(before < after for before, after in pairwise(ids))
        if not 1 <= len(ids) <= MOST_DATASETS or not ascending:
            raise ValueError(f"datasets {ids}: want 1 to {MOST_DATASETS} of ascending ids")
        if not 1 <= self.min_length <= MOST_MIN_LENGTH:
            raise ValueError(f"shortest span {self.min_length}: want 1 to {MOST_MIN_LENGTH}")
        if len(self.fallback) != 20:
            raise ValueError(f"fallback of {len(self.fallback)} bytes: want an address of 20")
        object.__setattr__(self, "total", self.registered or sum(map(len, self.datasets)))

    def dataset(self, number: int) -> Dataset | None:
        """Return the dataset of that id, or `None` where the model has none."""
        return next((one for one in self.datasets if one.id == number), None)

    def longest(self, tokens: Sequence[int]) -> Match | None:
        """Return the longest start of `tokens` that any dataset has, or `None` for none.

        Of equally long ones that of the lowest dataset; which of its places is not defined.
        Only the first 64 tokens count.
        """
        window = encode_tokens(tokens[:DEPTH])
        matches = [longest_match(dataset, window) for dataset in self.datasets]
        best = max(matches, key=lambda match: match.length)
        return best if best.length else None

    def ranges(self, tokens: Sequence[int]) -> tuple[SuffixRange, ...]:
        """Return where the datasets have all of `tokens` (1 to 64), by ascending id."""
        key = encode_tokens(tokens)
        found = (suffix_range(dataset, key) for dataset in self.datasets)
        return tuple(one for one in found if one.count)


def longest_match(dataset: Dataset, window: bytes) -> Match:
    """Return the longest start of `window` (a token string) in `dataset`; its length may be 0.

    It is common with a neighbour of the place where `window` would be sorted in.
    """
    order, tokens, size = dataset.suffix_array.data, dataset.token_bytes, len(window)

    def key(pos: int) -> bytes:
        return tokens[TOKEN_BYTES * pos : TOKEN_BYTES * pos + size]

    middle = bisect_left(order, window, key=key)
    best = Match(dataset.id, 0, 0)
    for index in (middle - 1, middle):
        if 0 <= index < len(order):
            length = _common(key(order[index]), window)
            if length > best.length:
                best = Match(dataset.id, order[index], length)
    return best


def suffix_range(dataset: Dataset, key: bytes) -> SuffixRange:
    """Return the entries whose suffixes start with `key`, a token string of 1 to 64 tokens."""
    order, tokens, size = dataset.suffix_array.data, dataset.token_bytes, len(key)

    def start(pos: int) -> bytes:
        return tokens[TOKEN_BYTES * pos : TOKEN_BYTES * pos + size]

    lo = bisect_left(order, key, key=start)
    return SuffixRange(dataset.id, lo, bisect_right(order, key, lo=lo, key=start))


def engine_id(min_length: int = DEFAULT_MIN_LENGTH) -> bytes:
    """Return the 32 bytes that a model names its engine by."""
    return keccak256(ENGINE)[:30] + min_length.to_bytes(2, "big")


def min_length_of(engine: bytes) -> int:
    """Return the shortest span of an engine id; `ValueError` for another engine's."""
    min_length = int.from_bytes(engine[30:], "big")
    if not 1 <= min_length <= MOST_MIN_LENGTH or engine != engine_id(min_length):
        raise ValueError(f"engine id 0x{engine.hex()} is none of {ENGINE.decode()!r}")
    return min_length


def _common(left: bytes, right: bytes) -> int:
    """Return how many tokens two token strings share at the start."""
    size = min(len(left), len(right))
    differing = int.from_bytes(left[:size], "big") ^ int.from_bytes(right[:size], "big")
    return (8 * size - differing.bit_length()) // (8 * TOKEN_BYTES)
