"""Deposits, source hashes and deposit receipts against known answers."""

from __future__ import annotations

from dataclasses import replace

import pytest

from byline.derivation.deposits import (
    source_hash_l1_info,
    source_hash_upgrade,
    source_hash_user,
    user_deposits,
)
from byline.derivation.errors import Critical
from byline.derivation.receipt import Log, Receipt
from byline.derivation.transaction import DepositTransaction, decode_transaction
from tests.derivation_kit import PORTAL, deposit_log, receipt, unhex, word
from tests.vectors_folder import load


def log_of(document: dict[str, object], portal: bytes = PORTAL) -> Log:
    topics = document["topics"]
    assert isinstance(topics, list)
    return Log(portal, tuple(unhex(topic) for topic in topics), unhex(str(document["data"])))


def test_logs_become_the_deposits_of_kona_byte_by_byte() -> None:
    for vector in load("deposits/deposit_txs.json")["vectors"]:
        if "log" not in vector:
            continue
        assert vector["log"]["logIndexInBlock"] == 0
        (deposit,) = user_deposits(
            [receipt(log_of(vector["log"]))], unhex(vector["log"]["l1BlockHash"]), PORTAL
        )
        assert deposit.raw == unhex(vector["raw"])
        assert deposit.hash == unhex(vector["tx_hash"])
        assert deposit.source_hash == unhex(vector["sourceHash"])
        assert decode_transaction(deposit.raw) == deposit


def test_a_real_attributes_deposit_has_the_l1_info_source_hash() -> None:
    (vector,) = (v for v in load("deposits/deposit_txs.json")["vectors"] if "seqNumber" in v)

    deposit = decode_transaction(unhex(vector["raw"]))

    assert isinstance(deposit, DepositTransaction)
    assert deposit.hash == unhex(vector["tx_hash"])
    assert deposit.raw == unhex(vector["raw"])
    assert deposit.source_hash == source_hash_l1_info(
        unhex(vector["l1BlockHash"]), vector["seqNumber"]
    )


def test_upgrade_source_hashes_are_those_of_the_intents() -> None:
    # From the Ecotone and Jovian upgrades of OP Mainnet.
    index = load("upgrade-txs/index.json")
    text = str(index)
    for intent in ("Ecotone: L1 Block Deployment", "Jovian: Gas Price Oracle Set Jovian"):
        assert source_hash_upgrade(intent).hex() in text


def test_the_bridge_deposit_of_the_devnet_is_read() -> None:
    document = load("devnet-901/bridge_eth_deposit.json")
    portal = unhex(document["deposit_log"]["address"])

    (deposit,) = user_deposits([receipt(log_of(document["deposit_log"], portal))], word(1), portal)

    expected = document["deposit"]
    assert deposit.sender == unhex(expected["from"])
    assert deposit.to == unhex(expected["to"])
    assert deposit.mint == int(expected["mint"], 16)
    assert deposit.value == int(expected["value"], 16)
    assert deposit.gas == expected["gas"]
    assert deposit.data == unhex(expected["data"])


def test_the_log_index_counts_every_log_of_the_block() -> None:
    other = Log(b"\x01" * 20, (), b"")

    deposits = user_deposits(
        [receipt(other, other), receipt(deposit_log(), other, deposit_log())], word(9), PORTAL
    )

    assert [item.source_hash for item in deposits] == [
        source_hash_user(word(9), 2),
        source_hash_user(word(9), 4),
    ]


def test_failed_receipts_and_other_events_carry_no_deposits() -> None:
    log = deposit_log()
    others = (
        replace(log, address=b"\x01" * 20),
        replace(log, topics=(word(1), *log.topics[1:])),
        replace(log, topics=()),
    )

    assert user_deposits([receipt(log, succeeded=False)], word(1), PORTAL) == ()
    assert user_deposits([receipt(*others)], word(1), PORTAL) == ()


def test_any_byte_but_zero_means_creation() -> None:
    (deposit,) = user_deposits([receipt(deposit_log(creates=True))], word(1), PORTAL)
    assert deposit.to is None


GOOD = deposit_log(b"data")


@pytest.mark.parametrize(
    ("log", "words"),
    [
        (replace(GOOD, topics=GOOD.topics[:3]), "3 topics"),
        (replace(GOOD, topics=(*GOOD.topics[:3], word(1))), "version 1"),
        (replace(GOOD, data=GOOD.data[:-1]), "byte string"),
        (replace(GOOD, data=GOOD.data + bytes(32)), "minimal padding"),
        (replace(GOOD, data=word(33) + GOOD.data[32:]), "byte string"),
        (replace(GOOD, data=word(32) + word(2**255) + GOOD.data[64:]), "byte string"),
        (replace(GOOD, data=word(32)), "byte string"),
        (replace(GOOD, data=word(32) + word(72) + bytes(96)), "72 bytes of opaque data"),
    ],
)
def test_a_malformed_deposit_is_critical(log: Log, words: str) -> None:
    with pytest.raises(Critical, match=words):
        user_deposits([receipt(log)], word(1), PORTAL)


def test_deposit_receipts_encode_as_known() -> None:
    for vector in load("receipts/deposit_receipts.json")["vectors"]:
        expected = Receipt(
            type=0x7E,
            succeeded=vector["status"] == 1,
            cumulative_gas_used=vector["cumulativeGasUsed"],
            logs=(),
            deposit_nonce=vector["depositNonce"],
            deposit_version=vector["depositReceiptVersion"],
        )
        assert expected.encode() == unhex(vector["with_type"])
        assert expected.encode()[1:] == unhex(vector["rlp_payload"])
        assert Receipt.decode(unhex(vector["with_type"])) == expected
