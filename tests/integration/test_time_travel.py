"""Users move the clock of both chains, on either; whatever they do can be derived again."""

from __future__ import annotations

from dataclasses import replace

import pytest

from byline.derivation.constants import L1_BLOCK
from byline.node.config import NodeConfig
from byline.node.rollups.rollup import ChainName
from byline.node.storage.kv import MemoryKV
from byline.rpc.backend import Refused
from tests.integration.rollups import BOB, GENESIS_TIME, World, world
from tests.integration.test_l1_reorg import converges
from tests.integration.test_rollup import verified

WEEK = 7 * 24 * 3600
CHAINS: tuple[ChainName, ...] = ("l1", "l2")


def times(here: World) -> tuple[int, int]:
    """Return the heads' times, the L1's first."""
    return here.rollup.l1.head.timestamp, here.rollup.engine.heads.unsafe.timestamp


def other(name: ChainName) -> ChainName:
    return "l2" if name == "l1" else "l1"


def head_time(here: World, name: ChainName) -> int:
    return here.rollup.chain(name).head.timestamp


def mined_at(here: World, name: ChainName, tx_hash: bytes) -> int:
    """Return the time of the block that holds a transaction."""
    store = here.rollup.chain(name).store
    location = store.transaction_location(tx_hash)
    assert location is not None
    header = store.header(location[0])
    assert header is not None
    return header.timestamp


def settles(here: World) -> None:
    """As `converges`, also where L1 blocks do not come by themselves."""
    here.rollup.mining = replace(here.rollup.mining, automine=True, interval=None)
    while here.rollup.batcher.in_flight:
        before = len(here.rollup.batcher.in_flight)
        here.rollup.mine("l1")
        assert len(here.rollup.batcher.in_flight) < before
    converges(here)


@pytest.mark.parametrize("first", CHAINS)
@pytest.mark.parametrize("seconds", [2, 12, 13, WEEK])
def test_the_next_block_of_either_chain_is_exactly_so_much_later(
    first: ChainName, seconds: int
) -> None:
    here = world()
    here.send("l2")
    base = max(times(here))
    here.rollup.increase_time(seconds)
    here.rollup.mine(first)
    assert head_time(here, first) == base + seconds
    here.rollup.mine(other(first))
    assert base + seconds <= head_time(here, other(first)) <= base + seconds + 2
    converges(here)


def test_less_than_a_block_time_is_as_far_as_the_rules_allow() -> None:
    here = world()
    here.rollup.increase_time(1)
    here.rollup.mine("l2")
    assert head_time(here, "l2") == GENESIS_TIME + 2
    here.rollup.mine("l1")
    assert head_time(here, "l1") == GENESIS_TIME + 2


def test_calls_before_a_block_add_up() -> None:
    here = world()
    assert [here.rollup.increase_time(seconds) for seconds in (5, WEEK, 7)] == [
        5,
        WEEK + 5,
        WEEK + 12,
    ]
    here.rollup.mine("l2")
    assert head_time(here, "l2") == GENESIS_TIME + WEEK + 12


def test_the_clock_goes_on_from_there() -> None:
    here = world()
    here.rollup.increase_time(WEEK)
    here.send("l2")
    here.send("l2")
    assert head_time(here, "l2") == GENESIS_TIME + WEEK + 2
    here.clock.advance(1_000)
    here.send("l2")
    assert head_time(here, "l2") == GENESIS_TIME + WEEK + 1_000
    assert here.rollup.clock.now() == GENESIS_TIME + WEEK + 1_000
    converges(here)


def test_a_verifier_says_where_stock_ones_stop() -> None:
    here = world()
    here.send("l2")
    here.send("l2")
    here.rollup.flush()
    assert verified(here)[0].first_jump is None
    here.rollup.increase_time(WEEK)
    here.send("l2")
    here.send("l2")
    here.rollup.flush()
    assert verified(here)[0].first_jump == here.rollup.first_jump == 3


