"""What somebody would do who wants money that is another's, or wants another to lose money."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import Any

import pytest
from eth_utils.crypto import keccak

from byline.node.attribution.encoding import Points, encode_packed
from byline.node.attribution.proof.challenges import (
    MOST_LISTED,
    Challenge,
    NotSettled,
    WrongWeights,
)
from byline.node.attribution.receipts import MOST_RECEIPTS
from byline.node.attribution.weights import batch_payouts
from byline.node.chain.admission import MAX_TRANSACTION_SIZE
from byline.node.contracts import addresses
from byline.node.contracts.artifacts import load
from byline.node.contracts.attribution_predeploys import Backend
from byline.node.contracts.calls import Interface
from byline.node.evm.transition import MAX_TRANSACTION_GAS
from byline.precompiles.math.sum_tree import SumTree
from tests.contracts import ledger_world, vault_world
from tests.contracts.attribution_family import LEDGER, PEOPLE, calls_back, done, number
from tests.contracts.challenging import lists, underpaid
from tests.contracts.harness import Contract, Outcome
from tests.contracts.ledger_world import (
    DEFAULTED,
    FEE,
    OPERATOR,
    OWNERS,
    PAYERS,
    VOID,
    WATCHER,
    WINDOW,
    answer,
    corpus,
)
from tests.contracts.vault_world import ACCUMULATOR, CASCADE, CREDIT, PUSH, ROOT, packed

MADE_OF = corpus()
TRUE = answer(MADE_OF)
OWNER = PEOPLE[0]
ENVELOPE = 200
"""Bytes of a transaction that are not its data, at most."""
BURNS = bytes.fromhex("5b5f56")  # jumps in a circle until the gas is gone


@pytest.fixture(params=Backend, ids=lambda backend: backend.value)
def backend(request: pytest.FixtureRequest) -> Backend:
    chosen: Backend = request.param
    return chosen


def people(count: int) -> list[bytes]:
    """Return addresses without zero bytes, which calldata counts as cheap; ascending."""
    dice = random.Random(count)
    return sorted(bytes(dice.randrange(1, 256) for _ in range(20)) for _ in range(count))


def gas_of(contract: str, target: Contract, name: str, *arguments: Any, **options: Any) -> int:
    """Return the gas of a transaction that must succeed, without what is refunded at its end."""
    outcome: Outcome = target.send(name, *arguments, **options)
    assert outcome.success, f"{name}: {target.error(outcome)}"
    data = Interface(load(contract)).call(name, *arguments)
    assert len(data) + ENVELOPE <= MAX_TRANSACTION_SIZE
    tokens = 4 * len(data) - 3 * data.count(0)
    return 21_000 + max(4 * tokens + outcome.gas_used, 10 * tokens)


def points_of(count: int, fee: int = FEE) -> Points:
    """Return the points of a record with as many owners."""
    units = max(1, fee // 10**9)
    return tuple(
        (who, units * (at + 1) // count - units * at // count)
        for at, who in enumerate(people(count))
    )


# Terms that change while answers wait.


def test_a_policy_set_after_the_answers_takes_nothing_from_their_contributors() -> None:
    one = ledger_world.world(MADE_OF)
    chain = one.family
    batch = one.record([TRUE])
    greedy = number(done(chain.policy, "createPolicy", 0, 0, 0, 0, 10_000, 0, 0, OPERATOR))
    done(chain.registry, "setPolicy", one.model, greedy, 0, CREDIT, sender=OPERATOR)
    assert one.ledger.read("policyOf", batch.id) == 1
    one.later(WINDOW + 1)
    done(one.ledger, "finalize", batch.id)
    # 5 % platform, 10 % owner; the stakers' 15 %, as there are none, and 70 % contributors.
    assert one.vault.read("settlement", batch.id)[3] == FEE - FEE * 15 // 100
    assert one.vault.read("creditOf", OPERATOR) == FEE * 15 // 100 - FEE * 5 // 100
    one.ledger.send("deposit", sender=PAYERS[0], value=1)
    assert one.ledger.read("policyOf", one.record([TRUE]).id) == greedy


def test_bonds_demands_and_times_do_not_reach_into_the_policy_beside_them() -> None:
    one = ledger_world.world(MADE_OF)
    terms = (0, 0, 0, 0, 0, 0, 10_000, OPERATOR)
    policy = number(done(one.family.policy, "createPolicy", *terms))
    done(one.family.registry, "setPolicy", one.model, policy, 0, CREDIT, sender=OPERATOR)
    batch = one.record([TRUE, TRUE])
    fee = ledger_world.DEMAND_FEE
    for index in range(2):
        done(one.ledger, "demand", *batch.proof(index), sender=WATCHER, value=fee)
    done(one.ledger, "demandPayouts", batch.id, sender=WATCHER, value=fee)
    state = one.ledger.read("batchState", batch.id)
    assert state == (ledger_world.BOND, 3, one.now + WINDOW, 0)
    assert one.ledger.read("policyOf", batch.id) == policy
    for index in range(2):
        assert one.publish(batch, index).success
    done(one.ledger, "publishPayouts", batch.id, encode_packed(batch.payouts))
    one.later(WINDOW + 1)
    done(one.ledger, "finalize", batch.id)
    assert one.ledger.read("batchState", batch.id)[1:] == (0, one.now - 1, one.now)
    assert one.ledger.read("policyOf", batch.id) == policy


# Settlements that no transaction could hold.


@pytest.mark.parametrize("method", range(5))
@pytest.mark.parametrize("count", [128, 129, 256])
def test_whoever_is_paid_cannot_make_a_batch_too_dear_to_settle(
    backend: Backend, method: int, count: int
) -> None:
    one = vault_world.world(backend)
    bond = one.family.bond
    # Everybody has lost some of what they earn, which is told of each.
    slots = load("ContributorBond").storage
    one.evm.set(bond.address, storage={slots["penalised"]: 1, slots["threshold"]: 0})
    model = one.model(OWNER, mode=PUSH, method=method)
    entries = tuple((who, 10**12 + at) for at, who in enumerate(people(count)))
    for who, _ in entries:
        one.evm.set(who, code=BURNS)
    batch = one.deposit(model, entries, 10**18 + 7)
    chunked = one.vault.read("settlement", batch)[2] == CASCADE
    if not chunked:
        gas = gas_of("PayoutVault", one.vault, "settle", batch, packed(entries))
        assert gas <= MAX_TRANSACTION_GAS
    else:
        tree = SumTree(entries)
        for start in range(0, count, 128):
            proof = tree.chunk_proof(start, 128)
            data = packed(entries[start : start + 128])
            gas = gas_of("PayoutVault", one.vault, "settleChunk", batch, data, proof)
            assert gas <= MAX_TRANSACTION_GAS
    assert one.vault.read("settled", batch)
    assert sum(one.vault.read("creditOf", who) for who, _ in entries) == one.pot(batch)


@pytest.mark.parametrize("mode", [CREDIT, ROOT])
@pytest.mark.parametrize("method", range(1, 5))
@pytest.mark.parametrize("pot", [0, 1, 10**18 + 7])
def test_every_method_settles_256_of_any_weights_in_one_transaction(
    backend: Backend, mode: int, method: int, pot: int
) -> None:
    one = vault_world.world(backend)
    model = one.model(OWNER, mode=mode, method=method)
    dice = random.Random(7)
    for weights in ([1] * 256, [2**55] + [1] * 255, [dice.randrange(2**55) for _ in range(256)]):
        entries = tuple(zip(people(256), weights, strict=True))
        batch = one.deposit(model, entries, pot)
        assert one.vault.read("settlement", batch)[2] == method
        gas = gas_of("PayoutVault", one.vault, "settle", batch, packed(entries))
        assert gas <= MAX_TRANSACTION_GAS


def test_the_longest_lineage_can_be_paid_in_one_transaction(backend: Backend) -> None:
    one = vault_world.world(backend)
    models = [one.model(OWNER, mode=CREDIT)]
    for _ in range(31):
        parents = [(model, 10_000 // 31) for model in models]
        models.append(one.model(OWNER, mode=CREDIT, parents=parents))
    entries = ((OWNER, 1),)
    root = SumTree(entries).root.root
    gas = gas_of(
        "PayoutVault", one.vault, "deposit", 1, models[-1], root, 1, 1, one.policy,
        sender=vault_world.LEDGER, value=10**18,
    )  # fmt: skip
    assert gas <= MAX_TRANSACTION_GAS
    assert all(one.vault.read("carryOf", model) for model in models[:-1])


# Frauds that no transaction could prove, and demands that none could answer.


def challenge_gas(one: ledger_world.World, batch: int, challenge: Challenge) -> int:
    data = challenge.encode()
    arguments = (batch, challenge.kind, data)
    return gas_of("InferenceLedger", one.ledger, "challenge", *arguments, sender=WATCHER)


def test_one_point_missing_from_200_records_of_256_owners_can_be_proven(backend: Backend) -> None:
    one = ledger_world.world(MADE_OF, backend)
    full = replace(TRUE, points=points_of(256))
    payouts = dict(batch_payouts([full.points] * MOST_RECEIPTS))
    victim, thief = list(payouts)[:2]
    payouts[victim] -= 1
    payouts[thief] += 1
    batch = one.record([full] * MOST_RECEIPTS, tuple(payouts.items()))
    gas = challenge_gas(one, batch.id, underpaid(batch, victim))
    assert gas <= MAX_TRANSACTION_GAS
    assert one.status(batch.id) == VOID


def test_as_many_points_as_kind_8_takes_fit_whoever_they_are_of(backend: Backend) -> None:
    one = ledger_world.world(MADE_OF, backend)
    who = iter(people(MOST_LISTED))
    answers = []
    for index in range(MOST_RECEIPTS):
        size = MOST_LISTED // MOST_RECEIPTS + (index < MOST_LISTED % MOST_RECEIPTS)
        points = tuple((next(who), units) for _, units in points_of(size))
        answers.append(replace(TRUE, points=points))
    payouts = dict(batch_payouts(one.points for one in answers))
    victim, thief = list(payouts)[:2]
    payouts[victim] -= 1
    payouts[thief] += 1
    batch = one.record(answers, tuple(payouts.items()))
    assert challenge_gas(one, batch.id, lists(batch)) <= MAX_TRANSACTION_GAS
    assert one.status(batch.id) == VOID


def test_the_longest_list_of_payouts_can_be_published_if_it_is_demanded(backend: Backend) -> None:
    one = ledger_world.world(MADE_OF, backend)
    batch = one.record([replace(TRUE, points=points_of(4096))])
    fee = ledger_world.DEMAND_FEE
    done(one.ledger, "demandPayouts", batch.id, sender=WATCHER, value=fee)
    data = encode_packed(batch.payouts)
    gas = gas_of("InferenceLedger", one.ledger, "publishPayouts", batch.id, data)
    assert gas <= MAX_TRANSACTION_GAS


def test_wrong_points_of_256_leaves_can_be_proven(backend: Backend) -> None:
    one = ledger_world.world(MADE_OF, backend)
    made = TRUE.leaves[0]
    leaves = tuple(replace(made, owner=who, out_pos=at) for at, who in enumerate(people(256)))
    batch = one.record([replace(TRUE, leaves=leaves, points=points_of(256))])
    gas = challenge_gas(one, batch.id, WrongWeights(batch.shown(), leaves))
    assert gas <= MAX_TRANSACTION_GAS


# Money that is not there, or is somebody else's.


@pytest.mark.parametrize("end", ["deprecated", "condemned"])
def test_a_fee_is_not_kept_until_the_end_of_time_by_a_model_that_answers_no_more(end: str) -> None:
    one = ledger_world.world(MADE_OF)
    registry, payer = one.family.registry, PAYERS[0]
    opened = one.ledger.send("open", one.model, bytes(32), 2**64 - 1, sender=payer, value=FEE)
    early = one.ledger.send("cancel", opened.output, sender=payer)
    assert one.ledger.error(early) == "DeadlineNotPassed"
    if end == "deprecated":
        done(registry, "deprecateModel", one.model, sender=OPERATOR)
    else:
        done(registry, "condemnDataset", 2, sender=LEDGER)
    stranger = one.ledger.send("cancel", opened.output, sender=WATCHER)
    assert one.ledger.error(stranger) == "NotPayer"
    before = one.family.evm.balance(payer)
    done(one.ledger, "cancel", opened.output, sender=payer)
    assert one.family.evm.balance(payer) == before + FEE
    again = one.ledger.send("cancel", opened.output, sender=payer)
    assert one.ledger.error(again) == "UnknownRequest"


def test_who_cheats_and_challenges_itself_first_loses_money_and_frees_no_bond() -> None:
    one = ledger_world.world(MADE_OF)
    total, locked, _ = one.bond(OPERATOR)
    lie = replace(TRUE, points=((OWNERS[0], sum(amount for _, amount in TRUE.points)),))
    batch = one.record([lie])
    proof = WrongWeights(batch.shown(), lie.leaves)
    assert one.challenge(batch.id, proof, sender=OPERATOR).success
    bond = ledger_world.BOND
    assert one.bond(OPERATOR) == (total - bond + bond // 2, locked, ledger_world.PENALTY)
    assert one.family.bond.read("treasury") == bond - bond // 2
    done(one.ledger, "refund", *batch.proof())
    again = one.ledger.send("refund", *batch.proof())
    assert one.ledger.error(again) == "AlreadyRefunded"
    assert one.ledger.error(one.challenge(batch.id, proof)) == "NotOpen"


def test_a_batch_that_nobody_settled_in_time_pays_its_operator_nothing_of_the_bond() -> None:
    one = ledger_world.world(MADE_OF)
    batch = one.record([TRUE])
    one.later(WINDOW + 1)
    done(one.ledger, "finalize", batch.id)
    one.later(ledger_world.SETTLE_WINDOW + 1)
    assert one.challenge(batch.id, NotSettled()).success
    assert one.status(batch.id) == DEFAULTED
    assert not one.settle(batch).success
    for name in ("release", "finalize"):
        assert one.ledger.error(one.ledger.send(name, batch.id)) == "NotOpen"
    assert one.bond(OPERATOR)[1] == 0
    assert one.vault.read("carryOf", one.model) == FEE - FEE * 15 // 100


def test_units_of_somebody_whom_a_wrong_list_names_twice_all_earn(backend: Backend) -> None:
    one = vault_world.world(backend)
    model = one.model(OWNER, mode=ACCUMULATOR, policy=all_to_contributors(one))
    who = PEOPLE[1]
    tops = [
        keccak(b"\0" + at.to_bytes(4, "big") + who + (at + 1).to_bytes(16, "big")) for at in (0, 1)
    ]
    sides = [top + (at + 1).to_bytes(16, "big") for at, top in enumerate(tops)]
    three, two = (3).to_bytes(16, "big"), (2).to_bytes(4, "big")
    root = keccak(b"\2" + two + three + keccak(b"\1" + sides[0] + sides[1]))
    arguments = (1, model, root, 2, 3, one.policy + 1)
    done(one.vault, "deposit", *arguments, sender=vault_world.LEDGER, value=300)
    for at in (0, 1):
        chunk = packed([(who, at + 1)])
        done(one.vault, "settleChunk", 1, chunk, two + sides[1 - at])
    assert one.vault.read("accruedOf", model, who) == 300
    done(one.vault, "accrue", model, value=30, sender=OWNER)
    before = one.evm.balance(who)
    done(one.vault, "claimAccrued", model, sender=who)
    assert (one.evm.balance(who) - before, one.balance()) == (330, 0)


def all_to_contributors(one: vault_world.World) -> int:
    terms = (0, 0, 0, 0, 0, 0, 10_000, OWNER)
    return number(done(one.family.policy, "createPolicy", *terms))


def test_who_settles_again_while_being_paid_is_paid_once(backend: Backend) -> None:
    one = vault_world.world(backend)
    model = one.model(OWNER, mode=PUSH, policy=all_to_contributors(one))
    thief, last = people(2)
    entries = ((thief, 1), (last, 1))
    again = one.vault.data("settle", 1, packed(entries))
    one.evm.set(thief, code=calls_back(again))
    one.deposit(model, entries, 1000)
    one.deposit(one.model(OWNER, mode=ROOT), entries, 1000)
    assert one.settle(1, entries).success
    assert [one.evm.balance(who) for who in (thief, last)] == [500, 500]
    assert one.balance() == 1000


def test_nobody_moves_money_at_the_implementations_behind_the_proxies(backend: Backend) -> None:
    one = vault_world.world(backend)
    ledger_only: dict[str, tuple[str, tuple[Any, ...]]] = {
        "ContributorBond": ("slash", (OWNER, 0, OWNER, 1)),
        "PayoutVault": ("deposit", (1, 1, bytes(32), 1, 1, 1)),
        "AttributionRegistry": ("condemnDataset", (1,)),
    }
    for name, (function, arguments) in ledger_only.items():
        address = addresses.l2_implementation(addresses.L2_CONTRACTS[name])
        bare = Contract(one.evm, address, load(name).abi)
        assert bare.read("version") == "0.1.0"
        for sender in (OWNER, LEDGER):
            refusal = bare.send(function, *arguments, sender=sender)
            assert bare.error(refusal) == "NotLedger"
