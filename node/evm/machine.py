"""The seam between the rules of a chain and whatever executes code.

A `Machine` is the state of one block under construction: journaled, readable and
writable, able to run a message call.  `pyevm.PyEvmEngine` opens machines that run
py-evm; a faster engine only has to offer the same two Protocols.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from byline.derivation.receipt import Log
from byline.node.evm.beneath import Beneath
from byline.node.evm.console import ConsoleCalls
from byline.node.evm.natives.native import Native
from byline.node.evm.tracing import Tracer

NodeReader = Callable[[bytes], bytes | None]
"""Looks up a trie node or a contract code by its Keccak-256 hash."""


class OpcodeSet(enum.Enum):
    """Which opcodes there are, by the Ethereum fork that brought the newest."""

    CANCUN = enum.auto()
    PRAGUE = enum.auto()
    """Calls follow delegations (EIP-7702)."""
    OSAKA = enum.auto()
    """CLZ (EIP-7939)."""


@dataclass(frozen=True, slots=True)
class BlockContext:
    """What opcodes see of the block they run in."""

    chain_id: int
    number: int
    timestamp: int
    coinbase: bytes
    gas_limit: int
    base_fee: int
    prev_randao: bytes
    blob_base_fee: int
    """Wei per blob gas."""
    ancestors: Iterable[bytes] = ()
    """Hashes of earlier blocks, the parent first; read lazily, at most 256."""


@dataclass(frozen=True, slots=True)
class MessageCall:
    """A top-level call or creation, with everything paid for already."""

    sender: bytes
    to: bytes | None
    """`None` creates a contract at the address that `nonce` gives."""
    value: int
    data: bytes
    gas: int
    """Gas left for execution, after the intrinsic cost."""
    gas_price: int
    """What GASPRICE pushes."""
    nonce: int
    """The sender's nonce before; decides the address of a creation."""
    warm_addresses: Sequence[bytes] = ()
    warm_slots: Sequence[tuple[bytes, int]] = ()
    blob_hashes: Sequence[bytes] = ()
    refund: int = 0
    """Gas refund granted before execution (EIP-7702)."""


@dataclass(frozen=True, slots=True)
class CallOutcome:
    """How a message call ended."""

    succeeded: bool
    output: bytes
    """Return data; for a revert what it returned; for a creation the code."""
    gas_left: int
    refund: int
    """Gas refund counter, not yet capped."""
    logs: tuple[Log, ...]
    created: bytes | None
    """Address of the created contract."""
    reverted: bool
    """True for REVERT, false for an exceptional halt (when not succeeded)."""
    error: str | None
    console: ConsoleCalls | None = None
    """What contracts wrote to the console, those of undone frames too; mostly nothing."""


class Machine(Protocol):
    """Journaled state on one root, and calls on it."""

    def balance(self, address: bytes) -> int:
        """Return wei."""

    def set_balance(self, address: bytes, value: int) -> None:
        """Set wei."""

    def nonce(self, address: bytes) -> int:
        """Return the nonce."""

    def set_nonce(self, address: bytes, value: int) -> None:
        """Set the nonce."""

    def code(self, address: bytes) -> bytes:
        """Return the code; empty when there is none."""

    def set_code(self, address: bytes, code: bytes) -> None:
        """Set the code."""

    def storage(self, address: bytes, slot: int) -> int:
        """Return one word."""

    def set_storage(self, address: bytes, slot: int, value: int) -> None:
        """Set one word."""

    def clear_storage(self, address: bytes) -> None:
        """Set every word of the account to zero."""

    def exists(self, address: bytes) -> bool:
        """Tell whether the account is in the trie (EIP-161: not empty)."""

    def snapshot(self) -> Any:
        """Return a token to `restore` or `accept`."""

    def restore(self, token: Any) -> None:
        """Undo everything since `token`."""

    def accept(self, token: Any) -> None:
        """Forget `token`; keep the changes."""

    def begin_transaction(self) -> None:
        """Reset what lives for one transaction: warm sets, original values, transient storage.

        Snapshots from before it are void.
        """

    def warm(self, address: bytes) -> None:
        """Mark an address as accessed (EIP-2929)."""

    def accessed(self) -> Mapping[bytes, frozenset[int]]:
        """Return addresses and slots that the current transaction has made warm."""

    def limit_time(self, check: Callable[[], None]) -> None:
        """Call `check` often during every later `run`; what it raises ends the run.

        The machine is of no use after that.
        """

    def trace(self, tracer: Tracer | None) -> None:
        """Let `tracer` watch every later `run`; `None` ends that.

        System calls are not watched.
        """

    def run(self, call: MessageCall) -> CallOutcome:
        """Execute a call; on failure its changes are undone, the caller's stay."""

    def system_call(self, to: bytes, data: bytes) -> CallOutcome:
        """Call `to` as the system address with 30,000,000 gas outside of any transaction."""

    def commit(self) -> bytes:
        """Hash all changes and return the state root; new nodes then stand in `nodes`."""

    def storage_root(self, address: bytes) -> bytes:
        """Return the storage root of an account, as of the last `commit`."""

    @property
    def nodes(self) -> Mapping[bytes, bytes]:
        """Trie nodes and codes that `commit` has added, by hash.

        Addresses and slots that are new to the tries are among them, under their hashes.
        """


class Engine(Protocol):
    """Opens machines."""

    name: str

    def open(
        self,
        read_node: NodeReader,
        state_root: bytes,
        block: BlockContext,
        precompiles: Mapping[bytes, Native],
        opcodes: OpcodeSet,
        beneath: Beneath | None = None,
    ) -> Machine:
        """Return a machine on `state_root` whose opcodes, those of a set, see `block`.

        On a fork `state_root` is that of what differs from `beneath`.
        """
