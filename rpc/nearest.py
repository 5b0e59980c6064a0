"""Which method somebody meant whose name is none."""

from __future__ import annotations

import difflib
import functools
from collections.abc import Iterable
from typing import Final

_LONGEST: Final = 64
_SPREAD: Final = 3
"""Characters by which a misspelt name may be longer or shorter."""
_LIKE: Final = 0.8
_REMEMBERED: Final = 256


class Nearest:
    """Looks names up in a table of methods.

    Comparing a name with all methods takes milliseconds, of which a client may ask many: only
    names of the same namespace are compared, and what was found is remembered.
    """

    def __init__(self, known: Iterable[str]) -> None:
        self._known = sorted(known)
        self._lower = {name.lower(): name for name in self._known}
        self._rest: dict[str, str] = {}
        for name in self._known:
            self._rest.setdefault(name.partition("_")[2].lower(), name)
        self.to = functools.lru_cache(_REMEMBERED)(self._to)

    def _to(self, name: str) -> str | None:
        """Return the method that is nearest to `name`; `None` when none is near."""
        if len(name) > _LONGEST:
            return None
        lower = name.lower()
        namespace, _, rest = lower.partition("_")
        found = self._lower.get(lower) or self._rest.get(rest)
        if found is not None:
            return found
        alike = [
            other
            for other in self._known
            if other.startswith(namespace + "_") and abs(len(other) - len(name)) <= _SPREAD
        ]
        return next(iter(difflib.get_close_matches(name, alike, n=1, cutoff=_LIKE)), None)
