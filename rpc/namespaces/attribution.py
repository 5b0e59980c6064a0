"""`attribution_`: whose words an answer is made of, who is paid for them, and is it true."""

from __future__ import annotations

from typing import Any, Final

from byline.rpc import parameters as read
from byline.rpc import quantities
from byline.rpc.attribution import Answer, Attribution
from byline.rpc.backend import BlockRef
from byline.rpc.errors import InvalidParams, ServerError
from byline.rpc.method import Context, Method, Parameter

MOST_TOKENS: Final = 1024
"""Of an output, as the ledger takes them."""
MOST_CHARACTERS: Final = 65_536
"""Of an output's text."""
MOST_ID: Final = 2**32 - 1
_MOST_FEE: Final = 2**64 * 10**9 - 1
"""Wei that points can be counted of."""


def _attribution(context: Context) -> Attribution:
    found = context.backend.attribution
    if found is None:
        raise ServerError("this node keeps no index of attribution")
    return found


async def trace(
    context: Context, model: int, output: str | tuple[int, ...], fee: int | None
) -> Answer:
    """Return which parts of an output stand in a model's datasets, and their weights."""
    return await _attribution(context).trace(model, output, fee)


async def explain(context: Context, batch: int, index: int) -> Answer:
    """Return a recorded answer down to the words it is paid for, and what each got."""
    return await _attribution(context).explain(batch, index)


async def verify(context: Context, batch: int, index: int) -> Answer:
    """Return what is wrong with a recorded answer, its batch and its settlement."""
    return await _attribution(context).verify(batch, index)


async def metrics(context: Context, model: int, first: BlockRef, last: BlockRef) -> Answer:
    """Return how a model is used in a range of blocks, and what of it looks like noise."""
    return await _attribution(context).metrics(model, first, last)


async def lineage(context: Context, model: int) -> Answer:
    """Return what a model was made from, and which parts of its earnings go where."""
    return await _attribution(context).lineage(model)


async def status(context: Context) -> Answer:
    """Return what is on record, where the contracts stand, and which contents are held."""
    return await _attribution(context).status()


def _id(value: Any) -> int:
    found = quantities.quantity_or_number(value)
    if not 1 <= found <= MOST_ID:
        raise InvalidParams(f"id {found}: want 1 to {MOST_ID}")
    return found


def _output(value: Any) -> str | tuple[int, ...]:
    """Read text, or a list of tokens."""
    if isinstance(value, str):
        if len(value) > MOST_CHARACTERS:
            raise InvalidParams(f"text of {len(value)} characters: want at most {MOST_CHARACTERS}")
        return value
    if not isinstance(value, list):
        raise InvalidParams(f"want a text or a list of tokens, got {quantities.shown(value)}")
    if not 1 <= len(value) <= MOST_TOKENS:
        raise InvalidParams(f"output of {len(value)} tokens: want 1 to {MOST_TOKENS}")
    return tuple(_token(entry) for entry in value)


def _token(value: Any) -> int:
    found = quantities.quantity_or_number(value)
    if not 1 <= found <= MOST_ID:
        raise InvalidParams(f"token {found}: want 1 to {MOST_ID}")
    return found


def _fee(value: Any) -> int:
    fee = quantities.quantity(value)
    if fee > _MOST_FEE:
        raise InvalidParams(f"fee of {fee} wei: want at most {_MOST_FEE}")
    return fee


_MODEL: Final = Parameter("model", _id)
_BATCH: Final = Parameter("batch", quantities.quantity_or_number)
_RECORD: Final = Parameter("index", quantities.quantity_or_number)
_FIRST: Final = Parameter("from block", read.block_number, required=False, default="earliest")
_LAST: Final = Parameter("to block", read.block_number, required=False, default="latest")

METHODS: Final = {
    "attribution_trace": Method(
        trace, (_MODEL, Parameter("output", _output), Parameter("fee", _fee, required=False))
    ),
    "attribution_explain": Method(explain, (_BATCH, _RECORD)),
    "attribution_verify": Method(verify, (_BATCH, _RECORD)),
    "attribution_metrics": Method(metrics, (_MODEL, _FIRST, _LAST)),
    "attribution_lineage": Method(lineage, (_MODEL,)),
    "attribution_status": Method(status),
}
