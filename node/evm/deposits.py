"""Executing a deposit (0x7E): it mints, it is never refused, it pays no fee.

Source: OP Stack specs, protocol/deposits.md ("Execution"), regolith/overview.md;
op-revm `handler.rs` for what happens on failure.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from byline.derivation.dev_edits import AccountEdit, decode_edits
from byline.derivation.errors import InvalidData
from byline.derivation.intrinsic import data_floor_gas, message_intrinsic_gas
from byline.derivation.transaction import DepositTransaction
from byline.node.evm.edits import apply_edits, is_edit
from byline.node.evm.machine import CallOutcome, Machine, MessageCall
from byline.node.evm.transition import (
    MAX_INITCODE_SIZE,
    MAX_NONCE,
    MAX_REFUND_QUOTIENT,
    Applied,
    credit,
)


@dataclass(frozen=True, slots=True)
class _Failed:
    reason: str


def execute_deposit(
    machine: Machine, tx: DepositTransaction, *, prague: bool, edits: bool = False
) -> Applied:
    """Apply a deposit.

    Its mint stays whatever follows.  What would make another transaction invalid (too
    little gas, no funds for the value) makes a deposit fail: status 0, all its gas used,
    the nonce raised, nothing else changed.  `prague` brings the EIP-7623 floor,
    `edits` those of a devnet's state (`derivation.dev_edits`), which fail if malformed.
    """
    machine.begin_transaction()
    if tx.mint:
        credit(machine, tx.sender, tx.mint)
    nonce = machine.nonce(tx.sender)
    floor = data_floor_gas(tx.data) if prague else 0
    token = machine.snapshot()
    edited = _edits(tx) if edits else ()
    outcome = edited if isinstance(edited, _Failed) else _run(machine, tx, nonce, floor)
    if isinstance(outcome, _Failed):
        machine.restore(token)
        machine.set_nonce(tx.sender, min(nonce + 1, MAX_NONCE))
        return Applied(False, tx.gas, (), error=outcome.reason, deposit_nonce=nonce)
    machine.accept(token)
    if outcome.succeeded and not isinstance(edited, _Failed):
        apply_edits(machine, edited)
    used = tx.gas - outcome.gas_left
    used -= min(outcome.refund, used // MAX_REFUND_QUOTIENT)
    return Applied(
        succeeded=outcome.succeeded,
        gas_used=max(used, floor),
        logs=outcome.logs,
        output=outcome.output,
        reverted=outcome.reverted,
        error=outcome.error,
        created=outcome.created if outcome.succeeded else None,
        deposit_nonce=nonce,
        console=outcome.console,
    )


def _edits(tx: DepositTransaction) -> Sequence[AccountEdit] | _Failed:
    if not is_edit(tx):
        return ()
    try:
        return decode_edits(tx.data)
    except InvalidData as exc:
        return _Failed(str(exc))


def _run(
    machine: Machine, tx: DepositTransaction, nonce: int, floor: int
) -> CallOutcome | _Failed:
    intrinsic = message_intrinsic_gas(tx.to, tx.data)
    if tx.gas < max(intrinsic, floor):
        return _Failed("intrinsic gas too low")
    if tx.to is None and len(tx.data) > MAX_INITCODE_SIZE:
        return _Failed("max initcode size exceeded")
    if machine.balance(tx.sender) < tx.value:
        return _Failed("insufficient balance for transfer")
    if nonce == MAX_NONCE:
        return _Failed("nonce has max value")
    machine.set_nonce(tx.sender, nonce + 1)
    return machine.run(
        MessageCall(
            sender=tx.sender,
            to=tx.to,
            value=tx.value,
            data=tx.data,
            gas=tx.gas - intrinsic,
            gas_price=0,
            nonce=nonce,
        )
    )
