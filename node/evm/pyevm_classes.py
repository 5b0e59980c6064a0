"""py-evm's state and interpreter, changed where it is not what Ethereum or an L2 does."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from eth.vm.forks.prague.computation import PragueComputation
from eth.vm.forks.prague.state import PragueState
from eth.vm.gas_meter import GasMeter, allow_negative_refund_strategy
from eth.vm.message import Message

from byline.derivation.hashing import EMPTY_TRIE_ROOT
from byline.node.evm.console import CONSOLE, ConsoleRecorder
from byline.node.evm.machine import OpcodeSet
from byline.node.evm.natives.native import Native
from byline.node.evm.opcodes import OPCODES
from byline.node.evm.pyevm_natives import computed, timed
from byline.node.evm.pyevm_storage import Accounts
from byline.node.evm.pyevm_tracing import Watch


class _State(PragueState):  # type: ignore[misc]
    """py-evm's state without its habit of looking for system contracts at every start."""

    account_db_class = Accounts

    follows_delegations = True
    """Whether a transaction to a delegated account runs the delegate's code (EIP-7702)."""

    blob_fee = 1
    """Wei per blob gas; py-evm would work it out with the update fraction of its own fork."""

    check_time: Callable[[], None] | None = None
    """What a computation calls now and then, to be stopped by an exception."""

    console: ConsoleRecorder | None = None
    """What the run wrote to the console; `None` for nothing."""

    watch: Watch | None = None
    """Whom computations of a `watched` class tell what they do."""

    def set_system_contracts(self) -> None:
        pass

    def delta_balance(self, address: bytes, delta: int) -> None:
        """Add `delta` wei; where py-evm would stop with an error, they wrap as in geth."""
        self.set_balance(address, (self.get_balance(address) + delta) % 2**256)

    def has_code_or_nonce(self, address: bytes) -> bool:
        """Tell whether a creation would collide: py-evm leaves out storage (EIP-7610)."""
        root = bytes(self._account_db._get_storage_root(address))
        return bool(super().has_code_or_nonce(address)) or root not in (EMPTY_TRIE_ROOT, b"")

    @property
    def blob_base_fee(self) -> int:
        return self.blob_fee


class _TimedGasMeter(GasMeter):  # type: ignore[misc]
    """Checks the time wherever gas is charged: for every opcode."""

    def __init__(self, gas: int, check: Callable[[], None]) -> None:
        super().__init__(gas, allow_negative_refund_strategy)
        self._check = check

    def consume_gas(self, amount: int, reason: str) -> None:
        self._check()
        super().consume_gas(amount, reason)


class _Computation(PragueComputation):  # type: ignore[misc]
    """py-evm's interpreter, with the rules for creations by transaction left to `transition`.

    py-evm charges for and limits the code of a creation (EIP-3860) wherever the sender is
    the origin, so an account with delegated code (EIP-7702) would pay twice; and `eth_call`
    of a longer init code would raise out of the interpreter.
    """

    def _configure_gas_meter(self) -> Any:
        check = self.state.check_time
        gas = self.msg.gas
        if check is None:
            return GasMeter(gas, allow_negative_refund_strategy)
        return _TimedGasMeter(gas, check)

    @classmethod
    def apply_message(
        cls, state: Any, message: Message, transaction_context: Any, parent_computation: Any = None
    ) -> Any:
        if message.code_address == CONSOLE and not message.code:
            state.console = state.console or ConsoleRecorder()
            state.console.note(bytes(message.data))
        return super().apply_message(state, message, transaction_context, parent_computation)

    @classmethod
    def validate_create_message(cls, message: Message) -> None:
        if message.depth:
            super().validate_create_message(message)

    @classmethod
    def consume_initcode_gas_cost(cls, computation: Any) -> None:
        pass


@functools.cache
def state_class(
    precompiles: frozenset[tuple[bytes, Native]], opcodes: OpcodeSet, accounts: type[Accounts]
) -> type[_State]:
    """Return a state class whose computations know exactly `precompiles` and `opcodes`.

    py-evm keeps both tables on the class, so every pair needs classes of its own.
    """
    table = {address: timed(computed(native)) for address, native in precompiles}
    tables = {"_precompiles": table, "opcodes": dict(OPCODES[opcodes])}
    computation = type("Computation", (_Computation,), tables)
    delegates = opcodes is not OpcodeSet.CANCUN
    body = {
        "computation_class": computation,
        "follows_delegations": delegates,
        "account_db_class": accounts,
    }
    return type("State", (_State,), body)