def test_who_waits_long_before_the_block_finds_that_time_in_it_too() -> None:
    here = world()
    here.rollup.increase_time(100)
    here.clock.advance(12)
    assert here.rollup.next_timestamp("l2") == GENESIS_TIME + 100
    here.clock.advance(1)
    here.rollup.mine("l2")
    assert head_time(here, "l2") == GENESIS_TIME + 113


def test_a_week_on_the_l1_brings_the_l2_along_in_one_block() -> None:
    here = world()
    before = here.balance("l2", BOB.address)
    here.rollup.increase_time(WEEK)
    here.send("l1", to=BOB.address)
    assert head_time(here, "l1") == GENESIS_TIME + WEEK
    here.rollup.mine("l2")
    assert head_time(here, "l2") == GENESIS_TIME + WEEK
    assert here.rollup.engine.heads.unsafe.l1_origin.number == 1
    here.send("l2", to=BOB.address, value=3)
    assert here.balance("l2", BOB.address) == before + 3
    converges(here)


@pytest.mark.parametrize("name", CHAINS)
def test_the_next_block_of_a_chain_has_exactly_the_time_that_was_set(name: ChainName) -> None:
    here = world()
    here.rollup.set_next_timestamp(name, GENESIS_TIME + WEEK)
    here.send(name)
    assert head_time(here, name) == GENESIS_TIME + WEEK
    assert here.rollup.clock.now() == GENESIS_TIME + WEEK
    here.rollup.mine(other(name))
    assert 0 <= head_time(here, other(name)) - GENESIS_TIME - WEEK <= 1
    here.rollup.mine(name)
    assert 0 < head_time(here, name) - GENESIS_TIME - WEEK <= 2
    converges(here)


@pytest.mark.parametrize("name", CHAINS)
def test_a_past_time_is_refused_with_the_bound(name: ChainName) -> None:
    here = world()
    here.rollup.mine("l2", GENESIS_TIME + 500)
    here.rollup.mine("l1", GENESIS_TIME + 600)
    bound = {"l1": GENESIS_TIME + 600, "l2": GENESIS_TIME + 502}[name]
    with pytest.raises(Refused, match=str(bound)):
        here.rollup.set_next_timestamp(name, GENESIS_TIME + 400)
    with pytest.raises(Refused, match=f"want at least {GENESIS_TIME + 600}"):
        here.rollup.set_time(GENESIS_TIME + 599)
    assert here.rollup.next_timestamp("l2") == GENESIS_TIME + 600


def test_an_earlier_time_than_the_l1_declared_can_still_be_set_on_the_l2() -> None:
    here = world()
    here.rollup.mine("l1", GENESIS_TIME + 600)
    here.rollup.set_next_timestamp("l2", GENESIS_TIME + 100)
    here.send("l2")
    assert head_time(here, "l2") == GENESIS_TIME + 100
    converges(here)


def test_an_exact_time_of_the_l2_survives_the_l1_blocks_before_it() -> None:
    here = world()
    here.send("l2")
    here.clock.advance(1_000)
    here.rollup.set_next_timestamp("l2", GENESIS_TIME + 700)
    here.rollup.flush()
    here.rollup.mine("l1")
    here.send("l2")
    assert head_time(here, "l2") == GENESIS_TIME + 700
    converges(here)


@pytest.mark.parametrize("wish", ["exact", "floor"])
def test_the_node_leaves_to_a_user_the_l1_block_that_the_user_wished_for(wish: str) -> None:
    here = world()
    here.send("l2")
    here.send("l2")
    if wish == "exact":
        here.rollup.set_next_timestamp("l1", GENESIS_TIME + WEEK)
    else:
        here.rollup.set_time(GENESIS_TIME + WEEK)
    assert here.rollup.flush() == 2
    assert here.rollup.l1.head.number > 0
    assert head_time(here, "l1") < GENESIS_TIME + 20
    sent = here.send("l1")
    assert mined_at(here, "l1", sent) == GENESIS_TIME + WEEK
    converges(here)


def test_nothing_more_is_no_wish() -> None:
    here = world()
    here.clock.advance(10)
    assert here.rollup.increase_time(0) == 0
    here.send("l2")
    assert (head_time(here, "l2"), here.rollup.first_jump) == (GENESIS_TIME + 2, None)


