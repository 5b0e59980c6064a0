"""Config updates, valid and malformed, against the cases of kona."""

from __future__ import annotations

import pytest

from byline.derivation.errors import InvalidData
from byline.derivation.receipt import Log
from byline.derivation.system_config import (
    CONFIG_UPDATE,
    apply_update,
    apply_updates,
    apply_updates_with_reasons,
)
from tests.derivation_kit import (
    L1_SYSTEM_CONFIG,
    receipt,
    rollup_config,
    unhex,
    update_log,
    word,
)
from tests.vectors_folder import load

CONFIG = rollup_config().genesis.system_config
KINDS = {
    "batcher.rs": 0,
    "gas_config.rs": 1,
    "gas_limit.rs": 2,
    "signer.rs": 3,
    "eip1559.rs": 4,
    "operator_fee.rs": 5,
    "min_base_fee.rs": 6,
    "da_footprint_gas_scalar.rs": 7,
}


def log_of(kind: int, data: bytes) -> Log:
    return Log(L1_SYSTEM_CONFIG, (CONFIG_UPDATE, word(0), word(kind)), data)


def test_the_event_has_the_known_topic() -> None:
    assert CONFIG_UPDATE == unhex(
        load("system-config/config_update_log_data.json")["event_topic0"]
    )


def test_what_kona_accepts_and_refuses_is_accepted_and_refused() -> None:
    for vector in load("system-config/config_update_log_data.json")["vectors"]:
        log = log_of(KINDS[vector["file"]], unhex(vector["data"]))
        # Before Ecotone a scalar could be any word; since then it has a version.
        expect = "error" if vector["test"].endswith("max_u256") else vector["expect"]
        if expect == "error":
            with pytest.raises(InvalidData):
                apply_update(CONFIG, log)
        else:
            apply_update(CONFIG, log)


def test_the_values_of_valid_updates_arrive() -> None:
    for vector in load("system-config/config_update_log_data.json")["vectors"]:
        if not vector["test"].endswith("try_from"):
            continue
        config = apply_update(CONFIG, log_of(KINDS[vector["file"]], unhex(vector["data"])))
        got = {
            "gas_config.rs": [config.base_fee_scalar],
            "eip1559.rs": [config.eip1559_params],
            "operator_fee.rs": [config.operator_fee_scalar, config.operator_fee_constant],
            "min_base_fee.rs": [config.min_base_fee],
            "da_footprint_gas_scalar.rs": [config.da_footprint_gas_scalar],
        }[vector["file"]]
        expected = {
            "gas_config.rs": [0xBEEF],
            "eip1559.rs": [unhex("0000babe0000beef")],
            "operator_fee.rs": [0xBABE, 0xBEEF],
            "min_base_fee.rs": [0xBEEF],
            "da_footprint_gas_scalar.rs": [0xBEEF],
        }[vector["file"]]
        assert got == expected, vector["file"]


@pytest.mark.parametrize(
    ("kind", "content", "words"),
    [
        (1, word(0) + b"\x02" + bytes(31), "version 2"),
        (1, word(0) + b"\x00\x01" + bytes(30), "version 0 has none"),
        (1, word(0) + b"\x01\x01" + bytes(30), "version 1 has none"),
        (4, word(1), "one of the two is zero"),
        (4, word(1 << 32), "one of the two is zero"),
        (7, word(2**16), "more than 2 bytes"),
        (6, word(2**64), "more than 8 bytes"),
        (8, word(1), "kind 8 is unknown"),
    ],
)
def test_an_update_out_of_bounds_is_refused(kind: int, content: bytes, words: str) -> None:
    with pytest.raises(InvalidData, match=words):
        apply_update(CONFIG, update_log(kind, content))


def test_both_eip1559_parameters_may_be_zero() -> None:
    assert apply_update(CONFIG, update_log(4, word(0))).eip1559_params == bytes(8)


def test_bad_updates_are_skipped_one_by_one_with_their_reason() -> None:
    bad = update_log(2, word(2**64))
    good = update_log(2, word(7))

    config, skipped = apply_updates_with_reasons(
        CONFIG, [receipt(bad), receipt(good, bad)], L1_SYSTEM_CONFIG
    )

    assert config.gas_limit == 7
    assert [line.partition(":")[0] for line in skipped] == [
        "config update in receipt 0",
        "config update in receipt 1",
    ]
    assert apply_updates(CONFIG, [receipt(bad, good)], L1_SYSTEM_CONFIG).gas_limit == 7


def test_versions_topics_other_contracts_and_failures_do_not_count() -> None:
    good = update_log(2, word(7))
    topics = good.topics
    with pytest.raises(InvalidData, match="version 1"):
        apply_update(CONFIG, Log(good.address, (topics[0], word(1), topics[2]), good.data))
    with pytest.raises(InvalidData, match="2 topics"):
        apply_update(CONFIG, Log(good.address, topics[:2], good.data))
    elsewhere = Log(b"\x01" * 20, topics, good.data)

    receipts = [receipt(elsewhere), receipt(good, succeeded=False)]

    assert apply_updates_with_reasons(CONFIG, receipts, L1_SYSTEM_CONFIG) == (CONFIG, ())
