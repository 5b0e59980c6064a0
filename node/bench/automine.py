"""Transfers one at a time over RPC, each with its receipt, on a chain that grows older.

A window of them is timed at each height; the transactions between the windows age the chain
and are not timed.  They are signed before, so that signing is in no figure.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from typing import Final

from byline.node.bench import peers
from byline.node.bench.effort import Bench
from byline.node.bench.peers import Peer
from byline.node.bench.process import Server, Stretch, serving
from byline.node.bench.table import Column, Line, Table, per, percentile
from byline.node.bench.transactions import Purse, send

STEP: Final = 500
"""Transactions that are signed at once."""
WARM: Final = 5
"""Transactions before each window that are not timed: a pause for signing precedes them."""


def automine(bench: Bench) -> list[Table]:
    """Measure this node up to its heights, and the peers up to theirs."""
    lines: list[Line] = []
    ours = peers.byline(bench.engine)
    lines += _windows(bench, ours, bench.effort.heights)
    for peer in (peers.on_disk(ours), *peers.others()):
        lines += _windows(bench, peer, bench.effort.peer_heights)
    order = {f"at block {height:,}": height for height in bench.effort.heights}
    return [
        Table(
            "automine",
            "Transfers over RPC one at a time, with receipt",
            (
                Column("speed", "tx/s"),
                Column("server CPU", "ms/tx", higher=False),
                Column("client CPU", "ms/tx", higher=False),
                Column("p50", "ms", higher=False),
                Column("p99", "ms", higher=False),
                Column("memory", "MB", higher=False),
            ),
            tuple(sorted(lines, key=lambda line: order[line.what])),
            (
                f"{bench.effort.window} transfers at each height; p50 and p99 of sending until "
                "the receipt is there; memory is resident",
            ),
        )
    ]


def _windows(bench: Bench, peer: Peer, heights: Sequence[int]) -> Iterator[Line]:
    with serving(peer) as server:
        purse = Purse(server.wire.number("eth_chainId"))
        for height in heights:
            _age(bench, server, purse, height)
            bench.say(f"transfers on {peer.name} at block {height:,}")
            yield _window(bench, server, purse, height)


def _age(bench: Bench, server: Server, purse: Purse, height: int) -> None:
    """Send transfers until the chain has `height` blocks."""
    while (left := height - server.wire.number("eth_blockNumber")) > 0:
        bench.say(f"ageing {server.peer.name}: {left:,} blocks to {height:,}")
        for tx in purse.transfers(min(left, STEP)):
            send(server.wire, tx)


def _window(bench: Bench, server: Server, purse: Purse, height: int) -> Line:
    transactions = purse.transfers(WARM + bench.effort.window)
    for tx in transactions[:WARM]:
        send(server.wire, tx)
    timed = transactions[WARM:]
    latencies = []
    stretch = Stretch(server)
    for tx in timed:
        begun = time.perf_counter()
        send(server.wire, tx)
        latencies.append((time.perf_counter() - begun) * 1e3)
    spent, count = stretch.end(), len(timed)
    figures = (
        per(count, spent.seconds),
        None if spent.server_cpu is None else spent.server_cpu / count * 1e3,
        spent.client_cpu / count * 1e3,
        percentile(latencies, 50),
        percentile(latencies, 99),
        server.resident_mb(),
    )
    return Line(f"at block {height:,}", server.peer.name, figures)
