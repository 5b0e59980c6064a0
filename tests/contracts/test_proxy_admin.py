"""The proxies' admin commands all kinds of genuine proxies as the genuine one does."""

from __future__ import annotations

import random
from functools import cache
from itertools import pairwise
from typing import Any

import pytest

from byline.node.contracts import addresses, artifacts
from tests.contracts.genuine import GENUINE_PORTAL, genuine_l1, implementation, preinstall
from tests.contracts.harness import Contract, Evm, Outcome, calldata, word
from tests.contracts.implementations import IMPLEMENTATIONS, put_in_place
from tests.contracts.quick import Base, Quick, base_of

L1_ADMIN = bytes.fromhex("489d547a66233f1e476d4657cccd753a5629fe8c")
L1_OWNER = bytes.fromhex("69a2d297b1af083885fef2e8f378201da757dfd8")
MANAGER = bytes.fromhex("d989366df3140ca387848c8c71b26f3729771188")
CHUGSPLASH = bytes.fromhex("52af4dff31d13449b70993e21eb599c615a66541")
RESOLVED = bytes.fromhex("c8c71093ffc2092d61a72369d81940b839bb12b4")
NAME = "OVM_L1CrossDomainMessenger"
NAMES = (NAME, "", "x" * 40)
NOT_OURS = bytes.fromhex("df5d46896bffa0fb9bc1d28c67d9da4b06e10f6c")
"""A proxy with another admin."""
NEXT_OWNER = b"\x22" * 20
OTHER = b"\x11" * 20
PROXIES = (GENUINE_PORTAL, CHUGSPLASH, RESOLVED, NOT_OURS, OTHER)
ECHO, REVERTS = list(IMPLEMENTATIONS)[:2]


def text(address: bytes) -> str:
    return "0x" + address.hex()


@cache
def bases() -> tuple[Base, Base]:
    """The genuine L1 with our admin in the place of its own, and as it is."""
    ours, genuine = genuine_l1(), genuine_l1()
    artifact = artifacts.load("ProxyAdmin")
    ours.set(L1_ADMIN, code=artifact.runtime)
    kinds = {CHUGSPLASH: 1, RESOLVED: 2}
    admin = Contract(ours, L1_ADMIN, artifact.abi)
    for proxy, kind in kinds.items():
        assert admin.send("setProxyType", text(proxy), kind, sender=L1_OWNER).success
    assert admin.send("setImplementationName", text(RESOLVED), NAME, sender=L1_OWNER).success
    for evm in (ours, genuine):
        put_in_place(evm)
        for sender in (L1_OWNER, OTHER):
            evm.set(sender, balance=10**18)
    return base_of(ours, 5, 1_752_790_000), base_of(genuine, 5, 1_752_790_000)


def admins() -> tuple[Evm, Evm]:
    ours, genuine = bases()
    return Quick(ours, 900), Quick(genuine, 900)


def same(evms: tuple[Evm, Evm], data: bytes, **options: Any) -> Outcome:
    """Call both, compare what can be seen but gas, and return what became of ours."""
    mine, theirs = (evm.call(L1_ADMIN, data, **options) for evm in evms)
    call = f"{data.hex()} with {options}"
    assert mine.success == theirs.success, f"{call}: {mine.error} {theirs.error}"
    assert mine.output == theirs.output, call
    assert mine.logs == theirs.logs, call
    if mine.success:
        for address in (*PROXIES, MANAGER):
            roots = [evm.storage_root(address) for evm in evms]
            assert roots[0] == roots[1], f"{call}: storage of {text(address)}"
            assert evms[0].balance(address) == evms[1].balance(address)
    for slot in (0, 3):
        assert evms[0].storage(L1_ADMIN, slot) == evms[1].storage(L1_ADMIN, slot), call
    return mine


def getters() -> list[bytes]:
    per_proxy = ("getProxyImplementation", "getProxyAdmin", "proxyType", "implementationName")
    return [
        *(calldata(f"{name}(address)", text(proxy)) for name in per_proxy for proxy in PROXIES),
        *(calldata(name) for name in ("owner()", "addressManager()", "isUpgrading()")),
    ]


