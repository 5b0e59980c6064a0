"""Forks that activate after genesis, on the genuine contracts of a Holocene chain."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from byline.derivation.config import Fork
from byline.derivation.constants import GAS_PRICE_ORACLE, HISTORY_STORAGE, L1_BLOCK
from byline.derivation.hashing import keccak256
from byline.node.assembly import build_rollup
from byline.node.chain.chain import InvalidBlock
from byline.node.clock import ManualClock
from byline.node.config import NodeConfig
from byline.node.errors import ConfigError
from byline.node.evm.accounts import created_address
from byline.node.loaded_network import l2_genesis_of
from byline.node.storage.kv import MemoryKV
from byline.node.upgrade_bundle import load_upgrades
from byline.node.verifier import Verifier
from tests.integration.rollups import LocalSource, World
from tests.vectors_folder import load, vectors

ACTIVATIONS = {Fork.ISTHMUS: 4, Fork.JOVIAN: 8, Fork.KARST: 12}
"""Seconds after genesis: L2 blocks 2, 4 and 6."""
BUNDLE = "upgrade-txs/upgrade_deposit_txs.json.gz"


def settings(folder: Path, **changes: Any) -> NodeConfig:
    """Return settings for the Holocene genesis of a real chain, upgraded later."""
    genesis = vectors() / "genesis" / "mainnet--settlus-mainnet.json.gz"
    entry = next(item for item in load("genesis/index.json") if item["file"] == genesis.name)
    start = int(load(f"genesis/{genesis.name}")["timestamp"], 16)
    document = load("devnet-901/rollup.json")
    document["l2_chain_id"] = entry["chain_id"]
    document["genesis"]["l2"] = {"hash": entry["expected_block_hash"], "number": 0}
    document["genesis"]["l2_time"] = start
    for fork, seconds in ACTIVATIONS.items():
        document[fork.key] = start + seconds
    file = folder / "rollup.json"
    file.write_text(json.dumps(document))
    return replace(
        NodeConfig(
            rollup_config=str(file),
            l2_genesis=genesis,
            strict=True,
            upgrade_bundle=vectors() / BUNDLE,
            sources={},
        ),
        **changes,
    )


def started(given: NodeConfig) -> World:
    clock, kv = ManualClock(1), MemoryKV()
    happened: list[Any] = []
    return World(build_rollup(given, kv, clock, happened.append), clock, kv, happened)


@pytest.fixture(scope="module")
def upgraded(tmp_path_factory: pytest.TempPathFactory) -> World:
    """A chain of eight blocks in which three forks have activated."""
    here = started(settings(tmp_path_factory.mktemp("upgrades")))
    for _ in range(8):
        here.rollup.mine_l2()
    here.rollup.flush()
    return here


def block_of(here: World, number: int) -> Any:
    block = here.rollup.engine.chain.canonical_block(number)
    assert block is not None
    return block


@pytest.mark.parametrize(("number", "fork"), [(2, "isthmus"), (4, "jovian"), (6, "karst")])
def test_the_activation_block_ends_with_the_upgrade_and_all_of_it_succeeds(
    upgraded: World, number: int, fork: str
) -> None:
    block = block_of(upgraded, number)
    known = [item["tx_hash"] for item in load("upgrade-txs/index.json")[fork]]
    assert known == ["0x" + tx.hash.hex() for tx in block.transactions[1:]]
    receipts = upgraded.rollup.engine.chain.store.receipts(block.hash)
    assert receipts is not None
    assert all(receipt.succeeded for receipt in receipts)


def test_the_l1_attributes_change_their_format_one_block_later(upgraded: World) -> None:
    lengths = [len(block_of(upgraded, number).transactions[0].data) for number in range(1, 9)]
    assert lengths == [164, 164, 176, 176, 178, 178, 178, 178]


def test_the_contracts_have_the_code_that_mainnet_has(upgraded: World) -> None:
    chain = upgraded.rollup.engine.chain
    machine = chain.machine(chain.head)
    known = load(BUNDLE)["deployed_code_hashes"]
    deployers = {("isthmus", "L1Block"): 3, ("isthmus", "GasPriceOracle"): 4,
                 ("isthmus", "OperatorFeeVault"): 5, ("jovian", "L1Block"): 6,
                 ("jovian", "GasPriceOracle"): 7}  # fmt: skip
    for (fork, name), last in deployers.items():
        deployer = bytes.fromhex("4210") + bytes(17) + bytes([last])
        code = machine.code(created_address(deployer, 0))
        assert known[fork][name] == "0x" + keccak256(code).hex(), (fork, name)
    history = keccak256(machine.code(HISTORY_STORAGE))
    assert known["isthmus"]["EIP2935"] == "0x" + history.hex()


def test_karst_lends_its_block_the_gas_and_takes_it_back(upgraded: World) -> None:
    limits = [block_of(upgraded, number).header.gas_limit for number in range(5, 9)]
    usual = upgraded.rollup.engine.config.genesis.system_config.gas_limit
    extra = load(BUNDLE)["karst_total_upgrade_gas"]
    assert limits == [usual, usual + extra, usual, usual]


def test_the_contracts_understand_the_new_attributes(upgraded: World) -> None:
    chain = upgraded.rollup.engine.chain
    for number in range(7, 9):
        receipts = chain.store.receipts(block_of(upgraded, number).hash)
        assert receipts is not None
        assert receipts[0].succeeded
    machine = chain.machine(chain.head)
    # L1Block keeps the L1 origin's number in its first slot; the flag of Jovian in the oracle.
    assert machine.storage(L1_BLOCK, 0) & 2**64 - 1 == 0
    assert machine.storage(GAS_PRICE_ORACLE, 0) == 0x01010101


def test_a_verifier_with_the_bundle_derives_the_same_blocks(
    upgraded: World, tmp_path: Path
) -> None:
    given = settings(tmp_path)
    config = upgraded.rollup.engine.config
    assert given.l2_genesis is not None
    genesis = l2_genesis_of(given.l2_genesis, config)

    async def run() -> Verifier:
        source = LocalSource(upgraded.rollup)
        verifier = Verifier(config, source, MemoryKV(), genesis, given.upgrade_bundle)
        await verifier.start()
        await verifier.run(None, lambda _: None, follow=False)
        return verifier

    verifier = asyncio.run(run())
    assert verifier.engine.heads.safe == upgraded.rollup.engine.heads.unsafe
    assert verifier.engine.heads.safe.number >= 8


@pytest.mark.parametrize("number", [4, 6])
def test_the_engine_refuses_user_transactions_where_a_fork_since_jovian_activates(
    upgraded: World, number: int
) -> None:
    engine = upgraded.rollup.engine
    block = block_of(upgraded, number)
    user = upgraded.transfer("l2", nonce=0)
    with pytest.raises(InvalidBlock, match="takes deposits only"):
        engine.replay(replace(block, transactions=(*block.transactions, user)))


def test_without_a_bundle_the_node_does_not_start(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"isthmus_time .* is after genesis"):
        started(settings(tmp_path, upgrade_bundle=None))


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"{", "upgrade bundle .*bundle.json: "),
        (b"\x1f\x8bnot gzip", "upgrade bundle .*bundle.json: "),
        (b"{}", "neither 'forks' nor 'transactions'"),
        (None, "upgrade bundle .*bundle.json: .*No such file"),
    ],
)
def test_a_file_that_is_no_bundle_is_refused(
    tmp_path: Path, upgraded: World, content: bytes | None, words: str
) -> None:
    file = tmp_path / "bundle.json"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(ConfigError, match=words):
        load_upgrades(file, upgraded.rollup.engine.config)
