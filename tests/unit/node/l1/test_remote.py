"""An L1 node over a real socket: what is believed, tried again, refused."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

import pytest
from aiohttp import web

from byline.derivation.errors import Temporary
from byline.derivation.types import L1Block, L1BlockRef
from byline.node.errors import BadL1Answer
from byline.node.l1 import transport
from byline.node.l1.remote import RemoteL1, RpcFailed
from byline.node.l1.source import L1Source
from tests.contract_tests.l1_suite import L1SourceSuite
from tests.unit.node.l1.l1_kit import GENESIS, SECOND, FakeL1, made, run


@asynccontextmanager
async def remote(fake: FakeL1) -> AsyncIterator[RemoteL1]:
    async with fake.serve() as url, RemoteL1(url, attempts=3, first_pause=0.001) as source:
        yield source


def ask(fake: FakeL1, question: Callable[[RemoteL1], Awaitable[Any]]) -> Any:
    """Return the answer of a remote L1 that stands on `fake`."""

    async def go() -> Any:
        async with remote(fake) as source:
            return await question(source)

    return run(go())


class TestRemoteL1(L1SourceSuite):
    def opened(self) -> AbstractAsyncContextManager[L1Source]:
        return remote(FakeL1(GENESIS, SECOND))


def fake() -> FakeL1:
    return FakeL1(GENESIS, SECOND)


def second(source: RemoteL1) -> Awaitable[L1Block | None]:
    return source.block_by_number(1)


def test_the_chain_id_is_read() -> None:
    assert ask(fake(), RemoteL1.chain_id) == 900


@pytest.mark.parametrize(
    "failure",
    [
        lambda: web.Response(status=503),
        lambda: web.Response(status=429),
        lambda: web.Response(text="<html>busy</html>"),
    ],
    ids=["503", "429", "no JSON"],
)
def test_what_passes_by_itself_is_tried_again_and_then_temporary(
    failure: Callable[[], web.Response],
) -> None:
    twice = fake()
    twice.failures = [failure] * 2
    assert ask(twice, RemoteL1.head) == L1BlockRef.of(SECOND.header)
    assert len(twice.calls) == 3
    thrice = fake()
    thrice.failures = [failure] * 3
    with pytest.raises(Temporary, match="does not answer after 3 attempts"):
        ask(thrice, RemoteL1.head)


def test_nobody_there_is_temporary() -> None:
    async def go() -> None:
        async with fake().serve() as url:
            gone = url
        async with RemoteL1(gone, attempts=2, first_pause=0.001) as source:
            await source.head()

    with pytest.raises(Temporary, match=r"http://127.0.0.1:\d+ does not answer after 2 attempts"):
        run(go())


def test_a_refusal_is_not_tried_again() -> None:
    node = fake()
    node.errors["eth_getBlockByNumber"] = {"code": -32000, "message": "history pruned"}
    with pytest.raises(RpcFailed, match=r"refuses eth_getBlockByNumber: history pruned \(code"):
        ask(node, second)
    assert len(node.calls) == 1


def test_a_rate_limit_is_temporary() -> None:
    node = fake()
    node.errors["eth_getBlockByNumber"] = {"code": -32005, "message": "slow down"}
    with pytest.raises(Temporary, match="slow down"):
        ask(node, second)


@pytest.mark.parametrize(
    ("status", "words"), [(404, "is no JSON-RPC endpoint"), (401, "refuses with HTTP 401")]
)
def test_a_wrong_url_or_key_is_said_at_once(status: int, words: str) -> None:
    node = fake()
    node.failures = [lambda: web.Response(status=status)]
    with pytest.raises(BadL1Answer, match=words):
        ask(node, RemoteL1.head)
    assert len(node.calls) == 1


@pytest.mark.parametrize(
    "reply", [[], {"id": 99, "result": None}, {"id": 1, "error": "text"}, {"id": 1, "error": {}}]
)
def test_what_is_no_json_rpc_is_refused(reply: Any) -> None:
    node = fake()
    node.failures = [lambda: web.json_response(reply)]
    with pytest.raises(BadL1Answer, match=r"does not speak JSON-RPC|fails .* without a code"):
        ask(node, RemoteL1.head)


@pytest.mark.parametrize(
    ("method", "key", "value", "words"),
    [
        ("eth_getBlockByNumber", "stateRoot", "0x" + "00" * 32, "failed to verify block hash"),
        ("eth_getBlockByNumber", "transactions", [], "failed to verify transactions list"),
        ("eth_getBlockByNumber", "withdrawals", [{}], "index: want a hex number"),
    ],
)
def test_a_block_that_does_not_hash_is_refused_with_server_and_height(
    method: str, key: str, value: Any, words: str
) -> None:
    node = fake()
    node.change = lambda called, result: result | {key: value} if called == method else result
    with pytest.raises(BadL1Answer, match=rf"http://127.0.0.1:\d+, block 0x1: {words}"):
        ask(node, second)


def test_receipts_that_do_not_hash_are_refused() -> None:
    node = fake()

    def drop_a_log(method: str, result: Any) -> Any:
        if method == "eth_getBlockReceipts":
            result[1]["logs"] = []
        return result

    node.change = drop_a_log
    with pytest.raises(BadL1Answer, match="block 0x1: failed to verify receipts list"):
        ask(node, second)


def test_another_block_than_asked_for_is_refused() -> None:
    node = fake()
    node._find = lambda ref: SECOND  # type: ignore[method-assign]
    with pytest.raises(BadL1Answer, match="answers block 1 for number 0"):
        ask(node, lambda source: source.block_by_number(0))
    with pytest.raises(BadL1Answer, match=f"answers block 0x{SECOND.hash.hex()} for hash"):
        ask(node, lambda source: source.block_by_hash(GENESIS.hash))


def test_receipts_that_are_not_there_are_temporary() -> None:
    node = fake()
    node.change = lambda method, result: None if method == "eth_getBlockReceipts" else result
    with pytest.raises(Temporary, match="but not its receipts"):
        ask(node, second)


def test_a_node_without_block_receipts_is_asked_for_each_once_it_is_known() -> None:
    node = fake()
    node.errors["eth_getBlockReceipts"] = {"code": -32601, "message": "unknown method"}

    async def twice(source: RemoteL1) -> tuple[L1Block | None, L1Block | None]:
        return await second(source), await second(source)

    first, again = ask(node, twice)
    assert first == again
    assert first.receipts == SECOND.receipts
    assert node.calls.count("eth_getBlockReceipts") == 1
    assert node.calls.count("eth_getTransactionReceipt") == 2 * len(SECOND.receipts)


def test_while_nothing_is_final_the_genesis_block_is() -> None:
    node = fake()
    node.change = lambda method, result: None
    with pytest.raises(Temporary, match="no genesis block"):
        ask(node, RemoteL1.finalized)
    node = fake()
    answered: list[str] = []

    def not_final(method: str, result: Any) -> Any:
        answered.append(method)
        return None if len(answered) == 1 else result

    node.change = not_final
    assert ask(node, RemoteL1.finalized) == L1BlockRef.of(GENESIS.header)


def test_geths_words_for_nothing_final_are_understood_and_others_are_not() -> None:
    node = fake()
    node.no_finality = "finalized block not found"
    assert ask(node, RemoteL1.finalized) == L1BlockRef.of(GENESIS.header)
    node.no_finality = "out of memory"
    with pytest.raises(RpcFailed, match="out of memory"):
        ask(node, RemoteL1.finalized)


@pytest.mark.parametrize("url", ["127.0.0.1:8545", "ftp://host", "http://", ""])
def test_what_is_no_url_is_refused(url: str) -> None:
    with pytest.raises(BadL1Answer, match="no URL of an L1 node"):
        RemoteL1(url)


def test_messages_do_not_give_the_key_away() -> None:
    source = RemoteL1("https://user:secret@node.example:444/v3/secretkey")
    assert source._rpc.name == "https://node.example:444"


def test_an_empty_block_needs_no_receipts() -> None:
    node = FakeL1(GENESIS, made(GENESIS, ()))
    assert ask(node, second).receipts == ()
    assert "eth_getBlockReceipts" not in node.calls


def test_an_endless_answer_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transport, "MAX_ANSWER", 1000)
    node = fake()
    node.failures = [lambda: web.Response(body=b"[" * 2000)]
    with pytest.raises(BadL1Answer, match="answers more than 1000 bytes"):
        ask(node, RemoteL1.head)
