"""The kinds of cases, and whether two engines see the same of one."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any, Final

from byline.node.evm.machine import Engine
from tests.fuzz.execution import blocks, machines, programs, rollup_blocks
from tests.fuzz.execution.machines import Seen

OBSERVERS: Final[dict[str, Callable[[dict[str, Any], Engine], Seen]]] = {
    "program": machines.observe,
    "block": blocks.observe,
    "rollup": rollup_blocks.observe,
    "native": machines.observe,
}
SHARES: Final = (
    (0.15, blocks.random_case),
    (0.1, rollup_blocks.random_case),
    (0.1, programs.random_natives),
)
"""How many of the cases are of a kind; the rest are programs."""


def random_case(seed: int) -> dict[str, Any]:
    """Return the case of a seed."""
    place = random.Random(f"kind {seed}").random()
    for share, make in SHARES:
        if place < share:
            return make(seed)
        place -= share
    return programs.random_program(seed)


def difference(case: dict[str, Any], left: Engine, right: Engine) -> str | None:
    """Return what two engines see differently first, or that both fail; `None` if nothing."""
    observe = OBSERVERS[case["kind"]]
    first, second = observe(case, left), observe(case, right)
    for (name, ours), (other, theirs) in zip(first, second, strict=False):
        if (name, ours) != (other, theirs):
            return f"{name}: {left.name} {ours!r}, {right.name} {theirs!r} ({other})"
    if len(first) != len(second):
        longer = first if len(first) > len(second) else second
        return f"only one saw {longer[min(len(first), len(second))]!r}"
    if first and first[-1][0] == "exception":
        return f"both raise {first[-1][1]}"
    return None
