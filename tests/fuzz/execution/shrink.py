"""Makes a case that two engines see differently smaller, as long as they still do."""

from __future__ import annotations

import copy
import time
from collections.abc import Callable, Iterator
from typing import Any

Case = dict[str, Any]


def shrunk(case: Case, differs: Callable[[Case], bool], seconds: float = 20.0) -> Case:
    """Return a smaller case for which `differs` holds; gives up after `seconds`."""
    end = time.monotonic() + seconds
    found = True
    while found:
        found = False
        for smaller in _smaller(case):
            if time.monotonic() > end:
                return case
            if differs(smaller):
                case, found = smaller, True
                break
    return case


def _smaller(case: Case) -> Iterator[Case]:
    """Yield cases with a part left out, large parts first."""
    for name in ("steps", "transactions"):
        for index in reversed(range(len(case.get(name, ())))):
            changed = copy.deepcopy(case)
            del changed[name][index]
            yield changed
    for address, fields in case["alloc"].items():
        if fields["code"]:
            for code in _shorter(bytes.fromhex(fields["code"])):
                changed = copy.deepcopy(case)
                changed["alloc"][address]["code"] = code.hex()
                yield changed
        if fields["storage"]:
            changed = copy.deepcopy(case)
            changed["alloc"][address]["storage"] = {}
            yield changed
    for index, step in enumerate(case.get("steps", ())):
        for data in _shorter(bytes.fromhex(step.get("data", ""))):
            changed = copy.deepcopy(case)
            changed["steps"][index]["data"] = data.hex()
            yield changed


def _shorter(data: bytes) -> Iterator[bytes]:
    size = len(data)
    while size:
        for start in range(0, len(data), size):
            yield data[:start] + data[start + size :]
        size //= 2
