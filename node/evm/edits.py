"""Edits of a devnet's state, as a machine applies them (`derivation.dev_edits`)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from byline.derivation.dev_edits import EDITOR, AccountEdit, decode_edits
from byline.derivation.errors import InvalidData
from byline.derivation.transaction import DEPOSIT, AnyTransaction
from byline.node.evm.machine import Machine


def is_edit(tx: AnyTransaction) -> bool:
    """Tell whether a deposit carries edits, where the chain knows them."""
    return tx.to == EDITOR and tx.type == DEPOSIT and tx.sender == EDITOR


def edited_by(tx: AnyTransaction) -> Mapping[bytes, frozenset[int]]:
    """Return the accounts and slots that a deposit edits, where the chain knows edits."""
    if not is_edit(tx):
        return {}
    try:
        edits = decode_edits(tx.data)
    except InvalidData:
        return {}
    found: dict[bytes, frozenset[int]] = {}
    for edit in edits:
        found[edit.address] = found.get(edit.address, frozenset()) | edit.storage.keys()
    return found


def apply_edits(machine: Machine, edits: Iterable[AccountEdit]) -> None:
    """Make the accounts what `edits` say, in order, between two transactions.

    An account that is left empty is gone, as if a transaction had touched it (EIP-161);
    one that is given storage alone stays until something touches it.
    """
    emptied: dict[bytes, None] = {}
    for edit in edits:
        _apply(machine, edit)
        emptied.pop(edit.address, None)
        if _is_empty(machine, edit.address) and not any(edit.storage.values()):
            emptied[edit.address] = None
    for address in emptied:
        if machine.exists(address):
            machine.system_call(address, b"")


def _apply(machine: Machine, edit: AccountEdit) -> None:
    address = edit.address
    if edit.balance is not None and edit.balance != machine.balance(address):
        machine.set_balance(address, edit.balance)
    if edit.nonce is not None and edit.nonce != machine.nonce(address):
        machine.set_nonce(address, edit.nonce)
    if edit.code is not None and edit.code != machine.code(address):
        machine.set_code(address, edit.code)
    for slot, value in edit.storage.items():
        if value != machine.storage(address, slot):
            machine.set_storage(address, slot, value)


def _is_empty(machine: Machine, address: bytes) -> bool:
    return not (machine.balance(address) or machine.nonce(address) or machine.code(address))
