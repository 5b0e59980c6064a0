"""What becomes of a chain's blocks and state: rollback, reorganisation, reset, dump and load.

Peers: anvil's `anvil_` methods, of which Hardhat has the reset.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

from byline.rpc import parameters as read
from byline.rpc import quantities, views
from byline.rpc.backend import CallRequest
from byline.rpc.errors import InvalidParams, ServerError
from byline.rpc.method import Context, Method, Parameter
from byline.rpc.namespaces.cheats_mining import steering
from byline.rpc.quantities import shown
from byline.rpc.steering import ForkedFrom

MOST_TRANSACTIONS: Final = 10_000
"""That one reorganisation may be given."""


@dataclass(frozen=True, slots=True)
class Forking:
    """What a reset shall fork."""

    url: str | None
    block: int | None

    def names(self, forked: ForkedFrom) -> bool:
        """Tell whether it is what the chain was forked from at its start."""
        parts = urlsplit(self.url or "")
        node = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"
        return (self.url is None or node == forked.url) and self.block in (
            None,
            forked.block_number,
        )


Chosen = list[tuple[bytes | CallRequest, int]]


async def rollback(context: Context, depth: int) -> None:
    """Take back the last blocks, 1 unless told; their transactions are gone."""
    await steering(context.backend).rewriting.rollback(depth)


async def reorg(context: Context, depth: int, chosen: Chosen) -> None:
    """Make other blocks in place of the last `depth`, with the transactions that are given."""
    for _, offset in chosen:
        if offset >= depth:
            raise InvalidParams(
                "Block number for reorg tx will exceed the reorged chain height. Block number "
                f"{offset} must not exceed (depth-1) {depth - 1}"
            )
    await steering(context.backend).rewriting.reorg(depth, chosen)


async def anvil_reset(context: Context, forking: Forking | None) -> None:
    """Let both chains begin again, a forked one at the block where it was forked."""
    found = steering(context.backend)
    if forking is not None:
        facts = await found.telling.facts()
        if facts.forked is None or not forking.names(facts.forked):
            wanted = "--fork-url URL" if forking.url is None else f"--fork-url {forking.url}"
            at = "" if forking.block is None else f" --fork-block-number {forking.block}"
            raise ServerError(
                f"what a chain is forked from is said at its start, not by a reset: {wanted}{at}"
            )
    await found.rewriting.reset()


async def hardhat_reset(context: Context, forking: Forking | None) -> bool:
    """See `anvil_reset`."""
    await anvil_reset(context, forking)
    return True


async def dump_state(context: Context, historical: bool) -> str:
    """Return the accounts of the newest block, as anvil packs them; of no other block."""
    if historical:
        raise InvalidParams("historical states are not dumped: ask for the newest block alone")
    return views.as_hex(await steering(context.backend).states.dump())


async def load_state(context: Context, dumped: bytes) -> bool:
    """Set the accounts of a dump; others, and slots that it does not name, stay."""
    await steering(context.backend).states.load(dumped)
    return True


def _chosen(value: Any) -> Chosen:
    """Read pairs of a transaction, signed or not, and the offset of its block."""
    if not isinstance(value, list) or len(value) > MOST_TRANSACTIONS:
        raise InvalidParams(
            f"want a list of at most {MOST_TRANSACTIONS} pairs of transaction and block offset"
        )
    return [_pair(item) for item in value]


def _pair(value: Any) -> tuple[bytes | CallRequest, int]:
    if not isinstance(value, list) or len(value) != 2:
        raise InvalidParams(f"want a pair of transaction and block offset, got {shown(value)}")
    transaction, offset = value
    found = (
        quantities.data(transaction)
        if isinstance(transaction, str)
        else read.call_request(transaction)
    )
    return found, quantities.quantity_or_number(offset)


def _forking(value: Any) -> Forking | None:
    """Read what a reset shall fork: nothing, or anvil's or Hardhat's object.

    Members that are null or absent, as viem sends them, ask for nothing.
    """
    if not isinstance(value, dict):
        raise InvalidParams(f"want an object, got {shown(value)}")
    inner = value.get("forking", value) or {}
    if not isinstance(inner, dict):
        raise InvalidParams(f"forking: want an object, got {shown(inner)}")
    url = read.member(inner, "jsonRpcUrl", quantities.text)
    block = read.member(inner, "blockNumber", quantities.quantity_or_number)
    return None if url is None and block is None else Forking(url, block)


_DEPTH: Final = Parameter("depth", quantities.quantity_or_number)
_ONE_BY_DEFAULT: Final = Parameter(
    "depth", quantities.quantity_or_number, required=False, default=1
)
_CHOSEN: Final = Parameter("transactions", _chosen, required=False, default=())
_FORKING: Final = Parameter("forking", _forking, required=False)
_HISTORICAL: Final = Parameter(
    "preserve historical states", quantities.boolean, required=False, default=False
)
_DUMPED: Final = Parameter("state", quantities.data)

METHODS: Final = {
    "anvil_rollback": Method(rollback, (_ONE_BY_DEFAULT,)),
    "anvil_reorg": Method(reorg, (_DEPTH, _CHOSEN)),
    "anvil_reset": Method(anvil_reset, (_FORKING,)),
    "hardhat_reset": Method(hardhat_reset, (_FORKING,)),
    "anvil_dumpState": Method(dump_state, (_HISTORICAL,)),
    "hardhat_dumpState": Method(dump_state, (_HISTORICAL,)),
    "anvil_loadState": Method(load_state, (_DUMPED,)),
    "hardhat_loadState": Method(load_state, (_DUMPED,)),
}
