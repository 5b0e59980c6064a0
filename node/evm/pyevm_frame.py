"""What py-evm gives a native function that works on its caller's storage."""

from __future__ import annotations

from typing import Any, Final

from eth.exceptions import OutOfGas

SENTRY: Final = 2300
"""EIP-2200: with no more gas nothing is written."""
WARM: Final = 100
COLD: Final = 2100
"""EIP-2929."""
SET: Final = 20_000
RESET: Final = 2_900
CLEAR_REFUND: Final = 4_800
"""EIP-3529."""


class PyEvmFrame:
    """See `byline.precompiles.state.frame.Frame`; charges the computation of the call."""

    def __init__(self, computation: Any) -> None:
        message = computation.msg
        self.data: bytes = message.data_as_bytes
        self.caller: bytes = message.sender
        self.is_static: bool = message.is_static
        self.is_delegated: bool = message.storage_address != message.code_address
        self._computation = computation
        self._state = computation.state
        self._ended = False

    def load(self, slot: bytes) -> int:
        """See `Frame.load`."""
        at = self._number(slot)
        self._charge(WARM if self._warm(at) else COLD)
        self._tell(at)
        return int(self._state.get_storage(self.caller, at))

    def store(self, slot: bytes, value: int) -> None:
        """See `Frame.store`."""
        at = self._number(slot)
        if not 0 <= value < 2**256:
            raise OverflowError(f"word {value}: want 0 to 2**256 - 1")
        self._tell(at)
        if self._computation.get_gas_remaining() <= SENTRY:
            raise OutOfGas(f"{SENTRY} gas or less: nothing is written (EIP-2200)")
        if not self._warm(at):
            self._charge(COLD)
        current = self._state.get_storage(self.caller, at)
        original = self._state.get_storage(self.caller, at, from_journal=False)
        clean = current != value and current == original
        self._charge((RESET if original else SET) if clean else WARM)
        if current != value:
            self._computation.refund_gas(refund(original, current, value))
            self._state.set_storage(self.caller, at, value)

    def close(self) -> None:
        """Put the storage out of reach."""
        self._ended = True

    def _number(self, slot: bytes) -> int:
        if self._ended:
            raise RuntimeError("the call has ended: its storage is out of reach")
        if len(slot) != 32:
            raise ValueError(f"slot {slot!r}: want 32 bytes")
        return int.from_bytes(slot, "big")

    def _warm(self, slot: int) -> bool:
        """Tell whether the slot was touched before; from now on it was."""
        known = bool(self._state.is_storage_warm(self.caller, slot))
        self._state.mark_storage_warm(self.caller, slot)
        return known

    def _charge(self, gas: int) -> None:
        self._computation.consume_gas(gas, reason="storage of the caller")

    def _tell(self, slot: int) -> None:
        watch = self._state.watch
        if watch is not None:
            watch.tracer.touch(self.caller, slot)


def refund(original: int, current: int, value: int) -> int:
    """Return what a change of a word adds to the refund counter (EIP-2200 with EIP-3529)."""
    if original == current:
        return CLEAR_REFUND if original and not value else 0
    found = 0
    if original and not current:
        found -= CLEAR_REFUND
    elif original and not value:
        found += CLEAR_REFUND
    if original == value:
        found += (RESET if original else SET) - WARM
    return found
