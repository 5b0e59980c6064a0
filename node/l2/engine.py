"""Executes payload attributes on the L2 chain and keeps its heads.

What op-node asks of an execution engine over the Engine API, in process: build a block
from attributes, take it as the unsafe head, promote it to safe, rewind to another one.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import fields
from typing import Final

from byline.derivation.base_fee import extra_data_of, next_l2_base_fee
from byline.derivation.block import Block
from byline.derivation.config import RollupConfig, SystemConfig
from byline.derivation.errors import InvalidData
from byline.derivation.hashing import ZERO_HASH
from byline.derivation.header import Header
from byline.derivation.l1_info import l2_block_ref, system_config_of
from byline.derivation.transaction import (
    AnyTransaction,
    DepositTransaction,
    Transaction,
    decode_transaction,
)
from byline.derivation.types import L2BlockRef, PayloadAttributes
from byline.derivation.upgrades import NO_UPGRADES, Upgrades, extra_gas_of
from byline.node.chain.block import ExecutedBlock
from byline.node.chain.chain import Built, Chain, InvalidBlock
from byline.node.chain.forkchoice import ForkChoice
from byline.node.evm.machine import Machine
from byline.node.evm.optimism import ExtraCost
from byline.node.evm.rules import BlockInput
from byline.node.l2.conditional import Conditionals
from byline.node.l2.da_limits import DaLimits

SAFE: Final = "safe"
FINALIZED: Final = "finalized"
"""Names of the stored heads; the unsafe one is the chain's head."""
MOST_MINT: Final = 2**128
"""Wei that a deposit mints stay below it (op-reth reads 128 bits): no balance overflows."""


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
        self.da_limits = DaLimits()
        self.conditionals = Conditionals()
        """Binds what `build` takes from the pool."""
        self._extra_cost: tuple[bytes, ExtraCost] | None = None

    def extra_cost(self, machine: Machine | None = None) -> ExtraCost:
        """Return what transactions cost beyond gas and value, read once for each head.

        `machine` is one on the head's state, where the caller has opened it already.
        """
        head, known = self.chain.head, self._extra_cost
        if known is None or known[0] != head.hash:
            opened = self.chain.machine(head) if machine is None else machine
            found = ExtraCost.at(opened, self.config, head)
            known = self._extra_cost = (head.hash, found)
        return known[1]

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
        _check_mints(parent.number + 1, forced)
        given = BlockInput(
            timestamp=attributes.timestamp,
            coinbase=attributes.suggested_fee_recipient,
            prev_randao=attributes.prev_randao,
            gas_limit=attributes.gas_limit,
            parent_beacon_root=attributes.parent_beacon_block_root,
            extra_data=extra_data,
            base_fee=attributes.base_fee,
        )
        pool = () if attributes.no_tx_pool else self.da_limits.select(candidates)
        check = self.conditionals.check if self.conditionals.waiting else None
        return self.chain.build(self.header_of(parent), given, forced, pool, check=check)

    def replay(self, block: Block) -> ExecutedBlock:
        """Execute a block that somebody else built, on its stored parent; nothing is stored.

        Raises `InvalidBlock` when the parent does not allow it, a transaction does not fit,
        or execution gives another header than the block's.
        """
        header = block.header
        parent = self.chain.store.header(header.parent_hash)
        if parent is None:
            raise LookupError(f"parent 0x{header.parent_hash.hex()} is not in the store")
        if header.timestamp <= parent.timestamp:
            raise InvalidBlock(
                f"block {header.number}: timestamp {header.timestamp} is not after its "
                f"parent's, {parent.timestamp}"
            )
        self.check_block(block)
        _check_mints(header.number, block.transactions)
        executed = self.chain.build(parent, input_of(header), block.transactions).executed
        _check_same(header, executed.header)
        return executed

    def check_block(self, block: Block) -> None:
        """Check what a block must be so that another can follow it, without executing it.

        Its first transaction names the L1 origin; its extra data and gas limit give a base
        fee.  Raises `InvalidBlock`.
        """
        header = block.header
        try:
            l2_block_ref(block, self.config)
            system_config_of(block, self.config)
            next_l2_base_fee(header.with_(base_fee=header.base_fee or 0), self.config)
        except ValueError as exc:
            raise InvalidBlock(f"block {header.number}: {exc}") from exc

    def keep(self, executed: ExecutedBlock) -> None:
        """Store a block without making it the head; its parent must be stored."""
        self.chain.store.commit(executed, make_head=False)

    def descends(self, header: Header, ancestor: Header) -> bool:
        """Tell whether the stored block of `header` is `ancestor` or comes after it."""
        at: Header | None = header
        while at is not None and at.number >= ancestor.number:
            if at.hash == ancestor.hash:
                return True
            if self.chain.is_canonical(at):
                return self.chain.is_canonical(ancestor)
            at = self.chain.store.header(at.parent_hash)
        return False

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
        """Make these the heads, wherever the present ones are (one atomic write)."""
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
            and self._has_base_fee(header, attributes)
            and [tx.raw for tx in block.transactions] == list(attributes.transactions)
        )
        return l2_block_ref(block, self.config) if same else None

    def _has_base_fee(self, header: Header, attributes: PayloadAttributes) -> bool:
        """Tell whether a block has the base fee that `attributes` say or leave to the formula."""
        if attributes.base_fee is not None or self.config.dev_control is None:
            return attributes.base_fee in (None, header.base_fee)
        parent = self.chain.store.header(header.parent_hash)
        assert parent is not None, "what is canonical has a parent"
        return header.base_fee == next_l2_base_fee(parent, self.config)


def input_of(header: Header) -> BlockInput:
    """Return what was decided about the block with `header` before it was executed."""
    return BlockInput(
        timestamp=header.timestamp,
        coinbase=header.coinbase,
        prev_randao=header.mix_hash,
        gas_limit=header.gas_limit,
        parent_beacon_root=header.parent_beacon_root or ZERO_HASH,
        extra_data=header.extra_data,
    )


def _check_mints(number: int, transactions: Sequence[AnyTransaction]) -> None:
    """Refuse deposits that no L1 can have locked up ether for."""
    for index, tx in enumerate(transactions):
        if isinstance(tx, DepositTransaction) and tx.mint >= MOST_MINT:
            raise InvalidBlock(
                f"block {number}: transaction {index} mints {tx.mint} wei, "
                f"want less than {MOST_MINT}"
            )


def _check_same(claimed: Header, found: Header) -> None:
    """Raise `InvalidBlock` naming the first field that execution gives otherwise."""
    for item in fields(Header):
        ours, theirs = getattr(found, item.name), getattr(claimed, item.name)
        if ours != theirs:
            raise InvalidBlock(
                f"block {claimed.number}: {item.name} is {_shown(theirs)}, "
                f"execution gives {_shown(ours)}"
            )


def _shown(value: object) -> str:
    return f"0x{value[:32].hex()}" if isinstance(value, bytes) else str(value)
