"""The index of attribution, following the head of the L2.

A question brings the index up to the head first, on the thread that answers it.  Some older
indexes are kept: where a reorganisation took blocks away, the newest one whose block is still
there goes on, or all is read again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from threading import Lock
from typing import Final

from byline.derivation.block import Block
from byline.derivation.header import Header
from byline.derivation.kernels.bloom import bloom_of
from byline.node.attribution.index.events import ADDRESSES, Event, Place, events_of
from byline.node.attribution.index.funding import Transfer
from byline.node.attribution.index.index import Index, Settings, Unfounded, folded
from byline.node.backend.receipts import located_logs
from byline.node.backend.served import Served
from byline.node.chain.chain import Chain
from byline.node.chain.senders import recover_senders
from byline.node.contracts.addresses import L2_CONTRACTS
from byline.node.contracts.artifacts import load
from byline.node.evm.patience import OutOfTime, Patience
from byline.rpc.backend import Refused

MOST_MARKS: Final = 8
"""Indexes that are kept, each with tables of its own."""
AT_ONCE: Final = 4_096
"""Events that are folded together; then the index so far is kept."""
MOST_TRIES: Final = 8
"""Reorganisations in the middle of one reading, after which it is given up."""
MOST_TRANSFERS: Final = 20_000
"""Transactions that are looked at for who paid whom."""

_SETTINGS: Final = (
    ("InferenceLedger", "_ledger_settings.challengeWindow"),
    ("InferenceLedger", "_ledger_settings.settleWindow"),
    ("PayoutVault", "claims.claimWindow"),
    ("ContributorBond", "threshold"),
    ("ContributorBond", "limit"),
)
"""In the order of `Settings`."""


class _Moved(Exception):
    """The chain was reorganised while it was read."""


@dataclass(frozen=True, slots=True)
class Mark:
    """An index and the block that it is of."""

    number: int
    hash: bytes
    index: Index


class Follower:
    """Keeps the index of one L2; may be asked from several threads."""

    def __init__(self, rollup: Served) -> None:
        """Begin with nothing; the first question reads the chain."""
        self._rollup = rollup
        self._marks: list[Mark] = []
        self._lock = Lock()

    def at_head(self, patience: Patience) -> Mark:
        """Return the index after the head.

        Raises `Refused` for a chain without the contracts, or with events that cannot be
        theirs, and `OutOfTime`; what was read until then is kept, so the next question goes
        on from there.
        """
        with self._lock:
            for _ in range(MOST_TRIES):
                try:
                    chain = self._rollup.chain("l2")
                    mark = self._grown(chain, patience)
                    _check_counts(chain, mark)
                    return mark
                except _Moved:
                    continue
                except Unfounded as error:
                    raise Refused(
                        f"{error}: code or state of the attribution contracts was loaded or "
                        "changed from outside, so their events alone do not say what they hold"
                    ) from error
        raise Refused("the chain was reorganised again and again while it was read: ask again")

    def _grown(self, chain: Chain, patience: Patience) -> Mark:
        mark = self._last(chain)
        head = chain.head
        found: list[Event] = []
        at, before = mark.number, mark.hash
        try:
            while at < head.number:
                patience.check()
                header = _next(chain, at, before)
                found += _events(chain, header)
                at, before = header.number, header.hash
                if len(found) >= AT_ONCE:
                    mark = self._keep(Mark(at, before, folded(mark.index, found)))
                    found.clear()
        except OutOfTime:
            self._keep(Mark(at, before, folded(mark.index, found)))
            raise
        if at == mark.number:
            return mark
        return self._keep(Mark(at, before, folded(mark.index, found)))

    def _last(self, chain: Chain) -> Mark:
        """Return the newest index of a block that is on the chain."""
        while self._marks and not _stands(chain, self._marks[-1]):
            self._marks.pop()
        if not self._marks:
            first = chain.canonical(chain.store.first_number)
            if first is None:
                raise _Moved
            settings = _settings(chain, first)
            self._keep(Mark(first.number, first.hash, Index(settings)))
        return self._marks[-1]

    def _keep(self, mark: Mark) -> Mark:
        """Keep an index; of the older ones every second goes where there are too many."""
        self._marks.append(mark)
        if len(self._marks) > MOST_MARKS:
            half = MOST_MARKS // 2
            self._marks = self._marks[:-half:2] + self._marks[-half:]
        return mark


def _stands(chain: Chain, mark: Mark) -> bool:
    on_chain = chain.store.canonical_hash(mark.number) == mark.hash
    return on_chain and mark.number <= chain.head.number


def _next(chain: Chain, number: int, before: bytes) -> Header:
    header = chain.canonical(number + 1)
    if header is None or header.parent_hash != before:
        raise _Moved
    return header


def _settings(chain: Chain, first: Header) -> Settings:
    """Return what no event tells, from the first block; raises `Refused`."""
    if chain.beneath is not None:
        raise Refused(
            "this chain was forked: what the attribution contracts told before is on the other "
            "network alone, so ask that network's node"
        )
    machine = chain.machine(first)
    for name in ("AttributionRegistry", "InferenceLedger", "PayoutVault"):
        if not machine.code(L2_CONTRACTS[name]):
            raise Refused(
                f"the genesis of this chain has no {name} at "
                f"0x{L2_CONTRACTS[name].hex()}: there is no attribution on it"
            )
    values = (
        machine.storage(L2_CONTRACTS[name], load(name).storage[variable])
        for name, variable in _SETTINGS
    )
    return Settings(*values)


_COUNTS: Final[tuple[tuple[str, str, Callable[[Index], int]], ...]] = (
    ("AttributionRegistry", "datasets.datasetCount", lambda index: len(index.registry.datasets)),
    ("AttributionRegistry", "line.modelCount", lambda index: len(index.registry.models)),
    ("FeePolicy", "policyCount", lambda index: len(index.registry.policies)),
    ("InferenceLedger", "_batches.batchCount", lambda index: len(index.ledger.batches)),
)
"""What contracts count in storage, and what the index has of it."""


def _check_counts(chain: Chain, mark: Mark) -> None:
    """Refuse an index that lacks what a loaded state holds; raises `Unfounded`."""
    header = chain.store.header(mark.hash)
    if header is None:
        raise _Moved
    machine = chain.machine(header)
    for name, variable, counted in _COUNTS:
        stored = machine.storage(L2_CONTRACTS[name], load(name).storage[variable])
        if stored != counted(mark.index):
            raise Unfounded(
                f"block {mark.number}: {name} counts {stored} in {variable}, and its events tell "
                f"of {counted(mark.index)}"
            )


_BLOOMS: Final = tuple(int.from_bytes(bloom_of([address]), "big") for address in ADDRESSES)


def _events(chain: Chain, header: Header) -> Iterator[Event]:
    bits = int.from_bytes(header.bloom, "big")
    if not any(bits & one == one for one in _BLOOMS):
        return
    block, receipts = chain.store.block(header.hash), chain.store.receipts(header.hash)
    if block is None or receipts is None:
        raise _Moved
    logs = list(located_logs(block, receipts))

    def place(at: int) -> Place:
        return Place(header.number, header.timestamp, logs[at].transaction_hash)

    yield from events_of((one.log for one in logs), place)


def transfers_up_to(chain: Chain, last: int, patience: Patience) -> tuple[Transfer, ...] | None:
    """Return native tokens that transactions moved in the blocks up to `last`.

    What contracts passed on is not among them.  `None` for more transactions than are looked
    at.
    """
    found: list[Transfer] = []
    seen = 0
    for number in range(chain.store.first_number, last + 1):
        patience.check()
        block = chain.canonical_block(number)
        if block is None:
            continue
        seen += len(block.transactions)
        if seen > MOST_TRANSFERS:
            return None
        found += _transfers(chain, block)
    return tuple(found)


def _transfers(chain: Chain, block: Block) -> Iterator[Transfer]:
    if not any(tx.value for tx in block.transactions):
        return
    recover_senders(block.transactions)
    receipts = chain.store.receipts(block.hash) or ()
    for tx, receipt in zip(block.transactions, receipts, strict=False):
        if tx.value and tx.to is not None and receipt.succeeded:
            yield Transfer(tx.sender, tx.to, tx.value)
