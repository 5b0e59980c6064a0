"""Who sends through the node, one transaction after the other."""

from __future__ import annotations

import asyncio
from weakref import WeakValueDictionary


class Senders:
    """Gives each account one turn at a time; lives on the event loop.

    A nonce that the node chooses is the next one until the transaction is in the pool: two
    requests of one account that came together would get the same, and one would be refused.
    """

    def __init__(self) -> None:
        self._turns: WeakValueDictionary[bytes, asyncio.Lock] = WeakValueDictionary()

    def turn(self, sender: bytes) -> asyncio.Lock:
        """Return what is held while a nonce is chosen for `sender` and its transaction taken.

        Nothing is kept of an account for which nobody holds it or waits for it.
        """
        return self._turns.setdefault(sender, asyncio.Lock())
