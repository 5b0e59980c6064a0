"""Arrays in EIP-712 documents have the length that their type says."""

from typing import Any

import pytest

from byline.node.backend.typed_data import check_array_lengths
from byline.rpc.backend import Refused


def document(kind: str, value: Any) -> dict[str, Any]:
    return {
        "types": {
            "Mail": [{"name": "to", "type": kind}],
            "Person": [{"name": "tags", "type": "uint8[2]"}],
        },
        "primaryType": "Mail",
        "message": {"to": value},
    }


@pytest.mark.parametrize(
    ("kind", "value", "words"),
    [
        ("uint8[2]", [1], r"Expected 2 items for array type uint8\[2\], got 1"),
        ("uint8[2]", [1, 2, 3], "got 3"),
        ("uint8[2][]", [[1, 2], [1]], "got 1"),
        ("uint8[][2]", [[1]], "got 1"),
        ("Person", {"tags": []}, r"uint8\[2\], got 0"),
        ("Person[]", [{"tags": [1, 2]}, {"tags": [1]}], "got 1"),
    ],
)
def test_another_length_is_refused_at_any_depth(kind: str, value: Any, words: str) -> None:
    with pytest.raises(Refused, match=words):
        check_array_lengths(document(kind, value))


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("uint8[2]", [1, 2]),
        ("uint8[]", []),
        ("uint8[][2]", [[1], []]),
        ("Person", {"tags": [1, 2]}),
    ],
)
def test_the_right_length_passes(kind: str, value: Any) -> None:
    check_array_lengths(document(kind, value))


@pytest.mark.parametrize(
    "malformed", [{}, {"types": 1}, {"types": {"A": [1]}, "primaryType": "A"}]
)
def test_what_is_malformed_otherwise_is_left_to_the_encoder(malformed: dict[str, Any]) -> None:
    check_array_lengths(malformed)
