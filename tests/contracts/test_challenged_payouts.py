"""Payouts of a batch that are not the sums of its records' points are proven so."""

from __future__ import annotations

from dataclasses import replace

import pytest
from eth_utils.crypto import keccak

from byline.node.attribution.encoding import Points
from byline.node.attribution.proof.challenges import (
    Challenge,
    PayoutHeader,
    Share,
    Underpaid,
)
from byline.node.attribution.weights import batch_payouts
from byline.node.contracts.attribution_predeploys import Backend
from byline.precompiles.math.sum_tree import SumTree
from tests.contracts.attribution_family import refused
from tests.contracts.challenging import (
    judged,
    lists,
    underpaid,
)
from tests.contracts.ledger_world import (
    OWNERS,
    VOID,
    Answer,
    World,
    answer,
    corpus,
    world,
)

MADE_OF = corpus()
TRUE = answer(MADE_OF)


@pytest.fixture(params=Backend, ids=lambda backend: backend.value)
def backend(request: pytest.FixtureRequest) -> Backend:
    chosen: Backend = request.param
    return chosen


@pytest.fixture
def chain(backend: Backend) -> World:
    return world(MADE_OF, backend)


def payouts_of(*answers: Answer) -> dict[bytes, int]:
    return dict(batch_payouts(one.points for one in answers))


def moved(amount: int, source: bytes, target: bytes) -> Points:
    """Return the payouts of three true answers, some of it moved to somebody else."""
    sums = payouts_of(TRUE, TRUE, TRUE)
    sums[source] -= amount
    sums[target] = sums.get(target, 0) + amount
    if not sums[source]:
        del sums[source]
    return tuple(sorted(sums.items()))


FIRST, SECOND, LAST = OWNERS
STRANGER = b"\x30" * 20
SUMS = payouts_of(TRUE, TRUE, TRUE)


@pytest.mark.parametrize(
    ("payouts", "victim"),
    [
        (moved(1, FIRST, SECOND), FIRST),
        (moved(1, LAST, STRANGER), LAST),
        (moved(SUMS[FIRST], FIRST, SECOND), FIRST),
        (moved(SUMS[SECOND], SECOND, FIRST), SECOND),
        (moved(SUMS[LAST], LAST, FIRST), LAST),
    ],
    ids=["one point less", "for a stranger", "the first gone", "one between gone", "last gone"],
)
def test_payouts_that_are_not_the_sum_of_the_points_are_proven_in_two_ways(
    chain: World, payouts: Points, victim: bytes
) -> None:
    batch = chain.record([TRUE, TRUE, TRUE], payouts)
    assert judged(chain, batch.id, lists(batch)) is True
    assert judged(chain, batch.id, underpaid(batch, victim)) is True
    for other in set(OWNERS) - {victim}:
        assert judged(chain, batch.id, underpaid(batch, other)) is False
    assert chain.challenge(batch.id, lists(batch)).success
    assert chain.status(batch.id) == VOID


def test_honest_payouts_stand(chain: World) -> None:
    batch = chain.record([TRUE, TRUE, TRUE])
    for owner in OWNERS:
        assert judged(chain, batch.id, underpaid(batch, owner)) is False
    assert judged(chain, batch.id, lists(batch)) is False


def header(payouts: Points) -> PayoutHeader:
    """Return what the root of these payouts is the hash of, found by its own rule."""
    level = [
        (keccak(b"\0" + at.to_bytes(4, "big") + who + amount.to_bytes(16, "big")), amount)
        for at, (who, amount) in enumerate(payouts)
    ]
    while len(level) > 1:
        pairs = list(zip(level[::2], level[1::2], strict=False))
        above = [
            (
                keccak(b"\1" + a + x.to_bytes(16, "big") + b + y.to_bytes(16, "big")),
                x + y,
            )
            for (a, x), (b, y) in pairs
        ]
        level = above + level[2 * len(pairs) :]
    return PayoutHeader(len(payouts), level[0][1], level[0][0])


def test_payouts_of_another_sum_or_number_are_proven_by_their_header(chain: World) -> None:
    more = tuple((who, amount + 1) for who, amount in SUMS.items())
    batch = chain.record([TRUE, TRUE, TRUE], more)
    assert judged(chain, batch.id, Underpaid(header=header(more))) is True
    honest = chain.record([TRUE, TRUE, TRUE])
    assert judged(chain, honest.id, Underpaid(header=header(honest.payouts))) is False
    assert judged(chain, honest.id, Underpaid(header=header(more))) == "WrongHeader"
    receipts = b"".join(chain.signed(TRUE).encode() for _ in range(3))
    outcome = chain.send_receipts(receipts, honest.payouts, n=4)
    wrong_n = int.from_bytes(outcome.output, "big")
    assert judged(chain, wrong_n, Underpaid(header=header(honest.payouts))) is True


def test_shares_that_are_not_so_are_refused(chain: World) -> None:
    batch = chain.record([TRUE, TRUE, TRUE])
    good = underpaid(batch, FIRST)
    first, second, third = good.shares
    for shares, index in (
        ((replace(first, points=first.points + 1),), 0),
        ((first, replace(second, record=5)), 1),
        ((first, first), 1),
        ((second, first), 1),
        ((first, second, replace(third, leaf=1)), 2),
    ):
        outcome = chain.challenge(batch.id, replace(good, shares=shares))
        assert chain.ledger.error(outcome) == "" or outcome.output[-1] == index
        assert judged(chain, batch.id, replace(good, shares=shares)) == "WrongShare"
    (entry,) = good.entries
    lower = replace(entry, amount=entry.amount - 1)
    assert judged(chain, batch.id, replace(good, entries=(lower,))) == "WrongEntry"
    assert judged(chain, batch.id, replace(good, entries=())) is False
    assert judged(chain, batch.id, replace(good, shares=())) is False
    tree = SumTree(batch.payouts)
    ends = tuple(
        replace(entry, index=at, who=batch.payouts[at][0], amount=batch.payouts[at][1],
                proof=tree.proof(at))
        for at in (0, 2)
    )  # fmt: skip
    hidden = replace(underpaid(batch, SECOND), entries=ends)
    assert judged(chain, batch.id, hidden) is False
    assert Share(1, 2, 3, b"x").encode() == bytes.fromhex("000100000002") + bytes(15) + (
        b"\x03\x00\x01x"
    )


def test_the_largest_challenges_fit_a_transaction(chain: World) -> None:
    """200 records of 256 owners by one owner's shares, 1,280 entries by all lists."""
    many = tuple((bytes(18) + (at + 1).to_bytes(2, "big"), 10) for at in range(256))
    one = replace(TRUE, points=many, fee=2560 * 10**9)
    batch = chain.record([one] * 200)
    challenge: Challenge = underpaid(batch, many[77][0])
    for subject, made in ((batch, challenge), (few := chain.record([one] * 5), lists(few))):
        data = made.encode()
        outcome = chain.challenge(subject.id, made)
        refused(chain.ledger, outcome, "NotProven(uint8)", made.kind)
        zeros = data.count(0)
        intrinsic = 21_000 + 4 * zeros + 16 * (len(data) - zeros)
        floor = 21_000 + 10 * zeros + 40 * (len(data) - zeros)
        assert max(intrinsic + outcome.gas_used, floor) < 2**24
