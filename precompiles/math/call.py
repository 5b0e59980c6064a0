"""The input of the functions that divide and weigh: read as far as its shape, before any loop.

Elements of arrays stay words, unread; `start` is where the first one lies in the input, for
refusals that name it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from byline.precompiles.abi import (
    SELECTOR,
    WORD,
    array_length,
    end_of_words,
    nothing_follows,
    uint,
)
from byline.precompiles.math.refusals import (
    MAX_RECIPIENTS,
    MOST_BPS,
    WEIGHTS_AT,
    bad_bps,
    length_mismatch,
    too_many_recipients,
    unknown_method,
    zero_half_life,
    zero_temperature,
    zero_weight,
)

CASCADE: Final = 0
HAMILTON: Final = 1
WEBSTER: Final = 2
DHONDT: Final = 3
ADAMS: Final = 4
METHODS: Final = {
    "cascade": CASCADE,
    "hamilton": HAMILTON,
    "webster": WEBSTER,
    "dhondt": DHONDT,
    "adams": ADAMS,
}
"""Methods by name, as models choose them."""


@dataclass(frozen=True, slots=True)
class Words:
    """The elements of an array, 32 bytes each, at most `MAX_RECIPIENTS`."""

    words: bytes
    start: int
    """Byte offset of the first one in the input."""

    @property
    def count(self) -> int:
        """Number of elements."""
        return len(self.words) // WORD

    @property
    def end(self) -> int:
        """Byte offset behind the last one."""
        return self.start + len(self.words)


@dataclass(frozen=True, slots=True)
class ApportionCall:
    """What `apportion` was asked."""

    method: int
    """One of `METHODS`."""
    amount: int
    """What is divided, below 2**128 (wei)."""
    words: bytes
    """The weights, 32 bytes each, at most `MAX_RECIPIENTS`."""

    @property
    def count(self) -> int:
        """Number of recipients."""
        return len(self.words) // WORD


@dataclass(frozen=True, slots=True)
class ChunkCall:
    """What `apportionChunk` was asked."""

    amount: int
    """What all chunks together divide, below 2**128 (wei)."""
    total: int
    """The sum of all weights of all chunks, 1..2**64-1."""
    reached: int
    """The sum of the weights before this chunk, below 2**64."""
    weights: Words


@dataclass(frozen=True, slots=True)
class CapFloorCall:
    """What `capFloor` was asked."""

    amount: int
    """What is divided, below 2**128 (wei)."""
    weights: Words
    min_pay: int
    """The least that is paid to anyone, below 2**128 (wei)."""
    max_bps: int
    """The most that is paid to anyone, 0..10000 basis points of the amount."""


@dataclass(frozen=True, slots=True)
class SoftmaxCall:
    """What `softmax` was asked."""

    scores: Words
    temperature: int
    """1..2**32-1, in units of 2**-16."""


@dataclass(frozen=True, slots=True)
class DecayCall:
    """What `decay` was asked."""

    weights: Words
    ages: Words
    """As many as weights."""
    half_life: int
    """1..2**32-1, in the unit of the ages."""


def read_call(data: bytes) -> ApportionCall:
    """Read the whole input of `apportion`; lines 4 to 10 of `refusals`."""
    method = uint(data, SELECTOR, 8)
    amount = uint(data, SELECTOR + WORD, 128)
    weights = _words(data, SELECTOR + 2 * WORD, WEIGHTS_AT - WORD)
    nothing_follows(data, weights.end)
    if method not in METHODS.values():
        raise unknown_method(method)
    return ApportionCall(method, amount, weights.words)


def read_chunk(data: bytes) -> ChunkCall:
    """Read the whole input of `apportionChunk`; lines 4 to 10 of `refusals`."""
    amount = uint(data, SELECTOR, 128)
    total = uint(data, SELECTOR + WORD, 64)
    reached = uint(data, SELECTOR + 2 * WORD, 64)
    weights = _words(data, SELECTOR + 3 * WORD, SELECTOR + 4 * WORD)
    nothing_follows(data, weights.end)
    if total == 0:
        raise zero_weight()
    return ChunkCall(amount, total, reached, weights)


def read_cap_floor(data: bytes) -> CapFloorCall:
    """Read the whole input of `capFloor`; lines 4 to 10 of `refusals`."""
    amount = uint(data, SELECTOR, 128)
    weights = _words(data, SELECTOR + WORD, SELECTOR + 4 * WORD)
    min_pay = uint(data, SELECTOR + 2 * WORD, 128)
    max_bps = uint(data, SELECTOR + 3 * WORD, 16)
    nothing_follows(data, weights.end)
    if max_bps > MOST_BPS:
        raise bad_bps(max_bps)
    return CapFloorCall(amount, weights, min_pay, max_bps)


def read_relu(data: bytes) -> Words:
    """Read the whole input of `relu`, its scores; lines 4 to 9 of `refusals`."""
    scores = _words(data, SELECTOR, SELECTOR + WORD)
    nothing_follows(data, scores.end)
    return scores


def read_softmax(data: bytes) -> SoftmaxCall:
    """Read the whole input of `softmax`; lines 4 to 10 of `refusals`."""
    scores = _words(data, SELECTOR, SELECTOR + 2 * WORD)
    temperature = uint(data, SELECTOR + WORD, 32)
    nothing_follows(data, scores.end)
    if temperature == 0:
        raise zero_temperature()
    return SoftmaxCall(scores, temperature)


def read_decay(data: bytes) -> DecayCall:
    """Read the whole input of `decay`; lines 4 to 11 of `refusals`."""
    weights = _words(data, SELECTOR, SELECTOR + 3 * WORD)
    ages = _words(data, SELECTOR + WORD, weights.end)
    half_life = uint(data, SELECTOR + 2 * WORD, 32)
    nothing_follows(data, ages.end)
    if half_life == 0:
        raise zero_half_life()
    if weights.count != ages.count:
        raise length_mismatch(weights.count, ages.count)
    return DecayCall(weights, ages, half_life)


def _words(data: bytes, head: int, start: int) -> Words:
    """Read the array whose offset is at `head` and which must lie at `start`."""
    count = array_length(data, head, start)
    if count > MAX_RECIPIENTS:
        raise too_many_recipients(count)
    end = end_of_words(data, start, count)
    return Words(data[start + WORD : end], start + WORD)
