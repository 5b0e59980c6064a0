"""Everything that starts, stores or waits: chains, L1, sequencer, batcher, driver, CLI.

For scripts and tests there are `Devnet` (asyncio), `SyncDevnet` (without), `NodeConfig`,
`ManualClock` and the errors `NodeError` and `CallFailed`; they are imported when first used.

The rooms, from the inside out:

storage/      where chains are kept
evm/          execution, and the rules of both chains
contracts/    the system contracts of both
chain/        blocks, genesis, pool, calls
l1/           the local L1, or somebody's over JSON-RPC
l2/           sequencer, batcher, driver and the engine with its heads
crossings/    deposits and withdrawals, as the log tells them
messages/     transactions, failed calls and console.log, as the log tells them
backend/      the node behind the RPC
engine_api/   the L2 under somebody else's rollup node
bridge/       deposits and withdrawals as a user makes them
cli/          the commands
demo/         what `byline demo` shows
bench/        what `byline bench` measures
testing/      the plugin for pytest
forking/      chains that go on from another one

What joins them:

settings.py        what can be set, and how it is read: config.py from flags,
                   environment and byline.toml
descriptors.py     how many connections the system lets us have
garbage.py         Python's cycle collector while they are served
errors.py          what may go wrong, by what the user can do
clock.py           where time comes from
mining.py          when blocks are made
timeline.py        the clock of both chains, and what users want of their next blocks
accounts.py        keys that everybody knows
signing.py         the node's own transactions
network.py         the built-in first blocks and their rollup config
loaded_network.py  the same from files
upgrade_bundle.py  upgrade transactions from a file
rollup.py          one L2 on one L1, synchronously: local.py brings an L1 of its own, with
                   the times that time_travel.py finds, and tells verifiers by
                   declaring.py; following.py follows one that others run
ticking.py         blocks by the wall clock
editing.py         edits of either chain's state; impersonation.py whose signatures are not
                   asked for
posting.py         what the node sends to its own L1
next_block.py      what users want of the next block beside its time
going_back.py      reorganisations and snapshots of a local L1 and its L2
taking_back.py     rollback, reorganisation and reset, as users ask for them
dumping.py         whole states out of a chain and into one; state_file.py keeps both in a file
keeper.py          what the node does on its own L1 for withdrawals: proposals, games, blocks in
                   time; remote_keeper.py what it does on somebody else's, both by
                   proposing.py
assembly.py        joins the parts over a store
shell.py           threads, servers, tasks: devnet.py serves both chains, external.py the L2
loops.py           which event loop runs that
served_chain.py    one chain that is served, as a script sees it
sync_devnet.py     the devnet without asyncio
verifier.py        derives the L2 from an L1 URL alone
client.py          JSON-RPC as a user sends it
hexes.py           bytes as people read them
logs.py            where the log goes
version.py         what this program calls itself
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from byline.node.client import CallFailed
    from byline.node.clock import ManualClock
    from byline.node.config import NodeConfig
    from byline.node.devnet import Devnet
    from byline.node.errors import NodeError
    from byline.node.sync_devnet import SyncDevnet

__all__ = ["CallFailed", "Devnet", "ManualClock", "NodeConfig", "NodeError", "SyncDevnet"]

_HOMES: Final = {
    "CallFailed": "client",
    "Devnet": "devnet",
    "ManualClock": "clock",
    "NodeConfig": "config",
    "NodeError": "errors",
    "SyncDevnet": "sync_devnet",
}
"""Name, and the module that it comes from: importing this package imports none of them."""


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
