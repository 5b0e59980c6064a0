"""What a transaction costs beyond its gas is read once for each head, and follows the head."""

from __future__ import annotations

import pytest

from byline.node.chain.chain import Chain
from byline.node.evm.optimism import ExtraCost, extra_cost
from byline.node.l2.engine import L2Engine
from tests.integration.rollups import World, world


def read_anew(here: World) -> ExtraCost:
    engine = here.rollup.engine
    head = engine.chain.head
    return ExtraCost.at(engine.chain.machine(head), engine.config, head)


def test_it_follows_the_head_forwards_and_back() -> None:
    here = world()
    engine = here.rollup.engine
    before = engine.heads.unsafe
    assert engine.extra_cost() is engine.extra_cost()
    first = engine.extra_cost()
    assert first == read_anew(here)

    # Each L1 block moves the L1's base fee, which the next L2 block tells of.
    for _ in range(3):
        here.rollup.mine_l1()
        here.rollup.mine_l2()
    later = engine.extra_cost()
    assert later == read_anew(here)
    assert later.fees != first.fees

    engine.rewind(before)
    assert engine.extra_cost() == first == read_anew(here)


def test_the_state_is_read_once_for_many_transactions() -> None:
    here = world()
    here.rollup.mine_l2()
    engine = here.rollup.engine
    opened: list[int] = []

    class Watched(Chain):
        def machine(self, *args, **kwargs):  # type: ignore[no-untyped-def]
            opened.append(1)
            return super().machine(*args, **kwargs)

    chain = Watched(engine.chain.store, engine.chain.rules, engine.chain.engine)
    watched = L2Engine(chain, engine.config)
    transactions = [here.transfer("l2", nonce=nonce) for nonce in range(5)]
    found = [watched.extra_cost().of(tx) for tx in transactions]
    assert len(opened) == 1
    machine = engine.chain.machine(engine.chain.head)
    assert found == [
        extra_cost(machine, engine.config, engine.chain.head, tx) for tx in transactions
    ]
    assert all(found)


def test_a_transaction_is_admitted_on_one_opened_state(monkeypatch: pytest.MonkeyPatch) -> None:
    here = world()
    here.rollup.mine_l2()
    tx = here.transfer("l2")
    opened: list[str] = []
    machine = Chain.machine

    def watched(chain: Chain, *args, **kwargs):  # type: ignore[no-untyped-def]
        opened.append(chain.store.head().hash.hex())
        return machine(chain, *args, **kwargs)

    monkeypatch.setattr(Chain, "machine", watched)
    here.rollup.admit("l2", tx)
    assert len(opened) == 1
    assert here.rollup.engine.extra_cost() == read_anew(here)
