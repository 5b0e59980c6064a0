"""Blocks of calls that are tried out and thrown away: what is asked, what comes back.

Sources: execution-apis, `eth_simulateV1` and its error codes; geth
`internal/ethapi/simulate.go` for the limits; erigon `eth_callMany`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Protocol

from byline.derivation.block import Block
from byline.derivation.transaction import Transaction
from byline.rpc.backend import (
    AccountOverride,
    BackendError,
    BlockOverrides,
    BlockRef,
    CallRequest,
    LocatedLog,
)

MOST_BLOCKS: Final = 256
"""Of one simulation, those that fill a gap in the numbers included."""
MOST_CALLS_PER_BLOCK: Final = 5_000
MOST_CALLS: Final = 10_000

INVALID: Final = -32602
FAILED: Final = -32000
NONCE_TOO_LOW: Final = -38010
NONCE_TOO_HIGH: Final = -38011
BASE_FEE_TOO_LOW: Final = -38012
INTRINSIC_GAS: Final = -38013
INSUFFICIENT_FUNDS: Final = -38014
BLOCK_GAS_LIMIT: Final = -38015
BLOCK_NUMBER: Final = -38020
BLOCK_TIMESTAMP: Final = -38021
INIT_CODE_SIZE: Final = -38025
CLIENT_LIMIT: Final = -38026


class SimulationRefused(BackendError):
    """Blocks cannot be tried out; `code` is that of the JSON-RPC error."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True, slots=True)
class CallsOfBlock:
    """A block to try out: what it pretends, then its calls in order."""

    calls: tuple[CallRequest, ...] = ()
    accounts: Mapping[bytes, AccountOverride] = field(default_factory=dict)
    block: BlockOverrides = field(default_factory=BlockOverrides)
    parent_beacon_root: bytes | None = None


@dataclass(frozen=True, slots=True)
class Simulation:
    """Blocks to try out, each on the one before."""

    blocks: tuple[CallsOfBlock, ...]
    trace_transfers: bool = False
    """Whether moving wei shows as a log, as if it were an ERC-20 token."""
    validation: bool = False
    """Whether nonces count and the base fee must be paid."""


@dataclass(frozen=True, slots=True)
class SimulatedCall:
    """How one call ended."""

    succeeded: bool
    output: bytes
    """Return data; for a revert what it returned; for a creation the code."""
    gas_used: int
    most_gas: int
    """Gas used before refunds."""
    logs: tuple[LocatedLog, ...]
    reverted: bool
    """True for REVERT, false for an exceptional halt (when not succeeded)."""
    error: str | None


@dataclass(frozen=True, slots=True)
class SimulatedBlock:
    """A block that was tried out; the transactions are not signed, but know their senders."""

    block: Block
    calls: tuple[SimulatedCall, ...]
    """One for each transaction."""


@dataclass(frozen=True, slots=True)
class Bundle:
    """Calls that run one after another in one pretended block."""

    calls: tuple[CallRequest, ...]
    block: BlockOverrides = field(default_factory=BlockOverrides)


@dataclass(frozen=True, slots=True)
class Bundles:
    """Bundles of calls, each on what the one before leaves."""

    bundles: tuple[Bundle, ...]
    accounts: Mapping[bytes, AccountOverride] = field(default_factory=dict)
    transaction_index: int | None = None
    """Begin on the state before this transaction of the block, not on that after all."""
    timeout: float | None = None
    """Seconds; the node's own bound for calls holds, too."""


@dataclass(frozen=True, slots=True)
class BundledCall:
    """How one call of a bundle ended; `error` is `None` when it succeeded."""

    output: bytes
    reverted: bool
    error: str | None


@dataclass(frozen=True, slots=True)
class SignedBundle:
    """Signed transactions that shall begin a block together."""

    transactions: tuple[bytes, ...]
    """As they are encoded."""
    block: BlockOverrides = field(default_factory=BlockOverrides)
    timeout: float | None = None
    """Seconds; the node's own bound for calls holds, too."""


@dataclass(frozen=True, slots=True)
class TriedTransaction:
    """How a transaction of a bundle ended; amounts in wei."""

    transaction: Transaction
    succeeded: bool
    reverted: bool
    output: bytes
    error: str | None
    gas_used: int
    fees: int
    """What it offers to the coinbase beyond the base fee."""
    coinbase_gain: int
    """What the coinbase has more of, what was sent to it included."""


class Simulating(Protocol):
    """Trying out blocks and calls.

    Raises `SimulationRefused`, `Refused`, `UnknownBlock`, and `Halted` out of time.
    """

    async def simulate(self, wanted: Simulation, ref: BlockRef) -> Sequence[SimulatedBlock]:
        """Execute blocks on top of the block `ref`; nothing is stored."""

    async def call_many(self, wanted: Bundles, ref: BlockRef) -> Sequence[Sequence[BundledCall]]:
        """Run bundles of calls on the block `ref`; nothing is stored."""

    async def try_bundle(self, wanted: SignedBundle, ref: BlockRef) -> Sequence[TriedTransaction]:
        """Execute signed transactions on the block `ref`; nothing is stored."""
