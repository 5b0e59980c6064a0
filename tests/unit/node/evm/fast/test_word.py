"""The arithmetic of words against Python's integers."""

from collections.abc import Callable
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from byline.node.evm.fast._word_c import operate

RANGE: Final = 2**256
EDGES: Final = sorted(
    {
        (power + step) % RANGE
        for power in (0, *(2**n for n in range(63, 257)))
        for step in (-1, 0, 1)
    }
)


def signed(word: int) -> int:
    return word - RANGE if word >> 255 else word


def signed_divide(a: int, b: int) -> int:
    if b == 0:
        return 0
    a, b = signed(a), signed(b)
    quotient = abs(a) // abs(b)
    return (quotient if (a < 0) == (b < 0) else -quotient) % RANGE


def signed_modulo(a: int, b: int) -> int:
    if b == 0:
        return 0
    a, b = signed(a), signed(b)
    return (abs(a) % abs(b) * (-1 if a < 0 else 1)) % RANGE


def sign_extend(last_byte: int, word: int) -> int:
    if last_byte >= 31:
        return word
    bits = 8 * (last_byte + 1)
    low = word % (1 << bits)
    return low - (1 << bits) + RANGE if low >> (bits - 1) else low


OF_TWO: Final[dict[str, Callable[[int, int], int]]] = {
    "ADD": lambda a, b: (a + b) % RANGE,
    "SUB": lambda a, b: (a - b) % RANGE,
    "MUL": lambda a, b: a * b % RANGE,
    "DIV": lambda a, b: a // b if b else 0,
    "MOD": lambda a, b: a % b if b else 0,
    "SDIV": signed_divide,
    "SMOD": signed_modulo,
    "EXP": lambda a, b: pow(a, b, RANGE),
    "LT": lambda a, b: int(a < b),
    "EQ": lambda a, b: int(a == b),
    "SIGNEXTEND": sign_extend,
}
SHIFTS: Final[dict[str, Callable[[int, int], int]]] = {
    "SHL": lambda bits, word: (word << bits) % RANGE,
    "SHR": lambda bits, word: word >> bits,
    "SAR": lambda bits, word: (signed(word) >> bits) % RANGE,
}
OF_THREE: Final[dict[str, Callable[[int, int, int], int]]] = {
    "ADDMOD": lambda a, b, modulus: (a + b) % modulus if modulus else 0,
    "MULMOD": lambda a, b, modulus: a * b % modulus if modulus else 0,
}

limb = st.sampled_from((0, 1, 2**63, 2**64 - 1)) | st.integers(0, 2**64 - 1)
word = (
    st.sampled_from(EDGES)
    | st.integers(0, RANGE - 1)
    | st.tuples(limb, limb, limb, limb).map(
        lambda limbs: sum(part << (64 * place) for place, part in enumerate(limbs))
    )
)


@pytest.mark.parametrize("name", OF_TWO)
@given(a=word, b=word)
def test_an_operation_of_two_words_is_that_of_integers(name: str, a: int, b: int) -> None:
    assert operate(name, a, b) == OF_TWO[name](a, b)
    assert operate(name, a, a) == OF_TWO[name](a, a)


@pytest.mark.parametrize("name", OF_THREE)
@given(a=word, b=word, modulus=word)
def test_an_operation_of_three_words_is_that_of_integers(
    name: str, a: int, b: int, modulus: int
) -> None:
    assert operate(name, a, b, modulus) == OF_THREE[name](a, b, modulus)


@pytest.mark.parametrize("name", SHIFTS)
@given(bits=st.integers(0, 255), shifted=word)
def test_a_shift_is_that_of_integers(name: str, bits: int, shifted: int) -> None:
    assert operate(name, bits, shifted) == SHIFTS[name](bits, shifted)


@given(word)
def test_the_length_of_a_word_is_that_of_the_integer(value: int) -> None:
    assert operate("CLZ", value) == 256 - value.bit_length()
    assert operate("BYTES", value) == (value.bit_length() + 7) // 8


@pytest.mark.parametrize("value", [-1, RANGE])
def test_what_is_no_word_is_refused(value: int) -> None:
    with pytest.raises(OverflowError, match="is not a word"):
        operate("ADD", value, 1)


def test_what_is_no_operation_is_refused() -> None:
    with pytest.raises(ValueError, match="no operation JUMP on 2 words"):
        operate("JUMP", 1, 1)
