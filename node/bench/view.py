"""Reads over RPC: a view of a token, and the cheapest request there is."""

from __future__ import annotations

import time
from collections.abc import Callable

from byline.node.accounts import dev_accounts
from byline.node.bench import peers
from byline.node.bench.effort import Bench
from byline.node.bench.process import Server, Stretch, serving
from byline.node.bench.programs import TOKEN
from byline.node.bench.table import Column, Line, Table, percentile
from byline.node.bench.transactions import Purse, fill_token


def viewing(bench: Bench) -> list[Table]:
    """Measure `eth_call` of balanceOf, and `eth_blockNumber` for what a request costs."""
    lines: dict[str, list[Line]] = {"eth_call balanceOf": [], "eth_blockNumber": []}
    for peer in peers.everyone(bench):
        with serving(peer) as server:
            token = fill_token(server.wire, Purse(server.wire.number("eth_chainId")))
            for what, ask in _requests(server, token).items():
                bench.say(f"{what} on {peer.name}")
                lines[what].append(_line(bench, server, what, ask))
    return [
        Table(
            "view",
            "Reads over RPC, one at a time",
            (
                Column("server CPU", "ms", higher=False),
                Column("p50", "ms", higher=False),
                Column("p99", "ms", higher=False),
                Column("client CPU", "ms", higher=False),
            ),
            tuple(line for each in lines.values() for line in each),
            (f"{bench.effort.calls:,} requests each, there and back",),
        )
    ]


def _requests(server: Server, token: bytes) -> dict[str, Callable[[], object]]:
    wire, holder = server.wire, dev_accounts()[3].address
    request = {
        "to": "0x" + token.hex(),
        "data": "0x" + TOKEN.call("balanceOf", holder).hex(),
    }
    answer = wire.call("eth_call", request, "latest")
    if int(answer, 16) != 10**18:
        raise RuntimeError(f"{server.peer.name}: balanceOf answers {answer}, want 10**18")
    return {
        "eth_call balanceOf": lambda: wire.call("eth_call", request, "latest"),
        "eth_blockNumber": lambda: wire.call("eth_blockNumber"),
    }


def _line(bench: Bench, server: Server, what: str, ask: Callable[[], object]) -> Line:
    count, latencies = bench.effort.calls, []
    for _ in range(max(10, count // 20)):
        ask()
    stretch = Stretch(server)
    for _ in range(count):
        begun = time.perf_counter()
        ask()
        latencies.append((time.perf_counter() - begun) * 1e3)
    spent = stretch.end()
    figures = (
        None if spent.server_cpu is None else spent.server_cpu / count * 1e3,
        percentile(latencies, 50),
        percentile(latencies, 99),
        spent.client_cpu / count * 1e3,
    )
    return Line(what, server.peer.name, figures)
