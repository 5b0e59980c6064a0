"""Accounts without a header begin the chain that the rollup config names."""

from __future__ import annotations

import base64
import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from byline.derivation.config import RollupConfig
from byline.node.config import NodeConfig
from byline.node.errors import ConfigError
from byline.node.loaded_network import l2_genesis_of, load_l1_genesis
from tests.vectors_folder import load

CHAIN = 901


@pytest.fixture(scope="module")
def config() -> RollupConfig:
    return RollupConfig.from_json(load("devnet-901/rollup.json"))


def allocs(layer: str) -> dict[str, Any]:
    """The accounts of a genesis file as forge writes them."""
    accounts = load(f"devnet-901/{layer}-genesis.json.gz")["alloc"]
    return {
        "0x" + address: {
            "nonce": account.get("nonce", "0x0"),
            "balance": account.get("balance", "0x0"),
            "code": account.get("code", "0x"),
            "storage": account.get("storage", {}),
        }
        for address, account in accounts.items()
    }


def packed(document: Any) -> str:
    return base64.b64encode(gzip.compress(json.dumps(document).encode())).decode()


@pytest.fixture(scope="module")
def state() -> dict[str, Any]:
    """A state.json of op-deployer with two L2s."""
    return {
        "version": 1,
        "opChainDeployments": [
            {"id": f"0x{902:064x}", "allocs": packed({"0x" + "11" * 20: {"balance": "0x1"}})},
            {"id": f"0x{CHAIN:064x}", "allocs": packed(allocs("l2"))},
        ],
        "l1StateDump": packed(allocs("l1")),
    }


def written(folder: Path, document: Any) -> Path:
    path = folder / "genesis.json"
    path.write_text(json.dumps(document))
    return path


def l1_hash(path: Path, config: RollupConfig) -> bytes:
    return load_l1_genesis(NodeConfig(l1_genesis=path), config)[0].hash


def test_forge_allocs_begin_both_chains(tmp_path: Path, config: RollupConfig) -> None:
    l2 = l2_genesis_of(written(tmp_path, allocs("l2")), config)
    assert l2.hash == config.genesis.l2.hash
    assert l1_hash(written(tmp_path, allocs("l1")), config) == config.genesis.l1.hash


def test_the_state_of_op_deployer_begins_both_chains(
    tmp_path: Path, config: RollupConfig, state: dict[str, Any]
) -> None:
    path = written(tmp_path, state)
    assert l2_genesis_of(path, config).hash == config.genesis.l2.hash
    assert l1_hash(path, config) == config.genesis.l1.hash


def test_other_accounts_are_another_chain_and_the_message_says_what_to_pass(
    tmp_path: Path, config: RollupConfig
) -> None:
    path = written(tmp_path, {"0x" + "11" * 20: {"balance": "0x1"}})
    with pytest.raises(ConfigError, match=r"the first block is 0x.*op-deployer inspect genesis"):
        l2_genesis_of(path, config)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"opChainDeployments": []}, "has no chain 901, only none at all"),
        ({"opChainDeployments": 1}, "want a list of deployments"),
        ({"opChainDeployments": [1]}, r"opChainDeployments\[0\]: want a JSON object"),
        ({"opChainDeployments": [{"id": "0x1"}]}, "has no chain 901, only 1"),
        ({"opChainDeployments": [{"id": hex(CHAIN)}]}, "allocs: want base64 text"),
        ({"opChainDeployments": [{"id": hex(CHAIN), "allocs": "!"}]}, "want JSON in gzip in base"),
        ({"opChainDeployments": [{"id": hex(CHAIN), "allocs": "QUJD"}]}, "want JSON in gzip"),
        ({"opChainDeployments": [{"id": hex(CHAIN), "allocs": packed([])}]}, "want a JSON object"),
    ],
)
def test_a_state_that_lacks_the_chain_says_what_is_wrong(
    tmp_path: Path, config: RollupConfig, changes: dict[str, Any], words: str
) -> None:
    with pytest.raises(ConfigError, match=words):
        l2_genesis_of(written(tmp_path, {"l1StateDump": None, **changes}), config)


def test_a_state_without_the_l1_says_so(tmp_path: Path, config: RollupConfig) -> None:
    path = written(tmp_path, {"opChainDeployments": [], "l1StateDump": None})
    with pytest.raises(ConfigError, match="l1StateDump: is missing"):
        l1_hash(path, config)


def test_a_bomb_is_not_unpacked_to_its_end(
    tmp_path: Path, config: RollupConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("byline.node.chain.genesis_file.MOST_BYTES", 1_000_000)
    bomb = base64.b64encode(gzip.compress(bytes(2_000_000))).decode()
    path = written(tmp_path, {"opChainDeployments": [{"id": hex(CHAIN), "allocs": bomb}]})
    with pytest.raises(ConfigError, match="unpacks to more than 1000000 bytes"):
        l2_genesis_of(path, config)
