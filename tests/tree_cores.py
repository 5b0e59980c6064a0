"""The two cores of the trees of the attribution math, to be held against each other."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from types import ModuleType
from typing import Final
from unittest.mock import patch

from byline.precompiles.errors import InvalidInput
from byline.precompiles.functions import Function, by_selector, select
from byline.precompiles.math import (
    _core_py,
    _payout_tree_c,
    _payout_tree_py,
    _sum_tree_c,
    _sum_tree_py,
    dividing,
    payout_tree,
    sum_tree,
    sum_tree_calls,
)

FUNCTIONS: Final = by_selector((payout_tree.PAYOUT_TREE, *sum_tree_calls.FUNCTIONS))
SUM_TREES: Final = {"python": _sum_tree_py, "cython": _sum_tree_c}
PAYOUT_TREES: Final = {"python": _payout_tree_py, "cython": _payout_tree_c}
CORES: Final = tuple(SUM_TREES)


@contextmanager
def core(name: str) -> Iterator[None]:
    """Let the core of that name do the work behind the functions and the values."""
    division = _core_py if name == "python" else dividing
    with ExitStack() as stack:
        for user in (sum_tree, sum_tree_calls):
            switch(stack, user, SUM_TREES[name])
        switch(stack, sum_tree_calls, division)
        switch(stack, payout_tree, PAYOUT_TREES[name])
        yield


def switch(stack: ExitStack, user: ModuleType, source: ModuleType) -> None:
    """Let `user` have those functions of a core that it imports, from `source`."""
    names = {"levels", "top", "proves", "entries_of", "weights_of", "flow"}
    for name in sorted(names | {"divide", "divide_chunk"}):
        if hasattr(user, name) and hasattr(source, name):
            stack.enter_context(patch.object(user, name, getattr(source, name)))


def outcome(name: str, data: bytes) -> tuple[bool, bytes]:
    """Return whether a call succeeds on a core, and its output or revert data."""
    with core(name):
        try:
            return True, select(FUNCTIONS, data).run(data)
        except InvalidInput as exc:
            return False, exc.revert_data


def both(data: bytes) -> tuple[bool, bytes]:
    """Return the outcome of a call, which must be the same on both cores."""
    one, other = (outcome(name, data) for name in CORES)
    assert one == other
    return one


__all__ = [
    "CORES",
    "FUNCTIONS",
    "PAYOUT_TREES",
    "SUM_TREES",
    "Function",
    "both",
    "core",
    "outcome",
]
