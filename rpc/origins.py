"""Who may speak to a node that signs for whoever asks.

A page from anywhere can make a browser send requests to 127.0.0.1.  Three checks stop it:
the Host header must name this machine (against DNS rebinding), a WebSocket's Origin must
be allowed (browsers do not ask before they open one), and bodies must be declared as JSON
(text/plain travels without a preflight).  Programs send no Origin and pass.
"""

from __future__ import annotations

import functools
import ipaddress
from collections.abc import Collection, Sequence
from typing import Final
from urllib.parse import urlsplit

LOCAL_ORIGINS: Final = (
    "http://localhost:*",
    "http://127.0.0.1:*",
    "http://[::1]:*",
    "https://localhost:*",
    "https://127.0.0.1:*",
    "https://[::1]:*",
)
"""Pages served by this machine, on any port."""
MAX_HOST: Final = 1_024
"""Characters; a name has 253, and a port."""


def check_host(name: str) -> str:
    """Return a name as Host headers are compared with it; raises `ValueError`."""
    host, literal = _host_of(name)
    if literal or not host or name.lower() != host:
        raise ValueError(f"{name!r}: want the name of a host, without scheme and port")
    return host


def check_origin(origin: str) -> str:
    """Return an origin that pages may have, or `*`; raises `ValueError`."""
    if origin == "*":
        return origin
    scheme, found, host = origin.partition("://")
    if not (found and scheme and host) or set(host) & set("/?#@ "):
        raise ValueError(
            f"{origin!r}: want scheme and host as https://example.org, with the port where it "
            "is not the usual one, :* for any, or * alone for all origins"
        )
    return origin.lower()


def host_allowed(header: str | None, names: Collection[str]) -> bool:
    """Tell whether a Host header names us: `names`, or IP literals, none at all (HTTP/1.0)."""
    if not header:
        return True
    if len(header) > MAX_HOST:
        return False
    host, literal = _host_of(header)
    return literal or host in names


# The same few headers come with every request.
@functools.lru_cache(maxsize=64)
def _host_of(header: str) -> tuple[str, bool]:
    """Return the host of a Host header, and whether it is an IP literal."""
    try:
        host = urlsplit(f"//{header}").hostname or ""
    except ValueError:
        return "", False
    return host, _is_literal(host)


def origin_allowed(origin: str, allowed: Sequence[str]) -> bool:
    """Tell whether an Origin is on the list: exact, with any port (`:*`), or everyone (`*`)."""
    if "*" in allowed or origin in allowed:
        return True
    try:
        parts = urlsplit(origin)
        bare, _ = f"{parts.scheme}://{_bracketed(parts.hostname or '')}", parts.port
    except ValueError:
        return False
    return f"{bare}:*" in allowed


def is_page(origin: str) -> bool:
    """Tell whether an Origin is that of a page: a scheme and a host, or `null`.

    Extensions that a user installs have others, and what they may ask is between the browser
    and its user: a wallet asks every node.  Programs that put their name there (titanoboa
    does) are no pages either.
    """
    scheme, found, _ = origin.partition("://")
    if not found:
        return origin.strip().lower() == "null"
    return not scheme.endswith("-extension")


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _is_literal(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
