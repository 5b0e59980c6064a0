"""The other chain of a fork, for what the RPC passes on to it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from byline.node.chain.chain import Chain
from byline.node.forking.origin import Fork


@dataclass(frozen=True, slots=True)
class NodeForked:
    """Implements `byline.rpc.forked.Forked`."""

    fork: Fork

    @property
    def number(self) -> int:
        """Height of the block that was forked."""
        return self.fork.number

    async def answer(self, method: str, params: Sequence[Any]) -> Any:
        """Return what the other chain's node answers."""
        return await self.fork.client.answer(method, params)


def forked_of(chain: Chain) -> NodeForked | None:
    """Return the other chain that `chain` stands on."""
    return NodeForked(chain.beneath) if isinstance(chain.beneath, Fork) else None
