"""An L1 for tests: two blocks, their JSON, and servers that answer them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import rlp
from aiohttp import web
from aiohttp.test_utils import TestServer

from byline.derivation.block import Block, receipts_root, transactions_root
from byline.derivation.hashing import EMPTY_REQUESTS_HASH, EMPTY_TRIE_ROOT, keccak256
from byline.derivation.header import Header
from byline.derivation.receipt import Log, Receipt, union_bloom
from byline.derivation.transaction import (
    BLOB,
    LEGACY,
    AnyTransaction,
    DepositTransaction,
    Transaction,
    decode_transaction,
)
from byline.node.chain.block import ExecutedBlock

TO = b"\x22" * 20
BLOB_HASH = b"\x01" + b"\x33" * 31


def _encoded(kind: int, fields: list[Any]) -> AnyTransaction:
    body = rlp.encode(fields)
    return decode_transaction(body if kind == LEGACY else bytes([kind]) + body)


def every_type(blob_hash: bytes = BLOB_HASH) -> tuple[AnyTransaction, ...]:
    """Return a transaction of each type, some creating contracts."""
    access = [[TO, [bytes(32), b"\1" * 32]], [bytes(20), []]]
    authorization = [[900, TO, 3, 1, 5, 6]]
    end = [1, 2**255, 7]
    return (
        _encoded(0, [0, 10**9, 21_000, TO, 5, b"", 27, 1, 2]),
        _encoded(0, [1, 10**9, 90_000, b"", 0, b"\x60\x00", 2 * 900 + 36, 3, 4]),
        _encoded(1, [900, 2, 10**9, 50_000, TO, 0, b"\0\1", access, *end]),
        _encoded(2, [900, 3, 1, 10**9, 50_000, b"", 0, b"\xfe", access, *end]),
        _encoded(3, [900, 4, 1, 10**9, 50_000, TO, 0, b"", [], 9, [blob_hash], *end]),
        _encoded(4, [900, 5, 1, 10**9, 90_000, TO, 0, b"", [], authorization, *end]),
        DepositTransaction(b"\4" * 32, TO, None, 0, 0, 50_000, False, b"\1"),
        DepositTransaction(b"\5" * 32, TO, TO, 7, 7, 50_000, False, b""),
    )


def made(parent: ExecutedBlock | None, transactions: tuple[AnyTransaction, ...]) -> ExecutedBlock:
    """Return a block that holds `transactions`, none of them executed."""
    receipts = tuple(
        Receipt(
            type=tx.type, succeeded=index % 2 == 0, cumulative_gas_used=21_000 * (index + 1),
            logs=tuple(Log(TO, (bytes(32),) * count, b"data") for count in range(index % 4)),
            deposit_nonce=index if isinstance(tx, DepositTransaction) else None,
            deposit_version=1 if isinstance(tx, DepositTransaction) else None,
        )
        for index, tx in enumerate(transactions)
    )  # fmt: skip
    number = 0 if parent is None else parent.number + 1
    header = Header(
        parent_hash=bytes(32) if parent is None else parent.hash,
        number=number, timestamp=1000 + 12 * number, gas_limit=60_000_000, base_fee=7,
        state_root=keccak256(b"%d" % number), extra_data=b"test", bloom=union_bloom(receipts),
        transactions_root=transactions_root(transactions), receipts_root=receipts_root(receipts),
        withdrawals_root=EMPTY_TRIE_ROOT, blob_gas_used=0, excess_blob_gas=0,
        parent_beacon_root=bytes(32), requests_hash=EMPTY_REQUESTS_HASH,
    )  # fmt: skip
    return ExecutedBlock(Block(header, transactions), receipts, {})


GENESIS = made(None, ())
SECOND = made(GENESIS, every_type())


def _hex(value: bytes | int | None) -> str | None:
    if value is None:
        return None
    return hex(value) if isinstance(value, int) else "0x" + value.hex()


_KEYS = {
    "parentHash": "parent_hash", "sha3Uncles": "uncles_hash", "miner": "coinbase",
    "stateRoot": "state_root", "transactionsRoot": "transactions_root",
    "receiptsRoot": "receipts_root", "logsBloom": "bloom", "difficulty": "difficulty",
    "number": "number", "gasLimit": "gas_limit", "gasUsed": "gas_used",
    "timestamp": "timestamp", "extraData": "extra_data", "mixHash": "mix_hash",
    "nonce": "nonce", "baseFeePerGas": "base_fee", "withdrawalsRoot": "withdrawals_root",
    "blobGasUsed": "blob_gas_used", "excessBlobGas": "excess_blob_gas",
    "parentBeaconBlockRoot": "parent_beacon_root", "requestsHash": "requests_hash",
}  # fmt: skip


def block_json(executed: ExecutedBlock, full: bool = True) -> dict[str, Any]:
    """Return a block as `eth_getBlockByNumber` answers it."""
    header = executed.header
    return {
        **{key: _hex(getattr(header, name)) for key, name in _KEYS.items()},
        "hash": _hex(header.hash),
        "uncles": [],
        "withdrawals": [],
        "transactions": [
            _transaction_json(tx) if full else _hex(tx.hash) for tx in executed.block.transactions
        ],
    }


def _transaction_json(tx: AnyTransaction) -> dict[str, Any]:
    common = {
        "type": hex(tx.type), "hash": _hex(tx.hash), "to": _hex(tx.to), "gas": hex(tx.gas),
        "value": hex(tx.value), "input": _hex(tx.data),
    }  # fmt: skip
    if isinstance(tx, DepositTransaction):
        return common | {
            "sourceHash": _hex(tx.source_hash), "from": _hex(tx.sender),
            "mint": hex(tx.mint) if tx.mint else None, "nonce": "0x9",
        }  # fmt: skip
    return common | _signed_json(tx)


def _signed_json(tx: Transaction) -> dict[str, Any]:
    v = tx.y_parity
    if tx.type == LEGACY:
        v += 27 if tx.chain_id is None else 35 + 2 * tx.chain_id
    signed: dict[str, Any] = {
        "nonce": hex(tx.nonce), "gasPrice": hex(tx.max_fee_per_gas), "v": hex(v),
        "r": hex(tx.r), "s": hex(tx.s),
    }  # fmt: skip
    if tx.type != LEGACY:
        signed |= {
            "chainId": _hex(tx.chain_id), "yParity": hex(tx.y_parity),
            "accessList": [
                {"address": _hex(entry.address), "storageKeys": [*map(_hex, entry.storage_keys)]}
                for entry in tx.access_list
            ],
        }  # fmt: skip
    if tx.type >= 2:
        signed |= {
            "maxFeePerGas": hex(tx.max_fee_per_gas),
            "maxPriorityFeePerGas": hex(tx.max_priority_fee_per_gas),
        }
    if tx.type == BLOB:
        signed |= {
            "maxFeePerBlobGas": hex(tx.max_fee_per_blob_gas),
            "blobVersionedHashes": [*map(_hex, tx.blob_hashes)],
        }
    if tx.authorizations:
        signed["authorizationList"] = [
            {"chainId": hex(one.chain_id), "address": _hex(one.address), "nonce": hex(one.nonce),
             "yParity": hex(one.y_parity), "r": hex(one.r), "s": hex(one.s)}
            for one in tx.authorizations
        ]  # fmt: skip
    return signed


def receipts_json(executed: ExecutedBlock) -> list[dict[str, Any]]:
    """Return receipts as `eth_getBlockReceipts` answers them."""
    return [
        {
            "type": hex(one.type), "status": hex(one.succeeded),
            "cumulativeGasUsed": hex(one.cumulative_gas_used), "transactionHash": _hex(tx.hash),
            "logs": [
                {"address": _hex(log.address), "topics": [*map(_hex, log.topics)],
                 "data": _hex(log.data)}
                for log in one.logs
            ],
            **({} if one.deposit_nonce is None else {
                "depositNonce": hex(one.deposit_nonce), "depositReceiptVersion": "0x1",
            }),
        }
        for one, tx in zip(executed.receipts, executed.block.transactions, strict=True)
    ]  # fmt: skip


class FakeL1:
    """Answers the calls of `RemoteL1` from `blocks`; tests set what goes wrong."""

    def __init__(self, *blocks: ExecutedBlock) -> None:
        self.blocks = list(blocks)
        self.calls: list[str] = []
        self.failures: list[Callable[[], web.StreamResponse]] = []
        """What the next requests get instead of an answer, one each."""
        self.errors: dict[str, dict[str, Any]] = {}
        """JSON-RPC errors by method."""
        self.no_finality: str | None = None
        """The message with which `finalized` is refused."""
        self.change: Callable[[str, Any], Any] = lambda method, result: result

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Answer one POST."""
        call = await request.json()
        self.calls.append(call["method"])
        if self.failures:
            return self.failures.pop(0)()
        reply = {"jsonrpc": "2.0", "id": call["id"]}
        if call["method"] in self.errors:
            return web.json_response(reply | {"error": self.errors[call["method"]]})
        if self.no_finality is not None and call["params"][:1] == ["finalized"]:
            error = {"code": -32000, "message": self.no_finality}
            return web.json_response(reply | {"error": error})
        result = self._answer(call["method"], *call["params"])
        return web.json_response(reply | {"result": self.change(call["method"], result)})

    def _answer(self, method: str, *params: Any) -> Any:
        match method:
            case "eth_chainId":
                return "0x384"
            case "eth_getBlockByNumber" | "eth_getBlockByHash":
                block = self._find(params[0])
                return block and block_json(block, params[1])
            case "eth_getBlockReceipts":
                block = self._find(params[0])
                return block and receipts_json(block)
            case "eth_getTransactionReceipt":
                every = [one for block in self.blocks for one in receipts_json(block)]
                return next((one for one in every if one["transactionHash"] == params[0]), None)
        raise AssertionError(method)

    def _find(self, ref: str) -> ExecutedBlock | None:
        if ref == "latest":
            return self.blocks[-1]
        if ref == "finalized":
            return self.blocks[0]
        for block in self.blocks:
            if ref in (hex(block.number), "0x" + block.hash.hex()):
                return block
        return None

    @asynccontextmanager
    async def serve(self) -> AsyncIterator[str]:
        """Serve on a free port; gives the URL."""
        app = web.Application()
        app.router.add_post("/", self.handle)
        async with TestServer(app) as server:
            yield str(server.make_url("/"))


def run(coroutine: Any) -> Any:
    """Run a test's coroutine to its end, in bounded time."""
    return asyncio.run(asyncio.wait_for(coroutine, 20))
