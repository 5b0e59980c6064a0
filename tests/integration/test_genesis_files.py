"""Rollups that begin as files say: the genuine contracts of the OP Stack on both layers."""

from __future__ import annotations

import asyncio
import copy
import gzip
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from eth_abi.abi import encode

from byline.derivation.config import RollupConfig
from byline.derivation.constants import L1_BLOCK
from byline.derivation.hashing import keccak256
from byline.derivation.transaction import DepositTransaction
from byline.node.accounts import operator_account
from byline.node.assembly import build_rollup
from byline.node.clock import ManualClock
from byline.node.config import NodeConfig
from byline.node.contracts import addresses
from byline.node.errors import ConfigError
from byline.node.loaded_network import l2_genesis_of
from byline.node.storage.kv import KeyValue, MemoryKV
from byline.node.verifier import Verifier
from tests.integration.rollups import ALICE, BOB, LocalSource, World
from tests.vectors_folder import load, vectors

NOW = 1_800_000_000
DEPOSIT = keccak256(b"depositTransaction(address,uint256,uint64,bool,bytes)")[:4]


def settings_901(**changes: Any) -> NodeConfig:
    """Return settings that name the files of devnet-901."""
    folder = vectors() / "devnet-901"
    settings = NodeConfig(
        l1_genesis=folder / "l1-genesis.json.gz",
        l2_genesis=folder / "l2-genesis.json.gz",
        rollup_config=str(folder / "rollup.json"),
    )
    return replace(settings, **changes)


def started(settings: NodeConfig, kv: KeyValue | None = None) -> World:
    clock, kv = ManualClock(NOW), kv or MemoryKV()
    happened: list[Any] = []
    return World(build_rollup(settings, kv, clock, happened.append), clock, kv, happened)


def verified(here: World, settings: NodeConfig) -> Verifier:
    """Derive the L2 of `here` from its L1, the rollup config and the L2's genesis file."""
    config = here.rollup.engine.config
    assert settings.l2_genesis is not None
    genesis = l2_genesis_of(settings.l2_genesis, config)

    async def run() -> Verifier:
        verifier = Verifier(config, LocalSource(here.rollup), MemoryKV(), genesis)
        await verifier.start()
        await verifier.run(None, lambda _: None, follow=False)
        return verifier

    return asyncio.run(run())


def l2_call(here: World, to: bytes, signature: str) -> int:
    """Return a view's one word at the L2's head."""
    rollup = here.rollup
    chain = rollup.engine.chain
    machine = chain.machine(chain.head)
    return int.from_bytes(machine.system_call(to, keccak256(signature.encode())[:4]).output, "big")


def test_devnet_901_begins_with_the_blocks_that_its_info_names() -> None:
    info = load("devnet-901/info.json")
    here = started(settings_901(strict=True))
    rollup = here.rollup

    for name, chain in (("l1", rollup.l1.chain), ("l2", rollup.engine.chain)):
        assert "0x" + chain.head.hash.hex() == info[name]["hash"]
        assert "0x" + chain.head.state_root.hex() == info[name]["state_root"]
    assert rollup.engine.config == RollupConfig.from_json(load("devnet-901/rollup.json"))


def test_a_deposit_through_the_genuine_bridge_reaches_the_l2_and_is_derived_again() -> None:
    document = load("devnet-901/bridge_eth_deposit.json")
    settings = settings_901()
    here = started(settings)
    call = document["l1_call"]
    assert call["from"] == "0x" + ALICE.address.hex()
    before = here.balance("l2", ALICE.address)

    here.send(
        "l1",
        to=bytes.fromhex(call["to"][2:]),
        value=int(call["value"], 16),
        data=bytes.fromhex(call["data"][2:]),
        gas=2_000_000,
    )

    block = here.rollup.l1.block(here.rollup.l1.head.number)
    assert block is not None
    [receipt] = block.receipts
    wanted = document["deposit_log"]
    [log] = [one for one in receipt.logs if "0x" + one.address.hex() == wanted["address"]]
    assert ["0x" + topic.hex() for topic in log.topics] == wanted["topics"]
    assert "0x" + log.data.hex() == wanted["data"]
    made = here.rollup.engine.block(here.rollup.engine.heads.unsafe.hash)
    [deposit] = [tx for tx in made.transactions[1:] if isinstance(tx, DepositTransaction)]
    for name, found in {
        "from": "0x" + deposit.sender.hex(),
        "to": "0x" + (deposit.to or b"").hex(),
        "mint": hex(deposit.mint),
        "value": hex(deposit.value),
        "gas": deposit.gas,
        "data": "0x" + deposit.data.hex(),
    }.items():
        assert document["deposit"][name] == found, name
    assert here.balance("l2", ALICE.address) == before + 10**18

    here.send("l2", value=7)
    here.rollup.flush()
    safe = verified(here, settings).engine.heads.safe
    assert safe == here.rollup.engine.heads.unsafe
    assert safe.number >= 2


