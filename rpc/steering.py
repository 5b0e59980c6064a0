"""What a test decides about the making of blocks: the Protocols behind `evm_`, `anvil_` cheats.

As in `backend`, the node implements them, and everything is asked of one chain.  All raise
`Refused`, with the reason, where a node cannot do it: the L1 is not its own, or it is told to
stay such that stock verifiers follow.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from byline.rpc.backend import CallRequest


@dataclass(frozen=True, slots=True)
class ForkedFrom:
    """The network that a chain was forked from."""

    url: str
    """Of its node, without path and password, which often are a key."""
    chain_id: int
    block_number: int
    block_hash: bytes


@dataclass(frozen=True, slots=True)
class NodeFacts:
    """What a node says of itself and of one chain."""

    instance: bytes
    """32 bytes, other ones after each start and each reset."""
    rules: str
    """Name of the fork whose rules the newest block follows."""
    next_base_fee: int
    """Wei per gas."""
    gas_price: int
    """Wei per gas that the next block takes."""
    snapshots: Mapping[int, tuple[int, bytes]] = field(default_factory=dict)
    """Number and hash of the head, by snapshot id."""
    forked: ForkedFrom | None = None


class Pacing(Protocol):
    """When blocks are made."""

    async def automine(self) -> bool:
        """Tell whether a transaction makes a block at once."""

    async def interval(self) -> int | None:
        """Return the milliseconds between blocks on the wall clock; `None` makes none so."""

    async def set_automine(self, on: bool) -> None:
        """Let a transaction make a block at once, as those do that wait now, or wait."""

    async def set_interval(self, interval: tuple[int, int] | None, mixed: bool) -> None:
        """Make blocks some milliseconds apart, between a least and a most; `None` ends that.

        It takes the place of automine, or with `mixed` leaves that as it is.
        """


class NextBlock(Protocol):
    """What the next block is to have."""

    async def set_base_fee(self, wei: int) -> None:
        """Give the next block a base fee, in wei per gas; later ones follow from it."""

    async def set_coinbase(self, address: bytes) -> None:
        """Let `address` get the tips of all blocks from the next on."""

    async def set_prev_randao(self, word: bytes) -> None:
        """Give the next block 32 bytes for PREVRANDAO."""

    async def set_gas_limit(self, gas: int) -> None:
        """Give the next block, and those after it, a gas limit."""


class Dropping(Protocol):
    """What is taken out of the pool."""

    async def drop(self, tx_hash: bytes) -> bool:
        """Forget a waiting transaction; false when it does not wait, or is in a block."""

    async def drop_from(self, sender: bytes) -> None:
        """Forget what waits of one sender."""

    async def drop_all(self) -> None:
        """Forget all that users wait for."""


class Rewriting(Protocol):
    """What becomes of blocks that are there."""

    async def rollback(self, depth: int) -> None:
        """Take back the last `depth` blocks; their transactions are gone."""

    async def reorg(
        self, depth: int, transactions: Sequence[tuple[bytes | CallRequest, int]]
    ) -> None:
        """Make other blocks in place of the last `depth`.

        Each transaction, signed or to be signed by an account of the node, is put in the new
        block at its offset; those of the lost blocks are gone.
        """

    async def reset(self) -> None:
        """Let both chains begin again."""


class States(Protocol):
    """Whole states, as anvil writes them: JSON in gzip."""

    async def dump(self) -> bytes:
        """Return the accounts of the newest block."""

    async def load(self, dumped: bytes) -> None:
        """Set the accounts that are in `dumped`; raises `Refused` for what does not read."""


class Telling(Protocol):
    """What the node says of itself."""

    async def facts(self) -> NodeFacts:
        """Return what there is to know of node and chain."""

    async def set_logging(self, on: bool) -> None:
        """Let the log tell what happens on this chain, or not."""

    async def genesis_time(self) -> int:
        """Return the seconds since 1970 of the first block."""

    async def blobs(self, hashes: Sequence[bytes]) -> Sequence[bytes | None]:
        """Return blobs by versioned hash; `None` for those that are not here."""


@dataclass(frozen=True, slots=True)
class Steering:
    """All of it, for one chain."""

    pacing: Pacing
    next_block: NextBlock
    dropping: Dropping
    rewriting: Rewriting
    states: States
    telling: Telling
