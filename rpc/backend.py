"""What the RPC asks of a node.

The Protocols here are declared by their user: `node.backend` implements them, tests
implement them with a few lines.  Values that cross the border are frozen, and the
protocol nouns (`Header`, `Transaction`, `Receipt`, ...) are those of `byline.derivation`.

Every method is a coroutine: the node decides which thread does the work, and the event
loop never waits for the EVM or the disk.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Literal, Protocol, TypeAlias

from byline.derivation.block import Block
from byline.derivation.receipt import Log, Receipt
from byline.derivation.transaction import AccessListEntry, AnyTransaction, Authorization
from byline.derivation.types import BlockId, SyncStatus

if TYPE_CHECKING:
    from byline.rpc.attribution import Attribution
    from byline.rpc.editing import Editing
    from byline.rpc.forked import Forked
    from byline.rpc.inspecting import Inspecting
    from byline.rpc.sequencing import Sequencing
    from byline.rpc.simulation import Bundles, Simulating
    from byline.rpc.steering import Steering

Tag: TypeAlias = Literal["latest", "earliest", "pending", "safe", "finalized"]

BlockRef: TypeAlias = Tag | int | bytes
"""A tag, a number, or a 32-byte hash."""


class CanonicalHash(bytes):
    """The hash of a block that must be on the canonical chain (EIP-1898)."""

    __slots__ = ()


class BackendError(Exception):
    """An expected refusal; `rpc.errors` gives it its JSON-RPC code."""


class UnknownBlock(BackendError):
    """State or logs of a block that the chain does not hold."""


class Refused(BackendError):
    """The pool does not take a transaction; the message follows geth's words."""


class TooManyLogs(BackendError):
    """A search for logs found more than it was to return."""


class Reverted(BackendError):
    """A call ended in REVERT; `output` is what it returned."""

    def __init__(self, output: bytes) -> None:
        super().__init__("execution reverted")
        self.output = output


class Halted(BackendError):
    """A call ended in an exceptional halt (out of gas, invalid opcode, ...)."""


@dataclass(frozen=True, slots=True)
class LocatedTransaction:
    """A transaction and where it stands."""

    transaction: AnyTransaction
    block: Block | None
    """`None` while it waits in the pool."""
    index: int | None
    deposit_nonce: int | None = None
    """Mined deposits: the sender's nonce before."""


@dataclass(frozen=True, slots=True)
class L1FeeDetail:
    """The rollup part of an L2 receipt (all wei or protocol scalars)."""

    l1_gas_price: int
    l1_gas_used: int
    l1_fee: int
    l1_base_fee_scalar: int
    l1_blob_base_fee: int
    l1_blob_base_fee_scalar: int
    operator_fee_scalar: int
    operator_fee_constant: int
    da_footprint_gas_scalar: int | None
    """`None` before Jovian."""
    da_footprint: int | None


@dataclass(frozen=True, slots=True)
class LocatedReceipt:
    """A receipt with what a client wants beside the consensus fields."""

    receipt: Receipt
    transaction: AnyTransaction
    block: Block
    index: int
    gas_used: int
    """Gas used by this transaction alone."""
    effective_gas_price: int
    contract_address: bytes | None
    first_log_index: int
    """Index in the block of the receipt's first log."""
    l1: L1FeeDetail | None
    """`None` on the L1 and for deposits."""
    blob_gas_price: int | None = None
    """Blob transactions on the L1 only."""


@dataclass(frozen=True, slots=True)
class LocatedLog:
    """A log and where it stands."""

    log: Log
    block_number: int
    block_hash: bytes
    block_timestamp: int
    transaction_hash: bytes
    transaction_index: int
    log_index: int
    removed: bool = False
    """True when a reorganisation took its block away."""


