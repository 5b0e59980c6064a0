"""The reference engine: py-evm's Prague state and interpreter behind `machine.Machine`.

Only this file and its `pyevm_...` kin touch py-evm's insides.  What py-evm gets wrong at the
level of a transaction (see `transition`) never reaches it: it runs single message calls.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from eth.constants import CREATE_CONTRACT_ADDRESS
from eth.exceptions import Revert
from eth.vm.execution_context import ExecutionContext
from eth.vm.forks.cancun.transaction_context import CancunTransactionContext
from eth.vm.forks.spurious_dragon._utils import collect_touched_accounts
from eth.vm.message import Message

from byline.derivation.hashing import keccak256
from byline.derivation.receipt import Log
from byline.node.evm.accounts import (
    DELEGATION_PREFIX,
    SYSTEM_ADDRESS,
    SYSTEM_CALL_GAS,
    created_address,
)
from byline.node.evm.beneath import Beneath
from byline.node.evm.console import ConsoleCalls
from byline.node.evm.machine import (
    BlockContext,
    CallOutcome,
    MessageCall,
    NodeReader,
    OpcodeSet,
)
from byline.node.evm.natives.native import Native
from byline.node.evm.pyevm_beneath import AccountsBeneath
from byline.node.evm.pyevm_classes import state_class
from byline.node.evm.pyevm_errors import words_of
from byline.node.evm.pyevm_storage import Accounts
from byline.node.evm.pyevm_tracing import COLLISION, NO_FUNDS, Watch, watched
from byline.node.evm.tracing import FrameKind, FrameStart, Tracer
from byline.node.storage.atomic import StateDatabase


class PyEvmMachine:
    """A py-evm state and the database overlay that collects what it writes."""

    def __init__(self, database: StateDatabase, state: Any) -> None:
        self._database = database
        self._state = state

    def balance(self, address: bytes) -> int:
        return int(self._state.get_balance(address))

    def set_balance(self, address: bytes, value: int) -> None:
        self._state.set_balance(address, value)

    def nonce(self, address: bytes) -> int:
        return int(self._state.get_nonce(address))

    def set_nonce(self, address: bytes, value: int) -> None:
        self._state.set_nonce(address, value)

    def code(self, address: bytes) -> bytes:
        return bytes(self._state.get_code(address))

    def set_code(self, address: bytes, code: bytes) -> None:
        if code:
            self._state.set_code(address, code)
        else:
            self._state.delete_code(address)

    def storage(self, address: bytes, slot: int) -> int:
        return int(self._state.get_storage(address, slot))

    def set_storage(self, address: bytes, slot: int, value: int) -> None:
        self._state.set_storage(address, slot, value)

    def clear_storage(self, address: bytes) -> None:
        self._state.delete_storage(address)

    def exists(self, address: bytes) -> bool:
        return bool(self._state.account_exists(address))

    def snapshot(self) -> Any:
        return self._state.snapshot()

    def restore(self, token: Any) -> None:
        self._state.revert(token)

    def accept(self, token: Any) -> None:
        self._state.commit(token)

    def begin_transaction(self) -> None:
        self._state.lock_changes()
        self._state.clear_transient_storage()

    def warm(self, address: bytes) -> None:
        self._state.mark_address_warm(address)

    def accessed(self) -> Mapping[bytes, frozenset[int]]:
        found: dict[bytes, set[int]] = {}
        journal = self._state._account_db._journal_accessed_state
        for key in journal.diff().pending_keys():
            slots = found.setdefault(bytes(key[:20]), set())
            if len(key) > 20:
                slots.add(int.from_bytes(key[20:], "big"))
        return {address: frozenset(slots) for address, slots in found.items()}

    def limit_time(self, check: Callable[[], None]) -> None:
        self._state.check_time = check

    def trace(self, tracer: Tracer | None) -> None:
        state = self._state
        plain = type(state).computation_class
        state.computation_class = plain if tracer is None else watched(plain)
        state.watch = None if tracer is None else Watch(tracer, words_of)

    def run(self, call: MessageCall) -> CallOutcome:
        state = self._state
        if self.balance(call.sender) < call.value:
            if state.watch is not None:
                state.watch.refuse(_frame(call), 0, NO_FUNDS)
            return CallOutcome(False, b"", call.gas, call.refund, (), None, False, NO_FUNDS)
        message = self._message(call)
        context = CancunTransactionContext(gas_price=call.gas_price, origin=call.sender)
        context._blob_versioned_hashes = tuple(call.blob_hashes)
        state.mark_address_warm(call.sender)
        # py-evm does this in the call, which takes it back if it fails (EIP-3651).
        state.mark_address_warm(state.coinbase)
        state.mark_address_warm(message.storage_address)
        for address in call.warm_addresses:
            state.mark_address_warm(address)
        for address, slot in call.warm_slots:
            state.mark_storage_warm(address, slot)
        if message.is_create and state.has_code_or_nonce(message.storage_address):
            if state.watch is not None:
                state.watch.refuse(_frame(call), call.gas, COLLISION)
            return CallOutcome(False, b"", 0, call.refund, (), None, False, COLLISION)
        state.console = None
        computation = self._computed(call, message, context)
        outcome = _outcome(computation, message, state.console and state.console.taken())
        self._clear(computation)
        return outcome

    def _computed(self, call: MessageCall, message: Message, context: Any) -> Any:
        state = self._state
        if state.watch is not None:
            state.watch.tracer.enter(_frame(call))
        computations = state.computation_class
        apply = (
            computations.apply_create_message if message.is_create else computations.apply_message
        )
        computation = apply(state, message, context)
        if state.watch is not None:
            state.watch.leave(0, computation)
        return computation

    def _message(self, call: MessageCall) -> Message:
        if call.to is None:
            return Message(
                gas=call.gas,
                to=CREATE_CONTRACT_ADDRESS,
                sender=call.sender,
                value=call.value,
                data=b"",
                code=call.data,
                create_address=created_address(call.sender, call.nonce),
                refund=call.refund,
            )
        code = self.code(call.to)
        marked = code.startswith(DELEGATION_PREFIX) and len(code) == 23
        delegated = marked and self._state.follows_delegations
        if delegated:
            self._state.mark_address_warm(code[3:])
            code = self.code(code[3:])
        return Message(
            gas=call.gas,
            to=call.to,
            sender=call.sender,
            value=call.value,
            data=call.data,
            code=code,
            is_delegation=delegated,
            refund=call.refund,
        )

    def _clear(self, computation: Any) -> None:
        """Delete what SELFDESTRUCT marked, and touched accounts that are empty (EIP-161)."""
        state = self._state
        for address in computation.get_accounts_for_deletion():
            state.delete_account(address)
        for address in collect_touched_accounts(computation):
            if not state.account_is_empty(address):
                continue
            if state.account_exists(address):
                state.delete_account(address)
            else:
                # Storage that was set from outside makes no account before it is hashed.
                state.delete_storage(address)

    def system_call(self, to: bytes, data: bytes) -> CallOutcome:
        self.begin_transaction()
        message = Message(
            gas=SYSTEM_CALL_GAS,
            to=to,
            sender=SYSTEM_ADDRESS,
            value=0,
            data=data,
            code=self.code(to),
            should_transfer_value=False,
        )
        context = CancunTransactionContext(gas_price=0, origin=SYSTEM_ADDRESS)
        context._blob_versioned_hashes = ()
        computations = type(self._state).computation_class
        computation = computations.apply_message(self._state, message, context)
        outcome = _outcome(computation, message)
        self._clear(computation)
        self.begin_transaction()
        return outcome

    def commit(self) -> bytes:
        self._state.lock_changes()
        self._state.persist()
        return bytes(self._state.state_root)

    def storage_root(self, address: bytes) -> bytes:
        return bytes(self._state._account_db._get_storage_root(address))

    @property
    def nodes(self) -> Mapping[bytes, bytes]:
        keys = self._state._account_db.keys
        return {**self._database.written, **{keccak256(key): key for key in keys}}


def _frame(call: MessageCall) -> FrameStart:
    """Return how a tracer sees a transaction's own frame."""
    creates = call.to is None
    return FrameStart(
        kind=FrameKind.CREATE if creates else FrameKind.CALL,
        depth=0,
        caller=call.sender,
        to=call.to or created_address(call.sender, call.nonce),
        data=call.data,
        gas=call.gas,
        value=call.value,
    )


