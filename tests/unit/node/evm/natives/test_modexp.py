"""MODEXP: what it returns, what it costs by fork, and what Osaka refuses."""

import random
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from byline.derivation.config import Fork
from byline.node.evm.natives import _modexp_c, _modexp_py, modexp
from byline.node.evm.natives.modexp import ModexpInput, berlin_gas, osaka_gas, run
from tests.unit.node.evm.evm_kit import GAS, call, l2_machine
from tests.unit.node.evm.natives.natives_kit import chosen_without_extensions

MODEXP = (5).to_bytes(20, "big")
NAGYDANI_1_BASE = bytes.fromhex(
    "e09ad9675465c53a109fac66a445c91b292d2bb2c5268addb30cd82f80fcb003"
    "3ff97c80a5fc6f39193ae969c6ede6710a6b7ac27078a06d90ef1c72e5c85fb5"
)
NAGYDANI_1_MODULUS = bytes.fromhex(
    "fc9e1f6beb81516545975218075ec2af118cd8798df6e08a147c60fd6095ac2b"
    "b02c2908cf4dd7c81f11c289e4bce98f3553768f392a80ce22bf5c4f4a248c6b"
)
NAGYDANI_1_SQUARED = bytes.fromhex(
    "60008f1614cc01dcfb6bfb09c625cf90b47d4468db81b5f8b7a39d42f332eab9"
    "b2da8f2d95311648a8f243f4bb13cfb3d8f7f2a3c014122ebb3ed41b02783adc"
)


def encoded(base: bytes, exponent: bytes, modulus: bytes) -> bytes:
    lengths = b"".join(len(item).to_bytes(32, "big") for item in (base, exponent, modulus))
    return lengths + base + exponent + modulus


def declared(base: int, exponent: int, modulus: int) -> bytes:
    """Lengths with no numbers behind them."""
    return b"".join(item.to_bytes(32, "big") for item in (base, exponent, modulus))


def test_the_known_square_of_nagydani_comes_out() -> None:
    data = encoded(NAGYDANI_1_BASE, b"\x02", NAGYDANI_1_MODULUS)
    assert run(data) == NAGYDANI_1_SQUARED


@pytest.mark.parametrize(
    ("data", "result"),
    [
        (encoded(b"", b"", b"\x05"), b"\x01"),
        (encoded(b"", b"\x00", b"\x00\x07"), b"\x00\x01"),
        (encoded(b"", b"\x02", b"\x05"), b"\x00"),
        (encoded(b"\x03", b"\x02", b""), b""),
        (encoded(b"\x03", b"\x02", b"\x00\x00"), b"\x00\x00"),
        (encoded(b"\x03", b"\x00", b"\x01"), b"\x00"),
        (declared(1, 1, 2), b"\x00\x00"),
        (b"", b""),
        (encoded(b"\x03", b"\x02", b"\x01\x00")[:-1], b"\x00\x09"),
    ],
    ids=[
        "nothing to the nothing is one",
        "no base to the zero is one",
        "no base squared is zero",
        "no modulus, no output",
        "a modulus of zero gives zeroes",
        "everything modulo one is zero",
        "missing numbers are zero",
        "no input, no output",
        "missing bytes of the modulus are zero",
    ],
)
def test_edge_cases_of_eip_198(data: bytes, result: bytes) -> None:
    assert run(data) == result


@given(st.integers(0, 2**300), st.integers(0, 2**80), st.integers(0, 2**300), st.integers(0, 70))
def test_the_result_is_that_of_arithmetic(base: int, power: int, modulus: int, pad: int) -> None:
    data = encoded(base.to_bytes(40 + pad, "big"), power.to_bytes(12, "big"), modulus.to_bytes(40))
    expected = pow(base, power, modulus) if modulus else 0
    assert run(data) == expected.to_bytes(40, "big")