def random_call(source: random.Random) -> bytes:
    proxy = text(source.choice(PROXIES))
    behind = text(source.choice((ECHO, REVERTS, list(IMPLEMENTATIONS)[3])))
    inner = source.randbytes(source.choice((0, 4, 36, 300)))
    return source.choice(
        [
            *getters(),
            *2 * [
                calldata("upgrade(address,address)", proxy, behind),
                calldata("upgradeAndCall(address,address,bytes)", proxy, behind, inner),
                calldata("setUpgrading(bool)", source.random() < 0.3),
                calldata("setProxyType(address,uint8)", proxy, source.randrange(3)),
                calldata("setImplementationName(address,string)", proxy, source.choice(NAMES)),
                calldata("setAddress(string,address)", source.choice(NAMES), behind),
            ],
            calldata("changeProxyAdmin(address,address)", proxy, text(L1_ADMIN)),
            calldata("setAddressManager(address)", text(source.choice((MANAGER, MANAGER, OTHER)))),
        ]
    )  # fmt: skip


@pytest.mark.parametrize("seed", range(3))
def test_random_histories_are_those_of_the_genuine_admin(seed: int) -> None:
    source = random.Random(seed)
    evms = admins()
    verdicts = []
    for _ in range(80):
        sender = source.choice((L1_OWNER, L1_OWNER, L1_OWNER, OTHER))
        data = random_call(source)
        value = source.choice((0, 0, 3)) if data[:4] == UPGRADE_AND_CALL else 0
        verdicts.append(same(evms, data, sender=sender, value=value).success)
    assert 20 < sum(verdicts) < 80
    for question in getters():
        same(evms, question)


UPGRADE_AND_CALL = calldata(
    "upgradeAndCall(address,address,bytes)", text(OTHER), text(OTHER), b""
)[:4]
COMMANDS: dict[str, list[Any]] = {
    "transferOwnership(address)": [text(NEXT_OWNER)],
    "renounceOwnership()": [],
    "setProxyType(address,uint8)": [text(OTHER), 1],
    "setImplementationName(address,string)": [text(OTHER), "name"],
    "setAddressManager(address)": [text(OTHER)],
    "setAddress(string,address)": ["name", text(OTHER)],
    "setUpgrading(bool)": [True],
    "changeProxyAdmin(address,address)": [text(GENUINE_PORTAL), text(OTHER)],
    "upgrade(address,address)": [text(GENUINE_PORTAL), text(ECHO)],
    "upgradeAndCall(address,address,bytes)": [text(GENUINE_PORTAL), text(ECHO), b"data"],
}


@pytest.mark.parametrize("function", COMMANDS)
def test_every_command_is_for_the_owner_alone(function: str) -> None:
    evms = admins()
    data = calldata(function, *COMMANDS[function])
    refused = same(evms, data, sender=OTHER)
    assert Contract(evms[0], L1_ADMIN, ()).error(refused) == "Ownable: caller is not the owner"
    assert same(evms, data, sender=L1_OWNER).success
    for question in getters():
        same(evms, question)


@pytest.mark.parametrize("function", COMMANDS)
def test_damaged_arguments_and_value_are_refused_as_by_the_genuine_admin(function: str) -> None:
    evms = admins()
    data = calldata(function, *COMMANDS[function])
    damaged = [data[:4]]
    for index, argument in enumerate(COMMANDS[function]):
        if not isinstance(argument, bytes) and argument != "name":
            at = 4 + 32 * index
            damaged += [data[:at] + word(odd) + data[at + 32 :] for odd in (3, 2**64, 2**160)]
    for sender in (OTHER, L1_OWNER):
        for call in damaged:
            if same(evms, call, sender=sender, gas=10**7).success:
                evms = admins()
        if function != "upgradeAndCall(address,address,bytes)":
            refused = same(evms, data, sender=sender, value=1)
            assert (refused.success, refused.output) == (False, b"")


