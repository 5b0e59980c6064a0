"""Whatever comes over the Engine API is answered in its own terms: no 500, no traceback."""

from __future__ import annotations

import asyncio
import copy
from collections.abc import Iterator
from contextlib import AsyncExitStack
from dataclasses import replace
from typing import Any

import pytest
import rlp
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from byline.derivation.block import Block, transactions_root
from byline.derivation.transaction import DepositTransaction
from tests.integration.engines import (
    EngineClient,
    OpNode,
    attributes_json,
    attributes_of,
    blocks_of,
    forkchoice,
    serving,
)
from tests.integration.rollups import ALICE, GENESIS_TIME, World, world

INTERNAL = -32603

MANY = settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


class Target:
    """An engine with the second block of a chain still to come, and good requests to spoil."""

    # Not a dataclass: Hypothesis prints those field by field.
    def __init__(self, runner: asyncio.Runner, client: EngineClient, here: World) -> None:
        self.runner = runner
        self.client = client
        self.here = here
        self.blocks = blocks_of(here)
        self.good: list[tuple[str, list[Any]]] = []

    def post(self, body: Any) -> Any:
        """Return the answer to a body, which must come with HTTP 200."""
        status, answer = self.runner.run(self.client.post(body))
        assert status == 200, (status, answer)
        return answer

    def ask(self, method: str, params: Any) -> dict[str, Any]:
        """Return the answer to a request, which must not be a fault of ours."""
        answer = self.post({"jsonrpc": "2.0", "id": 1, "method": method, "params": params})
        assert isinstance(answer, dict)
        assert answer.get("error", {}).get("code") != INTERNAL, (method, params, answer)
        return answer

    def alive(self) -> None:
        """The engine still takes the next block."""
        answer = self.ask(*self.good[0])
        assert answer["result"]["status"] == "VALID"


async def good_requests(target: Target) -> list[tuple[str, list[Any]]]:
    """Hand over the first block, begin the second, and return what may come next."""
    first, second = target.blocks
    node = OpNode(target.here, target.client)
    await node.gossip(first)
    payload, root = node.payload_of(second)
    state = forkchoice(first.hash)
    name = await node.choose(attributes_of(second))
    return [
        ("engine_newPayloadV4", [payload, [], root, []]),
        ("engine_forkchoiceUpdatedV3", [state, attributes_json(attributes_of(second))]),
        ("engine_forkchoiceUpdatedV1", [state, None]),
        ("engine_getPayloadV4", [name]),
        ("engine_getPayloadBodiesByHashV1", [["0x" + first.hash.hex()]]),
        ("engine_getPayloadBodiesByRangeV1", ["0x1", "0x1"]),
        ("engine_exchangeCapabilities", [["engine_newPayloadV4"]]),
        ("engine_getClientVersionV1", [{"code": "OP"}]),
    ]


@pytest.fixture(scope="module")
def target() -> Iterator[Target]:
    here = world()
    here.send("l2", value=1)
    here.send("l2", value=2)
    with asyncio.Runner() as runner:
        stack = AsyncExitStack()
        client = runner.run(stack.enter_async_context(serving(here)))
        made = Target(runner, client, here)
        made.good = runner.run(good_requests(made))
        yield made
        runner.run(stack.aclose())


QUANTITIES = st.integers(0, 2**260).map(hex) | st.sampled_from(
    ["0x", "0x00", "0x0", "0xffffffffffffffff", "0x10000000000000000", "-0x1", "0X1", "1"]
)
DATA = st.binary(max_size=40).map(lambda raw: "0x" + raw.hex())
LEAVES = (
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=20)
    | QUANTITIES
    | DATA
    | st.sampled_from(["0x" + "00" * 32, "0x" + "77" * 32, "0x" + "00" * 256])
)
VALUES = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=8,
)


