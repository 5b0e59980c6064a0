"""The server on a real socket, with a real client."""

from __future__ import annotations

import asyncio
import io
import json
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import aiohttp
import pytest
from aiohttp import WSMsgType, web

from byline.rpc.limits import Limits
from byline.rpc.origins import LOCAL_ORIGINS
from byline.rpc.server import RpcServer
from tests.unit.rpc.client import call_body, run
from tests.unit.rpc.fakes import CHAIN_ID, SLOW, FakeNode, backend, dynamic

RAW = "0x" + dynamic(data=b"\x01").hex()
SLOW_CALL = {"to": "0x" + SLOW.hex()}


@dataclass
class Served:
    node: FakeNode
    server: RpcServer
    session: aiohttp.ClientSession

    async def post(self, body: bytes, **headers: str) -> tuple[int, bytes]:
        sent = {"Content-Type": "application/json", **headers}
        data = io.BytesIO(body)
        async with self.session.post(self.server.url, data=data, headers=sent) as response:
            return response.status, await response.read()

    async def ask(self, method: str, *params: Any) -> Any:
        status, body = await self.post(call_body(method, *params))
        assert status == 200
        return json.loads(body)["result"]

    def websocket(self, **headers: str) -> Any:
        return self.session.ws_connect(self.server.ws_url, headers=headers)


@asynccontextmanager
async def serving(limits: Limits | None = None, **options: Any) -> AsyncIterator[Served]:
    node = FakeNode()
    server = RpcServer(backend(node), port=0, limits=limits, **options)
    async with server, aiohttp.ClientSession() as session:
        yield Served(node, server, session)


def served(
    work: Callable[[Served], Awaitable[None]], limits: Limits | None = None, **options: Any
) -> None:
    async def whole() -> None:
        async with serving(limits, **options) as found:
            await work(found)

    run(whole())


async def raw_exchange(found: Served, request: bytes, until: bytes) -> bytes:
    """Send bytes as they are and read until `until` has come."""
    reader, writer = await asyncio.open_connection("127.0.0.1", found.server.port)
    writer.write(request)
    answer = await reader.readuntil(until)
    writer.close()
    return answer


# HTTP


def test_port_0_is_a_free_one_and_the_urls_name_it() -> None:
    async def work(found: Served) -> None:
        assert found.server.port > 0
        assert found.server.url == f"http://127.0.0.1:{found.server.port}"
        assert found.server.ws_url == f"ws://127.0.0.1:{found.server.port}"
        assert await found.ask("eth_chainId") == hex(CHAIN_ID)

    served(work)


def test_a_server_that_was_not_entered_has_no_port() -> None:
    with pytest.raises(RuntimeError, match="before it is entered"):
        _ = RpcServer(backend(FakeNode()), port=0).port


def test_a_port_in_use_is_an_os_error() -> None:
    async def work(found: Served) -> None:
        with pytest.raises(OSError, match="address already in use"):
            await RpcServer(backend(found.node), port=found.server.port).__aenter__()

    served(work)


def test_get_says_what_this_is() -> None:
    async def work(found: Served) -> None:
        async with found.session.get(found.server.url) as response:
            assert response.status == 200
            assert "anvil/byline-test" in await response.text()

    served(work)


def test_errors_travel_with_status_200() -> None:
    async def work(found: Served) -> None:
        for body in (b"{", b"[]", call_body("nobody"), b"5", b"\xff"):
            status, answer = await found.post(body)
            assert status == 200
            assert "error" in json.loads(answer)

    served(work)


def test_a_notification_has_an_empty_body() -> None:
    async def work(found: Served) -> None:
        assert await found.post(b'{"jsonrpc":"2.0","method":"evm_mine"}') == (200, b"")
        assert len(found.node.blocks) == 2

    served(work)


