"""A rollup node of ours drives an engine over HTTP, and both end on the same chain."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from byline.derivation.block import Block
from byline.derivation.channel_out import ChannelOut
from byline.derivation.frame import data_item
from byline.node.accounts import BATCHER_INDEX, dev_account
from byline.node.config import NodeConfig
from tests.integration.engines import (
    UNKNOWN,
    EngineClient,
    OpNode,
    attributes_json,
    attributes_of,
    blocks_of,
    busy,
    driven,
    forkchoice,
    head_number,
    next_attributes,
)
from tests.integration.rollups import world


@pytest.mark.parametrize("fork", ["holocene", "isthmus", "jovian"])
def test_an_engine_driven_from_the_l1_alone_ends_on_the_same_hashes(fork: str) -> None:
    here = busy(NodeConfig(fork=fork))

    async def story(node: OpNode, client: EngineClient) -> None:
        await node.derive()
        expected = here.rollup.engine.heads
        assert node.unsafe == node.safe == expected.safe
        assert node.built == expected.safe.number > 6
        heads = client.node.execution.engine.heads
        assert (heads.unsafe, heads.safe, heads.finalized) == (node.safe,) * 3
        for block in blocks_of(here):
            found = await client.call("eth_getBlockByNumber", hex(block.number), False)
            assert found["hash"] == "0x" + block.hash.hex()

    driven(here, story)


def test_unsafe_blocks_that_the_l1_confirms_become_safe_without_being_built() -> None:
    here = busy()

    async def story(node: OpNode, client: EngineClient) -> None:
        for block in blocks_of(here):
            await node.gossip(block)
        assert [await head_number(client, tag) for tag in ("latest", "safe")] == [
            here.rollup.engine.heads.unsafe.number,
            0,
        ]
        await node.derive()
        assert (node.built, node.confirmed) == (0, here.rollup.engine.heads.safe.number)
        assert await head_number(client, "finalized") == node.confirmed

    driven(here, story)


def test_an_unsafe_chain_that_the_l1_contradicts_gives_way() -> None:
    here = world()
    other = next_attributes(here)
    lost = here.transfer("l2", value=77)
    here.send("l2", value=5)
    here.rollup.flush()

    async def story(node: OpNode, client: EngineClient) -> None:
        wrong = await node.build(replace(other, transactions=(*other.transactions, lost.raw)))
        assert await client.call("eth_getTransactionReceipt", "0x" + lost.hash.hex())
        await node.derive()
        assert node.built == 1
        assert node.safe == here.rollup.engine.heads.safe != wrong
        assert await client.call("eth_getTransactionReceipt", "0x" + lost.hash.hex()) is None

    driven(here, story)


def test_the_head_goes_back_to_an_ancestor_and_forward_again() -> None:
    here = busy()
    blocks = blocks_of(here)

    async def story(node: OpNode, client: EngineClient) -> None:
        for block in blocks:
            await node.gossip(block)
        back = forkchoice(blocks[2].hash, blocks[0].hash, blocks[0].hash)
        answer = await client.call("engine_forkchoiceUpdatedV3", back, None)
        assert answer["payloadStatus"]["status"] == "VALID"
        tags = ("latest", "safe", "finalized")
        assert [await head_number(client, tag) for tag in tags] == [3, 1, 1]
        assert await client.call("eth_getBlockByNumber", "0x4", False) is None
        assert await client.call("eth_getBlockByHash", "0x" + blocks[3].hash.hex(), False)
        # What was in the blocks above waits again, and leaves when they come back.
        waiting = client.node.execution.pools["l2"]
        signed = [tx for b in blocks[3:] for tx in b.transactions if tx.type != 0x7E]
        assert {tx.hash for tx in waiting.transactions()} == {tx.hash for tx in signed}
        again = forkchoice(blocks[-1].hash)
        answer = await client.call("engine_forkchoiceUpdatedV3", again, None)
        assert answer["payloadStatus"]["status"] == "VALID"
        assert [await head_number(client, tag) for tag in tags] == [len(blocks), 1, 1]
        assert len(waiting) == 0

    driven(here, story)


def test_a_zero_safe_hash_below_which_the_head_goes_falls_back_to_genesis() -> None:
    here = busy()
    blocks = blocks_of(here)

    async def story(node: OpNode, client: EngineClient) -> None:
        for block in blocks:
            await node.gossip(block)
        await node.derive()
        await client.call("engine_forkchoiceUpdatedV3", forkchoice(blocks[0].hash), None)
        tags = ("latest", "safe", "finalized")
        assert [await head_number(client, tag) for tag in tags] == [1, 0, 0]

    driven(here, story)


def test_an_invalid_payload_in_a_batch_becomes_a_block_of_deposits() -> None:
    here = world()
    here.send("l2")
    block = blocks_of(here)[0]
    poor = here.transfer("l2", value=10**30)
    channel = ChannelOut(here.rollup.engine.config, compression="zlib")
    channel.add(Block(block.header, (block.transactions[0], poor)))
    channel.close()
    (frame,) = channel.frames(100_000)
    here.send(
        "l1",
        sender=dev_account(BATCHER_INDEX),
        to=here.rollup.engine.config.batch_inbox,
        data=data_item([frame]),
        gas=100_000,
    )

    async def story(node: OpNode, client: EngineClient) -> None:
        await node.derive()
        assert node.replaced == 1
        assert [tx.type for tx in node.blocks[node.safe.hash].transactions] == [0x7E]
        assert node.safe == here.rollup.engine.heads.safe

    driven(here, story)


def test_a_sibling_is_executed_and_kept_without_becoming_the_head() -> None:
    here = busy()
    first = blocks_of(here)[0]

    async def story(node: OpNode, client: EngineClient) -> None:
        plain = replace(
            attributes_of(first), transactions=(first.transactions[0].raw,), no_tx_pool=True
        )
        name = await node.choose(plain)
        envelope = await client.call("engine_getPayloadV4", name)
        sibling = envelope["executionPayload"]
        await node.gossip(first)
        answer = await node.new_payload(sibling, envelope["parentBeaconBlockRoot"])
        assert answer == {
            "status": "VALID",
            "latestValidHash": sibling["blockHash"],
            "validationError": None,
        }
        assert (await client.call("eth_getBlockByNumber", "latest", False))["hash"] == (
            "0x" + first.hash.hex()
        )
        assert await client.call("eth_getBlockByHash", sibling["blockHash"], False)
        aside = bytes.fromhex(sibling["blockHash"][2:])
        refusal = await client.refused(
            "engine_forkchoiceUpdatedV3", forkchoice(first.hash, aside), None
        )
        assert refusal.code == -38002
        refusal = await client.refused(
            "engine_forkchoiceUpdatedV3", forkchoice(aside, first.hash), None
        )
        assert refusal.code == -38002
        await client.call("engine_forkchoiceUpdatedV3", forkchoice(aside), None)
        assert (await client.call("eth_getBlockByNumber", "0x1", False))["hash"] == (
            sibling["blockHash"]
        )

    driven(here, story)


def test_a_block_whose_parent_is_not_known_is_syncing_and_so_is_a_head() -> None:
    here = busy()
    blocks = blocks_of(here)

    async def story(node: OpNode, client: EngineClient) -> None:
        syncing = {"status": "SYNCING", "latestValidHash": None, "validationError": None}
        assert await node.new_payload(*node.payload_of(blocks[1])) == syncing
        answer = await client.call(
            "engine_forkchoiceUpdatedV3",
            forkchoice(blocks[1].hash),
            attributes_json(next_attributes(here)),
        )
        assert answer == {"payloadStatus": syncing, "payloadId": None}
        assert await head_number(client) == 0

    driven(here, story)


def test_safe_and_finalized_must_be_known_ancestors_in_order() -> None:
    here = busy()
    blocks = blocks_of(here)

    async def story(node: OpNode, client: EngineClient) -> None:
        for block in blocks:
            await node.gossip(block)
        one, two, three = (block.hash for block in blocks[:3])
        for state in (
            forkchoice(three, UNKNOWN, one),
            forkchoice(three, two, UNKNOWN),
            forkchoice(one, two, one),
            forkchoice(three, one, two),
        ):
            refusal = await client.refused("engine_forkchoiceUpdatedV3", state, None)
            assert refusal.code == -38002, state
        assert await head_number(client) == len(blocks)

    driven(here, story)


def test_subscribers_hear_of_heads_and_of_logs_that_a_reorganisation_takes_away() -> None:
    here = busy()
    blocks = blocks_of(here)

    async def story(node: OpNode, client: EngineClient) -> None:
        async with client.session.ws_connect(client.node.rpc.ws_url) as stream:
            for params in (["newHeads"], ["logs", {}]):
                request = {"jsonrpc": "2.0", "id": 1, "method": "eth_subscribe"}
                await stream.send_json(request | {"params": params})
                await stream.receive_json()
            for block in blocks:
                await node.gossip(block)
            await client.call("engine_forkchoiceUpdatedV3", forkchoice(blocks[0].hash), None)
            numbers: list[int] = []
            removed: list[Any] = []
            while not removed or not numbers or numbers[-1] != 1 or len(numbers) < 2:
                news = (await asyncio.wait_for(stream.receive_json(), 20))["params"]["result"]
                if "parentHash" in news:
                    numbers.append(int(news["number"], 16))
                else:
                    removed += [news] if news["removed"] else []
        assert numbers[: len(blocks)] == [block.number for block in blocks]
        assert removed

    driven(here, story)


def test_heads_and_blocks_outlive_a_restart(tmp_path: Path) -> None:
    here = busy()
    blocks = blocks_of(here)

    async def first(node: OpNode, client: EngineClient) -> None:
        for block in blocks[:4]:
            await node.gossip(block)
        await client.call(
            "engine_forkchoiceUpdatedV3",
            forkchoice(blocks[3].hash, blocks[2].hash, blocks[1].hash),
        )

    async def second(node: OpNode, client: EngineClient) -> None:
        tags = ("latest", "safe", "finalized")
        assert [await head_number(client, tag) for tag in tags] == [4, 3, 2]
        for block in blocks[4:]:
            await node.gossip(block)
        assert await head_number(client) == len(blocks)

    driven(here, first, data_dir=tmp_path)
    driven(here, second, data_dir=tmp_path)
