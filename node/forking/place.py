"""Where a fork begins, as users write it: `URL` or `URL@BLOCK`."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

from byline.node.errors import ConfigError


@dataclass(frozen=True, slots=True)
class Place:
    """A node of another chain, and a block of it."""

    url: str
    block: int | None = None
    """Height; `None` is the newest, and below 0 so many blocks before that."""

    @property
    def name(self) -> str:
        """The node without path and password, which often are a key; for messages."""
        parts = urlsplit(self.url)
        return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"


def read_place(setting: str, text: str, block: int | None = None) -> Place:
    """Read a URL, which may end in `@BLOCK`; `block` is one that was given beside it.

    Raises `ConfigError` naming the setting.
    """
    url, at, last = text.rpartition("@")
    number = block
    if at and "/" not in last and last.lstrip("-").isdecimal():
        number = int(last)
        if block is not None and block != number:
            raise ConfigError(f"{setting} names block {number}, {setting} block number {block}")
        text = url
    parts = urlsplit(text)
    try:
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    if not usable:
        raise ConfigError(
            f"{setting}: want http://HOST:PORT or https://HOST/PATH, and @BLOCK after it for "
            "another block than the newest"
        )
    return Place(text, number)


def read_headers(setting: str, text: str | None) -> dict[str, str]:
    """Read HTTP headers, `Name: value`, several of them with a line each.

    Raises `ConfigError`, which does not repeat the value: it may be a key.
    """
    found = {}
    for line in (text or "").splitlines():
        if not line.strip():
            continue
        name, colon, value = line.partition(":")
        if not colon or not name.strip():
            raise ConfigError(f"{setting}: want 'Name: value', and a line for each header")
        found[name.strip()] = value.strip()
    return found
