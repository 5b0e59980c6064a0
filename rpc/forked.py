"""What lies on the other chain of a fork: blocks up to the fork, and states before it.

Such requests go to the other chain's node as they are and come back as they are, so nothing
of them is lost that we do not know of.  What the other chain did after the fork is not there.
Which methods may ask for what is there are in `ROUTES`; all others know the fork's own blocks
alone.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any, Final, Protocol, TypeAlias

import orjson

from byline.rpc.backend import BackendError, BlockRef, LogFilter
from byline.rpc.errors import RpcError, ServerError
from byline.rpc.method import Context, Method, Run


class Forked(Protocol):
    """The other chain, up to the block that was forked."""

    @property
    def number(self) -> int:
        """Height of that block, which both chains have."""

    async def answer(self, method: str, params: Sequence[Any]) -> Any:
        """Return what its node answers; raises `Answered` for an error of that node."""


class Answered(BackendError):
    """An error that another node has answered."""

    def __init__(self, text: str, code: int, message: str, data: Any = None) -> None:
        super().__init__(text)
        self.code = code
        self.message = message
        self.data = data


class _Passed(RpcError):
    def __init__(self, found: Answered) -> None:
        super().__init__(found.message, found.data)
        self.code = found.code


@dataclass(frozen=True, slots=True)
class _Asked:
    """One request, read and as it came."""

    context: Context
    forked: Forked
    name: str
    here: Run
    arguments: list[Any]
    raw: list[Any]

    async def ours(self) -> Any:
        return await self.here(self.context, *self.arguments)

    async def theirs(self, raw: Sequence[Any] | None = None) -> Any:
        try:
            return await self.forked.answer(self.name, self.raw if raw is None else raw)
        except Answered as exc:
            raise _Passed(exc) from exc

    async def at(self, index: int, number: int) -> Any:
        """Ask the other node with the block in place of a tag or nothing."""
        given = self.raw[index] if index < len(self.raw) else None
        if isinstance(given, str) and given.startswith("0x"):
            return await self.theirs()
        raw = [*self.raw[:index], *[None] * (index - len(self.raw)), hex(number)]
        return await self.theirs([*raw, *self.raw[index + 1 :]])


Route: TypeAlias = Callable[[_Asked], Awaitable[Any]]


def block(index: int) -> Route:
    """Return the route of what is asked of the block that a parameter names."""

    async def route(asked: _Asked) -> Any:
        number = await _height(asked, asked.arguments[index])
        if number is None or number > asked.forked.number:
            return await asked.ours()
        return await asked.at(index, number)

    return route


def state(index: int) -> Route:
    """Return the route of what is asked of the state after the block a parameter names."""

    async def route(asked: _Asked) -> Any:
        number = await _height(asked, asked.arguments[index])
        if number is None or number >= asked.forked.number:
            return await asked.ours()
        return await asked.at(index, number)

    return route


async def transaction(asked: _Asked) -> Any:
    """Answer what is asked of the transaction that the first parameter names."""
    tx_hash = asked.arguments[0]
    if await asked.context.backend.chain.transaction(tx_hash) is not None:
        return await asked.ours()
    found = await _ask(asked, "eth_getTransactionByHash", ["0x" + tx_hash.hex()])
    number = _quantity(found, "blockNumber")
    if number is None or number > asked.forked.number:
        return await asked.ours()
    if asked.name == "eth_getTransactionByHash":
        return found
    return await asked.theirs()


async def logs(asked: _Asked) -> Any:
    """Answer with logs of both chains, in order."""
    wanted: LogFilter = asked.arguments[0]
    border = asked.forked.number
    if wanted.block_hash is not None:
        number = await _height(asked, wanted.block_hash)
        if number is None or number > border:
            return await asked.ours()
        at = {"blockHash": "0x" + wanted.block_hash.hex()}
        return await asked.theirs([{**_criteria(wanted), **at}])
    first = await _height(asked, wanted.first)
    last = await _height(asked, wanted.last)
    head = await asked.context.backend.chain.block_number()
    first = head if first is None else first
    last = head if last is None else last
    if first > border or last < first or last > head:
        return await asked.ours()
    ends = {"fromBlock": hex(first), "toBlock": hex(min(last, border))}
    theirs = await asked.theirs([{**_criteria(wanted), **ends}])
    if not isinstance(theirs, list):
        raise ServerError("the forked chain's node answers eth_getLogs with no list")
    if last <= border:
        return theirs
    ours = await asked.here(asked.context, replace(wanted, first=border + 1, last=last))
    if not theirs:
        return ours
    parts = [orjson.dumps(theirs)[1:-1], orjson.dumps(ours)[1:-1]]
    return orjson.Fragment(b"[" + b",".join(part for part in parts if part) + b"]")


async def filter_logs(asked: _Asked) -> Any:
    """Answer with the logs that a filter wants, as `eth_getLogs` would."""
    wanted = asked.context.filters.logs_of(asked.arguments[0])
    method = asked.context.methods["eth_getLogs"]
    return await method.run(asked.context, [wanted], [])


def _criteria(wanted: LogFilter) -> dict[str, Any]:
    topics = [["0x" + topic.hex() for topic in sorted(some)] or None for some in wanted.topics]
    if not wanted.addresses:
        return {"topics": topics}
    addresses = ["0x" + address.hex() for address in sorted(wanted.addresses)]
    return {"address": addresses, "topics": topics}


async def output(asked: _Asked) -> Any:
    """Answer with the output root at a block."""
    if asked.arguments[0] >= asked.forked.number:
        return await asked.ours()
    return await asked.theirs()


async def _height(asked: _Asked, ref: BlockRef) -> int | None:
    """Return the height of a block of either chain; `None` for one that neither has."""
    chain = asked.context.backend.chain
    if isinstance(ref, int):
        return ref
    if ref == "earliest":
        return 0
    if ref == "latest":
        return await chain.block_number()
    if ref == "pending":
        return None
    found = await chain.block(ref)
    if found is not None:
        return found.number
    if not isinstance(ref, bytes):
        return None
    other = await _ask(asked, "eth_getBlockByHash", ["0x" + ref.hex(), False])
    number = _quantity(other, "number")
    return None if number is None or number > asked.forked.number else number


async def _ask(asked: _Asked, name: str, params: Sequence[Any]) -> Any:
    return await replace(asked, name=name).theirs(params)


def _quantity(value: Any, name: str) -> int | None:
    found = value.get(name) if isinstance(value, dict) else None
    if not isinstance(found, str):
        return None
    try:
        return int(found, 16)
    except ValueError:
        raise ServerError(f"the forked chain's node answers {name} {found!r:.40}") from None


ROUTES: Final[Mapping[str, Route]] = MappingProxyType(
    {
        "eth_getBlockByNumber": block(0),
        "eth_getBlockByHash": block(0),
        "eth_getHeaderByNumber": block(0),
        "eth_getHeaderByHash": block(0),
        "eth_getBlockTransactionCountByNumber": block(0),
        "eth_getBlockTransactionCountByHash": block(0),
        "eth_getUncleCountByBlockNumber": block(0),
        "eth_getUncleCountByBlockHash": block(0),
        "eth_getUncleByBlockNumberAndIndex": block(0),
        "eth_getUncleByBlockHashAndIndex": block(0),
        "eth_getTransactionByBlockNumberAndIndex": block(0),
        "eth_getTransactionByBlockHashAndIndex": block(0),
        "eth_getRawTransactionByBlockNumberAndIndex": block(0),
        "eth_getRawTransactionByBlockHashAndIndex": block(0),
        "eth_getBlockReceipts": block(0),
        "eth_feeHistory": block(1),
        "eth_getTransactionByHash": transaction,
        "eth_getTransactionReceipt": transaction,
        "eth_getRawTransactionByHash": transaction,
        "eth_getLogs": logs,
        "eth_getFilterLogs": filter_logs,
        "eth_getBalance": state(1),
        "eth_getTransactionCount": state(1),
        "eth_getCode": state(1),
        "eth_getStorageAt": state(2),
        "eth_getProof": state(2),
        "eth_getAccount": state(1),
        "eth_getAccountInfo": state(1),
        "eth_call": state(1),
        "eth_estimateGas": state(1),
        "eth_createAccessList": state(1),
        "debug_getRawHeader": block(0),
        "debug_getRawBlock": block(0),
        "debug_getRawReceipts": block(0),
        "debug_getRawTransaction": transaction,
        "debug_traceTransaction": transaction,
        "debug_traceBlockByNumber": block(0),
        "debug_traceBlockByHash": block(0),
        "debug_traceCall": state(1),
        "trace_transaction": transaction,
        "trace_get": transaction,
        "trace_block": block(0),
        "trace_replayTransaction": transaction,
        "trace_replayBlockTransactions": block(0),
        "trace_call": state(2),
        "trace_callMany": state(1),
        "erigon_getHeaderByNumber": block(0),
        "erigon_getHeaderByHash": block(0),
        "ots_hasCode": state(1),
        "ots_getBlockDetails": block(0),
        "ots_getInternalOperations": transaction,
        "ots_traceTransaction": transaction,
        "ots_getTransactionError": transaction,
        "optimism_outputAtBlock": output,
    }
)
"""What may be on the other chain, by method."""


@dataclass(frozen=True, slots=True)
class _Routed(Method):
    """A method that gets its parameters as they came, too."""

    def arguments(self, params: Any) -> list[Any]:
        return [Method.arguments(self, params), list(params or ())]


def routed(table: Mapping[str, Method], forked: Forked) -> Mapping[str, Method]:
    """Return a table whose methods know the other chain."""

    def over(name: str, method: Method) -> Method:
        route = ROUTES.get(name)
        if route is None:
            return method

        async def run(context: Context, arguments: list[Any], raw: list[Any]) -> Any:
            return await route(_Asked(context, forked, name, method.run, arguments, raw))

        return _Routed(run, method.parameters)

    return MappingProxyType({name: over(name, method) for name, method in table.items()})