@dataclass(frozen=True, slots=True)
class LogFilter:
    """Which logs are wanted; empty `addresses` or an empty topic position match all."""

    first: BlockRef = "latest"
    last: BlockRef = "latest"
    block_hash: bytes | None = None
    """When set, exactly this block; `first` and `last` are ignored."""
    addresses: frozenset[bytes] = frozenset()
    topics: tuple[frozenset[bytes], ...] = ()
    """By position; a log with fewer topics than positions does not match."""

    def matches(self, log: Log) -> bool:
        """Tell whether `log` passes addresses and topics (not the block range)."""
        if self.addresses and log.address not in self.addresses:
            return False
        if len(self.topics) > len(log.topics):
            return False
        return all(
            not want or got in want for want, got in zip(self.topics, log.topics, strict=False)
        )


@dataclass(frozen=True, slots=True)
class CallRequest:
    """A call, or a transaction to be filled and signed; `None` means not given."""

    sender: bytes | None = None
    to: bytes | None = None
    gas: int | None = None
    gas_price: int | None = None
    max_fee_per_gas: int | None = None
    max_priority_fee_per_gas: int | None = None
    value: int = 0
    data: bytes = b""
    nonce: int | None = None
    chain_id: int | None = None
    access_list: tuple[AccessListEntry, ...] | None = None
    authorizations: tuple[Authorization, ...] | None = None
    type: int | None = None
    """The EIP-2718 type asked for; the RPC sees to it that the other fields imply it."""
    blob_hashes: tuple[bytes, ...] = ()
    """Versioned hashes of the blobs that the transaction would bring; for calls alone."""
    max_fee_per_blob_gas: int = 0
    """Wei."""


@dataclass(frozen=True, slots=True)
class AccountOverride:
    """What an `eth_call` pretends about one account."""

    balance: int | None = None
    nonce: int | None = None
    code: bytes | None = None
    storage: Mapping[int, int] | None = None
    """Replaces all storage (`state`)."""
    storage_diff: Mapping[int, int] | None = None
    """Changes these slots only (`stateDiff`)."""
    precompile_moved_to: bytes | None = None
    """Where the precompile of this address stands instead."""


@dataclass(frozen=True, slots=True)
class BlockOverrides:
    """What a call pretends about the block that it runs in; `None` leaves it."""

    number: int | None = None
    timestamp: int | None = None
    gas_limit: int | None = None
    coinbase: bytes | None = None
    prev_randao: bytes | None = None
    base_fee: int | None = None
    blob_base_fee: int | None = None


THE_BLOCK_ITSELF: Final = BlockOverrides()
"""What a call pretends that pretends nothing."""


@dataclass(frozen=True, slots=True)
class Pretended:
    """What a traced call pretends."""

    accounts: Mapping[bytes, AccountOverride] = field(default_factory=dict)
    block: BlockOverrides = THE_BLOCK_ITSELF
    tx_index: int | None = None
    """Run on the state before this transaction of the block, not on the one after all."""


TraceKind: TypeAlias = Literal["trace", "stateDiff", "vmTrace"]


@dataclass(frozen=True, slots=True)
class TraceOptions:
    """Which tracer watches, and what it shows."""

    tracer: str | None = None
    """`None` for every opcode; then the next five count."""
    enable_memory: bool = False
    disable_stack: bool = False
    disable_storage: bool = False
    enable_return_data: bool = False
    limit: int = 0
    """Bytes of opcodes' entries after which no more are made; 0 for no such bound."""
    config: Mapping[str, Any] = field(default_factory=dict)
    """For a named tracer: `tracerConfig` as it came."""
    timeout: float | None = None
    """Seconds; the node's own bound for calls holds, too."""


@dataclass(frozen=True, slots=True)
class StorageProof:
    """One slot with its Merkle-Patricia proof; `key` comes back as it was asked."""

    key: str
    value: int
    proof: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class AccountProof:
    """EIP-1186: an account and slots, proven against a state root."""

    address: bytes
    balance: int
    nonce: int
    code_hash: bytes
    storage_hash: bytes
    proof: tuple[bytes, ...]
    storage: tuple[StorageProof, ...]


