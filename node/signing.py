"""Signing the node's own transactions: dynamic-fee ones on the L1."""

from __future__ import annotations

from byline.derivation.hashing import keccak256
from byline.derivation.kernels import rlp
from byline.derivation.transaction import DYNAMIC_FEE, Transaction, decode_transaction
from byline.node.accounts import DevAccount
from byline.node.keys import sign


def sign_dynamic_fee(
    account: DevAccount,
    *,
    chain_id: int,
    nonce: int,
    gas: int,
    to: bytes | None,
    max_fee: int,
    tip: int,
    value: int = 0,
    data: bytes = b"",
) -> Transaction:
    """Return a type 2 transaction signed by `account` (EIP-1559); fees in wei per gas."""
    fields: list[rlp.Encodable] = [
        chain_id,nonce, tip, max_fee, gas, to or b"", value, data, [],
    ]  # fmt: skip
    digest = keccak256(bytes([DYNAMIC_FEE]) + rlp.encode(fields))
    signed = [*fields, *sign(account.key, digest)]
    tx = decode_transaction(bytes([DYNAMIC_FEE]) + rlp.encode(signed))
    assert isinstance(tx, Transaction)
    return tx
