"""Assembled contracts behave as the genuine ones at their addresses."""

from __future__ import annotations

import random
from typing import Any

import pytest

from byline.derivation.hashing import keccak256
from byline.node.contracts import addresses, artifacts
from byline.node.contracts.assembler import assemble
from tests.contracts.genuine import preinstall
from tests.contracts.harness import Contract, Evm, calldata, word

MULTICALL = addresses.MULTICALL3
DEPLOYER = addresses.CREATE2_DEPLOYER

CALLEES = {
    b"\x01" * 20: "CALLDATASIZE PUSH0 PUSH0 CALLDATACOPY CALLDATASIZE PUSH0 RETURN",  # echo
    b"\x02" * 20: "CALLDATASIZE PUSH0 PUSH0 CALLDATACOPY CALLDATASIZE PUSH0 REVERT",
    b"\x03" * 20: "INVALID",
    b"\x04" * 20: "CALLVALUE PUSH0 MSTORE CALLER 0x20 MSTORE 0x40 PUSH0 RETURN",
    b"\x05" * 20: "",  # nobody
    b"\x06" * 20: "5 PUSH0 PUSH0 CALLDATACOPY 5 PUSH0 RETURN",  # less than it was given
}
PLAIN = "((address,bytes)[])"
TRY = "(bool,(address,bytes)[])"


def evms() -> tuple[Evm, Evm]:
    """One state with our Multicall3, one with the genuine."""
    ours, genuine = Evm(number=9), Evm(number=9)
    ours.set(MULTICALL, code=artifacts.load("Multicall3").runtime)
    genuine.set(MULTICALL, code=preinstall(MULTICALL))
    for evm in (ours, genuine):
        for address, source in CALLEES.items():
            evm.set(address, code=assemble(source).code)
    return ours, genuine


def both(data: bytes, **options: Any) -> bool:
    """Compare one call on both; return whether it succeeded."""
    ours, genuine = (evm.call(MULTICALL, data, **options) for evm in evms())
    assert ours.success == genuine.success, (data.hex(), ours.error, genuine.error)
    # The genuine aggregate3Value gives a word of nothing after its reason.
    assert ours.output == genuine.output[: None if ours.success else len(ours.output)]
    return ours.success


def random_calls(source: random.Random, *, failing: bool) -> list[tuple[str, bytes]]:
    targets = list(CALLEES) if failing else [t for t in CALLEES if t[0] not in (2, 3)]
    return [
        ("0x" + source.choice(targets).hex(), source.randbytes(source.choice((0, 1, 32, 33, 90))))
        for _ in range(source.randrange(6))
    ]


@pytest.mark.parametrize("name", ["aggregate", "blockAndAggregate"])
@pytest.mark.parametrize("failing", [False, True])
def test_calls_that_must_succeed(name: str, failing: bool) -> None:
    source = random.Random(1)
    verdicts = {
        both(calldata(name + PLAIN, random_calls(source, failing=failing)), gas=10**14)
        for _ in range(25)
    }
    assert verdicts == ({True, False} if failing else {True})


@pytest.mark.parametrize("name", ["tryAggregate", "tryBlockAndAggregate"])
@pytest.mark.parametrize("require", [False, True])
def test_calls_that_may_fail_together(name: str, require: bool) -> None:
    source = random.Random(2)
    verdicts = {
        both(calldata(name + TRY, require, random_calls(source, failing=True)), gas=10**14)
        for _ in range(25)
    }
    assert verdicts == ({True, False} if require else {True})


def test_calls_that_say_one_by_one_whether_they_may_fail() -> None:
    source = random.Random(3)
    verdicts = set()
    for _ in range(40):
        calls = [
            (target, source.random() < 0.7, data)
            for target, data in random_calls(source, failing=True)
        ]
        verdicts.add(both(calldata("aggregate3((address,bool,bytes)[])", calls), gas=10**14))
    assert verdicts == {True, False}


def test_calls_with_value() -> None:
    source = random.Random(4)
    verdicts = set()
    for _ in range(40):
        calls = [
            (target, source.random() < 0.8, source.choice((0, 3, 10**30)), data)
            for target, data in random_calls(source, failing=True)
        ]
        total = sum(call[2] for call in calls)
        verdicts.add(
            both(
                calldata("aggregate3Value((address,bool,uint256,bytes)[])", calls),
                value=source.choice((total, total, total + 1)) % 10**30,
                gas=10**14,
            )
        )
    assert verdicts == {True, False}


def test_value_that_is_not_passed_on_whole_is_refused_with_the_genuine_words() -> None:
    ours, _ = evms()
    contract = Contract(ours, MULTICALL, artifacts.load("Multicall3").abi)
    calls = [("0x" + "04" * 20, False, 3, b"")]
    assert contract.error(contract.send("aggregate3Value", calls, value=4)) == (
        "Multicall3: value mismatch"
    )
    assert contract.send("aggregate3Value", calls, value=3).success
    assert ours.balance(b"\x04" * 20) == 3
    failing = [("0x" + "03" * 20, False, b"")]
    assert contract.error(contract.send("aggregate3", failing, gas=10**14)) == (
        "Multicall3: call failed"
    )


@pytest.mark.parametrize(
    "name",
    ["getBasefee", "getBlockNumber", "getChainId", "getCurrentBlockCoinbase",
     "getCurrentBlockDifficulty", "getCurrentBlockGasLimit", "getCurrentBlockTimestamp",
     "getLastBlockHash"],
)  # fmt: skip
def test_what_a_block_knows(name: str) -> None:
    assert both(calldata(f"{name}()"))
    assert not both(calldata(f"{name}()"), value=1)