@dataclass(frozen=True, slots=True)
class FeeHistory:
    """What `eth_feeHistory` answers, before it is made hex."""

    oldest_block: int
    base_fees: tuple[int, ...]
    """One more than blocks: the last is that of the next block."""
    gas_used_ratios: tuple[float, ...]
    rewards: tuple[tuple[int, ...], ...] | None
    """By block, by percentile; `None` when no percentiles were asked for."""
    blob_base_fees: tuple[int, ...]
    blob_gas_used_ratios: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class NewHead:
    """A block became the head; `reverted` are logs that a reorganisation took away.

    Those may be many, so that they may be read only when somebody wants them; `receipts`,
    which are the block's, as well.
    """

    block: Block
    logs: tuple[LocatedLog, ...]
    reverted: Iterable[LocatedLog] = ()
    receipts: Iterable[LocatedReceipt] = ()


@dataclass(frozen=True, slots=True)
class NewPending:
    """The pool took a transaction."""

    transaction: AnyTransaction


ChainEvent: TypeAlias = NewHead | NewPending


@dataclass(frozen=True, slots=True)
class OutputAtBlock:
    """An L2 output root and what it is made of."""

    output_root: bytes
    block: Any
    """`L2BlockRef` of the block."""
    withdrawal_storage_root: bytes
    state_root: bytes


@dataclass(frozen=True, slots=True)
class SafeHeadAt:
    """The L2 block that was safe at an L1 block."""

    l1_block: BlockId
    """The L1 block, at or before the one asked for, that made it safe."""
    safe_head: BlockId


class Chain(Protocol):
    """Blocks, transactions, receipts, logs; the same for L1 and L2."""

    @property
    def chain_id(self) -> int:
        """The EIP-155 chain id."""

    async def block_number(self) -> int:
        """Return the height of the head."""

    async def block(self, ref: BlockRef) -> Block | None:
        """Return a block; `None` when unknown.  `pending` is the next block, unsealed."""

    async def receipts(self, ref: BlockRef) -> Sequence[LocatedReceipt] | None:
        """Return a block's receipts in order; `None` when the block is unknown."""

    async def transaction(self, tx_hash: bytes) -> LocatedTransaction | None:
        """Return a mined or pooled transaction."""

    async def receipt(self, tx_hash: bytes) -> LocatedReceipt | None:
        """Return the receipt of a mined transaction."""

    async def logs(self, wanted: LogFilter, most: int) -> Sequence[LocatedLog]:
        """Return matching logs in chain order.

        Raises `UnknownBlock` when a bound or the named block does not exist, `TooManyLogs`
        for more than `most`, and `Halted` when the search takes too long.
        """

    async def fee_history(
        self, count: int, newest: BlockRef, percentiles: Sequence[float] | None
    ) -> FeeHistory:
        """Return fees of the `count` blocks up to `newest`."""

    async def gas_price(self) -> int:
        """Return a legacy gas price that the next block takes."""

    async def priority_fee(self) -> int:
        """Return a tip that the next block takes."""

    async def blob_base_fee(self) -> int:
        """Return the blob base fee of the next block; 1 on the L2."""


class State(Protocol):
    """Accounts at any block, and calls on top of them; raise `UnknownBlock`."""

    async def balance(self, address: bytes, ref: BlockRef) -> int:
        """Return wei."""

    async def nonce(self, address: bytes, ref: BlockRef) -> int:
        """Return the nonce; at `pending` it counts pooled transactions."""

    async def code(self, address: bytes, ref: BlockRef) -> bytes:
        """Return the code."""

    async def storage(self, address: bytes, slot: int, ref: BlockRef) -> int:
        """Return one word."""

    async def proof(self, address: bytes, keys: Sequence[str], ref: BlockRef) -> AccountProof:
        """Return the account and the slots `keys` (hex) with proofs."""

    async def call(
        self,
        request: CallRequest,
        ref: BlockRef,
        overrides: Mapping[bytes, AccountOverride],
        block: BlockOverrides = THE_BLOCK_ITSELF,
    ) -> bytes:
        """Run a call and return its output; raises `Reverted` or `Halted`, or `Refused`."""

    async def estimate_gas(
        self,
        request: CallRequest,
        ref: BlockRef,
        overrides: Mapping[bytes, AccountOverride],
        block: BlockOverrides = THE_BLOCK_ITSELF,
    ) -> int:
        """Return the least gas limit with which the transaction succeeds."""

    async def create_access_list(
        self,
        request: CallRequest,
        ref: BlockRef,
        overrides: Mapping[bytes, AccountOverride],
        block: BlockOverrides = THE_BLOCK_ITSELF,
    ) -> tuple[tuple[AccessListEntry, ...], int, str | None]:
        """Return what the call touches, the gas it then needs, and its error if any."""


