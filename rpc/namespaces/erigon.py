"""`erigon_`: headers, as Otterscan asks for them.

Source: erigon, `erigon_getHeaderByNumber`, `erigon_getHeaderByHash`, `erigon_blockNumber`.
"""

from __future__ import annotations

from typing import Final

from byline.rpc import parameters as read
from byline.rpc.backend import BlockRef
from byline.rpc.errors import ServerError
from byline.rpc.method import Context, Method, Parameter
from byline.rpc.namespaces.common import HASH, NUMBER
from byline.rpc.namespaces.eth_blocks import get_header


async def block_number(context: Context, ref: BlockRef) -> str:
    """Return the height of a block that a tag names; the head's without one."""
    block = await context.backend.chain.block(ref)
    if block is None:
        raise ServerError("block not found")
    return hex(block.number)


_AT: Final = Parameter("block", read.block_number, required=False, default="latest")

METHODS: Final = {
    "erigon_blockNumber": Method(block_number, (_AT,)),
    "erigon_getHeaderByNumber": Method(get_header, (NUMBER,)),
    "erigon_getHeaderByHash": Method(get_header, (HASH,)),
}
