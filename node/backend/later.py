"""A part of a backend that is made when it is first asked for something.

Most nodes are never asked for traces or simulations, and their modules cost a start time.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar, cast

from byline.node.backend.served import Served
from byline.node.backend.state import CALL_TIMEOUT
from byline.node.backend.threads import Threads
from byline.node.rollups.rollup import ChainName
from byline.rpc.attribution import Attribution
from byline.rpc.backend import Tracing
from byline.rpc.inspecting import Inspecting
from byline.rpc.simulation import Simulating

T = TypeVar("T")


def tracing_later(
    rollup: Served, name: ChainName, threads: Threads, timeout: float = CALL_TIMEOUT
) -> Tracing:
    """Return a `NodeTracing` that is imported at its first use."""

    def make() -> Tracing:
        from byline.node.backend.tracing import NodeTracing

        return NodeTracing(rollup, name, threads, timeout)

    return later(make)


def simulating_later(
    rollup: Served, name: ChainName, threads: Threads, timeout: float = CALL_TIMEOUT
) -> Simulating:
    """Return a `NodeSimulating` that is imported at its first use."""

    def make() -> Simulating:
        from byline.node.backend.simulating import NodeSimulating

        return NodeSimulating(rollup, name, threads, timeout)

    return later(make)


def inspecting_later(
    rollup: Served, name: ChainName, threads: Threads, timeout: float = CALL_TIMEOUT
) -> Inspecting:
    """Return a `NodeInspecting` that is imported at its first use."""

    def make() -> Inspecting:
        from byline.node.backend.inspecting import NodeInspecting

        return NodeInspecting(rollup, name, threads, timeout)

    return later(make)


def attribution_later(
    rollup: Served, threads: Threads, folder: Path | None, timeout: float = CALL_TIMEOUT
) -> Attribution:
    """Return a `NodeAttribution` that is imported at its first use."""

    def make() -> Attribution:
        from byline.node.backend.attribution import NodeAttribution

        return NodeAttribution(rollup, threads, folder, timeout)

    return later(make)


def later(make: Callable[[], T]) -> T:
    """Return what stands for the result of `make`, which is called at the first use."""
    return cast(T, _Later(make))


class _Later:
    def __init__(self, make: Callable[[], object]) -> None:
        self._make = make
        self._made: object | None = None

    def __getattr__(self, name: str) -> Any:
        if self._made is None:
            self._made = self._make()
        return getattr(self._made, name)
