"""`evm_`, `hardhat_`, `anvil_`: what tests do to a chain, under the names users know."""

from __future__ import annotations

from typing import Any, Final

from byline.rpc import quantities
from byline.rpc.errors import InvalidParams
from byline.rpc.method import Context, Method, Parameter


async def mine(context: Context, wish: tuple[int, int | None]) -> str:
    """Make one block, or several, the first at a given time."""
    blocks, timestamp = wish
    await context.backend.controls.mine(_bounded(context, blocks), timestamp)
    return "0x0"


async def hardhat_mine(context: Context, blocks: int, interval: int | None) -> bool:
    """Make blocks `interval` seconds apart."""
    # hardhat-network-helpers always sends an interval, 1 unless the user gave another: a
    # chain with a block time of its own takes that as "no wish".
    await _mine_apart(context, blocks, None if interval in (0, 1) else interval)
    return True


async def anvil_mine(context: Context, blocks: int, interval: int | None) -> None:
    """Make blocks `interval` seconds apart."""
    await _mine_apart(context, blocks, interval or None)


async def snapshot(context: Context) -> str:
    """Remember the state of both chains."""
    return hex(await context.backend.controls.snapshot())


async def revert(context: Context, snapshot_id: int) -> bool:
    """Go back to a snapshot; false for one that is unknown or used."""
    return await context.backend.controls.revert(snapshot_id)


async def _mine_apart(context: Context, blocks: int, interval: int | None) -> None:
    controls = context.backend.controls
    _bounded(context, blocks)
    if interval is None:
        await controls.mine(blocks, None)
        return
    for _ in range(blocks):
        latest = await context.backend.chain.block("latest")
        assert latest is not None, "a chain has a head"
        await controls.mine(1, latest.header.timestamp + interval)


def _bounded(context: Context, blocks: int) -> int:
    most = context.limits.mined_blocks
    if blocks > most:
        raise InvalidParams(f"{blocks} blocks: want at most {most} at once")
    return blocks


def _wish(value: Any) -> tuple[int, int | None]:
    """Read a timestamp, or `{timestamp, blocks}`; returns blocks and timestamp."""
    if not isinstance(value, dict):
        return 1, quantities.quantity_or_number(value)
    blocks, timestamp = value.get("blocks"), value.get("timestamp")
    return (
        1 if blocks is None else quantities.quantity_or_number(blocks),
        None if timestamp is None else quantities.quantity_or_number(timestamp),
    )


_WISH = Parameter("timestamp", _wish, required=False, default=(1, None))
_BLOCKS = Parameter("blocks", quantities.quantity_or_number, required=False, default=1)
_INTERVAL = Parameter("interval", quantities.quantity_or_number, required=False)
_SNAPSHOT = Parameter("snapshot id", quantities.quantity_or_number)

METHODS: Final = {
    "evm_mine": Method(mine, (_WISH,)),
    "hardhat_mine": Method(hardhat_mine, (_BLOCKS, _INTERVAL)),
    "anvil_mine": Method(anvil_mine, (_BLOCKS, _INTERVAL)),
    "evm_snapshot": Method(snapshot),
    "evm_revert": Method(revert, (_SNAPSHOT,)),
    "anvil_snapshot": Method(snapshot),
    "anvil_revert": Method(revert, (_SNAPSHOT,)),
}
