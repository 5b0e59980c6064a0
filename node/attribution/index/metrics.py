"""How a model is used, from what is on record: real demand, and what looks like noise.

All figures are exact: sums are wei, ratios fractions.  Every rule by which something counts as
noise stands in `Badge` and `Noise`, with its bound.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from fractions import Fraction
from itertools import pairwise
from typing import Final

from byline.node.attribution.index.funding import Link, Transfer, linked, main_source

DAY: Final = 86_400
ENOUGH: Final = 10
"""Answers from which on the distances between them mean something."""


@dataclass(frozen=True, slots=True)
class Paid:
    """An answer that was paid for."""

    batch: int
    index: int
    payer: bytes
    request: bytes
    """Hash of what was asked."""
    fee: int
    """Wei."""
    least_fee: int
    """What the model's policy asks at least."""
    timestamp: int
    mates: int
    """Answers in the same batch."""
    same_payer: bool
    """Whether one payer paid for all answers of the batch."""


@dataclass(frozen=True, slots=True)
class Usage:
    """What the metrics of a model in a range of blocks are made of."""

    answers: Sequence[Paid]
    """In order, without those of void batches."""
    before: frozenset[bytes]
    """Who had paid for an answer of the model before the range."""
    insiders: frozenset[bytes]
    """The model's owner, operator, fallback, treasury, contributors and stakers."""
    earned: Mapping[bytes, int]
    """Wei that the batches of these answers gave to each address so far."""
    transfers: Sequence[Transfer]
    """Native tokens that moved up to the range's end, as far as they were looked at."""


class Noise(Enum):
    """Why an answer looks like noise."""

    SELF = "the payer is the model's owner, operator, fallback, treasury, contributor or staker"
    FUNDED = "one of those paid the payer, over at most three transfers"
    DUPLICATE = "the payer had asked the same in this range"


@dataclass(frozen=True, slots=True)
class Badge:
    """A rule about all answers together: `value` above (or below) `bound` looks like noise."""

    name: str
    words: str
    value: Fraction | None
    """`None` where there is too little to tell."""
    bound: Fraction
    above: bool = True

    @property
    def noisy(self) -> bool:
        """Whether the rule says noise."""
        if self.value is None:
            return False
        return self.value > self.bound if self.above else self.value < self.bound


@dataclass(frozen=True, slots=True)
class Metrics:
    """The figures; ratios of nothing are `None`."""

    answers: int
    fees: int
    payers: int
    new_payers: int
    repeat_share: Fraction | None
    """Payers with more than one answer, of all."""
    within_7_days: Fraction | None
    """Payers with another answer so soon after their first in the range."""
    within_30_days: Fraction | None
    hhi: Fraction | None
    """Sum of the squares of each payer's share of the fees."""
    gini: Fraction | None
    top_1: Fraction | None
    top_5: Fraction | None
    links: Mapping[bytes, Link]
    """Payers that are insiders, or that insiders funded."""
    linked_fees: int
    external_fees: int
    external_share: Fraction | None
    circular: int
    """Wei that came back to those who paid: of each insider with the payers that it is or
    funded, the fees or the earnings, whichever is less."""
    circularity: Fraction | None
    duplicates: int
    """Answers to what had been asked before in the range, by whomever."""
    least_fee_share: Fraction | None
    """Answers that paid no more than the policy asks."""
    batch_mates: Fraction | None
    """Answers in batches of several, all of one payer."""
    gap_mean: Fraction | None
    """Seconds between answers."""
    gap_variation: Fraction | None
    """The square of the gaps' standard deviation over that of their mean: 0 for a clock."""
    main_source: tuple[bytes, int] | None
    """Who funded the most payers directly, and how many."""
    repeat_factor: Fraction | None
    """External fees of payers that asked at least two different things, of all external ones."""
    demand: Fraction | None
    """external_share * repeat_factor * (1 - hhi)."""
    noise: Sequence[tuple[Paid, tuple[Noise, ...]]]
    badges: tuple[Badge, ...]


