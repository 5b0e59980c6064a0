"""PayoutVault: accumulators, whose units earn from this batch and from later money."""

from __future__ import annotations

import pytest

from byline.precompiles.math.sum_tree import SumTree
from tests.contracts.attribution_family import PEOPLE, refused
from tests.contracts.vault_world import (
    ACCUMULATOR,
    SETTLED,
    WAITING,
    Backend,
    Entries,
    World,
    world,
)

OWNER, ALICE, BOB, CAROL, DAVE, EVE = PEOPLE
LIST: Entries = ((ALICE, 1), (BOB, 1), (CAROL, 1))


@pytest.fixture(params=list(Backend), ids=lambda backend: backend.value)
def w(request: pytest.FixtureRequest) -> World:
    return world(request.param)


def paid_to(world: World, *who: bytes) -> list[int]:
    return [world.evm.balance(one) - 2**200 for one in who]


def test_an_accumulator_pays_this_pot_and_later_ones_by_the_same_units(w: World) -> None:
    model = w.model(OWNER, mode=ACCUMULATOR)
    w.deposit(model, LIST, 1000)
    assert w.settle(1, LIST).success
    root = SumTree(LIST).root.root
    assert w.vault.read("pool", model) == (1, 3, 283, 1, root)
    w.deposit(model, LIST, 1000)
    assert w.status(2) == SETTLED, "the same list needs not be brought again"
    assert w.vault.read("pool", model) == (1, 3, 283 + 283, 2, root)
    assert w.vault.read("accruedOf", model, ALICE) == 566
    assert w.vault.send("claimAccrued", model, sender=ALICE).success
    refused(w.vault, w.vault.send("claimAccrued", model, sender=ALICE), "NothingToClaim()")
    assert w.vault.send("accrue", model, value=1, sender=EVE).success
    assert w.vault.send("claimAccrued", model, sender=ALICE).success
    assert paid_to(w, ALICE) == [567]


def test_another_list_opens_an_epoch_and_keeps_what_was_earned(w: World) -> None:
    model = w.model(OWNER, mode=ACCUMULATOR)
    w.deposit(model, LIST, 1000)
    assert w.settle(1, LIST).success
    other: Entries = ((BOB, 2), (DAVE, 6))
    w.deposit(model, other, 1000)
    assert w.status(2) == WAITING
    assert w.settle(2, other).success
    # 850 and the remainder 1 of the first epoch, by 8 units.
    assert w.vault.read("pool", model)[:4] == (2, 8, 106, 3)
    accrued = [w.vault.read("accruedOf", model, who) for who in (ALICE, BOB, CAROL, DAVE)]
    assert accrued == [283, 283 + 212, 283, 636]
    assert w.vault.read("credits", model.to_bytes(32, "big"), BOB) == 283
    assert w.vault.send("claimAccrued", model, sender=BOB).success
    assert paid_to(w, BOB) == [495]


def test_a_list_of_as_many_units_is_still_another_list(w: World) -> None:
    model = w.model(OWNER, mode=ACCUMULATOR)
    w.deposit(model, LIST, 1000)
    assert w.settle(1, LIST).success
    other: Entries = ((ALICE, 1), (BOB, 1), (DAVE, 1))
    w.deposit(model, other, 1000)
    assert w.status(2) == WAITING
    assert w.vault.read("accruedOf", model, CAROL) == 283
