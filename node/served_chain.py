"""One chain of a running node, as a script sees it."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType
from typing import Any

import orjson

from byline.node.client import CallFailed
from byline.node.errors import NodeError
from byline.node.hexes import checksum
from byline.node.rollups.rollup import ChainName
from byline.rpc.backend import Backend, BackendError
from byline.rpc.server import RpcServer


class ServedChain:
    """Where a chain is served, what is on it, and what a test does to it."""

    def __init__(
        self,
        name: ChainName,
        chain_id: int,
        backend: Backend,
        server: RpcServer,
        ipc_path: Path | None = None,
    ) -> None:
        self.name: ChainName = name
        self.chain_id = chain_id
        self.ipc_path = ipc_path
        """The Unix socket that serves it, too, where the settings name one."""
        self._backend = backend
        self._server = server
        self._ids = itertools.count(1)

    def __repr__(self) -> str:
        return f"<{self.name.upper()} {self.chain_id} at {self.url}>"

    @property
    def url(self) -> str:
        """JSON-RPC over HTTP."""
        return self._server.url

    @property
    def ws_url(self) -> str:
        """JSON-RPC over WebSocket, on the same port."""
        return self._server.ws_url

    @property
    def contracts(self) -> Mapping[str, str]:
        """Addresses of the system's contracts by name, in hex with checksums (EIP-55)."""
        found = self._backend.contracts
        return MappingProxyType({name: checksum(at) for name, at in found.items()})

    async def request(self, method: str, *params: Any) -> Any:
        """Return the result of a JSON-RPC call, made without the network.

        Raises `CallFailed` with the error's code and data, `TypeError` for what is no JSON.
        """
        request = {"jsonrpc": "2.0", "id": next(self._ids), "method": method, "params": params}
        reply = orjson.loads(await self._server.dispatcher.handle(orjson.dumps(request)))
        if "error" in reply:
            error = reply["error"]
            raise CallFailed(method, error["code"], error["message"], error.get("data"))
        return reply["result"]

    async def block_number(self) -> int:
        """Return the number of the head."""
        return int(await self.request("eth_blockNumber"), 16)

    async def mine(
        self, blocks: int = 1, *, timestamp: int | None = None, interval: int | None = None
    ) -> None:
        """Make `blocks` blocks with what waits in the pool.

        The first has `timestamp` (seconds since 1970), or each stands `interval` seconds after
        the one before; not both.  Raises `NodeError` for times that the chain cannot have.
        """
        if timestamp is not None and interval is not None:
            raise NodeError("mine: timestamp and interval exclude each other: give one")
        if blocks < 1:
            raise NodeError(f"mine: {blocks} blocks asked for, want at least 1")
        with refusals():
            if interval is None:
                await self._backend.controls.mine(blocks, timestamp)
            else:
                await self._backend.controls.mine_apart(blocks, interval)


@contextmanager
def refusals() -> Iterator[None]:
    """Turn what a backend refuses into a `NodeError` with the same words."""
    try:
        yield
    except BackendError as exc:
        raise NodeError(str(exc)) from exc
