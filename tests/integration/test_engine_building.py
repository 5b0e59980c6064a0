"""The Engine API builds blocks: attributes, what they refuse, the pool, the versions."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from byline.node.config import NodeConfig
from byline.node.signing import sign_dynamic_fee
from tests.integration.engines import (
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
from tests.integration.rollups import ALICE, BOB, world


def test_a_transaction_that_cannot_be_paid_refuses_the_attributes_and_moves_nothing() -> None:
    here = world()
    poor = sign_dynamic_fee(
        ALICE,
        chain_id=901,
        nonce=0,
        gas=21_000,
        to=BOB.address,
        max_fee=10**10,
        tip=0,
        value=10**30,
        data=b"",
    )
    attributes = next_attributes(here)
    bad = replace(attributes, transactions=(*attributes.transactions, poor.raw))

    async def story(node: OpNode, client: EngineClient) -> None:
        state = forkchoice(node.unsafe.hash)
        for transactions in (bad.transactions, (*attributes.transactions, b"\x05\x00")):
            wanted = attributes_json(replace(attributes, transactions=transactions))
            refusal = await client.refused("engine_forkchoiceUpdatedV3", state, wanted)
            assert refusal.code == -38003
        assert (
            "insufficient funds"
            in (
                await client.refused("engine_forkchoiceUpdatedV3", state, attributes_json(bad))
            ).message
        )
        assert await head_number(client) == 0
        ref = await node.build(attributes)
        assert ref.number == 1

    driven(here, story)


MALFORMED: list[dict[str, Any]] = [
    {"gasLimit": None}, {"gasLimit": 5}, {"withdrawals": None}, {"withdrawals": [{}]},
    {"parentBeaconBlockRoot": None}, {"eip1559Params": None}, {"minBaseFee": None},
    {"eip1559Params": "0x00000000000006"}, {"eip1559Params": "0x0000000000000006"},
    {"minBaseFee": -1}, {"minBaseFee": 2**64}, {"timestamp": "0x0"},
    {"transactions": "0x"}, {"transactions": [1]}, {"transactions": []},
    {"noTxPool": "yes"}, {"prevRandao": "0x1"}, {"suggestedFeeRecipient": "0x"},
    {"gasLimit": "0x0"}, {"gasLimit": "0x10"},
]  # fmt: skip


def test_attributes_that_are_malformed_are_refused_after_the_head_has_moved() -> None:
    here = busy()
    block = blocks_of(here)[0]

    async def story(node: OpNode, client: EngineClient) -> None:
        await node.new_payload(*node.payload_of(block))
        plain = replace(
            attributes_of(block),
            timestamp=2 * 10**9,
            transactions=(block.transactions[0].raw,),
        )
        good = attributes_json(plain)
        state = forkchoice(block.hash)
        for change in MALFORMED:
            refusal = await client.refused("engine_forkchoiceUpdatedV3", state, good | change)
            assert refusal.code == -38003, (change, refusal)
        early = good | {"timestamp": hex(block.header.timestamp)}
        unformed: list[Any] = [early, [], "0x", 7]
        for wanted in unformed:
            refusal = await client.refused("engine_forkchoiceUpdatedV3", state, wanted)
            assert refusal.code == -38003
        assert await head_number(client) == 1
        for written in (0, "0x0"):
            wanted = good | {"minBaseFee": written}
            answer = await client.call("engine_forkchoiceUpdatedV3", state, wanted)
            assert answer["payloadId"].startswith("0x03")

    driven(here, story)


def test_a_sequencer_gets_what_waits_in_the_pool_and_the_same_payload_each_time() -> None:
    here = world()
    tx = here.transfer("l2", value=3)
    late = here.transfer("l2", value=4, nonce=1)
    attributes = replace(next_attributes(here), no_tx_pool=False)

    async def story(node: OpNode, client: EngineClient) -> None:
        name = await node.choose(attributes)
        url = client.node.l2_url
        await client.call("eth_sendRawTransaction", "0x" + tx.raw.hex(), url=url)
        pending = await client.call("eth_getBlockByNumber", "pending", False)
        assert len(pending["transactions"]) == 2
        first = await client.call("engine_getPayloadV4", name)
        assert first["executionPayload"]["transactions"][1:] == ["0x" + tx.raw.hex()]
        assert int(first["blockValue"], 16) == 21_000 * 10**6
        await client.call("eth_sendRawTransaction", "0x" + late.raw.hex())
        assert await client.call("engine_getPayloadV4", name) == first
        assert await node.choose(attributes) == name
        await node.insert(first["executionPayload"], first["parentBeaconBlockRoot"])
        waiting = client.node.execution.pools["l2"].transactions()
        assert [late.hash] == [one.hash for one in waiting]

    driven(here, story)


def test_what_can_be_in_no_later_block_leaves_the_pool_and_what_can_stays() -> None:
    here = world(NodeConfig(fork="jovian"))
    forced, late, later = (here.transfer("l2", value=n, nonce=max(0, n - 1)) for n in range(3))
    attributes = next_attributes(here)
    attributes = replace(
        attributes, transactions=(*attributes.transactions, forced.raw), no_tx_pool=False
    )

    async def story(node: OpNode, client: EngineClient) -> None:
        name = await node.choose(attributes)
        big = here.transfer("l2", sender=BOB, gas=59_999_000, to=None)
        for tx in (late, later, big):
            await client.call("eth_sendRawTransaction", "0x" + tx.raw.hex())
        found = await client.call("engine_getPayloadV4", name)
        raws = found["executionPayload"]["transactions"]
        assert raws[1] == "0x" + forced.raw.hex()
        assert "0x" + later.raw.hex() in raws
        waiting = client.node.execution.pools["l2"]
        assert late.hash not in waiting
        assert big.hash in waiting

    driven(here, story)


def test_the_pool_refuses_what_no_block_can_hold() -> None:
    here = world(NodeConfig(fork="karst"))
    capped = here.transfer("l2", gas=2**24 + 1)

    async def story(node: OpNode, client: EngineClient) -> None:
        refusals = {
            "0x" + capped.raw.hex(): "gas limit too high",
            "0x" + here.transfer("l2", value=10**30).raw.hex(): "insufficient funds",
            "0x" + next_attributes(here).transactions[0].hex(): "not supported",
            "0x02": "transaction",
        }
        for raw, words in refusals.items():
            refusal = await client.refused("eth_sendRawTransaction", raw)
            assert refusal.code == -32000
            assert words in refusal.message
        raw = "0x" + here.transfer("l2").raw.hex()
        await client.call("eth_sendRawTransaction", raw)
        assert (await client.refused("eth_sendRawTransaction", raw)).message == "already known"
        assert len(client.node.execution.pools["l2"]) == 1

    driven(here, story)


def test_no_tx_pool_leaves_the_pool_out() -> None:
    here = world()
    tx = here.transfer("l2")

    async def story(node: OpNode, client: EngineClient) -> None:
        await client.call("eth_sendRawTransaction", "0x" + tx.raw.hex())
        ref = await node.build(replace(next_attributes(here), no_tx_pool=True))
        assert len(node.blocks[ref.hash].transactions) == 1

    driven(here, story)


@pytest.mark.parametrize(
    ("fork", "get", "new"),
    [("holocene", {3}, {3}), ("jovian", {4}, {4}), ("karst", {4, 5}, {4})],
)
def test_versions_of_methods_belong_to_forks(fork: str, get: set[int], new: set[int]) -> None:
    here = world(NodeConfig(fork=fork))
    attributes = next_attributes(here)

    async def story(node: OpNode, client: EngineClient) -> None:
        state = forkchoice(node.unsafe.hash)
        wanted = attributes_json(attributes)
        for version in (1, 2):
            method = f"engine_forkchoiceUpdatedV{version}"
            assert (await client.call(method, state))["payloadStatus"]["status"] == "VALID"
            assert (await client.refused(method, state, wanted)).code == -38005
        name = await node.choose(attributes)
        for version in {2, 3, 4, 5} - get:
            refusal = await client.refused(f"engine_getPayloadV{version}", name)
            assert refusal.code == -38005
        envelope: Any = None
        for version in get:
            envelope = await client.call(f"engine_getPayloadV{version}", name)
            assert ("executionRequests" in envelope) == (fork != "holocene")
            assert envelope["blobsBundle"] == {"commitments": [], "proofs": [], "blobs": []}
        payload, root = envelope["executionPayload"], envelope["parentBeaconBlockRoot"]
        for version in (2, 3, 4):
            more = [[], root, []][: {2: 0, 3: 2, 4: 3}[version]]
            method = f"engine_newPayloadV{version}"
            if version in new:
                assert (await client.call(method, payload, *more))["status"] == "VALID"
            else:
                assert (await client.refused(method, payload, *more)).code == -38005

    driven(here, story)
