"""The genesis files of six real chains hash to the blocks that those chains began with."""

from __future__ import annotations

from typing import Any

import pytest

from byline.derivation.constants import L2_TO_L1_MESSAGE_PASSER
from byline.derivation.output_root import output_root
from byline.node.chain.genesis_file import GenesisFile, read_genesis_file, rules_of_hardforks
from byline.node.chain.genesis_state import genesis_state
from byline.node.errors import ConfigError
from tests.vectors_folder import load, vectors

CHAINS = (
    "mainnet--automata.json.gz",
    "mainnet--ink.json.gz",
    "mainnet--settlus-mainnet.json.gz",
    "mainnet--soneium.json.gz",
    "sepolia--op.json.gz",
    "sepolia-devnet-2--sepolia-devnet-2.json.gz",
)


def entry(name: str) -> dict[str, Any]:
    """Return what the index says of a chain."""
    [found] = [item for item in load("genesis/index.json") if item["file"] == name]
    assert isinstance(found, dict)
    return found


def file_of(name: str) -> GenesisFile:
    return read_genesis_file(vectors() / "genesis" / name)


def test_every_chain_of_the_index_is_tested() -> None:
    assert sorted(CHAINS) == sorted(item["file"] for item in load("genesis/index.json"))


@pytest.mark.parametrize("name", CHAINS)
def test_the_genesis_block_has_the_hash_that_the_chain_began_with(name: str) -> None:
    wanted, file = entry(name), file_of(name)
    assert file.header is not None
    rules = rules_of_hardforks(wanted["config"]["hardforks"], file.header.timestamp)
    block = file.block(rules)
    passer = genesis_state(file.alloc).storage_root(L2_TO_L1_MESSAGE_PASSER)

    assert len(file.alloc) == wanted["accounts"]
    assert "0x" + block.header.extra_data.hex() == wanted["extra_data"]
    assert "0x" + block.header.state_root.hex() == wanted["state_root"]
    assert "0x" + passer.hex() == wanted["message_passer_storage_root"]
    assert "0x" + block.hash.hex() == wanted["expected_block_hash"]
    assert wanted["config"]["genesis"]["l2"]["hash"] == wanted["expected_block_hash"]


def test_the_config_in_a_file_says_what_the_registry_says() -> None:
    name = "sepolia-devnet-2--sepolia-devnet-2.json.gz"
    assert "0x" + file_of(name).block().hash.hex() == entry(name)["expected_block_hash"]


def test_forks_that_do_not_fit_the_chain_make_another_block() -> None:
    name = "mainnet--ink.json.gz"
    file = file_of(name)
    assert file.header is not None
    block = file.block(rules_of_hardforks({}, file.header.timestamp))
    assert "0x" + block.hash.hex() != entry(name)["expected_block_hash"]


def test_a_registry_file_without_config_asks_for_the_forks() -> None:
    with pytest.raises(ConfigError, match="forks have to be given"):
        file_of("mainnet--ink.json.gz").block()


@pytest.mark.parametrize("layer", ["l1", "l2"])
def test_both_chains_of_devnet_901_begin_as_its_info_says(layer: str) -> None:
    wanted = load("devnet-901/info.json")[layer]
    file = read_genesis_file(vectors() / "devnet-901" / f"{layer}-genesis.json.gz")
    header = file.block().header

    assert file.chain_id == {"l1": 900, "l2": 901}[layer]
    assert "0x" + header.hash.hex() == wanted["hash"]
    assert "0x" + header.state_root.hex() == wanted["state_root"]
    if layer == "l2":
        root = header.withdrawals_root
        assert root is not None
        assert "0x" + root.hex() == wanted["withdrawals_root"]
        expected = load("devnet-901/info.json")["l2_output_root_genesis"]
        assert "0x" + output_root(header.state_root, root, header.hash).hex() == expected


def test_the_l1_with_the_contracts_of_five_l2s_is_the_ground_of_devnet_901() -> None:
    """Nothing but the users' balances was added to supersim's L1."""
    ground = read_genesis_file(vectors() / "l1-contracts" / "900-l1-genesis.json.gz")
    ours = read_genesis_file(vectors() / "devnet-901" / "l1-genesis.json.gz")
    added = {address: ours.alloc[address] for address in ours.alloc.keys() - ground.alloc.keys()}

    assert ground.chain_id == 900
    assert len(added) == 30
    assert all(account.balance == 10_000 * 10**18 for account in added.values())
    assert all(ours.alloc[address] == ground.alloc[address] for address in ground.alloc)
