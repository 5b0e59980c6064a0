"""What `miner_setMaxDASize` does to the blocks that the L2 builds."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from byline.derivation.fees import estimated_size_scaled
from byline.node.accounts import dev_accounts
from byline.node.l2.da_limits import DaLimits
from tests.integration.rollups import ALICE, World, world
from tests.integration.serving import served

CAROL = dev_accounts()[2]
LEAST = 100
"""Bytes that a transaction counts at least (Fjord)."""


def noise(length: int) -> bytes:
    """Return data that nothing makes shorter."""
    return random.Random(length).randbytes(length)


def waiting() -> World:
    """Return a rollup that mines when it is told to."""
    here = world()
    here.rollup.mining = replace(here.rollup.mining, automine=False)
    return here


def mined(here: World) -> list[bytes]:
    """Return what the next L2 block takes from the pool."""
    here.rollup.mine("l2")
    chain = here.rollup.engine.chain
    block = chain.store.block(chain.head.hash)
    assert block is not None
    return [tx.hash for tx in block.transactions if tx.type != 0x7E]


def test_a_transaction_that_is_too_large_waits_and_its_senders_later_ones_with_it() -> None:
    here = waiting()
    large = here.send("l2", data=noise(2_000), gas=200_000)
    later = here.send("l2")
    other = here.send("l2", sender=CAROL)
    with served(here, "l2") as port:
        assert port.result("miner_setMaxDASize", "0x3e8", "0x0") is True
        assert mined(here) == [other]
        assert port.result("txpool_status")["pending"] == "0x2"
        assert port.result("miner_setMaxDASize", "0x0", "0x0") is True
        assert mined(here) == [large, later]


def test_a_block_holds_no_more_data_than_was_asked() -> None:
    here = waiting()
    sent = [here.send("l2") for _ in range(5)]
    with served(here, "l2") as port:
        port.result("miner_setMaxDASize", "0x0", hex(2 * LEAST))
        assert [mined(here), mined(here), mined(here)] == [sent[:2], sent[2:4], sent[4:]]


def test_the_size_is_what_the_l1_fee_counts() -> None:
    here = world()
    tx = here.transfer("l2", data=noise(3_000), gas=200_000)
    size = estimated_size_scaled(tx.raw) // 10**6
    assert size > 1_000
    assert list(DaLimits(most_per_transaction=size).select([tx])) == [tx]
    assert list(DaLimits(most_per_transaction=size - 1).select([tx])) == []
    assert list(DaLimits(most_per_block=size).select([tx])) == [tx]
    assert list(DaLimits(most_per_block=size - 1).select([tx])) == []


def test_only_the_l2_is_told_about_data() -> None:
    here = world()
    with served(here, "l1") as port:
        assert port.error("miner_setMaxDASize", "0x0", "0x0")["code"] == -32601


@pytest.mark.parametrize("params", [[], ["0x1"], ["0x1", "x"], [1, 2]])
def test_sizes_that_are_none_are_refused(params: list[object]) -> None:
    with served(world(), "l2") as port:
        assert port.error("miner_setMaxDASize", *params)["code"] == -32602


def test_a_chain_goes_on_under_a_limit_that_nothing_meets() -> None:
    here = world()
    with served(here, "l2") as port:
        port.result("miner_setMaxDASize", "0x1", "0x1")
        height = here.rollup.engine.chain.head.number
        here.send("l2")
        assert mined(here) == []
        assert here.rollup.engine.chain.head.number > height
        port.result("miner_setMaxDASize", "0x0", "0x0")
        assert len(mined(here)) == 1
    assert (
        here.rollup.engine.chain.machine(here.rollup.engine.chain.head).nonce(ALICE.address) == 1
    )
