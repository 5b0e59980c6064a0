"""The table of all methods: name to function and parameters.

One file a namespace, each with its own table; `eth` is several files by what they ask of the
node.  `methods` merges them for one backend and refuses a name given twice.
`common` holds what several of them need, `trace_options` what tracers take.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from byline.rpc.backend import Backend
from byline.rpc.forked import routed
from byline.rpc.method import Method
from byline.rpc.namespaces import (
    admin,
    admin_sequencer,
    attribution,
    cheats_chain,
    cheats_mining,
    cheats_node,
    cheats_state,
    debug,
    debug_chain,
    debug_state,
    debug_trace,
    erigon,
    eth_accounts,
    eth_blocks,
    eth_bundle,
    eth_conditional,
    eth_config,
    eth_logs,
    eth_many,
    eth_node,
    eth_searching,
    eth_state,
    eth_transactions,
    eth_waiting,
    evm,
    miner,
    net,
    optimism,
    ots,
    personal,
    simulate,
    trace,
    txpool,
    web3,
)

ALWAYS = (
    eth_blocks.METHODS,
    eth_state.METHODS,
    eth_transactions.METHODS,
    eth_logs.METHODS,
    eth_accounts.METHODS,
    eth_node.METHODS,
    eth_waiting.METHODS,
    eth_searching.METHODS,
    erigon.METHODS,
    personal.METHODS,
    admin.METHODS,
    debug.METHODS,
    net.METHODS,
    web3.METHODS,
    txpool.METHODS,
    evm.METHODS,
)


def methods(backend: Backend) -> Mapping[str, Method]:
    """Return the methods that `backend` can serve."""
    tables = list(ALWAYS)
    if backend.rollup is not None:
        tables.append(optimism.METHODS)
    if backend.attribution is not None:
        tables.append(attribution.METHODS)
    if backend.tracing is not None:
        tables += [debug_trace.METHODS, trace.METHODS, ots.METHODS]
    if backend.simulating is not None:
        tables += [simulate.METHODS, eth_many.METHODS, eth_bundle.METHODS]
    if backend.forks is not None:
        tables.append(eth_config.METHODS)
    if backend.inspecting is not None:
        tables.append(debug_state.METHODS)
    if backend.steering is not None:
        tables += [
            debug_chain.METHODS,
            cheats_mining.METHODS,
            cheats_chain.METHODS,
            cheats_node.METHODS,
        ]
    if backend.editing is not None:
        tables.append(cheats_state.METHODS)
    if backend.building is not None:
        tables.append(miner.METHODS)
    if backend.sequencing is not None:
        tables += [admin_sequencer.METHODS, eth_conditional.METHODS]
    merged = merge(*tables)
    return merged if backend.forked is None else routed(merged, backend.forked)


def merge(*tables: Mapping[str, Method]) -> Mapping[str, Method]:
    """Return one read-only table; raises `ValueError` for a name given twice."""
    found: dict[str, Method] = {}
    for table in tables:
        for name, method in table.items():
            if name in found:
                raise ValueError(f"RPC method {name} is in two tables")
            found[name] = method
    return MappingProxyType(found)
