"""What `console.log` was told: call data to the line that the developer meant.

Numbers, text, truth and addresses in any mixture of up to four, and bytes of every length
alone, as Hardhat's `console.sol` and forge-std's declare them; the old ones with `uint` and
`int`, whose selectors are of these words, too; and all that Vyper's `print` takes.  Formats
follow Node's `util.format`, on which Hardhat's output rests, and forge-std's `%x` and `%e`.

Sources: hardhat `console.sol`, `console-logger.ts`; forge-std `console.sol`, `console2.sol`;
Node.js documentation, `util.format`; Vyper, `builtins/functions.py`, `Print`.
"""

from __future__ import annotations

import functools
import itertools
import re
from collections.abc import Iterator, Mapping
from typing import Final, TypeAlias

from byline.derivation.hashing import keccak256
from byline.node.messages.visible import checksum

Value: TypeAlias = int | str | bool | bytes

MIXED: Final = ("uint256", "string", "bool", "address")
MOST_MIXED: Final = 4
"""Parameters of one call."""
MOST_LETTERS: Final = 10_000
"""Characters of one line that are kept."""

_QUOTES: Final = {"o": "'", "O": "'", "j": '"'}
"""Of text, by format."""
VYPER_PRINT: Final = keccak256(b"log(string,bytes)")[:4]
_SCHEMA: Final = re.compile(r"\((?:[a-z0-9,()]|\[(?:[1-9]\d{0,2})?\]){0,200}\)")
"""Types of which data of a bounded length take bounded work."""
_FORMAT: Final = re.compile(r"%[sdifxeoOjc%]")


def signatures() -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield each function's declared and its canonical types."""
    yield "log()", ()
    for count in range(1, MOST_MIXED + 1):
        for types in itertools.product(MIXED, repeat=count):
            yield f"log({','.join(types)})", types
            if "uint256" in types:
                yield f"log({','.join(types)})".replace("uint256", "uint"), types
    for kind in ("int256", "bytes", *(f"bytes{size}" for size in range(1, 33))):
        yield f"log({kind})", (kind,)
    yield "log(int)", ("int256",)
    for kind in ("int", "int256"):
        yield f"log(string,{kind})", ("string", "int256")


@functools.cache
def selectors() -> Mapping[bytes, tuple[str, ...]]:
    """Return the types of every function by its selector."""
    return {keccak256(text.encode())[:4]: types for text, types in signatures()}


def console_text(data: bytes) -> str | None:
    """Return what a call to the console prints; `None` where it is no function of its own.

    Nothing is escaped yet.  Data that end too early read as zeros, as in Hardhat.
    """
    body = data[4:]
    if data[:4] == VYPER_PRINT:
        return _printed(body)
    types = selectors().get(data[:4])
    if types is None:
        return None
    values = [_value(kind, body, 32 * place) for place, kind in enumerate(types)]
    return formatted(values)[:MOST_LETTERS]


def _printed(body: bytes) -> str | None:
    """Return what Vyper's `print` was given: a tuple of types in text, and their encoding."""
    # Imported here, as it takes longer than the rest of the module.
    from byline.node.messages.abi import Signature, split
    from byline.node.messages.values import NotDecoded, decoded, text_of

    schema, payload = (_dynamic(body, _word(body, 32 * place)) for place in range(2))
    kinds = schema.decode("ascii", "replace")
    if not _SCHEMA.fullmatch(kinds):
        return None
    types = split(kinds)
    try:
        values = decoded(Signature("print", types, ("",) * len(types)), payload)
    except NotDecoded:
        return None
    pairs = zip(types, values, strict=True)
    shown = [
        str(v) if kind == "string" or type(v) is int else text_of(kind, v) for kind, v in pairs
    ]
    return " ".join(shown)[:MOST_LETTERS]


def _value(kind: str, body: bytes, at: int) -> Value:
    word = body[at : at + 32].ljust(32, b"\0")
    if kind in ("string", "bytes"):
        found = _dynamic(body, int.from_bytes(word, "big"))
        return found.decode("utf-8", "replace") if kind == "string" else found
    if kind == "bool":
        return any(word)
    if kind == "address":
        return checksum(word[12:])
    if kind.startswith("bytes"):
        return word[: int(kind[5:])]
    return int.from_bytes(word, "big", signed=kind == "int256")


def _word(body: bytes, at: int) -> int:
    return int.from_bytes(body[at : at + 32].ljust(32, b"\0"), "big")


def _dynamic(body: bytes, start: int) -> bytes:
    length = int.from_bytes(body[start : start + 32], "big")
    return body[start + 32 : start + 32 + min(length, 4 * MOST_LETTERS)]


def formatted(values: list[Value]) -> str:
    """Return `values` as one line: the first may hold formats for those that follow."""
    if not values:
        return ""
    first, rest = values[0], values[1:]
    if not isinstance(first, str) or not rest:
        return " ".join(map(_plain, values))
    waiting = iter(rest)
    left = len(rest)

    def put(match: re.Match[str]) -> str:
        nonlocal left
        letter = match[0][1]
        if letter == "%":
            return "%"
        if not left:
            return match[0]
        left -= 1
        return _put(letter, next(waiting))

    line = _FORMAT.sub(put, first)
    return " ".join([line, *map(_plain, waiting)])


def _put(letter: str, value: Value) -> str:
    if letter == "c":
        return ""
    if letter in "xe" and isinstance(value, int) and not isinstance(value, bool):
        return hex(value) if letter == "x" else f"{value:e}"
    shown = _plain(value)
    quote = _QUOTES.get(letter, "") if isinstance(value, str) else ""
    return quote + shown + quote


def _plain(value: Value) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, bytes):
        return f"0x{value.hex()}"
    return str(value)