PRICES = {
    # base, exponent, modulus lengths, first byte of the exponent: gas before and since Osaka
    "nagydani-1-square": (64, 1, 64, 2, 200, 500),
    "nagydani-2-square": (128, 1, 128, 2, 200, 512),
    "nagydani-3-square": (256, 1, 256, 2, 341, 2_048),
    "nagydani-4-square": (512, 1, 512, 2, 1_365, 8_192),
    "nagydani-5-square": (1_024, 1, 1_024, 2, 5_461, 32_768),
    "three bytes": (64, 3, 64, 1, 341, 2_048),
    "a long exponent of zero": (1, 40, 1, 0, 200, 2_048),
    "a long exponent": (64, 33, 64, 0x80, 5_610, 34_688),
    "longer numbers than a word": (33, 1, 1, 2, 200, 500),
}


@pytest.mark.parametrize("name", PRICES)
def test_prices_are_those_of_eip_2565_and_eip_7883(name: str) -> None:
    base, exponent, modulus, first, before, since = PRICES[name]
    power = bytes([first]).ljust(exponent, b"\0")
    given_ = ModexpInput.read(encoded(b"\x01" * base, power, b"\x01" * modulus))
    assert (before, since) == (berlin_gas(given_), osaka_gas(given_))


@pytest.mark.parametrize("fork", Fork)
def test_a_call_pays_the_price_of_its_fork(fork: Fork) -> None:
    data = encoded(NAGYDANI_1_BASE, b"\x01\x00\x01", NAGYDANI_1_MODULUS)
    outcome = call(l2_machine(fork), MODEXP, data)
    assert outcome.succeeded
    assert GAS - outcome.gas_left == (2_048 if fork >= Fork.KARST else 341)


@pytest.mark.parametrize("lengths", [(1025, 1, 1), (1, 1025, 1), (1, 1, 1025)])
def test_karst_refuses_more_than_1024_bytes_and_takes_all_gas(
    lengths: tuple[int, int, int],
) -> None:
    outcome = call(l2_machine(Fork.KARST), MODEXP, declared(*lengths))
    assert (outcome.succeeded, outcome.gas_left) == (False, 0)
    assert call(l2_machine(Fork.JOVIAN), MODEXP, declared(*lengths)).succeeded


def test_karst_takes_1024_bytes() -> None:
    assert call(l2_machine(Fork.KARST), MODEXP, declared(1024, 1024, 1024)).gas_left == 0
    assert call(l2_machine(Fork.KARST), MODEXP, declared(1024, 1, 1024)).succeeded


@pytest.mark.parametrize("fork", [Fork.JOVIAN, Fork.KARST])
@pytest.mark.parametrize("place", range(3))
def test_lengths_beyond_all_memory_cost_no_memory(fork: Fork, place: int) -> None:
    lengths = [1, 1, 1]
    lengths[place] = 2**256 - 1
    outcome = call(l2_machine(fork), MODEXP, declared(*lengths) + b"\xff" * 40)
    assert (outcome.succeeded, outcome.gas_left) == (False, 0)


def test_an_endless_exponent_of_nothing_is_nothing() -> None:
    outcome = call(l2_machine(Fork.JOVIAN), MODEXP, declared(0, 2**256 - 1, 0) + b"\xff")
    assert (outcome.succeeded, outcome.output) == (True, b"")


def test_the_compiled_kernel_is_loaded() -> None:
    assert modexp.COMPILED
    assert vars(modexp)["power"] is _modexp_c.power


def test_the_reference_is_chosen_on_demand() -> None:
    found = chosen_without_extensions("byline.node.evm.natives.modexp", "power")
    assert found == ["False", "byline.node.evm.natives._modexp_py"]


