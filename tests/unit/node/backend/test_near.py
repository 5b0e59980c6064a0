"""Reads of one block share a machine, and never see another block's state."""

from __future__ import annotations

import pytest

from byline.node.backend import near
from byline.node.backend.near import NearState
from tests.integration.rollups import ALICE, world


def test_reads_of_one_block_share_a_machine() -> None:
    chain = world().rollup.engine.chain
    state = NearState()
    first = state.machine(chain, chain.head)
    assert state.machine(chain, chain.head) is first


def test_another_block_or_chain_has_another_machine() -> None:
    made = world()
    state, chain = NearState(), made.rollup.engine.chain
    before = chain.head
    assert state.machine(chain, before).nonce(ALICE.address) == 0
    made.send("l2")
    assert chain.head is not before
    assert state.machine(chain, chain.head).nonce(ALICE.address) == 1
    assert state.machine(chain, before).nonce(ALICE.address) == 0
    l1 = made.rollup.chain("l1")
    assert state.machine(l1, l1.head).nonce(ALICE.address) == 0


def test_a_machine_is_left_before_it_remembers_too_much(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(near, "MOST_READS", 3)
    chain = world().rollup.engine.chain
    state = NearState()
    seen = [state.machine(chain, chain.head) for _ in range(6)]
    assert [machine is seen[0] for machine in seen] == [True] * 4 + [False] * 2
