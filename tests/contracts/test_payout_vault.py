"""PayoutVault: deposits, and the settlement of whole lists in each of the four modes."""

from __future__ import annotations

import pytest

from byline.node.contracts import addresses
from byline.node.contracts.artifacts import load
from byline.precompiles.math.sum_tree import SumTree
from tests.contracts.attribution_family import LEDGER, PEOPLE, refused
from tests.contracts.vault_world import (
    ACCUMULATOR,
    CASCADE,
    CREDIT,
    FALLBACK,
    HAMILTON,
    PLATFORM,
    PUSH,
    ROOT,
    SETTLED,
    STATE_SLOT,
    VAULT,
    VOID,
    WAITING,
    WEBSTER,
    Backend,
    Books,
    Entries,
    World,
    packed,
    world,
)

OWNER, ALICE, BOB, CAROL, DAVE, EVE = PEOPLE
LIST: Entries = ((ALICE, 1), (BOB, 1), (CAROL, 1))
REFUSES = bytes.fromhex("5f5ffd")  # revert(0, 0)


@pytest.fixture(params=list(Backend), ids=lambda backend: backend.value)
def w(request: pytest.FixtureRequest) -> World:
    return world(request.param)


def paid_to(world: World, *who: bytes) -> list[int]:
    return [world.evm.balance(one) - 2**200 for one in who]


def credited(world: World, *who: bytes) -> list[int]:
    return [world.vault.read("creditOf", one) for one in who]


def test_the_layout_has_credits_first_as_the_state_precompile_writes_them() -> None:
    artifact = load("PayoutVault")
    assert artifact.storage["books.credits"] == 0
    assert len(artifact.runtime) <= 24_576


def test_the_vault_asks_the_back_end_that_genesis_chose(w: World) -> None:
    math, ledger, registry, policy, bond, pool, _state = w.vault.read("siblings")
    precompile = "0x000000000000000000000000000000000000a770"
    assert math in (precompile, "0x" + addresses.ATTRIBUTION_MATH.hex())
    assert [bytes.fromhex(one[2:]) for one in (ledger, registry, policy, bond, pool)] == [
        LEDGER,
        addresses.ATTRIBUTION_REGISTRY,
        addresses.FEE_POLICY,
        addresses.CONTRIBUTOR_BOND,
        addresses.STAKE_POOL,
    ]


def test_a_deposit_is_divided_by_the_policy_and_told_in_full(w: World) -> None:
    model = w.model(OWNER, mode=CREDIT)
    outcome = w.try_deposit(7, model, LIST, 1001)
    (event,) = [w.vault.event(log) for log in outcome.logs]
    root = SumTree(LIST).root
    assert event == {
        "": "Deposited",
        "batchId": 7,
        "modelId": model,
        "amount": 1001,
        "treasury": "0x" + PLATFORM.hex(),
        "platform": 50,
        "owner": "0x" + OWNER.hex(),
        "toOwner": 100,
        "toStakers": 0,
        "toAncestors": 0,
        "carried": 0,
        "pot": 851,
        "root": root.root,
        "n": 3,
        "weight": 3,
        "method": CASCADE,
        "mode": CREDIT,
    }
    assert credited(w, PLATFORM, OWNER) == [50, 100]
    assert w.vault.read("settlement", 7) == (model, CREDIT, CASCADE, 851, root.root, 3, WAITING)
    assert not w.vault.read("settled", 7)


def test_stakers_get_their_part_where_there_are_any(w: World) -> None:
    model = w.model(OWNER, mode=CREDIT)
    assert w.family.pool.send("stake", model, sender=EVE, value=5).success
    w.deposit(model, LIST, 1000)
    assert w.pot(1) == 700
    assert w.family.pool.read("pending", model, EVE) == 150
    assert w.balance() == 850


def test_ancestors_get_their_part_as_a_carry_for_their_own_contributors(w: World) -> None:
    base = w.model(OWNER, mode=CREDIT)
    middle = w.model(OWNER, mode=CREDIT, parents=[(base, 5000)])
    top = w.model(OWNER, mode=CREDIT, parents=[(base, 1000), (middle, 2000)])
    w.deposit(top, LIST, 10_000)
    # 8,500 for contributors: 30 % go up, one third of it to base and two to middle, which
    # passes half on.
    assert w.vault.read("carryOf", base) == 850 + 850
    assert w.vault.read("carryOf", middle) == 850
    assert w.pot(1) == 5950
    w.deposit(base, LIST, 1000)
    assert w.pot(2) == 850 + 1700
    assert w.vault.read("carryOf", base) == 0


