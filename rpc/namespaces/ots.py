"""`ots_`: what the Otterscan explorer asks of a node, level 8.

Sources: Otterscan, docs/custom-jsonrpc.md; erigon `turbo/jsonrpc/otterscan_*.go`, whose pages
of a block begin at its end.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from byline.derivation.block import Block
from byline.rpc import parameters as read
from byline.rpc import quantities, views
from byline.rpc.backend import BlockRef, LocatedReceipt, LocatedTransaction
from byline.rpc.errors import InvalidParams, ServerError
from byline.rpc.method import Context, Method, Parameter
from byline.rpc.namespaces.common import ADDRESS, HASH, deposit_nonces
from byline.rpc.namespaces.debug_trace import tracing
from byline.rpc.namespaces.eth_searching import NONCE
from byline.rpc.searching import first_block, mined_by, oldest
from byline.rpc.turns import Turn

API_LEVEL: Final = 8
MOST_ON_PAGE: Final = 100
MOST_SEARCHED: Final = 10_000
"""Blocks with transactions that one search executes again."""
MOST_SECONDS: Final = 30.0
"""After which a search ends with what it has found."""

_OPERATIONS: Final = {"CALL": 0, "SELFDESTRUCT": 1, "CREATE": 2, "CREATE2": 3}
_WITHOUT_VALUE: Final = frozenset({"DELEGATECALL", "STATICCALL"})
_SELECTOR: Final = 2 + 8
"""Characters of `0x` and four bytes."""

Found = dict[str, Any] | None


async def api_level(context: Context) -> int:
    """Return which methods there are."""
    return API_LEVEL


async def has_code(context: Context, address: bytes, ref: BlockRef) -> bool:
    """Tell whether an account is a contract."""
    return bool(await context.backend.state.code(address, ref))


async def internal_operations(context: Context, tx_hash: bytes) -> list[Any]:
    """Return what moved ether or made and ended contracts within a transaction."""
    found = []
    for trace in await _traces(context, tx_hash):
        frame = _frame(trace)
        moves = frame["type"] != "CALL" or frame["value"] != "0x0"
        if frame["depth"] and moves and frame["type"] in _OPERATIONS and "error" not in trace:
            members = {name: frame[name] for name in ("from", "to", "value")}
            found.append({"type": _OPERATIONS[frame["type"]], **members})
    return found


async def trace_transaction(context: Context, tx_hash: bytes) -> list[Any]:
    """Return the calls of a transaction in order, each with its depth."""
    return [_frame(trace) for trace in await _traces(context, tx_hash)]


async def transaction_error(context: Context, tx_hash: bytes) -> str:
    """Return what a transaction that failed gave back; `0x` for one that did not fail."""
    for trace in await _traces(context, tx_hash):
        output = (trace["result"] or {}).get("output", "0x") if "error" in trace else "0x"
        return str(output)
    return "0x"


async def _traces(context: Context, tx_hash: bytes) -> Sequence[Mapping[str, Any]]:
    return await tracing(context.backend).flat_transaction(tx_hash) or ()


def _frame(trace: Mapping[str, Any]) -> dict[str, Any]:
    """Return a trace in Parity's form as Otterscan has it."""
    action, result = trace["action"], trace["result"] or {}
    depth = len(trace["traceAddress"])
    if trace["type"] == "suicide":
        return {
            "type": "SELFDESTRUCT",
            "depth": depth,
            "from": action["address"],
            "to": action["refundAddress"],
            "value": action["balance"],
            "input": "0x",
            "output": "0x",
        }
    kind = str(action.get("callType", action.get("creationMethod"))).upper()
    return {
        "type": kind,
        "depth": depth,
        "from": action["from"],
        "to": action.get("to", result.get("address")),
        "value": None if kind in _WITHOUT_VALUE else action["value"],
        "input": action.get("input", action.get("init")),
        "output": result.get("output", result.get("code", "0x")),
    }


async def block_details(context: Context, ref: BlockRef) -> Found:
    """Return a block without its transactions, and what they paid."""
    block = await context.backend.chain.block(ref)
    if block is None:
        return None
    shown = views.block(block, full=False)
    del shown["transactions"]
    receipts = await context.backend.chain.receipts(block.hash) or ()
    fees = sum(item.gas_used * item.effective_gas_price for item in receipts)
    return {
        "block": {**shown, "logsBloom": None, "transactionCount": len(block.transactions)},
        "issuance": {"blockReward": "0x0", "uncleReward": "0x0", "issuance": "0x0"},
        "totalFees": hex(fees),
    }


async def block_transactions(context: Context, ref: BlockRef, page: int, size: int) -> Found:
    """Return a page of a block's transactions with receipts; page 0 are the last ones."""
    block = await context.backend.chain.block(ref)
    if block is None:
        return None
    end = max(0, len(block.transactions) - page * size)
    part = slice(max(0, end - size), end)
    nonces = await deposit_nonces(context, block)
    shown = views.block(block, full=True, deposit_nonces=nonces)
    receipts = await context.backend.chain.receipts(block.hash) or ()
    transactions = [{**tx, "input": tx["input"][:_SELECTOR]} for tx in shown["transactions"][part]]
    return {
        "fullblock": {
            **shown,
            "logsBloom": None,
            "transactions": transactions,
            "transactionCount": len(block.transactions),
        },
        "receipts": [
            {**views.receipt(item), "logs": None, "logsBloom": None} for item in receipts[part]
        ],
    }


