"""From the start of the process to the first answer."""

from __future__ import annotations

from statistics import median

from byline.node.bench import peers
from byline.node.bench.effort import Bench
from byline.node.bench.peers import Peer
from byline.node.bench.process import serving
from byline.node.bench.table import Column, Line, Table


def starting(bench: Bench) -> list[Table]:
    """Start each peer some times."""
    return [
        Table(
            "start",
            "Process start to first answer",
            (
                Column("least", "s", higher=False),
                Column("median", "s", higher=False),
                Column("CPU", "s", higher=False),
                Column("memory", "MB", higher=False),
            ),
            tuple(_line(bench, peer) for peer in peers.everyone(bench)),
            (
                f"{bench.effort.starts} starts; byline is ready when both chains answer and "
                "the L2 shows its contracts, the others when they answer",
            ),
        )
    ]


def _line(bench: Bench, peer: Peer) -> Line:
    bench.say(f"starting {peer.name}")
    seconds, cpu, memory = [], [], []
    for _ in range(bench.effort.starts):
        with serving(peer) as server:
            seconds.append(server.start_seconds)
            cpu.append(server.start_cpu)
            memory.append(server.resident_mb())
    return Line("start", peer.name, (min(seconds), median(seconds), _middle(cpu), _middle(memory)))


def _middle(values: list[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return median(known) if known else None
