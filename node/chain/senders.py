"""Recovering the senders of a block from outside on two cores, before it is executed."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from byline.derivation.kernels import secp256k1
from byline.derivation.senders import Signed
from byline.derivation.senders import recover_senders as recover_with
from byline.derivation.transaction import AnyTransaction

WORTH_A_THREAD: Final = 16
"""Signatures, half a millisecond of work: below it starting a thread takes as long."""


def recover_senders(transactions: Sequence[AnyTransaction]) -> None:
    """Let every signed transaction know its sender; see `derivation.senders`."""
    recover_with(transactions, _recover_in_two_threads)


def _recover_in_two_threads(signatures: Sequence[Signed]) -> Sequence[bytes | None]:
    if len(signatures) < WORTH_A_THREAD or not secp256k1.COMPILED:
        return secp256k1.recover_many(signatures)
    half = len(signatures) // 2
    with ThreadPoolExecutor(1, thread_name_prefix="byline-senders") as pool:
        second = pool.submit(secp256k1.recover_many, signatures[half:])
        return [*secp256k1.recover_many(signatures[:half]), *second.result()]
