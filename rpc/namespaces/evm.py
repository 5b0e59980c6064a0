"""`evm_`, `hardhat_`, `anvil_`: what tests do to a chain, under the names users know."""

from __future__ import annotations

from typing import Any, Final

from byline.rpc import quantities
from byline.rpc.errors import InvalidParams
from byline.rpc.method import Context, Method, Parameter

LEAST_MILLISECONDS: Final = 10**11
"""From here on `evm_setTime` reads milliseconds: 1973 in them, the year 5138 in seconds."""


async def mine(context: Context, wish: tuple[int, int | None]) -> str:
    """Make one block, or several, the first at a given time."""
    blocks, timestamp = wish
    await context.backend.controls.mine(bounded(context, blocks), timestamp)
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


async def increase_time(context: Context, seconds: int) -> int:
    """Move the clock of both chains on; returns how far it is ahead of the machine's."""
    return await context.backend.controls.increase_time(seconds)


async def set_time(context: Context, time: int) -> int:
    """Set the clock of both chains; returns the seconds by which it moved."""
    # Ganache takes milliseconds, anvil seconds.  In seconds these are after the year 5000.
    seconds = time // 1_000 if time >= LEAST_MILLISECONDS else time
    return await context.backend.controls.set_time(seconds)


async def set_next_block_timestamp(context: Context, timestamp: int) -> None:
    """Give the next block of this chain a time."""
    await context.backend.controls.set_next_timestamp(timestamp)


async def set_block_timestamp_interval(context: Context, seconds: int) -> None:
    """Make the blocks of this chain so far apart."""
    await context.backend.controls.set_timestamp_interval(seconds)


async def remove_block_timestamp_interval(context: Context) -> bool:
    """Let the rules and the clock decide again; false where they did already."""
    return await context.backend.controls.set_timestamp_interval(None)


async def _mine_apart(context: Context, blocks: int, interval: int | None) -> None:
    controls = context.backend.controls
    bounded(context, blocks)
    if interval is None:
        await controls.mine(blocks, None)
    else:
        await controls.mine_apart(blocks, interval)


def bounded(context: Context, blocks: int) -> int:
    """Return `blocks`; raises `InvalidParams` for more than may be made at once."""
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


WISH: Final = Parameter("timestamp", _wish, required=False, default=(1, None))
"""Of `evm_mine`."""
_BLOCKS = Parameter("blocks", quantities.quantity_or_number, required=False, default=1)
_INTERVAL = Parameter("interval", quantities.quantity_or_number, required=False)
_SECONDS = Parameter("seconds", quantities.quantity_or_number)
_TIMESTAMP = Parameter("timestamp", quantities.quantity_or_number)
_SNAPSHOT = Parameter("snapshot id", quantities.quantity_or_number)

METHODS: Final = {
    "evm_mine": Method(mine, (WISH,)),
    "hardhat_mine": Method(hardhat_mine, (_BLOCKS, _INTERVAL)),
    "anvil_mine": Method(anvil_mine, (_BLOCKS, _INTERVAL)),
    "evm_increaseTime": Method(increase_time, (_SECONDS,)),
    "anvil_increaseTime": Method(increase_time, (_SECONDS,)),
    "evm_setTime": Method(set_time, (_TIMESTAMP,)),
    "anvil_setTime": Method(set_time, (_TIMESTAMP,)),
    "evm_setNextBlockTimestamp": Method(set_next_block_timestamp, (_TIMESTAMP,)),
    "anvil_setNextBlockTimestamp": Method(set_next_block_timestamp, (_TIMESTAMP,)),
    "anvil_setBlockTimestampInterval": Method(set_block_timestamp_interval, (_SECONDS,)),
    "anvil_removeBlockTimestampInterval": Method(remove_block_timestamp_interval),
    "evm_snapshot": Method(snapshot),
    "evm_revert": Method(revert, (_SNAPSHOT,)),
    "anvil_snapshot": Method(snapshot),
    "anvil_revert": Method(revert, (_SNAPSHOT,)),
}
