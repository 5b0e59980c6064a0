"""StakePool: fees go to stakers in proportion, to the last fraction of a wei."""

from __future__ import annotations

import pytest

from byline.node.attribution.corpus import engine_id
from byline.node.contracts.attribution_predeploys import STAKE_LOCK
from tests.contracts.attribution_family import (
    PEOPLE,
    START,
    Family,
    calls_back,
    done,
    family,
    number,
    refused,
    told,
)

ALICE, BOB, CAROL, DAVE, *_ = PEOPLE
FINE = 2**64
MODEL, OTHER, RETIRED = 1, 2, 3


def with_models() -> Family:
    """A chain with two live models and a deprecated one, all of Dave."""
    chain = family()
    done(chain.policy, "createPolicy", 1, 1, 0, 0, 0, 10_000, 0, DAVE)
    done(chain.registry, "registerDataset", *(bytes(32),) * 4, 9, 1, "", "")
    for _ in range(3):
        lists: list[list[int]] = [[1], [], []]
        values = (*lists, 1, engine_id(), bytes(20), 0, 0, "")
        done(chain.registry, "registerModel", *values, sender=DAVE)
    done(chain.registry, "deprecateModel", RETIRED, sender=DAVE)
    return chain


@pytest.fixture
def chain() -> Family:
    return with_models()


def text(address: bytes) -> str:
    return "0x" + address.hex()


def later(chain: Family, seconds: int = STAKE_LOCK) -> None:
    chain.evm.at(2, START + seconds)


