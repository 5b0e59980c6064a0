"""Singular and span batches and channels, against the bytes of other implementations."""

from __future__ import annotations

from dataclasses import replace

import pytest
import rlp

from byline.derivation.batch.columns import Reader, encode_bits, encode_varint
from byline.derivation.batch.singular import SingularBatch
from byline.derivation.batch.span import RawSpanBatch
from byline.derivation.batch.span_transactions import SpanTransaction
from byline.derivation.compression import compress, decompress
from byline.derivation.errors import InvalidData
from byline.derivation.hashing import keccak256
from byline.derivation.rlp_items import encode_list, encode_string, list_items, read_item
from tests.derivation_kit import l2_transaction, rollup_config, unhex, word
from tests.vectors_folder import load

CONFIG = rollup_config()
LIMIT = 100_000_000
TIME = CONFIG.genesis.l2_time + 1_000
BATCH = SingularBatch(word(1), 7, word(2), TIME, (b"\x02a", b"\xc0"))


def test_a_random_span_batch_of_op_node_decodes_and_encodes_to_the_same_bytes() -> None:
    document = load("batches/span_batch_random.json")
    expected = document["decoded"]
    encoded = unhex(document["encoded"])

    span = RawSpanBatch.decode(encoded)

    flat = [tx for block in span.transactions for tx in block]
    assert span.relative_timestamp == expected["rel_timestamp"]
    assert span.l1_origin_number == expected["l1_origin_num"]
    assert span.parent_check.hex() == expected["parent_check"]
    assert span.l1_origin_check.hex() == expected["l1_origin_check"]
    assert [int(bit) for bit in span.origin_bits] == expected["origin_bits"]
    assert [len(block) for block in span.transactions] == expected["block_tx_counts"]
    assert [int(tx.to is None) for tx in flat] == expected["contract_creation_bits"]
    assert [int(tx.y_parity) for tx in flat] == expected["y_parity_bits"]
    assert [[word(tx.r).hex(), word(tx.s).hex()] for tx in flat] == expected["tx_sigs_r_s"]
    assert [tx.to.hex() for tx in flat if tx.to] == expected["tx_tos"]
    assert [tx.data.hex() for tx in flat] == expected["tx_datas"]
    assert [tx.type for tx in flat] == expected["tx_types"]
    assert [tx.nonce for tx in flat] == expected["tx_nonces"]
    assert [tx.gas for tx in flat] == expected["tx_gases"]
    assert [int(tx.protected) for tx in flat if tx.type == 0] == expected["protected_bits"]
    assert span.encode() == b"\x01" + encoded


def test_a_channel_of_op_mainnet_expands_to_the_transactions_on_chain() -> None:
    document = load("batches/channel_zlib_span.json.gz")
    data = decompress(unhex(document["channel"]), LIMIT)
    assert keccak256(data) == unhex(document["decompressed_keccak"])
    _, start, end = read_item(data, 0)
    assert data[start] == document["batch_version"]

    raw = RawSpanBatch.decode(data[start + 1 : end])
    config = replace(CONFIG, l2_chain_id=document["chain_id"])
    span = raw.expand(config)

    assert [int(bit) for bit in raw.origin_bits] == document["span"]["origin_bits"]
    hashes = ["0x" + keccak256(tx).hex() for block in span.transactions for tx in block]
    assert hashes == document["full_tx_hashes"]
    assert span.epochs[-1] == document["span"]["l1_origin_num"]
    assert span.epochs[-1] - span.epochs[0] == sum(raw.origin_bits[1:])
    repacked = RawSpanBatch.of(
        [span.singular(i, word(i), word(i)) for i in range(len(span))], raw.origin_bits[0], config
    )
    assert repacked.transactions == raw.transactions
    assert repacked.origin_bits == raw.origin_bits
    assert raw.encode() == data[start:end]


def test_brotli_channels_decompress_and_hold_the_singular_batch() -> None:
    for vector in load("batches/brotli.json")["vectors"]:
        data = decompress(b"\x01" + unhex(vector["compressed_without_version_byte"]), LIMIT)
        assert data == unhex(vector["decompressed"])
        if "singular" in vector:
            _, start, end = read_item(data, 0)
            batch = SingularBatch.decode(data[start + 1 : end])
            expected = vector["singular"]
            assert batch.parent_hash.hex() == expected["parent_hash"]
            assert batch.epoch_number == expected["epoch_number"]
            assert batch.epoch_hash.hex() == expected["epoch_hash"]
            assert batch.timestamp == expected["timestamp"]
            assert len(batch.transactions) == expected["tx_count"]
            assert batch.encode() == data[start:end]


