"""Pure computation: the same loops on every engine, by `eth_call` and in this process."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Final

from byline.node.bench import peers
from byline.node.bench.effort import Bench
from byline.node.bench.engines import (
    PLAIN,
    SLOW,
    chain_with,
    engines,
    plain_chain,
    plain_run,
    run,
)
from byline.node.bench.process import Server, Stretch, serving
from byline.node.bench.programs import PROGRAMS, rounds_input
from byline.node.bench.table import Column, Line, Table, per
from byline.node.bench.transactions import Purse, deploy

CALL_GAS: Final = 16_000_000
"""Gas of each call: under the cap of a transaction (EIP-7825), which some peers apply."""
ADDRESS: Final = {name: bytes([0x10 + at]) * 20 for at, name in enumerate(PROGRAMS)}
_SMALL, _LARGER = 8, 24

Run = Callable[[bytes, bytes, int], tuple[bytes, int]]
"""Runs a contract with calldata and gas; returns the output and the gas used."""


@dataclass(frozen=True, slots=True)
class Work:
    """A program with a number of rounds, and what that costs."""

    name: str
    rounds: int
    gas: int
    """Of the rounds and what is around them; the cost of a transaction is not in it."""

    @property
    def data(self) -> bytes:
        """The calldata."""
        return rounds_input(self.rounds)


def sized(name: str, gas: int, using: Run) -> Work:
    """Return `name` with as many rounds as `gas` is enough for.

    Every round costs the same, so two small runs tell.
    """
    address = ADDRESS[name]
    small, larger = (
        using(address, rounds_input(rounds), CALL_GAS)[1] for rounds in (_SMALL, _LARGER)
    )
    each, rest = divmod(larger - small, _LARGER - _SMALL)
    if rest:
        raise RuntimeError(f"{name}: its rounds do not cost the same")
    once = small - _SMALL * each
    rounds = (gas - once) // each
    return Work(name, rounds, once + rounds * each)


def computation(bench: Bench) -> list[Table]:
    """Measure every program over RPC on each peer, and in this process on each engine."""
    codes = {ADDRESS[name]: code for name, code in PROGRAMS.items()}
    local: list[tuple[str, Run]] = [
        (f"{name} engine", partial(run, chain_with(engine, codes)))
        for name, engine in engines().items()
    ]
    local.append((PLAIN, partial(plain_run, plain_chain(codes))))
    sizing = local[0][1]
    works = {name: sized(name, bench.effort.gas, sizing) for name in PROGRAMS}
    lines: dict[str, list[Line]] = {name: [] for name in PROGRAMS}
    answers: dict[str, bytes] = {}
    for peer in peers.everyone(bench):
        bench.say(f"computation by eth_call on {peer.name}")
        with serving(peer) as server:
            purse = Purse(server.wire.number("eth_chainId"))
            for name, work in works.items():
                address = deploy(server.wire, purse, PROGRAMS[name])
                line, answer = _over_rpc(bench, server, work, address)
                _same(name, peer.name, answers.setdefault(name, answer), answer)
                lines[name].append(line)
    for who, using in local:
        bench.say(f"computation: {who}, in process")
        gas = bench.effort.slow_gas if who in SLOW else bench.effort.gas
        for name in PROGRAMS:
            work = sized(name, gas, sizing)
            line, answer = _in_process(bench, who, using, work)
            if work == works[name]:
                _same(name, who, answers.setdefault(name, answer), answer)
            lines[name].append(line)
    return [
        Table(
            "compute",
            "Pure computation",
            (Column("of CPU time", "Mgas/s"), Column("wall", "Mgas/s")),
            tuple(line for name in PROGRAMS for line in lines[name]),
            (
                f"eth_call of {bench.effort.gas / 1e6:g} Mgas each, there and back; "
                f"{' and '.join(sorted(SLOW))}: {bench.effort.slow_gas / 1e6:g} Mgas",
            ),
        )
    ]


def _same(name: str, who: str, wanted: bytes, found: bytes) -> None:
    if wanted != found:
        raise RuntimeError(f"{name}: {who} answers 0x{found.hex()}, others 0x{wanted.hex()}")


def _over_rpc(bench: Bench, server: Server, work: Work, address: bytes) -> tuple[Line, bytes]:
    request = {
        "to": "0x" + address.hex(),
        "data": "0x" + work.data.hex(),
        "gas": hex(CALL_GAS),
    }
    answer = server.wire.call("eth_call", request, "latest")
    runs, stretch, begun = 0, Stretch(server), time.perf_counter()
    while not runs or time.perf_counter() - begun < bench.effort.seconds:
        server.wire.call("eth_call", request, "latest")
        runs += 1
    spent = stretch.end()
    mgas = runs * work.gas / 1e6
    figures = (per(mgas, spent.server_cpu), per(mgas, spent.seconds))
    return Line(work.name, server.peer.name, figures), bytes.fromhex(answer[2:])


def _in_process(bench: Bench, who: str, using: Run, work: Work) -> tuple[Line, bytes]:
    address = ADDRESS[work.name]
    answer, used = using(address, work.data, CALL_GAS)
    if used != work.gas:
        raise RuntimeError(f"{work.name}: {who} uses {used} gas, others {work.gas}")
    runs, cpu, begun = 0, time.process_time(), time.perf_counter()
    while not runs or time.perf_counter() - begun < bench.effort.seconds:
        using(address, work.data, CALL_GAS)
        runs += 1
    seconds = time.perf_counter() - begun
    mgas = runs * work.gas / 1e6
    figures = (per(mgas, time.process_time() - cpu), per(mgas, seconds))
    return Line(work.name, f"{who}, in process", figures), answer
