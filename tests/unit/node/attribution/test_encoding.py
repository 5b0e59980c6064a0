"""The leaves as bytes and back."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from byline.node.attribution.encoding import (
    EVIDENCE_LEAF_BYTES,
    RECORD_LEAF_BYTES,
    EvidenceLeaf,
    RecordLeaf,
    decode_evidence,
    decode_packed,
    encode_evidence,
    encode_packed,
)

u32 = st.integers(0, 2**32 - 1)
u64 = st.integers(0, 2**64 - 1)
address = st.binary(min_size=20, max_size=20)
word = st.binary(min_size=32, max_size=32)
evidence_leaves = st.builds(EvidenceLeaf, u32, u32, u32, u32, u32, u32, address, u64, u32)
records = st.builds(
    RecordLeaf, address, word, word, word, word, st.integers(0, 2**128 - 1), u32, u32, u64
)
LEAF = EvidenceLeaf(1, 2, 3, 4, 5, 6, b"\x07" * 20, 8, 9)
RECORD = RecordLeaf(b"\x01" * 20, bytes(32), bytes(32), bytes(32), bytes(32), 10, 11, 12, 13)


def test_the_fields_of_an_evidence_leaf_stand_in_the_agreed_order() -> None:
    words = "".join(f"{number:08x}" for number in (1, 2, 3, 4, 5, 6))
    assert LEAF.encode().hex() == words + "07" * 20 + f"{8:016x}{9:08x}"


def test_the_fields_of_a_record_leaf_stand_in_the_agreed_order() -> None:
    record = replace(RECORD, req_hash=b"\x02" * 32, weights_root=b"\x05" * 32)
    hashes = "02" * 32 + "00" * 64 + "05" * 32
    assert record.encode().hex() == "01" * 20 + hashes + f"{10:032x}{11:08x}{12:08x}{13:016x}"


@given(leaves=st.lists(evidence_leaves, max_size=5))
def test_evidence_reads_back(leaves: list[EvidenceLeaf]) -> None:
    data = encode_evidence(leaves)
    assert len(data) == EVIDENCE_LEAF_BYTES * len(leaves)
    assert decode_evidence(data) == tuple(leaves)
    assert [EvidenceLeaf.decode(leaf.encode()) for leaf in leaves] == leaves


@given(record=records)
def test_a_record_reads_back(record: RecordLeaf) -> None:
    assert RecordLeaf.decode(record.encode()) == record


@given(points=st.dictionaries(address, u64))
def test_a_packed_list_reads_back(points: dict[bytes, int]) -> None:
    ascending = tuple(sorted(points.items()))
    assert decode_packed(encode_packed(ascending)) == ascending


@pytest.mark.parametrize("size", [0, EVIDENCE_LEAF_BYTES - 1, EVIDENCE_LEAF_BYTES + 1])
def test_a_leaf_of_another_size_is_refused(size: int) -> None:
    with pytest.raises(ValueError, match="want exactly 56"):
        EvidenceLeaf.decode(bytes(size))


@pytest.mark.parametrize("size", [0, RECORD_LEAF_BYTES - 1, RECORD_LEAF_BYTES + 1])
def test_a_record_of_another_size_is_refused(size: int) -> None:
    with pytest.raises(ValueError, match="want exactly 180"):
        RecordLeaf.decode(bytes(size))


def test_torn_lists_are_refused() -> None:
    with pytest.raises(ValueError, match="evidence of 57 bytes"):
        decode_evidence(bytes(57))
    with pytest.raises(ValueError, match="packed list of 29 bytes"):
        decode_packed(bytes(29))


@pytest.mark.parametrize(
    "leaf", [replace(LEAF, hi=2**32), replace(LEAF, weight=-1), replace(LEAF, owner=b"")]
)
def test_a_leaf_whose_fields_do_not_fit_is_refused(leaf: EvidenceLeaf) -> None:
    with pytest.raises(ValueError, match=r"does not fit|want 20"):
        leaf.encode()


@pytest.mark.parametrize(
    "record", [replace(RECORD, fee=2**128), replace(RECORD, fee=-1), replace(RECORD, payer=b"")]
)
def test_a_record_whose_fields_do_not_fit_is_refused(record: RecordLeaf) -> None:
    with pytest.raises(ValueError, match=r"does not fit|want a payer"):
        record.encode()


def test_packed_owners_ascend_strictly() -> None:
    with pytest.raises(ValueError, match="want ascending ones"):
        encode_packed(((b"\x02" * 20, 1), (b"\x02" * 20, 1)))
    with pytest.raises(ValueError, match="want ascending ones"):
        decode_packed(encode_packed(((b"\x02" * 20, 1),)) + encode_packed(((b"\x01" * 20, 1),)))


def test_points_beyond_64_bits_are_refused() -> None:
    with pytest.raises(ValueError, match="do not fit 64 bits"):
        encode_packed(((b"\x02" * 20, 2**64),))
