"""Rollups made to measure, bytes for the inbox by hand, and the verdict of a fresh verifier.

The L1 makes a block only when told, 12 seconds after the last; the L2 only when told, two
seconds after its last.  Nothing jumps.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from byline.derivation.batch.singular import SingularBatch
from byline.derivation.batch.span import RawSpanBatch
from byline.derivation.block import Block
from byline.derivation.channel_out import singular_batch_of
from byline.derivation.compression import compress
from byline.derivation.config import Fork, RollupConfig
from byline.derivation.deposits import user_deposits
from byline.derivation.frame import Frame, data_item
from byline.derivation.hashing import keccak256
from byline.derivation.l1_info import L1Info, l1_info_of, l2_block_ref
from byline.derivation.rlp_items import encode_string
from byline.derivation.transaction import DepositTransaction, Transaction
from byline.derivation.types import L1Block, L2BlockRef
from byline.node.accounts import OWNER_INDEX, DevAccount, dev_account, dev_accounts
from byline.node.assembly import L2_PREFIX, ROLLUP_CONFIG
from byline.node.config import NodeConfig
from byline.node.contracts.calls import Interface
from byline.node.l2.channel_policy import ChannelPolicy
from byline.node.l2.driver import Derived
from byline.node.rollups.local import LocalRollup
from byline.node.signing import sign_dynamic_fee
from byline.node.storage.kv import MemoryKV, Prefixed
from byline.node.storage.store import ChainStore
from byline.node.verifier import Progress, Verifier
from tests.integration.rollups import ALICE, BOB, GENESIS_TIME, LocalSource, World, world

OWNER = dev_account(OWNER_INDEX)
STRANGER = dev_accounts()[7]
L1_BLOCK_TIME = 12
SYSTEM_CONFIG = Interface.of("SystemConfig")
PORTAL = Interface.of("OptimismPortal")

__all__ = ["ALICE", "BOB", "GENESIS_TIME", "World"]


# -- rollups --------------------------------------------------------------------------


class Never(ChannelPolicy):
    """A batcher that posts only when told."""

    def due(self, *_: object) -> bool:
        return False


def by_hand(fork: str = "karst", **settings: Any) -> World:
    """Return a rollup that makes blocks only when told."""
    return quiet(world(NodeConfig(block_time=2, strict=True, fork=fork, **settings)))


def quiet(here: World) -> World:
    """Let the batcher of `here` post only when told, and return `here`."""
    here.rollup.batcher.policy = Never()
    return here


def changed(change: Callable[[RollupConfig], RollupConfig], **settings: Any) -> World:
    """Return such a rollup whose config is another than the built-in one.

    Only what leaves the genesis blocks as they are can be changed.
    """
    kv = MemoryKV()
    here = world(NodeConfig(block_time=2, strict=True, **settings), kv)
    config = change(here.rollup.engine.config)
    document = json.dumps(config.to_json()).encode()
    ChainStore(Prefixed(kv, L2_PREFIX)).write_meta({ROLLUP_CONFIG: document})
    again = world(NodeConfig(block_time=2, strict=True, **settings), kv)
    assert again.rollup.engine.config == config
    return quiet(again)


def with_window(size: int) -> World:
    """Return a rollup with a sequencing window of `size` L1 blocks."""
    return changed(lambda config: replace(config, seq_window_size=size))


def config_of(here: World) -> RollupConfig:
    return here.rollup.engine.config


# -- blocks ---------------------------------------------------------------------------


def l1_block(here: World, *transactions: Transaction, seconds: int = L1_BLOCK_TIME) -> L1Block:
    """Make an L1 block with `transactions`, in that order of senders' nonces."""
    for tx in transactions:
        here.rollup.submit("l1", tx.raw)
    block = here.rollup.mine_l1(here.rollup.l1.head.timestamp + seconds)
    mined = {tx.hash for tx in block.transactions}
    assert mined >= {tx.hash for tx in transactions}, "an L1 transaction was left out"
    return block


def l2_block(here: World, *transactions: Transaction) -> Block:
    """Make an L2 block with `transactions`."""
    for tx in transactions:
        here.rollup.submit("l2", tx.raw)
    ref = here.rollup.mine_l2()
    return here.rollup.engine.block(ref.hash)


