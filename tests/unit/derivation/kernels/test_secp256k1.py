"""Key recovery: the compiled kernel and eth_keys name the same account, or both nobody."""

from __future__ import annotations

import random
from concurrent.futures import ThreadPoolExecutor
from types import ModuleType

import pytest
from eth_keys.datatypes import PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from byline.derivation.kernels import _secp256k1_c, _secp256k1_py, secp256k1

ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
FIELD = 2**256 - 2**32 - 977
BOTH = pytest.mark.parametrize("kernel", [_secp256k1_c, _secp256k1_py])

Signed = tuple[bytes, int, int, int]


def some_signatures(count: int) -> list[tuple[bytes, Signed]]:
    """Return addresses, and what their keys signed."""
    chance = random.Random(count)
    found = []
    for _ in range(count):
        key, digest = PrivateKey(chance.randbytes(32)), chance.randbytes(32)
        signature = key.sign_msg_hash(digest)
        signed = (digest, signature.v, signature.r, signature.s)
        found.append((key.public_key.to_canonical_address(), signed))
    return found


def test_the_compiled_kernel_is_loaded() -> None:
    assert secp256k1.COMPILED
    assert secp256k1.recover is _secp256k1_c.recover
    assert secp256k1.recover_many is _secp256k1_c.recover_many


@BOTH
def test_the_signer_is_named_one_by_one_and_in_a_batch(kernel: ModuleType) -> None:
    cases = some_signatures(40)
    assert {signed[1] for _, signed in cases} == {0, 1}
    assert [kernel.recover(*signed) for _, signed in cases] == [address for address, _ in cases]
    batch = [signed for _, signed in cases]
    batch[7] = (*batch[7][:2], 0, batch[7][3])
    found = kernel.recover_many(batch)
    assert found[7] is None
    assert found[:7] + found[8:] == [address for address, _ in cases[:7] + cases[8:]]
    assert kernel.recover_many([]) == []


@BOTH
def test_the_other_half_of_s_names_the_same_account(kernel: ModuleType) -> None:
    address, (digest, parity, r, s) = some_signatures(1)[0]
    assert kernel.recover(digest, 1 - parity, r, ORDER - s) == address


@BOTH
@pytest.mark.parametrize(
    ("parity", "r", "s"),
    [
        (0, 0, 1), (0, 1, 0), (0, 0, 0), (0, ORDER, 1), (0, 1, ORDER), (1, 2**256 - 1, 1),
        (0, 2**256, 1), (0, 1, 2**300), (0, -1, 1), (0, 1, -1), (2, 1, 1), (3, 1, 1), (-1, 1, 1),
        (27, 1, 1), (2**70, 1, 1), (0, 5, 1), (1, 5, 1),
    ],
)  # fmt: skip
def test_what_no_key_can_have_signed_names_nobody(
    kernel: ModuleType, parity: int, r: int, s: int
) -> None:
    # There is no point with x = 5.
    assert pow(5**3 + 7, (FIELD - 1) // 2, FIELD) != 1
    assert kernel.recover(bytes(32), parity, r, s) is None
    assert kernel.recover_many([(bytes(32), parity, r, s)]) == [None]


@BOTH
@pytest.mark.parametrize("size", [0, 31, 33, 64])
def test_a_digest_of_another_size_is_refused(kernel: ModuleType, size: int) -> None:
    with pytest.raises(ValueError, match=f"digest: want 32 bytes, got {size}"):
        kernel.recover(bytes(size), 0, 1, 1)
    with pytest.raises(ValueError, match="want 32 bytes"):
        kernel.recover_many([(bytes(32), 0, 1, 1), (bytes(size), 0, 1, 1)])


NUMBERS = st.one_of(
    st.integers(0, 2**256 + 1),
    st.sampled_from(
        [0, 1, 2, ORDER - 1, ORDER, ORDER + 1, ORDER // 2, FIELD - 1, FIELD, FIELD + 1]
    ),
    st.integers(0, 40),
)


@given(st.binary(min_size=32, max_size=32), st.integers(-1, 4), NUMBERS, NUMBERS)
def test_both_accept_and_refuse_the_same(digest: bytes, parity: int, r: int, s: int) -> None:
    expected = _secp256k1_py.recover(digest, parity, r, s)
    assert _secp256k1_c.recover(digest, parity, r, s) == expected
    assert _secp256k1_c.recover_many([(digest, parity, r, s)]) == [expected]


def test_threads_recover_side_by_side() -> None:
    cases = some_signatures(64)
    batch = [signed for _, signed in cases]
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(_secp256k1_c.recover_many, [batch] * 8))
    assert found == [[address for address, _ in cases]] * 8


def test_hostile_batches_are_refused() -> None:
    class Growing(list[Signed]):
        def __len__(self) -> int:
            return 1

    good = some_signatures(1)[0][1]
    for bad in ([good, None], [good[:3]], [("text", 0, 1, 1)], [(None, 0, 1, 1)]):
        with pytest.raises((TypeError, ValueError)):
            _secp256k1_c.recover_many(bad)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="grew"):
        _secp256k1_c.recover_many(Growing([good, good]))
    with pytest.raises((TypeError, AttributeError)):
        _secp256k1_c.recover(bytes(32), 0, "1", 1)  # type: ignore[arg-type]
