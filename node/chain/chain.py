"""One class for both chains: a store of blocks, rules, and an engine that executes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain as joined
from typing import Final

from byline.derivation.block import Block
from byline.derivation.dev_edits import AccountEdit
from byline.derivation.header import Header
from byline.derivation.transaction import AnyTransaction, Transaction
from byline.node.chain.block import ExecutedBlock
from byline.node.chain.builder import BlockBuilder, block_context
from byline.node.chain.senders import recover_senders
from byline.node.evm.beneath import Beneath
from byline.node.evm.machine import Engine, Machine
from byline.node.evm.rules import BlockInput, ChainRules
from byline.node.evm.transition import InvalidTransaction
from byline.node.storage.store import ChainStore

MAX_ANCESTORS = 256
"""BLOCKHASH reaches so many blocks back."""


class InvalidBlock(Exception):
    """A block was given a transaction that it cannot hold."""


@dataclass(frozen=True, slots=True)
class Skipped:
    """A candidate that did not get into a block."""

    transaction: Transaction
    reason: str


@dataclass(frozen=True, slots=True)
class Built:
    """A sealed block, not yet stored, and the candidates it passed over."""

    executed: ExecutedBlock
    skipped: tuple[Skipped, ...]


CALL_GAS: Final = 50_000_000
"""What a question about a block may use, as in geth."""


class Chain:
    """Blocks on top of a genesis, executed by `rules` on `engine`, kept in `store`."""

    def __init__(
        self,
        store: ChainStore,
        rules: ChainRules,
        engine: Engine,
        beneath: Beneath | None = None,
    ) -> None:
        self.store = store
        self.rules = rules
        self.engine = engine
        self.beneath = beneath
        """What the first block stands on, for a chain that was forked from another one."""
        self.call_gas = CALL_GAS
        """Gas that a question may use; none may use more, whatever it asks for."""

    @property
    def chain_id(self) -> int:
        """The EIP-155 chain id."""
        return self.rules.chain_id

    @property
    def head(self) -> Header:
        """The canonical block that the next one builds on."""
        return self.store.head()

    def canonical(self, number: int) -> Header | None:
        """Return the canonical header at `number`."""
        block_hash = self.store.canonical_hash(number)
        return None if block_hash is None else self.store.header(block_hash)

    def canonical_block(self, number: int) -> Block | None:
        """Return the canonical block at `number`."""
        block_hash = self.store.canonical_hash(number)
        return None if block_hash is None else self.store.block(block_hash)

    def is_canonical(self, header: Header) -> bool:
        """Tell whether the block with `header` is on the canonical chain."""
        return self.store.canonical_hash(header.number) == header.hash

    def ancestors(self, header: Header) -> Iterator[bytes]:
        """Yield the hashes of `header` and the blocks before it, as far as BLOCKHASH goes."""
        at: Header | None = header
        for _ in range(MAX_ANCESTORS):
            if at is None:
                return
            yield at.hash
            if at.number == 0:
                return
            parent = self.store.header(at.parent_hash)
            if parent is None and self.beneath is not None:
                yield at.parent_hash
                yield from self._ancestors_beneath(self.beneath, at.number - 1, header.number)
                return
            at = parent

    def _ancestors_beneath(self, beneath: Beneath, below: int, first: int) -> Iterator[bytes]:
        last = max(0, first + 1 - MAX_ANCESTORS)
        return (beneath.block_hash(number) for number in range(below - 1, last - 1, -1))

    def before(self, header: Header) -> Iterator[bytes]:
        """Yield the hashes of the blocks before `header`, as far as BLOCKHASH goes."""
        parent = self.store.header(header.parent_hash)
        if parent is not None:
            return self.ancestors(parent)
        if self.beneath is None or header.number == 0:
            return iter(())
        older = self._ancestors_beneath(self.beneath, header.number - 1, header.number - 1)
        return joined((header.parent_hash,), older)

    def builder(self, parent: Header, given: BlockInput) -> BlockBuilder:
        """Return a builder for the block after `parent`."""
        return BlockBuilder(
            self.engine,
            self.rules,
            parent,
            given,
            self.store.node,
            self.ancestors(parent),
        )

    def build(
        self,
        parent: Header,
        given: BlockInput,
        forced: Sequence[AnyTransaction] = (),
        candidates: Iterable[Transaction] = (),
        edits: Sequence[AccountEdit] = (),
        check: Callable[[BlockBuilder, Transaction], None] | None = None,
    ) -> Built:
        """Execute a block: every `forced` transaction, then what fits of `candidates`.

        After them come `edits`, which the block itself does not tell of: where others execute
        the chain again, they have to come by a transaction instead.
        `check` raises `InvalidTransaction` for a candidate that must not come next.
        Raises `InvalidBlock` when a forced one does not fit.  Nothing is stored.
        """
        recover_senders(forced)
        builder = self.builder(parent, given)
        for index, tx in enumerate(forced):
            try:
                builder.add(tx)
            except InvalidTransaction as exc:
                raise InvalidBlock(
                    f"block {builder.header.number}: transaction {index} "
                    f"(0x{tx.hash.hex()}): {exc}"
                ) from exc
        skipped: list[Skipped] = []
        for tx in candidates:
            try:
                if check is not None:
                    check(builder, tx)
                builder.add(tx)
            except InvalidTransaction as exc:
                skipped.append(Skipped(tx, str(exc)))
        if edits:
            builder.edit(edits)
        return Built(builder.seal(), tuple(skipped))

    def insert(self, executed: ExecutedBlock, meta: Mapping[str, bytes] | None = None) -> None:
        """Store a block whose parent is the head, and make it the head (one atomic write)."""
        header = executed.block.header
        if header.parent_hash != self.head.hash:
            raise InvalidBlock(
                f"block {header.number} does not follow the head, {self.head.number}"
            )
        self.store.commit(executed, meta=meta or {})

    def set_head(self, header: Header, meta: Mapping[str, bytes] | None = None) -> None:
        """Make a stored block the head (one atomic write)."""
        self.store.set_head(header.hash, meta=meta or {})

    def machine(self, header: Header, *, state_of: Header | None = None) -> Machine:
        """Return a machine on the state after a block, whose opcodes see `header`.

        The state is that of `header` itself, unless `state_of` names another.  What the
        machine changes is never stored: it serves calls and reads.
        """
        return self.engine.open(
            self.store.node,
            (state_of or header).state_root,
            block_context(self.rules, header, self.before(header)),
            self.rules.precompiles(header.timestamp),
            self.rules.opcodes(header.timestamp),
        )
