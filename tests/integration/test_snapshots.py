"""Snapshots of both chains: going back costs the same, however far it is."""

from __future__ import annotations

import pytest

from byline.derivation.frame import Frame, data_item, decode_frames
from byline.node.backend.receipts import RemovedLogs, located_logs
from byline.node.contracts.addresses import L2_CONTRACTS
from byline.node.rollups.rollup import BlockMade, BlocksDropped
from byline.node.storage.kv import Batch, MemoryKV
from tests.integration.rollups import World, world
from tests.integration.test_l1_reorg import converges


class CountingKV(MemoryKV):
    def __init__(self) -> None:
        super().__init__()
        self.reads = self.entries = 0

    def get(self, key: bytes) -> bytes | None:
        self.reads += 1
        return super().get(key)

    def write(self, batch: Batch, *, sync: bool = False) -> None:
        self.entries += len(batch)
        super().write(batch, sync=sync)


def cost_of_going_back(blocks: int) -> tuple[int, int]:
    kv = CountingKV()
    here = world(kv=kv)
    for _ in range(3):
        here.send("l2")
    here.rollup.flush()
    here.send("l2")
    before = heads(here)
    number = here.rollup.snapshot()
    for _ in range(blocks):
        here.rollup.mine_l2()
    kv.reads = kv.entries = 0
    assert here.rollup.revert(number)
    assert heads(here) == before
    return kv.reads, kv.entries


def heads(here: World) -> object:
    return here.rollup.l1.head, here.rollup.engine.heads, here.rollup.driver.origin


def test_going_back_reads_and_writes_as_much_for_ten_blocks_as_for_three_hundred() -> None:
    few, many = cost_of_going_back(10), cost_of_going_back(300)
    assert many[0] <= few[0] + 20
    # Four L1 blocks made something safe, which is forgotten.
    assert many[1] <= few[1] + 4


@pytest.mark.parametrize("blocks", [1, 70, 200])
def test_after_going_back_both_chains_go_on_and_can_be_derived(blocks: int) -> None:
    here = world()
    for _ in range(70):
        here.rollup.mine_l2()
    here.send("l2")
    number, before = here.rollup.snapshot(), heads(here)
    for _ in range(blocks):
        here.rollup.mine_l2()
    assert here.rollup.revert(number)
    assert heads(here) == before
    for _ in range(70):
        here.send("l2", value=5)
    converges(here)


def test_a_channel_that_was_open_at_the_snapshot_is_read_again_from_its_first_frame() -> None:
    here = world()
    for _ in range(3):
        here.send("l2")
    rollup = here.rollup
    conditions = rollup.l1_conditions()
    [posting] = list(rollup.batcher.postings(conditions))
    [whole] = posting.items
    rollup.batcher.rewind()
    assert rollup.driver.pipeline.between_channels
    first, second = halves(whole)
    here.send("l1", sender=rollup.batch_account, to=rollup.engine.config.batch_inbox,
              data=first, gas=1_000_000, value=0)  # fmt: skip
    assert not rollup.driver.pipeline.between_channels
    number = rollup.snapshot()
    rollup.mine_l1()
    assert rollup.revert(number)
    here.send("l1", sender=rollup.batch_account, to=rollup.engine.config.batch_inbox,
              data=second, gas=1_000_000, value=0)  # fmt: skip
    assert rollup.engine.heads.safe == rollup.engine.heads.unsafe


def halves(item: bytes) -> tuple[bytes, bytes]:
    """Cut the only frame of a data item into two that make the same channel."""
    [frame] = decode_frames(item)
    middle = len(frame.data) // 2
    first = Frame(frame.channel_id, 0, frame.data[:middle], False)
    second = Frame(frame.channel_id, 1, frame.data[middle:], True)
    return data_item([first.encode()]), data_item([second.encode()])


def test_logs_that_a_revert_takes_away_are_told_newest_first() -> None:
    here = world()
    number = here.rollup.snapshot()
    for value in (1, 2):
        here.send("l2", to=L2_CONTRACTS["WETH"], value=value, gas=100_000)
    here.rollup.mine_l2()
    assert here.rollup.revert(number)
    [dropped] = [item for item in here.happened if isinstance(item, BlocksDropped)]
    made = [item.executed for item in here.happened if isinstance(item, BlockMade)]
    logs = [log for one in made for log in located_logs(one.block, one.receipts, removed=True)]
    assert len(logs) == 2
    removed = RemovedLogs(here.rollup.engine.chain, dropped.top, dropped.head.number)
    assert list(removed) == logs[::-1]
