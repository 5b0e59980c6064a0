"""The senders of many transactions at once are those that each would find alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest
from eth_keys.datatypes import PrivateKey

from byline.derivation.errors import InvalidData
from byline.derivation.kernels import secp256k1
from byline.derivation.senders import Signed, knows_sender, recover_senders
from byline.derivation.transaction import (
    SECP256K1_N,
    DepositTransaction,
    Transaction,
    decode_transaction,
)
from tests.derivation_kit import INBOX, signed, word


def some_transactions(count: int) -> list[Transaction]:
    """Return transactions of each type, signed by several keys, that know nothing yet."""
    made = [
        signed(INBOX, b"data", PrivateKey(word(7 + index % 5)), kind=index % 5, nonce=index)
        for index in range(count)
    ]
    return [decoded(tx.raw) for tx in made]


def decoded(raw: bytes) -> Transaction:
    tx = decode_transaction(raw)
    assert isinstance(tx, Transaction)
    assert not knows_sender(tx)
    return tx


def test_every_transaction_knows_the_sender_that_it_would_find() -> None:
    found = some_transactions(20)
    recover_senders(found)
    assert all(knows_sender(tx) for tx in found)
    assert [tx.sender for tx in found] == [decoded(tx.raw).sender for tx in found]
    assert len({tx.sender for tx in found}) == 5


def test_what_is_known_is_not_recovered_again_and_deposits_are_passed_over() -> None:
    asked: list[int] = []

    def count(signatures: Sequence[Signed]) -> Sequence[bytes | None]:
        asked.append(len(signatures))
        return secp256k1.recover_many(signatures)

    found = some_transactions(6)
    assert found[0].sender
    deposit = DepositTransaction(word(1), b"\x05" * 20, None, 0, 0, 0, False, b"")
    recover_senders([deposit, *found], count)
    recover_senders([deposit, *found], count)
    assert asked == [5, 0]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"s": SECP256K1_N - 1}, "invalid transaction v, r, s values"),
        ({"s": 0}, "invalid transaction v, r, s values"),
        ({"r": SECP256K1_N}, "invalid transaction v, r, s values"),
        ({"r": 5}, "invalid signature: no key can have made it"),
    ],
)
def test_one_that_nobody_signed_still_raises_and_spoils_no_other(
    change: dict[str, int], words: str
) -> None:
    found = some_transactions(4)
    found[2] = replace(found[2], **change)  # type: ignore[arg-type]
    recover_senders(found)
    assert [knows_sender(tx) for tx in found] == [True, True, False, True]
    with pytest.raises(InvalidData, match=words):
        _ = found[2].sender
