"""The proxy does what the genuine one does, for its admin and for everybody else."""

from __future__ import annotations

import random
from typing import Any

import pytest

from byline.node.contracts import addresses, artifacts
from tests.contracts.genuine import L1_GENESIS, preinstall
from tests.contracts.harness import Contract, Evm, Outcome, calldata, word
from tests.contracts.implementations import IMPLEMENTATIONS, put_in_place
from tests.contracts.quick import Quick, base_of
from tests.vectors_folder import load

PROXY = b"\x99" * 20
ADMIN = b"\xad" * 20
NEXT_ADMIN = b"\xae" * 20
NOBODY = bytes(20)
SENDERS = (ADMIN, NEXT_ADMIN, NOBODY, b"\x11" * 20)
SLOTS = (addresses.IMPLEMENTATION_SLOT, addresses.ADMIN_SLOT, 0, 1)

ADMIN_FUNCTIONS = ("upgradeTo(address)", "changeAdmin(address)", "admin()", "implementation()")


def proxies(implementation: bytes | None = b"\x01" * 20) -> tuple[Evm, Evm]:
    """One state with our proxy, one with the genuine, both with the same things behind."""
    ours, genuine = Evm(), Evm()
    ours.set(PROXY, code=artifacts.load("Proxy").runtime)
    genuine.set(PROXY, code=preinstall(addresses.L1_BLOCK))
    for evm in (ours, genuine):
        evm.set(PROXY, storage={addresses.ADMIN_SLOT: int.from_bytes(ADMIN, "big")})
        if implementation is not None:
            slot = addresses.IMPLEMENTATION_SLOT
            evm.set(PROXY, storage={slot: int.from_bytes(implementation, "big")})
        put_in_place(evm)
    return ours, genuine


def same(evms: tuple[Evm, Evm], data: bytes, **options: Any) -> tuple[Outcome, Outcome]:
    """Call both, compare all that can be seen but gas, and return what became of it."""
    mine, theirs = (evm.call(PROXY, data, **options) for evm in evms)
    call = f"{data[:200].hex()} of {len(data)} bytes with {options}"
    assert mine.success == theirs.success, f"{call}: {mine.error} {theirs.error}"
    assert mine.output == theirs.output, call
    assert mine.logs == theirs.logs, call
    for slot in SLOTS:
        assert evms[0].storage(PROXY, slot) == evms[1].storage(PROXY, slot), f"{call}: {slot:#x}"
    assert evms[0].balance(PROXY) == evms[1].balance(PROXY)
    return mine, theirs


def text(address: bytes) -> str:
    return "0x" + address.hex()


def upgrade_to_and_call(implementation: bytes, data: bytes) -> bytes:
    return calldata("upgradeToAndCall(address,bytes)", text(implementation), data)


