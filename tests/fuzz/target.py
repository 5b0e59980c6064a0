"""What is fuzzed: a decoder, inputs that it accepts, and what it may refuse with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Target:
    """One decoder."""

    name: str
    seeds: tuple[bytes, ...]
    """Inputs to start from; all of them are accepted."""
    check: Callable[[bytes], object]
    """Decodes; asserts the laws of the format for what it accepts."""
    refusals: tuple[type[Exception], ...]
    """How it says no.  Anything else that it raises is a finding."""
    most: int = 4_000
    """Bytes of an input."""
