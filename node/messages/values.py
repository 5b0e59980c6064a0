"""ABI-encoded values as text and as JSON, with bounded work and length.

What an attacker encodes may point at itself over and over, so the bytes that are decoded
are bounded by how deep the types nest lists and bytes.
"""

from __future__ import annotations

from typing import Any, Final

from eth_abi.abi import decode

from byline.node.messages.abi import Signature, split
from byline.node.messages.visible import ELLIPSIS, checksum, hexed, visible

MOST_BYTES: Final = (65_536, 65_536, 8_192, 2_048)
"""That are decoded, by how deep lists and bytes nest in each other; deeper is not decoded."""
MOST_ITEMS: Final = 8
"""Of a list that are shown."""
MOST_STRING: Final = 80
"""Characters of a string that are shown."""
MOST_SHOWN_BYTES: Final = 32
MOST_DIGITS: Final = 15
"""A number with more is written as 1.5e18, if it has few others than zeros."""
MOST_TEXT: Final = 300
"""Characters of all arguments together."""
EXACT_IN_JSON: Final = 2**53


class NotDecoded(ValueError):
    """Data that do not fit their types, or that nobody should take the time for."""


def decoded(signature: Signature, data: bytes) -> tuple[Any, ...]:
    """Return the values that `data`, without selector, encode; raises `NotDecoded`."""
    depth = max(map(_depth, signature.types), default=0)
    if depth >= len(MOST_BYTES) or len(data) > MOST_BYTES[depth]:
        raise NotDecoded(f"{len(data)} bytes for types that nest {depth} deep")
    try:
        return tuple(decode(signature.types, data, strict=False))
    except Exception as exc:  # what it raises for bytes at random is not all documented
        raise NotDecoded(str(exc)) from exc


def _depth(kind: str) -> int:
    """Return how deep nests in a type what data point at: lists, bytes and strings.

    A list of a fixed length counts where its items do: its pointers may all be the same.
    """
    if kind.endswith("]"):
        inner, _, size = kind[:-1].rpartition("[")
        depth = _depth(inner)
        return depth + (not size or depth > 0)
    if kind.startswith("("):
        return max(map(_depth, split(kind)), default=0)
    return int(kind in ("bytes", "string"))


def text_of(kind: str, value: Any) -> str:
    """Return a value of an ABI type as a line shows it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return number(value)
    if isinstance(value, bytes):
        return hexed(value, MOST_SHOWN_BYTES)
    if kind.endswith("]"):
        inner = kind.rpartition("[")[0]
        shown = [text_of(inner, item) for item in value[:MOST_ITEMS]]
        more = [f"{ELLIPSIS} {len(value) - MOST_ITEMS} more"] if len(value) > MOST_ITEMS else []
        return f"[{', '.join(shown + more)}]"
    if kind.startswith("("):
        return f"({', '.join(map(text_of, split(kind), value))})"
    if kind == "address":
        return checksum(bytes.fromhex(value[2:]))
    return f'"{visible(value, MOST_STRING)}"'


def json_of(kind: str, value: Any) -> Any:
    """Return a value of an ABI type for JSON: numbers beyond 2**53 as decimal text."""
    if isinstance(value, bool):
        return value
    if isinstance(value, int):
        return value if abs(value) <= EXACT_IN_JSON else str(value)
    if isinstance(value, bytes):
        return hexed(value, MOST_BYTES[-1])
    if kind.endswith("]"):
        inner = kind.rpartition("[")[0]
        return [json_of(inner, item) for item in value[: 16 * MOST_ITEMS]]
    if kind.startswith("("):
        return list(map(json_of, split(kind), value))
    if kind == "address":
        return checksum(bytes.fromhex(value[2:]))
    return visible(value, MOST_BYTES[-1])


def number(value: int) -> str:
    """Return a number exactly, as 1.5e18 where that is short."""
    digits = str(abs(value))
    if len(digits) <= MOST_DIGITS:
        return str(value)
    head = digits.rstrip("0")
    if len(head) > MOST_DIGITS // 2:
        return str(value)
    fraction = f".{head[1:]}" if len(head) > 1 else ""
    return f"{'-' if value < 0 else ''}{head[0]}{fraction}e{len(digits) - 1}"


def arguments_text(signature: Signature, values: tuple[Any, ...]) -> str:
    """Return `name=value, ...`, shortened."""
    parts = []
    for name, kind, value in zip(signature.names, signature.types, values, strict=True):
        shown = text_of(kind, value)
        parts.append(f"{visible(name, MOST_STRING)}={shown}" if name else shown)
    whole = ", ".join(parts)
    return whole if len(whole) <= MOST_TEXT else whole[:MOST_TEXT] + ELLIPSIS


def arguments_json(signature: Signature, values: tuple[Any, ...]) -> dict[str, Any]:
    """Return the values by name, or by place where a parameter has none."""
    return {
        visible(name, MOST_STRING) or str(place): json_of(kind, value)
        for place, (name, kind, value) in enumerate(
            zip(signature.names, signature.types, values, strict=True)
        )
    }
