"""Genesis files: every spelling that geth takes is read, everything else is refused with words."""

from __future__ import annotations

import copy
import gzip
import json
from pathlib import Path
from typing import Any

import pytest
import zstandard

from byline.derivation.hashing import EMPTY_REQUESTS_HASH, EMPTY_TRIE_ROOT, ZERO_HASH
from byline.node.chain import genesis_file
from byline.node.chain.genesis import genesis_block
from byline.node.chain.genesis_account import GenesisAccount
from byline.node.chain.genesis_file import (
    HeaderFork,
    HeaderRules,
    genesis_of,
    read_genesis_file,
    rules_of_hardforks,
)
from byline.node.errors import ConfigError
from byline.node.evm.pyevm import PyEvmEngine

ADDRESS = "11" * 20
PASSER = "4200000000000000000000000000000000000016"
LONDON = {"londonBlock": 0}
DOCUMENT: dict[str, Any] = {
    "config": {
        "chainId": 7,
        **LONDON,
        "shanghaiTime": 0,
        "cancunTime": 0,
        "pragueTime": 0,
        "optimism": {},
    },
    "gasLimit": "0x1c9c380",
    "timestamp": "0x64",
    "baseFeePerGas": "0x1",
    "alloc": {
        ADDRESS: {
            "balance": "0x10",
            "nonce": "0x2",
            "code": "0x6001",
            "storage": {"0x" + "00" * 31 + "01": "0x" + "00" * 31 + "ff"},
        },
        PASSER: {"balance": "0x0", "storage": {"0x02": "0x03"}},
    },
}


def changed(path: str, value: Any) -> dict[str, Any]:
    """Return the document with one field set; `None` takes it out."""
    document = copy.deepcopy(DOCUMENT)
    *parents, last = path.split("/")
    inside = document
    for name in parents:
        inside = inside[name]
    if value is None:
        del inside[last]
    else:
        inside[last] = value
    return document


def hash_of(document: Any) -> bytes:
    """Return the hash of the genesis block."""
    return genesis_of(document, "test.json").block().hash


def test_the_state_is_the_one_that_the_machine_would_write() -> None:
    file = genesis_of(DOCUMENT, "test.json")
    machine_made = genesis_block(
        PyEvmEngine(),
        file.alloc,
        message_passer_root=True,
        gas_limit=30_000_000,
        timestamp=100,
        base_fee=1,
        blob_gas_used=0,
        excess_blob_gas=0,
        parent_beacon_root=ZERO_HASH,
        requests_hash=EMPTY_REQUESTS_HASH,
    )

    assert machine_made.block == file.block().block
    assert set(machine_made.nodes.values()) <= set(file.block().nodes.values())


@pytest.mark.parametrize(
    ("path", "spelling"),
    [
        ("timestamp", 100),
        ("timestamp", "100"),
        (f"alloc/{ADDRESS}/balance", "16"),
        (f"alloc/{ADDRESS}/balance", 16),
        (f"alloc/{ADDRESS}/nonce", 2),
        (f"alloc/{ADDRESS}/code", "6001"),
        (f"alloc/{ADDRESS}/storage", {"0x1": "0xff"}),
        (f"alloc/{ADDRESS}/storage", {"01": "0x0ff", "0x05": "0x00"}),
        ("config/canyonTime", 0),
    ],
)
def test_other_spellings_of_a_value_make_the_same_block(path: str, spelling: Any) -> None:
    assert hash_of(changed(path, spelling)) == hash_of(DOCUMENT)


def test_addresses_with_and_without_0x_are_the_same() -> None:
    document = copy.deepcopy(DOCUMENT)
    document["alloc"] = {"0x" + name: account for name, account in document["alloc"].items()}
    assert hash_of(document) == hash_of(DOCUMENT)


def test_an_empty_account_is_in_the_trie_as_geth_has_it() -> None:
    document = copy.deepcopy(DOCUMENT)
    document["alloc"]["22" * 20] = {"balance": "0x0"}
    assert hash_of(document) != hash_of(DOCUMENT)
    assert genesis_of(document, "").alloc[b"\x22" * 20] == GenesisAccount()


