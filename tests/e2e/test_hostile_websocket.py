"""Hostile clients over WebSocket: each gets an answer or a clean end, and others are served."""

from __future__ import annotations

import asyncio
import base64
import json
import os
import random
import socket
from collections.abc import Awaitable, Callable, Iterator

import aiohttp
import pytest
from aiohttp import ClientWebSocketResponse, WSMsgType

from tests.devnets import Running, call, running
from tests.fuzz.mutation import mutated
from tests.hostility import (
    BODIES,
    CHAIN_ID,
    assert_serves,
    connected,
    everything,
    request,
    watched,
)

pytestmark = pytest.mark.slow

SHAKE = (
    b"GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: %b\r\n\r\n"
)


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    folder = tmp_path_factory.mktemp("hostile")
    with running(folder, ["--max-message-bytes", "2000000"]) as found:
        yield found
        assert found.process.poll() is None
        printed = "".join(path.read_text() for path in folder.glob("screen-*.txt"))
        assert "Traceback" not in printed


@pytest.fixture
def url(node: Running) -> Iterator[str]:
    yield node.l2_url
    assert_serves(node.l2_url)


def with_sockets(
    url: str, count: int, work: Callable[[list[ClientWebSocketResponse]], Awaitable[None]]
) -> None:
    """Run `work` with so many open WebSockets."""

    async def whole() -> None:
        connector = aiohttp.TCPConnector(limit=0)
        async with asyncio.timeout(120), aiohttp.ClientSession(connector=connector) as session:
            await work([await session.ws_connect(url, max_msg_size=0) for _ in range(count)])

    asyncio.run(whole())


def raw(url: str) -> socket.socket:
    """Return a socket that has shaken hands."""
    sock = connected(url)
    sock.sendall(SHAKE % base64.b64encode(os.urandom(16)))
    head = b""
    while b"\r\n\r\n" not in head:
        head += sock.recv(1)
    assert head.startswith(b"HTTP/1.1 101")
    return sock


def frame(payload: bytes, opcode: int = 1, first: int = 0x80) -> bytes:
    """Return a masked frame."""
    size = len(payload)
    length = bytes([0x80 | size]) if size < 126 else b"\xfe" + size.to_bytes(2, "big")
    return bytes([first | opcode]) + length + bytes(4) + payload


def test_bad_messages_get_errors_and_the_connection_goes_on(url: str) -> None:
    async def work(sockets: list[ClientWebSocketResponse]) -> None:
        (listener,) = sockets
        for name, (body, code) in BODIES.items():
            await listener.send_bytes(body)
            answer = await listener.receive_json()
            assert answer["error"]["code"] == code, name
        await listener.send_bytes(CHAIN_ID)
        assert (await listener.receive_json())["id"] == 7

    with_sockets(url, 1, work)


def test_a_message_over_the_bound_ends_the_connection_with_its_reason(url: str) -> None:
    async def work(sockets: list[ClientWebSocketResponse]) -> None:
        await sockets[0].send_bytes(b" " * 2_000_001)
        message = await sockets[0].receive()
        assert message.type is WSMsgType.CLOSE
        assert message.data == 1009

    with_sockets(url, 1, work)


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://localhost.evil.example"},
        {"Host": "evil.example"},
    ],
)
def test_foreign_pages_do_not_get_in(url: str, headers: dict[str, str]) -> None:
    async def whole() -> None:
        async with aiohttp.ClientSession() as session:
            with pytest.raises(aiohttp.WSServerHandshakeError) as caught:
                await session.ws_connect(url, headers=headers)
            assert caught.value.status == 403

    asyncio.run(whole())


@pytest.mark.parametrize(
    "data",
    [
        b"\x81\x05hello",
        frame(b"x", opcode=3),
        frame(b"x", first=0xF0),
        frame(b"\xff\xfe"),
        frame(b"x" * 200, opcode=9),
        frame(b"\x03", opcode=8),
        frame(b"x", opcode=0),
        b"\x81\xff" + b"\xff" * 8 + bytes(4),
        b"GET / HTTP/1.1\r\n\r\n",
        random.Random(1).randbytes(5_000),
    ],
)
def test_what_is_no_frame_ends_the_connection(url: str, data: bytes) -> None:
    with raw(url) as sock:
        sock.sendall(data)
        sock.shutdown(socket.SHUT_WR)
        everything(sock)