def test_the_genuine_l1_block_contract_knows_the_origin_that_the_block_names() -> None:
    here = started(settings_901())
    here.send("l1", to=BOB.address)
    for _ in range(3):
        here.send("l2")

    origin = here.rollup.engine.heads.unsafe.l1_origin
    assert origin.number == l2_call(here, L1_BLOCK, "number()") == 1
    assert int.from_bytes(origin.hash, "big") == l2_call(here, L1_BLOCK, "hash()")


def test_without_dev_control_the_clock_does_not_jump() -> None:
    """The genesis is from 2025: the time lags, and stock verifiers can follow."""
    here = started(settings_901())
    here.send("l2")
    head = here.rollup.engine.heads.unsafe
    config = here.rollup.engine.config
    assert head.timestamp == config.genesis.l2_time + config.block_time


def test_the_l1_keeps_the_gas_limit_that_it_began_with() -> None:
    """A block may move it by a 1024th at most, so other L1 clients would refuse a jump."""
    here = started(settings_901())
    here.send("l1", to=BOB.address)
    assert here.rollup.l1.head.number == 1
    assert here.rollup.l1.head.gas_limit == 30_000_000


def test_batches_come_from_the_operator_that_the_rollup_config_names() -> None:
    here = started(settings_901())
    here.send("l2")
    here.rollup.flush()

    block = here.rollup.l1.block(here.rollup.l1.head.number)
    assert block is not None
    [batch] = block.transactions
    assert not isinstance(batch, DepositTransaction)
    assert batch.to == here.rollup.engine.config.batch_inbox
    assert batch.sender == operator_account(901, 2).address
    assert here.rollup.engine.heads.safe == here.rollup.engine.heads.unsafe


def test_a_rollup_from_files_goes_on_from_its_store() -> None:
    kv = MemoryKV()
    here = started(settings_901(), kv)
    here.send("l2")
    head = here.rollup.engine.heads.unsafe

    again = started(settings_901(), kv)
    assert again.rollup.engine.heads.unsafe == head
    without_files = started(NodeConfig(), kv)
    assert without_files.rollup.engine.heads.unsafe == head


def settings_on_built_in_l1() -> NodeConfig:
    """Return settings for a public devnet's L2 on our own L1."""
    name = "sepolia-devnet-2"
    return NodeConfig(
        l2_genesis=vectors() / "genesis" / f"{name}--{name}.json.gz",
        rollup_config=str(vectors() / "rollup-config" / f"{name}.rollup.json"),
    )


def test_a_public_l2_runs_on_the_built_in_l1_with_its_own_first_block() -> None:
    settings = settings_on_built_in_l1()
    [entry] = [
        one
        for one in load("genesis/index.json")
        if one["file"] == "sepolia-devnet-2--sepolia-devnet-2.json.gz"
    ]
    here = started(settings)
    config = here.rollup.engine.config

    assert "0x" + here.rollup.engine.chain.head.hash.hex() == entry["expected_block_hash"]
    assert (config.l1_chain_id, config.l2_chain_id) == (900, entry["chain_id"])
    assert config.deposit_contract == addresses.OPTIMISM_PORTAL
    nobody = b"\x12" * 20
    call = DEPOSIT + encode(
        ["address", "uint256", "uint64", "bool", "bytes"],
        [nobody, 10**18, 100_000, False, b""],
    )
    here.send("l1", to=config.deposit_contract, value=10**18, data=call, gas=500_000)
    assert here.balance("l2", nobody) == 10**18

    here.send("l2", to=nobody, value=5)
    assert here.balance("l2", nobody) == 10**18 + 5
    here.rollup.flush()
    assert verified(here, settings).engine.heads.safe == here.rollup.engine.heads.unsafe


# -- refusals ---------------------------------------------------------------------------


