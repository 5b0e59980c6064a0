"""Where OPEN pays for gas on the L2, the portal locks it and pays it out."""

from __future__ import annotations

import random
from typing import Any

import pytest

from byline.derivation.deposits import user_deposits
from byline.derivation.hashing import keccak256
from byline.derivation.receipt import Log, Receipt
from byline.node.contracts import artifacts
from tests.contracts.compiled import compiled
from tests.contracts.harness import Contract, Evm, Outcome, calldata
from tests.contracts.l1_stack import (
    DEPLOYER,
    RESOURCE_CONFIG,
    Stack,
    address_of,
    l1_stack,
    plan,
    text,
)
from tests.contracts.withdrawals import Withdrawal, proposed

TOKEN = b"\x0b" * 20
HOLDER = b"\x11" * 20
SOMEBODY = b"\x22" * 20
DEPOSITOR = bytes.fromhex("deaddeaddeaddeaddeaddeaddeaddeaddead0001")
L1_BLOCK = bytes.fromhex("4200000000000000000000000000000000000015")
ETHER_TOKEN = text(b"\xee" * 20)
SUPPLY = 10**27
SET = "setGasPayingToken(address,uint8,bytes32,bytes32)"

ODD_SOURCE = """
DECIMALS: immutable(uint8)

@deploy
def __init__(_decimals: uint8):
    DECIMALS = _decimals

@external
@view
def decimals() -> uint8:
    return DECIMALS

@external
@pure
def name() -> String[40]:
    return "a name of more than thirty-two bytes"

@external
@pure
def symbol() -> String[4]:
    return "ODD"
"""


def logged(outcome: Outcome) -> list[Any]:
    """The deposits that the L2 derives."""
    logs = tuple(Log(log.address, log.topics, log.data) for log in outcome.logs)
    receipt = Receipt(type=2, succeeded=True, cumulative_gas_used=1, logs=logs)
    return list(user_deposits([receipt], bytes(32), address_of("OptimismPortal")))


def with_token() -> Evm:
    evm = Evm()
    artifact = artifacts.load("OpenToken")
    assert evm.deploy(artifact.bytecode, sender=HOLDER, at=TOKEN).success
    return evm


@pytest.fixture
def stack() -> Stack:
    return l1_stack(plan(token=TOKEN), evm=with_token())


@pytest.fixture
def token(stack: Stack) -> Contract:
    return Contract(stack.evm, TOKEN, artifacts.load("OpenToken").abi)


def deposit(stack: Stack, mint: int, value: int = 0) -> Outcome:
    return stack.portal.send(
        "depositERC20Transaction", text(SOMEBODY), mint, value, 100_000, False, b"hi"
    )


def test_the_config_tells_of_the_token(stack: Stack) -> None:
    assert stack.config.read("gasPayingToken") == (text(TOKEN), 18)
    assert stack.config.read("gasPayingTokenName") == "OPEN"
    assert stack.config.read("gasPayingTokenSymbol") == "OPEN"
    assert stack.config.read("isCustomGasToken")


def test_without_a_token_it_is_ether() -> None:
    config = l1_stack().config
    assert config.read("gasPayingToken") == (ETHER_TOKEN, 18)
    assert config.read("gasPayingTokenName") == "Ether"
    assert config.read("gasPayingTokenSymbol") == "ETH"
    assert not config.read("isCustomGasToken")


def test_the_config_keeps_the_token_in_the_slots_of_the_op_stack(stack: Stack) -> None:
    def slot(name: str) -> int:
        return int.from_bytes(keccak256(name.encode()), "big") - 1

    def kept(name: str) -> int:
        return stack.evm.storage(stack.config.address, slot(name))

    assert kept("opstack.gaspayingtoken") == 18 << 160 | int.from_bytes(TOKEN, "big")
    word = int.from_bytes(b"OPEN".ljust(32, b"\0"), "big")
    assert kept("opstack.gaspayingtokenname") == kept("opstack.gaspayingtokensymbol") == word


