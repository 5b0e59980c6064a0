"""What makes a chain this chain and not another: the seam between builder and rules."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeAlias

from byline.derivation.header import Header
from byline.derivation.receipt import Log
from byline.derivation.transaction import AnyTransaction
from byline.node.evm.machine import Machine, OpcodeSet
from byline.node.evm.natives.native import Native
from byline.node.evm.transition import Applied

PrecompileTable: TypeAlias = Mapping[bytes, Native]


@dataclass(frozen=True, slots=True)
class BlockInput:
    """What decides a block beside its parent and its transactions."""

    timestamp: int
    coinbase: bytes
    prev_randao: bytes
    gas_limit: int
    parent_beacon_root: bytes
    extra_data: bytes = b""
    base_fee: int | None = None
    """Wei per gas; `None` by the formula, from which only devnets depart."""
    any_gas_limit: bool = False
    """Whether the gas limit may be far from the parent's: on a devnet's L1 only."""


class BlockRules(Protocol):
    """The rules at work on one block under construction."""

    def before(self) -> None:
        """Run the system calls that open a block."""

    def apply(self, tx: AnyTransaction, gas_left: int) -> Applied:
        """Execute one transaction with `gas_left` of the block's gas to spare.

        Raises `InvalidTransaction` with the state as it was.
        """

    def note(self, logs: Sequence[Log]) -> None:
        """See the logs of a transaction that was executed without `apply`."""

    def after(self) -> None:
        """Run the system calls that close a block."""

    def seal(self, header: Header) -> Header:
        """Return `header` with the fields that follow from execution; the state is committed."""


class ChainRules(Protocol):
    """The rules of one chain, every fork included."""

    chain_id: int

    def open(self, parent: Header, given: BlockInput) -> Header:
        """Return the header of the block after `parent`, as far as it is known beforehand."""

    def precompiles(self, timestamp: int) -> PrecompileTable:
        """Return the native contracts of a block at `timestamp`, by address."""

    def opcodes(self, timestamp: int) -> OpcodeSet:
        """Return the opcodes of a block at `timestamp`."""

    def transaction_gas_cap(self, timestamp: int) -> int | None:
        """Return the highest gas limit of a signed transaction (EIP-7825); `None` for none."""

    def blob_base_fee(self, header: Header) -> int:
        """Return the wei per blob gas in the block with `header` (what BLOBBASEFEE pushes)."""

    def next_blob_base_fee(self, parent: Header) -> int:
        """Return the wei per blob gas in the block after `parent`, if it comes at once."""

    def most_blob_gas(self, timestamp: int) -> int:
        """Return the most blob gas of a block; 0 where there are no blob transactions."""

    def most_blobs_per_transaction(self, timestamp: int) -> int:
        """Return the most blobs of a transaction; 0 where there are no blob transactions."""

    def begin(self, machine: Machine, header: Header, parent: Header) -> BlockRules:
        """Return the rules for the block on `parent` that `header` opens."""
