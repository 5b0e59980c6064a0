"""Finding by halving: which block an account's transaction or creation is in.

Every block's state is at hand, so a question about all blocks takes about twenty.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from byline.derivation.block import Block
from byline.derivation.transaction import DepositTransaction
from byline.rpc.backend import Backend, LocatedTransaction


async def first_block(backend: Backend, holds: Callable[[int], Awaitable[bool]]) -> int | None:
    """Return the first block from which on `holds` is true; `None` if it is not at the head.

    Once true it must stay true, else some block is found after which it became so.
    """
    low, high = await oldest(backend), await backend.chain.block_number()
    if not await holds(high):
        return None
    while low < high:
        middle = (low + high) // 2
        if await holds(middle):
            high = middle
        else:
            low = middle + 1
    return low


async def oldest(backend: Backend) -> int:
    """Return the height of the first block that this node holds: not 0 on a fork."""
    first = await backend.chain.block("earliest")
    return 0 if first is None else first.number


async def mined_by(backend: Backend, sender: bytes, nonce: int) -> LocatedTransaction | None:
    """Return the mined transaction of an account with a nonce, a deposit as well.

    Where nonces were set by hand, the block in which the nonce was passed for good counts.
    """

    async def passed(number: int) -> bool:
        return await backend.state.nonce(sender, number) > nonce

    number = await first_block(backend, passed)
    block = None if number is None else await backend.chain.block(number)
    return None if block is None else await _of_sender(backend, block, sender, nonce)


async def _of_sender(
    backend: Backend, block: Block, sender: bytes, nonce: int
) -> LocatedTransaction | None:
    receipts = await backend.chain.receipts(block.hash) or ()
    for found in receipts:
        tx = found.transaction
        if tx.sender != sender:
            continue
        deposit = isinstance(tx, DepositTransaction)
        used = found.receipt.deposit_nonce if isinstance(tx, DepositTransaction) else tx.nonce
        if used == nonce:
            return LocatedTransaction(tx, block, found.index, used if deposit else None)
    return None
