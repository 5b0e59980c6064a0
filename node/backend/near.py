"""The state that most reads are about, opened once."""

from __future__ import annotations

from typing import Final

from byline.derivation.header import Header
from byline.node.chain.chain import Chain
from byline.node.evm.machine import Machine

MOST_READS: Final = 1_000
"""Reads of one machine; it remembers accounts and slots, and shall not grow for ever."""


class NearState:
    """A machine for reads alone, kept while they are about the same block.

    To be used by one thread.
    """

    __slots__ = ("_chain", "_header", "_left", "_machine")

    def __init__(self) -> None:
        self._chain: Chain | None = None
        self._header: Header | None = None
        self._machine: Machine | None = None
        self._left = 0

    def machine(self, chain: Chain, header: Header) -> Machine:
        """Return a machine on the state after a block, which nobody may change."""
        known = self._machine
        if known is not None and header is self._header and chain is self._chain and self._left:
            self._left -= 1
            return known
        opened = chain.machine(header)
        self._chain, self._header, self._machine = chain, header, opened
        self._left = MOST_READS
        return opened