@pytest.mark.parametrize(
    ("times", "fields"),
    [
        ({}, [None] * 6),
        (LONDON, [1, *[None] * 5]),
        (LONDON | {"canyonTime": 100}, [1, EMPTY_TRIE_ROOT, *[None] * 4]),
        (LONDON | {"shanghaiTime": 101, "cancunTime": 101}, [1, *[None] * 5]),
        (
            LONDON | {"shanghaiTime": 0, "ecotoneTime": 100},
            [1, EMPTY_TRIE_ROOT, 0, 0, ZERO_HASH, None],
        ),
        (
            LONDON | {"shanghaiTime": 0, "cancunTime": 0, "pragueTime": 0},
            [1, EMPTY_TRIE_ROOT, 0, 0, ZERO_HASH, EMPTY_REQUESTS_HASH],
        ),
    ],
)
def test_each_fork_adds_its_fields_to_the_header(times: dict[str, int], fields: list[Any]) -> None:
    header = genesis_of(changed("config", {"chainId": 1, **times}), "").block().header
    assert fields == [
        header.base_fee,
        header.withdrawals_root,
        header.blob_gas_used,
        header.excess_blob_gas,
        header.parent_beacon_root,
        header.requests_hash,
    ]


def test_on_an_l2_since_isthmus_the_withdrawals_root_is_the_message_passers() -> None:
    file = genesis_of(changed("config", None), "")
    root = file.block(HeaderRules(HeaderFork.PRAGUE, optimism=True)).header.withdrawals_root

    assert root not in (None, EMPTY_TRIE_ROOT)
    assert genesis_of(DOCUMENT, "").block().header.withdrawals_root == root
    for rules in (
        HeaderRules(HeaderFork.PRAGUE, optimism=False),
        HeaderRules(HeaderFork.CANCUN, optimism=True),
    ):
        assert file.block(rules).header.withdrawals_root == EMPTY_TRIE_ROOT


def test_hardforks_of_the_registry_become_header_rules() -> None:
    times = {"canyon_time": 0, "ecotone_time": 100, "isthmus_time": 101}
    assert rules_of_hardforks(times, 100) == HeaderRules(HeaderFork.CANCUN, optimism=True)
    assert rules_of_hardforks({}, 100) == HeaderRules(HeaderFork.LONDON, optimism=True)


def test_a_file_without_config_needs_its_forks_and_one_with_config_is_not_overruled() -> None:
    with pytest.raises(ConfigError, match="has no config, so its forks have to be given"):
        genesis_of(changed("config", None), "").block()
    with pytest.raises(ConfigError, match="says PRAGUE on an L2 at genesis, but CANCUN on an L2"):
        genesis_of(DOCUMENT, "").block(HeaderRules(HeaderFork.CANCUN, optimism=True))