async def search_before(context: Context, address: bytes, number: int, size: int) -> Any:
    """Return transactions in blocks before `number` that reach an account, the newest first.

    0 is from the head on.  A block's transactions are never parted, so a page may be longer.
    """
    head = await context.backend.chain.block_number()
    newest = head if number == 0 else min(number - 1, head)
    first = await oldest(context.backend)
    found, done = await _collect(context, address, iter(range(newest, first, -1)), size)
    return _page(found, first=number == 0, last=done)


async def search_after(context: Context, address: bytes, number: int, size: int) -> Any:
    """Return transactions in blocks after `number` that reach an account, the newest first."""
    head = await context.backend.chain.block_number()
    first = max(number, await oldest(context.backend))
    found, done = await _collect(context, address, iter(range(first + 1, head + 1)), size)
    return _page(found[::-1], first=done, last=number == 0)


async def _collect(
    context: Context, address: bytes, numbers: Iterator[int], size: int
) -> tuple[list[tuple[Block, list[LocatedReceipt]]], bool]:
    """Return blocks with what reaches `address`, and whether no more blocks were left."""
    found: list[tuple[Block, list[LocatedReceipt]]] = []
    count = searched = 0
    turn, end = Turn(), time.monotonic() + MOST_SECONDS
    for number in numbers:
        await turn.give_way()
        block = await context.backend.chain.block(number)
        if block is not None and block.transactions:
            searched += 1
        if searched > MOST_SEARCHED or time.monotonic() > end:
            if found:
                return found, False
            bound = f"{MOST_SEARCHED} blocks" if searched > MOST_SEARCHED else f"{MOST_SECONDS} s"
            raise ServerError(f"nothing in {bound}, up to block {number}: go on from there")
        if block is None or not block.transactions:
            continue
        hashes = await _reaching(context, block, address)
        if not hashes:
            continue
        receipts = await context.backend.chain.receipts(block.hash) or ()
        mine = [item for item in receipts if views.as_hex(item.transaction.hash) in hashes]
        found.append((block, mine))
        count += len(mine)
        if count >= size:
            return found, next(numbers, None) is None
    return found, True


async def _reaching(context: Context, block: Block, address: bytes) -> set[str]:
    """Return the hashes of transactions that an account made, or that reached it by a call."""
    wanted = views.as_hex(address)
    found = set()
    for trace in await tracing(context.backend).flat_block(block.hash) or ():
        action, result = trace["action"], trace.get("result") or {}
        names = ("from", "to", "address", "refundAddress")
        if wanted in (*(action.get(name) for name in names), result.get("address")):
            found.add(trace["transactionHash"])
    return found


def _page(
    found: list[tuple[Block, list[LocatedReceipt]]], *, first: bool, last: bool
) -> dict[str, Any]:
    transactions, receipts = [], []
    for block, items in found:
        for item in reversed(items):
            nonce = item.receipt.deposit_nonce
            place = LocatedTransaction(item.transaction, block, item.index, nonce)
            transactions.append(views.transaction(place))
            receipts.append({**views.receipt(item), "timestamp": hex(block.header.timestamp)})
    return {"txs": transactions, "receipts": receipts, "firstPage": first, "lastPage": last}


async def by_sender_and_nonce(context: Context, sender: bytes, nonce: int) -> str | None:
    """Return the hash of an account's mined transaction; null when there is none."""
    found = await mined_by(context.backend, sender, nonce)
    return None if found is None else views.as_hex(found.transaction.hash)


async def contract_creator(context: Context, address: bytes) -> Found:
    """Return who made a contract, and in which transaction; null for what genesis holds."""

    async def stands(number: int) -> bool:
        return bool(await context.backend.state.code(address, number))

    number = await first_block(context.backend, stands)
    if number is None or number == await oldest(context.backend):
        return None
    wanted = views.as_hex(address)
    for trace in await tracing(context.backend).flat_block(number) or ():
        made = (trace.get("result") or {}).get("address")
        if trace["type"] == "create" and made == wanted:
            return {"hash": trace["transactionHash"], "creator": trace["action"]["from"]}
    return None


def _block(value: Any) -> BlockRef:
    """Read a block; Otterscan sends its number as a JSON number."""
    return quantities.quantity_or_number(value) if type(value) is int else read.block_ref(value)


def _size(value: Any) -> int:
    size = quantities.quantity_or_number(value)
    if not 1 <= size <= MOST_ON_PAGE:
        raise InvalidParams(f"page of {size}: want 1 to {MOST_ON_PAGE}")
    return size


_AT: Final = Parameter("block", _block)
_AT_OR_LATEST: Final = Parameter("block", _block, required=False, default="latest")
_START: Final = Parameter("block", quantities.quantity_or_number)
_PAGE: Final = Parameter("page", quantities.quantity_or_number)
_SIZE: Final = Parameter("page size", _size)

METHODS: Final = {
    "ots_getApiLevel": Method(api_level),
    "ots_hasCode": Method(has_code, (ADDRESS, _AT_OR_LATEST)),
    "ots_getInternalOperations": Method(internal_operations, (HASH,)),
    "ots_traceTransaction": Method(trace_transaction, (HASH,)),
    "ots_getTransactionError": Method(transaction_error, (HASH,)),
    "ots_getBlockDetails": Method(block_details, (_AT,)),
    "ots_getBlockDetailsByHash": Method(block_details, (HASH,)),
    "ots_getBlockTransactions": Method(block_transactions, (_AT, _PAGE, _SIZE)),
    "ots_searchTransactionsBefore": Method(search_before, (ADDRESS, _START, _SIZE)),
    "ots_searchTransactionsAfter": Method(search_after, (ADDRESS, _START, _SIZE)),
    "ots_getTransactionBySenderAndNonce": Method(by_sender_and_nonce, (ADDRESS, NONCE)),
    "ots_getContractCreator": Method(contract_creator, (ADDRESS,)),
}
