"""`debug_`: going back, and emptying the pool.

Source: geth `debug_setHead`, reth `debug_clearTxpool`.
"""

from __future__ import annotations

from typing import Any, Final

from byline.rpc import quantities
from byline.rpc.backend import BlockRef
from byline.rpc.errors import ServerError
from byline.rpc.method import Context, Method, Parameter
from byline.rpc.parameters import block_number
from byline.rpc.steering import Steering


def _steering(context: Context) -> Steering:
    steering = context.backend.steering
    assert steering is not None, "these methods are served where blocks are made only"
    return steering


async def set_head(context: Context, ref: BlockRef) -> None:
    """Take back the blocks above one, as `anvil_rollback` does; one after the head changes none.

    Their transactions are gone.
    """
    head = await context.backend.chain.block_number()
    block = await context.backend.chain.block(ref)
    if block is None:
        raise ServerError(f"block {ref!r} not found: the head is {head}")
    if block.number < head:
        await _steering(context).rewriting.rollback(head - block.number)


async def clear_txpool(context: Context) -> None:
    """Forget every waiting transaction of users."""
    await _steering(context).dropping.drop_all()


def _number(value: Any) -> BlockRef:
    """Read a block number, which some send as a JSON number."""
    return quantities.quantity_or_number(value) if type(value) is int else block_number(value)


METHODS: Final = {
    "debug_setHead": Method(set_head, (Parameter("block", _number),)),
    "debug_clearTxpool": Method(clear_txpool),
}