def test_time_is_set_for_both_chains() -> None:
    here = world()
    assert here.rollup.set_time(GENESIS_TIME + WEEK) == WEEK
    assert here.rollup.set_time(GENESIS_TIME + WEEK) == 0
    here.rollup.mine("l1")
    here.rollup.mine("l2")
    assert times(here) == (GENESIS_TIME + WEEK,) * 2


@pytest.mark.parametrize("name", CHAINS)
def test_blocks_can_be_a_fixed_distance_apart(name: ChainName) -> None:
    here = world()
    assert not here.rollup.set_timestamp_interval(name, 100)
    here.clock.advance(5_000)
    for number in range(1, 5):
        here.send(name)
        assert head_time(here, name) == GENESIS_TIME + 100 * number
    assert here.rollup.set_timestamp_interval(name, None)
    assert not here.rollup.set_timestamp_interval(name, None)
    here.send(name)
    assert head_time(here, name) >= GENESIS_TIME + 5_000
    converges(here)


def test_no_l1_block_disturbs_the_distance_of_l2_blocks() -> None:
    here = world()
    here.rollup.set_timestamp_interval("l2", 1_000)
    for number in range(1, 5):
        here.clock.advance(5_000)
        here.rollup.mine("l1")
        l1_blocks = here.rollup.l1.head.number
        here.send("l2")
        assert head_time(here, "l2") == GENESIS_TIME + 1_000 * number
        assert here.rollup.l1.head.number == l1_blocks
    converges(here)


def test_a_distance_that_the_rules_do_not_allow_is_refused() -> None:
    here = world()
    with pytest.raises(Refused, match="those of the L2 are at least 2 s"):
        here.rollup.set_timestamp_interval("l2", 1)
    with pytest.raises(Refused, match="those of the L1 are at least 1 s"):
        here.rollup.set_timestamp_interval("l1", 0)
    here.rollup.set_timestamp_interval("l2", 2)
    here.clock.advance(5_000)
    here.send("l2")
    assert (head_time(here, "l2"), here.rollup.first_jump) == (GENESIS_TIME + 2, None)


@pytest.mark.parametrize("name", CHAINS)
def test_several_blocks_apart_begin_with_the_time_that_was_set(name: ChainName) -> None:
    here = world()
    here.rollup.mine_apart(name, 60, first=True)
    assert head_time(here, name) == GENESIS_TIME + 60
    here.rollup.set_next_timestamp(name, GENESIS_TIME + 1_000)
    for first in (True, False, False):
        here.rollup.mine_apart(name, 60, first=first)
    assert head_time(here, name) == GENESIS_TIME + 1_120
    converges(here)


@pytest.mark.parametrize("name", CHAINS)
def test_the_pending_block_has_the_time_to_come_and_takes_users(name: ChainName) -> None:
    here = world(NodeConfig(block_time=2))
    tx_hash = here.send(name)
    here.rollup.set_time(GENESIS_TIME + WEEK)
    pending = here.rollup.pending(name).block
    assert pending.header.timestamp == GENESIS_TIME + WEEK
    assert tx_hash in [tx.hash for tx in pending.transactions]
    here.rollup.set_next_timestamp(name, GENESIS_TIME + 2 * WEEK)
    assert here.rollup.pending(name).header.timestamp == GENESIS_TIME + 2 * WEEK
    assert here.rollup.l1.head.number == 0
    here.rollup.mine(name)
    assert head_time(here, name) == GENESIS_TIME + 2 * WEEK


