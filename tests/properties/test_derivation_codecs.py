"""Laws of the codecs, and of the way from blocks to the L1 and back."""

from __future__ import annotations

import contextlib
import hashlib
from typing import Literal

from hypothesis import given, settings
from hypothesis import strategies as st

from byline.derivation.batch.columns import Reader, encode_bits, encode_varint
from byline.derivation.batch.singular import SingularBatch
from byline.derivation.batch.span import RawSpanBatch
from byline.derivation.batch.span_transactions import SpanTransaction
from byline.derivation.blob import BLOB_SIZE, decode_blob, encode_blob
from byline.derivation.channel import Channel
from byline.derivation.compression import compress, decompress
from byline.derivation.errors import InvalidData
from byline.derivation.frame import Frame, decode_frames, encode_frames
from byline.derivation.l1_info import L1Info
from byline.derivation.l1_info import decode as decode_info
from byline.derivation.l1_info import encode as encode_info
from byline.derivation.stages.frame_queue import prune
from tests.derivation_kit import (
    INBOX,
    FakeL1,
    FakeL2,
    deposit_log,
    derive,
    items_of,
    l2_transaction,
    new_pipeline,
    rollup_config,
    signed,
    word,
)

CONFIG = rollup_config()
LIMIT = 100_000_000
hashes = st.binary(min_size=32, max_size=32)
u64 = st.integers(0, 2**64 - 1)
u256 = st.integers(0, 2**256 - 1)
frames = st.builds(
    Frame,
    channel_id=st.sampled_from([b"\x01" * 16, b"\x02" * 16]),
    number=st.integers(0, 4),
    data=st.binary(max_size=50),
    is_last=st.booleans(),
)
singular = st.builds(
    SingularBatch, hashes, u64, hashes, u64, st.lists(st.binary(max_size=80)).map(tuple)
)
transactions = st.builds(
    l2_transaction,
    st.sampled_from([0, 1, 2, 4]),
    st.integers(0, 2**64 - 1),
    st.binary(max_size=90),
)
addresses = st.binary(min_size=20, max_size=20)
span_transactions = st.builds(
    SpanTransaction,
    to=st.none() | addresses,
    y_parity=st.booleans(),
    r=u256,
    s=u256,
    data=st.sampled_from([b"\xc0", b"\x02\xc3\x01\x02\x03", b"\x7e\xc1\x80"]),
    nonce=u64,
    gas=u64,
)


@given(st.lists(frames, min_size=1))
def test_frames_come_back_from_a_data_item(items: list[Frame]) -> None:
    assert decode_frames(encode_frames(items)) == tuple(items)


@given(st.lists(frames))
def test_pruned_frames_need_no_more_pruning_and_keep_their_order(items: list[Frame]) -> None:
    kept = prune(items)

    assert prune(kept) == kept
    rest = iter(items)
    assert all(any(frame is other for other in rest) for frame in kept)


@given(singular)
def test_a_singular_batch_comes_back(batch: SingularBatch) -> None:
    assert SingularBatch.decode(batch.encode()[1:]) == batch


@given(
    u64, u64, addresses, addresses,
    st.lists(
        st.tuples(st.booleans(), st.lists(span_transactions, max_size=4).map(tuple)), min_size=1
    ),
)  # fmt: skip
def test_a_span_batch_comes_back(
    time: int,
    origin: int,
    parent_check: bytes,
    origin_check: bytes,
    blocks: list[tuple[bool, tuple[SpanTransaction, ...]]],
) -> None:
    bits, content = zip(*blocks, strict=True)
    # `protected` is sent for legacy transactions only; the strategy leaves it at its default.
    span = RawSpanBatch(time, origin, parent_check, origin_check, bits, content)

    assert RawSpanBatch.decode(span.encode()[1:]) == span


@given(transactions)
def test_a_transaction_comes_back_from_its_columns(raw: bytes) -> None:
    assert SpanTransaction.split(raw).raw(901) == raw


@given(u64)
def test_a_varint_comes_back(value: int) -> None:
    assert Reader(encode_varint(value)).varint("x") == value


@given(st.lists(st.booleans()))
def test_bits_come_back(bits: list[bool]) -> None:
    assert Reader(encode_bits(bits)).bits(len(bits), "x") == tuple(bits)


@settings(max_examples=25)
@given(st.integers(0, 130_044), st.integers(0, 255))
def test_a_blob_comes_back_and_is_made_of_field_elements(length: int, seed: int) -> None:
    data = hashlib.shake_128(bytes([seed])).digest(length)
    blob = encode_blob(data)

    assert len(blob) == BLOB_SIZE
    assert all(head < 64 for head in blob[::32])
    assert decode_blob(blob) == data


