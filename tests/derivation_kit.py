"""Two small chains without an EVM, for tests of derivation.

`FakeL1` mines blocks that hold what a test puts there; `FakeL2` turns payload attributes
into blocks whose headers commit to them.  So sequencer, batcher and verifier of the tests
differ from the real ones in execution only.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import rlp
from eth_keys.datatypes import PrivateKey

from byline.derivation.attributes import build_attributes
from byline.derivation.block import Block
from byline.derivation.channel_out import ChannelOut
from byline.derivation.config import Fork, Genesis, RollupConfig, SystemConfig, ecotone_scalar
from byline.derivation.dev_deposits import write_deposit
from byline.derivation.dev_events import CLOCK_SET, DEV_DEPOSITED
from byline.derivation.dev_schedule import DevSchedule
from byline.derivation.frame import data_item
from byline.derivation.hashing import keccak256
from byline.derivation.header import Header
from byline.derivation.l1_info import l2_block_ref, system_config_of
from byline.derivation.pipeline import Pipeline
from byline.derivation.receipt import Log, Receipt
from byline.derivation.transaction import (
    AnyTransaction,
    DepositTransaction,
    Transaction,
    decode_transaction,
)
from byline.derivation.types import (
    AttributesWithParent,
    BlockId,
    L1Block,
    L2BlockRef,
    Need,
    PayloadAttributes,
)

BATCHER_KEY = PrivateKey(b"\x01" * 32)
OTHER_KEY = PrivateKey(b"\x02" * 32)
BATCHER = BATCHER_KEY.public_key.to_canonical_address()
INBOX = b"\xff" * 20
PORTAL = b"\x70" * 20
L1_SYSTEM_CONFIG = b"\x71" * 20
DEV_CONTROL = b"\x72" * 20
GENESIS_TIME = 1_700_000_000
L1_BLOCK_TIME = 12
ALL_FORKS = dict.fromkeys(Fork, 0)


def unhex(text: str) -> bytes:
    return bytes.fromhex(text.removeprefix("0x"))


def word(value: int) -> bytes:
    return value.to_bytes(32, "big")


def signed(
    to: bytes | None,
    data: bytes,
    key: PrivateKey = BATCHER_KEY,
    kind: int = 2,
    blob_hashes: Sequence[bytes] = (),
    nonce: int = 0,
) -> Transaction:
    """Return an L1 transaction that `key` signed."""
    target = to or b""
    fields: list[Any]
    if kind == 0:
        fields = [nonce, 1, 100_000, target, 0, data]
        unsigned = rlp.encode([*fields, 900, 0, 0])
    else:
        fields = {
            1: [900, nonce, 1, 100_000, target, 0, data, []],
            2: [900, nonce, 1, 1, 100_000, target, 0, data, []],
            3: [900, nonce, 1, 1, 100_000, target, 0, data, [], 1, list(blob_hashes)],
            4: [900, nonce, 1, 1, 100_000, target, 0, data, [], []],
        }[kind]
        unsigned = bytes([kind]) + rlp.encode(fields)
    signature = key.sign_msg_hash(keccak256(unsigned))
    v = signature.v if kind else signature.v + 2 * 900 + 35
    raw = rlp.encode([*fields, v, signature.r, signature.s])
    transaction = decode_transaction(raw if kind == 0 else bytes([kind]) + raw)
    assert isinstance(transaction, Transaction)
    return transaction


def l2_transaction(kind: int = 2, nonce: int = 0, data: bytes = b"") -> bytes:
    """Return an L2 transaction of `kind`; nobody recovers its signature here."""
    r, s = 2**255 + nonce, 5
    to = b"\x33" * 20
    fields: list[Any] = {
        0: [nonce, 7, 21_000, to, 1, data, 2 * 901 + 35, r, s],
        1: [901, nonce, 7, 21_000, to, 1, data, [[to, [word(1)]]], 1, r, s],
        2: [901, nonce, 1, 7, 21_000, to, 1, data, [], 0, r, s],
        4: [901, nonce, 1, 7, 21_000, to, 1, data, [], [[901, to, 0, 1, 2, 3]], 0, r, s],
    }[kind]
    encoded: bytes = rlp.encode(fields)
    return encoded if kind == 0 else bytes([kind]) + encoded


def deposit_log(data: bytes = b"", portal: bytes = PORTAL, creates: bool = False) -> Log:
    """Return the portal's log of a deposit of 5 wei, 3 of them sent along."""
    opaque = word(5) + word(3) + (100_000).to_bytes(8, "big") + bytes([creates]) + data
    padded = opaque.ljust(-(-len(opaque) // 32) * 32, b"\0")
    topics = (
        unhex("b3813568d9991fc951961fcb4c784893574240a28925604d09fc577c55bb7c32"),
        b"\xaa".rjust(32, b"\0"),
        b"\xbb".rjust(32, b"\0"),
        word(0),
    )
    return Log(portal, topics, word(32) + word(len(opaque)) + padded)


def update_log(kind: int, content: bytes) -> Log:
    """Return the SystemConfig's log of an update."""
    topic = unhex("1d2b0bda21d56b8bd12d4f94ebacffdfb35f5e226f84b461103bb8beab6353be")
    data = word(32) + word(len(content)) + content
    return Log(L1_SYSTEM_CONFIG, (topic, word(0), word(kind)), data)


def clock_log(l2_number: int, timestamp: int) -> Log:
    """Return the DevControl's log of a clock jump."""
    return Log(DEV_CONTROL, (CLOCK_SET, word(l2_number)), word(timestamp))


def dev_deposit_log(l2_number: int, salt: bytes, deposit: DepositTransaction) -> Log:
    """Return the DevControl's log of a forced deposit."""
    raw = write_deposit(deposit)
    data = word(32) + word(len(raw)) + raw + bytes(-len(raw) % 32)
    return Log(DEV_CONTROL, (DEV_DEPOSITED, word(l2_number), salt), data)


def receipt(*logs: Log, succeeded: bool = True) -> Receipt:
    return Receipt(type=2, succeeded=succeeded, cumulative_gas_used=21_000, logs=logs)


def l1_genesis() -> L1Block:
    header = Header(
        number=0, timestamp=GENESIS_TIME, gas_limit=30_000_000, base_fee=10**9,
        mix_hash=keccak256(b"randao"), excess_blob_gas=0, blob_gas_used=0,
        withdrawals_root=bytes(32), parent_beacon_root=keccak256(b"beacon"),
    )  # fmt: skip
    return L1Block(header, (), ())


def l2_genesis() -> Header:
    return Header(
        timestamp=GENESIS_TIME, gas_limit=60_000_000, base_fee=10**9,
        extra_data=unhex("01000000fa000000060000000000000000"),
    )  # fmt: skip


def rollup_config(
    forks: Mapping[Fork, int] = ALL_FORKS,
    seq_window_size: int = 10,
    dev_control: bytes | None = None,
) -> RollupConfig:
    return RollupConfig(
        genesis=Genesis(
            l1=BlockId(0, l1_genesis().header.hash),
            l2=BlockId(0, l2_genesis().hash),
            l2_time=GENESIS_TIME,
            system_config=SystemConfig(
                batcher=BATCHER, scalar=ecotone_scalar(1368, 810_949), gas_limit=60_000_000
            ),
        ),
        l1_chain_id=900,
        l2_chain_id=901,
        batch_inbox=INBOX,
        deposit_contract=PORTAL,
        l1_system_config=L1_SYSTEM_CONFIG,
        seq_window_size=seq_window_size,
        forks=forks,
        dev_control=dev_control,
    )


@dataclass
class FakeL1:
    """A chain of L1 blocks, 12 seconds apart unless told."""

    blocks: list[L1Block] = field(default_factory=lambda: [l1_genesis()])

    @property
    def head(self) -> L1Block:
        return self.blocks[-1]

    def mine(
        self,
        transactions: Iterable[AnyTransaction] = (),
        logs: Iterable[Log] = (),
        timestamp: int | None = None,
        blobs: Mapping[bytes, bytes] | None = None,
        extra: bytes = b"",
    ) -> L1Block:
        parent = self.head.header
        header = parent.with_(
            parent_hash=parent.hash,
            number=parent.number + 1,
            timestamp=parent.timestamp + L1_BLOCK_TIME if timestamp is None else timestamp,
            mix_hash=keccak256(parent.mix_hash),
            extra_data=extra,
        )
        block = L1Block(header, tuple(transactions), (receipt(*logs),), blobs or {})
        self.blocks.append(block)
        return block

    def post(self, *items: bytes) -> L1Block:
        """Mine a block in which the batcher sends `items` to the inbox, one a transaction."""
        return self.mine(signed(INBOX, item) for item in items)


@dataclass
class FakeL2:
    """A chain of L2 blocks that follow from attributes."""

    config: RollupConfig
    blocks: list[Block] = field(default_factory=lambda: [Block(l2_genesis(), ())])

    def ref(self, number: int) -> L2BlockRef | None:
        if not 0 <= number < len(self.blocks):
            return None
        return l2_block_ref(self.blocks[number], self.config)

    @property
    def head(self) -> L2BlockRef:
        return l2_block_ref(self.blocks[-1], self.config)

    @property
    def system_config(self) -> SystemConfig:
        return system_config_of(self.blocks[-1], self.config)

    def build(self, attributes: PayloadAttributes) -> Block:
        params = attributes.eip1559_params
        if not any(params):
            params = unhex("000000fa00000006")
        extra = b"\0" + params
        if attributes.min_base_fee is not None:
            extra = b"\1" + params + attributes.min_base_fee.to_bytes(8, "big")
        parent = self.blocks[-1].header
        header = Header(
            parent_hash=parent.hash,
            number=parent.number + 1,
            timestamp=attributes.timestamp,
            gas_limit=attributes.gas_limit,
            mix_hash=attributes.prev_randao,
            extra_data=extra,
            transactions_root=keccak256(b"".join(attributes.transactions)),
            base_fee=1,
        )
        block = Block(header, tuple(decode_transaction(raw) for raw in attributes.transactions))
        self.blocks.append(block)
        return block

    def sequence(
        self, l1: FakeL1, transactions: Sequence[bytes] = (), clock: DevSchedule | None = None
    ) -> PayloadAttributes:
        """Build the next block as a sequencer does, on the latest origin that is old enough."""
        parent = self.head
        timestamp = (clock or DevSchedule(self.config)).next_timestamp(parent)
        origin = l1.blocks[parent.l1_origin.number]
        following = l1.blocks[parent.l1_origin.number + 1 :][:1]
        if following and following[0].header.timestamp <= timestamp:
            origin = following[0]
        deposits = () if clock is None else clock.deposits(parent)
        attributes = build_attributes(
            self.config, parent, self.system_config, origin, timestamp, transactions, True,
            dev_deposits=deposits,
        )  # fmt: skip
        self.build(attributes)
        return attributes


def items_of(
    config: RollupConfig, blocks: Sequence[Block], frame_size: int = 100_000, **options: Any
) -> list[bytes]:
    """Return the data items, of one frame each, that carry `blocks` in one channel."""
    channel = ChannelOut(config, **options)
    for block in blocks:
        channel.add(block)
    channel.close()
    return [data_item([frame]) for frame in channel.frames(frame_size)]


def new_pipeline(l1: FakeL1, verifier: FakeL2) -> Pipeline:
    """Return a pipeline at genesis."""
    pipeline = Pipeline(verifier.config, verifier.ref)
    pipeline.reset(l1.blocks[0], verifier.config.genesis.system_config)
    return pipeline


def derive(pipeline: Pipeline, l1: FakeL1, verifier: FakeL2) -> list[AttributesWithParent]:
    """Provide all of `l1` that was not yet, build every block, and return the attributes."""
    derived = []
    while True:
        result = pipeline.step(verifier.head, verifier.system_config)
        if result is not Need.L1_BLOCK:
            assert isinstance(result, AttributesWithParent)
            derived.append(result)
            verifier.build(result.attributes)
            continue
        assert pipeline.origin is not None
        if pipeline.origin.number == l1.head.header.number:
            return derived
        pipeline.provide(l1.blocks[pipeline.origin.number + 1])


def numbers(start: int = 0) -> Iterable[int]:
    return itertools.count(start)


def without_forks(config: RollupConfig, *forks: Fork) -> RollupConfig:
    """Return `config` with `forks` never active."""
    kept = {fork: time for fork, time in config.forks.items() if fork not in forks}
    return replace(config, forks=kept)