def test_without_contributors_the_pot_is_the_fallbacks(w: World) -> None:
    model = w.model(OWNER, mode=ROOT)
    w.deposit(model, (), 1000)
    assert credited(w, FALLBACK) == [850]
    assert w.status(1) == SETTLED
    w.deposit(model, ((ALICE, 0), (BOB, 0)), 0)
    assert w.vault.read("settlement", 2)[3:] == (0, bytes(32), 2, SETTLED)
    claim = w.vault.send("claim", 2, 0, 0, SumTree(((ALICE, 0), (BOB, 0))).proof(0), sender=ALICE)
    refused(w.vault, claim, "WrongProof(uint256,uint256)", 2, 0)


def test_a_deposit_is_the_ledgers_alone_and_once(w: World) -> None:
    model = w.model(OWNER, mode=CREDIT)
    refused(w.vault, w.try_deposit(1, model, LIST, 9, ALICE), "NotLedger(address)", ALICE)
    w.deposit(model, LIST, 9)
    refused(w.vault, w.try_deposit(1, model, LIST, 9), "BatchExists(uint256)", 1)
    refused(w.vault, w.try_deposit(2, 99, LIST, 9), "UnknownModel(uint256)", 99)
    refused(w.vault, w.try_deposit(2, model, LIST, 2**128), "AmountTooLarge(uint256)", 2**128)
    assert w.balance() == 9


def test_credit_credits_each_by_weight(w: World) -> None:
    model = w.model(OWNER, mode=CREDIT)
    w.deposit(model, LIST, 1000)
    outcome = w.settle(1, LIST)
    events = [w.vault.event(log) for log in outcome.logs]
    assert [event[""] for event in events] == ["Settled", *["Credited"] * 3]
    assert credited(w, ALICE, BOB, CAROL) == [283, 283, 284]
    assert w.vault.read("settled", 1)
    refused(w.vault, w.settle(1, LIST), "NotWaiting(uint256,uint256)", 1, SETTLED)
    assert w.vault.send("withdraw", sender=CAROL).success
    assert paid_to(w, CAROL) == [284]
    refused(w.vault, w.vault.send("withdraw", sender=CAROL), "NothingToClaim()")


def test_push_pays_each_and_credits_whom_it_cannot_pay(w: World) -> None:
    model = w.model(OWNER, mode=PUSH)
    w.evm.set(BOB, code=REFUSES)
    w.deposit(model, LIST, 1000)
    outcome = w.settle(1, LIST)
    assert [w.vault.event(log)[""] for log in outcome.logs] == [
        "Settled",
        "Pushed",
        "Credited",
        "Pushed",
    ]
    assert paid_to(w, ALICE, BOB, CAROL) == [283, 0, 284]
    assert credited(w, ALICE, BOB, CAROL) == [0, 283, 0]


def test_a_caller_cannot_make_pushed_payments_fail_by_bringing_little_gas(w: World) -> None:
    model = w.model(OWNER, mode=PUSH)
    w.deposit(model, LIST, 1000)
    enough = next(
        gas for gas in range(60_000, 3_000_000, 4_000) if w.settle(1, LIST, gas=gas).success
    )
    assert enough > 120_000
    assert paid_to(w, ALICE, BOB, CAROL) == [283, 283, 284]
    assert credited(w, ALICE, BOB, CAROL) == [0, 0, 0]


@pytest.mark.parametrize("method", [HAMILTON, WEBSTER])
def test_other_methods_divide_small_batches(w: World, method: int) -> None:
    model = w.model(OWNER, mode=CREDIT, method=method)
    w.deposit(model, LIST, 1000)
    assert w.settle(1, LIST).success
    shares = w.shares(LIST, 850, method)
    assert credited(w, ALICE, BOB, CAROL) == [amount for _, amount in shares]
    assert shares != w.shares(LIST, 850)
    refused(
        w.vault,
        w.settle_chunk(w.deposit(model, LIST, 5), LIST, 0, 1),
        "NotInChunks(uint256)",
        method,
    )


def test_large_batches_are_divided_by_cascade_whatever_the_method(w: World) -> None:
    model = w.model(OWNER, mode=CREDIT, method=HAMILTON)
    entries = tuple((n.to_bytes(20, "big"), n) for n in range(1, 258))
    w.deposit(model, entries, 1000)
    assert w.vault.read("settlement", 1)[2] == CASCADE
    w.deposit(model, entries[:256], 10**6)
    assert w.vault.read("settlement", 2)[2] == HAMILTON
    assert w.settle(2, entries[:256]).success
    for who, amount in w.shares(entries[:256], w.pot(2), HAMILTON)[::51]:
        assert credited(w, who) == [amount]


