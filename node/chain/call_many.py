"""Bundles of calls, each call on the state that the one before leaves; nothing is stored.

As with `eth_call` no gas is paid for, and a bundle in which nobody offers a fee sees a base
fee of 0.

Source: erigon `eth_callMany`: the first bundle sees the block itself, every further one a
block whose number and time are higher by one, with the overrides of those before.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeVar

from byline.derivation.block import Block
from byline.derivation.header import Header
from byline.node.chain import calls
from byline.node.chain.chain import Chain
from byline.node.chain.pretended import call_machine, pretended_header
from byline.node.chain.replay import Replay
from byline.node.chain.simulate import MOST_BYTES
from byline.node.evm.machine import Machine, NodeReader
from byline.node.evm.patience import ENDLESS, Patience
from byline.rpc.backend import AccountOverride, CallRequest, Refused
from byline.rpc.simulation import (
    CLIENT_LIMIT,
    MOST_BLOCKS,
    MOST_CALLS,
    BundledCall,
    Bundles,
    SimulationRefused,
)

T = TypeVar("T")


def call_many(
    chain: Chain, block: Block, wanted: Bundles, patience: Patience = ENDLESS
) -> tuple[tuple[BundledCall, ...], ...]:
    """Return how every call of every bundle ended.

    Raises `Refused` for a call that could be no transaction, `SimulationRefused` for too
    much, or `OutOfTime`.
    """
    left = MOST_BYTES

    def run(machine: Machine, request: CallRequest, seen: Header) -> BundledCall:
        nonlocal left
        done = _call(chain, machine, request, seen)
        left -= len(done.output)
        if left < 0:
            raise SimulationRefused(
                CLIENT_LIMIT, f"the outputs are longer than {MOST_BYTES} bytes: ask for less"
            )
        return done

    return in_bundles(chain, block, wanted, patience, run)


def in_bundles(
    chain: Chain,
    block: Block,
    wanted: Bundles,
    patience: Patience,
    run: Callable[[Machine, CallRequest, Header], T],
) -> tuple[tuple[T, ...], ...]:
    """Return what `run` returns of each call, which gets the machine and the block it sees.

    Raises `Refused`, `SimulationRefused` for too much, or `OutOfTime`.
    """
    _check_counts(wanted)
    root, read = _state(chain, block, wanted.transaction_index, patience)
    made: dict[bytes, bytes] = {}

    def node(key: bytes) -> bytes | None:
        return made.get(key) or read(key)

    seen = block.header
    overrides: Mapping[bytes, AccountOverride] = wanted.accounts
    found: list[tuple[T, ...]] = []
    for bundle in wanted.bundles:
        seen = pretended_header(seen, bundle.block)
        offered = any(map(calls.fee_cap, bundle.calls)) or bundle.block.base_fee is not None
        shown = seen if offered else seen.with_(base_fee=0)
        machine = call_machine(
            chain,
            block.header,
            shown,
            bundle.block.blob_base_fee,
            (root, node),
            wanted.accounts,
        )
        calls.apply_overrides(machine, overrides)
        machine.limit_time(patience.check)
        done = []
        for request in bundle.calls:
            patience.check()
            calls.lend(machine, request)
            done.append(run(machine, request, shown))
        found.append(tuple(done))
        root, overrides = machine.commit(), {}
        made |= machine.nodes
        seen = seen.with_(number=seen.number + 1, timestamp=seen.timestamp + 1)
    return tuple(found)


def _check_counts(wanted: Bundles) -> None:
    total = sum(len(bundle.calls) for bundle in wanted.bundles)
    if not total:
        raise Refused("empty bundles")
    if total > MOST_CALLS or len(wanted.bundles) > MOST_BLOCKS:
        raise SimulationRefused(
            CLIENT_LIMIT,
            f"{len(wanted.bundles)} bundles with {total} calls: want at most {MOST_BLOCKS} "
            f"with {MOST_CALLS}",
        )


def _state(
    chain: Chain, block: Block, index: int | None, patience: Patience
) -> tuple[bytes, NodeReader]:
    """Return the state before the transaction at `index`, or after all, and what reads it."""
    count = len(block.transactions)
    if index is None or index == count:
        return block.header.state_root, chain.store.node
    if index > count:
        raise Refused(f"transactionIndex is {index}, but the block has {count} transactions")
    parent = chain.store.header(block.header.parent_hash)
    if parent is None:
        raise Refused("genesis has no state before its end")
    replay = Replay(chain, block.header, parent, patience)
    for tx in block.transactions[:index]:
        replay.apply(tx)
    return replay.reader()


def _call(chain: Chain, machine: Machine, request: CallRequest, seen: Header) -> BundledCall:
    machine.begin_transaction()
    gas = min(request.gas or chain.call_gas, chain.call_gas)
    done = calls.execute_call(machine, request, gas, seen.base_fee or 0, chain.chain_id)
    if done.succeeded:
        return BundledCall(done.output, reverted=False, error=None)
    if done.reverted:
        return BundledCall(done.output, reverted=True, error="execution reverted")
    return BundledCall(b"", reverted=False, error=done.error or "execution failed")