@pytest.mark.parametrize(
    ("content_type", "status"),
    [
        ("application/json", 200),
        ("application/json; charset=utf-8", 200),
        ("application/json-rpc", 200),
        ("text/plain", 415),
        ("application/x-www-form-urlencoded", 415),
        ("", 415),
    ],
)
def test_bodies_must_be_declared_as_json(content_type: str, status: int) -> None:
    async def work(found: Served) -> None:
        body = call_body("eth_chainId")
        assert (await found.post(body, **{"Content-Type": content_type}))[0] == status

    served(work)


def test_a_body_without_content_type_is_refused() -> None:
    """A page of another origin can send one without asking first."""

    async def work(found: Served) -> None:
        body = call_body("eth_chainId")
        request = b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n" % len(body)
        answer = await raw_exchange(found, request + body, b"\r\n")
        assert answer.startswith(b"HTTP/1.1 415")

    served(work)


def test_a_body_over_the_limit_is_413_and_one_at_the_limit_is_read() -> None:
    async def work(found: Served) -> None:
        body = call_body("eth_chainId")
        assert (await found.post(body.ljust(200)))[0] == 200
        status, words = await found.post(body.ljust(201))
        assert (status, words) == (
            413,
            b"content length too large (limit 200, --max-body-bytes)\n",
        )
        assert await found.ask("eth_chainId") == hex(CHAIN_ID)

    served(work, Limits(body_bytes=200))


def test_a_big_deployment_passes() -> None:
    async def work(found: Served) -> None:
        call = {"data": "0x" + "60" * 2_000_000}
        assert len(await found.ask("eth_call", call)) == 2 + 4_000_000

    served(work)


def test_chunked_bodies_100_continue_pipelining_and_http_1_0_work() -> None:
    async def work(found: Served) -> None:
        body = call_body("eth_chainId")
        head = b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        end = b'"0x385"}'
        whole = head + b"Content-Length: %d\r\n\r\n" % len(body) + body
        chunks = b"Transfer-Encoding: chunked\r\n\r\n5\r\n%s\r\n%x\r\n%s\r\n0\r\n\r\n"
        chunked = head + chunks % (body[:5], len(body) - 5, body[5:])
        assert (await raw_exchange(found, chunked, end)).startswith(b"HTTP/1.1 200")
        expecting = head + b"Expect: 100-continue\r\nContent-Length: %d\r\n\r\n" % len(body)
        assert (await raw_exchange(found, expecting + body, end)).startswith(b"HTTP/1.1 100")
        old = whole.replace(b"HTTP/1.1", b"HTTP/1.0").replace(b"Host: localhost\r\n", b"")
        assert (await raw_exchange(found, old, end)).startswith(b"HTTP/1.0 200")
        reader, writer = await asyncio.open_connection("127.0.0.1", found.server.port)
        writer.write(whole + whole.replace(b'"id": 1', b'"id": 2'))
        assert b'"id":1' in await reader.readuntil(end)
        assert b'"id":2' in await reader.readuntil(end)
        writer.close()

    served(work)


def test_a_slow_call_does_not_delay_others() -> None:
    async def work(found: Served) -> None:
        slow = asyncio.create_task(found.ask("eth_call", SLOW_CALL))
        await found.node.reached.wait()
        assert await found.ask("eth_chainId") == hex(CHAIN_ID)
        assert not slow.done()
        found.node.slow.set()
        assert await slow == "0x"

    served(work)


def test_pages_are_served_beside_the_rpc() -> None:
    async def page(request: web.Request) -> web.Response:
        return web.Response(text="explorer")

    async def work(found: Served) -> None:
        async with found.session.get(found.server.url + "/explorer") as response:
            assert await response.text() == "explorer"
        async with found.session.get(found.server.url + "/nothing") as response:
            assert response.status == 404
        async with found.session.put(found.server.url) as response:
            assert response.status == 405

    served(work, pages={"/explorer": page})