def random_call(source: random.Random) -> bytes:
    """An admin's call most of the time, now and then damaged, else any bytes."""
    implementation = source.choice([*IMPLEMENTATIONS, NOBODY])
    inner = source.randbytes(source.choice((0, 0, 1, 31, 32, 33, 36, 64, 500)))
    data = source.choice(
        [
            calldata("upgradeTo(address)", text(implementation)),
            calldata("changeAdmin(address)", text(source.choice(SENDERS[:2]))),
            calldata("admin()"),
            calldata("implementation()"),
            upgrade_to_and_call(implementation, inner),
            inner,
            inner,
        ]
    )
    fate = source.random()
    if fate < 0.1:
        return data[: source.randrange(len(data) + 1)]
    if fate < 0.2:
        return data + source.randbytes(source.randrange(1, 40))
    if fate < 0.3 and len(data) >= 36:
        at = 4 + 32 * source.randrange((len(data) - 4) // 32)
        odd = source.choice((0, 1, 31, 32, 64, 2**160, 2**63, 2**64, 2**255, 2**256 - 32))
        return data[:at] + word(odd) + data[at + 32 :]
    return data


def on_the_node(evms: tuple[Evm, Evm]) -> tuple[Evm, Evm]:
    """Return the same states on the machine that the node runs blocks on."""
    for evm in evms:
        for sender in SENDERS:
            evm.set(sender, balance=10**18)
    ours, genuine = (Quick(base_of(evm, 5, 1_700_000_000), 901) for evm in evms)
    return ours, genuine


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("machine", ["py-evm", "node"])
def test_random_histories_are_those_of_the_genuine_proxy(seed: int, machine: str) -> None:
    source = random.Random(seed)
    evms = proxies(source.choice([None, *IMPLEMENTATIONS]))
    if machine == "node":
        evms = on_the_node(evms)
    seen = set()
    for _ in range(150):
        mine, _ = same(
            evms,
            random_call(source),
            sender=source.choice(SENDERS),
            value=source.choice((0, 0, 0, 5)),
            gas=300_000,
            static=machine == "py-evm" and source.random() < 0.1,
        )
        seen.add((mine.success, bool(mine.output), bool(mine.logs)))
    assert len(seen) >= 4


@pytest.mark.parametrize("sender", [ADMIN, b"\x11" * 20])
def test_functions_of_other_names_are_handed_on_whatever_they_begin_with(sender: bytes) -> None:
    evms = proxies()
    for first in range(256):
        data = bytes([first]) + b"\x01\x02\x03" + word(first)
        assert same(evms, data, sender=sender)[0].output == data


@pytest.mark.parametrize("sender", SENDERS[1:], ids=["next", "zero", "other"])
@pytest.mark.parametrize("function", ADMIN_FUNCTIONS)
def test_the_admins_functions_are_for_the_admin_and_for_simulations(
    function: str, sender: bytes
) -> None:
    argument = [text(b"\x04" * 20)] if "address" in function else []
    data = calldata(function, *argument)
    evms = proxies()
    as_admin, _ = same(evms, data, sender=ADMIN)
    assert as_admin.success
    assert as_admin.output != data
    other, _ = same(proxies(), data, sender=sender)
    assert (other.output == data) == (sender != NOBODY)


@pytest.mark.parametrize("sender", [ADMIN, b"\x11" * 20])
@pytest.mark.parametrize("function", ADMIN_FUNCTIONS)
def test_value_and_damaged_arguments_are_refused_whoever_calls(
    function: str, sender: bytes
) -> None:
    argument = [text(b"\x04" * 20)] if "address" in function else []
    data = calldata(function, *argument)
    refused, _ = same(proxies(), data, sender=sender, value=1)
    assert (refused.success, refused.output) == (False, b"")
    if argument:
        for damaged in (data[:-1], data[:4], data[:4] + b"\x01" + data[5:]):
            refused, _ = same(proxies(), damaged, sender=sender)
            assert (refused.success, refused.output) == (False, b"")


WORDS = {"implementation": 0, "offset": 1, "size": 2}
NUMBERS = (0, 1, 31, 32, 33, 63, 64, 65, 96, 2**63, 2**64 - 1, 2**64, 2**160, 2**255,
           *(2**256 - back for back in (1, 4, 31, 32, 35, 36, 68)))  # fmt: skip


@pytest.mark.parametrize("name", WORDS)
@pytest.mark.parametrize("number", NUMBERS, ids=hex)
def test_calls_with_any_offset_and_size_are_read_or_refused_as_by_the_genuine_proxy(
    name: str, number: int
) -> None:
    data = upgrade_to_and_call(b"\x01" * 20, b"x" * 40)
    at = 4 + 32 * WORDS[name]
    for end in (len(data), 68, 67, 36, 4):
        damaged = (data[:at] + word(number) + data[at + 32 :])[:end]
        same(proxies(), damaged, sender=ADMIN, gas=10**6)


SIZES = (0, 1, 4, 31, 32, 33, 1_000, 24_577, 100_000)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("implementation", [b"\x01" * 20, b"\x02" * 20], ids=["give", "revert"])
def test_whatever_comes_back_is_handed_on_whole(implementation: bytes, size: int) -> None:
    data = random.Random(size).randbytes(size)
    mine, _ = same(proxies(implementation), data, value=3)
    assert mine.success == (implementation == b"\x01" * 20)
    assert mine.output == data


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("implementation", list(IMPLEMENTATIONS)[:2], ids=["give", "revert"])
def test_an_upgrade_with_a_call_wraps_what_comes_back(implementation: bytes, size: int) -> None:
    inner = random.Random(size).randbytes(size)
    evms = proxies()
    mine, _ = same(evms, upgrade_to_and_call(implementation, inner), sender=ADMIN, value=7)
    if implementation == b"\x01" * 20:
        padded = inner + bytes(-size % 32)
        assert mine.output == word(32) + word(size) + padded
        assert evms[0].storage(PROXY, 1) == 7
    else:
        assert Contract(evms[0], PROXY, ()).error(mine) == (
            "Proxy: delegatecall to new implementation contract failed"
        )


def test_bytes_of_the_call_do_not_follow_a_shorter_answer() -> None:
    mine, _ = same(proxies(), upgrade_to_and_call(b"\x06" * 20, b"\xff" * 300), sender=ADMIN)
    assert mine.output == word(32) + word(5) + bytes([0xFF] * 5) + bytes(27)


def test_without_an_implementation_calls_are_refused_with_the_genuine_words() -> None:
    evms = proxies(None)
    for data in (b"", b"\x01\x02\x03\x04", calldata("admin()")):
        mine, _ = same(evms, data)
        assert Contract(evms[0], PROXY, ()).error(mine) == (
            "Proxy: implementation not initialized"
        )
    assert same(evms, calldata("implementation()"), sender=ADMIN)[0].output == bytes(32)


def test_an_implementation_without_code_answers_nothing_and_keeps_the_value() -> None:
    evms = proxies(b"\x05" * 20)
    mine, _ = same(evms, b"\x01\x02\x03\x04", value=9)
    assert (mine.success, mine.output, evms[0].balance(PROXY)) == (True, b"", 9)


def test_an_admin_that_gave_the_office_away_is_like_everybody_else() -> None:
    evms = proxies()
    ours = Contract(evms[0], PROXY, artifacts.load("Proxy").abi)
    mine, _ = same(evms, calldata("changeAdmin(address)", text(NEXT_ADMIN)), sender=ADMIN)
    assert ours.event(mine.logs[0]) == {
        "": "AdminChanged", "previousAdmin": text(ADMIN), "newAdmin": text(NEXT_ADMIN),
    }  # fmt: skip
    asked = calldata("admin()")
    assert same(evms, asked, sender=ADMIN)[0].output == asked
    assert same(evms, asked, sender=NEXT_ADMIN)[0].output == word(
        int.from_bytes(NEXT_ADMIN, "big")
    )


@pytest.mark.parametrize("value", [0, 1])
@pytest.mark.parametrize("arguments", [word(7)[:31], word(7), word(7) + b"x", word(2**160)])
def test_a_proxy_is_created_for_its_admin(value: int, arguments: bytes) -> None:
    artifact = artifacts.load("Proxy")
    evm = Evm()
    created = evm.deploy(artifact.bytecode + arguments, value=value, at=PROXY)
    wanted = value == 0 and arguments[:32] == word(7)
    assert created.success == wanted
    assert evm.code(PROXY) == (artifact.runtime if wanted else b"")
    assert evm.storage(PROXY, addresses.ADMIN_SLOT) == (7 if wanted else 0)
    if wanted:
        proxy = Contract(evm, PROXY, artifact.abi)
        assert [proxy.event(log) for log in created.logs] == [
            {"": "AdminChanged", "previousAdmin": text(NOBODY), "newAdmin": text(word(7)[12:])}
        ]


GAS_CASES = {
    "any call": (b"\x44\x0a\x5e\x20" + bytes(160), b"\x11" * 20),
    "plain value": (b"", b"\x11" * 20),
    "admin": (calldata("admin()"), ADMIN),
    "upgradeTo": (calldata("upgradeTo(address)", text(b"\x04" * 20)), ADMIN),
    "upgradeToAndCall": (upgrade_to_and_call(b"\x04" * 20, b"x" * 100), ADMIN),
}


@pytest.mark.parametrize("name", GAS_CASES)
def test_no_call_costs_more_gas_than_through_the_genuine_proxy(name: str) -> None:
    data, sender = GAS_CASES[name]
    mine, theirs = same(proxies(), data, sender=sender)
    assert theirs.gas_used - 1_000 < mine.gas_used < theirs.gas_used


def test_the_proxy_that_is_compared_with_stands_on_both_genuine_chains() -> None:
    codes = [
        bytes.fromhex(account["code"][2:])
        for account in load(L1_GENESIS)["alloc"].values()
        if account.get("code")
    ]
    assert codes.count(preinstall(addresses.L1_BLOCK)) > 20
