"""What the RPC's implementation asks of whoever holds the chains."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from byline.derivation.transaction import DepositTransaction
from byline.node.chain.block import ExecutedBlock
from byline.node.chain.chain import Chain
from byline.node.chain.mempool import Mempool
from byline.node.l2.engine import L2Engine
from byline.node.rollups.rollup import ChainName, L1View


class Served(Protocol):
    """A rollup, or an execution engine alone.  What changes a chain runs on one thread."""

    @property
    def engine(self) -> L2Engine:
        """The L2 and its heads."""

    @property
    def l1(self) -> L1View:
        """What is known of the L1; asked only behind an L1's RPC."""

    @property
    def pools(self) -> Mapping[ChainName, Mempool]:
        """The waiting transactions, by chain."""

    def forced(self, name: ChainName) -> Sequence[DepositTransaction]:
        """Return deposits that wait for the next block of a chain, in order."""

    def chain(self, name: ChainName) -> Chain:
        """Return a chain that this node executes; raises `LookupError` for one it does not."""

    def next_base_fee(self, name: ChainName) -> int:
        """Return the base fee of the next block."""

    def next_timestamp(self, name: ChainName) -> int:
        """Return the time that the next block would have now, in seconds since 1970."""

    def submit(self, name: ChainName, raw: bytes) -> bytes:
        """Take a signed transaction and return its hash; raises `Refused`."""

    def pending(self, name: ChainName) -> ExecutedBlock:
        """Return the block that would be made now; nothing is stored."""
