"""Edits of a devnet's state as deposits, on every engine."""

from __future__ import annotations

import pytest

from byline.derivation.config import Fork
from byline.derivation.dev_deposits import dev_deposit
from byline.derivation.dev_edits import EDITOR, AccountEdit, encode_edits
from byline.derivation.hashing import EMPTY_TRIE_ROOT
from byline.derivation.intrinsic import data_floor_gas, message_intrinsic_gas
from byline.node.evm.deposits import execute_deposit
from byline.node.evm.machine import Machine
from byline.node.evm.transition import Applied, credit
from tests.unit.node.evm.evm_kit import CALLER, l2_machine, run

pytestmark = pytest.mark.usefixtures("each_engine")

WHO, OTHER = b"\x0a" * 20, b"\x0b" * 20
TOP = 2**256 - 1
GAS = 1_000_000


def deposit(
    on: Machine,
    data: bytes,
    *,
    sender: bytes = EDITOR,
    to: bytes = EDITOR,
    value: int = 0,
    gas: int = GAS,
    edits: bool = True,
) -> Applied:
    made = dev_deposit(bytes(32), sender, to, value, gas, data)
    return execute_deposit(on, made, prague=True, edits=edits)


def edited(*edits: AccountEdit) -> Machine:
    on = l2_machine(Fork.KARST)
    assert deposit(on, encode_edits(edits)).succeeded
    return on


def test_an_edit_sets_all_that_it_names_for_its_calldata_alone() -> None:
    on = l2_machine(Fork.KARST)
    data = encode_edits([AccountEdit(WHO, TOP, 9, b"\x60\x00", {1: 2, TOP: 3})])
    done = deposit(on, data)
    assert (done.succeeded, done.logs, done.deposit_nonce) == (True, (), 0)
    assert done.gas_used == max(data_floor_gas(data), message_intrinsic_gas(EDITOR, data))
    assert (on.balance(WHO), on.nonce(WHO), on.code(WHO)) == (TOP, 9, b"\x60\x00")
    assert (on.storage(WHO, 1), on.storage(WHO, TOP), on.storage(WHO, 2)) == (2, 3, 0)
    assert on.nonce(EDITOR) == 1


def test_what_an_edit_does_not_name_stays() -> None:
    on = edited(AccountEdit(WHO, 5, 6, b"\x00", {1: 2, 3: 4}), AccountEdit(WHO, storage={1: 0}))
    assert (on.balance(WHO), on.nonce(WHO), on.code(WHO)) == (5, 6, b"\x00")
    assert (on.storage(WHO, 1), on.storage(WHO, 3)) == (0, 4)


def test_code_that_an_edit_sets_runs() -> None:
    on = edited(AccountEdit(WHO, code=bytes.fromhex("602a5f5260205ff3")))
    called = bytes.fromhex("5f5f5f5f5f73") + WHO + bytes.fromhex("5af15060205f5f3e60205ff3")
    assert run(on, called).output == (42).to_bytes(32, "big")


@pytest.mark.parametrize(
    "data", [b"", b"\x02\xc0", b"\x01\xc1\xc0", encode_edits([AccountEdit(WHO, 5)]) + b"\x00"]
)
def test_a_malformed_edit_fails_with_all_its_gas_and_changes_nothing(data: bytes) -> None:
    on = l2_machine(Fork.KARST)
    done = deposit(on, data)
    assert (done.succeeded, done.gas_used) == (False, GAS)
    assert done.error is not None
    assert "edit" in done.error
    assert not on.exists(WHO)
    assert on.nonce(EDITOR) == 1


def test_an_edit_without_the_gas_for_its_calldata_changes_nothing() -> None:
    on = l2_machine(Fork.KARST)
    data = encode_edits([AccountEdit(WHO, 5)])
    done = deposit(on, data, gas=data_floor_gas(data) - 1)
    assert (done.succeeded, done.error) == (False, "intrinsic gas too low")
    assert not on.exists(WHO)


def test_on_a_chain_without_dev_control_it_is_an_ordinary_call() -> None:
    on = l2_machine(Fork.KARST)
    assert deposit(on, encode_edits([AccountEdit(WHO, 5)]), edits=False).succeeded
    assert deposit(on, b"\x02", edits=False).succeeded
    assert not on.exists(WHO)


@pytest.mark.parametrize(("sender", "to"), [(CALLER, EDITOR), (EDITOR, CALLER), (WHO, WHO)])
def test_only_what_comes_from_and_goes_to_the_editor_edits(sender: bytes, to: bytes) -> None:
    on = l2_machine(Fork.KARST)
    assert deposit(on, encode_edits([AccountEdit(OTHER, 5)]), sender=sender, to=to).succeeded
    assert not on.exists(OTHER)


def test_an_account_that_is_left_empty_is_gone() -> None:
    on = edited(
        AccountEdit(WHO, 5, 6, b"\x00"),
        AccountEdit(OTHER, balance=0, nonce=0, code=b"", storage={1: 0}),
        AccountEdit(WHO, 0, 0, b""),
    )
    assert not on.exists(WHO)
    assert not on.exists(OTHER)
    plain = l2_machine(Fork.KARST)
    plain.set_nonce(EDITOR, 1)
    assert on.commit() == plain.commit() != EMPTY_TRIE_ROOT


def test_storage_alone_stays_in_an_account() -> None:
    on = edited(AccountEdit(WHO, storage={1: 2}))
    root = on.commit()
    assert on.storage(WHO, 1) == 2
    assert deposit(on, encode_edits([AccountEdit(WHO, storage={1: 0})])).succeeded
    assert on.commit() != root
    assert on.storage(WHO, 1) == 0


def test_wei_beyond_the_word_wrap_around_in_transfers_and_fees() -> None:
    on = edited(AccountEdit(WHO, balance=TOP), AccountEdit(OTHER, balance=10))
    assert deposit(on, b"", sender=OTHER, to=WHO, value=3).succeeded
    assert (on.balance(WHO), on.balance(OTHER)) == (2, 7)
    credit(on, WHO, TOP)
    assert on.balance(WHO) == 1