def test_filters_see_what_was_just_sent() -> None:
    async def work(found: Served) -> None:
        logs, blocks = await found.ask("eth_newFilter", {}), await found.ask("eth_newBlockFilter")
        calls = [
            call_body("eth_sendRawTransaction", RAW),
            call_body("eth_getFilterChanges", logs),
            call_body("eth_getFilterChanges", blocks),
        ]
        _, body = await found.post(b"[" + b",".join(calls) + b"]")
        _, of_logs, of_blocks = json.loads(body)
        assert [log["data"] for log in of_logs["result"]] == ["0x01"]
        assert of_blocks["result"] == ["0x" + found.node.blocks[-1].hash.hex()]
        found.node.reorg()
        assert [log["removed"] for log in await found.ask("eth_getFilterChanges", logs)] == [True]

    served(work)


# Browsers


@pytest.mark.parametrize(
    ("host", "status"), [("localhost:1", 200), ("10.0.0.1", 200), ("evil.example", 403)]
)
def test_a_foreign_host_header_is_forbidden(host: str, status: int) -> None:
    async def work(found: Served) -> None:
        assert (await found.post(call_body("eth_chainId"), Host=host))[0] == status

    served(work)


def test_a_configured_host_name_is_allowed() -> None:
    async def work(found: Served) -> None:
        assert (await found.post(call_body("eth_chainId"), Host="node.example"))[0] == 200

    served(work, hosts=["node.example"])


@pytest.mark.parametrize(
    ("origin", "cors", "allowed"),
    [
        ("http://localhost:3000", None, "http://localhost:3000"),
        ("http://evil.example", None, None),
        ("http://evil.example", ["*"], "*"),
        ("http://dapp.example", ["http://dapp.example"], "http://dapp.example"),
    ],
)
def test_only_listed_origins_may_read_answers(
    origin: str, cors: list[str] | None, allowed: str | None
) -> None:
    async def work(found: Served) -> None:
        asking = {"Origin": origin, "Access-Control-Request-Method": "POST"}
        async with found.session.options(found.server.url, headers=asking) as response:
            assert response.status == (403 if allowed is None else 204)
            assert response.headers.get("Access-Control-Allow-Origin") == allowed
        sent = {"Content-Type": "application/json", "Origin": origin}
        body = call_body("eth_chainId")
        async with found.session.post(found.server.url, data=body, headers=sent) as response:
            assert response.headers.get("Access-Control-Allow-Origin") == allowed

    served(work, cors=LOCAL_ORIGINS if cors is None else cors)


@pytest.mark.parametrize(("origin", "allowed"), [("http://localhost:1", True), ("null", False)])
def test_foreign_pages_cannot_open_a_websocket(origin: str, allowed: bool) -> None:
    async def work(found: Served) -> None:
        if allowed:
            async with found.websocket(Origin=origin) as socket:
                await socket.send_bytes(call_body("eth_chainId"))
                assert (await socket.receive_json())["result"] == hex(CHAIN_ID)
        else:
            with pytest.raises(aiohttp.WSServerHandshakeError) as caught:
                await found.websocket(Origin=origin)
            assert caught.value.status == 403

    served(work)


# WebSocket


async def subscribed(socket: Any, *params: Any) -> str:
    await socket.send_bytes(call_body("eth_subscribe", *params))
    answer = await socket.receive_json()
    assert "id" in answer, answer
    return str(answer["result"])


def test_calls_batches_and_errors_go_over_websocket_too() -> None:
    async def work(found: Served) -> None:
        async with found.websocket() as socket:
            for body, want in (
                (call_body("eth_chainId"), hex(CHAIN_ID)),
                (b"[" + call_body("eth_chainId") + b"]", hex(CHAIN_ID)),
            ):
                await socket.send_bytes(body)
                answer = await socket.receive_json()
                assert (answer[0] if isinstance(answer, list) else answer)["result"] == want
            for body, code in ((b"{", -32700), (b"[]", -32600), (call_body("nobody"), -32601)):
                await socket.send_bytes(body)
                assert (await socket.receive_json())["error"]["code"] == code

    served(work)


