"""Opcodes by geth's names, with operands and constant gas.

Source: geth `core/vm/opcodes.go` (names) and `core/vm/jump_table.go` (numbers); the gas is
that of EIP-2929 and later, and leaves out what depends on operands and state.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

STACK_LIMIT: Final = 1024
KECCAK256: Final = 0x20
BALANCE: Final = 0x31
CALLDATACOPY: Final = 0x37
CODECOPY: Final = 0x39
EXTCODESIZE: Final = 0x3B
EXTCODECOPY: Final = 0x3C
RETURNDATACOPY: Final = 0x3E
EXTCODEHASH: Final = 0x3F
MLOAD: Final = 0x51
MSTORE: Final = 0x52
MSTORE8: Final = 0x53
SLOAD: Final = 0x54
SSTORE: Final = 0x55
MCOPY: Final = 0x5E
EXP: Final = 0x0A
LOG0: Final = 0xA0
LOG4: Final = 0xA4
CREATE: Final = 0xF0
CALL: Final = 0xF1
CALLCODE: Final = 0xF2
RETURN: Final = 0xF3
DELEGATECALL: Final = 0xF4
CREATE2: Final = 0xF5
STATICCALL: Final = 0xFA
REVERT: Final = 0xFD
SELFDESTRUCT: Final = 0xFF

LOGS: Final = frozenset(range(LOG0, LOG4 + 1))
CALLS: Final = frozenset({CALL, CALLCODE, DELEGATECALL, STATICCALL})
CREATES: Final = frozenset({CREATE, CREATE2})


@dataclass(frozen=True, slots=True)
class Opcode:
    """What is known of an opcode before it runs."""

    name: str
    operands: int
    results: int
    gas: int

    @property
    def most_words(self) -> int:
        """Words that the stack may hold before it."""
        return STACK_LIMIT + self.operands - self.results


def _rows() -> Iterator[tuple[int, str, int, int, int]]:
    """Yield number, name, operands, results and gas."""
    yield from (
        (0x00, "STOP", 0, 0, 0),
        (0x01, "ADD", 2, 1, 3),
        (0x02, "MUL", 2, 1, 5),
        (0x03, "SUB", 2, 1, 3),
        (0x04, "DIV", 2, 1, 5),
        (0x05, "SDIV", 2, 1, 5),
        (0x06, "MOD", 2, 1, 5),
        (0x07, "SMOD", 2, 1, 5),
        (0x08, "ADDMOD", 3, 1, 8),
        (0x09, "MULMOD", 3, 1, 8),
        (EXP, "EXP", 2, 1, 0),
        (0x0B, "SIGNEXTEND", 2, 1, 5),
        (0x10, "LT", 2, 1, 3),
        (0x11, "GT", 2, 1, 3),
        (0x12, "SLT", 2, 1, 3),
        (0x13, "SGT", 2, 1, 3),
        (0x14, "EQ", 2, 1, 3),
        (0x15, "ISZERO", 1, 1, 3),
        (0x16, "AND", 2, 1, 3),
        (0x17, "OR", 2, 1, 3),
        (0x18, "XOR", 2, 1, 3),
        (0x19, "NOT", 1, 1, 3),
        (0x1A, "BYTE", 2, 1, 3),
        (0x1B, "SHL", 2, 1, 3),
        (0x1C, "SHR", 2, 1, 3),
        (0x1D, "SAR", 2, 1, 3),
        (0x1E, "CLZ", 1, 1, 5),
        (KECCAK256, "KECCAK256", 2, 1, 30),
        (0x30, "ADDRESS", 0, 1, 2),
        (BALANCE, "BALANCE", 1, 1, 100),
        (0x32, "ORIGIN", 0, 1, 2),
        (0x33, "CALLER", 0, 1, 2),
        (0x34, "CALLVALUE", 0, 1, 2),
        (0x35, "CALLDATALOAD", 1, 1, 3),
        (0x36, "CALLDATASIZE", 0, 1, 2),
        (CALLDATACOPY, "CALLDATACOPY", 3, 0, 3),
        (0x38, "CODESIZE", 0, 1, 2),
        (CODECOPY, "CODECOPY", 3, 0, 3),
        (0x3A, "GASPRICE", 0, 1, 2),
        (EXTCODESIZE, "EXTCODESIZE", 1, 1, 100),
        (EXTCODECOPY, "EXTCODECOPY", 4, 0, 100),
        (0x3D, "RETURNDATASIZE", 0, 1, 2),
        (RETURNDATACOPY, "RETURNDATACOPY", 3, 0, 3),
        (EXTCODEHASH, "EXTCODEHASH", 1, 1, 100),
        (0x40, "BLOCKHASH", 1, 1, 20),
        (0x41, "COINBASE", 0, 1, 2),
        (0x42, "TIMESTAMP", 0, 1, 2),
        (0x43, "NUMBER", 0, 1, 2),
        # Since the merge it is PREVRANDAO; geth still writes its old name.
        (0x44, "DIFFICULTY", 0, 1, 2),
        (0x45, "GASLIMIT", 0, 1, 2),
        (0x46, "CHAINID", 0, 1, 2),
        (0x47, "SELFBALANCE", 0, 1, 5),
        (0x48, "BASEFEE", 0, 1, 2),
        (0x49, "BLOBHASH", 1, 1, 3),
        (0x4A, "BLOBBASEFEE", 0, 1, 2),
        (0x50, "POP", 1, 0, 2),
        (MLOAD, "MLOAD", 1, 1, 3),
        (MSTORE, "MSTORE", 2, 0, 3),
        (MSTORE8, "MSTORE8", 2, 0, 3),
        (SLOAD, "SLOAD", 1, 1, 0),
        (SSTORE, "SSTORE", 2, 0, 0),
        (0x56, "JUMP", 1, 0, 8),
        (0x57, "JUMPI", 2, 0, 10),
        (0x58, "PC", 0, 1, 2),
        (0x59, "MSIZE", 0, 1, 2),
        (0x5A, "GAS", 0, 1, 2),
        (0x5B, "JUMPDEST", 0, 0, 1),
        (0x5C, "TLOAD", 1, 1, 100),
        (0x5D, "TSTORE", 2, 0, 100),
        (MCOPY, "MCOPY", 3, 0, 3),
        (0x5F, "PUSH0", 0, 1, 2),
        (CREATE, "CREATE", 3, 1, 32_000),
        (CALL, "CALL", 7, 1, 100),
        (CALLCODE, "CALLCODE", 7, 1, 100),
        (RETURN, "RETURN", 2, 0, 0),
        (DELEGATECALL, "DELEGATECALL", 6, 1, 100),
        (CREATE2, "CREATE2", 4, 1, 32_000),
        (STATICCALL, "STATICCALL", 6, 1, 100),
        (REVERT, "REVERT", 2, 0, 0),
        (0xFE, "INVALID", 0, 0, 0),
        (SELFDESTRUCT, "SELFDESTRUCT", 1, 0, 5_000),
    )
    for count in range(1, 33):
        yield 0x5F + count, f"PUSH{count}", 0, 1, 3
    for count in range(1, 17):
        yield 0x7F + count, f"DUP{count}", count, count + 1, 3
        yield 0x8F + count, f"SWAP{count}", count + 1, count + 1, 3
    for count in range(5):
        yield LOG0 + count, f"LOG{count}", 2 + count, 0, 0


OPCODES: Final[Mapping[int, Opcode]] = MappingProxyType(
    {number: Opcode(*fields) for number, *fields in _rows()}  # type: ignore[arg-type]
)
"""By number; those that no fork has are absent."""

NAMES: Final = tuple(
    OPCODES[op].name if op in OPCODES else f"opcode {op:#x} not defined" for op in range(256)
)
"""Names by number; those that no fork has are called so."""
