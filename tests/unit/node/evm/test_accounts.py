"""What Ethereum says of accounts."""

from __future__ import annotations

import pytest
from eth_utils.crypto import keccak

from byline.node.evm.accounts import created_address

# The first account of the usual test mnemonic, and where anvil places its first contracts.
ACCOUNT = bytes.fromhex("f39fd6e51aad88f6f4ce6ab8827279cfffb92266")


@pytest.mark.parametrize(
    ("nonce", "address"),
    [
        (0, bytes.fromhex("5fbdb2315678afecb367f032d93f642f64180aa3")),
        (1, bytes.fromhex("e7f1725e7734ce288f8367e1bb143e90bb3f0512")),
        (200, keccak(b"\xd7\x94" + ACCOUNT + b"\x81\xc8")[12:]),
    ],
)
def test_a_contract_stands_where_its_creators_nonce_says(nonce: int, address: bytes) -> None:
    assert created_address(ACCOUNT, nonce) == address
