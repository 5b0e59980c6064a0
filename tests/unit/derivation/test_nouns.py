"""Headers, transactions, receipts and the rollup config against real ones."""

from __future__ import annotations

import copy
from dataclasses import FrozenInstanceError, fields
from typing import Any

import pytest
import rlp

from byline.derivation.block import list_root, receipts_root, transactions_root
from byline.derivation.config import ConfigProblem, Fork, RollupConfig, SystemConfig
from byline.derivation.errors import InvalidData
from byline.derivation.hashing import EMPTY_TRIE_ROOT, keccak256
from byline.derivation.header import Header
from byline.derivation.receipt import Log, Receipt, union_bloom
from byline.derivation.transaction import (
    DepositTransaction,
    Transaction,
    decode_transaction,
)
from tests.derivation_kit import BATCHER, INBOX, deposit_log, receipt, signed, unhex, word
from tests.vectors_folder import load

FIELDS = {
    "parentHash": "parent_hash", "sha3Uncles": "uncles_hash", "miner": "coinbase",
    "stateRoot": "state_root", "transactionsRoot": "transactions_root",
    "receiptsRoot": "receipts_root", "logsBloom": "bloom", "difficulty": "difficulty",
    "number": "number", "gasLimit": "gas_limit", "gasUsed": "gas_used",
    "timestamp": "timestamp", "extraData": "extra_data", "mixHash": "mix_hash",
    "nonce": "nonce", "baseFeePerGas": "base_fee", "withdrawalsRoot": "withdrawals_root",
    "blobGasUsed": "blob_gas_used", "excessBlobGas": "excess_blob_gas",
    "parentBeaconBlockRoot": "parent_beacon_root", "requestsHash": "requests_hash",
}  # fmt: skip
NUMBERS = {
    "difficulty", "number", "gasLimit", "gasUsed", "timestamp", "baseFeePerGas", "blobGasUsed",
    "excessBlobGas",
}  # fmt: skip


def header_of(document: dict[str, Any]) -> Header:
    values: dict[str, Any] = {
        ours: int(document[name], 16) if name in NUMBERS else unhex(document[name])
        for name, ours in FIELDS.items()
        if document.get(name) is not None
    }
    return Header(**values)


def documents(kind: str) -> list[tuple[dict[str, Any], dict[str, Any]]]:
    found = load("l1-rpc/block_verification.json.gz")[kind]
    return [(item["metadata"], item["data"]) for item in found.values()]


def raw_of(item: dict[str, Any]) -> bytes:
    """Encode a transaction as an L1 node describes it."""

    def number(key: str) -> int:
        return int(item[key], 16)

    to, data = unhex(item["to"] or ""), unhex(item["input"])
    signature = [number("v"), number("r"), number("s")]
    if item["type"] == "0x0":
        head = [number("nonce"), number("gasPrice"), number("gas"), to, number("value"), data]
        return bytes(rlp.encode(head + signature))
    access = [
        [unhex(entry["address"]), [unhex(key) for key in entry["storageKeys"]]]
        for entry in item["accessList"]
    ]
    fees = [number("maxPriorityFeePerGas"), number("maxFeePerGas")]
    head = [number("chainId"), number("nonce"), *fees, number("gas"), to, number("value"), data]
    return b"\x02" + bytes(rlp.encode([*head, access, *signature]))


@pytest.mark.parametrize("kind", ["headers", "blocks"])
def test_hashes_of_real_l1_headers_follow_from_their_fields(kind: str) -> None:
    verdicts = set()
    for metadata, item in documents(kind):
        if metadata.get("fail") and kind == "blocks" and "block hash" not in metadata["reason"]:
            continue
        header = header_of(item)
        assert Header.decode(header.encode()) == header
        assert (header.hash == unhex(item["hash"])) != metadata.get("fail", False)
        verdicts.add(metadata.get("fail", False))
    assert verdicts == {True, False}


