"""Transactions on the local L1 of accounts whose keys nobody has.

Such a transaction names its sender where a signature would stand: r is the address, s and
the parity are 0.  No key can make that, so everybody else refuses it: the pool, for what
comes from outside, the rules of both chains, and derivation.  Only what this node made
itself, or reads from its own store, is believed.
"""

from __future__ import annotations

from typing import Final

from byline.derivation.errors import InvalidData
from byline.derivation.transaction import AnyTransaction, Transaction, decode_transaction

ADDRESS_BOUND: Final = 2**160


def is_impersonated(tx: AnyTransaction) -> bool:
    """Tell whether `tx` names its sender in place of a signature."""
    return isinstance(tx, Transaction) and not (tx.s or tx.y_parity) and tx.r < ADDRESS_BOUND


def believe(tx: AnyTransaction) -> None:
    """Let an impersonated transaction have the sender that it names; others stay as they are.

    For transactions of this node alone, never for those that somebody sends.
    """
    if is_impersonated(tx):
        assert isinstance(tx, Transaction)
        # Where the cached property looks first.
        vars(tx)["sender"] = tx.r.to_bytes(20, "big")


def read_impersonated(raw: bytes) -> Transaction:
    """Return the transaction that `raw` encodes, which must name its sender.

    Raises `InvalidData` for any other.
    """
    tx = decode_transaction(raw)
    if not isinstance(tx, Transaction) or not is_impersonated(tx):
        raise InvalidData("an impersonated transaction: want r to be an address, s to be 0")
    believe(tx)
    return tx
