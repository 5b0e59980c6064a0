"""The state of another chain: asked for once, kept on disk, checked."""

from __future__ import annotations

import logging
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from byline.derivation.hashing import EMPTY_TRIE_ROOT, keccak256
from byline.derivation.kernels import rlp
from byline.node.errors import ConfigError
from byline.node.forking.cache import ForkCache, cache_folder
from byline.node.forking.client import ForkClient, Patience
from byline.node.forking.errors import ForkError
from byline.node.forking.origin import ForkIdentity, open_fork
from byline.node.forking.place import Place
from byline.node.forking.state import ForkState
from tests.unit.node.forking.fake_node import FakeNode, running

RICH, CONTRACT, NOBODY = (bytes([i]) * 20 for i in (1, 2, 3))
CODE = bytes.fromhex("5f5ff3")
SLOT = (7).to_bytes(32, "big")
HASH = keccak256(b"block")
QUICK = Patience(retries=0, timeout=2.0)


def answers() -> dict[str, Any]:
    balances = {RICH: hex(10**30)}
    return {
        "eth_getBalance": lambda a, _: balances.get(bytes.fromhex(a[2:]), "0x0"),
        "eth_getTransactionCount": lambda a, _: "0x1" if a == "0x" + CONTRACT.hex() else "0x0",
        "eth_getCode": lambda a, _: "0x5f5ff3" if a == "0x" + CONTRACT.hex() else "0x",
        "eth_getStorageAt": lambda _a, slot, _n: "0x2a" if int(slot, 16) == 7 else "0x",
        "eth_getBlockByNumber": {"hash": "0x" + HASH.hex()},
    }


@contextmanager
def state_of(node: FakeNode, folder: Path | None) -> Iterator[ForkState]:
    client = ForkClient(Place(node.url, 5), QUICK)
    cache = ForkCache(folder, 10, HASH)
    try:
        yield ForkState(client, cache, 5)
    finally:
        client.close()
        cache.close()


@pytest.fixture
def node() -> Iterator[FakeNode]:
    with running(FakeNode(answers())) as found:
        yield found


def test_accounts_codes_and_words_are_asked_for_at_the_block_and_once(node: FakeNode) -> None:
    with state_of(node, None) as state:
        for _ in range(2):
            record = state.record(RICH)
            assert record is not None
            assert rlp.decode(record)[1] == (10**30).to_bytes(13, "big")
            assert state.record(NOBODY) is None
            assert state.word(CONTRACT, SLOT) == (42).to_bytes(32, "big")
            assert state.word(CONTRACT, bytes(32)) == bytes(32)
            assert state.code_hash(CONTRACT) == keccak256(CODE)
            assert state.block_hash(3) == HASH
    assert {params[-1] for name, params in node.asked if name != "eth_getBlockByNumber"} == {"0x5"}
    assert len(node.asked) == 3 * 3 + 2 + 1


def test_no_words_are_asked_for_where_there_was_never_code(node: FakeNode) -> None:
    with state_of(node, None) as state:
        assert state.word(RICH, SLOT) == bytes(32)
        assert state.word(NOBODY, SLOT) == bytes(32)
    assert "eth_getStorageAt" not in [name for name, _ in node.asked]


def test_what_is_cached_needs_no_node(node: FakeNode, tmp_path: Path) -> None:
    with state_of(node, tmp_path) as state:
        state.prefetch([RICH, CONTRACT, NOBODY])
        assert node.requests == 1
        state.word(CONTRACT, SLOT)
        state.block_hash(1)
    node.answers.clear()
    with state_of(node, tmp_path) as state:
        assert state.record(NOBODY) is None
        assert state.word(CONTRACT, SLOT)[-1] == 42
        assert state.code(CONTRACT, keccak256(CODE)) == CODE
        assert state.block_hash(1) == HASH
    assert [path.name for path in (tmp_path / "10").iterdir()] == [f"{HASH.hex()}.sqlite"]


