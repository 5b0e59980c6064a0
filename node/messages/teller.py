"""Tells the log of transactions and calls, on a thread of its own.

Whoever makes blocks only puts them down here.  The thread looks a moment later, so that many
are told together, and is behind by a bounded number: what is more is counted.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Final

from byline.derivation.block import Block
from byline.derivation.receipt import Receipt
from byline.node.chain.block import ExecutedBlock
from byline.node.logs import gathered
from byline.node.messages.lines import CALLS, TRANSACTIONS, Line, MinedBlock, TriedCall
from byline.node.messages.sources import AbiSource
from byline.node.rollups.rollup import ChainName, Rollup

if TYPE_CHECKING:
    from byline.node.messages.library import Library
    from byline.node.messages.reading import Reader
    from byline.node.messages.transactions import Narrator

LOG = logging.getLogger("byline.messages")

PAUSE: Final = 0.25
"""Seconds from one time to the next: a thread that wakes costs those who work more than a line."""
MOMENT: Final = 0.01
"""Seconds for which more is gathered after silence."""
MOST_WAITING: Final = 1_024
"""Blocks and calls that wait to be told."""
MOST_AT_ONCE: Final = 64
"""That are told before what was said of them is written."""
MOST_CALLS: Final = 20
"""Calls that are told in `CALL_SECONDS`."""
CALL_SECONDS: Final = 1.0
CLOSING_SECONDS: Final = 5.0
"""That the end waits for what is left to be told."""


class TransactionTeller:
    """Takes blocks and calls from any thread."""

    def __init__(
        self,
        rollup: Rollup,
        sources: Sequence[AbiSource] = (),
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._rollup = rollup
        self._sources = sources
        self._clock = clock
        self._waiting: deque[MinedBlock | TriedCall] = deque()
        self._wake = threading.Event()
        self._closing = threading.Event()
        self._thread: threading.Thread | None = None
        self._starting = threading.Lock()
        self._missed: Counter[ChainName] = Counter()
        self._calls_since = 0.0
        self._calls_told = 0
        self._calls_missed: Counter[ChainName] = Counter()

    # -- any thread -------------------------------------------------------------------

    def executed(self, name: ChainName, executed: ExecutedBlock) -> None:
        """Tell of a new block that was executed here."""
        if self._wanted(name, TRANSACTIONS) and _says_something(name, executed.block):
            self._put(MinedBlock(name, executed.block, executed.receipts, executed.noted))

    def stored(self, name: ChainName, block: Block, receipts: Sequence[Receipt]) -> None:
        """Tell of a new block of which only what is stored is known."""
        if self._wanted(name, TRANSACTIONS) and _says_something(name, block):
            self._put(MinedBlock(name, block, receipts, {}))

    def tried(self, call: TriedCall) -> None:
        """Tell of a call that failed or wrote to the console."""
        if self._wanted(call.chain, CALLS):
            self._put(call)

    def close(self) -> None:
        """Tell what waits, and end."""
        self._closing.set()
        self._wake.set()
        if self._thread is not None:
            self._thread.join(CLOSING_SECONDS)

    def _wanted(self, name: ChainName, logger: logging.Logger) -> bool:
        return (
            not self._closing.is_set()
            and logger.isEnabledFor(logging.INFO)
            and name not in self._rollup.muted
        )

    def _put(self, item: MinedBlock | TriedCall) -> None:
        if len(self._waiting) >= MOST_WAITING:
            self._missed[item.chain] += 1
            return
        self._waiting.append(item)
        if not self._wake.is_set():
            self._wake.set()
            if self._thread is None:
                self._start()

    def _start(self) -> None:
        with self._starting:
            if self._thread is None:
                self._thread = threading.Thread(
                    target=self._work, name="byline-messages", daemon=True
                )
                self._thread.start()

    # -- the thread -------------------------------------------------------------------

    def _work(self) -> None:
        # Imported here, as most of what it needs is needed by nobody else.
        from byline.node.messages.library import Library
        from byline.node.messages.transactions import Narrator

        library = Library(self._sources)
        narrator = Narrator(self._rollup, lambda: _reader(library))
        last = -PAUSE
        while True:
            self._wake.wait(CALL_SECONDS if self._calls_missed else None)
            self._closing.wait(max(MOMENT, last + PAUSE - self._clock()))
            last = self._clock()
            self._wake.clear()
            while self._waiting:
                with gathered():
                    self._tell_waiting(narrator)
            self._count()
            if self._closing.is_set():
                return

    def _tell_waiting(self, narrator: Narrator) -> None:
        for _ in range(min(len(self._waiting), MOST_AT_ONCE)):
            item = self._waiting.popleft()
            try:
                self._tell(narrator, item)
            except Exception:  # a line less is no reason to end
                LOG.exception("cannot tell of what happened on the %s", item.chain.upper())

    def _tell(self, narrator: Narrator, item: MinedBlock | TriedCall) -> None:
        lines: Iterable[Line]
        if isinstance(item, MinedBlock):
            lines = narrator.block(item)
        elif self._may_tell_call(item.chain):
            lines = narrator.call(item)
        else:
            return
        for line in lines:
            line.write()

    def _may_tell_call(self, name: ChainName) -> bool:
        now = self._clock()
        if now - self._calls_since >= CALL_SECONDS:
            self._calls_since, self._calls_told = now, 0
            self._count_calls()
        self._calls_told += 1
        if self._calls_told > MOST_CALLS:
            self._calls_missed[name] += 1
            return False
        return True

    def _count(self) -> None:
        """Tell of how much nothing was told."""
        for name in list(self._missed):
            count = self._missed.pop(name)
            TRANSACTIONS.info(
                "%s  ... and %s more blocks and calls, too fast to tell",
                name.upper(),
                f"{count:,}",
            )
        if self._closing.is_set() or self._clock() - self._calls_since >= CALL_SECONDS:
            self._count_calls()

    def _count_calls(self) -> None:
        for name in list(self._calls_missed):
            count = self._calls_missed.pop(name)
            CALLS.info("%s  ... and %s more calls like these", name.upper(), f"{count:,}")


def _reader(library: Library) -> Reader:
    from byline.node.messages.book import BUILT_IN, Book
    from byline.node.messages.reading import Reader

    return Reader(Book(BUILT_IN, library))


def _says_something(name: ChainName, block: Block) -> bool:
    """Tell whether a block holds more than the L1 attributes, or everything is to be told."""
    least = 2 if name == "l2" else 1
    return len(block.transactions) >= least or TRANSACTIONS.isEnabledFor(logging.DEBUG)
