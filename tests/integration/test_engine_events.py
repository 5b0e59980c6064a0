"""What an engine tells of its heads, without the ports around it."""

from __future__ import annotations

from dataclasses import replace

from byline.derivation.hashing import ZERO_HASH
from byline.node.assembly import open_l2
from byline.node.engine_api import reading, views
from byline.node.engine_api.execution import ExecutionEngine
from byline.node.engine_api.values import ExecutionPayload, ForkchoiceState
from byline.node.storage.kv import MemoryKV
from byline.node.storage.store import ChainStore
from byline.rpc.backend import NewHead
from tests.integration.engines import attributes_of, blocks_of, busy


def test_logs_that_a_reorganisation_takes_away_are_told_once_and_newest_first() -> None:
    here = busy()
    told: list[NewHead] = []
    config = here.rollup.engine.config
    execution = ExecutionEngine(open_l2(config, ChainStore(MemoryKV())), told.append)

    def choose(block_hash: bytes) -> None:
        state = ForkchoiceState(block_hash, ZERO_HASH, ZERO_HASH)
        assert execution.forkchoice(state).status == "VALID"

    def take(payload: ExecutionPayload, root: bytes | None) -> None:
        assert execution.take(payload, root or ZERO_HASH).status == "VALID"

    siblings = []
    for block in blocks_of(here)[:2]:
        plain = replace(attributes_of(block), transactions=(block.transactions[0].raw,))
        sibling = execution.seal(execution.begin(plain, 3)).built.executed.block
        payload = reading.payload(views.payload(sibling, isthmus=True))
        take(payload, sibling.header.parent_beacon_root)
        choose(sibling.hash)
        siblings.append(sibling)
    for block in blocks_of(here):
        payload = reading.payload(views.payload(block, isthmus=True))
        take(payload, block.header.parent_beacon_root)
    told.clear()
    choose(blocks_of(here)[-1].hash)

    assert [block.hash for block in blocks_of(here)] == [news.block.hash for news in told]
    logs = [log for news in told for log in news.logs]
    assert logs
    told.clear()
    choose(siblings[-1].hash)

    assert [block.hash for block in siblings] == [news.block.hash for news in told]
    assert [replace(log, removed=True) for log in reversed(logs)] == list(told[0].reverted)
    assert told[1].reverted == ()
    choose(siblings[-1].hash)
    assert len(told) == 2
