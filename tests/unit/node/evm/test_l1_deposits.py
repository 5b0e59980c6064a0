"""Deposit requests (EIP-6110), and the commitment to requests in the header."""

import hashlib

import pytest
from eth_abi.abi import encode

from byline.derivation.hashing import EMPTY_REQUESTS_HASH
from byline.derivation.receipt import Log
from byline.node.evm.ethereum import requests_hash
from byline.node.evm.l1_deposits import DEPOSIT_CONTRACT, DEPOSIT_EVENT, deposit_requests

PARTS = (b"\x01" * 48, b"\x02" * 32, b"\x03" * 8, b"\x04" * 96, b"\x05" * 8)


def log(data: bytes | None = None, address: bytes = DEPOSIT_CONTRACT) -> Log:
    if data is None:
        data = encode(["bytes"] * 5, PARTS)
    return Log(address, (DEPOSIT_EVENT,), data)


def test_the_topic_is_the_one_that_eip_6110_names() -> None:
    known = "649bbc62d0e31342afea4e5cd82d4049e7e1ee912fc0889aa790803be39038c5"
    assert DEPOSIT_EVENT.hex() == known


def test_a_request_is_the_five_fields_one_after_another() -> None:
    assert deposit_requests([log(), log()]) == b"".join(PARTS) * 2


@pytest.mark.parametrize(
    "other",
    [
        log(address=b"\x01" * 20),
        Log(DEPOSIT_CONTRACT, (bytes(32),), log().data),
        Log(DEPOSIT_CONTRACT, (), log().data),
        log(log().data + bytes(32)),
        log(log().data[:-32]),
        log(encode(["bytes"] * 5, (PARTS[0][:-1], *PARTS[1:]))),
        log((192).to_bytes(32, "big") + log().data[32:]),
    ],
)
def test_another_log_gives_no_request(other: Log) -> None:
    assert deposit_requests([other]) == b""


def test_the_commitment_leaves_out_requests_without_content() -> None:
    assert requests_hash([b"\x01", b"\x02"]) == EMPTY_REQUESTS_HASH
    request = b"\x00" + b"".join(PARTS)
    inner = hashlib.sha256(request).digest()
    assert requests_hash([request, b"\x01"]) == hashlib.sha256(inner).digest()