def test_an_owner_is_followed_by_another_and_by_nobody() -> None:
    evms = admins()
    admin = Contract(evms[0], L1_ADMIN, artifacts.load("ProxyAdmin").abi)
    zero = same(evms, calldata("transferOwnership(address)", text(bytes(20))), sender=L1_OWNER)
    assert admin.error(zero) == "Ownable: new owner is the zero address"
    passed = same(evms, calldata("transferOwnership(address)", text(NEXT_OWNER)), sender=L1_OWNER)
    assert admin.event(passed.logs[0]) == {
        "": "OwnershipTransferred",
        "previousOwner": text(L1_OWNER),
        "newOwner": text(NEXT_OWNER),
    }
    assert not same(evms, calldata("renounceOwnership()"), sender=L1_OWNER).success
    assert same(evms, calldata("renounceOwnership()"), sender=NEXT_OWNER).success
    assert admin.read("owner") == text(bytes(20))


def test_a_genesis_sets_the_owner_and_the_admin_may_stand_behind_a_proxy_itself() -> None:
    artifact = artifacts.load("ProxyAdmin")
    ours, genuine = Evm(), Evm()
    ours.set(addresses.PROXY_ADMIN, code=artifacts.load("Proxy").runtime)
    ours.set(b"\x18" * 20, code=artifact.runtime)
    genuine.set(addresses.PROXY_ADMIN, code=preinstall(addresses.PROXY_ADMIN))
    genuine.set(b"\x18" * 20, code=implementation(0x18))
    storage = {
        0: int.from_bytes(L1_OWNER, "big"),
        addresses.IMPLEMENTATION_SLOT: int.from_bytes(b"\x18" * 20, "big"),
        addresses.ADMIN_SLOT: int.from_bytes(addresses.PROXY_ADMIN, "big"),
    }
    calls = [
        ("owner()", []),
        ("getProxyAdmin(address)", [text(addresses.PROXY_ADMIN)]),
        ("getProxyImplementation(address)", [text(addresses.PROXY_ADMIN)]),
        ("upgrade(address,address)", [text(addresses.PROXY_ADMIN), text(ECHO)]),
        ("owner()", []),
    ]
    outcomes = []
    for evm in (ours, genuine):
        evm.set(addresses.PROXY_ADMIN, storage=storage)
        put_in_place(evm)
        outcomes.append(
            [
                evm.call(addresses.PROXY_ADMIN, calldata(name, *rest), sender=L1_OWNER)
                for name, rest in calls
            ]
        )
    seen = [[(o.success, o.output, o.logs) for o in side] for side in outcomes]
    assert seen[0] == seen[1]
    assert all(o.success for o in outcomes[0])
    assert outcomes[0][0].output == word(int.from_bytes(L1_OWNER, "big"))
    # The echo stands behind it by now.
    assert outcomes[0][4].output == calldata("owner()")


def test_a_new_admin_belongs_to_whom_its_creator_says() -> None:
    artifact = artifacts.load("ProxyAdmin")
    evm = Evm()
    created = evm.deploy(artifact.bytecode + word(int.from_bytes(L1_OWNER, "big")), sender=OTHER)
    admin = Contract(evm, created.created, artifact.abi)
    assert admin.read("owner") == text(L1_OWNER)
    owners = [text(bytes(20)), text(OTHER), text(L1_OWNER)]
    assert [admin.event(log) for log in created.logs] == [
        {"": "OwnershipTransferred", "previousOwner": before, "newOwner": after}
        for before, after in pairwise(owners)
    ]


def test_calls_after_an_upgrade_have_up_to_the_length_that_the_source_states() -> None:
    evms = admins()
    data = bytes(24_576)
    names = "upgradeAndCall(address,address,bytes)"
    call = calldata(names, text(GENUINE_PORTAL), text(ECHO), data)
    assert same(evms, call, sender=L1_OWNER).success
    longer = calldata(names, text(GENUINE_PORTAL), text(ECHO), data + b"\0")
    assert not evms[0].call(L1_ADMIN, longer, sender=L1_OWNER).success
