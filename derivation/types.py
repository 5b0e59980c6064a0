"""The nouns of a rollup.  Whoever knows these knows what the rest is about."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field

from byline.derivation.constants import SEQUENCER_FEE_VAULT
from byline.derivation.hashing import ZERO_HASH
from byline.derivation.header import Header
from byline.derivation.receipt import Receipt
from byline.derivation.transaction import AnyTransaction


class Need(enum.Enum):
    """What a stage answers when it has nothing to give yet."""

    L1_BLOCK = enum.auto()
    """Everything that is known of the L1 has been read: provide the next block."""


@dataclass(frozen=True, slots=True)
class BlockId:
    """Names one block."""

    number: int
    hash: bytes


@dataclass(frozen=True, slots=True)
class L1BlockRef:
    """A block of the L1, as far as derivation orders by it."""

    number: int
    hash: bytes
    parent_hash: bytes
    timestamp: int
    """Seconds since 1970."""

    @property
    def id(self) -> BlockId:
        """Number and hash alone."""
        return BlockId(self.number, self.hash)

    @classmethod
    def of(cls, header: Header) -> L1BlockRef:
        """Return the reference to the block with `header`."""
        return cls(header.number, header.hash, header.parent_hash, header.timestamp)


@dataclass(frozen=True, slots=True)
class L2BlockRef:
    """A block of the L2 and its place in an epoch."""

    number: int
    hash: bytes
    parent_hash: bytes
    timestamp: int
    l1_origin: BlockId
    """The L1 block whose epoch it belongs to."""
    sequence_number: int
    """Its distance from the first block of that epoch."""
    fee_recipient: bytes = field(default=SEQUENCER_FEE_VAULT, compare=False, repr=False)
    """Who gets the tips.  On a devnet that of the next block, too, unless declared otherwise."""

    @property
    def id(self) -> BlockId:
        """Number and hash alone."""
        return BlockId(self.number, self.hash)


NO_L1_BLOCK = L1BlockRef(0, ZERO_HASH, ZERO_HASH, 0)
NO_L2_BLOCK = L2BlockRef(0, ZERO_HASH, ZERO_HASH, 0, BlockId(0, ZERO_HASH), 0)


@dataclass(frozen=True, slots=True)
class L1Block:
    """All that derivation reads of one L1 block."""

    header: Header
    transactions: tuple[AnyTransaction, ...]
    receipts: tuple[Receipt, ...]
    """One for each transaction, in order."""
    blobs: Mapping[bytes, bytes] = field(default_factory=dict)
    """Versioned hash to blob, for the blobs sent to the batch inbox."""

    @property
    def ref(self) -> L1BlockRef:
        """The reference to this block."""
        return L1BlockRef.of(self.header)


@dataclass(frozen=True, slots=True)
class PayloadAttributes:
    """All that decides an L2 block, beside its parent.

    The sequencer lets the engine add transactions of its pool (`no_tx_pool` false); the
    verifier lists every one.
    """

    timestamp: int
    prev_randao: bytes
    """mixHash of the L1 origin."""
    suggested_fee_recipient: bytes
    transactions: tuple[bytes, ...]
    """Forced transactions, encoded: L1 attributes, deposits, then those of the batch."""
    no_tx_pool: bool
    gas_limit: int
    parent_beacon_block_root: bytes
    """The field of the L1 origin's header, or zero."""
    eip1559_params: bytes
    """Denominator and elasticity, 4 bytes each; all zero for the chain's constants."""
    min_base_fee: int | None
    """Wei; `None` before Jovian."""
    base_fee: int | None = None
    """Wei per gas; `None` by the formula.  Declared on a devnet only (`dev_fields`)."""


@dataclass(frozen=True, slots=True)
class AttributesWithParent:
    """Attributes and where they belong."""

    attributes: PayloadAttributes
    parent: L2BlockRef
    l1_origin: BlockId
    """The epoch of the new block."""
    sequence_number: int
    """Its place in that epoch."""
    derived_from: L1BlockRef
    """The L1 block at which the batch was complete."""


@dataclass(frozen=True, slots=True)
class SyncStatus:
    """Where derivation and the heads stand (`optimism_syncStatus`)."""

    current_l1: L1BlockRef
    """The L1 block derivation is idle at; read completely only up to the one before."""
    head_l1: L1BlockRef
    safe_l1: L1BlockRef
    finalized_l1: L1BlockRef
    unsafe_l2: L2BlockRef
    safe_l2: L2BlockRef
    finalized_l2: L2BlockRef
