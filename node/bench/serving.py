"""A node in a process of its own: start-up, transactions one at a time, calls.

The peer is anvil, where `make clients` has installed it; both run the same requests.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import socket
import sys
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from byline.node.accounts import dev_account, dev_accounts
from byline.node.bench.table import Row, better
from byline.node.client import RpcClient
from byline.node.errors import NodeError
from byline.node.signing import sign_dynamic_fee

SEQUENTIAL: Final = 200
CALLS: Final = 300
START_SECONDS: Final = 30.0
VIEW_CODE: Final = "0x602a60005260206000f3"
"""Returns one word, 42."""


@dataclass(frozen=True, slots=True)
class Peer:
    """A program that serves an Ethereum JSON-RPC."""

    name: str
    command: Callable[[int, int], Sequence[str]]
    """Makes the command line from the port to serve and a second free one."""


def byline_peer() -> Peer:
    """Return this project."""
    return Peer(
        "byline",
        lambda port, other: [
            sys.executable, "-m", "byline.node", "up",
            "--l2-port", str(port), "--l1-port", str(other),
        ],
    )  # fmt: skip


def anvil_peer() -> Peer | None:
    """Return anvil if it is installed here."""
    local = Path("build/clients/node_modules/.bin/anvil")
    found = str(local.resolve()) if local.exists() else shutil.which("anvil")
    if found is None:
        return None
    return Peer("anvil", lambda port, _: [found, "--port", str(port), "--chain-id", "901"])


def free_port() -> int:
    """Return a port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@asynccontextmanager
async def started(peer: Peer) -> AsyncIterator[tuple[RpcClient, float]]:
    """Run a peer; yield a client and the seconds until its first answer."""
    port, other = free_port(), free_port()
    begun = time.perf_counter()
    process = await asyncio.create_subprocess_exec(
        *peer.command(port, other),
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )
    try:
        async with RpcClient(f"http://127.0.0.1:{port}") as client:
            while True:
                try:
                    await client.call("eth_chainId")
                    break
                except NodeError:
                    if time.perf_counter() - begun > START_SECONDS:
                        raise
                    await asyncio.sleep(0.01)
            yield client, time.perf_counter() - begun
    finally:
        process.terminate()
        await process.wait()


async def _sequential(client: RpcClient) -> float:
    """Return transfers a second, each sent after the receipt of the one before."""
    account, chain_id = dev_accounts()[0], await client.number("eth_chainId")
    transactions = [
        sign_dynamic_fee(
            account,
            chain_id=chain_id,
            nonce=nonce,
            gas=21_000,
            to=dev_account(100).address,
            max_fee=10**11,
            tip=10**9,
            value=1,
        )
        for nonce in range(SEQUENTIAL)
    ]
    begun = time.perf_counter()
    for tx in transactions:
        await client.receipt(await client.call("eth_sendRawTransaction", "0x" + tx.raw.hex()))
    return SEQUENTIAL / (time.perf_counter() - begun)


async def _call(client: RpcClient) -> float:
    """Return milliseconds of one `eth_call` of a view, there and back."""
    request = {"to": "0x" + "00" * 19 + "ff", "data": "0x"}
    overrides = {request["to"]: {"code": VIEW_CODE}}
    await client.call("eth_call", request, "latest", overrides)
    begun = time.perf_counter()
    for _ in range(CALLS):
        await client.call("eth_call", request, "latest", overrides)
    return (time.perf_counter() - begun) / CALLS * 1e3


async def _measure(peer: Peer) -> tuple[float, float, float]:
    async with started(peer) as (client, start):
        return start, await _sequential(client), await _call(client)


def serving() -> list[Row]:
    """Measure this node, and anvil where it is installed."""
    ours = asyncio.run(_measure(byline_peer()))
    peer = anvil_peer()
    theirs = asyncio.run(_measure(peer)) if peer else None
    rows = []
    for index, (what, unit, higher) in enumerate(
        (
            ("process start to first answer", "s", False),
            ("transfers over RPC one at a time, with receipt", "tx/s", True),
            ("eth_call of a view, there and back", "ms", False),
        )
    ):
        other = theirs[index] if theirs else 0.0
        ratio = better(ours[index], other, higher=higher)
        rows.append(Row(what, "byline L2", ours[index], unit, ratio, "anvil" if ratio else ""))
        if theirs:
            rows.append(Row(what, "anvil", other, unit))
    return rows
