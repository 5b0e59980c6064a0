"""The record of an account: what the trie's bytes may be, and what not."""

import contextlib

import pytest
import rlp
from hypothesis import given
from hypothesis import strategies as st

from byline.node.evm.fast._account_c import CorruptAccount, recode

ROOT, CODE = b"\x01" * 32, b"\x02" * 32
nonces = st.sampled_from((0, 1, 0x7F, 0x80, 2**64 - 1)) | st.integers(0, 2**64 - 1)
balances = st.sampled_from((0, 1, 0x7F, 0x80, 2**256 - 1)) | st.integers(0, 2**256 - 1)


@given(nonces, balances)
def test_a_record_is_what_the_rlp_library_writes(nonce: int, balance: int) -> None:
    record = rlp.encode([nonce, balance, ROOT, CODE])
    assert recode(record) == record


@given(st.integers(0, 70), st.integers(0, 255))
def test_a_changed_record_is_refused_or_means_something(at: int, byte: int) -> None:
    record = bytearray(rlp.encode([5, 10**18, ROOT, CODE]))
    record[at] = byte
    with contextlib.suppress(CorruptAccount):
        assert len(recode(bytes(record))) <= 110


@given(st.binary(max_size=120))
def test_bytes_of_any_kind_do_no_harm(record: bytes) -> None:
    with contextlib.suppress(CorruptAccount):
        recode(record)


@pytest.mark.parametrize(
    "fields",
    [[1, 1, ROOT], [1, 1, ROOT, CODE, b""], [1, 1, ROOT[1:], CODE], [1, 2**300, ROOT, CODE]],
)
def test_a_record_of_another_shape_is_refused(fields: list[bytes | int]) -> None:
    with pytest.raises(CorruptAccount):
        recode(rlp.encode(fields))