def test_setup_tells_the_l2_of_the_token(stack: Stack) -> None:
    # Setup again, on a config of a new deployment, to look at the logs.
    artifact = artifacts.load("SystemConfig")
    stack.evm.deploy(artifact.bytecode, sender=DEPLOYER, at=stack.config.address)
    outcome = set_up_config(stack, TOKEN)
    assert outcome.success
    (told,) = logged(outcome)
    assert (told.sender, told.to) == (DEPOSITOR, L1_BLOCK)
    assert (told.mint, told.value, told.gas) == (0, 0, 200_000)
    name = b"OPEN".ljust(32, b"\0")
    assert told.data == calldata(SET, text(TOKEN), 18, name, name)
    updates = [
        stack.config.event(log) for log in outcome.logs if log.address == stack.config.address
    ]
    kinds = [update["updateType"] for update in updates if update[""] == "ConfigUpdate"]
    assert kinds == [0, 1, 2, 3]


def set_up_config(stack: Stack, token: bytes) -> Outcome:
    nobody = text(bytes(20))
    portal = text(stack.portal.address)
    return stack.config.send(
        "initialize",
        text(stack.plan.owner),
        1,
        2,
        bytes(32),
        60_000_000,
        nobody,
        RESOURCE_CONFIG,
        nobody,
        (nobody, nobody, nobody, portal, nobody, nobody),
        901,
        nobody,
        text(token),
        sender=DEPLOYER,
    )


@pytest.mark.parametrize("decimals", [6, 17, 19])
def test_a_token_of_other_decimals_is_refused(stack: Stack, decimals: int) -> None:
    artifact = compiled(ODD_SOURCE)
    odd = b"\x0d" * 20
    creation = artifact.bytecode + decimals.to_bytes(32, "big")
    assert stack.evm.deploy(creation, at=odd).success
    code = artifacts.load("SystemConfig").bytecode
    stack.evm.deploy(code, sender=DEPLOYER, at=stack.config.address)
    outcome = set_up_config(stack, odd)
    assert stack.config.error(outcome) == "SystemConfig: bad decimals of gas paying token"


def test_a_token_with_a_name_beyond_a_word_is_refused(stack: Stack) -> None:
    odd = b"\x0d" * 20
    creation = compiled(ODD_SOURCE).bytecode + (18).to_bytes(32, "big")
    assert stack.evm.deploy(creation, at=odd).success
    code = artifacts.load("SystemConfig").bytecode
    stack.evm.deploy(code, sender=DEPLOYER, at=stack.config.address)
    assert not set_up_config(stack, odd).success


def test_a_deposit_locks_what_it_mints(stack: Stack, token: Contract) -> None:
    assert not deposit(stack, 500).success
    assert token.send("approve", text(stack.portal.address), 800, sender=HOLDER).success
    outcome = deposit(stack, 500, 300)
    assert outcome.success
    (made,) = logged(outcome)
    assert (made.sender, made.to, made.mint, made.value) == (HOLDER, SOMEBODY, 500, 300)
    assert (made.gas, made.data) == (100_000, b"hi")
    assert token.read("balanceOf", text(stack.portal.address)) == 500
    assert token.read("balanceOf", text(HOLDER)) == SUPPLY - 500
    assert stack.portal.read("balance") == 500
    assert not deposit(stack, 301).success


def test_a_deposit_that_mints_nothing_needs_no_token(stack: Stack) -> None:
    outcome = deposit(stack, 0, 5)
    assert outcome.success
    assert logged(outcome)[0].mint == 0


def test_ether_is_not_taken(stack: Stack) -> None:
    call = ("depositTransaction", text(SOMEBODY), 0, 100_000, False, b"")
    refused = stack.portal.send(*call, value=1)
    assert stack.portal.error(refused) == "NoValue"
    assert stack.portal.error(stack.evm.call(stack.portal.address, value=1)) == "NoValue"
    assert stack.portal.send(*call).success
    assert not stack.portal.send(
        "depositERC20Transaction", text(SOMEBODY), 0, 0, 100_000, False, b"", value=1
    ).success


def test_without_a_token_there_is_no_deposit_of_tokens() -> None:
    stack = l1_stack()
    assert stack.portal.error(deposit(stack, 0)) == "OnlyCustomGasToken"
    stack.evm.call(stack.portal.address, value=30)
    assert stack.portal.read("balance") == 30


