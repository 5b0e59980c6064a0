from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from eth_account import Account
from eth_account.messages import encode_typed_data
from hypothesis import given
from hypothesis import strategies as st

from byline.node.attribution.serving.payments import (
    MOST_PAYMENT_BYTES,
    STATUS,
    PaymentRefused,
    decode_payment,
    encode_header,
    encode_payment,
    offer_body,
    read_offer,
    typed_data,
)
from byline.node.errors import NodeError
from tests.paid_answers import DOMAIN, PAYER, offer, payment

TERMS = offer().terms


def paid() -> dict[str, Any]:
    header = encode_payment(payment(TERMS), DOMAIN.chain_id)
    found: dict[str, Any] = json.loads(base64.b64decode(header))
    return found


def test_a_payment_is_read_back_as_it_was_sent() -> None:
    sent = payment(TERMS, nonce=2**64 - 1)
    assert decode_payment(encode_payment(sent, DOMAIN.chain_id), DOMAIN.chain_id) == sent


def test_an_offer_is_read_back_as_it_was_made() -> None:
    body = offer_body(TERMS, DOMAIN, "http://here/infer", now=1_000)
    assert read_offer(json.loads(json.dumps(body)), DOMAIN) == TERMS


def test_an_offer_has_the_names_of_x402() -> None:
    body = offer_body(TERMS, DOMAIN, "http://here/infer", now=1_000)
    assert set(body) == {"x402Version", "error", "accepts"}
    assert set(body["accepts"][0]) == {
        "scheme", "network", "maxAmountRequired", "asset", "payTo", "resource", "description",
        "mimeType", "outputSchema", "maxTimeoutSeconds", "extra",
    }  # fmt: skip
    assert body["accepts"][0]["maxTimeoutSeconds"] == 120


def test_a_wallet_signs_the_typed_data_of_an_offer_as_the_ledger_reads_them() -> None:
    sent = payment(TERMS)
    receipt = sent.receipt
    message = {
        "payer": "0x" + receipt.payer.hex(),
        "modelId": receipt.model_id,
        "nonce": receipt.nonce,
        "reqHash": receipt.req_hash,
        "outHash": receipt.out_hash,
        "fee": receipt.fee,
        "deadline": receipt.deadline,
    }
    data = typed_data(DOMAIN)
    signable = encode_typed_data(data["domain"], data["types"], message)
    signed = Account.from_key(PAYER.key).sign_message(signable)
    assert bytes(signed.signature) == sent.signature


def test_an_offer_for_another_ledger_is_refused() -> None:
    body = offer_body(TERMS, DOMAIN, "http://here/infer", now=1_000)
    body["accepts"][0]["extra"]["domain"]["verifyingContract"] = "0x" + "11" * 20
    with pytest.raises(NodeError, match="the offer is for"):
        read_offer(body, DOMAIN)


@pytest.mark.parametrize(
    "body", [None, [], {}, {"accepts": []}, {"accepts": [{"scheme": "exact"}]}]
)
def test_what_is_no_offer_is_refused(body: object) -> None:
    with pytest.raises(NodeError, match="cannot be read"):
        read_offer(body, DOMAIN)


BROKEN: list[tuple[tuple[str, ...], object]] = [
    (("x402Version",), 2),
    (("scheme",), "exact"),
    (("network",), "eip155:1"),
    (("payload",), None),
    (("payload", "signature"), "0x00"),
    (("payload", "signature"), "0x" + "zz" * 65),
    (("payload", "signature"), "0x" + " " * 130),
    (("payload", "receipt"), []),
    (("payload", "receipt", "payer"), "0x" + "11" * 21),
    (("payload", "receipt", "modelId"), 2**32),
    (("payload", "receipt", "modelId"), True),
    (("payload", "receipt", "modelId"), 1.0),
    (("payload", "receipt", "nonce"), -1),
    (("payload", "receipt", "nonce"), "0x1"),
    (("payload", "receipt", "nonce"), "9" * 5_000),
    (("payload", "receipt", "nonce"), "\u0663"),
    (("payload", "receipt", "fee"), str(2**128)),
    (("payload", "receipt", "deadline"), None),
    (("payload", "receipt", "reqHash"), "11" * 32),
]


@pytest.mark.parametrize(("path", "value"), BROKEN, ids=str)
def test_a_payment_with_a_wrong_field_is_malformed(path: tuple[str, ...], value: object) -> None:
    found = paid()
    at = found
    for name in path[:-1]:
        at = at[name]
    at[path[-1]] = value
    with pytest.raises(PaymentRefused) as refused:
        decode_payment(encode_header(found), DOMAIN.chain_id)
    assert refused.value.name == "MalformedPayment"
    assert refused.value.status == 400


@pytest.mark.parametrize("name", ["payer", "nonce", "outHash", "fee", "deadline"])
def test_a_payment_without_a_field_is_malformed(name: str) -> None:
    found = paid()
    del found["payload"]["receipt"][name]
    with pytest.raises(PaymentRefused, match=f"'{name}' is missing"):
        decode_payment(encode_header(found), DOMAIN.chain_id)


@given(
    st.one_of(
        st.text(max_size=80),
        st.binary(max_size=80).map(lambda raw: base64.b64encode(raw).decode()),
    )
)
def test_no_header_does_more_than_be_refused(header: str) -> None:
    with pytest.raises(PaymentRefused, match="MalformedPayment"):
        decode_payment(header, DOMAIN.chain_id)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=5),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(st.sampled_from(["x402Version", "payload", "receipt"]), inner)
        ),
        max_leaves=8,
    )
)
def test_no_json_does_more_than_be_refused(value: Any) -> None:
    with pytest.raises(PaymentRefused, match="MalformedPayment"):
        decode_payment(encode_header(value), DOMAIN.chain_id)


@pytest.mark.parametrize(
    "header", ["A" * (MOST_PAYMENT_BYTES + 4), base64.b64encode(b"[" * 3_000).decode()]
)
def test_a_header_that_is_long_or_deep_is_refused(header: str) -> None:
    with pytest.raises(PaymentRefused, match="MalformedPayment"):
        decode_payment(header, DOMAIN.chain_id)


def test_every_refusal_is_an_error_of_http() -> None:
    assert all(400 <= status < 600 for status in STATUS.values())