def test_real_transactions_come_back_with_hash_sender_and_root() -> None:
    checked = 0
    for metadata, item in documents("blocks"):
        if metadata.get("fail") and metadata["reason"] != "failed to verify transactions list":
            continue
        found = [decode_transaction(raw_of(entry)) for entry in item["transactions"]]
        root = transactions_root(found)
        assert (root == unhex(item["transactionsRoot"])) != metadata.get("fail", False)
        for transaction, entry in zip(found, item["transactions"], strict=True):
            if metadata.get("fail"):
                continue
            assert transaction.hash == unhex(entry["hash"])
            assert transaction.sender == unhex(entry["from"])
            checked += 1
    assert checked == 29 + 62


def test_a_header_with_a_hole_or_of_a_wrong_shape_is_refused() -> None:
    with pytest.raises(ValueError, match="an optional field is missing before one set"):
        Header(withdrawals_root=bytes(32)).encode()
    good = list(rlp.decode(Header(base_fee=1).encode()))
    for index, value in ((0, b"x"), (8, b"\0\1"), (6, b""), (14, b"\0" * 9), (15, [b""])):
        with pytest.raises(InvalidData, match=f"header field {index}"):
            Header.from_fields([*good[:index], value, *good[index + 1 :]])
    for items in (good[:14], [*good, *good], b"", []):
        with pytest.raises(InvalidData, match="15 to 21"):
            Header.from_fields(items)


def test_upgrade_deposits_of_real_chains_decode_and_hash() -> None:
    found = _raws(load("upgrade-txs/upgrade_deposit_txs.json.gz"))
    assert len(found) > 50
    for raw in found:
        transaction = decode_transaction(raw)
        assert isinstance(transaction, DepositTransaction)
        assert transaction.raw == raw
    hashes = str(load("upgrade-txs/index.json"))
    assert all(decode_transaction(raw).hash.hex() in hashes for raw in found)


def _raws(node: Any) -> list[bytes]:
    """Return every string below `node` that is a deposit in hex."""
    if isinstance(node, dict):
        node = list(node.values())
    if isinstance(node, list):
        return [raw for item in node for raw in _raws(item)]
    return [unhex(node)] if isinstance(node, str) and node.startswith(("0x7ef8", "0x7ef9")) else []


@pytest.mark.parametrize("kind", [0, 1, 2, 3, 4])
def test_a_signed_transaction_of_each_type_names_its_sender(kind: int) -> None:
    transaction = signed(INBOX, b"data", kind=kind, blob_hashes=[word(1)])

    assert transaction.type == kind
    assert transaction.sender == BATCHER
    assert transaction.hash == keccak256(transaction.raw)
    assert transaction.effective_gas_price(5) == min(transaction.max_fee_per_gas, 6)


@pytest.mark.parametrize("kind", [0, 1, 2, 3, 4])
def test_a_decoded_transaction_is_one_that_the_constructor_makes(kind: int) -> None:
    decoded = decode_transaction(signed(INBOX, b"data", kind=kind, blob_hashes=[word(1)]).raw)
    assert isinstance(decoded, Transaction)
    values = {field.name: getattr(decoded, field.name) for field in fields(Transaction)}
    made = Transaction(**values)

    assert decoded == made
    assert hash(decoded) == hash(made)
    assert repr(decoded) == repr(made)
    with pytest.raises(FrozenInstanceError):
        decoded.nonce = 7  # type: ignore[misc]


@pytest.mark.parametrize("size", [9, 33, 5_000])
def test_a_number_that_is_too_long_is_refused_however_long(size: int) -> None:
    items = rlp.decode(signed(INBOX, b"").raw[1:])
    for index, name in ((1, "nonce"), (2, "max priority fee"), (10, "r")):
        if size < 33 and name != "nonce":
            continue
        changed = [*items[:index], b"\x01" * size, *items[index + 1 :]]
        with pytest.raises(InvalidData, match=f"transaction {name}: 0x0101"):
            decode_transaction(b"\x02" + rlp.encode(changed))


