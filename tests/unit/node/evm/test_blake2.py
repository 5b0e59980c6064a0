"""The compression function of BLAKE2b runs compiled: in Python 16,000,000 rounds take minutes."""

from eth._utils.blake2.compression import blake2b_compress as plain
from eth.precompiles import blake2

STATE = tuple(range(8))
BLOCK = tuple(range(16))


def test_the_compiled_function_is_loaded() -> None:
    assert blake2.blake2b_compress is not plain


def test_it_agrees_with_the_plain_one() -> None:
    for rounds in (0, 1, 9, 12, 25):
        for last in (False, True):
            expected = plain(rounds, STATE, BLOCK, (5, 2**64 - 1), last)
            assert expected == blake2.blake2b_compress(rounds, STATE, BLOCK, (5, 2**64 - 1), last)
