"""Upgrade bundles: both forms, against known hashes, and what is refused."""

import copy
from dataclasses import replace
from typing import Any

import pytest

from byline.derivation.block import Block
from byline.derivation.config import ConfigProblem, Fork, RollupConfig
from byline.derivation.header import Header
from byline.derivation.upgrades import (
    UPGRADING,
    activating,
    check_upgrades,
    extra_gas_of,
    read_bundle,
)
from tests.derivation_kit import rollup_config, unhex
from tests.vectors_folder import load

GENESIS = rollup_config().genesis.l2_time


def raw_bundle() -> Any:
    return load("upgrade-txs/upgrade_deposit_txs.json.gz")


def karst_bundle() -> Any:
    return load("upgrade-txs/karst_nut_bundle.json.gz")


def test_every_transaction_has_the_hashes_that_mainnet_knows() -> None:
    upgrades = read_bundle(raw_bundle())
    index = load("upgrade-txs/index.json")
    assert set(UPGRADING) == set(upgrades)
    for fork, upgrade in upgrades.items():
        known = index[fork.name.lower()]
        assert [unhex(item["tx_hash"]) for item in known] == [
            transaction.hash for transaction in upgrade.transactions
        ]
        assert [unhex(item["sourceHash"]) for item in known] == [
            transaction.source_hash for transaction in upgrade.transactions
        ]


def test_the_bundle_of_karst_says_the_same_as_its_encoded_transactions() -> None:
    described = read_bundle(karst_bundle())
    assert described == {Fork.KARST: read_bundle(raw_bundle())[Fork.KARST]}


def test_only_karst_makes_its_block_larger() -> None:
    upgrades = read_bundle(raw_bundle())
    extra = {fork: upgrade.extra_gas for fork, upgrade in upgrades.items()}
    total = raw_bundle()["karst_total_upgrade_gas"]
    assert extra == {Fork.ISTHMUS: 0, Fork.JOVIAN: 0, Fork.KARST: total}


def test_forks_that_share_a_block_run_in_their_order() -> None:
    upgrades = read_bundle(raw_bundle())
    config = rollup_config(forks={Fork.HOLOCENE: 0, **dict.fromkeys(UPGRADING, GENESIS + 4)})
    found = activating(config, upgrades, GENESIS + 4, GENESIS + 2)
    assert [upgrade.fork for upgrade in found] == list(UPGRADING)
    assert activating(config, upgrades, GENESIS + 2, GENESIS) == ()
    assert activating(config, upgrades, GENESIS + 6, GENESIS + 4) == ()


@pytest.mark.parametrize("fork", UPGRADING)
def test_a_fork_after_genesis_without_its_transactions_is_refused(fork: Fork) -> None:
    forks = {item: 0 if item < fork else GENESIS + 4 for item in Fork if item <= fork}
    config = rollup_config(forks=forks)
    upgrades = dict(read_bundle(raw_bundle()))
    check_upgrades(config, upgrades)
    del upgrades[fork]
    with pytest.raises(ConfigProblem, match=f"{fork.key} {GENESIS + 4} is after genesis"):
        check_upgrades(config, upgrades)
    check_upgrades(rollup_config(forks=dict.fromkeys(forks, GENESIS)), {})


def _change(path: list[Any], value: Any) -> Any:
    def change(document: Any) -> Any:
        at = document
        for key in path[:-1]:
            at = at[key]
        at[path[-1]] = value
        return document

    return change


def _without(key: str) -> Any:
    def change(document: Any) -> Any:
        del document["transactions"][3][key]
        return document

    return change


@pytest.mark.parametrize(
    ("source", "change", "words"),
    [
        (raw_bundle, lambda _: [], "neither 'forks' nor 'transactions'"),
        (raw_bundle, _change(["forks", "jovain"], []), "fork 'jovain' is unknown"),
        (raw_bundle, _change(["forks", "jovian"], []), "jovian is no list of 1 to 1000"),
        (raw_bundle, _change(["forks", "jovian"], [{}] * 1001), "jovian is no list of 1 to 1000"),
        (raw_bundle, _change(["forks", "jovian"], [7]), "jovian transaction 0"),
        (
            raw_bundle,
            _change(["forks", "jovian", 1, "intent"], "Jovian: other"),
            "jovian transaction 1: its source hash is",
        ),
        (
            raw_bundle,
            _change(["forks", "jovian", 2, "raw"], "0x02c0"),
            "jovian transaction 2",
        ),
        (raw_bundle, _change(["forks", "jovian", 2, "raw"], "0xzz"), "jovian transaction 2"),
        (karst_bundle, _without("intent"), "karst transaction 3: intent is missing"),
        (karst_bundle, _without("data"), "karst transaction 3: data is missing"),
        (karst_bundle, _change(["transactions", 4, "gasLimit"], True), "gasLimit is True"),
        (karst_bundle, _change(["transactions", 4, "gasLimit"], 2**64), "gasLimit is"),
        (karst_bundle, _change(["transactions", 5, "from"], "0x11"), "has 1 bytes, want 20"),
    ],
)
def test_a_bundle_that_is_wrong_is_refused_with_the_place(
    source: Any, change: Any, words: str
) -> None:
    document = change(copy.deepcopy(source()))
    with pytest.raises(ConfigProblem, match=words):
        read_bundle(document)


@pytest.mark.parametrize("changes", [{"mint": 1}, {"value": 1}, {"is_system_transaction": True}])
def test_an_upgrade_neither_mints_nor_sends(changes: dict[str, Any]) -> None:
    document = raw_bundle()
    entry = document["forks"]["jovian"][0]
    transaction = read_bundle(document)[Fork.JOVIAN].transactions[0]
    entry["raw"] = "0x" + replace(transaction, **changes).raw.hex()
    with pytest.raises(ConfigProblem, match="jovian transaction 0: it mints, sends"):
        read_bundle(document)


@pytest.mark.parametrize("kept", [False, True])
def test_the_gas_of_karst_is_found_in_its_block_unless_the_chain_kept_it(kept: bool) -> None:
    upgrades = read_bundle(raw_bundle())
    config = replace(rollup_config(), keep_karst_upgrade_gas=kept)
    total = raw_bundle()["karst_total_upgrade_gas"]
    karst = Block(Header(), upgrades[Fork.KARST].transactions)
    assert extra_gas_of(karst, config, upgrades) == (0 if kept else total)
    assert extra_gas_of(Block(Header(), upgrades[Fork.JOVIAN].transactions), config, upgrades) == 0
    again = RollupConfig.from_json(config.to_json())
    assert again.keep_karst_upgrade_gas is kept