def test_a_signature_in_the_upper_half_or_of_zeros_names_nobody() -> None:
    good = signed(INBOX, b"")
    items = list(rlp.decode(good.raw[1:]))
    for s in (0, 2**256 - 1):
        raw = b"\x02" + rlp.encode([*items[:-1], s])
        transaction = decode_transaction(raw)
        assert isinstance(transaction, Transaction)
        with pytest.raises(InvalidData, match="invalid transaction v, r, s"):
            _ = transaction.sender


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (b"", "empty"),
        (b"\x05\xc0", "type not supported: 0x05"),
        (b"\x02\xc0", "want 12 fields, got 0"),
        (b"\x02\x80", "want an RLP list"),
        (b"\xc0", "want 9 fields"),
        (b"\x02", "type 2 transaction"),
        (rlp.encode([0, 0, 0, b"", 0, b"", 29, 1, 1]), "v: 29"),
        (rlp.encode([0, 0, 0, b"x", 0, b"", 27, 1, 1]), "to: want 20"),
        (rlp.encode([2**64, 0, 0, b"", 0, b"", 27, 1, 1]), "nonce"),
        (rlp.encode([b"\0\1", 0, 0, b"", 0, b"", 27, 1, 1]), "leading zero"),
        (b"\x7e" + rlp.encode([word(1), bytes(20), b"", 0, 0, 0, 2, b""]), "boolean"),
    ],
)
def test_a_malformed_transaction_names_the_field(raw: bytes, words: str) -> None:
    with pytest.raises(InvalidData, match=words):
        decode_transaction(raw)


def test_receipts_round_trip_and_refuse_a_wrong_bloom() -> None:
    item = receipt(deposit_log(), Log(b"\x01" * 20, (), b""))
    encoded = item.encode()

    assert Receipt.decode(encoded) == item
    assert union_bloom([item]) == item.bloom
    with pytest.raises(InvalidData, match="bloom"):
        Receipt.decode(encoded.replace(item.bloom, bytes(256)))
    for bad in (b"", b"\xc0", b"\x02\x80", b"\x02" + rlp.encode([2, 0, bytes(256), []])):
        with pytest.raises(InvalidData, match="receipt"):
            Receipt.decode(bad)


def test_roots_of_lists_are_those_of_the_trie() -> None:
    assert list_root([]) == EMPTY_TRIE_ROOT
    assert receipts_root([]) == EMPTY_TRIE_ROOT
    assert list_root([b"a"]) == keccak256(rlp.encode([b"\x20\x80", b"a"]))


@pytest.mark.parametrize(
    "name", ["devnet-901/rollup.json", "rollup-config/sepolia-devnet-2.rollup.json"]
)
def test_a_rollup_config_round_trips_up_to_the_case_of_hex(name: str) -> None:
    document = load(name)

    config = RollupConfig.from_json(document)
    written = config.to_json()

    assert RollupConfig.from_json(written) == config
    known = {key: value for key, value in _lower(document).items() if key in written}
    assert known == {key: written[key] for key in known}
    assert set(_lower(document)) <= set(written)
    assert config.active(Fork.KARST, config.genesis.l2_time)


def _lower(node: Any) -> Any:
    if isinstance(node, dict):
        return {key: _lower(value) for key, value in node.items()}
    return node.lower() if isinstance(node, str) else node


@pytest.mark.parametrize(
    ("key", "value", "words"),
    [
        ("block_time", 0, "block_time is 0"),
        ("block_time", None, "want a whole number"),
        ("seq_window_size", 1, "at least 2"),
        ("l2_chain_id", 900, "are the same"),
        ("canyon_time", None, "rules before Holocene"),
        ("holocene_time", 2**40, "holocene_time must be at or before genesis"),
        ("isthmus_time", None, "out of order"),
        ("batch_inbox_address", "0x12", "has 1 bytes, want 20"),
        ("genesis", {}, "is missing"),
    ],
)
def test_a_rollup_config_that_breaks_a_rule_is_refused(key: str, value: Any, words: str) -> None:
    document = copy.deepcopy(load("devnet-901/rollup.json"))
    document[key] = value
    with pytest.raises(ConfigProblem, match=words):
        RollupConfig.from_json(document)


def test_scalars_of_version_0_and_1_are_read() -> None:
    def scalars(text: str) -> tuple[int, int]:
        config = SystemConfig(BATCHER, unhex(text), 1)
        return config.base_fee_scalar, config.blob_base_fee_scalar

    assert scalars("01" + "00" * 23 + "000c5fc500000558") == (1368, 810_949)
    assert scalars("00" * 28 + "00000558") == (1368, 0)
    assert scalars("0001" + "00" * 26 + "00000558") == (2**32 - 1, 0)
