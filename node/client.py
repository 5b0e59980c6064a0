"""A JSON-RPC client for the node's own commands: the same door that users take."""

from __future__ import annotations

import asyncio
import itertools
from types import TracebackType
from typing import Any, Final

import aiohttp
import orjson

from byline.derivation.transaction import Transaction
from byline.node.accounts import DevAccount
from byline.node.errors import NodeError
from byline.node.signing import sign_dynamic_fee

TIMEOUT_SECONDS: Final = 60.0
POLL_SECONDS: Final = 0.05
TIP: Final = 10**6


class CallFailed(NodeError):
    """The node answered with an error; `code` and `data` are those of JSON-RPC."""

    def __init__(self, method: str, code: int, message: str, data: Any = None) -> None:
        super().__init__(f"{method}: {message} (code {code})")
        self.code = code
        self.data = data


class RpcClient:
    """One URL; an async context manager."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._ids = itertools.count(1)
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> RpcClient:
        timeout = aiohttp.ClientTimeout(total=TIMEOUT_SECONDS)
        self._session = aiohttp.ClientSession(timeout=timeout)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        assert self._session is not None
        await self._session.close()

    async def call(self, method: str, *params: Any) -> Any:
        """Return the result of a call; raises `CallFailed`, or `NodeError` without an answer."""
        assert self._session is not None, "use the client as a context manager"
        request = {"jsonrpc": "2.0", "id": next(self._ids), "method": method, "params": params}
        try:
            async with self._session.post(self.url, json=request) as answer:
                reply = await answer.json(content_type=None, loads=orjson.loads)
        except (aiohttp.InvalidURL, aiohttp.NonHttpUrlClientError) as exc:
            raise NodeError(f"{self.url!r} is no URL: want one as http://127.0.0.1:9545") from exc
        except (aiohttp.ClientError, TimeoutError, ValueError) as exc:
            raise NodeError(f"{self.url} does not answer {method}: {exc}") from exc
        if "error" in reply:
            error = reply["error"]
            raise CallFailed(method, error["code"], error["message"], error.get("data"))
        return reply["result"]

    async def number(self, method: str, *params: Any) -> int:
        """Return the result of a call that answers a quantity."""
        return int(await self.call(method, *params), 16)

    async def receipt(self, tx_hash: str, seconds: float = TIMEOUT_SECONDS) -> dict[str, Any]:
        """Wait for a receipt; raises `NodeError` when there is none in time."""
        deadline = asyncio.get_running_loop().time() + seconds
        while (found := await self.call("eth_getTransactionReceipt", tx_hash)) is None:
            if asyncio.get_running_loop().time() > deadline:
                raise NodeError(f"no receipt of {tx_hash} within {seconds:.0f} s at {self.url}")
            await asyncio.sleep(POLL_SECONDS)
        receipt: dict[str, Any] = found
        return receipt


class Wallet:
    """An account that signs here and sends through a client."""

    def __init__(self, client: RpcClient, account: DevAccount) -> None:
        self._client = client
        self.account = account

    @property
    def address(self) -> str:
        """The address in hex."""
        return "0x" + self.account.address.hex()

    async def sign(
        self, to: bytes | None, data: bytes = b"", value: int = 0, gas: int | None = None
    ) -> Transaction:
        """Return a signed transaction with nonce, fees and, if not given, gas filled in."""
        client = self._client
        nonce = await client.number("eth_getTransactionCount", self.address, "pending")
        head = await client.call("eth_getBlockByNumber", "latest", False)
        call = {
            "from": self.address,
            "value": hex(value),
            "data": "0x" + data.hex(),
            **({"to": "0x" + to.hex()} if to else {}),
        }
        return sign_dynamic_fee(
            self.account,
            chain_id=await client.number("eth_chainId"),
            nonce=nonce,
            gas=gas or await client.number("eth_estimateGas", call) * 11 // 10,
            to=to,
            max_fee=2 * int(head["baseFeePerGas"], 16) + TIP,
            tip=TIP,
            value=value,
            data=data,
        )

    async def send(
        self, to: bytes | None, data: bytes = b"", value: int = 0, gas: int | None = None
    ) -> dict[str, Any]:
        """Send a transaction and return its receipt; raises `NodeError` when it fails."""
        tx = await self.sign(to, data, value, gas)
        sent = await self._client.call("eth_sendRawTransaction", "0x" + tx.raw.hex())
        receipt = await self._client.receipt(sent)
        if receipt["status"] != "0x1":
            raise NodeError(f"transaction {sent} failed at {self._client.url}")
        return receipt
