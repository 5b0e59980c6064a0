"""`eth_createAccessList` on both chains: what is listed, what is not, and what it costs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from eth_account import Account

from byline.node.rollups.rollup import ChainName
from tests.integration.rollups import ALICE, BOB, World, world
from tests.integration.serving import Port, served

FROM = "0x" + ALICE.address.hex()
SIGNER = "0x" + BOB.address.hex()
CODE = "0xc200000000000000000000000000000000000000"
OTHER = "0xc300000000000000000000000000000000000000"
SHA256 = "0x" + (2).to_bytes(20, "big").hex()
ONE, TWO = ("0x" + (slot).to_bytes(32, "big").hex() for slot in (1, 2))


@pytest.fixture(scope="module")
def made() -> World:
    return world()


@pytest.fixture(params=["l1", "l2"])
def port(made: World, request: pytest.FixtureRequest) -> Iterator[Port]:
    name: ChainName = request.param
    with served(made, name) as found:
        yield found


def listed(port: Port, code: str, **fields: Any) -> Any:
    call = {"from": FROM, "to": CODE, **fields}
    return port.result("eth_createAccessList", call, "latest", {CODE: {"code": code}})


def balances(*addresses: str) -> str:
    return "0x" + "".join(f"73{address[2:]}3150" for address in addresses)


def test_slots_of_the_recipient_and_other_accounts_are_listed(port: Port) -> None:
    found = listed(port, balances(OTHER) + "6001545060025450")
    assert found["accessList"] == [
        {"address": CODE, "storageKeys": [ONE, TWO]},
        {"address": OTHER, "storageKeys": []},
    ]
    assert "error" not in found


def test_what_is_warm_anyway_is_not_listed(port: Port) -> None:
    coinbase = port.result("eth_coinbase")
    found = listed(port, balances(FROM, CODE, SHA256, coinbase))
    assert found["accessList"] == []


def test_the_gas_is_what_the_call_takes_with_the_list(port: Port) -> None:
    code = balances(OTHER) + "60015450"
    found = listed(port, code)
    again = listed(port, code, accessList=found["accessList"])
    assert again == found
    (block,) = port.result(
        "eth_simulateV1",
        {
            "blockStateCalls": [
                {
                    "stateOverrides": {CODE: {"code": code}},
                    "calls": [{"from": FROM, "to": CODE, "accessList": found["accessList"]}],
                }
            ]
        },
    )
    assert block["calls"][0]["gasUsed"] == found["gasUsed"]


def test_what_the_caller_lists_stays_listed(port: Port) -> None:
    given = [{"address": OTHER, "storageKeys": [TWO]}]
    assert listed(port, "0x00", accessList=given)["accessList"] == given


def test_a_call_that_fails_has_a_list_and_an_error(port: Port) -> None:
    found = listed(port, balances(OTHER) + "5f5ffd")
    assert found["error"] == "execution reverted"
    assert [entry["address"] for entry in found["accessList"]] == [OTHER]
    assert listed(port, "0xfe", gas="0x7530")["error"] == "invalid opcode"


def test_who_signs_an_authorization_is_warm_anyway(port: Port) -> None:
    chain = int(port.result("eth_chainId"), 16)
    signed = Account.sign_authorization(
        {"chainId": chain, "address": bytes.fromhex(OTHER[2:]), "nonce": 0}, BOB.key
    )
    entry = {
        "chainId": hex(chain),
        "address": OTHER,
        "nonce": "0x0",
        "yParity": hex(signed.y_parity),
        "r": hex(signed.r),
        "s": hex(signed.s),
    }
    found = listed(port, balances(SIGNER), authorizationList=[entry])
    assert found["accessList"] == []
    # A recipient that delegates: the code that it runs is warm, too.
    call = {"from": FROM, "to": SIGNER, "authorizationList": [entry]}
    assert port.result("eth_createAccessList", call)["accessList"] == []
    many = {**call, "gas": "0xc350", "authorizationList": [entry] * 3}
    error = port.error("eth_createAccessList", many)
    assert error["message"] == "insufficient gas to process all authorizations"
