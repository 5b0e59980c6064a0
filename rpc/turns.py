"""Long work on the event loop, in turns with everybody else's."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from typing import Any, Final, TypeVar

import orjson

S = TypeVar("S")

SECONDS: Final = 0.002
"""How long one turn may be."""
MANY: Final = 512
"""Items that are encoded in one turn."""


class Turn:
    """Gives way when its time is over."""

    def __init__(self) -> None:
        self._since = time.perf_counter()

    async def give_way(self) -> None:
        """Let others work if this turn has been long enough."""
        if time.perf_counter() - self._since > SECONDS:
            await asyncio.sleep(0)
            self._since = time.perf_counter()


async def encoded(view: Callable[[S], Any], items: Sequence[S]) -> orjson.Fragment:
    """Return the JSON list of what `view` makes of each item.

    The views of many items are never there together: so many objects would have the
    collector look at all there are, again and again.
    """
    pieces = []
    for start in range(0, len(items), MANY):
        some = [view(item) for item in items[start : start + MANY]]
        pieces.append(orjson.dumps(some)[1:-1])
        await asyncio.sleep(0)
    return orjson.Fragment(b"[" + b",".join(pieces) + b"]")


async def in_turns(result: Any) -> Any:
    """Return a list or an object with its long lists encoded already, bit by bit."""
    if isinstance(result, list):
        return await encoded(_itself, result) if len(result) > MANY else result
    long = {
        key: await encoded(_itself, value)
        for key, value in result.items()
        if type(value) is list and len(value) > MANY
    }
    return {**result, **long} if long else result


def _itself(item: Any) -> Any:
    return item
