"""What an opcode would have cost, for those that halted for want of gas.

What an opcode did cost is told by the gas before and after it; this is for what there is no
after.  The formulas are written as geth charges, overflows included, since its traces show
the sums.

Source: geth `core/vm/gas_table.go`, `operations_acl.go`, `memory_table.go`, `gas.go`;
EIP-150, 160, 2200, 2929, 3529, 3860, 7702.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from byline.node.evm.accounts import DELEGATION_PREFIX
from byline.node.evm.machine import Machine
from byline.node.evm.tracers.opcode_table import (
    BALANCE,
    CALL,
    CALLCODE,
    CALLDATACOPY,
    CALLS,
    CODECOPY,
    CREATE,
    CREATE2,
    DELEGATECALL,
    EXP,
    EXTCODECOPY,
    EXTCODEHASH,
    EXTCODESIZE,
    KECCAK256,
    LOG0,
    LOGS,
    MCOPY,
    MLOAD,
    MSTORE,
    MSTORE8,
    OPCODES,
    RETURN,
    RETURNDATACOPY,
    REVERT,
    SELFDESTRUCT,
    SLOAD,
    SSTORE,
    STATICCALL,
)
from byline.node.evm.tracing import Step

UINT64: Final = 2**64
MOST_MEMORY: Final = 0x1FFFFFFFE0
"""Bytes beyond which geth does not compute a cost."""
COLD_ACCOUNT: Final = 2_600
COLD_SLOT: Final = 2_100
WARM: Final = 100
SET_SLOT: Final = 20_000
RESET_SLOT: Final = 5_000 - COLD_SLOT
CALL_VALUE: Final = 9_000
NEW_ACCOUNT: Final = 25_000
SENTRY: Final = 2_300
"""SSTORE refuses to work with so little gas (EIP-2200)."""
ADDRESS: Final = 2**160

_REGIONS: Final[Mapping[int, tuple[tuple[int, int], ...]]] = MappingProxyType(
    {
        KECCAK256: ((0, 1),),
        CALLDATACOPY: ((0, 2),),
        CODECOPY: ((0, 2),),
        EXTCODECOPY: ((1, 3),),
        RETURNDATACOPY: ((0, 2),),
        MCOPY: ((0, 2), (1, 2)),
        CREATE: ((1, 2),),
        CREATE2: ((1, 2),),
        CALL: ((3, 4), (5, 6)),
        CALLCODE: ((3, 4), (5, 6)),
        DELEGATECALL: ((2, 3), (4, 5)),
        STATICCALL: ((2, 3), (4, 5)),
        RETURN: ((0, 1),),
        REVERT: ((0, 1),),
        **dict.fromkeys(LOGS, ((0, 1),)),
    }
)
"""Operands that hold start and length of the memory that an opcode touches, from the top."""
_FIXED: Final[Mapping[int, int]] = MappingProxyType({MLOAD: 32, MSTORE: 32, MSTORE8: 1})
"""Bytes that are touched at the topmost operand."""
_PER_WORD: Final[Mapping[int, tuple[int, int]]] = MappingProxyType(
    {
        KECCAK256: (1, 6),
        CALLDATACOPY: (2, 3),
        CODECOPY: (2, 3),
        EXTCODECOPY: (3, 3),
        RETURNDATACOPY: (2, 3),
        MCOPY: (2, 3),
        CREATE: (2, 2),
        CREATE2: (2, 8),
    }
)
"""Operand that holds a length, and the gas for each word of it."""


class GasOverflow(Exception):
    """A cost that 64 bits do not hold; `sized` when it is the memory's size that overflows."""

    def __init__(self, *, sized: bool) -> None:
        super().__init__("gas uint64 overflow")
        self.sized = sized


def operand(step: Step, position: int) -> int:
    """Return an operand, counted from the top."""
    return step.stack[-1 - position]


def wanted_memory(step: Step) -> int:
    """Return the bytes of memory that the opcode needs, whole words; raises `GasOverflow`."""
    if step.op in _FIXED:
        needs = [(operand(step, 0), _FIXED[step.op])]
    else:
        needs = [(operand(step, a), operand(step, b)) for a, b in _REGIONS.get(step.op, ())]
    most = 0
    for start, length in needs:
        if length >= UINT64 or (length and start + length >= UINT64):
            raise GasOverflow(sized=True)
        most = max(most, start + length if length else 0)
    return (most + 31) // 32 * 32


