"""What the server does with clients that take too long, too much, or too many places."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from typing import Any

import aiohttp
import orjson
import pytest

from byline.derivation.hashing import keccak256
from byline.rpc.limits import BOUNDS, Limits, flag
from byline.rpc.origins import check_host, check_origin
from byline.rpc.turns import MANY, encoded, in_turns
from tests.unit.rpc.client import call_body, client, run
from tests.unit.rpc.fakes import CHAIN_ID, SLOW, dynamic
from tests.unit.rpc.test_server import Served, served, subscribed

HEAD = b"POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
SLOW_CALL = {"to": "0x" + SLOW.hex()}


@asynccontextmanager
async def line(
    found: Served,
) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    reader, writer = await asyncio.open_connection("127.0.0.1", found.server.port)
    try:
        yield reader, writer
    finally:
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()


def posted(body: bytes) -> bytes:
    return HEAD + b"Content-Length: %d\r\n\r\n%b" % (len(body), body)


def logging(nonce: int) -> str:
    """Return a signed transaction that the fake mines with a log."""
    return "0x" + dynamic(nonce=nonce, data=b"\x01").hex()


# Time


def test_a_body_that_does_not_come_is_given_up() -> None:
    async def work(found: Served) -> None:
        async with line(found) as (reader, writer):
            writer.write(HEAD + b"Content-Length: 100\r\n\r\n{")
            answer = await reader.read()
        assert answer.startswith(b"HTTP/1.1 408")
        assert b"--body-seconds" in answer
        assert await found.ask("eth_chainId") == hex(CHAIN_ID)

    served(work, Limits(body_seconds=0.1))


def test_a_body_that_comes_in_pieces_is_read() -> None:
    async def work(found: Served) -> None:
        body = call_body("eth_chainId")
        async with line(found) as (reader, writer):
            writer.write(HEAD + b"Content-Length: %d\r\n\r\n" % len(body))
            for byte in body:
                writer.write(bytes([byte]))
                await asyncio.sleep(0)
            assert (await reader.readuntil(b"}")).startswith(b"HTTP/1.1 200")

    served(work)


def test_a_body_may_be_asked_for_first() -> None:
    async def work(found: Served) -> None:
        body = call_body("eth_chainId")
        async with line(found) as (reader, writer):
            writer.write(HEAD + b"Expect: 100-continue\r\nContent-Length: %d\r\n\r\n" % len(body))
            assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 100")
            writer.write(body)
            assert b"200 OK" in await reader.readuntil(b"}")

    served(work)


@pytest.mark.parametrize("sent", [b"", b"POST / HT", HEAD])
def test_a_connection_without_a_request_is_closed_in_time(sent: bytes) -> None:
    async def work(found: Served) -> None:
        async with line(found) as (reader, writer):
            writer.write(sent)
            assert await reader.read() == b""

    served(work, Limits(idle_seconds=0.1))


def test_a_long_answer_that_nobody_reads_is_cut_off() -> None:
    async def work(found: Served) -> None:
        loop = asyncio.get_running_loop()
        with socket.socket() as deaf:
            deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            deaf.setblocking(False)
            await loop.sock_connect(deaf, ("127.0.0.1", found.server.port))
            one = call_body("eth_getBlockByNumber", "latest", True)
            body = b"[" + b",".join([one] * 1000) + b"]"
            while not _connections(found):  # noqa: ASYNC110  (nobody tells)
                await asyncio.sleep(0.001)
            # On a busy machine it may be cut off before all is sent.
            with suppress(ConnectionError):
                await loop.sock_sendall(deaf, posted(body) * 10)
            while _connections(found):  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        assert await found.ask("eth_chainId") == hex(CHAIN_ID)

    served(work, Limits(body_seconds=0.2))


def _connections(found: Served) -> int:
    server = found.server._runner.server
    assert server is not None
    return len(server.connections)


def test_a_long_answer_arrives_whole() -> None:
    async def work(found: Served) -> None:
        body = b"[" + b",".join([call_body("eth_getBlockByNumber", "latest", True)] * 1000) + b"]"
        status, answer = await found.post(body)
        assert status == 200
        assert len(answer) > 1_000_000
        assert len(json.loads(answer)) == 1000

    served(work)


# Places


def test_an_idle_connection_gives_way_to_a_new_one() -> None:
    async def work(found: Served) -> None:
        async with AsyncExitStack() as stack:
            idle = [await stack.enter_async_context(line(found)) for _ in range(3)]
            for number in range(5):
                reader, writer = await stack.enter_async_context(line(found))
                writer.write(posted(call_body("eth_chainId", request_id=number)))
                assert b"200 OK" in await reader.readuntil(b"}")
            assert await idle[0][0].read() == b""

    served(work, Limits(connections=3))


def test_where_all_connections_have_requests_a_new_one_is_told_to_come_back() -> None:
    async def work(found: Served) -> None:
        async with line(found) as first, line(found) as second:
            for _, writer in (first, second):
                writer.write(posted(call_body("eth_call", SLOW_CALL)))
            while len(found.node.calls) < 2:  # noqa: ASYNC110  (the fake tells of the first)
                await asyncio.sleep(0.001)
            async with line(found) as (reader, _):
                answer = await reader.read()
            assert answer.startswith(b"HTTP/1.1 503")
            assert b"--max-connections" in answer
            found.node.slow.set()
            for reader, _ in (first, second):
                assert b"200 OK" in await reader.readuntil(b"}")
        assert await found.ask("eth_chainId") == hex(CHAIN_ID)

    served(work, Limits(connections=2))


# Origins


@pytest.mark.parametrize(
    ("origin", "status"),
    [
        ("http://evil.example", 403),
        ("null", 403),
        ("chrome-extension://abcdef", 200),
        ("http://localhost:5173", 200),
    ],
)
def test_foreign_pages_may_not_even_ask_while_extensions_may(origin: str, status: int) -> None:
    async def work(found: Served) -> None:
        found_status, body = await found.post(call_body("evm_mine"), Origin=origin)
        assert found_status == status
        assert len(found.node.blocks) == (2 if status == 200 else 1)
        assert status == 200 or b"--allow-origin" in body

    served(work)


@pytest.mark.parametrize("origin", ["https://app.example", "https://evil.example"])
def test_an_allowed_page_may_send_headers_of_its_own_and_come_from_afar(origin: str) -> None:
    asking = {
        "Origin": origin,
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "content-type, x-trace",
        "Access-Control-Request-Private-Network": "true",
    }

    async def work(found: Served) -> None:
        async with found.session.options(found.server.url, headers=asking) as response:
            said = response.headers
            if origin == "https://evil.example":
                assert response.status == 403
                assert not [name for name in said if name.startswith("Access-Control")]
                return
            assert response.status == 204
            assert said["Access-Control-Allow-Origin"] == origin
            assert said["Access-Control-Allow-Headers"] == "content-type, x-trace"
            assert said["Access-Control-Allow-Private-Network"] == "true"

    served(work, cors=["https://app.example"])


def test_names_and_origins_that_could_not_match_are_refused_at_the_start() -> None:
    assert check_host("devbox.local") == "devbox.local"
    assert check_origin("https://App.example:8443") == "https://app.example:8443"
    assert check_origin("*") == "*"
    for name in ("http://a", "a:80", "", "127.0.0.1", "a/b"):
        with pytest.raises(ValueError, match="without scheme and port"):
            check_host(name)
    for origin in ("example.org", "https://", "https://a/b", ""):
        with pytest.raises(ValueError, match=r"as https://example\.org"):
            check_origin(origin)


# Size


def test_too_many_values_are_refused_before_they_are_read() -> None:
    async def work() -> None:
        made = client(Limits(json_values=1000))
        ask = made.dispatcher.handle
        fine = call_body("eth_chainId", *[[]] * 400)
        assert json.loads(await ask(fine))["error"]["code"] == -32602
        error = json.loads(await ask(call_body("eth_chainId", *[[]] * 600)))["error"]
        assert error["code"] == -32600
        assert "--max-json-values" in error["message"]
        text = call_body("web3_sha3", "0x" + "00" * 100_000)
        assert "result" in json.loads(await ask(text))

    run(work())


def test_a_search_for_logs_is_bounded_in_blocks_and_in_logs() -> None:
    async def work() -> None:
        made = client(Limits(log_blocks=3, log_results=2))
        for nonce in range(3):
            await made.result("eth_sendRawTransaction", logging(nonce))
        everything = {"fromBlock": "0x0", "toBlock": "latest"}
        far = await made.error("eth_getLogs", everything)
        assert far["code"] == -32602
        assert "4 blocks, want at most 3 (--max-log-blocks)" in far["message"]
        many = await made.error("eth_getLogs", {**everything, "fromBlock": "0x1"})
        assert many["code"] == -32602
        assert "more than 2 logs" in many["message"]
        assert "--max-log-results" in many["message"]
        assert len(await made.result("eth_getLogs", {**everything, "fromBlock": "0x2"})) == 2

    run(work())


@pytest.mark.parametrize("count", [0, 1, MANY - 1, MANY, MANY + 1, 3 * MANY + 7])
def test_long_lists_are_encoded_as_short_ones_are(count: int) -> None:
    items = [{"number": hex(number)} for number in range(count)]

    async def work() -> None:
        for document in (items, {"list": items, "other": [1]}):
            assert json.loads(orjson.dumps(await in_turns(document))) == document
        assert json.loads(orjson.dumps(await encoded(hex, range(count)))) == [
            hex(number) for number in range(count)
        ]

    run(work())


def test_others_are_answered_between_the_requests_of_a_batch() -> None:
    async def work() -> None:
        made = client()
        await made.result("eth_sendRawTransaction", logging(0))
        body = b"[" + b",".join([call_body("eth_getBlockByNumber", "0x1", True)] * 1000) + b"]"
        batch = asyncio.create_task(made.dispatcher.handle(body))
        await asyncio.sleep(0)
        answered = 0
        while not batch.done():
            await made.result("eth_chainId")
            await asyncio.sleep(0)
            answered += 1
        assert answered > 3

    run(work())


def test_every_bound_with_a_setting_has_a_flag_of_its_own() -> None:
    flags = [flag(bound.field) for bound in BOUNDS]
    assert len(set(flags)) == len(flags) > 10
    assert flag("batch_items") == "--max-batch-items"


# Subscriptions


def test_receipts_of_a_block_come_together_and_only_where_wanted() -> None:
    async def work(found: Served) -> None:
        wanted = "0x" + keccak256(bytes.fromhex(logging(0)[2:])).hex()
        async with found.websocket() as listener:
            every = await subscribed(listener, "transactionReceipts")
            one = await subscribed(
                listener, "transactionReceipts", {"transactionHashes": [wanted]}
            )
            await found.ask("eth_sendRawTransaction", logging(0))
            await found.ask("evm_mine")
            notes = [(await listener.receive_json())["params"] for _ in range(3)]
            receipts = [await found.ask("eth_getBlockReceipts", hex(at)) for at in (1, 2)]
            mined = await found.ask("eth_getTransactionReceipt", wanted)
        assert [note["subscription"] for note in notes] == [every, one, every]
        assert [note["result"] for note in notes] == [receipts[0], [mined], receipts[1]]

    served(work)


@pytest.mark.parametrize("option", [5, {"transactionHashes": 5}, {"transactionHashes": ["0x1"]}])
def test_a_wrong_option_for_receipts_is_named(option: Any) -> None:
    async def work(found: Served) -> None:
        async with found.websocket() as asker:
            await asker.send_bytes(call_body("eth_subscribe", "transactionReceipts", option))
            assert (await asker.receive_json())["error"]["code"] == -32602

    served(work)


def test_many_connections_hear_of_every_block() -> None:
    async def work(found: Served) -> None:
        async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:
            sockets = [await session.ws_connect(found.server.ws_url) for _ in range(300)]
            for listener in sockets:
                await subscribed(listener, "newHeads")
            await found.ask("evm_mine")
            await found.ask("evm_mine")
            for listener in sockets:
                heads = [(await listener.receive_json())["params"]["result"] for _ in range(2)]
                assert [head["number"] for head in heads] == ["0x1", "0x2"]

    served(work)
