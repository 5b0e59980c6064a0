"""Between the chains no money is made and none is lost, whatever people do and in any order."""

from __future__ import annotations

from collections import Counter

import pytest

from tests.contracts.harness import calldata
from tests.contracts.l1_stack import text
from tests.properties.money_chains import COIN, OPEN, USERS, transfer
from tests.properties.money_ledger import PORTAL, Asset
from tests.properties.money_play import Play

STEPS = 100
SEQUENCES = 13
"""Of one test; there are sixteen."""


def play(pays: str, seeds: range, steps: int) -> Counter[str]:
    seen: Counter[str] = Counter()
    for seed in seeds:
        try:
            seen += Play(pays, seed).run(steps)
        except Exception as exc:
            exc.add_note(f"the sequence is Play({pays!r}, {seed}).run({steps})")
            raise
    return seen


USUAL = (
    "a deposit fails",
    "a deposit succeeds",
    "bridge tokens",
    "burn",
    "deposit",
    "deposit by a contract",
    "finalize, paid",
    "finalize, its call fails",
    "finalize CallPaused",
    "finalize InvalidRootClaim",
    "finalize Unproven",
    "forgery",
    "prove",
    "prove badly",
    "prove by another root",
    "prove ImproperDisputeGame",
    "send message",
)
"""What happens in every test, so that a rule which is never reached is noticed."""
RARE = (
    "finalize ProofNotOldEnough",
    "finalize, its message fails",
    "finalize with little gas",
    "prove BadTarget",
    "prove CallPaused",
    "prove InvalidDisputeGame",
    "replay on L1 fails",
    "replay on L2 fails",
    "replay on L1 succeeds",
    "replay on L2 succeeds",
)


@pytest.mark.parametrize("batch", range(8))
@pytest.mark.parametrize("pays", ["eth", "open"])
def test_all_money_is_where_it_belongs_after_every_step(pays: str, batch: int) -> None:
    seeds = range(batch * SEQUENCES, (batch + 1) * SEQUENCES)
    seen = play(pays, seeds, STEPS)
    assert not [what for what in USUAL if not seen[what]]


@pytest.mark.slow
@pytest.mark.parametrize("batch", range(8))
@pytest.mark.parametrize("pays", ["eth", "open"])
def test_all_money_is_where_it_belongs_after_long_sequences(pays: str, batch: int) -> None:
    seeds = range(1_000 + batch * 25, 1_000 + (batch + 1) * 25)
    seen = play(pays, seeds, 200)
    assert not [what for what in (*USUAL, *RARE) if not seen[what]]


def test_a_wei_too_many_is_noticed() -> None:
    sequence = Play("eth", 0)
    sequence.check()
    sequence.l1.evm.set(PORTAL, balance=sequence.balance(Asset.PAY, PORTAL) + 1)
    with pytest.raises(AssertionError, match="PAY of"):
        sequence.check()


@pytest.mark.parametrize("asset", [Asset.COIN, Asset.COIN_TWIN, Asset.GAS, Asset.NATIVE_TWIN])
def test_money_that_the_ledger_does_not_know_of_is_noticed(asset: Asset) -> None:
    sequence = Play("open", 0)
    sequence.ledger.held[asset, USERS[0]] += 1
    with pytest.raises(AssertionError, match=f"{asset.name} of"):
        sequence.check()


@pytest.mark.parametrize("token", [COIN, OPEN])
def test_a_transfer_that_the_ledger_is_not_told_of_is_noticed(token: bytes) -> None:
    sequence = Play("open", 0)
    transfer(sequence.l1.evm, token, USERS[0], USERS[1], 1)
    with pytest.raises(AssertionError, match=" of a1a1"):
        sequence.check()


def test_the_engine_runs_these_contracts_as_deployed() -> None:
    sequence = Play("open", 0)
    portal = sequence.l1.portal
    assert portal.read("systemConfig") == text(sequence.l1.config.address)
    answer = sequence.l1.evm.call(portal.address, calldata("balance()")).output
    assert int.from_bytes(answer, "big") == sequence.ledger.held[Asset.PAY, PORTAL] > 0
