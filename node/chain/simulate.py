"""Blocks of calls on top of a stored block, as `eth_simulateV1` has them; nothing is stored.

A block is opened, filled and sealed by the chain's own rules.  Its transactions are not
signed, so they are executed here: without validation nonces do not count and the base fee is
0 unless it is overridden.  The rollup's part of the price is never charged: it depends on the
bytes of a signature that there is not (op-geth leaves it out, too).  A precompile that was
moved is warm where it stands now.

Sources: execution-apis `eth_simulateV1`; geth `internal/ethapi/simulate.go` and
`core/state_transition.go`, whose words and codes the refusals have.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import chain as joined
from typing import Final

from byline.derivation.block import Block, receipts_root, transactions_root
from byline.derivation.constants import BASE_FEE_VAULT
from byline.derivation.hashing import ZERO_ADDRESS, ZERO_HASH
from byline.derivation.header import Header
from byline.derivation.intrinsic import data_floor_gas
from byline.derivation.receipt import Log, Receipt, union_bloom
from byline.derivation.transaction import Transaction
from byline.node.chain import calls
from byline.node.chain.builder import block_context
from byline.node.chain.chain import Chain
from byline.node.chain.pretended import precompiles_with, pretended_header
from byline.node.chain.simulated_call import Terms, price_of, unsigned
from byline.node.chain.simulated_order import checked
from byline.node.chain.transfers import TransferTracer
from byline.node.evm.machine import CallOutcome, Machine, OpcodeSet
from byline.node.evm.optimism import OptimismRules
from byline.node.evm.patience import ENDLESS, Patience
from byline.node.evm.rules import BlockInput, PrecompileTable
from byline.node.evm.transition import MAX_REFUND_QUOTIENT, credit
from byline.rpc import simulation as words
from byline.rpc.backend import CallRequest, LocatedLog, Refused
from byline.rpc.simulation import (
    CallsOfBlock,
    SimulatedBlock,
    SimulatedCall,
    Simulation,
    SimulationRefused,
)

MOST_BYTES: Final = 50_000_000
"""Of outputs and logs in one answer, which is twice as long in hex."""


class Simulator:
    """Executes the blocks of one simulation, in order."""

    def __init__(
        self, chain: Chain, base: Header, wanted: Simulation, patience: Patience = ENDLESS
    ) -> None:
        self.chain = chain
        self.wanted = wanted
        self.patience = patience
        self.gas_left = chain.call_gas
        """For all blocks together."""
        self.bytes_left = MOST_BYTES
        self._base = base
        self._hashes: list[bytes] = []
        self._nodes: dict[bytes, bytes] = {}

    def run(self) -> tuple[SimulatedBlock, ...]:
        """Execute all; raises `SimulationRefused` or `OutOfTime`."""
        done: list[SimulatedBlock] = []
        parent = self._base
        for block in checked(self.wanted, parent):
            self.patience.check()
            done.append(self._block(parent, block))
            parent = done[-1].block.header
            self._hashes.append(parent.hash)
        return tuple(done)

    def _block(self, parent: Header, wanted: CallsOfBlock) -> SimulatedBlock:
        opened = _OpenBlock(self, self._opened(parent, wanted), parent, wanted)
        for request in wanted.calls:
            self.patience.check()
            opened.add(request)
        block = opened.seal()
        self._nodes.update(opened.machine.nodes)
        return SimulatedBlock(block, opened.located(block))

    def _opened(self, parent: Header, wanted: CallsOfBlock) -> Header:
        rules = self.chain.rules
        optimism = isinstance(rules, OptimismRules)
        assert wanted.block.timestamp is not None
        header = rules.open(
            parent,
            BlockInput(
                timestamp=wanted.block.timestamp,
                coinbase=parent.coinbase,
                prev_randao=ZERO_HASH,
                gas_limit=parent.gas_limit,
                parent_beacon_root=wanted.parent_beacon_root or ZERO_HASH,
                # The base fee of an L2's next block is worked out by what stands there.
                extra_data=parent.extra_data if optimism else b"",
            ),
        )
        if not self.wanted.validation:
            header = header.with_(base_fee=0)
        return pretended_header(header, wanted.block)

    def open(self, header: Header, parent: Header, wanted: CallsOfBlock) -> Machine:
        """Return a machine on the state after `parent` for the block with `header`."""
        rules = self.chain.rules
        context = block_context(rules, header, self._ancestors())
        if wanted.block.blob_base_fee is not None:
            context = replace(context, blob_base_fee=wanted.block.blob_base_fee)
        return self.chain.engine.open(
            self._node,
            parent.state_root,
            context,
            self._natives(header, wanted),
            rules.opcodes(header.timestamp),
        )

    def _natives(self, header: Header, wanted: CallsOfBlock) -> PrecompileTable:
        try:
            return precompiles_with(
                self.chain.rules.precompiles(header.timestamp), wanted.accounts
            )
        except Refused as exc:
            raise SimulationRefused(words.FAILED, str(exc)) from None

    def _node(self, key: bytes) -> bytes | None:
        return self._nodes.get(key) or self.chain.store.node(key)

    def _ancestors(self) -> Iterator[bytes]:
        return joined(tuple(reversed(self._hashes)), self.chain.ancestors(self._base))

    def spend(self, gas: int, size: int) -> None:
        """Count what a call used and answers; raises `SimulationRefused` when it is too much."""
        self.gas_left -= gas
        self.bytes_left -= size
        if self.bytes_left < 0:
            raise SimulationRefused(
                words.CLIENT_LIMIT,
                f"the outputs and logs are longer than {MOST_BYTES} bytes: simulate less at once",
            )


class _OpenBlock:
    """One simulated block under construction."""

    def __init__(
        self, simulator: Simulator, header: Header, parent: Header, wanted: CallsOfBlock
    ) -> None:
        self._simulator = simulator
        self._header = header
        self._terms = Terms(
            base_fee=header.base_fee or 0,
            prague=simulator.chain.rules.opcodes(header.timestamp) is not OpcodeSet.CANCUN,
            validation=simulator.wanted.validation,
        )
        self.machine = simulator.open(header, parent, wanted)
        natives = simulator.chain.rules.precompiles(header.timestamp)
        # A precompile that gave way stays warm, as in geth.
        self._warm = natives.keys() & wanted.accounts.keys()
        self._rules = simulator.chain.rules.begin(self.machine, header, parent)
        calls.apply_overrides(self.machine, wanted.accounts)
        self._rules.before()
        # What opens a block is never given up; a call may be.
        self.machine.limit_time(simulator.patience.check)
        self._gas_used = 0
        self._transactions: list[Transaction] = []
        self._receipts: list[Receipt] = []
        self._done: list[SimulatedCall] = []
        self._logs: list[tuple[Log, ...]] = []

    def add(self, request: CallRequest) -> None:
        """Execute a call at the end of the block; raises `SimulationRefused`."""
        simulator = self._simulator
        filled, capped = self._filled(request)
        tx = unsigned(filled)
        gas = tx.gas
        price = price_of(tx, self.machine, self._terms)
        outcome, logs = self._run(filled, gas, price)
        floor = data_floor_gas(tx.data) if self._terms.prague else 0
        most = gas - outcome.gas_left
        used = max(most - min(outcome.refund, most // MAX_REFUND_QUOTIENT), floor)
        self._pay(tx, gas, used, price)
        self._rules.note(outcome.logs if outcome.succeeded else ())
        self._gas_used += used
        simulator.spend(used, len(outcome.output) + sum(_size(log) for log in logs))
        error = outcome.error
        if error is not None and capped and not outcome.reverted:
            error += " (gas limit was capped by the RPC server's global gas cap)"
        self._transactions.append(tx)
        self._receipts.append(
            Receipt(
                tx.type,
                outcome.succeeded,
                self._gas_used,
                outcome.logs if outcome.succeeded else (),
            )
        )
        self._logs.append(logs)
        self._done.append(
            SimulatedCall(
                outcome.succeeded,
                outcome.output,
                used,
                max(most, floor),
                (),
                outcome.reverted,
                None if outcome.succeeded else error or "execution failed",
            )
        )

    def _filled(self, request: CallRequest) -> tuple[CallRequest, bool]:
        """Return `request` with what it leaves open, and whether its gas was cut."""
        simulator, machine = self._simulator, self.machine
        sender = request.sender or ZERO_ADDRESS
        remaining = self._header.gas_limit - self._gas_used
        asked = remaining if request.gas is None else request.gas
        if asked > remaining:
            raise SimulationRefused(
                words.BLOCK_GAS_LIMIT,
                f"block gas limit reached: remaining: {remaining}, required: {asked}",
            )
        gas = min(asked, simulator.gas_left)
        chain_id = simulator.chain.chain_id
        if request.chain_id not in (None, chain_id):
            raise SimulationRefused(
                words.FAILED,
                f"chainId does not match node's (have={request.chain_id}, want={chain_id})",
            )
        nonce = machine.nonce(sender) if request.nonce is None else request.nonce
        filled = replace(request, sender=sender, gas=gas, chain_id=chain_id, nonce=nonce)
        if request.gas_price is None:
            filled = replace(
                filled,
                max_fee_per_gas=request.max_fee_per_gas or 0,
                max_priority_fee_per_gas=request.max_priority_fee_per_gas or 0,
            )
        return filled, gas < asked

    def _run(
        self, request: CallRequest, gas: int, price: int
    ) -> tuple[CallOutcome, tuple[Log, ...]]:
        """Run a paid call; the logs returned have transfers among them when that is wanted."""
        machine, sender = self.machine, request.sender or ZERO_ADDRESS
        machine.begin_transaction()
        for address in self._warm:
            machine.warm(address)
        machine.set_balance(sender, machine.balance(sender) - gas * price)
        tracer = TransferTracer() if self._simulator.wanted.trace_transfers else None
        if tracer is not None:
            machine.trace(tracer)
        try:
            outcome = calls.run_call(machine, request, gas, price, self._simulator.chain.chain_id)
        finally:
            if tracer is not None:
                machine.trace(None)
        if not outcome.succeeded:
            return outcome, ()
        return outcome, outcome.logs if tracer is None else tracer.merged(outcome.logs)

    def _pay(self, tx: Transaction, gas: int, used: int, price: int) -> None:
        credit(self.machine, tx.sender, (gas - used) * price)
        credit(self.machine, self._header.coinbase, used * max(0, price - self._terms.base_fee))
        if isinstance(self._simulator.chain.rules, OptimismRules):
            credit(self.machine, BASE_FEE_VAULT, used * min(price, self._terms.base_fee))

    def seal(self) -> Block:
        """Close the block."""
        self._rules.after()
        state_root = self.machine.commit()
        header = self._rules.seal(
            self._header.with_(
                state_root=state_root,
                transactions_root=transactions_root(self._transactions),
                receipts_root=receipts_root(self._receipts),
                bloom=union_bloom(self._receipts),
                gas_used=self._gas_used,
            )
        )
        return Block(header, tuple(self._transactions))

    def located(self, block: Block) -> tuple[SimulatedCall, ...]:
        """Return how the calls ended, with the places of their logs in `block`."""
        first, found = 0, []
        for index, (done, logs) in enumerate(zip(self._done, self._logs, strict=True)):
            tx_hash = block.transactions[index].hash
            found.append(replace(done, logs=_located(block, tx_hash, index, first, logs)))
            first += len(logs)
        return tuple(found)


def _located(
    block: Block, tx_hash: bytes, index: int, first: int, logs: Sequence[Log]
) -> tuple[LocatedLog, ...]:
    header = block.header
    return tuple(
        LocatedLog(
            log, header.number, header.hash, header.timestamp, tx_hash, index, first + offset
        )
        for offset, log in enumerate(logs)
    )


def _size(log: Log) -> int:
    return len(log.data) + 32 * len(log.topics)
