"""Room on the stacks of threads for 1,024 nested calls."""

from __future__ import annotations

import sys
import threading
from typing import Final

CALL_STACK_BYTES: Final = 512 * 1024 * 1024
"""Stack of a thread that runs the EVM: 1,024 nested calls take a few hundred kB each."""

RECURSION_LIMIT: Final = 30_000
"""Python frames; py-evm uses about a dozen for each nested call."""


def prepare_threads() -> None:
    """Let threads started from now on run 1,024 nested calls (address space, not memory)."""
    threading.stack_size(CALL_STACK_BYTES)
    sys.setrecursionlimit(max(sys.getrecursionlimit(), RECURSION_LIMIT))
