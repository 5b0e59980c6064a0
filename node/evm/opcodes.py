"""Which opcodes each fork has, as tables for py-evm's interpreter.

py-evm ends with Prague; of Osaka only CLZ is new to the interpreter.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

from eth.vm.forks.cancun.opcodes import CANCUN_OPCODES
from eth.vm.forks.prague.opcodes import PRAGUE_OPCODES
from eth.vm.opcode import as_opcode

from byline.node.evm.machine import OpcodeSet

CLZ: Final = 0x1E
CLZ_GAS: Final = 5
"""EIP-7939: as much as MUL."""
WORD_BITS: Final = 256


def count_leading_zeros(computation: Any) -> None:
    """Replace the word on top of the stack by the number of zero bits that it begins with.

    256 for zero (EIP-7939).
    """
    word = computation.stack_pop1_int()
    computation.stack_push_int(WORD_BITS - word.bit_length())


OPCODES: Final[Mapping[OpcodeSet, Mapping[int, Any]]] = MappingProxyType(
    {
        OpcodeSet.CANCUN: CANCUN_OPCODES,
        OpcodeSet.PRAGUE: PRAGUE_OPCODES,
        OpcodeSet.OSAKA: {
            **PRAGUE_OPCODES,
            CLZ: as_opcode(count_leading_zeros, "CLZ", CLZ_GAS),
        },
    }
)
"""py-evm's callables by number, for each set."""