class Pool(Protocol):
    """Transactions on their way into a block."""

    async def submit(self, raw: bytes) -> bytes:
        """Take an encoded transaction and return its hash; raises `Refused`.

        With automine the transaction is in a block when this returns.
        """

    async def pending(self) -> Sequence[AnyTransaction]:
        """Return executable transactions in order."""

    async def queued(self) -> Sequence[AnyTransaction]:
        """Return transactions that wait for an earlier nonce."""


class Accounts(Protocol):
    """The node's unlocked development accounts."""

    async def addresses(self) -> Sequence[bytes]:
        """Return them in mnemonic order."""

    async def sign_transaction(self, request: CallRequest) -> bytes:
        """Fill what is missing, sign, return the raw bytes; raises `Refused`."""

    async def sign_message(self, address: bytes, message: bytes) -> bytes:
        """Return the 65-byte EIP-191 signature; raises `Refused` for a foreign account."""

    async def sign_typed_data(self, address: bytes, document: Mapping[str, Any]) -> bytes:
        """Return the 65-byte EIP-712 signature; raises `Refused` for a foreign account."""


class Controls(Protocol):
    """What a test does to a chain and a user of a public one cannot."""

    async def mine(self, blocks: int, timestamp: int | None) -> None:
        """Make `blocks` blocks; `timestamp` is that of the first.  Raises `Refused`."""

    async def mine_apart(self, blocks: int, seconds: int) -> None:
        """Make `blocks` blocks, each `seconds` after the one before.

        The first has what was asked of the next block's time instead, if anything was.
        Raises `Refused`.
        """

    async def increase_time(self, seconds: int) -> int:
        """Move the clock of both chains on by `seconds`; the next blocks follow it.

        Returns the seconds by which it is ahead of the machine's clock.  Raises `Refused`.
        """

    async def set_time(self, timestamp: int) -> int:
        """Set the clock of both chains to `timestamp`; the next blocks follow it.

        Returns by how many seconds it moved.  Raises `Refused` for a past time.
        """

    async def set_next_timestamp(self, timestamp: int) -> None:
        """Give the next block of this chain exactly `timestamp`; raises `Refused`."""

    async def set_timestamp_interval(self, seconds: int | None) -> bool:
        """Make the blocks of this chain `seconds` apart from now on; `None` ends that.

        Returns whether such a distance was set before.  Raises `Refused`.
        """

    async def snapshot(self) -> int:
        """Remember both chains as they are and return an id that grows by one."""

    async def revert(self, snapshot_id: int) -> bool:
        """Go back, forgetting this snapshot and later ones; false for an unknown id."""


@dataclass(frozen=True, slots=True)
class ForkConfig:
    """The rules of a chain from one fork on (EIP-7910)."""

    activation_time: int
    """Seconds since 1970; 0 for what is in force from genesis on."""
    chain_id: int
    fork_id: bytes
    """4 bytes (EIP-6122)."""
    blob_target: int
    blob_most: int
    """Of a block, in blobs; both 0 where there are none."""
    blob_update_fraction: int
    precompiles: Mapping[str, bytes]
    """Name to address; so is the next."""
    system_contracts: Mapping[str, bytes]


class Forks(Protocol):
    """Which rules are in force, and which come."""

    async def now_next_last(self) -> tuple[ForkConfig, ForkConfig | None, ForkConfig | None]:
        """Return the rules at the head, the next, and the last planned; `None` for none."""


class Building(Protocol):
    """What may be asked of the blocks that the node builds."""

    async def limit_data(self, per_transaction: int, per_block: int) -> None:
        """Bound the bytes on the L1 of what blocks take from the pool; 0 ends a bound."""


