"""An L1 node over JSON-RPC, as a source of blocks that are checked before they are believed.

By number the node is trusted for which block is canonical and for nothing else; see
`json_block`.  What may pass by itself raises `Temporary` after some attempts; a node that
contradicts itself raises `BadL1Answer`.
"""

from __future__ import annotations

import asyncio
import itertools
import logging
from contextlib import AsyncExitStack
from types import TracebackType
from typing import Any, Final

from byline.derivation.errors import InvalidData, Temporary
from byline.derivation.transaction import BLOB, AnyTransaction, Transaction
from byline.derivation.types import L1Block, L1BlockRef
from byline.node.errors import BadL1Answer, ConfigError
from byline.node.l1.beacon import BeaconNode
from byline.node.l1.json_block import body_of, header_of, receipts_of
from byline.node.l1.transport import ATTEMPTS, FIRST_PAUSE, NotThere, Transport

LOG = logging.getLogger("byline.l1")

_METHOD_NOT_FOUND: Final = -32601
_LIMIT_EXCEEDED: Final = frozenset({-32005, -32097, 429})
"""Codes by which providers say that one asks too fast."""
_AT_ONCE: Final = 16
"""Receipts asked for at a time, where the node has no `eth_getBlockReceipts`."""


class RpcFailed(BadL1Answer):
    """The L1 node answered a call with an error; `code` is that of JSON-RPC."""

    def __init__(self, who: str, method: str, code: int, message: str) -> None:
        super().__init__(f"{who} refuses {method}: {message} (code {code})")
        self.code = code
        self.message = message


