"""PayoutVault: what becomes of the carry of a model that takes no further answers."""

from __future__ import annotations

import pytest

from tests.contracts.attribution_family import PEOPLE, refused
from tests.contracts.vault_world import (
    ACCUMULATOR,
    CREDIT,
    FALLBACK,
    PUSH,
    ROOT,
    Backend,
    Entries,
    World,
    world,
)

OWNER, ALICE, BOB, CAROL, _DAVE, EVE = PEOPLE
LIST: Entries = ((ALICE, 1), (BOB, 1), (CAROL, 1))


@pytest.fixture(params=list(Backend), ids=lambda backend: backend.value)
def w(request: pytest.FixtureRequest) -> World:
    return world(request.param)


@pytest.mark.parametrize("mode", [PUSH, CREDIT, ACCUMULATOR, ROOT])
def test_the_carry_of_a_model_that_is_no_longer_served_is_its_fallbacks(
    w: World, mode: int
) -> None:
    base = w.model(OWNER, mode=mode)
    adapter = w.model(OWNER, mode=CREDIT, parents=[(base, 5000)])
    w.deposit(adapter, LIST, 1000)
    refused(w.vault, w.vault.send("accrue", base, sender=EVE), "NothingPaid()")
    assert w.family.registry.send("deprecateModel", base, sender=OWNER).success
    outcome = w.vault.send("accrue", base, value=7, sender=EVE)
    (event,) = [w.vault.event(log) for log in outcome.logs]
    assert event == {
        "": "CarryReleased",
        "modelId": base,
        "who": "0x" + FALLBACK.hex(),
        "amount": 425 + 7,
        "carried": 425,
    }
    assert w.vault.read("creditOf", FALLBACK) == 432
    assert w.vault.read("carryOf", base) == 0
    refused(w.vault, w.vault.send("accrue", base, sender=EVE), "NothingPaid()")
    # What its children earn later is paid in the same way.
    w.deposit(adapter, LIST, 1000)
    assert w.vault.send("accrue", base, sender=EVE).success
    assert w.vault.read("creditOf", FALLBACK) == 857


def test_units_of_a_model_that_is_no_longer_served_earn_its_carry(w: World) -> None:
    base = w.model(OWNER, mode=ACCUMULATOR)
    adapter = w.model(OWNER, mode=CREDIT, parents=[(base, 5000)])
    w.deposit(base, LIST, 1000)
    assert w.settle(1, LIST).success
    w.deposit(adapter, LIST, 1000)
    assert w.family.registry.send("deprecateModel", base, sender=OWNER).success
    assert w.vault.send("accrue", base, sender=EVE).success
    assert w.vault.read("carryOf", base) == 0
    assert w.vault.read("creditOf", FALLBACK) == 0
    owed = [w.vault.read("accruedOf", base, who) for who, _ in LIST]
    assert owed == [(850 + 425) // 3] * 3
