"""Cheats for state where the L1 is somebody's, and under the names of Hardhat and ganache."""

from __future__ import annotations

from typing import Any

import pytest

from byline.derivation.dev_edits import AccountEdit
from byline.node.backend.editing import NodeEditing
from byline.node.backend.state import NodeState
from byline.node.backend.threads import Threads
from byline.rpc.backend import CallRequest, Refused
from tests.integration.rollups import world
from tests.integration.serving import Port
from tests.integration.test_steering_elsewhere import following

WHO = b"\x0a" * 20
NAME = "0x" + WHO.hex()
ONE = "0x" + "00" * 31 + "01"


@pytest.fixture(scope="module")
def made() -> Any:
    return world()


@pytest.mark.asyncio
async def test_an_l2_whose_l1_others_run_is_not_edited() -> None:
    threads = Threads()
    rollup = following(world())
    found = NodeEditing(rollup, "l2", threads, NodeState(rollup, "l2", threads, 30.0))
    assert await found.impersonated() == ()
    assert await found.is_impersonated(WHO) is False
    for refused in (
        found.edit([AccountEdit(WHO, balance=1)]),
        found.add_balance(WHO, 1),
        found.impersonate(WHO, True),
        found.impersonate_everybody(True),
        found.send_unsigned(CallRequest(sender=WHO, to=WHO)),
    ):
        with pytest.raises(Refused, match="the L1 is not this node's"):
            await refused
    threads.close()


@pytest.mark.parametrize(
    ("method", "params", "answer"),
    [
        ("hardhat_setBalance", (NAME, "0x1"), True),
        ("evm_setAccountBalance", (NAME, "0x1"), True),
        ("hardhat_setNonce", (NAME, "0x1"), True),
        ("evm_setAccountNonce", (NAME, "0x1"), True),
        ("hardhat_setCode", (NAME, "0x00"), True),
        ("evm_setAccountCode", (NAME, "0x00"), True),
        ("hardhat_setStorageAt", (NAME, "0x0", ONE), True),
        ("evm_setAccountStorageAt", (NAME, "0x0", ONE), True),
        ("hardhat_impersonateAccount", (NAME,), True),
        ("hardhat_stopImpersonatingAccount", (NAME,), True),
        ("hardhat_stopImpersonatingAccount", (NAME,), False),
    ],
)
def test_hardhats_and_ganaches_names_answer_as_theirs_do(
    port: Port, method: str, params: tuple[str, ...], answer: bool
) -> None:
    if answer is False or method == "hardhat_stopImpersonatingAccount":
        port.result("hardhat_stopImpersonatingAccount", NAME)
        if answer:
            port.result("hardhat_impersonateAccount", NAME)
    assert port.result(method, *params) is answer


@pytest.mark.parametrize(
    ("method", "params", "words"),
    [
        ("anvil_setBalance", (NAME, hex(2**256)), "64"),
        ("anvil_setBalance", (NAME, str(2**256)), "2**256"),
        ("anvil_setBalance", (NAME, 1.5), "hex string"),
        ("anvil_setBalance", (NAME, True), "hex string"),
        ("anvil_setNonce", (NAME, hex(2**64)), "at most 18446744073709551615"),
        ("anvil_setCode", (NAME, "0x" + "00" * 65_300), "code of 65300 bytes, limit"),
        ("anvil_impersonateSignature", ("0x" + "01" * 65, NAME), "ecrecover"),
        ("anvil_setBalance", ("0x4564697473" + "00" * 15, "0x1"), "the editor's own account"),
    ],
)
def test_what_no_account_can_have_is_refused_with_words(
    port: Port, method: str, params: tuple[Any, ...], words: str
) -> None:
    assert words in port.error(method, *params)["message"]
