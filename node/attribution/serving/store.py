"""Book and journal together: what is noted is on disk first, and one write at a time.

Between a write and the book's hearing of it nobody else writes, so that the book has all that
is on disk whenever the journal is written anew.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping

from byline.node.attribution.serving.book import PaymentBook, ReceiptKey, Taken
from byline.node.attribution.serving.journal import Journal
from byline.node.errors import StorageError


class ReceiptStore:
    """The receipts of one endpoint, for the server that takes and the operator that records.

    Raises `StorageError` where the journal cannot be written; the receipt at hand is then not
    recorded by this process, and no other is taken.
    """

    def __init__(self, book: PaymentBook, journal: Journal) -> None:
        self.book = book
        self._journal = journal
        self._writing = asyncio.Lock()
        self.sending = asyncio.Lock()
        """Held while a batch is sent, until it is noted: its fees may be debited before that."""

    async def write(self, taken: Taken) -> None:
        """Write down a receipt that the book has taken."""
        try:
            async with self._writing:
                await asyncio.to_thread(self._journal.taken, taken)
                self.book.written(taken.key)
        except StorageError:
            self.book.lost(taken.key, "it could not be written down")
            raise

    async def recorded(self, places: Mapping[ReceiptKey, tuple[int, int]]) -> None:
        """Note batch and index of receipts."""
        if not places:
            return
        async with self._writing:
            await asyncio.to_thread(self._journal.recorded, places)
            for key, (batch, index) in places.items():
                self.book.recorded(key, batch, index)

    async def returned(self, keys: tuple[ReceiptKey, ...]) -> None:
        """Note that the chain took records back."""
        async with self._writing:
            await asyncio.to_thread(self._journal.returned, keys)
            for key in keys:
                self.book.returned(key)

    async def lost(self, key: ReceiptKey, why: str) -> None:
        """Note that a receipt cannot be recorded any more."""
        async with self._writing:
            await asyncio.to_thread(self._journal.lost, key, why)
            self.book.lost(key, why)

    async def forget(self, keys: Collection[ReceiptKey]) -> None:
        """Drop receipts that are over: the journal is written anew without them."""
        async with self._writing:
            kept = tuple(
                one
                for one in self.book.all()
                if one.key not in keys and self.book.is_written(one.key)
            )
            await asyncio.to_thread(self._journal.rewrite, kept)
            self.book.forget(keys)