def test_every_kind_of_subscription_is_notified_in_order() -> None:
    async def work(found: Served) -> None:
        async with found.websocket() as socket:
            names = {
                await subscribed(socket, "newHeads"): "heads",
                await subscribed(socket, "logs", {}): "logs",
                await subscribed(socket, "newPendingTransactions"): "hashes",
                await subscribed(socket, "newPendingTransactions", True): "whole",
                await subscribed(socket, "syncing"): "syncing",
            }
            assert len(names) == 5
            name = await found.ask("eth_sendRawTransaction", RAW)
            got = {}
            for _ in range(4):
                params = (await socket.receive_json())["params"]
                got[names[params["subscription"]]] = params["result"]
            assert got["hashes"] == name
            assert got["whole"]["hash"] == name
            assert got["heads"]["number"] == "0x1"
            assert got["logs"]["transactionHash"] == name
            await found.ask("anvil_mine", 3)
            heads = [(await socket.receive_json())["params"]["result"] for _ in range(3)]
            assert [head["number"] for head in heads] == ["0x2", "0x3", "0x4"]

    served(work)


def test_a_reorganisation_sends_the_logs_again_as_removed() -> None:
    async def work(found: Served) -> None:
        async with found.websocket() as socket:
            await subscribed(socket, "logs", {})
            await found.ask("eth_sendRawTransaction", RAW)
            assert (await socket.receive_json())["params"]["result"]["removed"] is False
            found.node.reorg()
            assert (await socket.receive_json())["params"]["result"]["removed"] is True

    served(work)


def test_the_answer_comes_before_the_first_notification() -> None:
    """Even when a batch subscribes first and makes a block and waits after that."""

    async def work(found: Served) -> None:
        async with found.websocket() as socket:
            calls = [
                call_body("eth_subscribe", "newHeads"),
                call_body("evm_mine"),
                call_body("eth_call", SLOW_CALL),
            ]
            await socket.send_bytes(b"[" + b",".join(calls) + b"]")
            await found.node.reached.wait()
            # The connection is not held up by its own slow batch.
            await socket.send_bytes(call_body("eth_chainId", request_id="other"))
            assert (await socket.receive_json())["id"] == "other"
            found.node.slow.set()
            answers = await socket.receive_json()
            assert isinstance(answers, list)
            note = await socket.receive_json()
            assert note["params"]["subscription"] == answers[0]["result"]

    served(work)


def test_unsubscribing_ends_it_and_unknown_ids_and_kinds_are_errors() -> None:
    async def work(found: Served) -> None:
        async with found.websocket() as socket:
            name = await subscribed(socket, "newHeads")
            answers = []
            for method, params in (
                ("eth_unsubscribe", [name]),
                ("eth_unsubscribe", [name]),
                ("eth_subscribe", ["news"]),
                ("eth_subscribe", ["newHeads", {"x": 1}]),
                ("evm_mine", []),
                ("eth_chainId", []),
            ):
                await socket.send_bytes(call_body(method, *params))
                answers.append(await socket.receive_json())
            assert answers[0]["result"] is True
            assert answers[1]["error"] == {"code": -32000, "message": "subscription not found"}
            assert answers[2]["error"]["code"] == -32601
            assert answers[2]["error"]["message"] == 'no "news" subscription in eth namespace'
            assert answers[3]["error"]["code"] == -32602
            assert answers[5]["result"] == hex(CHAIN_ID)

    served(work)


def test_subscriptions_of_one_connection_are_not_those_of_another() -> None:
    async def work(found: Served) -> None:
        async with found.websocket() as first, found.websocket() as second:
            name = await subscribed(first, "newHeads")
            await second.send_bytes(call_body("eth_unsubscribe", name))
            assert (await second.receive_json())["error"]["message"] == "subscription not found"

    served(work)


