"""Calls of the GasPriceOracle through the node: at any block, with overrides, with little gas."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterator
from typing import Any

import pytest

from byline.node.backend.state import NodeState
from byline.node.backend.threads import Threads
from byline.node.chain import calls
from byline.node.contracts.addresses import GAS_PRICE_ORACLE, L1_BLOCK
from byline.rpc.backend import AccountOverride, CallRequest, Reverted
from tests.contracts.harness import calldata
from tests.integration.rollups import World, world

DATA = bytes(range(256)) * 40
FEE = CallRequest(to=GAS_PRICE_ORACLE, data=calldata("getL1Fee(bytes)", DATA))


@pytest.fixture(scope="module")
def made() -> World:
    """A chain along which the L1's base fee falls from block to block."""
    here = world()
    for _ in range(4):
        here.rollup.mine("l1")
        here.rollup.mine("l2")
        here.rollup.adopt(here.rollup.l1.head.number)
    return here


@pytest.fixture
def state(made: World) -> Iterator[NodeState]:
    threads = Threads()
    yield NodeState(made.rollup, "l2", threads)
    threads.close()


def run(work: Coroutine[Any, Any, bytes]) -> bytes:
    return asyncio.run(work)


def test_a_fee_is_told_of_every_block_without_running_the_contract(
    made: World, state: NodeState, monkeypatch: pytest.MonkeyPatch
) -> None:
    chain = made.rollup.engine.chain
    headers = []
    for number in range(1, chain.head.number + 1):
        block = chain.canonical_block(number)
        assert block is not None
        headers.append(block.header)
    wanted = [calls.call(chain, header, FEE, {}) for header in headers]
    assert len(set(wanted)) > 2
    monkeypatch.setattr(calls, "call", None)
    assert wanted == [run(state.call(FEE, header.number, {})) for header in headers]
    assert wanted[-1] == run(state.call(FEE, "pending", {}))


def test_a_fee_with_an_override_is_what_the_contract_says(state: NodeState) -> None:
    usual = run(state.call(FEE, "latest", {}))
    pretend = {L1_BLOCK: AccountOverride(storage_diff={1: 10**12, 3: 1 << 96})}
    assert run(state.call(FEE, "latest", pretend)) != usual


def test_a_fee_with_less_gas_than_the_contract_takes_fails(state: NodeState) -> None:
    little = CallRequest(to=FEE.to, data=FEE.data, gas=2_000_000)
    # The proxy reverts when what is behind it runs out of gas.
    with pytest.raises(Reverted, match="execution reverted"):
        run(state.call(little, "latest", {}))
