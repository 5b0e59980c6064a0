"""`net_`: there are no peers."""

from __future__ import annotations

from typing import Final

from byline.rpc.method import Context, Method


async def version(context: Context) -> str:
    """Return the chain id in decimal digits."""
    return str(context.backend.chain.chain_id)


async def listening(context: Context) -> bool:
    """Return true, as clients expect of a node that works."""
    return True


async def peer_count(context: Context) -> str:
    """Return zero."""
    return "0x0"


METHODS: Final = {
    "net_version": Method(version),
    "net_listening": Method(listening),
    "net_peerCount": Method(peer_count),
}
