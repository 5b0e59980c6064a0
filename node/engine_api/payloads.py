"""Payloads that a rollup node has asked to be built and may fetch."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from typing import Final

from byline.derivation.types import L2BlockRef, PayloadAttributes
from byline.node.chain.block import ExecutedBlock
from byline.node.chain.chain import Built

MOST_PAYLOADS: Final = 10
"""Kept at once, as geth does; the oldest gives way."""


@dataclass(frozen=True, slots=True)
class Payload:
    """A block from attributes, sealed or still open to the pool's transactions."""

    parent: L2BlockRef
    attributes: PayloadAttributes
    built: Built
    sealed: bool
    """Whether it stays as it is, whatever comes into the pool."""


class PayloadStore:
    """The newest payloads, by id."""

    def __init__(self, most: int = MOST_PAYLOADS) -> None:
        self._most = most
        self._payloads: OrderedDict[bytes, Payload] = OrderedDict()

    def __len__(self) -> int:
        return len(self._payloads)

    def put(self, name: bytes, payload: Payload) -> None:
        """Keep a payload, in place of the oldest when there are too many."""
        self._payloads[name] = payload
        self._payloads.move_to_end(name)
        while len(self._payloads) > self._most:
            self._payloads.popitem(last=False)

    def get(self, name: bytes) -> Payload | None:
        """Return a payload, if it is still kept."""
        return self._payloads.get(name)

    def executed(self, block_hash: bytes) -> ExecutedBlock | None:
        """Return a block that was built here, so that it need not be executed again."""
        for payload in self._payloads.values():
            if payload.built.executed.hash == block_hash:
                return payload.built.executed
        return None

    def newest(self) -> Payload | None:
        """Return the payload that was asked for last."""
        return next(reversed(self._payloads.values()), None)