class Tracing(Protocol):
    """What happened within transactions, found by executing them again.

    Answers are JSON as geth and Parity write it.  All raise `Refused` for what cannot be
    traced, is too large, or names a tracer that is none, and `Halted` out of time.
    """

    async def trace_transaction(self, tx_hash: bytes, options: TraceOptions) -> Any:
        """Return what a tracer shows of a mined transaction."""

    async def trace_block(self, block: BlockRef | Block, options: TraceOptions) -> Sequence[Any]:
        """Return what a tracer shows of each transaction of a block; it need not be stored."""

    async def trace_call(
        self, request: CallRequest, ref: BlockRef, pretended: Pretended, options: TraceOptions
    ) -> Any:
        """Return what a tracer shows of a call."""

    async def trace_bundles(
        self, wanted: Bundles, ref: BlockRef, options: TraceOptions
    ) -> Sequence[Sequence[Any]]:
        """Return what a tracer shows of each call of bundles, each on the one before."""

    async def flat_transaction(self, tx_hash: bytes) -> Sequence[Any] | None:
        """Return Parity's traces of a mined transaction; `None` when unknown."""

    async def flat_block(self, ref: BlockRef) -> Sequence[Any] | None:
        """Return Parity's traces of a block; `None` when unknown."""

    async def replay_transaction(self, tx_hash: bytes, kinds: frozenset[TraceKind]) -> Any:
        """Return output and traces of a mined transaction in Parity's form."""

    async def replay_block(self, ref: BlockRef, kinds: frozenset[TraceKind]) -> Sequence[Any]:
        """Return that of every transaction of a block, with their hashes."""

    async def replay_calls(
        self, calls: Sequence[tuple[CallRequest, frozenset[TraceKind]]], ref: BlockRef
    ) -> Sequence[Any]:
        """Return that of calls, each on the state that the one before leaves."""

    async def replay_raw(self, raw: bytes, kinds: frozenset[TraceKind]) -> Any:
        """Return that of a signed transaction on the head, which is not sent."""


class Rollup(Protocol):
    """The rollup node's side of the L2."""

    async def sync_status(self) -> SyncStatus:
        """Return the heads of both chains."""

    async def output_at(self, number: int) -> OutputAtBlock:
        """Return the output root at an L2 block; raises `UnknownBlock`."""

    async def safe_head_at(self, l1_number: int) -> SafeHeadAt | None:
        """Return what was safe at an L1 block; `None` where that is not known."""

    async def rollup_config(self) -> Mapping[str, Any]:
        """Return rollup.json."""


class Events(Protocol):
    """What happens on the chain, as it happens."""

    def subscribe(self) -> AbstractAsyncContextManager[AsyncIterator[ChainEvent]]:
        """Return a context whose iterator yields events from now on, in order.

        A reader that falls too far behind (1,024 events) gets the iterator ended.
        """


@dataclass(frozen=True, slots=True)
class Backend:
    """One chain behind one RPC port; parts that a chain lacks are `None`."""

    name: str
    """`l1` or `l2`."""
    client_version: str
    chain: Chain
    state: State
    pool: Pool
    accounts: Accounts
    controls: Controls
    events: Events
    rollup: Rollup | None = None
    """Only beside the L2."""
    tracing: Tracing | None = None
    """Only where blocks are executed."""
    simulating: Simulating | None = None
    """Likewise."""
    building: Building | None = None
    """Only where L2 blocks are built."""
    sequencing: Sequencing | None = None
    """Only where the node decides when."""
    forks: Forks | None = None
    """Only where blocks are executed."""
    inspecting: Inspecting | None = None
    """Likewise."""
    steering: Steering | None = None
    """Only where blocks are made."""
    editing: Editing | None = None
    """Likewise."""
    attribution: Attribution | None = None
    """Only beside an L2 of which the node keeps an index."""
    forked: Forked | None = None
    """Only on a chain that goes on from another one."""
    data_dir: str = ""
    """The folder that holds the chains; empty for chains in memory."""
    contracts: Mapping[str, bytes] = field(default_factory=dict)
    """Name to address of what is deployed at genesis."""
