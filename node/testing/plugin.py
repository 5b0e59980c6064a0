"""The pytest plugin `byline`: options and markers, and the fixtures of fixtures.py.

pytest loads it in every project of an environment that has Byline in it, so it imports
nothing that costs time: a devnet, and what it is made of, begins at the first test that asks.
"""

from __future__ import annotations

import pytest

from byline.node.testing.fixtures import (
    byline_accounts,
    byline_clock,
    byline_devnet,
    byline_l1_url,
    byline_l2_url,
    byline_settings,
    devnet,
    w3,
    w3_l1,
)

__all__ = [
    "byline_accounts",
    "byline_clock",
    "byline_devnet",
    "byline_l1_url",
    "byline_l2_url",
    "byline_settings",
    "devnet",
    "pytest_addoption",
    "pytest_configure",
    "w3",
    "w3_l1",
]

MARKERS = (
    "byline_fresh(**settings): give this test a devnet of its own, which ends with it; settings "
    "are added to those of the session",
    "byline_keep: do not take the devnet back after this test",
)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add `--byline` and the ini key `byline`: settings of the devnet, NAME=VALUE each."""
    words = "setting of Byline's devnet, named as in byline.toml"
    parser.getgroup("byline").addoption(
        "--byline",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help=f"{words}; may be repeated, and goes before the ini key",
    )
    parser.addini("byline", f"{words}, one NAME=VALUE a line", type="linelist", default=[])


def pytest_configure(config: pytest.Config) -> None:
    """Declare the markers."""
    for marker in MARKERS:
        config.addinivalue_line("markers", marker)
