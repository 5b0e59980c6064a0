"""Decoders of what comes from the L1, and of what the chains are made of."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from typing import Any

from byline.derivation.batch.singular import SingularBatch
from byline.derivation.batch.span import RawSpanBatch
from byline.derivation.blob import decode_blob, encode_blob
from byline.derivation.channel import Channel
from byline.derivation.channel_out import singular_batch_of
from byline.derivation.compression import compress, decompress
from byline.derivation.config import ConfigProblem, RollupConfig
from byline.derivation.deposits import user_deposits
from byline.derivation.errors import Critical, InvalidData
from byline.derivation.frame import Frame, data_item, decode_frames, encode_frames
from byline.derivation.hashing import EMPTY_TRIE_ROOT, keccak256
from byline.derivation.header import Header
from byline.derivation.kernels.trie import CorruptNode, MissingNode, Trie
from byline.derivation.l1_info import decode as decode_l1_info
from byline.derivation.l1_info import encode as encode_l1_info
from byline.derivation.pipeline import Pipeline
from byline.derivation.receipt import Log, Receipt
from byline.derivation.rlp_items import encode_list, encode_string, list_items
from byline.derivation.system_config import apply_update
from byline.derivation.transaction import (
    DepositTransaction,
    Transaction,
    decode_transaction,
)
from byline.derivation.trie import trie_root_and_nodes
from byline.derivation.types import AttributesWithParent, Need
from byline.derivation.upgrades import read_bundle
from tests.derivation_kit import (
    INBOX,
    L1_SYSTEM_CONFIG,
    PORTAL,
    FakeL1,
    FakeL2,
    deposit_log,
    items_of,
    l1_genesis,
    l2_genesis,
    l2_transaction,
    new_pipeline,
    receipt,
    rollup_config,
    signed,
    update_log,
    word,
)
from tests.fuzz.target import Target
from tests.vectors_folder import REPOSITORY

CONFIG = rollup_config()
DECOMPRESSED = 1_000_000
"""Bytes of a channel that the compression target reads."""
BLOB_ROOM = 140_000


def small_chain() -> tuple[FakeL1, FakeL2]:
    """Return an L1 and an L2 of a few blocks with every type of transaction."""
    l1, sequencer = FakeL1(), FakeL2(CONFIG)
    l1.mine(logs=[deposit_log(b"x")])
    for number in range(6):
        sequencer.sequence(l1, [l2_transaction(kind, number) for kind in (0, 1, 2, 4)])
    return l1, sequencer


L1, SEQUENCER = small_chain()
BATCHES = [singular_batch_of(block) for block in SEQUENCER.blocks[1:]]
SPAN = RawSpanBatch.of(BATCHES, False, CONFIG)
CHANNEL = b"".join(map(encode_string, (BATCHES[0].encode(), BATCHES[1].encode(), SPAN.encode())))


def _frames(data: bytes) -> None:
    assert encode_frames(decode_frames(data)) == data


def _channel(data: bytes) -> None:
    frames = decode_frames(data)
    channel = Channel(frames[0].channel_id, 1)
    for frame in frames:
        channel.add(frame)
    assert channel.data() == b"".join(frame.data for frame in frames)


def _compression(data: bytes) -> None:
    plain = decompress(data, DECOMPRESSED)
    assert len(plain) <= DECOMPRESSED
    # The limit decides where to stop, and nothing else.
    assert decompress(data, 50) == plain[:50]


def _singular(data: bytes) -> None:
    batch = SingularBatch.decode(data)
    assert SingularBatch.decode(batch.encode()[1:]) == batch


def _span(data: bytes) -> None:
    raw = RawSpanBatch.decode(data)
    assert RawSpanBatch.decode(raw.encode()[1:]) == raw
    span = raw.expand(CONFIG)
    assert len(span) == len(raw.origin_bits)


def _blob(data: bytes) -> None:
    content = decode_blob(data)
    assert decode_blob(encode_blob(content)) == content


def _deposit(data: bytes) -> None:
    log = replace(deposit_log(), data=data)
    (found,) = user_deposits([receipt(log)], bytes(32), PORTAL)
    assert decode_transaction(found.raw) == found


def _update(data: bytes) -> None:
    kind, content = data[:1], data[1:]
    log = Log(
        L1_SYSTEM_CONFIG, (update_log(0, b"").topics[0], word(0), kind.rjust(32, b"\0")), content
    )
    found = apply_update(CONFIG.genesis.system_config, log)
    assert apply_update(found, log) == found


def _l1_info(data: bytes) -> None:
    info = decode_l1_info(data)
    if len(data) == 178:
        assert (
            encode_l1_info(info, CONFIG, CONFIG.genesis.l2_time + 4, CONFIG.genesis.l2_time + 2)
            == data
        )


def _transaction(data: bytes) -> None:
    found = decode_transaction(data)
    if isinstance(found, DepositTransaction):
        assert decode_transaction(found.raw) == found
        return
    assert isinstance(found, Transaction)
    assert found.raw == data
    assert len(found.sender) == 20


def _receipt(data: bytes) -> None:
    found = Receipt.decode(data)
    assert found.encode() == data


def _header(data: bytes) -> None:
    assert Header.decode(data).encode() == data


def _rlp(data: bytes) -> None:
    assert encode_list(list_items(data)) == data


def _trie_node(data: bytes) -> None:
    """See that a root which is taken is written as it was read, and bears changes."""
    root = keccak256(data)
    nodes = {root: data}
    trie = Trie(nodes.get, root)
    assert trie.proof(b"") == ([] if root == EMPTY_TRIE_ROOT else [data])
    handle = trie.freeze()
    for key in (b"", b"\x01", keccak256(b"0")):
        for value in (b"value", b""):
            before = trie.root_hash()
            try:
                trie.set(key, value)
                assert trie.get(key) == (value or None)
            except MissingNode:
                assert trie.root_hash() == before
    assert Trie.at(nodes.get, handle).root_hash() == root
    with suppress(MissingNode):
        found = list(Trie.at(nodes.get, handle).items())
        assert found == sorted(found)
        assert trie_root_and_nodes(dict(found))[0] == root


def _trie_nodes() -> list[bytes]:
    items = {keccak256(bytes([at]))[: 32 if at % 2 else 1]: bytes(at + 1) for at in range(60)}
    return list(trie_root_and_nodes(items)[1].values())


def _inbox(data: bytes) -> None:
    """See that nothing in the inbox stops derivation, or all of the batches after it."""
    verifier = FakeL2(CONFIG)
    l1 = FakeL1(list(L1.blocks))
    l1.mine([signed(INBOX, data)])
    l1.post(*items_of(CONFIG, SEQUENCER.blocks[1:], counter=7))
    pipeline = new_pipeline(l1, verifier)
    while True:
        found = pipeline.step(verifier.head, verifier.system_config)
        if not isinstance(found, Need):
            _build(pipeline, verifier, found)
            continue
        assert pipeline.origin is not None
        if pipeline.origin.number == l1.head.header.number:
            break
        pipeline.provide(l1.blocks[pipeline.origin.number + 1])
    # Changed input may hold another first block, valid too; then ours do not build on it.
    assert len(verifier.blocks) >= 2
    same = verifier.blocks[1].hash == SEQUENCER.blocks[1].hash
    assert not same or len(verifier.blocks) >= 3


def _build(pipeline: Pipeline, verifier: FakeL2, found: AttributesWithParent) -> None:
    """Build as an engine does, which replaces a block with undecodable transactions."""
    try:
        for raw in found.attributes.transactions:
            decode_transaction(raw)
    except InvalidData:
        found = pipeline.deposits_only(found)
    verifier.build(found.attributes)


def _batches(data: bytes) -> None:
    """The same for what stands inside a channel, so that changes reach the batches."""
    _inbox(data_item([Frame(b"\x05" * 16, 0, compress(data, "zlib"), True).encode()]))


def _rollup_json(data: bytes) -> None:
    document = _json(data)
    found = RollupConfig.from_json(document)
    assert RollupConfig.from_json(found.to_json()) == found


def _bundle(data: bytes) -> None:
    read_bundle(_json(data))


class NotJson(ValueError):
    """The input is no JSON, which is for the caller of the decoder to see."""


def _json(data: bytes) -> Any:
    try:
        return json.loads(data)
    except (ValueError, RecursionError) as exc:
        raise NotJson from exc


def _receipts() -> Iterator[bytes]:
    deposit = Receipt(0x7E, True, 5, (deposit_log(),), deposit_nonce=3, deposit_version=1)
    for item in (receipt(deposit_log()), receipt(), deposit, replace(receipt(), type=0)):
        yield item.encode()


def _vectors(name: str, read: Callable[[dict[str, object]], list[bytes]]) -> tuple[bytes, ...]:
    """Return seeds from the known answers, where they are at hand."""
    file = REPOSITORY.parent / "shared" / "vectors" / name
    return tuple(read(json.loads(file.read_bytes()))) if file.is_file() else ()


def _span_vector(document: dict[str, object]) -> list[bytes]:
    return [bytes.fromhex(str(document["encoded"]).removeprefix("0x"))]


PLAIN_ITEM = items_of(CONFIG, SEQUENCER.blocks[1:])[0]
TRANSACTION = {"from": "0x" + "11" * 20, "to": "0x" + "22" * 20, "gasLimit": 9, "data": "0x"}
BUNDLE = {"transactions": [{"intent": "a", **TRANSACTION}]}


def targets() -> list[Target]:
    """Return the decoders of `derivation`."""
    transactions = tuple(l2_transaction(kind, 1) for kind in (0, 1, 2))
    real = tuple(signed(INBOX, b"data", kind=kind).raw for kind in (0, 1, 2, 4))
    deposits = tuple(
        tx.raw for tx in SEQUENCER.blocks[1].transactions if isinstance(tx, DepositTransaction)
    )
    info = tuple(
        tx.data for tx in SEQUENCER.blocks[1].transactions if isinstance(tx, DepositTransaction)
    )[:1]
    frames = tuple(items_of(CONFIG, SEQUENCER.blocks[1:], 100 + 60 * size)[0] for size in range(3))
    several = encode_frames(
        [Frame(b"\x01" * 16, number, b"abc", number == 3) for number in range(4)]
    )
    packed = tuple(compress(CHANNEL, kind) for kind in ("zlib", "brotli"))
    updates = tuple(
        bytes([kind]) + update_log(kind, content).data
        for kind, content in (
            (0, word(7)), (1, word(0) + CONFIG.genesis.system_config.scalar), (2, word(9)),
            (3, word(1)), (4, word(250 << 32 | 6)), (5, word(1)), (6, word(9)), (7, word(400)),
        )
    )  # fmt: skip
    bad = (InvalidData,)
    documents = (ConfigProblem, NotJson)
    return [
        Target("frames", (*frames, several), _frames, bad),
        Target("channel", (several,), _channel, bad),
        Target("compression", packed, _compression, bad),
        Target("singular batch", tuple(item.encode()[1:] for item in BATCHES), _singular, bad),
        Target(
            "span batch",
            (SPAN.encode()[1:], *_vectors("batches/span_batch_random.json", _span_vector)),
            _span, bad,
        ),
        Target("blob", (encode_blob(b"x" * 500), encode_blob(PLAIN_ITEM)), _blob, bad, BLOB_ROOM),
        Target("deposit log", (deposit_log().data,), _deposit, (Critical,)),
        Target("config update", updates, _update, bad),
        Target("L1 attributes", info, _l1_info, bad),
        Target("transaction", (*real, *deposits), _transaction, bad),
        Target("receipt", tuple(_receipts()), _receipt, bad),
        Target("header", (l1_genesis().header.encode(), l2_genesis().encode()), _header, bad),
        Target("RLP items", (l2_genesis().encode(), transactions[0], b"\xc0"), _rlp, bad),
        Target("trie node", tuple(_trie_nodes()), _trie_node, (CorruptNode,)),
        Target("inbox", (PLAIN_ITEM, *frames), _inbox, ()),
        Target("batches in a channel", (CHANNEL,), _batches, ()),
        Target("rollup.json", (json.dumps(CONFIG.to_json()).encode(),), _rollup_json, documents),
        Target("upgrade bundle", (json.dumps(BUNDLE).encode(),), _bundle, documents),
    ]  # fmt: skip
