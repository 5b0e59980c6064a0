"""How DevControl comes to an L1 that did not begin with it."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from byline.derivation.config import Fork
from byline.derivation.transaction import Transaction
from byline.node.accounts import OWNER_INDEX, dev_account, operator_account
from byline.node.chain.genesis_account import GenesisAccount
from byline.node.contracts import artifacts
from byline.node.evm.accounts import created_address
from byline.node.evm.machine import Machine, MessageCall
from byline.node.l1 import dev_control
from byline.node.signing import sign_dynamic_fee
from tests.unit.node.evm.evm_kit import GAS, l2_machine

OWNER = dev_account(OWNER_INDEX)
ADDRESS = created_address(OWNER.address, 0)


def rich(*addresses: bytes) -> Machine:
    found = l2_machine(Fork.KARST)
    for address in addresses:
        found.set_balance(address, 3 * dev_control.BUDGET)
    return found


def sent(to: bytes | None, data: bytes) -> Transaction:
    return sign_dynamic_fee(
        OWNER, chain_id=900, nonce=0, gas=1, to=to, max_fee=1, tip=1, data=data
    )


def test_its_creation_code_leaves_the_contract_with_the_creator_as_its_owner() -> None:
    found = l2_machine(Fork.KARST)
    made = found.run(MessageCall(OWNER.address, None, 0, dev_control.creation_code(), GAS, 0, 0))
    assert made.succeeded
    assert found.code(ADDRESS) == artifacts.load("DevControl").runtime
    assert found.storage(ADDRESS, 0) == int.from_bytes(OWNER.address, "big")
    assert GAS - made.gas_left < dev_control.CREATION_GAS


@pytest.mark.parametrize(
    ("alloc", "address"),
    [
        ({}, ADDRESS),
        ({OWNER.address: GenesisAccount(balance=5)}, ADDRESS),
        ({OWNER.address: GenesisAccount(nonce=1)}, None),
        ({OWNER.address: GenesisAccount(code=b"\x00")}, None),
        ({ADDRESS: GenesisAccount(balance=1)}, None),
    ],
)
def test_the_address_is_known_before_where_the_owner_can_create_there(
    alloc: Mapping[bytes, GenesisAccount], address: bytes | None
) -> None:
    assert dev_control.future_address(alloc) == address


def test_accounts_that_users_are_not_shown_pay_first() -> None:
    spare, operator, shown = dev_account(25), operator_account(901, 2), dev_account(3)
    everyone = [spare.address, operator.address, shown.address]
    for expected in (spare, operator, shown, None):
        assert dev_control.funder(rich(*everyone), 901, ()) == expected
        assert dev_control.funder(rich(spare.address), 901, {spare.address}) is None
        everyone = everyone[1:]


def test_the_nodes_own_transactions_are_told_from_users() -> None:
    call = dev_control.set_clock_call(7, 8)
    assert call[4:] == (7).to_bytes(32, "big") + (8).to_bytes(32, "big")
    assert dev_control.is_ours(sent(ADDRESS, call), ADDRESS)
    assert dev_control.is_ours(sent(None, dev_control.creation_code()), ADDRESS)
    assert not dev_control.is_ours(sent(OWNER.address, call), ADDRESS)
    assert not dev_control.is_ours(sent(ADDRESS, b""), ADDRESS)
    assert not dev_control.is_ours(sent(None, b"\x00"), ADDRESS)
