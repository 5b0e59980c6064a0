"""How many files and sockets this process may have open."""

from __future__ import annotations

import contextlib
import sys
from typing import Final

WANTED: Final = 8192
"""Two ports full of connections, and what the store has open."""


def allow_many() -> None:
    """Raise the bound as far as is wanted and the system lets us."""
    if sys.platform == "win32":
        return
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = WANTED if hard == resource.RLIM_INFINITY else min(WANTED, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        with contextlib.suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