def measured(usage: Usage) -> Metrics:
    """Return the metrics of a model's usage."""
    answers = usage.answers
    by_payer: Counter[bytes] = Counter()
    times: defaultdict[bytes, list[int]] = defaultdict(list)
    for one in answers:
        by_payer[one.payer] += one.fee
        times[one.payer].append(one.timestamp)
    fees = by_payer.total()
    known = linked(usage.insiders, usage.transfers)
    links = {payer: known[payer] for payer in by_payer if payer in known}
    linked_fees = sum(by_payer[payer] for payer in links)
    circular = _circular(links, by_payer, usage.earned)
    shares = sorted(by_payer.values(), reverse=True)
    hhi = _ratio(sum(fee * fee for fee in shares), fees * fees)
    external = _ratio(fees - linked_fees, fees)
    factor = _repeat_factor(answers, links)
    mean, variation = _gaps([one.timestamp for one in answers])
    source = main_source(usage.transfers, by_payer)
    circularity = _ratio(circular, fees)
    demand = None
    if external is not None and hhi is not None:
        demand = external * (factor or Fraction(0)) * (1 - hhi)
    return Metrics(
        answers=len(answers),
        fees=fees,
        payers=len(by_payer),
        new_payers=len(by_payer.keys() - usage.before),
        repeat_share=_ratio(sum(len(each) > 1 for each in times.values()), len(times)),
        within_7_days=_ratio(_again(times, 7 * DAY), len(times)),
        within_30_days=_ratio(_again(times, 30 * DAY), len(times)),
        hhi=hhi,
        gini=_gini(shares),
        top_1=_ratio(sum(shares[:1]), fees),
        top_5=_ratio(sum(shares[:5]), fees),
        links=links,
        linked_fees=linked_fees,
        external_fees=fees - linked_fees,
        external_share=external,
        circular=circular,
        circularity=circularity,
        duplicates=len(answers) - len({one.request for one in answers}),
        least_fee_share=_ratio(sum(one.fee <= one.least_fee for one in answers), len(answers)),
        batch_mates=_ratio(sum(one.same_payer and one.mates > 1 for one in answers), len(answers)),
        gap_mean=mean,
        gap_variation=variation,
        main_source=source,
        repeat_factor=factor,
        demand=demand,
        noise=tuple(_noise(answers, links)),
        badges=_badges(len(by_payer), hhi, circularity, variation, source),
    )


def _badges(
    payers: int,
    hhi: Fraction | None,
    circularity: Fraction | None,
    variation: Fraction | None,
    source: tuple[bytes, int] | None,
) -> tuple[Badge, ...]:
    few = Fraction(payers) if payers else None
    one_source = None if source is None or payers < 4 else Fraction(source[1], payers)
    return (
        Badge("few payers", "payers, fewer than", few, Fraction(3), above=False),
        Badge("concentrated", "Herfindahl index of the fees, above", hhi, Fraction(1, 4)),
        Badge("circular", "fees that came back, above", circularity, Fraction(1, 2)),
        Badge(
            "clockwork",
            f"squared variation of the gaps between {ENOUGH} or more answers, below",
            variation,
            Fraction(1, 100),
            above=False,
        ),
        Badge(
            "one source", "of 4 or more payers: funded by one, above", one_source, Fraction(1, 2)
        ),
    )


def _ratio(part: int, whole: int) -> Fraction | None:
    return Fraction(part, whole) if whole else None


def _gini(descending: Sequence[int]) -> Fraction | None:
    total, count = sum(descending), len(descending)
    if not total:
        return None
    weighted = sum((count - 1 - 2 * at) * fee for at, fee in enumerate(descending))
    return Fraction(weighted, count * total)


def _again(times: Mapping[bytes, Sequence[int]], seconds: int) -> int:
    """Return how many payers came again so soon after their first answer."""
    return sum(len(each) > 1 and each[1] - each[0] <= seconds for each in times.values())


def _gaps(times: Sequence[int]) -> tuple[Fraction | None, Fraction | None]:
    gaps = [after - before for before, after in pairwise(times)]
    if not gaps:
        return None, None
    mean = Fraction(sum(gaps), len(gaps))
    if len(times) < ENOUGH or not mean:
        return mean, None
    squares = Fraction(sum(gap * gap for gap in gaps), len(gaps))
    return mean, (squares - mean * mean) / (mean * mean)


def _repeat_factor(answers: Iterable[Paid], links: Mapping[bytes, Link]) -> Fraction | None:
    fees: Counter[bytes] = Counter()
    asked: defaultdict[bytes, set[bytes]] = defaultdict(set)
    for one in answers:
        if one.payer not in links:
            fees[one.payer] += one.fee
            asked[one.payer].add(one.request)
    return _ratio(sum(fee for who, fee in fees.items() if len(asked[who]) > 1), fees.total())


def _circular(
    links: Mapping[bytes, Link], fees: Mapping[bytes, int], earned: Mapping[bytes, int]
) -> int:
    """Return wei that came back to the insiders and payers that belong together."""
    members: defaultdict[bytes, set[bytes]] = defaultdict(set)
    for payer, link in links.items():
        members[link.insider] |= {payer, link.insider}
    return sum(
        min(
            sum(fees.get(who, 0) for who in group),
            sum(earned.get(who, 0) for who in group),
        )
        for group in members.values()
    )


def _noise(
    answers: Iterable[Paid], links: Mapping[bytes, Link]
) -> Iterable[tuple[Paid, tuple[Noise, ...]]]:
    asked: set[tuple[bytes, bytes]] = set()
    for one in answers:
        found = []
        if one.payer in links:
            found.append(Noise.FUNDED if links[one.payer].hops else Noise.SELF)
        if (one.payer, one.request) in asked:
            found.append(Noise.DUPLICATE)
        asked.add((one.payer, one.request))
        if found:
            yield one, tuple(found)
