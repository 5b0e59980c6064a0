"""What aiohttp's server logs: its faults, and not what clients send that is no HTTP."""

from __future__ import annotations

import logging
from typing import Final

from aiohttp.http_exceptions import HttpProcessingError

HTTP_LOG: Final = logging.getLogger("byline.rpc.http")
"""Given to aiohttp, which logs a traceback for each request that it cannot read."""


class _ClientsFaults(logging.Filter):
    """Makes one line of such a traceback, for who wants to see everything."""

    def filter(self, record: logging.LogRecord) -> bool:
        error = record.exc_info[1] if record.exc_info else None
        if not isinstance(error, HttpProcessingError):
            return True
        HTTP_LOG.debug("a client sent what is no HTTP: %s", type(error).__name__)
        return False


HTTP_LOG.addFilter(_ClientsFaults())
