"""Whole states out of a chain and into another, ours and anvil's."""

from __future__ import annotations

import gzip
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from byline.derivation.dev_edits import AccountEdit
from byline.node.chain.anvil_state import NotAState, pack_state, read_state, write_state
from byline.node.chain.genesis_account import GenesisAccount
from byline.node.chain.genesis_state import genesis_state
from byline.node.config import NodeConfig
from byline.node.errors import ConfigError
from byline.node.rollups.dumping import dump_state, edits_to
from byline.node.rollups.rollup import ChainName
from byline.node.rollups.state_file import dump_file, load_file
from tests.anvils import running_anvil
from tests.devnets import call
from tests.integration.rollups import ALICE, World, world
from tests.integration.serving import served
from tests.integration.test_l1_reorg import converges
from tests.integration.test_mining_modes import wait

CHAINS: tuple[ChainName, ...] = ("l1", "l2")
CONTRACT = bytes([0x77]) * 20
RICH = bytes([0x78]) * 20
MADE = {
    CONTRACT: GenesisAccount(
        balance=3, nonce=1, code=bytes.fromhex("60015f55"), storage={0: 1, 2**255: 2**256 - 1}
    ),
    RICH: GenesisAccount(balance=2**100, nonce=2**63),
}


def with_accounts(made: World, name: ChainName) -> World:
    made.rollup.edit(
        name,
        [
            AccountEdit(address, item.balance, item.nonce, item.code, item.storage)
            for address, item in MADE.items()
        ],
    )
    return made


def state(made: World, name: ChainName) -> dict[bytes, GenesisAccount]:
    chain = made.rollup.chain(name)
    return dump_state(chain, chain.head)


def holds(made: World, name: ChainName, accounts: dict[bytes, GenesisAccount]) -> None:
    found = state(made, name)
    for address, account in accounts.items():
        assert found[address] == account


@pytest.mark.parametrize("engine", ["fast", "pyevm"])
@pytest.mark.parametrize("name", CHAINS)
def test_a_dump_names_every_account_and_slot(name: ChainName, engine: str) -> None:
    made = with_accounts(world(NodeConfig(engine=engine)), name)
    made.send(name, value=5)
    holds(made, name, MADE)
    chain = made.rollup.chain(name)
    found, machine = state(made, name), chain.machine(chain.head)
    assert found[ALICE.address].balance == machine.balance(ALICE.address)
    # The tries made of it again are those of the chain.
    assert genesis_state(found).root == chain.head.state_root


@pytest.mark.parametrize("name", CHAINS)
def test_another_chain_takes_a_dump_and_verifiers_follow(name: ChainName) -> None:
    first, second = with_accounts(world(), name), world()
    with served(first, name) as port:
        wait(port)
        dumped = port.result("anvil_dumpState")
        assert port.result("hardhat_dumpState", False) == dumped
    with served(second, name) as port:
        assert port.result("anvil_loadState", dumped) is True
        height = port.result("eth_blockNumber")
        assert port.result("hardhat_loadState", dumped) is True
        # Nothing differs any more.
        assert port.result("eth_blockNumber") == height
        holds(second, name, {**MADE, ALICE.address: state(first, name)[ALICE.address]})
        wait(port)
    converges(second)


def test_what_the_rollup_stands_on_is_left_as_it_is() -> None:
    first, second = world(), world()
    first.send("l2")
    first.rollup.flush()
    config = first.rollup.engine.config
    strange = {
        config.l1_system_config: GenesisAccount(storage={0: 1}),
        first.rollup.owner.address: GenesisAccount(nonce=99),
        first.rollup.batch_account.address: GenesisAccount(nonce=99),
    }
    assert list(edits_to(second.rollup, "l1", strange)) == []
    for name in CHAINS:
        for edits in tuple(edits_to(second.rollup, name, state(first, name))):
            second.rollup.edit(name, edits)
    second.send("l2")
    converges(second)


def test_a_large_state_comes_in_parts() -> None:
    made = world()
    accounts = {
        CONTRACT: GenesisAccount(storage=dict.fromkeys(range(5_000), 7)),
        **{number.to_bytes(20, "big"): GenesisAccount(balance=1) for number in range(999, 1_299)},
    }
    pieces = tuple(edits_to(made.rollup, "l2", accounts))
    assert len(pieces) > 3
    for edits in pieces:
        made.rollup.edit("l2", edits)
    holds(made, "l2", accounts)
    converges(made)