class RemoteL1:
    """An `L1Source`; use it as an async context manager."""

    def __init__(
        self,
        url: str,
        beacon_url: str | None = None,
        *,
        inbox: bytes | None = None,
        attempts: int = ATTEMPTS,
        first_pause: float = FIRST_PAUSE,
    ) -> None:
        """`inbox` limits which blobs are fetched to those sent there; `None` fetches all.

        Without `beacon_url` blocks come without blobs, and one with blobs sent to `inbox` is
        refused with `ConfigError`: derivation could not go on from there.
        """
        self._rpc = Transport(url, attempts=attempts, first_pause=first_pause)
        self._beacon: BeaconNode | None = None
        self._transports = [self._rpc]
        if beacon_url is not None:
            beacon = Transport(beacon_url, attempts=attempts, first_pause=first_pause)
            self._beacon = BeaconNode(beacon)
            self._transports.append(beacon)
        self._inbox = inbox
        self._ids = itertools.count(1)
        self._block_receipts = True
        self._open = AsyncExitStack()

    async def __aenter__(self) -> RemoteL1:
        for transport in self._transports:
            await self._open.enter_async_context(transport)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._open.aclose()

    async def chain_id(self) -> int:
        """Return the chain id that the node reports."""
        answer = await self._call("eth_chainId")
        try:
            return int(answer, 16)
        except (TypeError, ValueError) as exc:
            raise BadL1Answer(f"{self._rpc.name} answers eth_chainId with {answer!r}") from exc

    async def head(self) -> L1BlockRef:
        """See `L1Source.head`."""
        ref = await self._tag("latest")
        if ref is None:
            raise Temporary(f"{self._rpc.name} has no block yet")
        return ref

    async def finalized(self) -> L1BlockRef:
        """See `L1Source.finalized`; the genesis block while nothing is final."""
        try:
            ref = await self._tag("finalized")
        except RpcFailed as exc:
            # geth answers so until its consensus client has finalized something.
            if "not found" not in exc.message and "unknown block" not in exc.message:
                raise
            ref = None
        ref = ref or await self._tag("0x0")
        if ref is None:
            raise Temporary(f"{self._rpc.name} has no genesis block")
        return ref

    async def block_by_number(self, number: int) -> L1Block | None:
        """See `L1Source.block_by_number`; raises `BadL1Answer` for what does not check."""
        document = await self._call("eth_getBlockByNumber", hex(number), True)
        block = await self._complete(document)
        if block is not None and block.header.number != number:
            raise BadL1Answer(
                f"{self._rpc.name} answers block {block.header.number} for number {number}"
            )
        return block

    async def block_by_hash(self, block_hash: bytes) -> L1Block | None:
        """See `L1Source.block_by_hash`; raises `BadL1Answer` for what does not check."""
        document = await self._call("eth_getBlockByHash", _hex(block_hash), True)
        block = await self._complete(document)
        if block is not None and block.header.hash != block_hash:
            raise BadL1Answer(
                f"{self._rpc.name} answers block {_hex(block.header.hash)} "
                f"for hash {_hex(block_hash)}"
            )
        return block

    async def _tag(self, tag: str) -> L1BlockRef | None:
        document = await self._call("eth_getBlockByNumber", tag, False)
        try:
            return None if document is None else L1BlockRef.of(header_of(document))
        except InvalidData as exc:
            raise self._bad(document, exc) from exc

    async def _complete(self, document: Any) -> L1Block | None:
        """Fetch what belongs to a block, and check all of it."""
        if document is None:
            return None
        try:
            # Hashing a full block takes a while: other tasks go on meanwhile.
            header, transactions = await asyncio.to_thread(body_of, document)
            answer = await self._receipts(header.hash, transactions)
            receipts = await asyncio.to_thread(receipts_of, answer, header, transactions)
            blobs = await self._blobs(header.timestamp, transactions)
            return L1Block(header, transactions, receipts, blobs)
        except InvalidData as exc:
            raise self._bad(document, exc) from exc

    def _bad(self, document: Any, exc: InvalidData) -> BadL1Answer:
        number = document.get("number") if isinstance(document, dict) else "?"
        return BadL1Answer(f"{self._rpc.name}, block {number}: {exc}; use another L1 node")

    async def _receipts(self, block_hash: bytes, transactions: tuple[AnyTransaction, ...]) -> Any:
        if not transactions:
            return []
        if self._block_receipts:
            try:
                found = await self._call("eth_getBlockReceipts", _hex(block_hash))
            except RpcFailed as exc:
                if exc.code != _METHOD_NOT_FOUND:
                    raise
                LOG.info("%s has no eth_getBlockReceipts: asking one by one", self._rpc.name)
                self._block_receipts = False
            else:
                return self._present(found, block_hash)
        found = []
        for start in range(0, len(transactions), _AT_ONCE):
            some = transactions[start : start + _AT_ONCE]
            calls = (self._call("eth_getTransactionReceipt", _hex(tx.hash)) for tx in some)
            found += [self._present(one, block_hash) for one in await asyncio.gather(*calls)]
        return found

    def _present(self, receipts: Any, block_hash: bytes) -> Any:
        if receipts is None:
            raise Temporary(
                f"{self._rpc.name} has block {_hex(block_hash)} but not its receipts: "
                "it may just have been reorganised away"
            )
        return receipts

    async def _blobs(
        self, timestamp: int, transactions: tuple[AnyTransaction, ...]
    ) -> dict[bytes, bytes]:
        if self._beacon is None and self._inbox is None:
            return {}
        hashes = [
            blob_hash
            for tx in transactions
            if isinstance(tx, Transaction) and tx.type == BLOB
            if self._inbox is None or tx.to == self._inbox
            for blob_hash in tx.blob_hashes
        ]
        if not hashes:
            return {}
        if self._beacon is None:
            raise ConfigError(
                f"{len(hashes)} blobs went to the batch inbox at {timestamp}: "
                "name a beacon API that has them (verify --beacon, up --l1-beacon)"
            )
        return await self._beacon.blobs(timestamp, hashes)

    async def _call(self, method: str, *params: Any) -> Any:
        request = {"jsonrpc": "2.0", "id": next(self._ids), "method": method, "params": params}
        try:
            reply = await self._rpc.post(request)
        except NotThere as exc:
            raise BadL1Answer(f"{exc} is no JSON-RPC endpoint (HTTP 404)") from exc
        if not isinstance(reply, dict) or reply.get("id") != request["id"]:
            raise BadL1Answer(f"{self._rpc.name} does not speak JSON-RPC 2.0 ({method})")
        error = reply.get("error")
        if error is None:
            return reply.get("result")
        if not isinstance(error, dict) or not isinstance(error.get("code"), int):
            raise BadL1Answer(f"{self._rpc.name} fails {method} without a code: {error!r}")
        if error["code"] in _LIMIT_EXCEEDED:
            raise Temporary(f"{self._rpc.name} limits {method}: {error.get('message')}")
        raise RpcFailed(self._rpc.name, method, error["code"], str(error.get("message")))


def _hex(data: bytes) -> str:
    return "0x" + data.hex()