@pytest.mark.parametrize("kind", ["zlib", "brotli"])
def test_a_stream_that_breaks_off_or_turns_bad_yields_what_came_before(kind: str) -> None:
    data = b"".join(keccak256(bytes([n])) for n in range(200)) * 3
    packed = compress(data, kind)  # type: ignore[arg-type]

    assert decompress(packed, LIMIT) == data
    assert decompress(packed + b"trailing", LIMIT) == data
    cut = decompress(packed[:-40], LIMIT)
    assert 0 < len(cut) < len(data)
    assert data.startswith(cut)
    assert decompress(packed, 1_000) == data[:1_000]


def test_a_wrong_zlib_checksum_does_not_matter() -> None:
    packed = compress(b"abc" * 100, "zlib")

    assert decompress(packed[:-4] + bytes(4), LIMIT) == b"abc" * 100


def test_the_data_before_a_corrupted_block_stand() -> None:
    data = b"".join(keccak256(bytes([n])) for n in range(200))
    packed = bytearray(compress(data, "zlib"))
    packed[3_000:3_050] = b"\xff" * 50

    got = decompress(bytes(packed), LIMIT)

    assert len(got) > 2_000
    assert got[:2_000] == data[:2_000]


@pytest.mark.parametrize("kind", ["zlib", "brotli"])
def test_a_bomb_stops_at_the_limit(kind: str) -> None:
    packed = compress(bytes(50_000_000), kind)  # type: ignore[arg-type]

    assert len(packed) < 60_000
    assert decompress(packed, 123_456) == bytes(123_456)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "empty"),
        (b"\x02abc", "neither zlib nor brotli"),
        (b"\x78", "cut short"),
        (b"\x78\x00", "malformed zlib header"),
        (b"\x0f\x00", "malformed zlib header"),
        (b"\x98\x08", "malformed zlib header"),
        (b"\x78\x20", "dictionary"),
    ],
)
def test_a_channel_of_no_known_kind_is_refused(data: bytes, words: str) -> None:
    with pytest.raises(InvalidData, match=words):
        decompress(data, LIMIT)


@pytest.mark.parametrize(
    ("items", "words"),
    [
        (b"", "RLP list"),
        ([word(1), 7, word(2), 1], "5 fields"),
        ([b"x", 7, word(2), 1, []], "parent hash"),
        ([word(1), 7, b"x", 1, []], "epoch hash"),
        ([word(1), b"\0\1", word(2), 1, []], "epoch number"),
        ([word(1), 7, word(2), 2**64, []], "timestamp"),
        ([word(1), 7, word(2), [], []], "timestamp"),
        ([word(1), 7, word(2), 1, b""], "not a list"),
        ([word(1), 7, word(2), 1, [[b"x"]]], "not a byte string"),
    ],
)
def test_a_malformed_singular_batch_names_the_field(items: object, words: str) -> None:
    with pytest.raises(InvalidData, match=words):
        SingularBatch.decode(rlp.encode(items))


def test_a_singular_batch_cut_short_is_refused_wherever_the_cut_is() -> None:
    content = replace(BATCH, transactions=(l2_transaction(),)).encode()[1:]
    for end in range(len(content)):
        with pytest.raises(InvalidData, match="singular batch: RLP item at byte 0"):
            SingularBatch.decode(content[:end])


def test_bytes_after_a_batch_are_tolerated() -> None:
    assert SingularBatch.decode(BATCH.encode()[1:] + b"more") == BATCH
    span = RawSpanBatch.of([replace(BATCH, transactions=(l2_transaction(),))], True, CONFIG)
    assert RawSpanBatch.decode(span.encode()[1:] + b"more") == span


def test_varints_have_at_most_64_bits() -> None:
    for value in (0, 127, 128, 300, 2**64 - 1):
        assert Reader(encode_varint(value)).varint("x") == value
    for data in (b"", b"\x80", b"\xff" * 9 + b"\x02", b"\x80" * 10 + b"\x00"):
        with pytest.raises(InvalidData, match="malformed varint"):
            Reader(data).varint("x")


