from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from eth_account import Account
from hypothesis import given, settings
from hypothesis import strategies as st

from byline.node.attribution.receipts import (
    RECEIPT_BYTES,
    InferenceReceipt,
    ReceiptDomain,
    SignedReceipt,
    encode_receipts,
)
from byline.node.keys import address_of

KEY = b"\x21" * 32
DOMAIN = ReceiptDomain(901, b"open" + bytes(15) + b"\x08")
ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141

words = st.binary(min_size=32, max_size=32)
receipts = st.builds(
    InferenceReceipt,
    payer=st.just(address_of(KEY)),
    model_id=st.integers(0, 2**32 - 1),
    nonce=st.integers(0, 2**64 - 1),
    req_hash=words,
    out_hash=words,
    fee=st.integers(0, 2**128 - 1),
    deadline=st.integers(0, 2**64 - 1),
)


def signed(receipt: InferenceReceipt) -> SignedReceipt:
    signature = receipt.sign(DOMAIN, KEY)
    return SignedReceipt(receipt, b"\x01" * 32, b"\x02" * 32, 3, 4, signature)


@given(receipts)
@settings(max_examples=30)
def test_wallets_sign_the_same_bytes(receipt: InferenceReceipt) -> None:
    fields = {
        "payer": "address",
        "modelId": "uint32",
        "nonce": "uint64",
        "reqHash": "bytes32",
        "outHash": "bytes32",
        "fee": "uint128",
        "deadline": "uint64",
    }
    document = {
        "types": {
            "EIP712Domain": [
                {"name": "name", "type": "string"},
                {"name": "version", "type": "string"},
                {"name": "chainId", "type": "uint256"},
                {"name": "verifyingContract", "type": "address"},
            ],
            "InferenceReceipt": [{"name": name, "type": kind} for name, kind in fields.items()],
        },
        "primaryType": "InferenceReceipt",
        "domain": {
            "name": "Byline Inference Ledger",
            "version": "1",
            "chainId": DOMAIN.chain_id,
            "verifyingContract": "0x" + DOMAIN.ledger.hex(),
        },
        "message": {
            "payer": "0x" + receipt.payer.hex(),
            "modelId": receipt.model_id,
            "nonce": receipt.nonce,
            "reqHash": receipt.req_hash,
            "outHash": receipt.out_hash,
            "fee": receipt.fee,
            "deadline": receipt.deadline,
        },
    }
    theirs = Account.from_key(KEY).sign_typed_data(full_message=document)
    assert bytes(theirs.message_hash) == receipt.digest(DOMAIN)
    assert bytes(theirs.signature) == receipt.sign(DOMAIN, KEY)


@given(receipts)
@settings(max_examples=30)
def test_a_receipt_comes_back_from_its_bytes(receipt: InferenceReceipt) -> None:
    whole = signed(receipt)
    data = whole.encode()
    assert len(data) == RECEIPT_BYTES
    assert SignedReceipt.decode(data, receipt.model_id) == whole
    assert encode_receipts([whole, whole]) == data + data
    assert receipt.signer(DOMAIN, whole.signature) == receipt.payer


def test_the_record_says_what_the_receipt_says() -> None:
    receipt = InferenceReceipt(address_of(KEY), 1, 2, b"\x03" * 32, b"\x04" * 32, 5, 6)
    record = signed(receipt).record
    assert (record.payer, record.req_hash, record.out_hash, record.fee, record.nonce) == (
        receipt.payer,
        receipt.req_hash,
        receipt.out_hash,
        receipt.fee,
        receipt.nonce,
    )


def test_whoever_signed_another_receipt_or_for_another_ledger_did_not_sign_this_one() -> None:
    receipt = InferenceReceipt(address_of(KEY), 1, 2, b"\x03" * 32, b"\x04" * 32, 5, 6)
    signature = receipt.sign(DOMAIN, KEY)
    for other in (
        replace(receipt, fee=6),
        replace(receipt, nonce=3),
        replace(receipt, model_id=2),
        replace(receipt, deadline=7),
        replace(receipt, out_hash=b"\x05" * 32),
    ):
        assert other.signer(DOMAIN, signature) != receipt.payer
    for domain in (replace(DOMAIN, chain_id=902), replace(DOMAIN, ledger=bytes(20))):
        assert receipt.signer(domain, signature) != receipt.payer


def test_only_one_form_of_a_signature_counts() -> None:
    receipt = InferenceReceipt(address_of(KEY), 1, 2, b"\x03" * 32, b"\x04" * 32, 5, 6)
    signature = receipt.sign(DOMAIN, KEY)
    upper = (ORDER - int.from_bytes(signature[32:64], "big")).to_bytes(32, "big")
    turned = signature[:32] + upper + bytes([27 + 28 - signature[64]])
    for wrong in (turned, signature[:64], signature + b"\0", signature[:64] + b"\0"):
        assert receipt.signer(DOMAIN, wrong) is None


@pytest.mark.parametrize(
    "change",
    [{"payer": b"\x01"}, {"fee": 2**128}, {"nonce": 2**64}, {"deadline": -1}, {"fee": -1}],
)
def test_what_does_not_fit_is_refused(change: dict[str, Any]) -> None:
    receipt = InferenceReceipt(address_of(KEY), 1, 2, b"\x03" * 32, b"\x04" * 32, 5, 6)
    whole = signed(receipt)
    with pytest.raises(ValueError, match=r"want|does not fit"):
        replace(whole, receipt=replace(receipt, **change)).encode()
    with pytest.raises(ValueError, match="want exactly 253"):
        SignedReceipt.decode(whole.encode() + b"\0", 1)
