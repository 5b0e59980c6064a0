"""`eth_simulateV1`: blocks of calls that are tried out.

Source: execution-apis `eth_simulateV1`; geth `internal/ethapi/simulate.go`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from byline.derivation.transaction import LEGACY
from byline.rpc import parameters as read
from byline.rpc import quantities, views
from byline.rpc.backend import BlockOverrides, BlockRef
from byline.rpc.errors import InvalidParams, revert_reason
from byline.rpc.method import Context, Method, Parameter
from byline.rpc.namespaces.common import AT
from byline.rpc.parameters import member
from byline.rpc.simulation import (
    MOST_BLOCKS,
    MOST_CALLS,
    CallsOfBlock,
    SimulatedBlock,
    SimulatedCall,
    Simulation,
)

REVERTED: Final = 3
VM_ERROR: Final = -32015

_PAYLOAD: Final = frozenset(
    {"blockStateCalls", "traceTransfers", "validation", "returnFullTransactions"}
)
_BLOCK: Final = frozenset({"blockOverrides", "stateOverrides", "calls"})
_OVERRIDES: Final = frozenset(
    {
        "number", "difficulty", "time", "gasLimit", "feeRecipient", "prevRandao",
        "baseFeePerGas", "blobBaseFee", "beaconRoot", "withdrawals",
    }
)  # fmt: skip


async def simulate(context: Context, wanted: tuple[Simulation, bool], ref: BlockRef) -> list[Any]:
    """Return the blocks that were tried out, each with how its calls ended."""
    simulation, full = wanted
    simulating = context.backend.simulating
    assert simulating is not None
    return [shown(block, full) for block in await simulating.simulate(simulation, ref)]


def shown(value: SimulatedBlock, full: bool) -> dict[str, Any]:
    """Return a simulated block as JSON; `full` shows its transactions."""
    found = views.block(value.block, full=full)
    if full:
        for tx, view in zip(value.block.transactions, found["transactions"], strict=True):
            if tx.type == LEGACY:
                # There is no signature, which would have 27 or more here.
                view["v"] = "0x0"
    found["calls"] = [_call(item) for item in value.calls]
    return found


def _call(value: SimulatedCall) -> dict[str, Any]:
    found: dict[str, Any] = {
        "returnData": views.as_hex(value.output if value.succeeded else b""),
        "logs": [views.log(item) for item in value.logs],
        "gasUsed": hex(value.gas_used),
        "maxUsedGas": hex(value.most_gas),
        "status": "0x1" if value.succeeded else "0x0",
    }
    if value.reverted:
        reason = revert_reason(value.output)
        text = "execution reverted" if reason is None else f"execution reverted: {reason}"
        data = views.as_hex(value.output)
        found["error"] = {"message": text, "code": REVERTED, "data": data}
    elif not value.succeeded:
        found["error"] = {"message": value.error, "code": VM_ERROR}
    return found


def payload(value: Any) -> tuple[Simulation, bool]:
    """Read what to simulate, and whether to answer with full transactions."""
    source = read.only(value, _PAYLOAD)
    blocks = read.needed(source, "blockStateCalls", _list)
    if len(blocks) > MOST_BLOCKS:
        # The order of refusals is the node's; what is read stays bounded.
        blocks = blocks[: MOST_BLOCKS + 1]
    simulation = Simulation(
        blocks=tuple(_numbered(index, item) for index, item in enumerate(blocks)),
        trace_transfers=member(source, "traceTransfers", quantities.boolean) or False,
        validation=member(source, "validation", quantities.boolean) or False,
    )
    return simulation, member(source, "returnFullTransactions", quantities.boolean) or False


def _numbered(index: int, value: Any) -> CallsOfBlock:
    try:
        return _calls_of_block(read.only(value, _BLOCK))
    except InvalidParams as exc:
        raise InvalidParams(f"blockStateCalls[{index}]: {exc.message}") from None


def _calls_of_block(source: Mapping[str, Any]) -> CallsOfBlock:
    overrides = member(source, "blockOverrides", _overrides) or {}
    calls = member(source, "calls", _list) or []
    return CallsOfBlock(
        calls=tuple(read.call_request(call) for call in calls[: MOST_CALLS + 1]),
        accounts=member(source, "stateOverrides", read.state_overrides) or {},
        block=_block(overrides),
        parent_beacon_root=member(overrides, "beaconRoot", quantities.hash32),
    )


def _block(overrides: Mapping[str, Any]) -> BlockOverrides:
    return read.block_overrides({**overrides, "beaconRoot": None, "withdrawals": None})


def _overrides(value: Any) -> Mapping[str, Any]:
    found = read.only(value, _OVERRIDES)
    if member(found, "withdrawals", _list):
        raise InvalidParams("withdrawals: the blocks of this node have none")
    return found


def _list(value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise InvalidParams(f"want a list, got {quantities.shown(value)}")
    return value


_SIMULATION: Final = Parameter("simulation", payload)

METHODS: Final = {"eth_simulateV1": Method(simulate, (_SIMULATION, AT))}