def rollup_file(folder: Path, **changes: Any) -> str:
    """Write devnet-901's rollup.json with `changes`; a name may go inside, as `genesis/l2`."""
    document = copy.deepcopy(load("devnet-901/rollup.json"))
    for name, value in changes.items():
        *parents, last = name.split("/")
        inside = document
        for parent in parents:
            inside = inside[parent]
        inside[last] = value
    path = folder / "rollup.json"
    path.write_text(json.dumps(document))
    return str(path)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        (
            {"l2_chain_id": 902},
            "config.chainId is 901, but the rollup config's l2_chain_id is 902",
        ),
        ({"l1_chain_id": 5}, "config.chainId is 900, but the rollup config's l1_chain_id is 5"),
        ({"genesis/l2_time": 1752785881}, "timestamp is 1752785879, but"),
        (
            {"genesis/l2": {"hash": "0x" + "00" * 32, "number": 0}},
            "l2-genesis.json.gz: the first block is 0x937f97fe",
        ),
        (
            {"genesis/l1": {"hash": "0x" + "00" * 32, "number": 0}},
            "l1-genesis.json.gz: the first block is 0x3ea8ae53",
        ),
        (
            {"deposit_contract_address": "0x" + "12" * 20},
            "no contract at the rollup config's deposit_contract_address, 0x1212",
        ),
        (
            {"l1_system_config_address": "0x" + "12" * 20},
            "no contract at the rollup config's l1_system_config_address, 0x1212",
        ),
        ({"genesis/system_config/batcherAddr": "0x" + "12" * 20}, "batcher 0x1212"),
        ({"isthmus_time": None, "jovian_time": None, "karst_time": None}, "config says PRAGUE"),
        ({"granite_time": 9_000_000_000}, "rules before Holocene are not implemented"),
    ],
)
def test_files_that_contradict_each_other_are_refused(
    tmp_path: Path, changes: dict[str, Any], words: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        started(settings_901(rollup_config=rollup_file(tmp_path, **changes)))
    assert words in str(caught.value)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"rollup_config": None}, "need --rollup-config"),
        ({"rollup_config": "http://127.0.0.1:1"}, "want a file where the L1 is this node's own"),
        ({"rollup_config": "/nowhere/rollup.json"}, "No such file"),
        ({"l2_genesis": None}, "--rollup-config needs --l2-genesis"),
        ({"l2_genesis": Path("/nowhere.json")}, "No such file"),
        ({"batcher_key": "0x" + "11" * 32}, "but the rollup's batcher is 0xe6fb5f4c"),
        ({"l1_genesis": None, "l1_chain_id": 901}, "l1_chain_id is 901, as is the L2's"),
    ],
)
def test_settings_that_name_no_whole_network_are_refused(
    changes: dict[str, Any], words: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        started(settings_901(**changes))
    assert words in str(caught.value)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b" " * (2**20 + 1), "has more than 1048576 bytes"),
        (b"[" * 100_000, "rollup.json: "),
        (b"[]", "rollup.json: rollup config: "),
        (b"{}", "genesis is missing"),
    ],
)
def test_a_rollup_config_that_is_none_is_refused(tmp_path: Path, data: bytes, words: str) -> None:
    path = tmp_path / "rollup.json"
    path.write_bytes(data)
    with pytest.raises(ConfigError) as caught:
        started(settings_901(rollup_config=str(path)))
    assert words in str(caught.value)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("fork", "jovian"),
        ("l2_chain_id", 902),
        ("l1_chain_id", 5),
        ("block_time", 3),
        ("genesis_time", 1),
    ],
)
def test_a_setting_that_contradicts_the_files_is_refused_only_when_given(
    name: str, value: Any
) -> None:
    given = settings_901(**{name: value, "sources": {name: "--flag"}})
    with pytest.raises(ConfigError, match=rf"{name} is {value}, but .*rollup.json says"):
        started(given)


@pytest.mark.parametrize(
    ("name", "value"),
    [("gas_token", "eth"), ("attribution_backend", "twin"), ("state_precompile", True)],
)
def test_what_the_files_decide_is_no_setting(name: str, value: Any) -> None:
    with pytest.raises(ConfigError, match=f"{name} is what the .* says: leave it out"):
        started(settings_901(**{name: value, "sources": {name: "--flag"}}))


def test_an_l1_before_cancun_is_refused(tmp_path: Path) -> None:
    document = copy.deepcopy(load("devnet-901/l1-genesis.json.gz"))
    del document["config"]["cancunTime"]
    path = tmp_path / "l1.json.gz"
    path.write_bytes(gzip.compress(json.dumps(document).encode(), 1))
    with pytest.raises(ConfigError, match="begins before Cancun"):
        started(settings_901(l1_genesis=path))


def test_a_batcher_whose_key_nobody_gave_is_refused(tmp_path: Path) -> None:
    batcher = operator_account(902, 2).address  # has a balance, but is no operator of 901
    changes = {"genesis/system_config/batcherAddr": "0x" + batcher.hex()}
    settings = settings_901(rollup_config=rollup_file(tmp_path, **changes))
    with pytest.raises(ConfigError, match=f"0x{batcher.hex()}, whose key is not known"):
        started(settings)

    given = replace(settings, batcher_key=operator_account(902, 2).key.hex())
    assert started(given).rollup.batch_account.address == batcher


def test_a_store_of_another_l2_is_refused() -> None:
    kv = MemoryKV()
    started(NodeConfig(genesis_time=NOW), kv)
    with pytest.raises(ConfigError, match="the data folder holds the L2 that begins with"):
        started(settings_901(), kv)
