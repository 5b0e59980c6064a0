"""ContributorBond: whose money it is, what is locked, and what a penalty costs."""

from __future__ import annotations

from typing import Any

import pytest
from eth_abi.abi import encode

from byline.node.contracts.artifacts import load
from tests.contracts.attribution_family import (
    LEDGER,
    PEOPLE,
    TREASURY,
    Family,
    calls_back,
    done,
    family,
    refused,
    told,
)
from tests.contracts.harness import Evm, Outcome

ALICE, BOB, CAROL, *_ = PEOPLE
REFUSES = bytes.fromhex("5f5ffd")
ONE = 2**16


@pytest.fixture
def chain() -> Family:
    return family()


def text(address: bytes) -> str:
    return "0x" + address.hex()


def by_ledger(chain: Family, name: str, *arguments: Any) -> Outcome:
    return chain.bond.send(name, *arguments, sender=LEDGER)


def test_a_bond_is_its_own_or_a_present(chain: Family) -> None:
    (event,) = told(chain.bond, done(chain.bond, "bond", value=70, sender=ALICE))
    assert event == {"": "Bonded", "who": text(ALICE), "payer": text(ALICE), "amount": 70}
    (event,) = told(chain.bond, done(chain.bond, "bondFor", ALICE, value=30, sender=BOB))
    assert event == {"": "Bonded", "who": text(ALICE), "payer": text(BOB), "amount": 30}
    assert chain.bond.read("bondOf", ALICE) == (100, 0, 0)
    assert chain.bond.read("bondOf", BOB) == (0, 0, 0)
    assert chain.evm.balance(chain.bond.address) == 100


def test_bonds_of_nothing_or_nobody_are_refused(chain: Family) -> None:
    bond = chain.bond
    refused(bond, bond.send("bond"), "NothingPaid()")
    refused(bond, bond.send("bondFor", ALICE), "NothingPaid()")
    refused(bond, bond.send("bondFor", bytes(20), value=1, sender=ALICE), "ZeroAddress()")
    assert not chain.evm.call(bond.address, value=1, sender=ALICE).success


def test_what_is_not_locked_can_be_withdrawn(chain: Family) -> None:
    bond = chain.bond
    done(bond, "bond", value=100, sender=ALICE)
    (event,) = told(bond, done(bond, "lock", ALICE, 60, sender=LEDGER))
    assert event == {"": "Locked", "who": text(ALICE), "amount": 60}
    outcome = bond.send("withdraw", 41, sender=ALICE)
    refused(bond, outcome, "NotFree(uint256,uint256)", 40, 41)
    before = chain.evm.balance(ALICE)
    (event,) = told(bond, done(bond, "withdraw", 40, sender=ALICE))
    assert event == {"": "Withdrawn", "who": text(ALICE), "amount": 40}
    assert chain.evm.balance(ALICE) - before == 40
    assert bond.read("bondOf", ALICE) == (60, 60, 0)
    refused(bond, bond.send("withdraw", 0, sender=ALICE), "ZeroAmount()")
    (event,) = told(bond, done(bond, "unlock", ALICE, 60, sender=LEDGER))
    assert event == {"": "Unlocked", "who": text(ALICE), "amount": 60}
    done(bond, "withdraw", 60, sender=ALICE)
    assert bond.read("bondOf", ALICE) == (0, 0, 0)


def test_a_proven_challenge_takes_half_for_the_challenger(chain: Family) -> None:
    bond = chain.bond
    done(bond, "bond", value=101, sender=ALICE)
    done(bond, "lock", ALICE, 101, sender=LEDGER)
    (event,) = told(bond, done(bond, "slash", ALICE, 101, BOB, 7, sender=LEDGER))
    assert event == {
        "": "Slashed",
        "who": text(ALICE),
        "challenger": text(BOB),
        "toChallenger": 50,
        "toTreasury": 51,
        "penalty": 7,
    }
    assert bond.read("bondOf", ALICE) == (0, 0, 7)
    assert bond.read("bondOf", BOB) == (50, 0, 0)
    assert bond.read("treasury") == 51
    done(bond, "withdraw", 50, sender=BOB)
    (event,) = told(bond, done(bond, "payTreasury"))
    assert event == {"": "TreasuryPaid", "to": text(TREASURY), "amount": 51}
    assert chain.evm.balance(TREASURY) == 51
    assert chain.evm.balance(bond.address) == bond.read("treasury") == 0
    refused(bond, bond.send("payTreasury"), "NothingToClaim()")


def test_who_proves_itself_wrong_loses_half(chain: Family) -> None:
    done(chain.bond, "bond", value=10, sender=ALICE)
    done(chain.bond, "lock", ALICE, 9, sender=LEDGER)
    done(chain.bond, "slash", ALICE, 9, ALICE, 1, sender=LEDGER)
    assert chain.bond.read("bondOf", ALICE) == (5, 0, 1)
    assert chain.bond.read("treasury") == 5