@pytest.mark.parametrize(
    ("path", "value", "words"),
    [
        ("alloc", None, "x.json: alloc: is missing"),
        ("alloc", [], "x.json: alloc: want a JSON object, got list"),
        ("gasLimit", None, "gasLimit: is missing"),
        ("gasLimit", "0x10000000000000000", "want an integer of 64 bits, got '0x1"),
        ("timestamp", "soon", "timestamp: want an integer of 64 bits, got 'soon'"),
        ("timestamp", -1, "timestamp: want an integer of 64 bits, got -1"),
        ("timestamp", True, "timestamp: want an integer of 64 bits, got True"),
        ("timestamp", 1.5, "timestamp: want an integer of 64 bits, got 1.5"),
        ("number", "0x1", "number: is 1: want a chain that begins at block 0"),
        ("stateHash", "0x" + "00" * 32, "stateHash: the state is only named by its hash"),
        ("mixHash", "0x00", "mixHash: has 1 bytes, want 32"),
        ("extraData", "0x0", "extraData: want hexadecimal text, got '0x0'"),
        ("config/chainId", "x", "config.chainId: want an integer"),
        ("config/canyonTime", 5, "config.canyonTime: is 5, but shanghaiTime is 0: want the same"),
        ("alloc/0x" + ADDRESS, {}, f"alloc.0x{ADDRESS}: is there twice"),
        ("alloc/zz", {}, "alloc.zz: want hexadecimal text, got 'zz'"),
        ("alloc/1111", {}, "alloc.1111: has 2 bytes, want 20"),
        (f"alloc/{ADDRESS}", 5, f"alloc.{ADDRESS}: want a JSON object, got 5"),
        (f"alloc/{ADDRESS}/balance", "1" * 81, f"alloc.{ADDRESS}.balance: want an integer of 256"),
        (f"alloc/{ADDRESS}/balance", "1" * 10**6, "balance: want an integer of 256 bits"),
        (f"alloc/{ADDRESS}/balance", "\u0661", "balance: want an integer of 256 bits"),
        (f"alloc/{ADDRESS}/balance", "1_0", "balance: want an integer of 256 bits, got '1_0'"),
        (f"alloc/{ADDRESS}/nonce", 2**64, "nonce: want an integer of 64 bits"),
        (f"alloc/{ADDRESS}/code", "0x60 01", "code: want hexadecimal text"),
        (f"alloc/{ADDRESS}/storage", {"0x1": 5}, "storage.0x1: want hexadecimal text, got 5"),
        (f"alloc/{ADDRESS}/storage", {"0x1": "0x" + "1" * 65}, "has 33 bytes, want at most 32"),
        (
            f"alloc/{ADDRESS}/storage",
            {"0x1": "0x1", "0x01": "0x1"},
            "storage.0x01: is there twice",
        ),
    ],
)
def test_a_fault_is_named_with_its_place(path: str, value: Any, words: str) -> None:
    with pytest.raises(ConfigError) as caught:
        genesis_of(changed(path, value), "x.json")
    assert words in str(caught.value)


def test_a_file_is_read_plain_and_packed(tmp_path: Path) -> None:
    raw = json.dumps(DOCUMENT).encode()
    dictionary = tmp_path / "dictionary"
    dictionary.write_bytes(raw[:2000])
    words = zstandard.ZstdCompressionDict(raw[:2000])
    packed = {
        "plain.json": raw,
        "packed.json.gz": gzip.compress(raw),
        "packed.json.zst": zstandard.compress(raw),
        "frames.json.zst": zstandard.compress(raw[:9]) + zstandard.compress(raw[9:]),
        "dictionary.json.zst": zstandard.ZstdCompressor(dict_data=words).compress(raw),
    }
    for name, data in packed.items():
        path = tmp_path / name
        path.write_bytes(data)
        given = dictionary if name.startswith("dictionary") else None
        assert read_genesis_file(path, given).block().hash == hash_of(DOCUMENT), name


@pytest.mark.parametrize(
    ("name", "data", "words"),
    [
        ("a.json", b"{", "not JSON"),
        ("a.json", b"\xff", "not JSON"),
        ("a.json", b"[" * 100_000, "not JSON"),
        ("a.json", b"[]", "want a JSON object, got list"),
        ("a.json.gz", b"{}", "a.json.gz: Not a gzipped file"),
        ("a.json.gz", gzip.compress(b"{}", mtime=0)[:-9], "a.json.gz: "),
        ("a.json.zst", b"{}", "files of the superchain registry need --genesis-dictionary"),
    ],
)
def test_a_file_that_is_damaged_is_refused(
    tmp_path: Path, name: str, data: bytes, words: str
) -> None:
    (tmp_path / name).write_bytes(data)
    with pytest.raises(ConfigError) as caught:
        read_genesis_file(tmp_path / name)
    assert words in str(caught.value)


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="No such file"):
        read_genesis_file(tmp_path / "none.json")


@pytest.mark.parametrize("suffix", ["", ".gz", ".zst"])
def test_a_file_is_not_unpacked_without_bound(
    tmp_path: Path, suffix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(genesis_file, "MOST_BYTES", 1000)
    raw = b" " * 1001
    path = tmp_path / f"a.json{suffix}"
    path.write_bytes({"": raw, ".gz": gzip.compress(raw), ".zst": zstandard.compress(raw)}[suffix])
    with pytest.raises(ConfigError, match="unpacks to more than 1000 bytes"):
        read_genesis_file(path)
