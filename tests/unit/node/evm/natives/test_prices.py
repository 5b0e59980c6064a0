"""Every native function of Prague costs what py-evm charges for it."""

from __future__ import annotations

import random

import pytest

from byline.node.evm.precompiles import ETHEREUM_PRAGUE
from tests.unit.node.evm.natives.pyevm_reference import price

NUMBERS = range(0x01, 0x12)
MOST = 2**64
"""More gas than there is; py-evm rounds the prices of MODEXP beyond it (math.ceil of a float)."""


def test_the_table_has_the_addresses_of_prague() -> None:
    assert [int.from_bytes(address, "big") for address in sorted(ETHEREUM_PRAGUE)] == [*NUMBERS]


@pytest.mark.parametrize("number", NUMBERS)
def test_the_price_is_that_of_py_evm(number: int) -> None:
    native = ETHEREUM_PRAGUE[number.to_bytes(20, "big")]
    chance = random.Random(number)
    lengths = {*range(70), *range(90, 100), 127, 128, 129, 192, 213, 256, 512}
    lengths |= {unit * count for unit in (160, 192, 288, 384) for count in (1, 2, 3, 128, 129)}
    compared = 0
    for length in sorted(lengths):
        for data in (bytes(length), chance.randbytes(length)):
            expected = price(number, data)
            # It fails before it charges where ours charges and fails then: the gas is gone.
            if expected is not None:
                assert min(native.gas(data), MOST) == min(expected, MOST)
                compared += 1
    assert compared
