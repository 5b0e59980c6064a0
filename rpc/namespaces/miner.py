"""`miner_`: what a batcher that falls behind asks of the L2's sequencer.

Source: op-geth `miner_setMaxDASize`; op-batcher calls it and stops where it is missing.
"""

from __future__ import annotations

from typing import Final

from byline.rpc import quantities
from byline.rpc.method import Context, Method, Parameter


async def set_max_da_size(context: Context, per_transaction: int, per_block: int) -> bool:
    """Bound the bytes on the L1 of a transaction and of a block; 0 is without bound."""
    building = context.backend.building
    assert building is not None
    await building.limit_data(per_transaction, per_block)
    return True


_TRANSACTION: Final = Parameter("max transaction size", quantities.quantity)
_BLOCK: Final = Parameter("max block size", quantities.quantity)

METHODS: Final = {"miner_setMaxDASize": Method(set_max_da_size, (_TRANSACTION, _BLOCK))}