def places(value: Any, at: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Return the path of every part of a JSON value."""
    found = [at]
    if isinstance(value, dict | list):
        pairs = value.items() if isinstance(value, dict) else enumerate(value)
        for key, part in pairs:
            found += places(part, (*at, key))
    return found


def put(value: Any, at: tuple[Any, ...], new: Any) -> Any:
    """Return a copy of a JSON value with the part at `at` replaced."""
    if not at:
        return new
    value = copy.deepcopy(value)
    inner = value
    for key in at[:-1]:
        inner = inner[key]
    inner[at[-1]] = new
    return value


@MANY
@given(which=st.integers(0, 7), spoils=st.lists(st.tuples(st.integers(0, 99), VALUES), min_size=1))
def test_a_good_request_with_any_parts_replaced_is_answered(
    target: Target,
    which: int,
    spoils: list[tuple[int, Any]],
    caplog: pytest.LogCaptureFixture,
) -> None:
    method, params = target.good[which]
    for place, value in spoils:
        found = places(params)
        params = put(params, found[place % len(found)], value)
    target.ask(method, params)
    assert not caplog.records


@MANY
@given(names=st.sampled_from(["engine_newPayloadV3", "engine_getPayloadV2", "x"]), value=VALUES)
def test_any_params_are_answered(target: Target, names: str, value: Any) -> None:
    target.ask(names, value)


@MANY
@given(body=VALUES)
def test_any_json_body_is_answered(target: Target, body: Any) -> None:
    answer = target.post(body)
    for one in answer if isinstance(answer, list) else [answer]:
        assert one is None or one["error"]["code"] in (-32600, -32700)


WEI = st.sampled_from([0, 1, 10**18, 2**96, 2**128 - 1, 2**128, 2**256 - 1]) | st.integers(
    0, 2**256
)
GAS = st.sampled_from([0, 21_000, 100_000, 1_000_000, 2**63, 2**64 - 1]) | st.integers(0, 10**6)
ADDRESSES = st.sampled_from(
    [ALICE.address, bytes(20), *(bytes(19) + bytes([n]) for n in range(1, 18)), b"\xff" * 20,
     bytes.fromhex("4200000000000000000000000000000000000015")]
) | st.binary(min_size=20, max_size=20)  # fmt: skip

DEPOSITS = st.builds(
    DepositTransaction,
    source_hash=st.binary(min_size=32, max_size=32),
    sender=ADDRESSES,
    to=st.none() | ADDRESSES,
    mint=WEI,
    value=WEI,
    gas=GAS,
    is_system_transaction=st.booleans(),
    data=st.binary(max_size=60),
).map(lambda tx: tx.raw)

NUMBERS = st.integers(0, 2**260).map(lambda n: n.to_bytes((n.bit_length() + 7) // 8, "big"))
FIELDS = st.recursive(
    NUMBERS | st.binary(max_size=40) | ADDRESSES, lambda inner: st.lists(inner, max_size=4)
)
TYPED = st.tuples(
    st.sampled_from([b"", b"\x01", b"\x02", b"\x03", b"\x04", b"\x7e", b"\x05"]),
    st.lists(FIELDS, min_size=6, max_size=14).map(rlp.encode),
).map(lambda pair: pair[0] + pair[1])


SPOILT = st.lists(st.tuples(st.integers(0, 999), st.integers(0, 255)), max_size=3)
"""Places and new values of bytes in a signed transaction."""


def spoilt(raw: bytes, changes: list[tuple[int, int]]) -> bytes:
    found = bytearray(raw)
    for at, value in changes:
        found[at % len(found)] = value
    return bytes(found)


@MANY
@given(
    first=st.none() | DEPOSITS,
    others=st.lists(DEPOSITS | TYPED | st.binary(max_size=9) | SPOILT, max_size=4),
)
def test_any_transactions_in_attributes_and_payloads_are_judged(
    target: Target,
    first: bytes | None,
    others: list[bytes | list[tuple[int, int]]],
    caplog: pytest.LogCaptureFixture,
) -> None:
    block = target.blocks[1]
    info, signed = (tx.raw for tx in block.transactions)
    more = [one if isinstance(one, bytes) else spoilt(signed, one) for one in others]
    raws = (info if first is None else first, *more)
    state = forkchoice(target.blocks[0].hash)
    wanted = attributes_json(replace(attributes_of(block), transactions=raws))
    answer = target.ask("engine_forkchoiceUpdatedV3", [state, wanted])
    if "error" in answer:
        assert answer["error"]["code"] == -38003
    else:
        assert answer["result"]["payloadId"]
    payload, *rest = target.good[0][1]
    hexed = ["0x" + raw.hex() for raw in raws]
    answer = target.ask("engine_newPayloadV4", [payload | {"transactions": hexed}, *rest])
    assert answer["result"]["status"] == (
        "VALID" if hexed == payload["transactions"] else "INVALID"
    )
    assert not caplog.records
    target.alive()


HASHES = st.binary(min_size=32, max_size=32)
HEADERS = st.fixed_dictionaries(
    {},
    optional={
        "number": st.integers(0, 2**64 - 1),
        "gas_limit": st.integers(0, 2**64 - 1) | st.integers(0, 100_000),
        "gas_used": st.integers(0, 2**64 - 1),
        "timestamp": st.integers(0, 2**64 - 1) | st.integers(GENESIS_TIME, GENESIS_TIME + 9),
        "extra_data": st.binary(max_size=32)
        | st.binary(min_size=16, max_size=16).map(lambda raw: b"\1" + raw),
        "base_fee": st.integers(0, 2**256 - 1),
        "coinbase": ADDRESSES,
        "mix_hash": HASHES,
        "blob_gas_used": st.integers(0, 2**64 - 1),
        "excess_blob_gas": st.integers(0, 2**64 - 1),
        "state_root": HASHES,
        "parent_beacon_root": HASHES,
    },
)


CHOSEN = {"mix_hash", "gas_limit", "extra_data", "timestamp", "parent_beacon_root"}
"""Fields that execution takes as they are; all others follow from it."""


@MANY
@given(changes=HEADERS, count=st.integers(0, 2))
def test_any_header_whose_hash_is_right_is_judged(
    target: Target, changes: dict[str, Any], count: int, caplog: pytest.LogCaptureFixture
) -> None:
    block = target.blocks[1]
    transactions = block.transactions[:count]
    header = block.header.with_(transactions_root=transactions_root(transactions), **changes)
    payload, root = OpNode(target.here, target.client).payload_of(Block(header, transactions))
    answer = target.ask("engine_newPayloadV4", [payload, [], root, []])
    if answer["result"]["status"] == "VALID":
        assert count == 2
        # What was drawn may be what the block has.
        assert {name for name in changes if changes[name] != getattr(block.header, name)} <= CHOSEN
    else:
        assert answer["result"]["validationError"]
    assert not caplog.records
