"""The senders of many transactions at once.

A transaction recovers its sender when it is first asked for it.  Where a whole block comes
from outside, recovering all beforehand is one call into the kernel, which lets go of the GIL
once and can be split over threads.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TypeAlias

from byline.derivation.kernels import secp256k1
from byline.derivation.transaction import AnyTransaction, Transaction

Signed: TypeAlias = tuple[bytes, int, int, int]
"""What `secp256k1.recover` takes: digest, y parity, r and s."""


def recover_senders(
    transactions: Iterable[AnyTransaction],
    recover_many: Callable[[Sequence[Signed]], Sequence[bytes | None]] = secp256k1.recover_many,
) -> None:
    """Let every signed transaction know its sender, so that asking for it costs nothing.

    Those that know it already are passed over.  A transaction whose signature is not valid
    stays as it was, and raises when it is asked.
    """
    unknown = [
        tx
        for tx in transactions
        if isinstance(tx, Transaction) and not knows_sender(tx) and tx.has_signature_values
    ]
    found = recover_many([(tx.signing_hash, tx.y_parity, tx.r, tx.s) for tx in unknown])
    for tx, sender in zip(unknown, found, strict=True):
        if sender is not None:
            # Where the cached property looks first.
            vars(tx)["sender"] = sender


def knows_sender(tx: Transaction) -> bool:
    """Tell whether `tx` was asked for its sender before, or told by `recover_senders`."""
    return "sender" in vars(tx)
