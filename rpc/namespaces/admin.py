"""`admin_`: what a node without peers tells of itself, in geth's shapes.

There is no peer-to-peer network, so there is no node key and no address to dial.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from byline.rpc import views
from byline.rpc.method import Context, Method


async def node_info(context: Context) -> Any:
    """Return name and chain; what is about the network is empty."""
    chain = context.backend.chain
    config: Mapping[str, Any] = {"chainId": chain.chain_id}
    if context.backend.inspecting is not None:
        config = dict(await context.backend.inspecting.chain_config())
    first, latest = await chain.block("earliest"), await chain.block("latest")
    return {
        "id": "",
        "name": context.backend.client_version,
        "enode": "",
        "ip": "",
        "ports": {"discovery": 0, "listener": 0},
        "listenAddr": "",
        "protocols": {
            "eth": {
                "network": chain.chain_id,
                "genesis": None if first is None else views.as_hex(first.hash),
                "config": config,
                "head": None if latest is None else views.as_hex(latest.hash),
            }
        },
    }


async def peers(context: Context) -> list[Any]:
    """Return nobody."""
    return []


async def datadir(context: Context) -> str:
    """Return the folder that holds the chains; empty for chains in memory."""
    return context.backend.data_dir


METHODS: Final = {
    "admin_nodeInfo": Method(node_info),
    "admin_peers": Method(peers),
    "admin_datadir": Method(datadir),
}
