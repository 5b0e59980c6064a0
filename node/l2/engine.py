"""Executes payload attributes on the L2 chain and keeps its heads.

What op-node asks of an execution engine over the Engine API, in process: build a block
from attributes, take it as the unsafe head, promote it to safe, rewind to another one.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from byline.derivation.base_fee import extra_data_of
from byline.derivation.block import Block
from byline.derivation.config import RollupConfig, SystemConfig
from byline.derivation.errors import InvalidData
from byline.derivation.header import Header
from byline.derivation.l1_info import l2_block_ref, system_config_of
from byline.derivation.transaction import Transaction, decode_transaction
from byline.derivation.types import L2BlockRef, PayloadAttributes
from byline.derivation.upgrades import NO_UPGRADES, Upgrades, extra_gas_of
from byline.node.chain.chain import Built, Chain, InvalidBlock
from byline.node.chain.forkchoice import ForkChoice
from byline.node.evm.rules import BlockInput

SAFE: Final = "safe"
FINALIZED: Final = "finalized"
"""Names of the stored heads; the unsafe one is the chain's head."""


class L2Engine:
    """The L2 chain with its fork choice."""

    def __init__(
        self, chain: Chain, config: RollupConfig, upgrades: Upgrades = NO_UPGRADES
    ) -> None:
        self.chain = chain
        self.config = config
        self.upgrades = upgrades
        """Transactions of the forks that activate after genesis."""
        self.heads = self._load_heads()

    def _load_heads(self) -> ForkChoice:
        genesis = self.config.genesis.l2.hash
        return ForkChoice(
            unsafe=self.ref(self.chain.head.hash),
            safe=self.ref(self.chain.store.meta(SAFE) or genesis),
            finalized=self.ref(self.chain.store.meta(FINALIZED) or genesis),
        )

    def block(self, block_hash: bytes) -> Block:
        """Return a stored block; it must be there."""
        block = self.chain.store.block(block_hash)
        if block is None:
            raise LookupError(f"L2 block 0x{block_hash.hex()} is not in the store")
        return block

    def ref(self, block_hash: bytes) -> L2BlockRef:
        """Return the reference of a stored block."""
        return l2_block_ref(self.block(block_hash), self.config)

    def ref_at(self, number: int) -> L2BlockRef | None:
        """Return the reference of the canonical block at `number`."""
        block = self.chain.canonical_block(number)
        return None if block is None else l2_block_ref(block, self.config)

    def system_config(self, ref: L2BlockRef) -> SystemConfig:
        """Return the system config in force after the block `ref`."""
        block = self.block(ref.hash)
        extra = extra_gas_of(block, self.config, self.upgrades)
        return system_config_of(block, self.config, extra)

    def header_of(self, ref: L2BlockRef) -> Header:
        """Return the header of a stored block."""
        return self.block(ref.hash).header

    def build(
        self,
        parent: L2BlockRef,
        attributes: PayloadAttributes,
        candidates: Iterable[Transaction] = (),
    ) -> Built:
        """Execute a block from `attributes` on `parent`; nothing is stored.

        Raises `InvalidBlock` when a forced transaction is malformed or does not fit.
        """
        try:
            forced = [decode_transaction(raw) for raw in attributes.transactions]
            extra_data = extra_data_of(attributes, self.config)
        except InvalidData as exc:
            raise InvalidBlock(f"block {parent.number + 1}: {exc}") from exc
        given = BlockInput(
            timestamp=attributes.timestamp,
            coinbase=attributes.suggested_fee_recipient,
            prev_randao=attributes.prev_randao,
            gas_limit=attributes.gas_limit,
            parent_beacon_root=attributes.parent_beacon_block_root,
            extra_data=extra_data,
        )
        pool = () if attributes.no_tx_pool else candidates
        return self.chain.build(self.header_of(parent), given, forced, pool)

    def insert(self, built: Built) -> L2BlockRef:
        """Store a block on the unsafe head and make it the new one."""
        self.chain.insert(built.executed)
        ref = l2_block_ref(built.executed.block, self.config)
        self.heads = self.heads.with_unsafe(ref)
        return ref

    def rewind(self, ref: L2BlockRef) -> None:
        """Make an ancestor the unsafe head; what came after it is no longer canonical."""
        self.chain.set_head(self.header_of(ref))
        self.heads = self.heads.with_unsafe(ref)

    def promote_safe(self, ref: L2BlockRef) -> None:
        """Make a canonical block the safe head."""
        self.heads = self.heads.with_safe(ref)
        self.chain.store.write_meta({SAFE: ref.hash})

    def promote_finalized(self, ref: L2BlockRef) -> None:
        """Make a safe block the finalized head."""
        self.heads = self.heads.with_finalized(ref)
        self.chain.store.write_meta({FINALIZED: ref.hash})

    def step_back(self) -> None:
        """Give up the safe head for its parent, and all unsafe blocks (an L1 reorganisation)."""
        parent = self.ref(self.heads.safe.parent_hash)
        older = self.heads.finalized.number <= parent.number
        self.restore(ForkChoice(parent, parent, self.heads.finalized if older else parent))

    def restore(self, heads: ForkChoice) -> None:
        """Put all heads back to earlier ones (a snapshot, or an L1 reorganisation)."""
        meta = {SAFE: heads.safe.hash, FINALIZED: heads.finalized.hash}
        self.chain.set_head(self.header_of(heads.unsafe), meta)
        self.heads = heads

    def matches(self, number: int, attributes: PayloadAttributes) -> L2BlockRef | None:
        """Return the canonical block at `number` if `attributes` would build just that.

        Compares what op-node does (`attributes/attributes.go`): the parent is given by the
        caller's safe head being canonical.
        """
        block = self.chain.canonical_block(number)
        if block is None:
            return None
        header = block.header
        same = (
            header.timestamp == attributes.timestamp
            and header.mix_hash == attributes.prev_randao
            and header.coinbase == attributes.suggested_fee_recipient
            and header.gas_limit == attributes.gas_limit
            and header.parent_beacon_root == attributes.parent_beacon_block_root
            and header.extra_data == extra_data_of(attributes, self.config)
            and [tx.raw for tx in block.transactions] == list(attributes.transactions)
        )
        return l2_block_ref(block, self.config) if same else None
