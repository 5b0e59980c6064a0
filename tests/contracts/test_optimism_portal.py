"""OptimismPortal logs the deposits that the OP Stack's portal logs."""

from __future__ import annotations

import random
from typing import Any

import pytest

from byline.derivation.deposits import user_deposits
from byline.derivation.receipt import Log, Receipt
from byline.node.contracts import addresses
from tests.contracts.genuine import GENUINE_PORTAL, genuine_l1
from tests.contracts.harness import Contract, Evm, Outcome, calldata
from tests.contracts.l1_stack import l1_stack
from tests.vectors_folder import load

PORTAL = addresses.OPTIMISM_PORTAL
DEPOSIT = "depositTransaction(address,uint256,uint64,bool,bytes)"
PERSON = b"\x11" * 20
SOMEBODY = "0x" + "22" * 20
NOBODY = "0x" + "00" * 20


def portal(evm: Evm | None = None) -> Contract:
    return l1_stack(addresses={"OptimismPortal": PORTAL}, evm=evm).portal


def deposit_log(outcome: Outcome) -> tuple[tuple[bytes, ...], bytes]:
    """Topics and data of the deposit; the genuine portal logs its lockbox first."""
    log = outcome.logs[-1]
    return log.topics, log.data


def deposit_steps() -> list[Any]:
    steps = load("l1-contracts/l1_e2e_steps.json")["steps"]
    return [step for step in steps if step["sig"] == DEPOSIT]


def test_the_deposits_of_the_vector_come_out() -> None:
    contract = portal()
    evm = contract.evm
    steps = deposit_steps()
    assert len(steps) >= 5
    for step in steps:
        outcome = evm.call(
            PORTAL,
            bytes.fromhex(step["data"][2:]),
            sender=bytes.fromhex(step["from"][2:]),
            origin=bytes.fromhex(step.get("tx_origin", step["from"])[2:]),
            value=int(step["value"], 16),
        )
        assert outcome.success == step["success"], step["name"]
        if outcome.success:
            expected = step["logs"][-1]
            topics = tuple(bytes.fromhex(topic[2:]) for topic in expected["topics"])
            assert deposit_log(outcome) == (topics, bytes.fromhex(expected["data"][2:]))
        else:
            assert "0x" + outcome.output.hex() == step["output"]


def test_random_deposits_are_logged_as_by_the_genuine_portal() -> None:
    genuine, ours = genuine_l1(), portal().evm
    source = random.Random(5)
    for number in range(2, 22):
        creation = source.random() < 0.3
        data = source.randbytes(source.choice((0, 1, 31, 32, 33, 64, 500)))
        call = calldata(
            DEPOSIT,
            NOBODY if creation else "0x" + source.randbytes(20).hex(),
            source.getrandbits(100),
            21_000 + 40 * len(data) + source.choice((-1, 0, 1, 100_000)),
            creation,
            data,
        )
        sender, value = source.randbytes(20), source.choice((0, 1, 10**20))
        for evm in (genuine, ours):
            evm.at(number, 1_800_000_000 + 12 * number)
        expected = genuine.call(GENUINE_PORTAL, call, sender=sender, value=value)
        outcome = ours.call(PORTAL, call, sender=sender, value=value)
        assert outcome.success == expected.success
        if outcome.success:
            assert deposit_log(outcome) == deposit_log(expected)
        else:
            assert outcome.output == expected.output


def test_plain_value_is_deposited_as_by_the_genuine_portal() -> None:
    expected = genuine_l1().call(GENUINE_PORTAL, value=77)
    outcome = portal().evm.call(PORTAL, value=77)
    assert deposit_log(outcome) == deposit_log(expected)


def test_derivation_reads_the_deposit_that_was_made() -> None:
    contract = portal()
    outcome = contract.send("depositTransaction", SOMEBODY, 9, 30_000, False, b"abc", value=5)
    logs = tuple(Log(log.address, log.topics, log.data) for log in outcome.logs)
    receipt = Receipt(type=2, succeeded=True, cumulative_gas_used=1, logs=logs)
    (deposit,) = user_deposits([receipt], bytes(32), PORTAL)
    assert deposit.sender == PERSON
    assert (deposit.to, deposit.mint, deposit.value) == (b"\x22" * 20, 5, 9)
    assert (deposit.gas, deposit.data) == (30_000, b"abc")