def test_only_the_config_names_the_token(stack: Stack) -> None:
    call = ("setGasPayingToken", text(TOKEN), 18, bytes(32), bytes(32))
    for sender in (HOLDER, stack.plan.owner):
        assert stack.portal.error(stack.portal.send(*call, sender=sender)) == "Unauthorized"


def test_a_withdrawal_pays_tokens_once(stack: Stack, token: Contract) -> None:
    token.send("approve", text(stack.portal.address), 800, sender=HOLDER)
    assert deposit(stack, 800).success
    withdrawal = Withdrawal(target=SOMEBODY, value=300)
    ready = proposed(stack, withdrawal)
    ready.mature(withdrawal)
    assert ready.finalize(withdrawal).success
    assert token.read("balanceOf", text(SOMEBODY)) == 300
    assert stack.portal.read("balance") == 500
    assert not ready.finalize(withdrawal).success
    assert stack.evm.balance(SOMEBODY) == 0


def test_no_more_tokens_leave_than_were_deposited(stack: Stack, token: Contract) -> None:
    token.send("approve", text(stack.portal.address), 100, sender=HOLDER)
    assert deposit(stack, 100).success
    # Tokens that were merely sent are nobody's on the L2.
    token.send("transfer", text(stack.portal.address), 1_000, sender=HOLDER)
    withdrawal = Withdrawal(target=SOMEBODY, value=101)
    ready = proposed(stack, withdrawal)
    ready.mature(withdrawal)
    assert not ready.finalize(withdrawal).success
    assert not stack.portal.read("finalizedWithdrawals", withdrawal.hash)
    assert token.read("balanceOf", text(SOMEBODY)) == 0


def test_a_withdrawal_cannot_call_the_token(stack: Stack, token: Contract) -> None:
    token.send("approve", text(stack.portal.address), 100, sender=HOLDER)
    assert deposit(stack, 100).success
    theft = token.data("transfer", text(SOMEBODY), 100)
    withdrawal = Withdrawal(target=TOKEN, data=theft)
    ready = proposed(stack, withdrawal)
    ready.mature(withdrawal)
    assert stack.portal.error(ready.finalize(withdrawal)) == "OptimismPortal_BadTarget"
    assert token.read("balanceOf", text(SOMEBODY)) == 0


@pytest.mark.parametrize("pays", ["ether", "token"])
def test_what_lies_in_the_portal_is_what_came_less_what_left(pays: str) -> None:
    source = random.Random(pays)
    stack = l1_stack(plan(token=TOKEN), evm=with_token()) if pays == "token" else l1_stack()
    open_token = Contract(stack.evm, TOKEN, artifacts.load("OpenToken").abi)
    withdrawals = [
        Withdrawal(nonce=1 << 240 | number, target=SOMEBODY, value=source.randrange(400))
        for number in range(12)
    ]
    ready = proposed(stack, *withdrawals)
    for withdrawal in withdrawals:
        assert ready.prove(withdrawal).success
    stack.settle(ready.game)
    stack.wait(20)
    came = left = 0
    for _ in range(60):
        stack.wait(1)
        if source.random() < 0.4:
            amount = source.randrange(200)
            came += amount if put_in(stack, amount, pays, open_token) else 0
        else:
            withdrawal = source.choice(withdrawals)
            if ready.finalize(withdrawal).success:
                withdrawals.remove(withdrawal)
                left += withdrawal.value
        assert stack.portal.read("balance") == came - left >= 0
        if not withdrawals:
            break
    assert left > 500
    paid = (
        open_token.read("balanceOf", text(SOMEBODY))
        if pays == "token"
        else stack.evm.balance(SOMEBODY)
    )
    assert paid == left


def put_in(stack: Stack, amount: int, pays: str, open_token: Contract) -> bool:
    """Deposit, in tokens sometimes more than was approved; return whether it was taken."""
    if pays == "ether":
        call = ("depositTransaction", text(SOMEBODY), 0, 100_000, False, b"")
        return stack.portal.send(*call, value=amount).success
    approved = amount - 1 if amount % 5 == 4 else amount
    open_token.send("approve", text(stack.portal.address), approved, sender=HOLDER)
    return deposit(stack, amount).success
