"""`eth_`: what the node holds, and what its next block costs.

Source: execution-apis `eth_capabilities`, `eth_baseFee`.
"""

from __future__ import annotations

from typing import Any, Final

from byline.rpc import views
from byline.rpc.backend import UnknownBlock
from byline.rpc.method import Context, Method

RESOURCES: Final = ("state", "tx", "logs", "receipts", "blocks", "stateproofs")


async def base_fee(context: Context) -> str:
    """Return the wei per gas of the next block."""
    return hex((await context.backend.chain.fee_history(1, "latest", None)).base_fees[-1])


async def network_id(context: Context) -> str:
    """Return the chain id in decimal digits, as `net_version` and anvil do."""
    return str(context.backend.chain.chain_id)


async def capabilities(context: Context) -> Any:
    """Return the head, and from which block on everything is held: the first, always."""
    head = await context.backend.chain.block("latest")
    if head is None:
        raise UnknownBlock("no head")
    resources = {name: {"disabled": False, "oldestBlock": "0x0"} for name in RESOURCES}
    shown = {"number": hex(head.number), "hash": views.as_hex(head.hash)}
    return {"head": shown, **resources}


METHODS: Final = {
    "eth_networkId": Method(network_id),
    "eth_baseFee": Method(base_fee),
    "eth_capabilities": Method(capabilities),
}
