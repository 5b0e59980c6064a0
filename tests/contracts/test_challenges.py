"""Each kind of challenge: it proves the lie that it is for, and nothing against the truth."""

from __future__ import annotations

from dataclasses import replace

import pytest

from byline.node.attribution.proof.challenges import (
    Challenge,
    LongerMatch,
    NotSettled,
    WrongWeights,
)
from byline.node.contracts.attribution_predeploys import Backend
from tests.contracts.attribution_family import refused
from tests.contracts.challenging import (
    FUNCTIONS,
    LIES,
    PROOFS,
    judge,
    judged,
)
from tests.contracts.ledger_world import (
    BOND,
    FALLBACK,
    FEE,
    OPERATOR,
    PENALTY,
    RECORDED,
    VOID,
    WATCHER,
    WINDOW,
    Answer,
    World,
    answer,
    corpus,
    world,
)

MADE_OF = corpus()
TRUE = answer(MADE_OF)

PROVES: dict[str, set[str]] = {
    "other place": {"tokens of the first leaf", "entry of the first leaf"},
    "other entry": {"entry of the first leaf", "weights"},
    "beyond the dataset": {"tokens of the first leaf", "entry of the first leaf"},
    "foreign dataset": {"tokens of the last leaf"},
    "beyond the output": {"tokens of the last leaf", "longer at the second span"},
    "too short": {
        "tokens of the first leaf",
        "entry of the first leaf",
        "longer at the first span",
        "longer at the second span",
        "weights",
    },
    "shorter span": {"longer at the first span", "weights"},
    "span left out": {"longer at the second span"},
    "all left out": {"longer at the first span", "longer at the second span"},
    "other owner": {"owner of the last leaf"},
    "starts early": {"first", "weights"},
    "ends late": {"last", "weights"},
    "starts late": {"before the first", "weights"},
    "ends early": {"behind the last", "weights"},
    "empty range": {"first", "last", "weights"},
    "dataset left out": {"dataset left out", "weights"},
    "weight": {"weights"},
    "order": {"weights"},
    "leaf twice": {"weights"},
    "points": {"weights"},
    "one owner gets all": {"weights"},
}
"""Which of the proofs show which of the lies; a range that is empty needs no opening."""


@pytest.fixture(params=Backend, ids=lambda backend: backend.value)
def backend(request: pytest.FixtureRequest) -> Backend:
    chosen: Backend = request.param
    return chosen


@pytest.fixture
def chain(backend: Backend) -> World:
    return world(MADE_OF, backend)


def proofs(chain: World, one: Answer) -> dict[str, Challenge]:
    """Return a fresh batch's challenges, but those about leaves that it does not have."""
    batch = chain.record([one])
    made = {}
    for name, build in PROOFS.items():
        try:
            made[name] = build(MADE_OF, batch, TRUE)
        except IndexError:
            assert len(one.leaves) < 4
    return made


@pytest.mark.parametrize("lie", LIES)
def test_a_lie_is_proven_by_the_challenges_that_are_for_it_and_by_no_other(
    chain: World, lie: str
) -> None:
    made = proofs(chain, LIES[lie](TRUE))
    proven = {name for name, one in made.items() if judged(chain, 1, one) is True}
    assert proven == PROVES[lie]
    for name in sorted(proven)[:1]:
        outcome = chain.challenge(1, made[name])
        assert outcome.success, chain.ledger.error(outcome)
    assert chain.status(1) == VOID
    assert chain.bond(OPERATOR) == (99 * BOND, 0, PENALTY)
    assert chain.bond(WATCHER)[0] == BOND // 2


def test_nothing_is_proven_against_an_honest_record(chain: World) -> None:
    for name, challenge in proofs(chain, TRUE).items():
        outcome = chain.challenge(1, challenge)
        assert not outcome.success, name
        refused(chain.ledger, outcome, "NotProven(uint8)", challenge.kind)
    assert chain.status(1) == RECORDED
    assert chain.bond(OPERATOR) == (100 * BOND, BOND, 0)


def test_every_lie_is_told_and_every_proof_is_of_use() -> None:
    assert set(PROVES) == set(LIES)
    used = set().union(*PROVES.values())
    assert set(PROOFS) - used == {"lists", "underpaid"}