def test_the_text_of_a_state_reads_back() -> None:
    text = write_state(MADE)
    assert read_state(text) == read_state(pack_state(text)) == MADE


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "does not read"),
        (b"[]", "no object"),
        (b"[" * 100_000, "does not read"),
        (b"\x1f\x8b12", "does not unpack"),
        (gzip.compress(b"{}", mtime=0), "no object"),
        (b'{"accounts": {"0x12": {}}}', "20 bytes"),
        (b'{"accounts": {"0x%s": 1}}' % (b"00" * 20), "want an object"),
        (b'{"accounts": {"0x%s": {"balance": -1}}}' % (b"00" * 20), "want 0 to 2"),
        (b'{"accounts": {"0x%s": {"balance": "0xg"}}}' % (b"00" * 20), "balance"),
        (b'{"accounts": {"0x%s": {"nonce": 18446744073709551616}}}' % (b"00" * 20), "nonce: want"),
        (b'{"accounts": {"0x%s": {"code": "60"}}}' % (b"00" * 20), "begins with 0x"),
        (b'{"accounts": {"0x%s": {"storage": {"0x0": true}}}}' % (b"00" * 20), "want a number"),
    ],
)
def test_what_is_no_state_is_refused(data: bytes, words: str) -> None:
    with pytest.raises(NotAState, match=words):
        read_state(data)


@pytest.mark.parametrize("values", [b"[],", b"{},", b'"",', b"1,"])
def test_a_small_state_that_unpacks_to_many_values_takes_little(values: bytes) -> None:
    bomb = gzip.compress(b'{"accounts":{},"blocks":[%s0]}' % (values * 5_000_000), 1, mtime=0)
    assert len(bomb) < 1 << 17
    started = time.process_time()
    with pytest.raises(NotAState, match="commas and opening brackets, want at most 4000000"):
        read_state(bomb)
    assert time.process_time() - started < 1.0


def test_what_is_no_state_is_refused_over_json_rpc() -> None:
    with served(world(), "l2") as port:
        assert "Failed to decode state dump" in port.error("anvil_loadState", "0x1234")["message"]
        assert port.error("anvil_dumpState", True)["code"] == -32602


def test_a_file_holds_both_chains(tmp_path: Path) -> None:
    first, second = with_accounts(with_accounts(world(), "l1"), "l2"), world()
    path = tmp_path / "state.json"
    dump_file(first.rollup, path)
    assert [one.name for one in tmp_path.iterdir()] == ["state.json"]
    load_file(second.rollup, path)
    for name in CHAINS:
        holds(second, name, MADE)
    converges(second)
    for text in ("{", '{"l3": {}}', '{"l1": 3}', "7"):
        path.write_text(text)
        with pytest.raises(ConfigError, match="no state to load"):
            load_file(second.rollup, path)


@pytest.fixture(scope="module")
def anvil() -> Iterator[str]:
    with running_anvil() as url:
        yield url


def accounts_on(url: str, address: bytes, slots: list[int]) -> list[Any]:
    name = "0x" + address.hex()
    return [
        call(url, "eth_getBalance", name, "latest"),
        call(url, "eth_getTransactionCount", name, "latest"),
        call(url, "eth_getCode", name, "latest"),
        *[call(url, "eth_getStorageAt", name, hex(slot), "latest") for slot in slots],
    ]


@pytest.mark.parametrize("name", CHAINS)
def test_anvil_takes_a_dump_of_ours(anvil: str, name: ChainName) -> None:
    made = with_accounts(world(), name)
    with served(made, name) as port:
        assert call(anvil, "anvil_loadState", port.result("anvil_dumpState")) is True
    for address, account in MADE.items():
        slots = sorted(account.storage)
        assert accounts_on(anvil, address, slots) == [
            hex(account.balance),
            hex(account.nonce),
            "0x" + account.code.hex(),
            *[f"0x{account.storage[slot]:064x}" for slot in slots],
        ]


@pytest.mark.parametrize("name", CHAINS)
def test_a_dump_of_anvils_is_taken(anvil: str, name: ChainName, tmp_path: Path) -> None:
    contract = "0x" + "99" * 20
    call(anvil, "anvil_setCode", contract, "0x60016002")
    call(anvil, "anvil_setStorageAt", contract, "0x5", "0x" + f"{11:064x}")
    call(anvil, "anvil_setBalance", contract, "0x123")
    call(anvil, "anvil_setNonce", contract, "0x7")
    dumped = call(anvil, "anvil_dumpState")
    made = world()
    with served(made, name) as port:
        port.result("anvil_loadState", dumped)
    wanted = GenesisAccount(0x123, 7, bytes.fromhex("60016002"), {5: 11})
    holds(made, name, {bytes.fromhex("99" * 20): wanted})
    converges(made)
    # So is the file that anvil writes.
    path = tmp_path / "anvil.json"
    path.write_bytes(gzip.decompress(bytes.fromhex(dumped[2:])))
    assert "blocks" in json.loads(path.read_text())
    other = world()
    load_file(other.rollup, path)
    holds(other, "l2", {bytes.fromhex("99" * 20): wanted})