def test_strict_mode_refuses_in_words_and_nothing_changes() -> None:
    here = world(NodeConfig(strict=True))
    rollup = here.rollup
    for work in (
        lambda: rollup.increase_time(10),
        lambda: rollup.set_time(GENESIS_TIME + 10),
        lambda: rollup.set_next_timestamp("l1", GENESIS_TIME + 10),
        lambda: rollup.set_next_timestamp("l2", GENESIS_TIME + 10),
        lambda: rollup.set_timestamp_interval("l1", 10),
        lambda: rollup.set_timestamp_interval("l2", 10),
        lambda: rollup.mine("l2", GENESIS_TIME + 10),
        lambda: rollup.mine("l1", GENESIS_TIME + WEEK),
    ):
        with pytest.raises(Refused, match="start without --strict"):
            work()
    here.send("l2")
    rollup.mine("l1", GENESIS_TIME + 100)
    assert times(here) == (GENESIS_TIME + 100, GENESIS_TIME + 2)
    converges(here)


def test_a_time_that_leaves_no_room_is_refused() -> None:
    here = world()
    with pytest.raises(Refused, match="too late"):
        here.rollup.increase_time(2**62)
    with pytest.raises(Refused, match="too late"):
        here.rollup.set_time(2**62 + 1)
    for name in CHAINS:
        with pytest.raises(Refused, match="too late"):
            here.rollup.set_next_timestamp(name, 2**62 + 1)
    here.rollup.set_timestamp_interval("l2", 2**62)
    with pytest.raises(Refused, match="too late"):
        here.rollup.mine("l2")


def test_a_revert_takes_back_the_clock_and_what_was_wished() -> None:
    here = world()
    here.rollup.set_next_timestamp("l2", GENESIS_TIME + 50)
    here.rollup.set_timestamp_interval("l1", 30)
    saved = here.rollup.timeline.wishes
    number = here.rollup.snapshot()
    here.rollup.mine("l2")
    here.rollup.increase_time(WEEK)
    here.rollup.set_timestamp_interval("l1", None)
    here.rollup.mine("l1")
    assert here.rollup.revert(number)
    assert here.rollup.timeline.wishes == saved
    assert here.rollup.clock.now() == GENESIS_TIME
    assert here.rollup.first_jump is None
    here.rollup.mine("l2")
    here.rollup.mine("l1")
    assert times(here)[1] == GENESIS_TIME + 50
    converges(here)


def test_a_restart_goes_on_at_the_moved_clock_with_what_was_wished() -> None:
    kv = MemoryKV()
    first = world(kv=kv)
    first.rollup.increase_time(WEEK)
    first.rollup.set_next_timestamp("l1", GENESIS_TIME + 2 * WEEK)
    again = world(kv=kv)
    assert again.rollup.clock.now() == GENESIS_TIME + WEEK
    assert again.rollup.first_jump is None
    again.send("l2")
    assert head_time(again, "l2") == GENESIS_TIME + WEEK
    again.send("l2")
    assert world(kv=kv).rollup.first_jump == again.rollup.first_jump == 1
    again.send("l1")
    assert head_time(again, "l1") == GENESIS_TIME + 2 * WEEK
    converges(again)


def test_ticks_go_on_at_the_moved_clock() -> None:
    here = world(NodeConfig(block_time=2))
    here.rollup.increase_time(WEEK)
    for step in range(3):
        here.rollup.mine_l2()
        assert head_time(here, "l2") == GENESIS_TIME + WEEK + 2 * step
        here.clock.advance(2)
    here.rollup.mine_l1()
    assert 0 <= head_time(here, "l1") - head_time(here, "l2") <= 1
    settles(here)


def test_many_l1_blocks_leave_the_l2_near() -> None:
    here = world()
    for _ in range(100):
        here.rollup.mine("l1")
    here.rollup.mine("l2")
    assert abs(times(here)[0] - times(here)[1]) <= 12
    converges(here)


def test_contracts_see_the_new_time_on_the_l2() -> None:
    here = world()
    here.rollup.increase_time(WEEK)
    here.rollup.mine("l2")
    here.rollup.mine("l2")
    chain = here.rollup.engine.chain
    origin = here.rollup.engine.heads.unsafe.l1_origin
    seen = chain.machine(chain.head).system_call(L1_BLOCK, bytes.fromhex("b80777ea")).output
    assert int.from_bytes(seen, "big") == GENESIS_TIME + WEEK
    assert origin.number == 1
