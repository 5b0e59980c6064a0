"""Follows an L1 node: fetches its blocks in order, notices when it takes some back."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Final

from byline.derivation.errors import Reset, Temporary
from byline.derivation.types import L1Block, L1BlockRef
from byline.node.errors import BadL1Answer, NodeError
from byline.node.l1.mirror import L1Mirror
from byline.node.l1.source import L1Source

LOG = logging.getLogger("byline.l1")

LATER_SECONDS: Final = 2.0
"""Pause after the L1 did not answer."""


class L1Follower:
    """Brings a mirror up to the L1's head, again and again."""

    def __init__(
        self,
        source: L1Source,
        mirror: L1Mirror,
        *,
        seen: Callable[[L1Block], Awaitable[None]],
        finalized: Callable[[L1BlockRef], Awaitable[None]],
        reorganised: Callable[[int], Awaitable[None]],
        pause: float,
    ) -> None:
        """`seen` gets each next block, `reorganised` the last number that still holds."""
        self._source = source
        self._mirror = mirror
        self._seen = seen
        self._finalized = finalized
        self._reorganised = reorganised
        self._pause = pause

    async def run(self) -> None:
        """Follow until cancelled; an L1 that does not answer is asked again."""
        while True:
            try:
                await self.catch_up()
                pause = self._pause
            except (Temporary, BadL1Answer) as exc:
                LOG.warning("L1: %s", exc)
                pause = LATER_SECONDS
            await asyncio.sleep(pause)

    async def catch_up(self) -> None:
        """Fetch what the L1 has beyond the mirror; raises `Temporary` or `BadL1Answer`."""
        head = await self._source.head()
        known = self._mirror.block(head.number)
        if known is not None and known.header.hash != head.hash:
            await self._step_back()
        while self._mirror.head.number < head.number:
            block = await self._source.block_by_number(self._mirror.head.number + 1)
            if block is None:
                return
            try:
                await self._seen(block)
            except Reset as exc:
                LOG.warning("%s", exc)
                await self._step_back()
        await self._finalized(await self._source.finalized())

    async def _step_back(self) -> None:
        """Find the newest block that both sides have, and report it."""
        number = self._mirror.head.number
        while (mine := self._mirror.block(number)) is not None:
            theirs = await self._source.block_by_number(number)
            if theirs is not None and theirs.header.hash == mine.header.hash:
                await self._reorganised(number)
                return
            number -= 1
        raise NodeError(
            f"the L1 reorganised below block {number + 1}, the oldest that is held: "
            "start again with an empty data folder, or from another L1 node"
        )
