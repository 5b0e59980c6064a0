"""Everything that starts, stores or waits: chains, L1, sequencer, batcher, driver, CLI.

For scripts and tests there are `Devnet` (asyncio), `SyncDevnet` (without), `AttributionClient`
and `SyncAttributionClient`, `NodeConfig`, `ManualClock` and the errors `NodeError` and
`CallFailed`; they are imported when first used.

The rooms, from the inside out:

storage/      where chains are kept
evm/          execution, and the rules of both chains
contracts/    the system contracts of both
chain/        blocks, genesis, pool, calls
l1/           the local L1, or somebody's over JSON-RPC
l2/           sequencer, batcher, driver and the engine with its heads
rollups/      one L2 on one L1, synchronously: what users, clock and L1 make of it
crossings/    deposits and withdrawals, as the log tells them
messages/     transactions, failed calls and console.log, as the log tells them
backend/      the node behind the RPC
engine_api/   the L2 under somebody else's rollup node
bridge/       deposits and withdrawals as a user makes them
cli/          the commands
attribution/  whose words an answer is made of, and how a lie about it is proven
demo/         what `byline demo` shows
bench/        what `byline bench` measures
testing/      the plugin for pytest
forking/      chains that go on from another one

What joins them:

settings.py        what can be set, and how it is read: config.py from flags,
                   environment and byline.toml
accounts.py        keys that everybody knows; keys.py those that users give
signing.py         the node's own transactions
eip712.py          structures that people sign for our contracts
network.py         the built-in first blocks and their rollup config
loaded_network.py  the same from files
upgrade_bundle.py  upgrade transactions from a file
assembly.py        joins the parts over a store
shell.py           threads, servers, tasks: devnet.py serves both chains, external.py the L2
sync_devnet.py     the devnet without asyncio
served_chain.py    one chain that is served, as a script sees it
ticking.py         blocks by the wall clock
clock.py           where time comes from
loops.py           which event loop runs that
descriptors.py     how many connections the system lets us have
http_words.py      what may be told of HTTP that failed
garbage.py         Python's cycle collector while they are served
verifier.py        derives the L2 from an L1 URL alone
client.py          JSON-RPC as a user sends it
errors.py          what may go wrong, by what the user can do
hexes.py           bytes as people read them
logs.py            where the log goes
version.py         what this program calls itself
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from byline.node.attribution.client.client import AttributionClient
    from byline.node.attribution.client.sync import SyncAttributionClient
    from byline.node.client import CallFailed
    from byline.node.clock import ManualClock
    from byline.node.config import NodeConfig
    from byline.node.devnet import Devnet
    from byline.node.errors import NodeError
    from byline.node.sync_devnet import SyncDevnet

__all__ = [
    "AttributionClient",
    "CallFailed",
    "Devnet",
    "ManualClock",
    "NodeConfig",
    "NodeError",
    "SyncAttributionClient",
    "SyncDevnet",
]

_HOMES: Final = {
    "AttributionClient": "attribution.client.client",
    "CallFailed": "client",
    "Devnet": "devnet",
    "ManualClock": "clock",
    "NodeConfig": "config",
    "NodeError": "errors",
    "SyncAttributionClient": "attribution.client.sync",
    "SyncDevnet": "sync_devnet",
}
"""Name, and the module that it comes from: importing this package imports none of them."""


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