def test_fees_are_divided_by_stake(chain: Family) -> None:
    pool = chain.pool
    (event,) = told(pool, done(pool, "stake", MODEL, value=30, sender=ALICE))
    assert event == {
        "": "Staked",
        "model": MODEL,
        "who": text(ALICE),
        "amount": 30,
        "lockedUntil": START + STAKE_LOCK,
    }
    done(pool, "stake", MODEL, value=10, sender=BOB)
    (event,) = told(pool, done(pool, "fund", MODEL, value=10, sender=CAROL))
    assert event == {"": "Funded", "model": MODEL, "payer": text(CAROL), "amount": 10}
    assert pool.read("totalStake", MODEL) == 40
    assert pool.read("stakeOf", MODEL, ALICE) == 30
    assert [pool.read("pending", MODEL, who) for who in (ALICE, BOB, CAROL)] == [7, 2, 0]
    assert pool.read("fineDue", MODEL, BOB) == 10 * FINE // 4
    before = chain.evm.balance(ALICE)
    outcome = done(pool, "claim", MODEL, sender=ALICE)
    assert number(outcome) == chain.evm.balance(ALICE) - before == 7
    (event,) = told(pool, outcome)
    assert event == {"": "Claimed", "model": MODEL, "who": text(ALICE), "amount": 7}
    assert pool.read("pool", MODEL) == (40, FINE // 4, 0, 10, 7)
    refused(pool, pool.send("claim", MODEL, sender=ALICE), "NothingToClaim()")


def test_fractions_add_up_to_whole_wei_in_time(chain: Family) -> None:
    pool = chain.pool
    for who in (ALICE, BOB, CAROL):
        done(pool, "stake", MODEL, value=1, sender=who)
    for _ in range(3):
        done(pool, "fund", MODEL, value=1, sender=DAVE)
    # A third of 2**64 is not whole: what is left of three thirds waits for the next payment.
    assert [pool.read("pending", MODEL, who) for who in (ALICE, BOB, CAROL)] == [1, 1, 1]
    assert pool.read("pool", MODEL)[2] == 0
    done(pool, "fund", MODEL, value=1, sender=DAVE)
    dues = sum(pool.read("fineDue", MODEL, who) for who in (ALICE, BOB, CAROL))
    remainder = pool.read("pool", MODEL)[2]
    assert remainder == 1
    assert dues + remainder == 4 * FINE


def test_a_wei_may_wait_for_the_next_payment(chain: Family) -> None:
    """Of 2**-64 wei a fifth of 8 is not whole; what is lacking comes with the next payment."""
    done(chain.pool, "stake", MODEL, value=5, sender=ALICE)
    done(chain.pool, "fund", MODEL, value=8, sender=DAVE)
    assert chain.pool.read("pending", MODEL, ALICE) == 7
    done(chain.pool, "fund", MODEL, value=2, sender=DAVE)
    assert chain.pool.read("pending", MODEL, ALICE) == 10


def test_a_single_wei_reaches_the_holders_of_large_stakes(chain: Family) -> None:
    for who in (ALICE, BOB):
        done(chain.pool, "stake", MODEL, value=10**22, sender=who)
    for _ in range(2):
        done(chain.pool, "fund", MODEL, value=1, sender=DAVE)
    assert chain.pool.read("fineDue", MODEL, ALICE) == 0
    done(chain.pool, "fund", MODEL, value=10_000, sender=DAVE)
    assert chain.pool.read("pending", MODEL, ALICE) == 4_878
    acc, remainder = chain.pool.read("pool", MODEL)[1:3]
    assert acc * 2 * 10**22 + remainder == 10_002 * FINE


def test_who_comes_later_gets_nothing_of_what_was_paid_before(chain: Family) -> None:
    pool = chain.pool
    done(pool, "stake", MODEL, value=4, sender=ALICE)
    done(pool, "fund", MODEL, value=50, sender=DAVE)
    done(pool, "stake", MODEL, value=4, sender=BOB)
    done(pool, "stake", MODEL, value=92, sender=ALICE)
    assert [pool.read("pending", MODEL, who) for who in (ALICE, BOB)] == [50, 0]
    later(chain)
    done(pool, "unstake", MODEL, 96, sender=ALICE)
    done(pool, "fund", MODEL, value=7, sender=DAVE)
    assert [pool.read("pending", MODEL, who) for who in (ALICE, BOB)] == [50, 7]
    assert number(done(pool, "claim", MODEL, sender=ALICE)) == 50


def test_models_have_pools_of_their_own(chain: Family) -> None:
    done(chain.pool, "stake", MODEL, value=4, sender=ALICE)
    done(chain.pool, "stake", OTHER, value=4, sender=BOB)
    done(chain.pool, "fund", OTHER, value=9, sender=DAVE)
    assert chain.pool.read("pending", MODEL, ALICE) == 0
    assert chain.pool.read("pending", OTHER, BOB) == 9
    refused(chain.pool, chain.pool.send("claim", MODEL, sender=BOB), "NothingToClaim()")


def test_fees_without_a_staker_are_refused(chain: Family) -> None:
    pool = chain.pool
    outcome = pool.send("fund", MODEL, value=5, sender=DAVE)
    refused(pool, outcome, "NoStakers()")
    done(pool, "stake", MODEL, value=5, sender=ALICE)
    later(chain)
    done(pool, "unstake", MODEL, 5, sender=ALICE)
    outcome = pool.send("fund", MODEL, value=5, sender=DAVE)
    refused(pool, outcome, "NoStakers()")
    assert chain.evm.balance(pool.address) == 0


def test_a_stake_stays_for_a_while(chain: Family) -> None:
    pool = chain.pool
    done(pool, "stake", MODEL, value=5, sender=ALICE)
    later(chain, 10)
    done(pool, "stake", MODEL, value=5, sender=ALICE)
    assert pool.read("lockedUntil", MODEL, ALICE) == START + 10 + STAKE_LOCK
    later(chain, STAKE_LOCK + 9)
    outcome = pool.send("unstake", MODEL, 5, sender=ALICE)
    refused(pool, outcome, "StakeLocked(uint256)", START + 10 + STAKE_LOCK)
    later(chain, STAKE_LOCK + 10)
    before = chain.evm.balance(ALICE)
    (event,) = told(pool, done(pool, "unstake", MODEL, 10, sender=ALICE))
    assert event == {"": "Unstaked", "model": MODEL, "who": text(ALICE), "amount": 10}
    assert chain.evm.balance(ALICE) - before == 10


def test_stakes_and_payments_that_make_no_sense_are_refused(chain: Family) -> None:
    pool = chain.pool
    refused(pool, pool.send("stake", MODEL), "NothingPaid()")
    refused(pool, pool.send("fund", MODEL), "NothingPaid()")
    for model in (0, RETIRED, 4):
        outcome = pool.send("stake", model, value=1, sender=ALICE)
        refused(pool, outcome, "ModelNotLive(uint256)", model)
    done(pool, "stake", MODEL, value=5, sender=ALICE)
    refused(pool, pool.send("unstake", MODEL, 0, sender=ALICE), "ZeroAmount()")
    outcome = pool.send("unstake", MODEL, 6, sender=ALICE)
    refused(pool, outcome, "NotStaked(uint256,uint256)", 5, 6)
    assert not chain.evm.call(pool.address, value=1, sender=ALICE).success


def test_stakes_on_a_model_that_is_deprecated_can_be_taken_back(chain: Family) -> None:
    done(chain.pool, "stake", MODEL, value=4, sender=ALICE)
    done(chain.registry, "deprecateModel", MODEL, sender=DAVE)
    done(chain.pool, "fund", MODEL, value=8, sender=DAVE)
    later(chain)
    done(chain.pool, "unstake", MODEL, 4, sender=ALICE)
    assert number(done(chain.pool, "claim", MODEL, sender=ALICE)) == 8
    assert chain.evm.balance(chain.pool.address) == 0


def test_the_largest_amounts_do_not_lock_the_pool(chain: Family) -> None:
    pool, most = chain.pool, 2**128 - 1
    outcome = pool.send("stake", MODEL, value=2**128, sender=ALICE)
    refused(pool, outcome, "AmountTooLarge(uint256)", 2**128)
    done(pool, "stake", MODEL, value=1, sender=ALICE)
    done(pool, "fund", MODEL, value=most - 1, sender=DAVE)
    outcome = pool.send("stake", MODEL, value=most, sender=BOB)
    refused(pool, outcome, "AmountTooLarge(uint256)", most)
    done(pool, "stake", MODEL, value=most - 1, sender=BOB)
    done(pool, "fund", MODEL, value=1, sender=DAVE)
    outcome = pool.send("fund", MODEL, value=1, sender=DAVE)
    refused(pool, outcome, "AmountTooLarge(uint256)", 1)
    assert number(done(pool, "claim", MODEL, sender=ALICE)) == most - 1
    later(chain)
    done(pool, "unstake", MODEL, most - 1, sender=BOB)
    done(pool, "unstake", MODEL, 1, sender=ALICE)
    assert chain.evm.balance(pool.address) == 1


def test_who_refuses_ether_keeps_stake_and_earnings(chain: Family) -> None:
    pool = chain.pool
    done(pool, "stake", MODEL, value=4, sender=ALICE)
    done(pool, "fund", MODEL, value=8, sender=DAVE)
    later(chain)
    chain.evm.set(ALICE, code=bytes.fromhex("5f5ffd"))
    refused(pool, pool.send("claim", MODEL, sender=ALICE), "PaymentFailed()")
    refused(pool, pool.send("unstake", MODEL, 4, sender=ALICE), "PaymentFailed()")
    assert pool.read("pending", MODEL, ALICE) == 8
    assert pool.read("stakeOf", MODEL, ALICE) == 4


@pytest.mark.parametrize("name", ["claim", "unstake"])
def test_who_calls_again_while_it_is_paid_gets_nothing_more(chain: Family, name: str) -> None:
    pool = chain.pool
    arguments = (MODEL, 5) if name == "unstake" else (MODEL,)
    for who in (ALICE, BOB):
        done(pool, "stake", MODEL, value=5, sender=who)
    done(pool, "fund", MODEL, value=20, sender=DAVE)
    later(chain)
    chain.evm.set(ALICE, code=calls_back(pool.data(name, *arguments)))
    before = chain.evm.balance(ALICE)
    outcome = done(pool, name, *arguments, sender=ALICE)
    assert len(outcome.logs) == 1
    assert chain.evm.balance(ALICE) - before == (5 if name == "unstake" else 10)
