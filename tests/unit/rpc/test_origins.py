from __future__ import annotations

import pytest

from byline.rpc.origins import LOCAL_ORIGINS, host_allowed, is_page, origin_allowed


@pytest.mark.parametrize(
    "header",
    [
        None, "", "localhost", "localhost:8545", "LOCALHOST:1", "127.0.0.1:9545", "10.1.2.3",
        "[::1]:8545", "node.local:80",
    ],
)  # fmt: skip
def test_this_machine_ip_literals_and_configured_names_may_be_addressed(
    header: str | None,
) -> None:
    assert host_allowed(header, {"localhost", "node.local"})


@pytest.mark.parametrize(
    "header",
    [
        "evil.example", "evil.example:8545", "localhost.evil.example", "127.0.0.1.nip.io", "[",
        "localhost:" + "0" * 1_024,
    ],
)  # fmt: skip
def test_foreign_names_may_not(header: str) -> None:
    assert not host_allowed(header, {"localhost"})


@pytest.mark.parametrize(
    "origin",
    ["http://localhost", "http://localhost:3000", "https://127.0.0.1:1", "http://[::1]:5"],
)
def test_local_pages_are_allowed_on_any_port(origin: str) -> None:
    assert origin_allowed(origin, LOCAL_ORIGINS)


@pytest.mark.parametrize(
    "origin",
    [
        "http://evil.example", "null", "http://localhost.evil.example", "file://", "",
        "http://[", "http://localhost:x", "ftp://localhost",
    ],
)  # fmt: skip
def test_foreign_pages_are_not(origin: str) -> None:
    assert not origin_allowed(origin, LOCAL_ORIGINS)


def test_a_listed_origin_is_exact_and_a_star_takes_all() -> None:
    assert origin_allowed("https://dapp.example", ["https://dapp.example"])
    assert not origin_allowed("https://dapp.example:444", ["https://dapp.example"])
    assert origin_allowed("https://anything.example", ["*"])


@pytest.mark.parametrize(
    ("origin", "page"),
    [
        ("http://evil.example", True),
        ("https://localhost:1", True),
        ("null", True),
        ("NULL", True),
        ("chrome-extension://abcdef", False),
        # What a program calls itself: no page can have that.
        ("Titanoboa", False),
    ],
)
def test_pages_are_told_from_extensions_and_programs(origin: str, page: bool) -> None:
    assert is_page(origin) is page