def test_the_ledger_asks_for_the_functions_that_the_verifiers_have(chain: World) -> None:
    chain.record([TRUE])
    for kind, name in FUNCTIONS.items():
        judge(chain, kind).entry(name)
        # Vyper's reading of the arguments fails before anything of ours does.
        outcome = chain.ledger.send("challenge", 1, kind, b"\xff" * 32, sender=WATCHER)
        refused(chain.ledger, outcome, "MalformedChallenge(uint8)", kind)
    for kind in (0, 9, 255):
        outcome = chain.ledger.send("challenge", 1, kind, b"\xff" * 32)
        refused(chain.ledger, outcome, "UnknownKind(uint8)", kind)


def test_what_the_challenger_shows_has_to_be_of_the_batch(chain: World) -> None:
    made = proofs(chain, TRUE)
    lied = proofs(chain, LIES["shorter span"](TRUE))
    for name, challenge in made.items():
        fault = "WrongRecords" if name in ("lists", "underpaid") else "WrongRecord"
        assert judged(chain, 2, challenge) == fault
    challenge = lied["longer at the first span"]
    assert isinstance(challenge, LongerMatch)
    assert judged(chain, 2, replace(challenge, leaves=TRUE.leaves)) == "WrongEvidence"
    assert judged(chain, 2, replace(challenge, output=b"\0" * 8)) == "WrongOutput"
    other = MADE_OF.datasets[1].open_tokens(0)
    assert judged(chain, 2, replace(challenge, tokens=other)) == "WrongOpening"
    assert judged(chain, 2, replace(challenge, pos=10**6)) is False


def test_a_match_that_the_rule_stops_before_proves_nothing(chain: World) -> None:
    """The tokens are there, but reading went on behind an earlier span, or had to be longer."""
    batch = chain.record([TRUE])
    leaf = TRUE.leaves[0]
    dataset = MADE_OF.datasets[0]
    for at, length in ((1, 8), (3, 4), (0, 9), (0, 8)):
        tokens = dataset.open_tokens(leaf.pos + at, length)
        place = (leaf.out_pos + at, length, 1, leaf.pos + at)
        inner = LongerMatch(batch.shown(), TRUE.tokens, TRUE.leaves, *place, tokens)
        assert judged(chain, 1, inner) is False


def test_points_without_leaves_are_the_fallbacks(chain: World) -> None:
    nobody = answer(MADE_OF, "nothing of this was ever heard")
    assert nobody.leaves == ()
    assert nobody.points == ((FALLBACK, FEE // 10**9),)
    batch = chain.record([nobody])
    assert judged(chain, batch.id, WrongWeights(batch.shown(), ())) is False
    thief = replace(nobody, points=((WATCHER, FEE // 10**9),))
    batch = chain.record([thief])
    assert judged(chain, batch.id, WrongWeights(batch.shown(), ())) is True


def test_an_owner_of_no_points_stays_in_the_list(chain: World) -> None:
    """A fee of one wei is one unit: all but one owner get nothing, and are named."""
    poor = answer(MADE_OF, fee=1)
    assert sorted(amount for _, amount in poor.points) == [0, 0, 1]
    batch = chain.record([poor, poor])
    for name, build in PROOFS.items():
        assert judged(chain, batch.id, build(MADE_OF, batch, poor)) is False, name
    named = tuple(entry for entry in poor.points if entry[1])
    batch = chain.record([replace(poor, points=named)])
    assert judged(chain, batch.id, WrongWeights(batch.shown(), poor.leaves)) is True


def test_after_the_window_nothing_can_be_proven_any_more(chain: World) -> None:
    batch = chain.record([LIES["weight"](TRUE)])
    chain.later(WINDOW)
    challenge = PROOFS["weights"](MADE_OF, batch, TRUE)
    assert judged(chain, batch.id, challenge) is True
    chain.later(1)
    outcome = chain.challenge(batch.id, challenge)
    refused(chain.ledger, outcome, "WindowOver(uint256)", chain.now - 1)
    refused(chain.ledger, chain.challenge(77, challenge), "UnknownBatch(uint64)", 77)
    refused(chain.ledger, chain.challenge(1, NotSettled()), "NotOpen(uint64,uint8)", 1, 1)


def test_a_batch_is_slashed_once(chain: World) -> None:
    batch = chain.record([LIES["weight"](TRUE)])
    challenge = PROOFS["weights"](MADE_OF, batch, TRUE)
    assert chain.challenge(batch.id, challenge).success
    outcome = chain.challenge(batch.id, challenge)
    refused(chain.ledger, outcome, "NotOpen(uint64,uint8)", batch.id, VOID)
    assert chain.bond(OPERATOR) == (99 * BOND, 0, PENALTY)
