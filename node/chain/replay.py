"""Executing blocks once more, so that somebody can watch.

A replay begins on the parent's state with the system calls that open a block, and applies
the block's transactions by the chain's own rules.  Nothing of it is stored.
"""

from __future__ import annotations

from typing import Final

from byline.derivation.constants import BASE_FEE_VAULT, L1_FEE_VAULT, OPERATOR_FEE_VAULT
from byline.derivation.header import Header
from byline.derivation.intrinsic import data_floor_gas
from byline.derivation.transaction import AnyTransaction, Authorization, Transaction
from byline.node.chain import calls
from byline.node.chain.builder import block_context
from byline.node.chain.chain import Chain
from byline.node.evm.edits import edited_by
from byline.node.evm.machine import Machine, NodeReader, OpcodeSet
from byline.node.evm.optimism import OptimismRules
from byline.node.evm.patience import Patience
from byline.node.evm.tracers.base import Budget, Place, Scene, Traced, TransactionTracer
from byline.node.evm.transition import (
    MAX_REFUND_QUOTIENT,
    Applied,
    authority_of,
    credit,
)
from byline.rpc.backend import CallRequest

VAULTS: Final = (BASE_FEE_VAULT, L1_FEE_VAULT, OPERATOR_FEE_VAULT)


def scene_of(chain: Chain, machine: Machine, header: Header, budget: Budget) -> Scene:
    """Return what tracers may look at in the block with `header`."""
    return Scene(
        machine=machine,
        natives=frozenset(chain.rules.precompiles(header.timestamp)),
        coinbase=header.coinbase,
        follows_delegations=chain.rules.opcodes(header.timestamp) is not OpcodeSet.CANCUN,
        budget=budget,
        fee_recipients=VAULTS if isinstance(chain.rules, OptimismRules) else (),
    )


class Replay:
    """A block that is executed again; apply its transactions in order."""

    def __init__(self, chain: Chain, header: Header, parent: Header, patience: Patience) -> None:
        rules = chain.rules
        self.chain = chain
        self.header = header
        self.machine = chain.engine.open(
            chain.store.node,
            parent.state_root,
            block_context(rules, header, chain.ancestors(parent)),
            rules.precompiles(header.timestamp),
            rules.opcodes(header.timestamp),
        )
        self._patience = patience
        self._rules = rules.begin(self.machine, header, parent)
        self._edits = isinstance(rules, OptimismRules) and rules.config.dev_control is not None
        self._rules.before()
        # What opens a block is never given up; a transaction may be.
        self.machine.limit_time(patience.check)
        self._gas_used = 0
        self.logs = 0
        """Those of the transactions so far."""
        self._index = 0

    def apply(self, tx: AnyTransaction) -> Applied:
        """Execute the next transaction; raises `InvalidTransaction` or `OutOfTime`."""
        self._patience.check()
        done = self._rules.apply(tx, self.header.gas_limit - self._gas_used)
        self._gas_used += done.gas_used
        self.logs += len(done.logs)
        self._index += 1
        return done

    def watch(
        self, tx: AnyTransaction, tracer: TransactionTracer, block_hash: bytes | None
    ) -> Applied:
        """Execute the next transaction and let `tracer` see it."""
        place = Place(block_hash, self.header.number, tx.hash, self._index)
        authorizations = tx.authorizations if isinstance(tx, Transaction) else ()
        tracer.begin(
            Traced(
                tx.sender,
                tx.to,
                tx.gas,
                authorities_of(authorizations),
                self.logs,
                place,
                edited_by(tx) if self._edits else {},
            )
        )
        self.machine.trace(tracer)
        try:
            done = self.apply(tx)
        finally:
            self.machine.trace(None)
        tracer.end(done)
        return done

    def reader(self) -> tuple[bytes, NodeReader]:
        """Return the root of the state so far, and what reads it."""
        root = self.machine.commit()
        made, stored = dict(self.machine.nodes), self.chain.store.node
        return root, lambda node: made.get(node) or stored(node)


def authorities_of(authorizations: tuple[Authorization, ...]) -> tuple[bytes, ...]:
    """Return the accounts that signed, but for signatures that are none."""
    found = [authority_of(item) for item in authorizations]
    return tuple(item for item in found if item is not None)


def watch_call(
    chain: Chain,
    machine: Machine,
    request: CallRequest,
    seen: Header,
    tracer: TransactionTracer,
    first_log: int = 0,
) -> Applied:
    """Run `request` as a transaction that pays what it offers, and let `tracer` see it.

    Raises `Refused` or `OutOfTime`.
    """
    calls.check_chain(chain, request)
    gas = chain.call_gas if request.gas is None else min(request.gas, chain.call_gas)
    authorities = authorities_of(request.authorizations or ())
    sender = request.sender or bytes(20)
    tracer.begin(Traced(sender, request.to, gas, authorities, first_log))
    base_fee = seen.base_fee or 0
    price = calls.check_call(machine, request, gas, base_fee)
    machine.begin_transaction()
    if price:
        machine.set_balance(sender, machine.balance(sender) - gas * price)
    machine.trace(tracer)
    try:
        outcome = calls.run_call(machine, request, gas, price, chain.chain_id)
    finally:
        machine.trace(None)
    used = gas - outcome.gas_left
    used -= min(outcome.refund, used // MAX_REFUND_QUOTIENT)
    if chain.rules.opcodes(seen.timestamp) is not OpcodeSet.CANCUN:
        used = max(used, data_floor_gas(request.data))
    credit(machine, sender, (gas - used) * price)
    credit(machine, seen.coinbase, used * max(0, price - base_fee))
    done = Applied.of(outcome, used)
    tracer.end(done)
    return done
