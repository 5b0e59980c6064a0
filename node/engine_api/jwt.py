"""The tokens of the Engine API: HS256 with a shared secret, good for a minute.

Sources: execution-apis, src/engine/authentication.md; RFC 7515 and 7519.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import os
import secrets
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, TypeGuard

import orjson

from byline.node.errors import ConfigError

SECRET_BYTES: Final = 32
SECRET_FILE: Final = "jwt.hex"  # noqa: S105 -- a name, not a secret
"""Name of the secret's file in a data folder."""
MOST_DRIFT: Final = 60
"""Seconds by which a token's `iat` may differ from our clock."""
_LONGEST: Final = 8_192
"""Characters of an Authorization header that are looked at."""


def read_secret(path: Path) -> bytes:
    """Read 32 bytes of hex, with or without 0x; raises `ConfigError` naming the file."""
    try:
        text = path.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError) as exc:
        raise ConfigError(f"JWT secret {path}: {exc}") from exc
    try:
        secret = bytes.fromhex(text.removeprefix("0x"))
    except ValueError:
        raise ConfigError(f"JWT secret {path}: want {2 * SECRET_BYTES} hex digits") from None
    if len(secret) != SECRET_BYTES:
        raise ConfigError(f"JWT secret {path}: has {len(secret)} bytes, want {SECRET_BYTES}")
    return secret


def read_or_create_secret(path: Path) -> bytes:
    """Read the secret, or make a file with a new one that only its owner may read."""
    if path.exists():
        return read_secret(path)
    secret = secrets.token_bytes(SECRET_BYTES)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w") as file:
            file.write(secret.hex())
    except OSError as exc:
        raise ConfigError(f"JWT secret {path}: {exc}") from exc
    return secret


def make_token(secret: bytes, issued_at: int) -> str:
    """Return a token that claims to be made at `issued_at`, in seconds since 1970."""
    head = _encode(b'{"alg":"HS256","typ":"JWT"}')
    body = _encode(json.dumps({"iat": issued_at}).encode())
    return f"{head}.{body}.{_encode(_sign(secret, f'{head}.{body}'))}"


class TokenCheck:
    """Tells why an Authorization header does not let a request in."""

    def __init__(self, secret: bytes, now: Callable[[], float] = time.time) -> None:
        self._secret = secret
        self._now = now

    def __call__(self, header: str | None) -> str | None:
        """Return `None` for a good header, else the reason, which names no secret."""
        if not header:
            return "missing token: want the header `Authorization: Bearer <JWT>`"
        scheme, _, token = header[: _LONGEST + 1].partition(" ")
        if scheme.lower() != "bearer" or len(header) > _LONGEST:
            return f"malformed token: want `Bearer <JWT>` of at most {_LONGEST} characters"
        try:
            return self._refusal(token.strip())
        except (ValueError, binascii.Error, RecursionError):
            return "malformed token: want three parts in base64url, the first two JSON objects"

    def _refusal(self, token: str) -> str | None:
        head, body, signature = token.split(".")
        algorithm = _object(head).get("alg")
        if algorithm != "HS256":
            return "token algorithm: want HS256"
        if not hmac.compare_digest(_sign(self._secret, f"{head}.{body}"), _decode(signature)):
            return "token signature does not fit: both sides need the same JWT secret"
        return self._stale(_object(body))

    def _stale(self, claims: dict[str, Any]) -> str | None:
        now = self._now()
        issued, expires = claims.get("iat"), claims.get("exp")
        if not _is_time(issued):
            return "token without issued-at time: want the claim iat in seconds since 1970"
        if abs(now - issued) > MOST_DRIFT:
            return f"stale token: iat differs from this clock by more than {MOST_DRIFT} s"
        if expires is not None and (not _is_time(expires) or expires <= now):
            return "token is expired: exp is past"
        return None


def _is_time(value: Any) -> TypeGuard[float]:
    """Tell whether a claim is a number of seconds."""
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 2**63


def _sign(secret: bytes, text: str) -> bytes:
    return hmac.new(secret, text.encode(), hashlib.sha256).digest()


def _encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _decode(text: str) -> bytes:
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)


def _object(text: str) -> dict[str, Any]:
    # orjson: the standard reader overruns the stack on deep nesting, and this is foreign text.
    value = orjson.loads(_decode(text))
    if not isinstance(value, dict):
        raise ValueError("no JSON object")
    return value
