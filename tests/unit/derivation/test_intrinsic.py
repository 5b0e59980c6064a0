"""What a transaction costs before it runs, by hand from the EIPs."""

from __future__ import annotations

from dataclasses import replace

from byline.derivation.intrinsic import (
    data_floor_gas,
    floor_gas,
    gas_needs,
    intrinsic_gas,
    message_intrinsic_gas,
)
from byline.derivation.transaction import AccessListEntry, Authorization, Transaction

PLAIN = Transaction(
    type=2, chain_id=901, nonce=0, gas=21_000, to=bytes(20), value=0, data=b"",
    max_fee_per_gas=0, max_priority_fee_per_gas=0, y_parity=0, r=0, s=0, raw=b"",
)  # fmt: skip


def test_a_transfer_costs_21000() -> None:
    assert intrinsic_gas(PLAIN) == floor_gas(PLAIN) == 21_000


def test_a_zero_byte_costs_4_and_another_16_and_at_least_10_and_40() -> None:
    tx = replace(PLAIN, data=b"\0\1\2")
    assert intrinsic_gas(tx) == message_intrinsic_gas(tx.to, tx.data) == 21_000 + 4 + 16 + 16
    assert floor_gas(tx) == data_floor_gas(tx.data) == 21_000 + 10 + 40 + 40


def test_a_creation_costs_32000_and_two_for_each_begun_word() -> None:
    for size, words in ((0, 0), (1, 1), (32, 1), (33, 2)):
        tx = replace(PLAIN, to=None, data=bytes(size))
        assert intrinsic_gas(tx) == 53_000 + 4 * size + 2 * words
        assert floor_gas(tx) == 21_000 + 10 * size


def test_access_lists_and_authorizations_are_paid_for_beforehand() -> None:
    entries = (AccessListEntry(bytes(20), (bytes(32),) * 3), AccessListEntry(bytes(20), ()))
    tx = replace(PLAIN, access_list=entries)
    assert intrinsic_gas(tx) == 21_000 + 2 * 2_400 + 3 * 1_900
    tx = replace(PLAIN, authorizations=(Authorization(0, bytes(20), 0, 0, 1, 1),) * 2)
    assert intrinsic_gas(tx) == 21_000 + 2 * 25_000
    assert floor_gas(tx) == 21_000


def test_the_limit_is_the_larger_of_both_and_the_floor_comes_with_prague() -> None:
    calldata = replace(PLAIN, data=b"\1" * 100)
    assert gas_needs(calldata, prague=True) == (21_000 + 1_600, 21_000 + 4_000)
    assert gas_needs(calldata, prague=True).limit == 25_000
    assert gas_needs(calldata, prague=False) == (22_600, 0)
    assert gas_needs(calldata, prague=False).limit == 22_600
    creation = replace(PLAIN, to=None, data=b"\0" * 64)
    assert gas_needs(creation, prague=True).limit == intrinsic_gas(creation)