def test_balances_and_hashes() -> None:
    assert both(calldata("getEthBalance(address)", "0x" + "11" * 20), value=0)
    for number in (0, 8, 9, 2**255):
        assert both(calldata("getBlockHash(uint256)", number))
    assert not both(calldata("getEthBalance(address)", "0x" + "11" * 20)[:-1])


def test_damaged_calldata_is_refused_or_read_as_by_the_genuine_contract() -> None:
    source = random.Random(5)
    calls = [("0x" + "01" * 20, True, b"abc"), ("0x" + "05" * 20, False, b"")]
    good = calldata("aggregate3((address,bool,bytes)[])", calls)
    verdicts = []
    for _ in range(150):
        data = bytearray(good)
        if source.random() < 0.3:
            del data[source.randrange(len(data)) :]
        else:
            at = 4 + 32 * source.randrange(len(data) // 32)
            # Offsets from 2**255 the genuine decoder takes for negative; ours refuses them.
            data[at : at + 32] = word(source.choice((0, 1, 2, 31, 32, 64, 2**40, 2**254)))
        verdicts.append(both(bytes(data), gas=10**14))
    assert 0 < sum(verdicts) < len(verdicts)


WRAPPING = (2**251, 2**255, *(2**256 - back for back in (1, 4, 32, 36, 64, 68, 96)))


WORDS = {"array": 0, "count": 1, "call": 2, "data": 6, "size": 7}


@pytest.mark.parametrize("name", WORDS)
@pytest.mark.parametrize("number", WRAPPING, ids=hex)
def test_offsets_and_lengths_that_wrap_round_are_refused_before_any_call(
    name: str, number: int
) -> None:
    calls = [("0x" + "01" * 20, True, b"abc"), ("0x" + "05" * 20, False, b"")]
    data = bytearray(calldata("aggregate3((address,bool,bytes)[])", calls))
    at = 4 + 32 * WORDS[name]
    data[at : at + 32] = word(number)
    outcome = evms()[0].call(MULTICALL, bytes(data), gas=10**6)
    assert (outcome.error, outcome.output) == ("Revert(b'')", b"")
    assert outcome.gas_used < 2_600, "a call has been made already"


@pytest.mark.parametrize("name", ["tryAggregate", "tryBlockAndAggregate"])
def test_a_missing_argument_and_a_requirement_that_is_no_bool_are_refused(name: str) -> None:
    good = calldata(name + TRY, False, [])
    assert both(good)
    assert not both(good[:36])
    assert not both(good[:67])
    assert not both(good[:4] + word(2) + good[36:])


def test_unknown_functions_and_plain_value_are_refused() -> None:
    assert not both(b"\x01\x02\x03\x04")
    assert not both(b"", value=1)
    assert not both(b"\x82\xad\x56")


def create2(salt: bytes, initcode: bytes) -> bytes:
    return keccak256(b"\xff" + DEPLOYER + salt + keccak256(initcode))[12:]


def deployers() -> tuple[Evm, Evm]:
    ours, genuine = Evm(), Evm()
    ours.set(DEPLOYER, code=artifacts.load("Create2Deployer").runtime, nonce=1)
    genuine.set(DEPLOYER, code=preinstall(DEPLOYER), nonce=1)
    return ours, genuine


def test_the_deployer_creates_at_the_address_of_salt_and_code_and_returns_it() -> None:
    runtime = bytes.fromhex("602a5f5260205ff3")
    initcode = artifacts.load("Create2Deployer").bytecode[:10]
    initcode = bytes([0x61, 0, len(runtime)]) + initcode[3:] + runtime
    salt = word(77)
    for evm in deployers():
        outcome = evm.call(DEPLOYER, salt + initcode, value=5)
        assert outcome.output == create2(salt, initcode)
        assert evm.code(outcome.output) == runtime
        assert evm.balance(outcome.output) == 5
        again = evm.call(DEPLOYER, salt + initcode)
        assert (again.success, again.output) == (False, b"")


@pytest.mark.parametrize("data", [word(1) + bytes.fromhex("5f5ffd"), b"", b"\x00" * 31])
def test_the_deployer_refuses_what_cannot_be_created(data: bytes) -> None:
    for evm in deployers():
        outcome = evm.call(DEPLOYER, data, gas=10**14)
        assert (outcome.success, outcome.output) == (False, b"")


def test_the_deployers_code_has_the_hash_that_foundry_asks_for() -> None:
    wanted = "2fa86add0aed31f33a762c9d88e807c475bd51d0f52bd0955754b2608f7e4989"
    assert keccak256(artifacts.load("Create2Deployer").runtime).hex() == wanted


def test_an_empty_creation_is_still_one() -> None:
    outputs = [evm.call(DEPLOYER, word(1)).output for evm in deployers()]
    assert outputs == [create2(word(1), b"")] * 2


def test_the_end_of_a_block_finds_no_requests_and_others_are_refused() -> None:
    evm = Evm()
    evm.set(addresses.WITHDRAWAL_REQUESTS, code=artifacts.load("NoRequests").runtime)
    system = bytes.fromhex("ff" * 19 + "fe")
    answer = evm.call(addresses.WITHDRAWAL_REQUESTS, sender=system)
    assert (answer.success, answer.output) == (True, b"")
    assert not evm.call(addresses.WITHDRAWAL_REQUESTS, bytes(56), value=1).success
