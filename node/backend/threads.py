"""Which thread does what: one writes, a few read, the event loop waits for nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final, ParamSpec, TypeVar

from byline.node.evm.pyevm import prepare_threads

READERS: Final = 4
"""Look-ups that may run beside the block builder; more wait."""
CALLERS: Final = 4
"""Calls of contracts that may run beside it; more wait."""

P = ParamSpec("P")
T = TypeVar("T")


class Threads:
    """One writer thread, which owns both chains, and pools for look-ups and for calls.

    Calls have a pool of their own: they may take seconds, and look-ups shall not wait.
    """

    def __init__(self) -> None:
        prepare_threads()
        self._writer = ThreadPoolExecutor(1, thread_name_prefix="byline-writer")
        self._readers = ThreadPoolExecutor(READERS, thread_name_prefix="byline-reader")
        self._callers = ThreadPoolExecutor(CALLERS, thread_name_prefix="byline-caller")
        self._stopping = False

    def stopping(self) -> bool:
        """Tell whether the threads shall end soon."""
        return self._stopping

    async def write(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run `work` on the writer thread, after what was asked before."""
        return await self._run(self._writer, work, *args, **kwargs)

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