def odd_number(chance: random.Random, length: int) -> bytes:
    """Return `length` bytes of one of the kinds that arithmetic goes wrong with."""
    limbs = (bytes(8), b"\xff" * 8, b"\x80" + bytes(7), bytes(7) + b"\x01", chance.randbytes(8))
    kinds = (
        bytes(length),
        b"\xff" * length,
        (b"\x80" + bytes(length))[:length],
        chance.randbytes(length),
        b"".join(chance.choice(limbs) for _ in range(length // 8 + 1))[:length],
        (chance.getrandbits(8 * length + 1) >> 1 << chance.randrange(8 * length + 1)).to_bytes(
            2 * length + 1, "big"
        )[length + 1 :],
        (b"\0" * length + bytes([chance.randrange(256)]))[1:],
    )
    return chance.choice(kinds)


SHORT = (0, 1, 2, 3, 4, 5, 7, 8, 9, 31, 32, 33)
LONG = (*SHORT, 15, 16, 17, 40, 63, 64, 65, 100, 128, 129)


def test_the_kernel_agrees_with_python_on_numbers_of_every_kind() -> None:
    chance = random.Random(1)
    for _ in range(20_000):
        numbers = [odd_number(chance, chance.choice(lengths)) for lengths in (LONG, SHORT, LONG)]
        assert _modexp_c.power(*numbers) == _modexp_py.power(*numbers)


@pytest.mark.parametrize("lengths", [(1024, 3, 1024), (1023, 32, 1017), (2000, 2, 700)])
def test_the_kernel_agrees_with_python_on_long_numbers(lengths: tuple[int, int, int]) -> None:
    chance = random.Random(2)
    for _ in range(30):
        numbers = [odd_number(chance, length) for length in lengths]
        assert _modexp_c.power(*numbers) == _modexp_py.power(*numbers)


@pytest.mark.parametrize("bits", [1, 8, 63, 64, 65, 127, 128, 191, 500])
@pytest.mark.parametrize("odd", [1, 3, 2**64 - 1, 2**64 + 1, 2**200 - 1])
def test_even_moduli_of_every_shape_agree(bits: int, odd: int) -> None:
    modulus = (odd << bits).to_bytes(96, "big")
    chance = random.Random(bits)
    for length in (1, 8, 40, 96):
        base, exponent = chance.randbytes(length), chance.randbytes(5)
        for numbers in ((base, exponent, modulus), (modulus, exponent, modulus)):
            assert _modexp_c.power(*numbers) == _modexp_py.power(*numbers)


@given(st.binary(max_size=90), st.binary(max_size=40), st.binary(max_size=90))
def test_any_three_numbers_agree(base: bytes, exponent: bytes, modulus: bytes) -> None:
    expected = _modexp_py.power(base, exponent, modulus)
    assert _modexp_c.power(base, exponent, modulus) == expected


def test_a_long_exponent_agrees() -> None:
    chance = random.Random(3)
    for length in (1, 8, 9, 32):
        numbers = (chance.randbytes(length), chance.randbytes(1024), chance.randbytes(length))
        assert _modexp_c.power(*numbers) == _modexp_py.power(*numbers)


def test_small_bytes_of_others_are_not_written_to() -> None:
    # One byte is one object for the whole interpreter.
    for number in range(256):
        assert _modexp_c.power(b"\0", b"\1", bytes([number])) == b"\0"
        assert bytes([number])[0] == number


def test_threads_do_not_disturb_each_other() -> None:
    numbers = (b"\xfe" * 256, b"\xff" * 64, b"\xfd" * 255 + b"\xfb")
    expected = _modexp_py.power(*numbers)
    with ThreadPoolExecutor(4) as pool:
        found = pool.map(lambda _: _modexp_c.power(*numbers), range(100))
        assert set(found) == {expected}


def test_other_types_than_bytes_are_refused() -> None:
    for wrong in (None, 3, bytearray(3), "00"):
        with pytest.raises(TypeError):
            _modexp_c.power(wrong, b"", b"")  # type: ignore[arg-type]
        with pytest.raises(TypeError):
            _modexp_c.power(b"", b"", wrong)  # type: ignore[arg-type]
