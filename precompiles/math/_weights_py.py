"""The reference of weights: whole numbers from scores and ages, the same on any machine.

**relu** is the default: a score counts if it speaks for the source, max(s, 0).

**softmax** gives 2**((s - max) / T * log2 e) in units of 2**-32, so the best has 2**32; scores
and the temperature T are in units of 2**-16.  Adding the same to all scores changes nothing,
and a higher score never weighs less.  What is 32 binary orders behind the best weighs 1, and
beyond that 0: at a small T all but the best may.

**decay** halves a weight with every half-life of its age: floor(w * 2**(-age / H)).  An older
one never weighs more, and a heavier one never less.

Both rest on one power, of a number x >= 0 in units of 2**-32, always rounded up to one:

    2**-x = 2**-k * 2**g,    k = ceil(x),  0 <= g < 1

where 2**g is the product of 2**(1/2), 2**(1/4), ... for the bits of g, the highest first.
Factors and products are in units of 2**-63 and rounded down after each step, so they fit 64
bits and never reach 2.  An error of 32 such units is far below one step of x, so the power
falls with x; the last rounding is down too.
"""

from __future__ import annotations

from typing import Final

from byline.precompiles.abi import WORD
from byline.precompiles.math._core_py import read_widths, to_words
from byline.precompiles.math.refusals import wide_age, wide_score

ONE: Final = 2**63
"""1, in the unit of the factors."""

LOG2E: Final = 6653256548922161245
"""floor(log2(e) * 2**62)."""

ROOTS: Final = (
    13043817825332782212,
    10968499650544839023,
    10058158527438640870,
    9631725603661576980,
    9425337585438007767,
    9323807973325342579,
    9273454034941487980,
    9248379135337035440,
    9235867122425417552,
    9229617465154500136,
    9226494222562136016,
    9224932997620185949,
    9224152484218207414,
    9223762252282022472,
    9223567142504825507,
    9223469589163912706,
    9223420812880372951,
    9223396424835331638,
    9223384230836993048,
    9223378133843869260,
    9223375085348818742,
    9223373561101671327,
    9223372798978192080,
    9223372417916476072,
    9223372227385623972,
    9223372132120199398,
    9223372084487487480,
    9223372060671131613,
    9223372048762953702,
    9223372042808864753,
    9223372039831820280,
    9223372038343298044,
)
"""floor(2**(2**-j) * 2**63) for j of 1..32."""


def relu(words: bytes, start: int) -> bytes:
    """Return the positive parts of the scores in `words`, as words.

    Raises refusal 12 of `refusals`, for an input that has the first score at byte `start`.
    """
    return to_words([max(score, 0) for score in read_scores(words, start)])


def softmax(words: bytes, temperature: int, start: int) -> bytes:
    """Return the softmax of the scores in `words` at `temperature` (2**-16), as words.

    Raises refusal 12 of `refusals`, for an input that has the first score at byte `start`.
    """
    scores = read_scores(words, start)
    best = max(scores, default=0)
    return to_words([of_gap(best - score, temperature) for score in scores])


def of_gap(gap: int, temperature: int) -> int:
    """Return what a score weighs that is `gap` below the best."""
    # log2(e) is in units of 2**-62 and x in units of 2**-32: 30 bits between them.
    x = -(-gap * LOG2E // (temperature << 30))
    whole, root = power(x)
    return root >> whole >> 31


def decay(words: bytes, ages: bytes, half_life: int, start: int) -> bytes:
    """Return the weights in `words` after the `ages` in words, as words.

    Raises refusal 12 of `refusals`, for an input that has the first weight at byte `start`
    and the first age a word behind the last weight.
    """
    weights = read_widths(words, start)
    aged = []
    for weight, age in zip(weights, read_ages(ages, start + len(words) + WORD), strict=True):
        whole, root = power(-(-(age << 32) // half_life))
        aged.append(weight * root >> whole >> 63)
    return to_words(aged)


def power(x: int) -> tuple[int, int]:
    """Return k and 2**g * 2**63 with 2**-x = 2**-k * 2**g, for x >= 0 in units of 2**-32."""
    whole = -(-x >> 32)
    bits = (whole << 32) - x
    root = ONE
    for place, factor in enumerate(ROOTS):
        if bits >> (31 - place) & 1:
            root = root * factor >> 63
    return whole, root


def read_scores(words: bytes, start: int) -> list[int]:
    """Read the scores, and refuse one beyond int64."""
    scores = [
        int.from_bytes(words[at : at + WORD], "big", signed=True)
        for at in range(0, len(words), WORD)
    ]
    for index, score in enumerate(scores):
        if not -(2**63) <= score < 2**63:
            raise wide_score(index, start)
    return scores


def read_ages(words: bytes, start: int) -> list[int]:
    """Read the ages, and refuse one above uint32."""
    ages = [int.from_bytes(words[at : at + WORD], "big") for at in range(0, len(words), WORD)]
    for index, age in enumerate(ages):
        if age >= 2**32:
            raise wide_age(index, start)
    return ages