@pytest.mark.parametrize("method", [CASCADE, HAMILTON])
def test_root_stores_a_root_that_each_claims_from(w: World, method: int) -> None:
    entries: Entries = ((ALICE, 1), (BOB, 2), (CAROL, 4))
    model = w.model(OWNER, mode=ROOT, method=method)
    w.deposit(model, entries, 1000)
    outcome = w.settle(1, entries)
    tree = w.claims(entries, 850, method)
    shares = w.shares(entries, 850, method)
    (event,) = [w.vault.event(log) for log in outcome.logs]
    assert (event[""], event["root"], event["pot"]) == ("Settled", tree.root.root, 850)
    for index in (2, 0, 1):
        who, amount = shares[index]
        done = w.vault.send("claim", 1, index, amount, tree.proof(index), sender=who)
        assert int.from_bytes(done.output, "big") == amount
        assert w.vault.read("claimed", 1, index)
    assert paid_to(w, ALICE, BOB, CAROL) == [amount for _, amount in shares]
    assert w.balance() == 150


def test_money_for_a_model_without_units_waits_for_its_next_batch(w: World) -> None:
    model = w.model(OWNER, mode=CREDIT)
    outcome = w.vault.send("accrue", model, value=50, sender=EVE)
    assert w.vault.event(outcome.logs[0])[""] == "CarryForward"
    w.deposit(model, LIST, 1000)
    assert w.pot(1) == 900
    refused(w.vault, w.vault.send("accrue", model), "NothingPaid()")
    refused(w.vault, w.vault.send("accrue", 77, value=1, sender=EVE), "UnknownModel(uint256)", 77)


def test_a_pot_that_no_payout_could_state_is_refused(w: World) -> None:
    model = w.model(OWNER, mode=CREDIT)
    for _ in range(2):
        assert w.vault.send("accrue", model, value=2**128 - 1, sender=EVE).success
    pot = 2 * (2**128 - 1) + 850
    refused(w.vault, w.try_deposit(1, model, LIST, 1000), "AmountTooLarge(uint256)", pot)
    over = w.vault.send("accrue", model, value=2**128, sender=EVE)
    refused(w.vault, over, "AmountTooLarge(uint256)", 2**128)


@pytest.mark.parametrize("mode", [PUSH, CREDIT, ACCUMULATOR, ROOT])
def test_a_list_that_is_not_the_batchs_moves_nothing(w: World, mode: int) -> None:
    entries: Entries = ((ALICE, 1), (BOB, 1))
    model = w.model(OWNER, mode=mode)
    w.deposit(model, entries, 1000)
    # The cascade of 2 by these weights is 1 and 1: the amounts alone would not tell.
    skewed: Entries = ((ALICE, 6), (BOB, 5))
    assert w.shares(skewed, 2) == w.shares(entries, 2)
    wrong = {
        "skewed": skewed,
        "another": ((ALICE, 1), (CAROL, 1)),
        "heavier": ((ALICE, 1), (BOB, 2)),
        "lighter": ((ALICE, 1), (BOB, 0)),
        "out of order": ((BOB, 1), (ALICE, 1)),
    }
    for name, list_ in wrong.items():
        outcome = w.settle(1, list_)
        assert not outcome.success, name
        assert w.vault.error(outcome) in ("WrongList", "WeightOverflow", "NotAscending"), name
    refused(w.vault, w.settle(1, LIST), "WrongLength(uint256,uint256)", 2, 84)
    refused(w.vault, w.settle(1, ()), "WrongLength(uint256,uint256)", 2, 0)
    refused(w.vault, w.settle(9, entries), "NotWaiting(uint256,uint256)", 9, 0)
    assert w.status(1) == WAITING
    assert w.balance() == 1000
    assert w.settle(1, entries).success


@pytest.mark.parametrize("total", [2, 4])
@pytest.mark.parametrize("mode", [PUSH, CREDIT, ACCUMULATOR, ROOT])
def test_a_root_of_another_weight_than_was_deposited_cannot_be_settled(
    w: World, mode: int, total: int
) -> None:
    model = w.model(OWNER, mode=mode)
    tree = SumTree(LIST)
    deposit = w.vault.data("deposit", 1, model, tree.root.root, 3, total, w.policy)
    assert w.evm.call(VAULT, deposit, sender=LEDGER, value=1000).success
    for outcome in (w.settle(1, LIST), w.settle_chunk(1, LIST, 0, 4)):
        assert not outcome.success
        assert w.vault.error(outcome) in ("WrongList", "WeightOverflow")
    assert w.status(1) == WAITING
    assert w.vault.send("voidSettlement", 1, sender=LEDGER).success


def test_a_list_that_stands_elsewhere_in_the_calldata_is_refused(w: World) -> None:
    """The entries are read where they must stand, so nothing may stand there in their place."""
    model = w.model(OWNER, mode=CREDIT)
    w.deposit(model, LIST, 1000)
    honest = w.vault.data("settle", 1, packed(LIST))
    decoy = packed(((DAVE, 1), (DAVE, 1), (DAVE, 1))).ljust(96, b"\0")
    moved = honest[:36] + (192).to_bytes(32, "big") + (84).to_bytes(32, "big") + decoy
    outcome = w.evm.call(VAULT, moved + honest[68:])
    refused(w.vault, outcome, "MalformedInput(uint256)", 36)