def test_points_alone_need_no_bond(chain: Family) -> None:
    done(chain.bond, "slash", ALICE, 0, BOB, 2**32 - 1, sender=LEDGER)
    assert chain.bond.read("bondOf", ALICE) == (0, 0, 2**32 - 1)
    assert chain.bond.read("bondOf", BOB) == (0, 0, 0)


CALLS: dict[str, tuple[Any, ...]] = {
    "lock": (ALICE, 0),
    "unlock": (ALICE, 0),
    "slash": (ALICE, 0, BOB, 0),
}


@pytest.mark.parametrize(("name", "arguments"), CALLS.items(), ids=CALLS)
def test_nobody_but_the_ledger_locks_frees_and_takes(
    chain: Family, name: str, arguments: tuple[Any, ...]
) -> None:
    outcome = chain.bond.send(name, *arguments, sender=ALICE)
    refused(chain.bond, outcome, "NotLedger(address)", ALICE)


def test_the_ledger_cannot_touch_more_than_there_is(chain: Family) -> None:
    bond = chain.bond
    done(bond, "bond", value=100, sender=ALICE)
    done(bond, "lock", ALICE, 60, sender=LEDGER)
    free, locked = "NotFree(uint256,uint256)", "NotLocked(uint256,uint256)"
    refused(bond, by_ledger(chain, "lock", ALICE, 41), free, 40, 41)
    refused(bond, by_ledger(chain, "unlock", ALICE, 61), locked, 60, 61)
    refused(bond, by_ledger(chain, "slash", ALICE, 61, BOB, 1), locked, 60, 61)
    refused(bond, by_ledger(chain, "slash", ALICE, 1, bytes(20), 1), "ZeroAddress()")
    refused(bond, by_ledger(chain, "lock", ALICE, 2**256 - 1), free, 40, 2**256 - 1)


@pytest.mark.parametrize(
    ("score", "kept"),
    [
        (0, ONE),
        (100, ONE),
        (101, ONE * 399 // 400),
        (300, ONE // 2),
        (499, ONE // 400),
        (500, 0),
        (2**32 - 1, 0),
    ],
)
def test_points_cost_nothing_at_first_and_everything_in_the_end(
    chain: Family, score: int, kept: int
) -> None:
    done(chain.bond, "slash", ALICE, 0, BOB, score, sender=LEDGER)
    assert chain.bond.read("multiplier", ALICE) == kept
    assert chain.bond.read("multiplier", BOB) == ONE


def test_the_score_never_ends(chain: Family) -> None:
    for _ in range(3):
        done(chain.bond, "slash", ALICE, 0, BOB, 2**32 - 1, sender=LEDGER)
    assert chain.bond.read("bondOf", ALICE)[2] == 3 * (2**32 - 1)
    assert chain.bond.read("multiplier", ALICE) == 0


def test_who_refuses_ether_keeps_its_bond(chain: Family) -> None:
    done(chain.bond, "bond", value=100, sender=ALICE)
    chain.evm.set(ALICE, code=REFUSES)
    refused(chain.bond, chain.bond.send("withdraw", 100, sender=ALICE), "PaymentFailed()")
    assert chain.bond.read("bondOf", ALICE) == (100, 0, 0)
    chain.evm.set(TREASURY, code=REFUSES)
    done(chain.bond, "lock", ALICE, 10, sender=LEDGER)
    done(chain.bond, "slash", ALICE, 10, BOB, 1, sender=LEDGER)
    refused(chain.bond, chain.bond.send("payTreasury"), "PaymentFailed()")
    assert chain.bond.read("treasury") == 5


def test_who_withdraws_again_while_it_is_paid_gets_nothing_more(chain: Family) -> None:
    done(chain.bond, "bond", value=100, sender=ALICE)
    done(chain.bond, "bond", value=900, sender=BOB)
    chain.evm.set(ALICE, code=calls_back(chain.bond.data("withdraw", 100)))
    before = chain.evm.balance(ALICE)
    outcome = done(chain.bond, "withdraw", 100, sender=ALICE)
    assert len(outcome.logs) == 1
    assert chain.evm.balance(ALICE) - before == 100
    assert chain.evm.balance(chain.bond.address) == 900


def test_a_bond_that_is_set_up_badly_is_not_deployed() -> None:
    evm, artifact = Evm(), load("ContributorBond")
    kinds = ["address", "address", "uint32", "uint32"]

    def deploys(*values: Any) -> bool:
        return evm.deploy(artifact.bytecode + encode(kinds, values)).success

    assert deploys(LEDGER, TREASURY, 0, 1)
    assert not deploys(LEDGER, TREASURY, 1, 1)
    assert not deploys(LEDGER, bytes(20), 0, 1)
