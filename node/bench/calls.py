"""The calls that clients make most, one at a time, and how many of them fit into a second.

All servers run at once and are asked in turn, some requests each, so that whatever else the
machine does falls on all of them.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from selectors import EVENT_READ, DefaultSelector
from types import MappingProxyType
from typing import Final

from byline.node.bench.effort import Bench
from byline.node.bench.seats import FULL, LOGS, Seat, body, seats
from byline.node.bench.table import Column, Line, Table, per, percentile
from byline.node.bench.wire import Wire

ROUNDS: Final = 8
"""How often everybody has a turn."""
IN_FLIGHT: Final = 32
BATCH: Final = 100
SEND: Final = "eth_sendRawTransaction"
_HEAVY: Final = (SEND, f"{FULL} full", f"{LOGS:,} logs", "debug_", "estimateGas")
"""Parts of the names of what is asked less often."""
_MANY: Final = ("eth_chainId", "eth_getBalance", "eth_call of a view")
"""What is asked in masses."""


def calling(bench: Bench) -> list[Table]:
    """Measure every call on every port, one at a time and in masses."""
    with seats(bench) as found:
        return [_latencies(bench, found), _masses(bench, found)]


# -- one at a time ----------------------------------------------------------------------


def _latencies(bench: Bench, found: Sequence[Seat]) -> Table:
    lines: list[Line] = []
    for what in (*found[0].requests, SEND):
        bench.say(what)
        heavy = any(part in what for part in _HEAVY)
        turn = max(2, bench.effort.calls // (20 if heavy else 2) // ROUNDS)
        lines += _in_turn(found, what, turn)
    return Table(
        "calls",
        "Common calls, one at a time",
        (
            Column("p50", "ms", higher=False),
            Column("p99", "ms", higher=False),
            Column("server CPU", "ms", higher=False),
        ),
        tuple(lines),
        (
            f"asked in turn, {ROUNDS} times {max(2, bench.effort.calls // 2 // ROUNDS):,} "
            f"requests each ({max(2, bench.effort.calls // 20 // ROUNDS):,} of the longer ones)",
            "the answer is taken in whole and not read; the estimate is of a token transfer, "
            "the trace (callTracer) of one, too",
            "eth_sendRawTransaction answers when the transfer is in a block; what a server "
            "refuses has no line",
        ),
    )


def _in_turn(found: Sequence[Seat], what: str, turn: int) -> list[Line]:
    """Ask everybody who answers `what`; return a line for each."""
    asked = [(seat, make) for seat in found if (make := _maker(seat, what, turn)) is not None]
    latencies: list[list[float]] = [[] for _ in asked]
    cpu: list[float | None] = [0.0] * len(asked)
    for round_number in range(ROUNDS):
        for at, (seat, make) in enumerate(asked):
            requests = make()
            with seat.opened(1) as (wire,):
                before = seat.server.cpu_seconds()
                spent = [_timed(wire, request) for request in requests]
                after = seat.server.cpu_seconds()
            if round_number == 0:
                # The first turn warms caches of both sides.
                continue
            latencies[at] += spent
            total = cpu[at]
            known = None not in (before, after, total)
            cpu[at] = total + after - before if known else None  # type: ignore[operator]
    return [
        Line(what, seat.who, _figures(each, total))
        for (seat, _), each, total in zip(asked, latencies, cpu, strict=True)
    ]


def _maker(seat: Seat, what: str, turn: int) -> Callable[[], list[bytes]] | None:
    """Return what makes the requests of a turn; `None` where the server does not answer."""
    if what == SEND:
        return lambda: [
            seat.wire.request(body(SEND, "0x" + tx.raw.hex())) for tx in seat.purse.transfers(turn)
        ]
    if what not in seat.requests:
        return None
    return lambda: [seat.wire.request(seat.requests[what])] * turn


def _timed(wire: Wire, request: bytes) -> float:
    """Return the milliseconds until the answer is there; raises `RuntimeError` for an error."""
    begun = time.perf_counter()
    wire.ask(request)
    answer = wire.answer()
    spent = (time.perf_counter() - begun) * 1e3
    _check(answer)
    return spent


def _check(answer: bytes) -> None:
    # Errors stand at the beginning or the end of an answer, wherever a server puts its keys.
    if b'"error"' in answer[:200] or b'"error"' in answer[-200:]:
        raise RuntimeError(f"an answer that is an error: {answer[:200]!r}")


def _figures(latencies: Sequence[float], cpu: float | None) -> tuple[float, float, float | None]:
    return (
        percentile(latencies, 50),
        percentile(latencies, 99),
        cpu / len(latencies) * 1e3 if cpu else None,
    )


# -- in masses --------------------------------------------------------------------------


def _masses(bench: Bench, found: Sequence[Seat]) -> Table:
    lines: list[Line] = []
    for what in _MANY:
        for how, (wires, work) in _WAYS.items():
            bench.say(f"{what}, {how}")
            lines += _speeds(bench, found, what, how, wires, work)
    return Table(
        "calls",
        "Requests a second",
        (Column("speed", "/s"), Column("server CPU", "ms", higher=False)),
        tuple(lines),
        (f"{IN_FLIGHT} in flight are on as many connections, from one thread",),
    )


Work = Callable[[Sequence[Wire], bytes, int], int]
"""Asks about so many requests over connections; returns how many were answered."""


def _speeds(
    bench: Bench, found: Sequence[Seat], what: str, how: str, wires: int, work: Work
) -> list[Line]:
    turn = max(IN_FLIGHT, bench.effort.calls // ROUNDS)
    lines = []
    totals = {seat.who: [0.0, 0.0, 0.0] for seat in found}
    for round_number in range(ROUNDS):
        for seat in found:
            with seat.opened(wires) as connections:
                cpu = seat.server.cpu_seconds() or 0.0
                begun = time.perf_counter()
                count = work(connections, seat.requests[what], turn)
                seconds = time.perf_counter() - begun
            if round_number == 0:
                # The first turn warms both sides.
                continue
            total = totals[seat.who]
            total[0] += count
            total[1] += seconds
            total[2] += (seat.server.cpu_seconds() or 0.0) - cpu
    for who, (answered, seconds, spent) in totals.items():
        figures = (per(answered, seconds), spent / answered * 1e3 if spent else None)
        lines.append(Line(f"{what}, {how}", who, figures))
    return lines


def _one_by_one(wires: Sequence[Wire], asked: bytes, count: int) -> int:
    request = wires[0].request(asked)
    for _ in range(count):
        wires[0].ask(request)
        _check(wires[0].answer())
    return count


def _batches(wires: Sequence[Wire], asked: bytes, count: int) -> int:
    request = wires[0].request(b"[" + b",".join([asked] * BATCH) + b"]")
    times = max(1, count // BATCH)
    for _ in range(times):
        wires[0].ask(request)
        _check(wires[0].answer())
    return times * BATCH


def _in_flight(wires: Sequence[Wire], asked: bytes, count: int) -> int:
    """Keep a request on its way on each connection; `count` is at least as many."""
    request = wires[0].request(asked)
    left = count - len(wires)
    answered = 0
    with DefaultSelector() as ready:
        for wire in wires:
            wire.ask(request)
            ready.register(wire, EVENT_READ, wire)
        while answered < count:
            for key, _ in ready.select():
                wire = key.data
                _check(wire.answer())
                answered += 1
                if left > 0:
                    left -= 1
                    wire.ask(request)
    return answered


_WAYS: Final[Mapping[str, tuple[int, Work]]] = MappingProxyType(
    {
        "1 in flight": (1, _one_by_one),
        f"{IN_FLIGHT} in flight": (IN_FLIGHT, _in_flight),
        f"batches of {BATCH}": (1, _batches),
    }
)
"""In words, and over how many connections."""