def sequenced(here: World, *transactions: Transaction) -> Block:
    """Make an L2 block with `transactions`; none of them may be left out."""
    block = l2_block(here, *transactions)
    assert [tx.hash for tx in transactions] == [tx.hash for tx in users(block)]
    return block


def epoch(here: World) -> Block:
    """Make L2 blocks until the head has the L1's head as its origin; return that one."""
    here.rollup.adopt(here.rollup.l1.head.number)
    return here.rollup.engine.block(here.rollup.engine.heads.unsafe.hash)


def users(block: Block) -> list[Transaction]:
    """Return the transactions that are no deposits."""
    return [tx for tx in block.transactions if isinstance(tx, Transaction)]


def block_at(here: World, number: int) -> Block:
    block = here.rollup.engine.chain.canonical_block(number)
    assert block is not None, f"no L2 block {number}"
    return block


def info_at(here: World, number: int) -> L1Info:
    return l1_info_of(block_at(here, number))


def safe(here: World) -> int:
    return here.rollup.engine.heads.safe.number


# -- L1 transactions ------------------------------------------------------------------


def l1_transaction(
    here: World, account: DevAccount, to: bytes, data: bytes, *, ahead: int = 0, value: int = 0
) -> Transaction:
    """Return an L1 transaction of `account`, `ahead` of its next nonce."""
    chain = here.rollup.l1.chain
    nonce = chain.machine(chain.head).nonce(account.address)
    return sign_dynamic_fee(
        account,
        chain_id=chain.chain_id,
        nonce=nonce + here.rollup.pools["l1"].count(account.address) + ahead,
        gas=min(16_000_000, 400_000 + 40 * len(data)),
        to=to,
        max_fee=10**11,
        tip=10**9,
        value=value,
        data=data,
    )


def to_inbox(here: World, *items: bytes, account: DevAccount | None = None) -> list[Transaction]:
    """Return inbox transactions of the batcher, or `account`, that carry data items."""
    account = account or here.rollup.batch_account
    inbox = config_of(here).batch_inbox
    return [
        l1_transaction(here, account, inbox, item, ahead=place) for place, item in enumerate(items)
    ]


def post(here: World, *items: bytes, account: DevAccount | None = None) -> L1Block:
    """Make an L1 block in which `items` reach the inbox, in order."""
    return l1_block(here, *to_inbox(here, *items, account=account))


def setting(here: World, function: str, *arguments: Any, ahead: int = 0) -> Transaction:
    """Return the owner's call of the SystemConfig contract."""
    data = SYSTEM_CONFIG.call(function, *arguments)
    return l1_transaction(here, OWNER, config_of(here).l1_system_config, data, ahead=ahead)


def deposit(
    here: World, value: int = 1, *, to: bytes = BOB.address, gas: int = 100_000, data: bytes = b""
) -> Transaction:
    """Return Alice's deposit of `value` wei, all of it for `to`."""
    call = PORTAL.call("depositTransaction", to, value, gas, False, data)
    return l1_transaction(here, ALICE, config_of(here).deposit_contract, call, value=value)


# -- batches --------------------------------------------------------------------------


def channel(batches: Sequence[bytes], *, name: bytes = b"\x11" * 16, cuts: int = 1) -> list[bytes]:
    """Return the data items of a channel of encoded batches, `cuts` frames, one each."""
    packed = compress(b"".join(encode_string(batch) for batch in batches), "zlib")
    return frames(packed, name=name, cuts=cuts)