def sender_topic(*, code: bytes, origin: bytes) -> bytes:
    evm = Evm()
    evm.set(PERSON, code=code)
    outcome = portal(evm).send(
        "depositTransaction", SOMEBODY, 0, 100_000, False, b"", sender=PERSON, origin=origin
    )
    return outcome.logs[0].topics[1][12:]


def aliased(address: bytes) -> bytes:
    offset = 0x1111000000000000000000000000000000001111
    return ((int.from_bytes(address, "big") + offset) % 2**160).to_bytes(20, "big")


def test_a_contract_appears_on_the_l2_under_its_alias() -> None:
    assert sender_topic(code=b"\x00", origin=b"\x33" * 20) == aliased(PERSON)


@pytest.mark.parametrize("code", [b"\xef\x01\x00" + b"\x44" * 19, b"\x00" * 23, b"\xef\x01\x00"])
def test_code_that_is_no_delegation_is_a_contract(code: bytes) -> None:
    assert sender_topic(code=code, origin=b"\x33" * 20) == aliased(PERSON)


@pytest.mark.parametrize("origin", [PERSON, b"\x33" * 20])
def test_an_account_that_delegates_keeps_its_address(origin: bytes) -> None:
    assert sender_topic(code=b"\xef\x01\x00" + b"\x44" * 20, origin=origin) == PERSON


def test_the_alias_wraps_round_at_the_last_address() -> None:
    evm = Evm()
    last = b"\xff" * 20
    evm.set(last, code=b"\x00")
    outcome = portal(evm).send(
        "depositTransaction", SOMEBODY, 0, 100_000, False, b"", sender=last, origin=PERSON
    )
    assert outcome.logs[0].topics[1][12:] == aliased(last)


def test_a_creation_must_name_nobody_and_its_gas_must_cover_its_data() -> None:
    contract = portal()
    outcome = contract.send("depositTransaction", SOMEBODY, 0, 100_000, True, b"")
    assert contract.error(outcome) == "OptimismPortal_BadTarget"
    outcome = contract.send("depositTransaction", SOMEBODY, 0, 21_079, False, b"ab")
    assert contract.error(outcome) == "OptimismPortal_GasLimitTooLow"
    assert contract.send("depositTransaction", SOMEBODY, 0, 21_080, False, b"ab").success
    assert contract.read("minimumGasLimit", 2) == 21_080


def test_deposits_of_one_block_share_twenty_million_gas() -> None:
    contract = portal()
    arguments = (SOMEBODY, 0, 19_000_000, False, b"")
    assert contract.send("depositTransaction", *arguments).success
    refused = contract.send("depositTransaction", SOMEBODY, 0, 1_000_001, False, b"")
    assert contract.error(refused) == "OutOfGas"
    assert contract.send("depositTransaction", SOMEBODY, 0, 1_000_000, False, b"").success
    assert contract.read("params") == (10**9, 20_000_000, 2)
    assert contract.error(contract.evm.call(PORTAL, value=1)) == "OutOfGas"
    contract.evm.at(3, 1_700_000_012)
    assert contract.send("depositTransaction", *arguments).success
    assert contract.read("params") == (2_125_000_000, 19_000_000, 3)


def test_the_value_stays_in_the_portal() -> None:
    contract = portal()
    contract.send("depositTransaction", SOMEBODY, 0, 100_000, False, b"", value=12)
    contract.evm.call(PORTAL, value=30)
    assert contract.evm.balance(PORTAL) == 42


def test_data_at_the_cap_passes_and_beyond_it_is_refused() -> None:
    contract = portal()
    for size, accepted in ((49_152, True), (49_153, False)):
        outcome = contract.send(
            "depositTransaction", SOMEBODY, 0, 5_000_000, False, b"\x01" * size
        )
        assert outcome.success == accepted


def test_calldata_of_no_known_function_is_no_deposit() -> None:
    assert not portal().evm.call(PORTAL, b"\x01\x02\x03\x04", value=1).success