def _outcome(
    computation: Any, message: Message, console: ConsoleCalls | None = None
) -> CallOutcome:
    if computation.is_success:
        reverted, error = False, None
    else:
        reverted = isinstance(computation.error, Revert)
        error = None if reverted else words_of(computation.error)
    return CallOutcome(
        succeeded=computation.is_success,
        output=bytes(computation.output) if computation.is_success or reverted else b"",
        gas_left=computation.get_gas_remaining(),
        refund=computation.get_gas_refund(),
        logs=tuple(
            Log(bytes(address), tuple(topic.to_bytes(32, "big") for topic in topics), bytes(data))
            for address, topics, data in computation.get_log_entries()
        ),
        created=message.storage_address if message.is_create else None,
        reverted=reverted,
        error=error,
        console=console,
    )


class PyEvmEngine:
    """Opens machines that run on py-evm."""

    name = "pyevm"

    def open(
        self,
        read_node: NodeReader,
        state_root: bytes,
        block: BlockContext,
        precompiles: Mapping[bytes, Native],
        opcodes: OpcodeSet,
        beneath: Beneath | None = None,
    ) -> PyEvmMachine:
        """See `machine.Engine.open`."""
        database = StateDatabase(read_node)
        database.beneath = beneath
        context = ExecutionContext(
            coinbase=block.coinbase,
            timestamp=block.timestamp,
            block_number=block.number,
            difficulty=0,
            mix_hash=block.prev_randao,
            gas_limit=block.gas_limit,
            prev_hashes=block.ancestors,
            chain_id=block.chain_id,
            base_fee_per_gas=block.base_fee,
            excess_blob_gas=0,
        )
        kind = state_class(
            frozenset(precompiles.items()), opcodes, AccountsBeneath if beneath else Accounts
        )
        state = kind(database, context, state_root)
        state.blob_fee = block.blob_base_fee
        return PyEvmMachine(database, state)
