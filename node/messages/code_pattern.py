"""What the code of a contract looks like on a chain, from what its compiler wrote.

Construction fills in immutables and linked libraries, and a compiler ends the code with a
hash over its sources, which a comment changes.  Solidity pushes zeros where an immutable
or an address will stand; Vyper appends immutables to the code.

Sources: Solidity documentation, "Contract Metadata" (encoding in the bytecode), "Library
Linking", "Call Protection For Libraries"; Vyper documentation, "Compiling a contract".
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

_LINK: Final = re.compile(r"__.{36}__")
"""Forty letters that stand for the address of a library."""
_PUSHED_ZEROS: Final = re.compile(b"\x7f\x00{32}|\x73\x00{20}", re.DOTALL)
_METADATA_KEYS: Final = (b"ipfs", b"bzzr", b"solc", b"experimental")
MOST_METADATA: Final = 512
"""Bytes of what ends the code of a Solidity contract."""


@dataclass(frozen=True, slots=True)
class CodePattern:
    """Runtime code with places that anything may fill."""

    template: bytes
    places: tuple[tuple[int, int], ...]
    """Start and end of each, ascending."""
    appends: bool
    """Whether immutables stand behind the template."""

    def fits(self, code: bytes) -> bool:
        """Tell whether `code` is this contract's."""
        size, rest = len(self.template), len(code) - len(self.template)
        if rest and not (self.appends and rest > 0 and rest % 32 == 0):
            return False
        at = 0
        for start, end in (*self.places, (size, size)):
            if code[at:start] != self.template[at:start]:
                return False
            at = end
        return True


def pattern_of(text: str, references: Iterable[tuple[int, int]] = ()) -> CodePattern | None:
    """Return the pattern of runtime code in hex; `None` for none, or text that is no hex.

    `references` are the start and length of immutables, where the compiler tells them.
    """
    links = [(match.start(), match.end()) for match in _LINK.finditer(text)]
    shift = 2 if text.startswith("0x") else 0
    try:
        template = bytes.fromhex(_LINK.sub("0" * 40, text)[shift:])
    except ValueError:
        return None
    if not template:
        return None
    metadata = _metadata(template)
    places = [((start - shift) // 2, (end - shift) // 2) for start, end in links]
    places += [(start, start + length) for start, length in references]
    places += [(match.start() + 1, match.end()) for match in _PUSHED_ZEROS.finditer(template)]
    if metadata:
        places.append((len(template) - metadata, len(template)))
    return CodePattern(template, tuple(_merged(places, len(template))), appends=not metadata)


def _metadata(code: bytes) -> int:
    """Return the length of the CBOR that ends `code`, its own two bytes of length included."""
    size = int.from_bytes(code[-2:], "big") + 2
    if size > min(MOST_METADATA, len(code)) or not 0xA0 < code[-size] < 0xB8:
        return 0
    return size if any(key in code[-size:] for key in _METADATA_KEYS) else 0


def _merged(places: Iterable[tuple[int, int]], size: int) -> Iterator[tuple[int, int]]:
    at = 0
    for start, end in sorted(places):
        start, end = max(start, at), min(end, size)
        if start < end:
            yield start, end
            at = end
