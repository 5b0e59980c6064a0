"""The blob codec against op-node's vectors."""

from __future__ import annotations

import hashlib

import pytest

from byline.derivation.blob import BLOB_SIZE, MAX_BLOB_DATA, decode_blob, encode_blob
from byline.derivation.errors import InvalidData
from tests.derivation_kit import unhex
from tests.vectors_folder import load


def test_blobs_encode_as_op_node_encodes_them() -> None:
    for case in load("blobs/codec.json")["encode"]:
        expected = unhex(case["blob_prefix"]).ljust(BLOB_SIZE, b"\0")
        assert encode_blob(unhex(case["data"])) == expected


def test_blobs_decode_or_fail_as_op_node_has_it() -> None:
    for case in load("blobs/codec.json")["decode"]:
        blob = bytearray(unhex(case["blob_prefix"]).ljust(BLOB_SIZE, b"\0"))
        for place, value in case.get("edits", {}).items():
            blob[int(place)] = int(value, 16)
        if "error" in case:
            with pytest.raises(InvalidData, match="blob: "):
                decode_blob(bytes(blob))
            continue
        expected = bytes(case["data_len"]) if "data_len" in case else unhex(case["data"])
        assert decode_blob(bytes(blob)) == expected


def test_blobs_of_all_lengths_round_trip_to_known_hashes() -> None:
    stream = b"".join(hashlib.sha256(n.to_bytes(4, "big")).digest() for n in range(4064))
    for case in load("blobs/codec.json")["roundtrip"]["cases"]:
        data = stream[: case["len"]]
        blob = encode_blob(data)
        assert hashlib.sha256(blob).hexdigest() == case["blob_sha256"]
        assert decode_blob(blob) == data


def test_a_blob_has_bounds_both_ways() -> None:
    with pytest.raises(ValueError, match="130045 bytes, at most 130044"):
        encode_blob(bytes(MAX_BLOB_DATA + 1))
    with pytest.raises(InvalidData, match="5 bytes, want 131072"):
        decode_blob(bytes(5))
