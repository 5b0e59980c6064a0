"""Ids of payloads, which of them are kept, and payloads as values."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from byline.derivation.block import Block
from byline.derivation.header import Header
from byline.derivation.types import NO_L2_BLOCK, PayloadAttributes
from byline.node.chain.block import ExecutedBlock
from byline.node.chain.chain import Built
from byline.node.engine_api import reading, views
from byline.node.engine_api.payload_id import payload_id
from byline.node.engine_api.payloads import Payload, PayloadStore
from tests.vectors_folder import load


def attributes_of(found: dict[str, Any]) -> PayloadAttributes:
    """Read a vector's attributes, which are from before Holocene (no eip1559Params)."""
    hexed = {**found, "timestamp": hex(found["timestamp"]), "gasLimit": hex(found["gasLimit"])}
    params = found.get("eip1559Params", "0x" + "00" * 8)
    read = reading.attributes({**hexed, "eip1559Params": params})
    return read if "eip1559Params" in found else replace(read, eip1559_params=b"")


def test_ids_are_those_of_op_geth() -> None:
    cases = load("engine/payload_id.json")["vectors"]
    assert len(cases) == 2
    for case in cases:
        parent = bytes.fromhex(case["attrs"]["parent"][2:])
        found = payload_id(parent, attributes_of(case["attrs"]), case["version"])
        assert case["payloadId"] == "0x" + found.hex()


ATTRIBUTES = PayloadAttributes(
    timestamp=1,
    prev_randao=bytes(32),
    suggested_fee_recipient=bytes(20),
    transactions=(b"\x7e",),
    no_tx_pool=False,
    gas_limit=30_000_000,
    parent_beacon_block_root=bytes(32),
    eip1559_params=bytes(8),
    min_base_fee=0,
)


@pytest.mark.parametrize(
    "change",
    [
        {"timestamp": 2},
        {"prev_randao": b"\1" * 32},
        {"suggested_fee_recipient": b"\1" * 20},
        {"transactions": ()},
        {"transactions": (b"\x7e", b"\x7e")},
        {"no_tx_pool": True},
        {"gas_limit": 1},
        {"parent_beacon_block_root": b"\1" * 32},
        {"eip1559_params": b"\1" * 8},
        {"min_base_fee": 1},
        {"min_base_fee": None},
    ],
)
def test_everything_that_decides_a_block_decides_its_id(change: dict[str, Any]) -> None:
    first = payload_id(bytes(32), ATTRIBUTES, 3)
    assert first != payload_id(bytes(32), replace(ATTRIBUTES, **change), 3)
    assert first != payload_id(b"\1" * 32, ATTRIBUTES, 3)
    assert first[1:] == payload_id(bytes(32), ATTRIBUTES, 2)[1:]


def payload(number: int) -> Payload:
    executed = ExecutedBlock(Block(Header(number=number), ()), (), {})
    return Payload(NO_L2_BLOCK, ATTRIBUTES, Built(executed, ()), sealed=True)


def test_the_oldest_payload_gives_way() -> None:
    store = PayloadStore(most=2)
    assert store.newest() is None
    for number in range(3):
        store.put(bytes([number]), payload(number))
    assert len(store) == 2
    assert store.get(b"\0") is None
    assert store.get(b"\1") == payload(1)
    assert store.newest() == payload(2)
    assert store.executed(payload(1).built.executed.hash) == payload(1).built.executed
    assert store.executed(payload(0).built.executed.hash) is None
    store.put(b"\1", payload(7))
    store.put(b"\3", payload(3))
    assert store.get(b"\1") == payload(7), "written again, it was not the oldest any more"


@pytest.mark.parametrize("isthmus", [False, True])
def test_a_block_read_back_from_its_payload_has_its_hash(isthmus: bool) -> None:
    case = load("engine/payload_id.json")["vectors"][0]["attrs"]
    header = Header(
        number=5,
        gas_limit=30_000_000,
        timestamp=9,
        extra_data=b"\0" * 9,
        base_fee=2**70,
        withdrawals_root=b"\2" * 32,
        blob_gas_used=3,
        excess_blob_gas=0,
        parent_beacon_root=b"\3" * 32,
    )
    raw = bytes.fromhex(case["transactions"][0][2:])
    source = replace(
        reading.payload(views.payload(Block(header, ()), isthmus=isthmus)), transactions=(raw,)
    )
    block = source.block(b"\3" * 32)
    again = reading.payload(views.payload(block, isthmus=isthmus)).block(b"\3" * 32)
    assert again.hash == block.hash
    assert (block.header.requests_hash is not None) == isthmus
    assert [tx.raw for tx in block.transactions] == [raw]