def frames(packed: bytes, *, name: bytes = b"\x11" * 16, cuts: int = 1) -> list[bytes]:
    """Return the data items of a channel with the content `packed`."""
    size = -(-len(packed) // cuts)
    pieces = [packed[at : at + size] for at in range(0, len(packed), size)]
    return [
        data_item([Frame(name, number, piece, number == len(pieces) - 1).encode()])
        for number, piece in enumerate(pieces)
    ]


def single(block: Block, **changes: Any) -> SingularBatch:
    """Return the batch of `block`, with some fields changed."""
    return replace(singular_batch_of(block), **changes)


def singles(blocks: Sequence[Block], **options: Any) -> list[bytes]:
    """Return the data items of a channel of singular batches."""
    return channel([single(block).encode() for block in blocks], **options)


def span(here: World, batches: Sequence[SingularBatch], **options: Any) -> list[bytes]:
    """Return the data items of a channel with one span batch, that begins an epoch or not."""
    engine = here.rollup.engine
    parent = engine.ref(batches[0].parent_hash)
    opens = batches[0].epoch_number != parent.l1_origin.number
    return channel([RawSpanBatch.of(batches, opens, engine.config).encode()], **options)


# -- verifiers ------------------------------------------------------------------------


def derived(
    here: World, until_l1: int | None = None, kv: MemoryKV | None = None
) -> tuple[Verifier, list[Derived]]:
    """Derive the L2 from the L1 alone; return the verifier and what it derived, in order."""
    reports: list[Progress] = []

    async def run() -> Verifier:
        verifier = Verifier(config_of(here), LocalSource(here.rollup), kv or MemoryKV())
        await verifier.start()
        await verifier.run(until_l1, reports.append, follow=False)
        return verifier

    verifier = asyncio.run(run())
    return verifier, [item for report in reports for item in report.newest]


def agreed(here: World) -> Verifier:
    """See that a fresh verifier has the node's safe chain, and that its blocks keep the rules."""
    verifier, found = derived(here)
    ours, theirs = here.rollup.engine, verifier.engine
    assert theirs.heads.safe == ours.heads.safe
    for number in range(ours.heads.safe.number + 1):
        assert theirs.chain.store.canonical_hash(number) == ours.chain.store.canonical_hash(number)
    assert [item.ref.number for item in found] == list(range(1, ours.heads.safe.number + 1))
    check_invariants(here.rollup)
    return verifier


def check_invariants(rollup: LocalRollup, jumps: Mapping[int, int] | None = None) -> None:
    """See that every L2 block keeps the rules of derivation (protocol notes 6.3).

    `jumps` gives the times that were declared on the L1 for some blocks.
    """
    config, engine = rollup.engine.config, rollup.engine
    parent = engine.ref(config.genesis.l2.hash)
    for number in range(1, engine.heads.unsafe.number + 1):
        block = engine.chain.canonical_block(number)
        assert block is not None, f"L2 block {number} is missing"
        ref = l2_block_ref(block, config)
        due = (jumps or {}).get(number, parent.timestamp + config.block_time)
        assert ref.timestamp == due, f"L2 block {number} is at {ref.timestamp}, not at {due}"
        _check_epoch(rollup, parent, ref, block)
        parent = ref


def _check_epoch(rollup: LocalRollup, parent: L2BlockRef, ref: L2BlockRef, block: Block) -> None:
    origin = rollup.l1.block(ref.l1_origin.number)
    assert origin is not None
    assert origin.header.hash == ref.l1_origin.hash
    assert origin.header.timestamp <= ref.timestamp
    step = ref.l1_origin.number - parent.l1_origin.number
    assert step in (0, 1), f"L2 block {ref.number} moves its L1 origin by {step}"
    assert ref.sequence_number == (0 if step else parent.sequence_number + 1)
    config = rollup.engine.config
    wanted = [
        item.raw
        for item in user_deposits(origin.receipts, origin.header.hash, config.deposit_contract)
    ]
    forced = [tx.raw for tx in block.transactions if isinstance(tx, DepositTransaction)][1:]
    if _activates(config, ref.timestamp, parent.timestamp):
        assert forced[: len(wanted) if step else 0] == (wanted if step else [])
    else:
        assert forced == (wanted if step else [])


def _activates(config: RollupConfig, timestamp: int, parent_timestamp: int) -> bool:
    return any(config.activates(fork, timestamp, parent_timestamp) for fork in Fork)


def known_garbage(seed: int, size: int) -> bytes:
    """Return `size` bytes that mean nothing, the same for the same seed."""
    blocks = (
        keccak256(bytes([seed]) + place.to_bytes(4, "big")) for place in range(size // 32 + 1)
    )
    return b"".join(blocks)[:size]
