"""Which thread does what: one writes, a few read, the event loop waits for nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final, ParamSpec, TypeVar

from byline.node.evm.pyevm import prepare_threads

READERS: Final = 4
"""Calls that may run beside the block builder; more wait."""

P = ParamSpec("P")
T = TypeVar("T")


class Threads:
    """One writer thread, which owns both chains, and a pool of readers."""

    def __init__(self) -> None:
        prepare_threads()
        self._writer = ThreadPoolExecutor(1, thread_name_prefix="byline-writer")
        self._readers = ThreadPoolExecutor(READERS, thread_name_prefix="byline-reader")

    async def write(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run `work` on the writer thread, after what was asked before."""
        return await self._run(self._writer, work, *args, **kwargs)

    async def read(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run `work` on a reader thread."""
        return await self._run(self._readers, work, *args, **kwargs)

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
        """Finish what is running and end the threads."""
        self._writer.shutdown(wait=True)
        self._readers.shutdown(wait=True, cancel_futures=True)