@pytest.mark.parametrize(
    ("method", "lie"),
    [
        ("eth_getBalance", 5),
        ("eth_getBalance", "5"),
        ("eth_getBalance", None),
        ("eth_getBalance", "0x" + "f" * 65),
        ("eth_getTransactionCount", "0x10000000000000000"),
        ("eth_getCode", "0x5"),
        ("eth_getCode", {"a": 1}),
        ("eth_getCode", "0x" + "00" * (2**20 + 1)),
        ("eth_getStorageAt", "0xzz"),
        ("eth_getBlockByNumber", None),
        ("eth_getBlockByNumber", {"hash": "0x12"}),
    ],
)
def test_lies_about_types_are_told_and_not_kept(
    node: FakeNode, tmp_path: Path, method: str, lie: Any
) -> None:
    right = node.answers[method]
    node.answers[method] = lie

    def read(state: ForkState) -> None:
        state.word(CONTRACT, SLOT)
        state.block_hash(1)

    with state_of(node, tmp_path) as state, pytest.raises(ForkError, match=r"\(block 5\)"):
        read(state)
    node.answers[method] = right
    with state_of(node, tmp_path) as state:
        read(state)


def test_a_code_that_is_another_one_now_is_no_code(node: FakeNode) -> None:
    with state_of(node, None) as state:
        assert state.code(CONTRACT, keccak256(b"other")) is None


