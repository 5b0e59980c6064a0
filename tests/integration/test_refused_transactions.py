"""Transactions that the pool refuses in geth's words, and those that only fail."""

from __future__ import annotations

import re
from typing import Any

import pytest

from byline.node.rollups.rollup import ChainName
from byline.node.signing import sign_dynamic_fee
from tests.integration.rollups import ALICE, BOB, World, world
from tests.integration.serving import Port, served
from tests.integration.test_rpc_conventions import made as made

FROM = f"0x{ALICE.address.hex()}"
NOBODY = "0x" + "99" * 20


def _raw(here: World, name: ChainName, **fields: Any) -> str:
    chain = here.rollup.chain(name)
    sender = fields.pop("sender", ALICE)
    given = {
        "chain_id": chain.chain_id,
        "nonce": chain.machine(chain.head).nonce(sender.address),
        "gas": 21_000,
        "to": BOB.address,
        "max_fee": 10**11,
        "tip": 10**6,
        "value": 1,
        "data": b"",
        **fields,
    }
    return "0x" + sign_dynamic_fee(sender, **given).raw.hex()


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"nonce": 0, "value": 7}, r"nonce too low: next nonce 3, tx nonce 0"),
        (
            {"value": 10**30},
            r"insufficient funds for gas \* price \+ value: balance \d+, tx cost \d+, over.*",
        ),
        ({"gas": 20_000}, r"intrinsic gas too low: gas 20000, minimum needed 21000"),
        ({"gas": 2**24, "data": b""}, None),
        ({"gas": 10**9}, r"(exceeds block gas limit|transaction gas limit too high).*"),
        (
            {"max_fee": 1, "tip": 2},
            r"max priority fee per gas higher than max fee per gas: .*",
        ),
        ({"chain_id": 5}, r"invalid chain id for signer: have 5 want 90[01]"),
    ],
)
def test_what_cannot_be_mined_is_refused_in_geths_words(
    name: ChainName, fields: dict[str, Any], message: str | None
) -> None:
    here = world()
    for _ in range(3):
        here.send(name)
    with served(here, name) as port:
        answer = port.answer("eth_sendRawTransaction", _raw(here, name, **fields))
    if message is None:
        assert "result" in answer
    else:
        assert answer["error"]["code"] == -32000
        assert re.fullmatch(message, answer["error"]["message"])


def test_the_same_again_and_a_cheap_replacement_are_refused(name: ChainName) -> None:
    here = world()
    with served(here, name) as port:
        raw = _raw(here, name, nonce=5)
        port.result("eth_sendRawTransaction", raw)
        assert port.error("eth_sendRawTransaction", raw)["message"] == "already known"
        cheap = _raw(here, name, nonce=5, value=2)
        error = port.error("eth_sendRawTransaction", cheap)
        assert error["message"] == "replacement transaction underpriced"
        mined = _raw(here, name)
        port.result("eth_sendRawTransaction", mined)
        error = port.error("eth_sendRawTransaction", mined)
        assert error["message"] in ("already known", "nonce too low: next nonce 1, tx nonce 0")


def test_who_replaces_is_found_and_the_replaced_is_not(name: ChainName) -> None:
    here = world()
    with served(here, name) as port:
        old = port.result("eth_sendRawTransaction", _raw(here, name, nonce=5))
        new = port.result(
            "eth_sendRawTransaction", _raw(here, name, nonce=5, max_fee=10**12, tip=10**7)
        )
        assert port.result("eth_getTransactionByHash", old) is None
        assert port.result("eth_getTransactionByHash", new)["hash"] == new


@pytest.mark.parametrize(
    "method",
    ["eth_call", "eth_estimateGas", "eth_createAccessList", "debug_traceCall", "trace_call"],
)
def test_a_call_that_names_another_chain_is_refused(port: Port, method: str) -> None:
    more = (["trace"],) if method == "trace_call" else ()
    own = port.result("eth_chainId")
    wanted = {"from": FROM, "to": FROM, "chainId": own}
    port.result(method, wanted, *more)
    error = port.error(method, {**wanted, "chainId": "0x7"}, *more)
    words = f"chainId does not match node's (have=7, want={int(own, 16)})"
    assert error == {"code": -32000, "message": words}


def test_an_l2_takes_no_blobs_whatever_is_around_them() -> None:
    here = world()
    with served(here, "l2") as port:
        for raw in ("0x03c0", "0x03c4c0c0c0c0", "0x03"):
            error = port.error("eth_sendRawTransaction", raw)
            assert error == {"code": -32000, "message": "transaction type not supported"}


def test_an_account_without_key_is_unknown(port: Port) -> None:
    error = port.error("eth_sign", NOBODY, "0x12")
    assert error == {"code": -32000, "message": "unknown account"}


def test_a_transaction_that_reverts_is_mined_and_no_error(name: ChainName) -> None:
    here = world()
    with served(here, name) as port:
        sent = {"from": FROM, "data": "0x5f5ffd", "gas": "0x186a0"}
        tx_hash = port.result("eth_sendTransaction", sent)
        receipt = port.result("eth_getTransactionReceipt", tx_hash)
        assert receipt["status"] == "0x0"


@pytest.mark.parametrize(
    "fees",
    [
        {"maxPriorityFeePerGas": hex(3 * 10**9)},
        {"maxFeePerGas": hex(10**11)},
        {"gasPrice": hex(10**11)},
        {},
    ],
    ids=["tip alone", "most alone", "price", "nothing"],
)
def test_the_node_fills_what_a_user_leaves_out_of_the_fees(
    name: ChainName, fees: dict[str, str]
) -> None:
    here = world()
    with served(here, name) as port:
        tx_hash = port.result("eth_sendTransaction", {"from": FROM, "to": NOBODY, **fees})
        assert port.result("eth_getTransactionReceipt", tx_hash)["gasUsed"] == "0x5208"
        assert port.result("eth_getTransactionByHash", tx_hash)["gas"] == "0x5208"
