"""What every tracer gets and gives, and how much it may give."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from byline.node.evm.machine import Machine
from byline.node.evm.tracing import FrameEnd, FrameStart, Step, Tracer
from byline.node.evm.transition import Applied


class TraceTooLarge(Exception):
    """A trace outgrew its bound; the message says what to do."""


class Budget:
    """Bytes of JSON that one request may still make, about; `spend` them before keeping them."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._left = most

    def spend(self, count: int) -> None:
        """Take `count` bytes; raises `TraceTooLarge`."""
        self._left -= count
        if self._left < 0:
            raise TraceTooLarge(
                f"trace too large: over {self._most:,} bytes; trace a single transaction, set "
                "`limit`, disableStack or disableStorage, or use callTracer"
            )


@dataclass(frozen=True, slots=True)
class Place:
    """Where a transaction stands; `None` for a call, which stands nowhere."""

    block_hash: bytes | None = None
    block_number: int | None = None
    tx_hash: bytes | None = None
    tx_index: int | None = None


@dataclass(frozen=True, slots=True)
class Traced:
    """The transaction that is about to be applied."""

    sender: bytes
    to: bytes | None
    gas: int
    """Its gas limit."""
    authorities: tuple[bytes, ...] = ()
    """Accounts that signed its authorizations (EIP-7702), valid or not."""
    first_log: int = 0
    """Logs of earlier transactions of the block."""
    place: Place = Place()
    edited: Mapping[bytes, frozenset[int]] = field(default_factory=dict)
    """Accounts and slots that it edits, on a devnet (`derivation.dev_edits`)."""


@dataclass(frozen=True, slots=True)
class Scene:
    """What a tracer may look at while a transaction runs."""

    machine: Machine
    """Only read."""
    natives: Collection[bytes]
    """Addresses of native contracts."""
    coinbase: bytes
    follows_delegations: bool
    """EIP-7702."""
    budget: Budget
    fee_recipients: tuple[bytes, ...] = ()
    """Accounts beside the coinbase that every transaction pays."""


class TransactionTracer(Tracer, Protocol):
    """Watches one transaction, and then has something to show."""

    def begin(self, tx: Traced) -> None:
        """See the state before the transaction; nothing of it has been charged."""

    def end(self, applied: Applied) -> None:
        """See the state after it."""

    def result(self) -> Any:
        """Return what orjson can encode."""


class Silent:
    """Watches nothing; tracers are this but for what they do."""

    opcodes: Collection[int] = frozenset()
    memory = False

    def begin(self, tx: Traced) -> None:
        """Ignore."""

    def enter(self, frame: FrameStart) -> None:
        """Ignore."""

    def step(self, step: Step) -> None:
        """Ignore."""

    def touch(self, address: bytes, slot: int) -> None:
        """Ignore."""

    def fault(self, step: Step) -> None:
        """Ignore."""

    def leave(self, frame: FrameEnd) -> None:
        """Ignore."""

    def end(self, applied: Applied) -> None:
        """Ignore."""


class NoopTracer(Silent):
    """`noopTracer`: an empty object."""

    def result(self) -> dict[str, Any]:
        """Return nothing."""
        return {}