def test_the_ledger_voids_what_nobody_settles(w: World) -> None:
    model = w.model(OWNER, mode=CREDIT)
    w.deposit(model, LIST, 1000)
    void = w.vault.send("voidSettlement", 1, sender=ALICE)
    refused(w.vault, void, "NotLedger(address)", ALICE)
    assert w.vault.send("voidSettlement", 1, sender=LEDGER).success
    assert w.vault.read("carryOf", model) == 850
    assert (w.status(1), w.vault.read("settled", 1)) == (VOID, False)
    refused(w.vault, w.settle(1, LIST), "NotWaiting(uint256,uint256)", 1, VOID)
    void = w.vault.send("voidSettlement", 1, sender=LEDGER)
    refused(w.vault, void, "NotWaiting(uint256,uint256)", 1, VOID)
    w.deposit(model, LIST, 1000)
    assert w.pot(2) == 1700


def test_a_penalty_keeps_a_part_that_is_carried(w: World) -> None:
    model = w.model(OWNER, mode=CREDIT)
    punish(w, BOB, 300)  # halfway from 100 to 500
    w.deposit(model, LIST, 1000)
    outcome = w.settle(1, LIST)
    assert credited(w, ALICE, BOB, CAROL) == [283, 141, 284]
    assert w.vault.read("carryOf", model) == 142
    books = Books()
    books.read(w.vault, outcome.logs)
    assert books.carry[model] == 142
    punish(w, CAROL, 1000)
    w.deposit(model, LIST, 1000)
    assert w.settle(2, LIST).success
    assert credited(w, CAROL) == [284], "all is kept from who has too many points"


def test_nobody_is_looked_up_while_nobody_is_above_the_threshold(w: World) -> None:
    bond = w.family.bond
    model = w.model(OWNER, mode=CREDIT)
    gas = []
    for points, penalised in ((0, 0), (100, 0), (1, 1), (5000, 1)):
        punish(w, DAVE, points)
        assert bond.read("penalised") == penalised
        w.deposit(model, LIST, 1000)
        gas.append(w.settle(w.batches, LIST).gas_used)
    # Three look-ups from the third time on; the first made the credits.
    assert gas[2] == gas[3] > gas[1] + 3 * 2100
    punish(w, EVE, 101)
    assert bond.read("penalised") == 2


def punish(world: World, who: bytes, points: int) -> None:
    bond = world.family.bond
    assert bond.send("slash", who, 0, LEDGER, points, sender=LEDGER).success


@pytest.mark.parametrize("n", [1, 7, 8, 9, 63, 64, 65, 130])
def test_the_state_precompile_leaves_the_storage_that_the_loop_leaves(n: int) -> None:
    crowd = tuple((k.to_bytes(20, "big"), k * k % 97) for k in range(2**152, 2**152 + n))
    loop, native = world(), world().with_state_precompile()
    events = []
    for w in (loop, native):
        assert (w.vault.read("siblings")[6] != "0x" + "00" * 20) is (w is native)
        model = w.model(OWNER, mode=CREDIT)
        punish(w, crowd[n // 2][0], 300)
        for amount in (3, 10**27, 2**100):
            batch = w.deposit(model, crowd, amount)
            events.append(w.settle(batch, crowd).logs)
    assert events[:3] == events[3:]
    native.evm.set(VAULT, storage={STATE_SLOT: 0})
    assert native.evm.storage_root(VAULT) == loop.evm.storage_root(VAULT)


def test_a_state_precompile_that_is_not_there_is_not_believed() -> None:
    w = world()
    w.evm.set(VAULT, storage={STATE_SLOT: 0xA772})
    w.deposit(w.model(OWNER, mode=CREDIT), LIST, 1000)
    refused(w.vault, w.settle(1, LIST), "NoAnswer(address)", (0xA772).to_bytes(20, "big"))


def test_the_model_pays_as_it_stood_at_the_deposit(w: World) -> None:
    model = w.model(OWNER, mode=CREDIT)
    w.deposit(model, LIST, 1000)
    assert w.family.registry.send(
        "setPolicy", model, w.policy, CASCADE, PUSH, sender=OWNER
    ).success
    assert w.settle(1, LIST).success
    assert credited(w, ALICE) == [283]
    w.deposit(model, LIST, 1000)
    assert w.settle(2, LIST).success
    assert (credited(w, ALICE), paid_to(w, ALICE)) == ([283], [283])


def test_ether_without_a_call_is_refused(w: World) -> None:
    assert not w.evm.call(VAULT, value=1, sender=ALICE).success
