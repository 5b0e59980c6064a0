"""What answers behind each port of a rollup in memory, without the ports."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from byline.node.backend.attribution import NodeAttribution
from byline.node.backend.building import NodeBuilding
from byline.node.backend.chain import NodeChain
from byline.node.backend.controls import NodeControls, NodeRollup
from byline.node.backend.editing import NodeEditing
from byline.node.backend.events import EventHub
from byline.node.backend.forks import NodeForks
from byline.node.backend.inspecting import NodeInspecting
from byline.node.backend.pool import NodeAccounts, NodePool
from byline.node.backend.rewriting import steering_of
from byline.node.backend.sequencing import NodeSequencing
from byline.node.backend.simulating import NodeSimulating
from byline.node.backend.state import NodeState
from byline.node.backend.threads import LoopCalls, Threads
from byline.node.backend.tracing import NodeTracing
from byline.node.rollups.rollup import ChainName
from byline.rpc.backend import Backend
from byline.rpc.dispatch import Dispatcher
from tests.integration.rollups import World


@dataclass
class Port:
    """One chain of a rollup, asked as over its port."""

    dispatcher: Dispatcher
    loop: asyncio.AbstractEventLoop

    def answer(self, method: str, *params: Any) -> dict[str, Any]:
        """Return the whole answer."""
        document = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
        body = json.dumps(document).encode()
        found = json.loads(self.loop.run_until_complete(self.dispatcher.handle(body)))
        assert isinstance(found, dict)
        return found

    def result(self, method: str, *params: Any) -> Any:
        """Return the result; an error fails."""
        found = self.answer(method, *params)
        assert "error" not in found, found["error"]
        return found["result"]

    def error(self, method: str, *params: Any) -> dict[str, Any]:
        """Return the error; a result fails."""
        found = self.answer(method, *params)
        assert "error" in found, found
        error = found["error"]
        assert isinstance(error, dict)
        return error


@contextmanager
def served(
    world: World, name: ChainName, timeout: float = 30.0, folder: Path | None = None
) -> Iterator[Port]:
    """Yield what answers behind the port of a chain; `folder` has datasets' contents."""
    loop = asyncio.new_event_loop()
    calls = LoopCalls(loop)
    threads = Threads(calls)
    rollup = world.rollup
    state = NodeState(rollup, name, threads, timeout)
    backend = Backend(
        name=name,
        client_version="anvil/test",
        chain=NodeChain(rollup, name, threads),
        state=state,
        pool=NodePool(rollup, name, threads),
        accounts=NodeAccounts(rollup, name, state),
        controls=NodeControls(rollup, name, threads),
        events=EventHub(calls),
        rollup=NodeRollup(rollup, threads) if name == "l2" else None,
        tracing=NodeTracing(rollup, name, threads, timeout),
        inspecting=NodeInspecting(rollup, name, threads, timeout),
        simulating=NodeSimulating(rollup, name, threads, timeout),
        forks=NodeForks(rollup, name),
        building=NodeBuilding(rollup, threads) if name == "l2" else None,
        sequencing=NodeSequencing(rollup, threads) if name == "l2" else None,
        steering=steering_of(rollup, name, threads),
        editing=NodeEditing(rollup, name, threads, state),
        attribution=NodeAttribution(rollup, threads, folder, timeout) if name == "l2" else None,
    )
    try:
        yield Port(Dispatcher(backend), loop)
    finally:
        threads.close()
        loop.close()