def test_changed_frames_get_an_answer_or_an_end(url: str) -> None:
    rng = random.Random(7)
    seeds = [frame(CHAIN_ID), frame(request("eth_subscribe", "newHeads"))]
    for _ in range(150):
        with raw(url) as sock:
            try:
                sock.sendall(mutated(rng, seeds, 1_000))
                sock.shutdown(socket.SHUT_WR)
            except OSError:
                continue
            everything(sock)


def test_hundreds_of_listeners_hear_every_block_in_order_and_cost_others_little(url: str) -> None:
    async def work(sockets: list[ClientWebSocketResponse]) -> None:
        for listener in sockets:
            await listener.send_bytes(request("eth_subscribe", "newHeads"))
            assert "result" in await listener.receive_json()
        for _ in range(10):
            await asyncio.to_thread(call, url, "evm_mine")
        for listener in sockets:
            numbers = [
                int((await listener.receive_json())["params"]["result"]["number"], 16)
                for _ in range(10)
            ]
            assert numbers == list(range(numbers[0], numbers[0] + 10))

    with watched(url):
        with_sockets(url, 300, work)


def test_who_asks_and_does_not_read_costs_others_nothing(url: str) -> None:
    batch = b"[" + b",".join([request("eth_getBlockByNumber", "latest", True)] * 400) + b"]"
    deaf = [raw(url) for _ in range(5)]
    with watched(url):
        for sock in deaf:
            sock.settimeout(1)
            for _ in range(200):
                try:
                    sock.sendall(frame(batch))
                except OSError:
                    break
        assert_serves(url)
    for sock in deaf:
        sock.close()


def test_subscriptions_outlive_a_revert_and_hear_of_the_logs_it_takes_away(url: str) -> None:
    # Deploys code that logs whatever it is called with.
    code = "0x6006600c60003960066000f3" + "60006000a000"
    sender = call(url, "eth_accounts")[0]
    made = call(url, "eth_sendTransaction", {"from": sender, "data": code})
    where = call(url, "eth_getTransactionReceipt", made)["contractAddress"]

    async def work(sockets: list[ClientWebSocketResponse]) -> None:
        (listener,) = sockets
        for kind in (["logs", {"address": where}], ["newHeads"]):
            await listener.send_bytes(request("eth_subscribe", *kind))
            assert "result" in await listener.receive_json()

        async def ask(method: str, *params: object) -> object:
            return await asyncio.to_thread(call, url, method, *params)

        async def heard() -> dict[str, object]:
            """Return the next log; heads come between."""
            while True:
                result = (await listener.receive_json())["params"]["result"]
                if "logIndex" in result:
                    return dict(result)

        before = await ask("evm_snapshot")
        await ask("eth_sendTransaction", {"from": sender, "to": where})
        first = await heard()
        assert first["removed"] is False
        assert await ask("evm_revert", before) is True
        gone = await heard()
        assert gone == {**first, "removed": True}
        await ask("eth_sendTransaction", {"from": sender, "to": where})
        assert (await heard())["removed"] is False

    with_sockets(url, 1, work)


@pytest.mark.parametrize("name", ["l1", "l2"])
def test_receipts_of_a_block_are_told_as_they_are_answered(node: Running, name: str) -> None:
    url = node.l1_url if name == "l1" else node.l2_url
    sender = call(url, "eth_accounts")[0]

    async def work(sockets: list[ClientWebSocketResponse]) -> None:
        (listener,) = sockets
        await listener.send_bytes(request("eth_subscribe", "transactionReceipts"))
        assert "result" in await listener.receive_json()
        sent = await asyncio.to_thread(
            call, url, "eth_sendTransaction", {"from": sender, "to": sender}
        )
        told: list[dict[str, object]] = []
        while sent not in [receipt["transactionHash"] for receipt in told]:
            told = (await listener.receive_json())["params"]["result"]
        number = told[0]["blockNumber"]
        assert told == await asyncio.to_thread(call, url, "eth_getBlockReceipts", number)

    with_sockets(url, 1, work)


def test_a_filter_outlives_a_revert(url: str) -> None:
    name = call(url, "eth_newBlockFilter")
    before = call(url, "evm_snapshot")
    call(url, "evm_mine")
    assert call(url, "evm_revert", before) is True
    call(url, "evm_mine")
    assert len(call(url, "eth_getFilterChanges", name)) >= 2
    assert json.loads(json.dumps(call(url, "eth_getFilterChanges", name))) == []
