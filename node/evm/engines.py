"""The engines by name, and what runs where one cannot.

The fast engine is compiled; without its extensions py-evm executes the same blocks, slower.
"""

from __future__ import annotations

import difflib
import functools
import logging
import os
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

from byline.node.evm.machine import Engine

DEFAULT: Final = "fast"
REFERENCE: Final = "pyevm"

log = logging.getLogger(__name__)


def _fast() -> Engine:
    from byline.node.evm.fast.engine import FastEngine

    return FastEngine()


def _pyevm() -> Engine:
    from byline.node.evm.pyevm import PyEvmEngine

    return PyEvmEngine()


ENGINES: Final[Mapping[str, Callable[[], Engine]]] = MappingProxyType(
    {"fast": _fast, "pyevm": _pyevm}
)
"""How each engine is made; its modules are imported only then."""


@functools.cache
def why_not_fast() -> str | None:
    """Return why the fast engine cannot run here, and what to do; `None` if it can."""
    if os.environ.get("BYLINE_NO_EXTENSIONS", "0") not in ("", "0"):
        return "BYLINE_NO_EXTENSIONS is set: unset it to run the fast engine"
    try:
        _fast()
    except ImportError as exc:
        return f"the fast engine is not built ({exc}): run `make ext`, or install a wheel"
    return None


@functools.cache
def _warn_once(words: str) -> None:
    log.warning("py-evm executes code, which is slow: %s", words)


def engine(name: str = DEFAULT) -> Engine:
    """Return a new engine: that of `name`, or py-evm with a warning if that cannot run here.

    Raises `ValueError` for a name that is none, with the nearest one.
    """
    if name not in ENGINES:
        near = difflib.get_close_matches(name, ENGINES, 1)
        hint = f"; did you mean {near[0]}?" if near else ""
        raise ValueError(f"no engine {name!r}, want one of {', '.join(ENGINES)}{hint}")
    if name == "fast":
        words = why_not_fast()
        if words is not None:
            _warn_once(words)
            name = REFERENCE
    return ENGINES[name]()
