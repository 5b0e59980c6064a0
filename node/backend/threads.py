"""Which thread does what: one writes, a few search, and the event loop reads what is near.

A look-up that takes microseconds (an account, a receipt, one block) is done on the event
loop: the way to a thread and back would cost more than the answer.  What may take longer
goes to a thread, so that the loop answers others meanwhile.
"""

from __future__ import annotations

import asyncio
import functools
import sys
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Final, ParamSpec, TypeVar

from byline.node.evm.call_stack import prepare_threads

READERS: Final = 4
"""Searches that may run beside the block builder; more wait."""
CALLERS: Final = 4
"""Calls of contracts that may run beside it; more wait."""
SWITCH_SECONDS: Final = 0.0005
"""A thread that runs gives way after so long: what the event loop waits beside a long call.

Python's own 5 ms, for each of several that run, would be felt in every answer.
"""
MOST_HELD: Final = 64
"""Calls that wait for the end of a piece of work before the event loop is woken for them."""

P = ParamSpec("P")
T = TypeVar("T")


class LoopCalls:
    """Calls from the writer thread to the event loop, in order, with few awakenings.

    Waking the loop costs more than most of what it is woken for, so what one piece of work
    has to say is handed over together, before the work's result.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._calls: deque[Callable[[], None]] = deque()
        self._holding = False

    def add(self, call: Callable[[], None]) -> None:
        """Run `call` on the event loop, after what was added before; from any thread."""
        self._calls.append(call)
        if not self._holding or len(self._calls) >= MOST_HELD:
            self._wake()

    @contextmanager
    def held(self) -> Iterator[None]:
        """Hand over at the end what is added meanwhile; by one thread at a time."""
        self._holding = True
        try:
            yield
        finally:
            self._holding = False
            if self._calls:
                self._wake()

    def _wake(self) -> None:
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._run)

    def _run(self) -> None:
        while self._calls:
            self._calls.popleft()()


def _answer(future: asyncio.Future[T], found: T) -> None:
    if not future.done():
        future.set_result(found)


def _fail(future: asyncio.Future[T], exc: BaseException) -> None:
    if not future.done():
        future.set_exception(exc)


class Threads:
    """One writer thread, which owns both chains, and pools for searches and for calls.

    Calls have a pool of their own: they may take seconds, and searches shall not wait.
    """

    def __init__(self, calls: LoopCalls | None = None) -> None:
        """Start the threads; `calls` takes what the writer has to tell the event loop."""
        prepare_threads()
        sys.setswitchinterval(SWITCH_SECONDS)
        self._calls = calls
        self._writer = ThreadPoolExecutor(1, thread_name_prefix="byline-writer")
        self._readers = ThreadPoolExecutor(READERS, thread_name_prefix="byline-reader")
        self._callers = ThreadPoolExecutor(CALLERS, thread_name_prefix="byline-caller")
        self._stopping = False

    def stopping(self) -> bool:
        """Tell whether the threads shall end soon."""
        return self._stopping

    async def write(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run `work` on the writer thread, after what was asked before."""
        calls = self._calls
        if calls is None:
            return await self._run(self._writer, work, *args, **kwargs)
        answer: asyncio.Future[T] = asyncio.get_running_loop().create_future()

        # The result travels behind what there is to tell, so that the loop wakes once.
        def telling() -> None:
            with calls.held():
                try:
                    found = work(*args, **kwargs)
                except BaseException as exc:
                    calls.add(functools.partial(_fail, answer, exc))
                else:
                    calls.add(functools.partial(_answer, answer, found))

        queued = self._writer.submit(telling)
        try:
            return await answer
        except asyncio.CancelledError:
            queued.cancel()
            raise

    async def read(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run `work` on a reader thread."""
        return await self._run(self._readers, work, *args, **kwargs)

    async def execute(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run `work`, which may take long but minds `stopping`, on a thread for calls."""
        return await self._run(self._callers, work, *args, **kwargs)

    async def _run(
        self,
        pool: ThreadPoolExecutor,
        work: Callable[P, T],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> T:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(pool, lambda: work(*args, **kwargs))

    def close(self) -> None:
        """Finish what is running, but give up calls, and end the threads."""
        self._stopping = True
        self._callers.shutdown(wait=True, cancel_futures=True)
        self._writer.shutdown(wait=True)
        self._readers.shutdown(wait=True, cancel_futures=True)
