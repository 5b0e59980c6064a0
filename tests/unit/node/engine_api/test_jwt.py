"""Tokens of the Engine API: who gets in, and what the secret's file must hold."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from byline.node.engine_api.jwt import (
    TokenCheck,
    make_token,
    read_or_create_secret,
    read_secret,
)
from byline.node.errors import ConfigError

SECRET = bytes(range(32))
NOW = 1_800_000_000


def check() -> TokenCheck:
    return TokenCheck(SECRET, lambda: NOW)


def signed(head: Any, claims: Any, secret: bytes = SECRET) -> str:
    """Return a header with a token whose parts are JSON and whose signature fits."""
    parts = [part(json.dumps(one).encode()) for one in (head, claims)]
    mac = hmac.new(secret, ".".join(parts).encode(), hashlib.sha256).digest()
    return "Bearer " + ".".join([*parts, part(mac)])


def part(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


HS256 = {"alg": "HS256", "typ": "JWT"}


@pytest.mark.parametrize("drift", [-60, -1, 0, 1, 60])
def test_a_token_of_the_last_or_next_minute_gets_in(drift: int) -> None:
    assert check()(f"Bearer {make_token(SECRET, NOW + drift)}") is None


@pytest.mark.parametrize("drift", [-61, 61, -NOW])
def test_a_stale_token_does_not(drift: int) -> None:
    assert "stale" in (check()(f"Bearer {make_token(SECRET, NOW + drift)}") or "")


def test_the_token_of_rfc_7515_has_the_signature_that_it_prints() -> None:
    """Appendix A.1: key, token and signature are published; the algorithm must agree."""
    key = base64.urlsafe_b64decode(
        "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow=="
    )
    token = (
        "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9."
        "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0"
        "cnVlfQ.dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
    )
    words = TokenCheck(key, lambda: NOW)(f"Bearer {token}")
    assert words is not None
    assert "iat" in words, "the signature passed, the missing claim did not"
    assert "signature" in (check()(f"Bearer {token}") or "")


@pytest.mark.parametrize(
    ("header", "words"),
    [
        (None, "missing"),
        ("", "missing"),
        ("Bearer", "malformed"),
        ("Bearer ", "malformed"),
        ("Bearer a.b", "malformed"),
        ("Bearer a.b.c", "malformed"),
        ("Bearer ä.b.c", "malformed"),
        ("Basic " + "x" * 10, "malformed"),
        ("Bearer " + "x" * 9_000, "malformed"),
        (signed([], {"iat": NOW}), "malformed"),
        (signed(HS256, [NOW]), "malformed"),
        (signed({"alg": "none"}, {"iat": NOW}), "algorithm"),
        (signed({"alg": "HS512"}, {"iat": NOW}), "algorithm"),
        (signed({}, {"iat": NOW}), "algorithm"),
        (signed(HS256, {"iat": NOW}, bytes(32)), "signature"),
        (signed(HS256, {}), "iat"),
        (signed(HS256, {"iat": str(NOW)}), "iat"),
        (signed(HS256, {"iat": True}), "iat"),
        (signed(HS256, {"iat": float("nan")}), "malformed"),
        (signed(HS256, {"iat": float("inf")}), "malformed"),
        (signed(HS256, {"iat": 10**400}), "malformed"),
        (signed(HS256, {"iat": NOW, "exp": NOW}), "expired"),
        (signed(HS256, {"iat": NOW, "exp": "never"}), "expired"),
    ],
)
def test_every_other_header_is_refused_with_its_reason(header: str | None, words: str) -> None:
    found = check()(header)
    assert found is not None
    assert words in found
    assert SECRET.hex() not in found


def test_claims_beside_iat_are_allowed() -> None:
    claims = {"iat": NOW, "exp": NOW + 5, "id": "op-node", "clv": "1"}
    assert check()(signed(HS256, claims)) is None
    assert check()(signed({"alg": "HS256"}, {"iat": NOW + 0.5})) is None
    assert check()(signed(HS256, {"iat": NOW}).replace("Bearer", "bearer")) is None


@given(st.text() | st.text().map("Bearer {}".format) | st.binary().map(lambda b: f"Bearer {b!r}"))
def test_no_header_raises(header: str) -> None:
    assert check()(header) is not None


@given(st.integers(0, 2**800))
def test_a_token_with_one_bit_changed_does_not_get_in(place: int) -> None:
    token = bytearray(make_token(SECRET, NOW).encode())
    at = place % len(token)
    token[at] ^= 1 << (place // len(token) % 7)
    # The last character of a base64url part carries bits that nothing reads.
    if at + 1 not in (len(token), token.find(b".")):
        assert check()(f"Bearer {token.decode()}") is not None


def test_a_secret_is_made_once_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "new" / "jwt.hex"
    first = read_or_create_secret(path)
    assert len(first) == 32
    assert path.stat().st_mode & 0o077 == 0
    assert read_or_create_secret(path) == read_secret(path) == first


@pytest.mark.parametrize("text", ["0x" + SECRET.hex(), SECRET.hex() + "\n", f"  {SECRET.hex()} "])
def test_a_secret_may_have_a_prefix_and_white_space(tmp_path: Path, text: str) -> None:
    (tmp_path / "jwt").write_text(text)
    assert read_secret(tmp_path / "jwt") == SECRET


@pytest.mark.parametrize("text", ["", "0x", "zz" * 32, SECRET.hex()[2:], SECRET.hex() + "00", "ä"])
def test_any_other_file_is_refused_by_name(tmp_path: Path, text: str) -> None:
    path = tmp_path / "jwt"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError, match=str(path)):
        read_or_create_secret(path)


def test_a_folder_that_cannot_be_made_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigError, match=r"jwt\.hex"):
        read_or_create_secret(tmp_path / "file" / "jwt.hex")