def test_bit_0_is_the_lowest_of_the_last_byte() -> None:
    bits = [True, False, False, False, False, False, False, False, False, True]

    assert encode_bits(bits) == b"\x02\x01"
    assert Reader(b"\x02\x01").bits(10, "x") == tuple(bits)
    with pytest.raises(InvalidData, match="beyond the first 9"):
        Reader(b"\x02\x01").bits(9, "x")


SPAN = RawSpanBatch.of([replace(BATCH, transactions=(l2_transaction(),))], True, CONFIG)


def test_a_span_without_blocks_or_with_too_many_is_refused() -> None:
    head = encode_varint(0) * 2 + bytes(40)
    for count in (0, 10_000_001, 2**64 - 1):
        with pytest.raises(InvalidData, match=f"{count} blocks"):
            RawSpanBatch.decode(head + encode_varint(count) + bytes(100))
    with pytest.raises(InvalidData, match="transactions in its blocks"):
        RawSpanBatch.decode(head + b"\x01\x00" + encode_varint(2**64 - 1) + bytes(100))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"data": b"\x03" + SPAN.transactions[0][0].data[1:]}, "type 0x03"),
        ({"data": b"\x7e" + SPAN.transactions[0][0].data[1:]}, "type 0x7e"),
        ({"data": b"\x02\xc0"}, "0 fields of type 2"),
        ({"data": b"\x02" + rlp.encode([b"\0", 1, 1, b"", []])}, "minimal integer"),
        ({"data": b"\x02" + rlp.encode([1, 1, 1, [], []])}, "field 3"),
        ({"data": b"\x02" + rlp.encode([1, 1, 1, b"", [b"x"]])}, "access list"),
        ({"data": b"\x04" + rlp.encode([1, 1, 1, b"", [], []]), "to": None}, "cannot create"),
    ],
)
def test_what_is_no_transaction_spoils_the_expansion_not_the_decoding(
    change: dict[str, object], words: str
) -> None:
    broken = replace(SPAN.transactions[0][0], **change)  # type: ignore[arg-type]
    span = replace(SPAN, transactions=((broken,),))

    assert RawSpanBatch.decode(span.encode()[1:]) == span
    with pytest.raises(InvalidData, match=words):
        span.expand(CONFIG)


@pytest.mark.parametrize("kind", [0, 1, 2, 4])
def test_a_transaction_splits_and_comes_back(kind: int) -> None:
    raw = l2_transaction(kind, nonce=300, data=b"data" * 20)

    assert SpanTransaction.split(raw).raw(901) == raw


def test_unprotected_legacy_transactions_and_creations_come_back() -> None:
    for v in (27, 28):
        raw = rlp.encode([1, 2, 3, b"", 4, b"code", v, 5, 6])
        assert SpanTransaction.split(raw).raw(901) == raw


def test_deposits_and_blob_transactions_cannot_be_split() -> None:
    blob = b"\x03" + rlp.encode([1, 0, 1, 1, 1, word(1)[:20], 0, b"", [], 1, [word(1)], 0, 1, 1])
    with pytest.raises(InvalidData, match="type 0x03 cannot be in a span batch"):
        SpanTransaction.split(blob)


def test_a_span_needs_even_times_and_single_epoch_steps() -> None:
    empty = replace(BATCH, transactions=())
    for change in ({"timestamp": TIME + 4}, {"timestamp": TIME + 2, "epoch_number": 9}):
        with pytest.raises(ValueError, match="cannot follow"):
            RawSpanBatch.of([empty, replace(empty, **change)], False, CONFIG)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="before genesis"):
        RawSpanBatch.of([replace(empty, timestamp=5)], False, CONFIG)


def test_rlp_items_are_read_without_decoding_them() -> None:
    items = [rlp.encode(item) for item in (b"", b"\x05", b"x" * 60, [b"a", [b"b"]], 300)]

    encoded = encode_list(items)

    assert encoded == rlp.encode([rlp.decode(item) for item in items])
    assert list_items(encoded) == items
    assert encode_string(b"x" * 300) == rlp.encode(b"x" * 300)
    for bad in (b"", b"\x81\x05", b"\xb8\x01x", b"\xb9", b"\x83ab", b"\xc1\x82", b"\xc0x", b"x"):
        with pytest.raises(InvalidData):
            list_items(bad)
