"""The Engine API judges blocks: what is valid, what is not, and why."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from byline.derivation.block import Block, transactions_root
from byline.derivation.header import Header
from byline.derivation.transaction import DepositTransaction
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
)
from tests.integration.rollups import world

FIELDS = [
    "parentHash", "feeRecipient", "stateRoot", "receiptsRoot", "logsBloom", "prevRandao",
    "blockNumber", "gasLimit", "gasUsed", "timestamp", "extraData", "baseFeePerGas",
    "blockHash", "withdrawalsRoot", "blobGasUsed", "excessBlobGas",
]  # fmt: skip


def changed(value: str) -> str:
    return value[:-1] + ("1" if value[-1] != "1" else "2")


def test_a_payload_whose_fields_do_not_make_its_hash_is_invalid() -> None:
    here = world()
    here.send("l2")
    block = blocks_of(here)[0]

    async def story(node: OpNode, client: EngineClient) -> None:
        payload, root = node.payload_of(block)
        assert set(FIELDS) | {"transactions", "withdrawals"} == set(payload)
        changes = [{name: changed(payload[name])} for name in FIELDS]
        changes += [{"transactions": payload["transactions"][:1]}]
        for change in changes:
            answer = await node.new_payload(payload | change, root)
            assert (answer["status"], answer["latestValidHash"]) == ("INVALID", None), change
            assert "blockhash mismatch" in answer["validationError"]
        answer = await node.new_payload(payload, changed(root))
        assert "blockhash mismatch" in answer["validationError"]
        answer = await node.new_payload(payload | {"transactions": ["0x05"]}, root)
        assert (answer["status"], answer["latestValidHash"]) == ("INVALID", None)

    driven(here, story)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"state_root": UNKNOWN}, "state_root"),
        ({"receipts_root": UNKNOWN}, "receipts_root"),
        ({"bloom": b"\1" * 256}, "bloom"),
        ({"gas_used": 1}, "gas_used"),
        ({"gas_limit": 30_000_001, "number": 2}, "number"),
        ({"base_fee": 7}, "base_fee"),
        ({"withdrawals_root": UNKNOWN}, "withdrawals_root"),
        ({"blob_gas_used": 1}, "blob_gas_used"),
        ({"excess_blob_gas": 1}, "excess_blob_gas"),
        ({"timestamp": 1_800_000_000}, "timestamp"),
        ({"extra_data": b""}, "extra data"),
        ({"extra_data": b"\0" * 9}, "extra data"),
        ({"extra_data": b"\1" + bytes(16)}, "zero"),
        ({"extra_data": b"\1" + b"\xff" * 16}, "no gas target"),
        ({"gas_limit": 0}, "no gas target"),
        ({"gas_limit": 1_000}, "gas limit reached"),
    ],
)
def test_a_payload_that_execution_contradicts_is_invalid_and_so_are_its_descendants(
    changes: dict[str, Any], words: str
) -> None:
    here = world()
    here.send("l2")
    here.send("l2")
    block, child = blocks_of(here)
    wrong = Block(block.header.with_(**changes), block.transactions)
    orphan = Block(child.header.with_(parent_hash=wrong.hash), child.transactions)

    async def story(node: OpNode, client: EngineClient) -> None:
        genesis = "0x" + node.unsafe.hash.hex()
        for one in (wrong, wrong, orphan, wrong):
            answer = await node.new_payload(*node.payload_of(one))
            assert (answer["status"], answer["latestValidHash"]) == ("INVALID", genesis)
            assert words in answer["validationError"]
        answer = await client.call("engine_forkchoiceUpdatedV3", forkchoice(orphan.hash), None)
        assert answer["payloadStatus"]["status"] == "INVALID"
        assert answer["payloadId"] is None
        assert await client.call("eth_getBlockByHash", "0x" + wrong.hash.hex(), False) is None
        await node.gossip(block)

    driven(here, story)


@pytest.mark.parametrize("spoil", ["no L1 attributes", "mint", "unpaid"])
def test_a_payload_with_transactions_that_no_block_may_hold_is_invalid(spoil: str) -> None:
    here = world()
    here.send("l2")
    block = blocks_of(here)[0]
    first = block.transactions[0]
    assert isinstance(first, DepositTransaction)
    transactions = {
        "no L1 attributes": block.transactions[1:],
        "mint": (first, replace(first, mint=2**256 - 1), replace(first, mint=2**256 - 1)),
        "unpaid": (first, here.transfer("l2", value=10**30, nonce=0)),
    }[spoil]

    async def story(node: OpNode, client: EngineClient) -> None:
        wrong = Block(_with_root(block.header, transactions), transactions)
        answer = await node.new_payload(*node.payload_of(wrong))
        assert answer["status"] == "INVALID"
        wanted = {"no L1 attributes": "L1 attributes", "mint": "mints", "unpaid": "insufficient"}
        assert wanted[spoil] in answer["validationError"]
        attributes = replace(
            attributes_of(block), transactions=tuple(tx.raw for tx in transactions)
        )
        refusal = await client.refused(
            "engine_forkchoiceUpdatedV3",
            forkchoice(node.unsafe.hash),
            attributes_json(attributes),
        )
        assert refusal.code == -38003
        assert wanted[spoil] in refusal.message

    driven(here, story)


def _with_root(header: Header, transactions: Any) -> Header:
    return header.with_(transactions_root=transactions_root(transactions))


def test_arguments_of_new_payload_that_the_op_stack_leaves_empty_must_be_empty() -> None:
    here = world()
    here.send("l2")
    block = blocks_of(here)[0]

    async def story(node: OpNode, client: EngineClient) -> None:
        payload, root = node.payload_of(block)
        arguments: list[tuple[Any, ...]] = [
            ([root], root, []), ([], root, ["0x00"]), ([], None, []), ([], root), ([], root, {}),
            (None, root, []), ([], "0x00", []),
        ]  # fmt: skip
        for more in arguments:
            assert (await client.refused("engine_newPayloadV4", payload, *more)).code == -32602
        changes: list[dict[str, Any]] = [
            {"withdrawals": None}, {"withdrawals": [{}]}, {"withdrawalsRoot": None},
            {"blockNumber": 1}, {"logsBloom": "0x"}, {"extraData": "0x" + "00" * 33},
        ]  # fmt: skip
        for change in changes:
            refusal = await client.refused("engine_newPayloadV4", payload | change, [], root, [])
            assert refusal.code == -32602, change

    driven(here, story)


def test_an_unknown_payload_and_too_many_bodies_have_codes_of_their_own() -> None:
    here = busy()
    blocks = blocks_of(here)

    async def story(node: OpNode, client: EngineClient) -> None:
        refusal = await client.refused("engine_getPayloadV4", "0x0300000000000000")
        assert refusal.code == -38001
        assert (await client.refused("engine_getPayloadV4", "0x03")).code == -32602
        for block in blocks:
            await node.gossip(block)
        by_hash, by_range = "engine_getPayloadBodiesByHashV1", "engine_getPayloadBodiesByRangeV1"
        expected = [
            {"transactions": ["0x" + tx.raw.hex() for tx in block.transactions], "withdrawals": []}
            for block in blocks
        ]
        hashes = ["0x" + blocks[1].hash.hex(), "0x" + UNKNOWN.hex(), "0x" + blocks[0].hash.hex()]
        assert await client.call(by_hash, hashes) == [expected[1], None, expected[0]]
        assert await client.call(by_range, "0x2", "0x2") == expected[1:3]
        assert await client.call(by_range, "0x2", "0x400") == expected[1:]
        assert await client.call(by_range, hex(len(blocks) + 1), "0x1") == []
        assert (await client.refused(by_range, "0x0", "0x1")).code == -32602
        assert (await client.refused(by_range, "0x1", "0x0")).code == -32602
        assert (await client.refused(by_range, "0x1", "0x401")).code == -38004
        assert (await client.refused(by_hash, hashes * 342)).code == -38004

    driven(here, story)
