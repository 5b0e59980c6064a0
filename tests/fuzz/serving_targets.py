"""Decoders of what clients send: JSON-RPC, the Engine API, calls of the precompile."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from byline.node.engine_api import reading
from byline.node.engine_api.jwt import TokenCheck, make_token
from byline.precompiles import math
from byline.precompiles.abi import array_tail
from byline.precompiles.errors import InvalidInput
from byline.precompiles.math import functions
from byline.precompiles.math.call import read_call, read_cap_floor
from byline.precompiles.math.values import call_of
from byline.rpc.dispatch import Dispatcher
from byline.rpc.errors import InvalidParams
from byline.rpc.framing import FramingError, JsonFrames
from tests.fuzz.derivation_targets import NotJson
from tests.fuzz.target import Target
from tests.unit.rpc.fakes import FakeNode, backend, dynamic

INTERNAL_ERROR = -32603
SECRET = b"\x07" * 32
HASH = "0x" + "ab" * 32
ADDRESS = "0x" + "cd" * 20
CALLS: tuple[tuple[str, list[Any]], ...] = (
    ("eth_chainId", []),
    ("eth_getBlockByNumber", ["latest", True]),
    ("eth_getBlockByHash", [HASH, False]),
    ("eth_getBalance", [ADDRESS, {"blockNumber": "0x0"}]),
    ("eth_call", [{"to": ADDRESS, "data": "0x1234", "value": "0x1"}, "latest"]),
    ("eth_estimateGas", [{"from": ADDRESS, "gas": "0x5208"}]),
    ("eth_getLogs", [{"fromBlock": "0x0", "toBlock": "latest", "topics": [None, [HASH]]}]),
    ("eth_getStorageAt", [ADDRESS, "0x0", "latest"]),
    ("eth_getProof", [ADDRESS, ["0x0"], "latest"]),
    ("eth_feeHistory", ["0x1", "latest", [25.0]]),
    ("eth_sendRawTransaction", ["0x" + dynamic().hex()]),
    ("eth_getTransactionReceipt", [HASH]),
    ("eth_newFilter", [{"address": [ADDRESS]}]),
    ("optimism_outputAtBlock", ["0x0"]),
    ("web3_sha3", ["0x68656c6c6f"]),
)


class Served:
    """A dispatcher over a fake node, on an event loop of its own; made anew now and then."""

    def __init__(self) -> None:
        self._runner = asyncio.Runner()
        self._left = 0
        self._dispatcher: Dispatcher | None = None

    def answer(self, body: bytes) -> bytes:
        """Return what a client would read."""
        if self._dispatcher is None or not self._left:
            self._dispatcher = Dispatcher(backend(FakeNode()))
            self._left = 500
        self._left -= 1
        return self._runner.run(self._dispatcher.handle(body))


def _rpc(served: Served, data: bytes) -> None:
    answer = served.answer(data)
    if not answer:
        return
    document = json.loads(answer)
    for item in document if isinstance(document, list) else [document]:
        assert item["jsonrpc"] == "2.0"
        assert ("result" in item) != ("error" in item)
        error = item.get("error")
        if error is not None:
            assert error["code"] != INTERNAL_ERROR, error


def _frames(data: bytes) -> None:
    whole = JsonFrames(10_000).feed(data)
    pieces = JsonFrames(10_000)
    found = [value for at in range(len(data)) for value in pieces.feed(data[at : at + 1])]
    assert found == whole
    assert b"".join(b"".join(whole).split()) in b"".join(data.split())


def _json(data: bytes) -> Any:
    try:
        return json.loads(data)
    except (ValueError, RecursionError) as exc:
        raise NotJson from exc


def _engine(data: bytes) -> None:
    document = _json(data)
    last: InvalidParams | None = None
    read = 0
    for decode in (reading.payload, reading.attributes, reading.forkchoice_state):
        try:
            decode(document)
            read += 1
        except InvalidParams as exc:
            last = exc
    if not read and last is not None:
        raise last


def _token(data: bytes) -> None:
    refusal = TokenCheck(SECRET, lambda: 1_000.0)(data.decode("latin-1"))
    if refusal is not None:
        raise InvalidInput(refusal, b"")


def _math(data: bytes) -> None:
    output = math.run(data)
    words = [int.from_bytes(output[at : at + 32], "big") for at in range(0, len(output), 32)]
    if data[:4] == functions.APPORTION.selector:
        call = read_call(data)
        assert len(words) == call.count + 2
        assert sum(words[2:]) == call.amount
    if data[:4] == functions.CAP_FLOOR.selector:
        assert words[1] + sum(words[3:]) == read_cap_floor(data).amount


PAYLOAD = {
    "parentHash": HASH, "feeRecipient": ADDRESS, "stateRoot": HASH, "receiptsRoot": HASH,
    "logsBloom": "0x" + "00" * 256, "prevRandao": HASH, "blockNumber": "0x1", "gasLimit": "0x1",
    "gasUsed": "0x0", "timestamp": "0x2", "extraData": "0x", "baseFeePerGas": "0x7",
    "blockHash": HASH, "transactions": ["0x02"], "withdrawals": [], "blobGasUsed": "0x0",
    "excessBlobGas": "0x0", "withdrawalsRoot": HASH,
}  # fmt: skip
ATTRIBUTES = {
    "timestamp": "0x2", "prevRandao": HASH, "suggestedFeeRecipient": ADDRESS, "withdrawals": [],
    "parentBeaconBlockRoot": HASH, "transactions": ["0x7e"], "noTxPool": True,
    "gasLimit": "0x3938700", "eip1559Params": "0x" + "00" * 8, "minBaseFee": 0,
}  # fmt: skip
STATE = {"headBlockHash": HASH, "safeBlockHash": HASH, "finalizedBlockHash": HASH}


def targets() -> list[Target]:
    """Return the decoders of `rpc`, of the Engine API and of the precompile."""
    served = Served()
    bodies = [
        json.dumps({"jsonrpc": "2.0", "id": 1, "method": name, "params": params}).encode()
        for name, params in CALLS
    ]
    bodies.append(b"[" + b",".join(bodies[:3]) + b"]")
    calls = (
        *(
            math.encode_call(method, 10**18 + 7, weights)
            for method in math.METHODS.values()
            for weights in ([1], [1, 2, 3], [2**64 - 1] * 5)
        ),
        call_of(functions.APPORTION_CHUNK, 10**18, 9, 2, array_tail([1, 2, 3])),
        call_of(functions.CAP_FLOOR, 10**18, array_tail([1, 2, 3]), 10**17, 4000),
        call_of(functions.RELU, array_tail([1, -2])),
        call_of(functions.SOFTMAX, array_tail([1, -2]), 65536),
        call_of(functions.DECAY, array_tail([1, 2]), array_tail([3, 4]), 5),
    )
    documents = tuple(json.dumps(item).encode() for item in (PAYLOAD, ATTRIBUTES, STATE))
    return [
        Target("JSON-RPC", tuple(bodies), lambda data: _rpc(served, data), ()),
        Target("JSON frames", (b" ".join(bodies[:4]), b"".join(bodies)), _frames, (FramingError,)),
        Target("engine payloads", documents, _engine, (InvalidParams, NotJson)),
        Target(
            "engine token", (f"Bearer {make_token(SECRET, 1_000)}".encode(),), _token,
            (InvalidInput,),
        ),
        Target("attribution math", calls, _math, (InvalidInput,)),
    ]  # fmt: skip
