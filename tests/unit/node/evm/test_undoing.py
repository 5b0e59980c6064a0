"""What a restored snapshot takes back, where one transaction created and deleted."""

import pytest

from byline.derivation.config import Fork
from byline.node.evm.machine import MessageCall
from tests.unit.node.evm.evm_kit import CALLER, CODE_AT, l2_machine

pytestmark = pytest.mark.usefixtures("each_engine")

# CREATE2 of a contract that writes a word and deletes itself, to the caller.
INIT = bytes.fromhex("60015f5533ff")
CODE = b"\x65" + INIT + bytes.fromhex("5f525f6006601a5ff55f5260205ff3")


def test_creating_and_deleting_a_contract_in_one_transaction_can_be_undone() -> None:
    machine = l2_machine(Fork.KARST)
    machine.set_code(CODE_AT, CODE)
    question = MessageCall(CALLER, CODE_AT, 0, b"", 1_000_000, 0, 0)
    machine.begin_transaction()
    token = machine.snapshot()
    first = machine.run(question)
    created = first.output[12:]
    assert any(created)
    assert not machine.exists(created)
    machine.restore(token)
    machine.begin_transaction()
    assert machine.run(question) == first


def test_the_storage_that_was_cleared_comes_back() -> None:
    machine = l2_machine(Fork.KARST)
    machine.set_storage(CODE_AT, 1, 31)
    machine.set_nonce(CODE_AT, 1)
    machine.commit()
    machine.begin_transaction()
    token = machine.snapshot()
    machine.clear_storage(CODE_AT)
    assert machine.storage(CODE_AT, 1) == 0
    machine.restore(token)
    assert machine.storage(CODE_AT, 1) == 31


def test_clearing_the_storage_of_nobody_makes_no_account() -> None:
    machine = l2_machine(Fork.KARST)
    before = machine.commit()
    machine.begin_transaction()
    machine.clear_storage(CODE_AT)
    assert not machine.exists(CODE_AT)
    assert machine.commit() == before
