"""`eth_callMany` on both chains."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from byline.node.rollups.rollup import ChainName
from tests.integration.rollups import ALICE, BOB, World, world
from tests.integration.serving import Port, served

FROM = "0x" + ALICE.address.hex()
TO = "0x" + BOB.address.hex()
CODE = "0xc200000000000000000000000000000000000000"
OTHER = "0xc300000000000000000000000000000000000000"
COUNT = "0x5f5460010180" + "5f555f5260205ff3"
"""Adds one to slot 0 and returns it."""
BLOCK = "0x435f5242602052486040524160605260805ff3"
"""Returns NUMBER, TIMESTAMP, BASEFEE and COINBASE."""


@pytest.fixture(scope="module")
def made() -> World:
    here = world()
    here.send("l1", value=5)
    here.send("l2", value=5)
    return here


@pytest.fixture(params=["l1", "l2"])
def port(made: World, request: pytest.FixtureRequest) -> Iterator[Port]:
    name: ChainName = request.param
    with served(made, name) as found:
        yield found


def bundle(*transactions: Any, **override: Any) -> dict[str, Any]:
    return {"transactions": list(transactions), "blockOverride": override}


def words(call: dict[str, str]) -> list[int]:
    return [int(call["value"][at : at + 64], 16) for at in range(0, len(call["value"]), 64)]


def test_each_call_sees_what_those_before_left(port: Port) -> None:
    ask = {"to": CODE}
    found = port.result(
        "eth_callMany",
        [bundle(ask, ask), bundle(ask)],
        {"blockNumber": "latest", "transactionIndex": -1},
        {CODE: {"code": COUNT}},
    )
    assert [[words(call) for call in calls] for calls in found] == [[[1], [2]], [[3]]]
    assert port.result("eth_getCode", CODE) == "0x"


def test_bundles_see_the_block_and_then_later_ones(port: Port) -> None:
    head = port.result("eth_getBlockByNumber", "latest", False)
    number, time = int(head["number"], 16), int(head["timestamp"], 16)
    ask = {"to": CODE}
    first, second, third = port.result(
        "eth_callMany",
        [bundle(ask), bundle(ask), bundle(ask, coinbase=OTHER, baseFee="0x7", timestamp="0xffff")],
        {"blockNumber": "latest"},
        {CODE: {"code": BLOCK}},
    )
    coinbase = int(head["miner"], 16)
    assert words(first[0]) == [number, time, 0, coinbase]
    assert words(second[0]) == [number + 1, time + 1, 0, coinbase]
    assert words(third[0]) == [number + 2, 0xFFFF, 7, int(OTHER, 16)]


def test_calls_that_fail_show_how_and_the_others_go_on(port: Port) -> None:
    codes = {
        CODE: {"code": "0x5f5ffd"},
        OTHER: {"code": "0x602a5f5260205ffd"},
        TO: {"code": "0xfe"},
    }
    asked = [{"to": CODE}, {"to": OTHER}, {"to": TO, "gas": "0x7530"}, {"from": FROM, "to": FROM}]
    (found,) = port.result("eth_callMany", [bundle(*asked)], {}, codes)
    data = "0x" + "00" * 31 + "2a"
    assert found == [
        {"error": "execution reverted"},
        {"error": {"message": "execution reverted", "data": data}},
        {"error": "invalid opcode"},
        {"value": ""},
    ]


def test_calls_may_begin_within_a_block(port: Port) -> None:
    block = port.result("eth_getBlockByNumber", "latest", False)
    count = len(block["transactions"])
    balance = "0x73" + TO[2:] + "315f5260205ff3"
    found = []
    for index in (count - 1, count, -1):
        where = {"blockNumber": block["number"], "transactionIndex": index}
        ((call,),) = port.result(
            "eth_callMany", [bundle({"to": CODE})], where, {CODE: {"code": balance}}
        )
        found.append(words(call)[0])
    assert found[1] - found[0] == 5
    assert found[2] == found[1] == int(port.result("eth_getBalance", TO), 16)
    error = port.error("eth_callMany", [bundle({"to": TO})], {"transactionIndex": count + 1})
    assert error["message"] == (
        f"transactionIndex is {count + 1}, but the block has {count} transactions"
    )


def test_what_cannot_be_asked_is_refused_with_words(port: Port) -> None:
    assert port.error("eth_callMany", [])["message"] == "empty bundles"
    assert port.error("eth_callMany", [bundle()])["message"] == "empty bundles"
    error = port.error("eth_callMany", [bundle({"to": TO}, blockHash={})])
    assert "bundles[0]: blockOverride: unknown member 'blockHash'" in error["message"]
    error = port.error("eth_callMany", [bundle(*[{"to": TO}] * 10_001)])
    assert error["code"] == -38026
    error = port.error("eth_callMany", [bundle({"to": TO})], {"blockNumber": "0xffff"})
    assert error["message"] == "header not found"


def test_bundles_end_in_time(port: Port) -> None:
    loop = {CODE: {"code": "0x5b5f56"}}
    error = port.error("eth_callMany", [bundle(*[{"to": CODE}] * 100)], {}, loop, 50)
    assert "execution aborted (timeout = 0.05s)" in error["message"]


def test_bundles_can_be_traced(port: Port) -> None:
    code = {CODE: {"code": "0x435f5260205ff3"}}
    bundles = [
        {"transactions": [{"to": CODE}], "blockOverride": {"blockNumber": "0x64"}},
        {"transactions": [{"to": CODE}, {"to": CODE}]},
    ]
    where = {"blockNumber": "latest"}
    options = {"tracer": "callTracer", "stateOverrides": code}
    found = port.result("debug_traceCallMany", bundles, where, options)
    assert [[int(call["output"], 16) for call in bundle] for bundle in found] == [
        [100],
        [101, 101],
    ]
    plain = port.result("debug_traceCallMany", bundles, where, {"stateOverrides": code})
    assert plain[0][0]["structLogs"][0]["op"] == "NUMBER"
    answered = port.result("eth_callMany", bundles, where, code)
    assert [[call["value"] for call in bundle] for bundle in answered] == [
        [call["output"][2:] for call in bundle] for bundle in found
    ]
    error = port.error("debug_traceCallMany", bundles, where, {"blockOverrides": {"time": "0x1"}})
    assert error["code"] == -32602