def test_a_message_over_the_limit_ends_the_connection() -> None:
    async def work(found: Served) -> None:
        async with found.websocket() as socket:
            await socket.send_bytes(call_body("eth_chainId").ljust(2000))
            message = await socket.receive()
            assert message.type == WSMsgType.CLOSE
            assert message.data == aiohttp.WSCloseCode.MESSAGE_TOO_BIG
        assert await found.ask("eth_chainId") == hex(CHAIN_ID)

    served(work, Limits(websocket_message_bytes=1000))


def test_a_reader_that_does_not_keep_up_is_cut_off_with_a_reason(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def work(found: Served) -> None:
        async with found.websocket() as socket:
            await subscribed(socket, "newHeads")
            transport = socket._response.connection.transport
            transport.pause_reading()
            # More than any socket buffer takes.
            for _ in range(40):
                await found.ask("anvil_mine", 1000)
                await found.server.dispatcher.feed.caught_up()
                if "reads too slowly" in caplog.text:
                    break
            transport.resume_reading()
            while (message := await socket.receive()).type == WSMsgType.TEXT:
                pass
            assert message.type in (WSMsgType.CLOSE, WSMsgType.CLOSED, WSMsgType.CLOSING)
        assert await found.ask("eth_chainId") == hex(CHAIN_ID)

    with caplog.at_level(logging.WARNING):
        served(work, Limits(websocket_waiting=20))
    assert "reads too slowly: 20 messages wait" in caplog.text


def test_a_burst_of_blocks_does_not_cut_a_reader_that_keeps_up() -> None:
    async def work(found: Served) -> None:
        async with found.websocket() as socket:
            await subscribed(socket, "newHeads")
            mining = asyncio.create_task(found.ask("anvil_mine", 1000))
            heads = [(await socket.receive_json())["params"]["result"] for _ in range(1000)]
            assert [int(head["number"], 16) for head in heads] == list(range(1, 1001))
            await mining

    served(work, Limits(websocket_waiting=20))


def test_a_client_that_only_asks_is_not_read_from_without_end() -> None:
    async def work(found: Served) -> None:
        async with found.websocket() as socket:
            for request_id in range(5):
                await socket.send_bytes(call_body("eth_call", SLOW_CALL, request_id=request_id))
            while len(found.node.calls) < 2:  # noqa: ASYNC110  (the fake tells of the first)
                await asyncio.sleep(0.001)
            await asyncio.sleep(0.05)
            assert len(found.node.calls) == 2
            found.node.slow.set()
            assert {(await socket.receive_json())["id"] for _ in range(5)} == set(range(5))

    served(work, Limits(websocket_calls=2))


def test_a_client_that_vanishes_leaves_nothing_behind() -> None:
    async def work(found: Served) -> None:
        socket = await found.websocket()
        await subscribed(socket, "newHeads")
        socket._response.connection.transport.abort()
        while found.server._connections:  # noqa: ASYNC110  (aiohttp tells nobody)
            await asyncio.sleep(0.001)
        assert await found.ask("evm_mine") == "0x0"
        assert len(found.server.dispatcher.feed._listeners) == 1

    served(work)


def test_stopping_tells_the_connections() -> None:
    async def work() -> None:
        async with aiohttp.ClientSession() as session:
            async with RpcServer(backend(FakeNode()), port=0) as server:
                socket = await session.ws_connect(server.ws_url)
            message = await socket.receive()
            assert message.type == WSMsgType.CLOSE
            assert (message.data, message.extra) == (1001, "the node is stopping")
            await socket.close()

    run(work())


def test_the_close_frame_says_why_events_were_lost() -> None:
    async def work(found: Served) -> None:
        async with found.websocket() as socket:
            await subscribed(socket, "newHeads")
            found.node.listeners[0].put_nowait(None)
            message = await socket.receive()
            assert message.type == WSMsgType.CLOSE
            assert (message.data, message.extra) == (1008, "chain events were lost")

    served(work)
