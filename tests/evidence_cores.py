"""The two forms of the evidence checks, to be held against each other, and inputs for them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from byline.precompiles import evidence
from byline.precompiles.errors import InvalidInput
from byline.precompiles.evidence import _core_py, _spans_py
from byline.precompiles.functions import Function
from tests.contracts.harness import calldata


@dataclass(frozen=True)
class Core:
    """One implementation of the five functions, on values."""

    name: str
    match_len: Callable[[bytes, int, bytes, int, int], int]
    verify_chunk: Callable[[bytes, int, bytes, bytes], bool]
    spans: Callable[[bytes, Sequence[bytes], int], bytes]
    compare_suffix: Callable[[bytes, bytes], int]
    knn_shapley: Callable[[int, int, bytes], tuple[tuple[int, ...], int]]

    def outcome(self, data: bytes) -> tuple[bool, bytes]:
        """Return whether a call succeeds, and its output or revert data."""
        names = ("match_len", "verify_chunk", "spans", "compare_suffix", "knn_shapley")
        before = {name: getattr(evidence, name) for name in names}
        try:
            for name in names:
                setattr(evidence, name, getattr(self, name))
            return True, evidence.run(data)
        except InvalidInput as exc:
            return False, exc.revert_data
        finally:
            for name, function in before.items():
                setattr(evidence, name, function)


def cores() -> list[Core]:
    """Return reference and kernel; fails where the kernel is not built."""
    from byline.precompiles.evidence import _core_c, _spans_c

    pairs: tuple[tuple[str, Any, Any], ...] = (
        ("python", _core_py, _spans_py),
        ("cython", _core_c, _spans_c),
    )
    return [
        Core(
            name=name,
            match_len=core.match_len,
            verify_chunk=core.verify_chunk,
            spans=search.spans,
            compare_suffix=core.compare_suffix,
            knn_shapley=core.knn_shapley,
        )
        for name, core, search in pairs
    ]


def function(name: str) -> Function:
    return next(each for each in evidence.FUNCTIONS.values() if each.name == name)


def call(name: str, *arguments: object) -> bytes:
    """Encode a call as eth_abi does, which knows nothing of ours."""
    return calldata(function(name).signature, *arguments)


def token_string(tokens: Sequence[int]) -> bytes:
    return b"".join(token.to_bytes(4, "big") for token in tokens)
