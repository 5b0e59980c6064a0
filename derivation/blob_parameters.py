"""How many blobs an L1 block takes, and how their price moves, by L1 fork.

Since EIP-7892 forks may change these numbers alone ("blob parameter only").

Sources: EIP-4844 (Cancun), EIP-7691 (Prague), EIP-7840 (the schedule as data), EIP-7892 and
the mainnet schedule of Fusaka (BPO1, BPO2), EIP-7918 (the bound since Osaka).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from byline.derivation.header import Header
from byline.derivation.l1_info import fake_exponential

BLOB_GAS: Final = 131_072
"""Blob gas of one blob (GAS_PER_BLOB)."""
BLOB_BASE_COST: Final = 2**13
"""EIP-7918: execution gas that a blob is held to be worth at least."""
MAX_BLOBS_PER_TRANSACTION: Final = 6
"""Since Osaka (EIP-7594); before, a transaction may fill the block."""


@dataclass(frozen=True, slots=True)
class BlobParameters:
    """The blob schedule of one L1 fork."""

    target: int
    """Blobs of a block at which the price stays."""
    most: int
    """Blobs of a block."""
    update_fraction: int
    """The price rises by e when the excess blob gas rises by this."""

    def base_fee(self, excess_blob_gas: int) -> int:
        """Return wei per blob gas."""
        return fake_exponential(excess_blob_gas, self.update_fraction)

    def next_excess(self, parent: Header, *, bounded: bool) -> int:
        """Return the excess blob gas of the block after `parent`, which has these parameters.

        `bounded` brings EIP-7918: while blobs cost less than the execution they stand for,
        the excess does not fall.  A parent from before Cancun counts as having none.
        """
        excess, used = parent.excess_blob_gas or 0, parent.blob_gas_used or 0
        target = self.target * BLOB_GAS
        if excess + used < target:
            return 0
        floor = BLOB_BASE_COST * (parent.base_fee or 0)
        if bounded and floor > BLOB_GAS * self.base_fee(excess):
            return excess + used * (self.most - self.target) // self.most
        return excess + used - target


CANCUN_BLOBS: Final = BlobParameters(target=3, most=6, update_fraction=3_338_477)
PRAGUE_BLOBS: Final = BlobParameters(target=6, most=9, update_fraction=5_007_716)
BPO1_BLOBS: Final = BlobParameters(target=10, most=15, update_fraction=8_346_193)
BPO2_BLOBS: Final = BlobParameters(target=14, most=21, update_fraction=11_684_671)
