"""What may be told of HTTP that failed: a URL often is a key, and aiohttp's errors repeat it."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import urlsplit

import aiohttp

from byline.node.messages.visible import visible

MOST_SHOWN: Final = 500
"""Characters of what a server says that an error repeats."""
_URL: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://\S*")


def words_of(exc: Exception) -> str:
    """Return why a request failed, without URLs and fit for a terminal."""
    if isinstance(exc, aiohttp.TooManyRedirects):
        return "too many redirects"
    if isinstance(exc, aiohttp.InvalidURL | aiohttp.RedirectClientError):
        return "it redirects to what is no URL of HTTP"
    words = exc.message if isinstance(exc, aiohttp.ClientResponseError) else str(exc)
    return visible(_URL.sub("its URL", words), MOST_SHOWN) or type(exc).__name__


def server_of(url: str) -> str:
    """Return a URL without user, password, path and query, each of which may be a key."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return "(no URL)"
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"
