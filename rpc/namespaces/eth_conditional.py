"""`eth_sendRawTransactionConditional`: a transaction for a block in which conditions hold.

Source: op-geth `internal/sequencerapi/api.go` for shapes, words and codes.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from byline.rpc import parameters as read
from byline.rpc import quantities, views
from byline.rpc.conditions import Conditions, ConditionsFailed
from byline.rpc.errors import InvalidParams, RpcError
from byline.rpc.method import Context, Method, Parameter
from byline.rpc.namespaces.common import RAW
from byline.rpc.parameters import member

MOST_COST: Final = 1_000

_MEMBERS: Final = frozenset(
    {"blockNumberMin", "blockNumberMax", "timestampMin", "timestampMax", "knownAccounts"}
)


class ConditionalRejected(RpcError):
    """The conditions do not hold."""

    code = -32003


async def send_conditional(context: Context, raw: bytes, conditions: Conditions) -> str:
    """Hand a signed transaction to the pool if its conditions hold now; return its hash.

    They are checked once more where a block would take it, and it is dropped if one fails.
    """
    sequencing = context.backend.sequencing
    assert sequencing is not None
    if conditions.cost > MOST_COST:
        # op-geth's code for it, -32005, makes clients try again.
        raise InvalidParams(f"conditional cost, {conditions.cost}, exceeded max: {MOST_COST}")
    contradiction = conditions.contradiction()
    if contradiction is not None:
        raise ConditionalRejected(f"failed conditional validation: {contradiction}")
    try:
        return views.as_hex(await sequencing.submit_if(raw, conditions))
    except ConditionsFailed as exc:
        raise ConditionalRejected(str(exc)) from None


def _conditions(value: Any) -> Conditions:
    source = read.only(value, _MEMBERS)
    accounts = member(source, "knownAccounts", _accounts) or {}
    return Conditions(
        least_number=member(source, "blockNumberMin", quantities.quantity),
        most_number=member(source, "blockNumberMax", quantities.quantity),
        least_time=member(source, "timestampMin", quantities.quantity_or_number),
        most_time=member(source, "timestampMax", quantities.quantity_or_number),
        roots={key: entry for key, entry in accounts.items() if isinstance(entry, bytes)},
        words={key: entry for key, entry in accounts.items() if not isinstance(entry, bytes)},
    )


def _accounts(value: Any) -> Mapping[bytes, bytes | Mapping[int, int]]:
    if not isinstance(value, dict):
        raise InvalidParams(f"want an object, got {quantities.shown(value)}")
    return {quantities.address(key): _storage(key, entry) for key, entry in value.items()}


def _storage(key: str, value: Any) -> bytes | Mapping[int, int]:
    """Read a storage root, or an object of slots and words."""
    if isinstance(value, str):
        return quantities.hash32(value)
    if not isinstance(value, dict):
        raise InvalidParams(f"{key}: want a storage root or an object of slots")
    return {quantities.slot(slot): quantities.word(word) for slot, word in value.items()}


METHODS: Final = {
    "eth_sendRawTransactionConditional": Method(
        send_conditional, (RAW, Parameter("conditions", _conditions))
    ),
}
