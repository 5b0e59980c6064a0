"""Which blocks a simulation has: numbers and times that rise, and bounds on how much.

Source: geth `internal/ethapi/simulate.go`, whose words and codes the refusals have.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from byline.derivation.header import Header
from byline.node.evm.ethereum import MAX_GAS_LIMIT, MIN_GAS_LIMIT
from byline.rpc import simulation as words
from byline.rpc.backend import BlockOverrides
from byline.rpc.simulation import CallsOfBlock, Simulation, SimulationRefused

BLOCK_TIME: Final = 12
"""Seconds between simulated blocks whose time nobody named, on either chain (geth's)."""
LAST_TIMESTAMP: Final = 2**64 - 1


def checked(wanted: Simulation, base: Header) -> tuple[CallsOfBlock, ...]:
    """Return the blocks with number and time, those that fill gaps in the numbers included.

    Raises `SimulationRefused` for too much, or for numbers and times that do not rise.
    """
    _check_counts(wanted)
    found: list[CallsOfBlock] = []
    number, time = base.number, base.timestamp
    for block in wanted.blocks:
        target = number + 1 if block.block.number is None else block.block.number
        if target <= number:
            raise SimulationRefused(
                words.BLOCK_NUMBER, f"block numbers must be in order: {target} <= {number}"
            )
        if target - base.number > words.MOST_BLOCKS:
            raise SimulationRefused(words.CLIENT_LIMIT, "too many blocks")
        while number + 1 < target:
            number, time = number + 1, time + BLOCK_TIME
            found.append(CallsOfBlock(block=BlockOverrides(number=number, timestamp=time)))
        given = block.block.timestamp
        if given is not None and given <= time:
            raise SimulationRefused(
                words.BLOCK_TIMESTAMP, f"block timestamps must be in order: {given} <= {time}"
            )
        number, time = target, time + BLOCK_TIME if given is None else given
        if time > LAST_TIMESTAMP:
            raise SimulationRefused(
                words.BLOCK_TIMESTAMP, f"block {number}: time {time} is no uint64"
            )
        _check_gas_limit(block.block.gas_limit)
        found.append(replace(block, block=replace(block.block, number=number, timestamp=time)))
    return tuple(found)


def _check_counts(wanted: Simulation) -> None:
    if not wanted.blocks:
        raise SimulationRefused(words.INVALID, "empty input")
    if len(wanted.blocks) > words.MOST_BLOCKS:
        raise SimulationRefused(words.CLIENT_LIMIT, "too many blocks")
    total = 0
    for block in wanted.blocks:
        if len(block.calls) > words.MOST_CALLS_PER_BLOCK:
            raise SimulationRefused(
                words.CLIENT_LIMIT,
                f"too many calls in block: {len(block.calls)} > {words.MOST_CALLS_PER_BLOCK}",
            )
        total += len(block.calls)
        if total > words.MOST_CALLS:
            raise SimulationRefused(
                words.CLIENT_LIMIT, f"too many calls: {total} > {words.MOST_CALLS}"
            )


def _check_gas_limit(given: int | None) -> None:
    if given is not None and not MIN_GAS_LIMIT <= given <= MAX_GAS_LIMIT:
        raise SimulationRefused(
            words.INVALID,
            f"block override gasLimit is {given}, want {MIN_GAS_LIMIT} to {MAX_GAS_LIMIT}",
        )
