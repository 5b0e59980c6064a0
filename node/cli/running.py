"""What the commands share: asyncio with uvloop, signals, errors as one line."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import Coroutine
from typing import Any

from byline.derivation.errors import DerivationError
from byline.node.errors import NodeError
from byline.node.loops import loop_factory


def run_to_end(work: Coroutine[Any, Any, int]) -> int:
    """Run `work`; expected failures become one line on standard error and status 2."""
    try:
        with asyncio.Runner(loop_factory=loop_factory()) as runner:
            return runner.run(work)
    except (NodeError, DerivationError) as exc:
        print(f"byline: {exc}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130


def stop_event() -> asyncio.Event:
    """Return an event that Ctrl-C and SIGTERM set, so that everything can end in order."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    return stop
