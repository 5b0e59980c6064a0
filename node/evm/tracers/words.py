"""How a halt is called, to the letter.

The engines name the kind of a halt; geth's words tell the operands, too, and in which order
things are checked: the stack before the gas.

Source: geth `core/vm/errors.go`, `core/vm/interpreter.go`, `core/vm/common.go`.
"""

from __future__ import annotations

from typing import Final

from byline.node.evm.tracers.gas import MOST_MEMORY, SENTRY, GasOverflow, operand, wanted_memory
from byline.node.evm.tracers.opcode_table import CREATES, NAMES, OPCODES, SSTORE
from byline.node.evm.tracing import Step
from byline.node.evm.transition import MAX_INITCODE_SIZE

REVERTED: Final = "execution reverted"
OUT_OF_GAS: Final = "out of gas"
MAX_CODE_SIZE: Final = 24_576
"""Bytes of code that an account may have (EIP-170)."""


def stack_words(step: Step) -> str | None:
    """Return what is wrong with the stack, if it is."""
    rule, held = OPCODES.get(step.op), len(step.stack)
    if rule is None:
        return None
    if held < rule.operands:
        return f"stack underflow ({held} <=> {rule.operands})"
    if held > rule.most_words:
        return f"stack limit reached {held} ({rule.most_words})"
    return None


def halt_words(step: Step, error: str) -> str:
    """Return how geth calls the halt of a frame at `step`, which an engine calls `error`."""
    if error == "invalid opcode":
        return f"invalid opcode: {NAMES[step.op]}"
    found = stack_words(step)
    if found is not None:
        return found
    if error != OUT_OF_GAS or step.gas < OPCODES[step.op].gas:
        return error
    try:
        if wanted_memory(step) > MOST_MEMORY:
            return "out of gas: gas uint64 overflow"
    except GasOverflow:
        return "gas uint64 overflow"
    if step.op == SSTORE and step.gas <= SENTRY:
        return "out of gas: not enough gas for reentrancy sentry"
    if step.op in CREATES and operand(step, 2) > MAX_INITCODE_SIZE:
        return (
            f"out of gas: max initcode size exceeded: code size {operand(step, 2)} "
            f"limit {MAX_INITCODE_SIZE}"
        )
    return error


def deployment_words(error: str, size: int, gas_left: int) -> str:
    """Return how geth calls that `size` bytes of code, for `gas_left`, could not be set."""
    if error != OUT_OF_GAS:
        return error
    if size * 200 > gas_left:
        return "contract creation code storage out of gas"
    return f"max code size exceeded: code size {size} limit {MAX_CODE_SIZE}"