def test_a_cache_that_is_damaged_is_done_without(
    node: FakeNode, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "10" / f"{HASH.hex()}.sqlite"
    path.parent.mkdir()
    path.write_bytes(b"no database" * 1000)
    with caplog.at_level(logging.WARNING), state_of(node, tmp_path) as state:
        assert state.record(RICH) is not None
        assert state.record(NOBODY) is None
    assert "cannot be used" in caplog.text


def test_wrong_entries_of_a_cache_are_asked_for_again(node: FakeNode, tmp_path: Path) -> None:
    with state_of(node, tmp_path) as state:
        state.word(CONTRACT, SLOT)
    with sqlite3.connect(tmp_path / "10" / f"{HASH.hex()}.sqlite") as file:
        file.execute("UPDATE answers SET value = x'12' WHERE substr(key, 1, 1) IN (x'77', x'63')")
    file.close()
    with state_of(node, tmp_path) as state:
        assert state.word(CONTRACT, SLOT)[-1] == 42
        assert state.code(CONTRACT, keccak256(CODE)) == CODE


def test_many_threads_may_ask_at_once(node: FakeNode, tmp_path: Path) -> None:
    addresses = [index.to_bytes(20, "big") for index in range(40)]
    found: list[bytes | None] = []
    with state_of(node, tmp_path) as state:
        threads = [
            threading.Thread(target=lambda: found.extend(state.record(one) for one in addresses))
            for _ in range(8)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert found == [None] * 320


def test_the_cache_is_in_the_users_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", "/somewhere")
    assert cache_folder() == Path("/somewhere/byline/forks")
    monkeypatch.setenv("XDG_CACHE_HOME", "relative")
    assert cache_folder().is_absolute()


BLOCK = {
    "number": "0x5",
    "hash": "0x" + HASH.hex(),
    "parentHash": "0x" + "11" * 32,
    "stateRoot": "0x" + "22" * 32,
    "gasLimit": "0x1c9c380",
    "gasUsed": "0x0",
    "timestamp": "0x64",
    "baseFeePerGas": "0x7",
}


def origin(node: FakeNode, block: int | None = None, /, **changes: Any) -> ForkIdentity:
    node.answers |= {"eth_chainId": "0xa", "eth_blockNumber": "0x5"}
    found = {**BLOCK, **changes}
    node.answers["eth_getBlockByNumber"] = lambda number, _: (
        found if number == found["number"] else None
    )
    fork = open_fork(Place(node.url, block), QUICK, None)
    fork.close()
    return fork.identity


@pytest.mark.parametrize(
    "kept",
    [
        b"\x01",
        b"\xc0",
        b"\xff" * 9,
        rlp.encode([1, 2, 3, 4]),
        rlp.encode([1, 2, EMPTY_TRIE_ROOT, b"short"]),
        rlp.encode([2**64, 2, EMPTY_TRIE_ROOT, HASH]),
        rlp.encode([1, [], EMPTY_TRIE_ROOT, HASH]),
    ],
)
def test_an_account_that_the_disk_has_spoilt_is_asked_for_again(
    node: FakeNode, tmp_path: Path, kept: bytes
) -> None:
    with state_of(node, tmp_path) as state:
        good = state.record(CONTRACT)
    cache = ForkCache(tmp_path, 10, HASH)
    cache.put(b"a" + CONTRACT, kept)
    cache.close()
    for asked in (3, 0):
        node.asked.clear()
        with state_of(node, tmp_path) as state:
            assert state.record(CONTRACT) == good
        assert len(node.asked) == asked


def test_a_header_of_another_kind_is_taken_for_what_it_says(
    node: FakeNode, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        assert origin(node) == ForkIdentity(10, 5, HASH)
    assert "a header of its own kind" in caplog.text
    assert origin(node, 5) == origin(node)
    assert ForkIdentity.decode(origin(node).encode()) == origin(node)


def test_a_block_that_is_not_there_is_refused_with_the_newest(node: FakeNode) -> None:
    with pytest.raises(ConfigError, match="has no block 6: its newest is 5"):
        origin(node, 6)
    with pytest.raises(ConfigError, match="has no block -1: its newest is 5"):
        origin(node, -6)
    with pytest.raises(ConfigError, match="has no block 4, though its newest is 5"):
        origin(node, -1)


def test_a_block_from_before_base_fees_is_refused(node: FakeNode) -> None:
    with pytest.raises(ConfigError, match="no base fee: fork at London or later"):
        origin(node, baseFeePerGas=None)


@pytest.mark.parametrize("change", [{"timestamp": 5}, {"stateRoot": "0x"}, {"hash": None}])
def test_a_block_that_lies_about_types_is_told(node: FakeNode, change: dict[str, Any]) -> None:
    with pytest.raises(ForkError, match="is answered with"):
        origin(node, **change)


HUGE = "0x" + "f" * 5_000


@pytest.mark.parametrize("name", ["gasLimit", "gasUsed", "timestamp", "baseFeePerGas"])
@pytest.mark.parametrize("value", [HUGE, "0x_5", "0x 5", "0x-5", "0x\u0665"])
def test_a_number_that_is_none_or_too_large_is_told(node: FakeNode, name: str, value: str) -> None:
    with pytest.raises(ForkError, match=f"{name} is answered with .*, want a number in hex"):
        origin(node, **{name: value})


@pytest.mark.parametrize("name", ["gasLimit", "gasUsed", "timestamp"])
def test_a_count_beyond_63_bits_is_told(node: FakeNode, name: str) -> None:
    assert origin(node, **{name: hex(2**63 - 1)}).number == 5
    with pytest.raises(ForkError, match="of its block is 9223372036854775808, want less"):
        origin(node, **{name: hex(2**63)})


@pytest.mark.parametrize("method", ["eth_chainId", "eth_blockNumber"])
@pytest.mark.parametrize("value", [HUGE, "0x" + "f" * 64])
def test_a_chain_id_or_height_beyond_all_bounds_is_told(
    node: FakeNode, method: str, value: str
) -> None:
    answers = {"eth_chainId": "0xa", "eth_blockNumber": "0x5", "eth_getBlockByNumber": BLOCK}
    node.answers |= {**answers, method: value}
    with pytest.raises(ForkError, match=r"want a number in hex|want less than|want 1 to"):
        open_fork(Place(node.url), QUICK, None)
