"""What eth-account lets pass in EIP-712 documents: arrays that are not as long as their type.

A wallet would refuse them, and no contract could verify what the node signed.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from byline.rpc.backend import Refused

_ARRAY: Final = re.compile(r"^(.+)\[(\d*)\]$")


def check_array_lengths(document: Mapping[str, Any]) -> None:
    """Raise `Refused` where an array is longer or shorter than its type says (EIP-712).

    What is malformed in other ways is left to whoever encodes the document.
    """
    types = document.get("types")
    if isinstance(types, Mapping):
        _check(types, document.get("primaryType"), document.get("message"))


def _check(types: Mapping[str, Any], kind: Any, value: Any) -> None:
    if not isinstance(kind, str):
        return
    array = _ARRAY.match(kind)
    if array is not None and isinstance(value, list):
        wanted = array[2]
        if wanted and len(value) != int(wanted):
            raise Refused(
                f"typed data: Expected {wanted} items for array type {kind}, "
                f"got {len(value)} items"
            )
        for item in value:
            _check(types, array[1], item)
    elif isinstance(value, Mapping) and isinstance(types.get(kind), list):
        for field in types[kind]:
            if isinstance(field, Mapping) and field.get("name") in value:
                _check(types, field.get("type"), value[field["name"]])