def memory_gas(size: int) -> int:
    """Return the gas that `size` bytes of memory cost from nothing."""
    words = size // 32
    return 3 * words + words * words // 512


def stateless_gas(step: Step) -> int:
    """Return constant gas and what follows from operands alone; raises `GasOverflow`."""
    op = step.op
    gas = OPCODES[op].gas
    size = wanted_memory(step)
    if size > MOST_MEMORY:
        raise GasOverflow(sized=False)
    if size > step.memory_size:
        gas += memory_gas(size) - memory_gas(step.memory_size)
    if op in _PER_WORD:
        position, price = _PER_WORD[op]
        gas += (operand(step, position) + 31) // 32 * price
    elif op in LOGS:
        gas += 375 * (1 + op - LOG0) + 8 * operand(step, 1)
    elif op == EXP:
        gas += 10 + 50 * ((operand(step, 1).bit_length() + 7) // 8)
    if op in (CALL, CALLCODE) and operand(step, 2):
        gas += CALL_VALUE
    return gas


@dataclass(frozen=True, slots=True)
class Look:
    """The state that costs depend on, as it stands before an opcode."""

    machine: Machine
    natives: frozenset[bytes]
    follows_delegations: bool
    original: Callable[[bytes, int], int]
    """Return what a slot held before the transaction."""

    def _cold(self, address: bytes) -> bool:
        return address not in self.natives and address not in self.machine.accessed()

    def _empty(self, address: bytes) -> bool:
        found = self.machine
        return not (found.balance(address) or found.nonce(address) or found.code(address))

    def gas(self, step: Step) -> int:
        """Return what the opcode costs beside `stateless_gas`; for a call without what it gives.

        `step.op` is one of `MOST`.
        """
        if step.op in (SLOAD, SSTORE):
            return self._slot(step)
        at = 1 if step.op in CALLS else 0
        address = (operand(step, at) % ADDRESS).to_bytes(20, "big")
        if step.op == SELFDESTRUCT:
            gas = COLD_ACCOUNT if self._cold(address) else 0
            pays = self.machine.balance(step.address) and self._empty(address)
            return gas + (NEW_ACCOUNT if pays else 0)
        gas = COLD_ACCOUNT - WARM if self._cold(address) else 0
        if step.op in CALLS:
            gas += self._delegation(address)
        if step.op == CALL and operand(step, 2) and self._empty(address):
            gas += NEW_ACCOUNT
        return gas

    def _delegation(self, address: bytes) -> int:
        if not self.follows_delegations:
            return 0
        code = self.machine.code(address)
        if len(code) != 23 or not code.startswith(DELEGATION_PREFIX):
            return 0
        return COLD_ACCOUNT if self._cold(code[3:]) else WARM

    def _slot(self, step: Step) -> int:
        slot = operand(step, 0)
        cold = slot not in self.machine.accessed().get(step.address, frozenset())
        if step.op == SLOAD:
            return COLD_SLOT if cold else WARM
        gas = COLD_SLOT if cold else 0
        now, then = self.machine.storage(step.address, slot), self.original(step.address, slot)
        if now == operand(step, 1) or now != then:
            return gas + WARM
        return gas + (RESET_SLOT if then else SET_SLOT)


MOST: Final[Mapping[int, int]] = MappingProxyType(
    {
        **dict.fromkeys((BALANCE, EXTCODESIZE, EXTCODECOPY, EXTCODEHASH), COLD_ACCOUNT),
        SLOAD: COLD_SLOT,
        SSTORE: COLD_SLOT + SET_SLOT,
        SELFDESTRUCT: COLD_ACCOUNT + NEW_ACCOUNT,
        **dict.fromkeys(CALLS, 2 * COLD_ACCOUNT + NEW_ACCOUNT),
    }
)
"""The most that the state can make of an opcode's cost, for those where it does."""


def given_gas(step: Step, cost: int) -> int:
    """Return the gas that a call of `cost` gives, all but one 64th at most.

    Where the gas is not enough for the cost, geth's subtraction wraps around, and so here.
    """
    left = (step.gas - cost) % UINT64
    return min(operand(step, 0), left - left // 64)