@given(st.binary(max_size=3_000), st.sampled_from(["zlib", "brotli"]), st.integers(1, 200))
def test_a_channel_comes_back_from_its_frames(
    data: bytes, kind: Literal["zlib", "brotli"], size: int
) -> None:
    packed = compress(data, kind)
    pieces = [packed[at : at + size] for at in range(0, len(packed), size)]
    channel = Channel(b"\x01" * 16, 1)
    for number, piece in enumerate(pieces):
        channel.add(Frame(channel.id, number, piece, number == len(pieces) - 1))

    assert channel.closed
    assert decompress(channel.data(), LIMIT) == data


@given(
    st.builds(
        L1Info, u64, u64, u256, hashes, u64, addresses, st.integers(0, 2**32 - 1),
        st.integers(0, 2**32 - 1), u256, st.integers(0, 2**32 - 1), u64,
        st.integers(0, 2**16 - 1),
    )
)  # fmt: skip
def test_l1_attributes_come_back(info: L1Info) -> None:
    assert decode_info(encode_info(info, CONFIG, 2, 1)) == info


@settings(max_examples=30)
@given(
    st.lists(st.lists(transactions, max_size=3), min_size=1, max_size=25),
    st.sampled_from(["zlib", "brotli"]),
    st.sampled_from(["singular", "span"]),
    st.integers(60, 2_000),
    st.lists(st.booleans(), min_size=5, max_size=5),
    st.integers(1, 4),
)
def test_what_the_batcher_posts_derives_to_the_attributes_it_was_built_from(
    blocks: list[list[bytes]],
    compression: str,
    batches: str,
    frame_size: int,
    deposits: list[bool],
    parts: int,
) -> None:
    l1, sequencer, verifier = FakeL1(), FakeL2(CONFIG), FakeL2(CONFIG)
    for deposit in deposits:
        l1.mine(logs=[deposit_log(b"x")] if deposit else [])
    built = [sequencer.sequence(l1, content) for content in blocks]
    size = -(-len(built) // parts)
    for first in range(1, len(sequencer.blocks), size):
        part = sequencer.blocks[first : first + size]
        l1.post(*items_of(CONFIG, part, frame_size, compression=compression, batches=batches))

    pipeline = new_pipeline(l1, verifier)
    derived = [item.attributes for item in derive(pipeline, l1, verifier)]

    assert derived[: len(built)] == built
    assert not pipeline.drops


valid = st.builds(
    lambda batch, kind: compress(b"\xb8" + bytes([len(batch)]) + batch, kind),
    st.binary(min_size=56, max_size=200),
    st.sampled_from(["zlib", "brotli"]),
)
hostile = st.one_of(
    st.binary(max_size=200),
    st.lists(frames, min_size=1).map(encode_frames),
    st.one_of(st.binary(max_size=200), valid).map(
        lambda data: encode_frames([Frame(b"\x01" * 16, 0, data, True)])
    ),
    st.one_of(singular.map(SingularBatch.encode), st.binary(max_size=150)).map(
        lambda batch: encode_frames(
            [
                Frame(
                    b"\x01" * 16,
                    0,
                    compress(b"\xb9" + len(batch).to_bytes(2, "big") + batch, "zlib"),
                    True,
                )
            ]
        )
    ),
    st.binary(max_size=150).map(
        lambda body: encode_frames(
            [
                Frame(
                    b"\x01" * 16,
                    0,
                    compress(
                        b"\xb9" + (len(body) + 1).to_bytes(2, "big") + b"\x01" + body, "zlib"
                    ),
                    True,
                )
            ]
        )
    ),
)


@settings(max_examples=150)
@given(st.lists(hostile, max_size=6))
def test_nothing_in_the_inbox_raises_or_stops_the_batches_after_it(items: list[bytes]) -> None:
    l1, sequencer, verifier = FakeL1(), FakeL2(CONFIG), FakeL2(CONFIG)
    l1.mine()
    sequencer.sequence(l1, [l2_transaction()])
    blob_hash = word(1)
    l1.mine(
        [signed(INBOX, item) for item in items]
        + [signed(INBOX, b"", kind=3, blob_hashes=[blob_hash])],
        blobs={blob_hash: (items[0] if items else b"").ljust(BLOB_SIZE, b"\0")},
    )
    l1.post(*items_of(CONFIG, sequencer.blocks[1:]))

    derive(new_pipeline(l1, verifier), l1, verifier)

    assert verifier.blocks == sequencer.blocks


@given(st.binary(max_size=300))
def test_decoders_refuse_foreign_bytes_with_invalid_data_only(data: bytes) -> None:
    for decode in (
        SingularBatch.decode,
        RawSpanBatch.decode,
        decode_frames,
        decode_blob,
        decode_info,
        lambda data: decompress(data, 10_000),
    ):
        with contextlib.suppress(InvalidData):
            decode(data)
