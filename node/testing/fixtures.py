"""Fixtures: a devnet for the session, both chains of which every test finds as it began."""

from __future__ import annotations

import warnings
from collections.abc import Generator, Iterable, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from eth_account.signers.local import LocalAccount
    from web3 import Web3

    from byline.node.clock import Clock
    from byline.node.sync_devnet import SyncDevnet


@pytest.fixture(scope="session")
def byline_settings(pytestconfig: pytest.Config) -> Mapping[str, Any]:
    """Return settings by name, from `--byline` and the ini key; a conftest may override it.

    They are read as flags are, so text will do (`{"block_time": "2"}`).
    """
    given = pairs(pytestconfig.getini("byline"), "byline in the ini file")
    return given | pairs(pytestconfig.getoption("--byline"), "--byline")


@pytest.fixture(scope="session")
def byline_clock() -> Clock | None:
    """Return the wall clock of the devnet, `None` for the machine's; a conftest may override it.

    With a `ManualClock`, and `genesis_time` among the settings, times do not depend on when
    the tests run.
    """
    return None


@pytest.fixture(scope="session")
def byline_devnet(
    byline_settings: Mapping[str, Any], byline_clock: Clock | None
) -> Generator[SyncDevnet]:
    """Run the devnet of the session, on free ports; each worker of pytest-xdist has its own.

    What a test does to it stays.  For fixtures of a module or the session that deploy what
    many tests use; tests take `devnet`.
    """
    with _running(byline_settings, byline_clock) as found:
        yield found


@pytest.fixture
def devnet(request: pytest.FixtureRequest) -> Generator[SyncDevnet]:
    """Lend the devnet of the session; after the test it is taken back to where it was before.

    Both chains go back together: blocks, state, pools and clock.  `byline_keep` leaves them,
    `byline_fresh` gives the test a devnet of its own.
    """
    fresh = request.node.get_closest_marker("byline_fresh")
    if fresh is not None:
        settings = request.getfixturevalue("byline_settings")
        clock = request.getfixturevalue("byline_clock")
        with _running({**settings, **fresh.kwargs}, clock) as own:
            yield own
        return
    shared: SyncDevnet = request.getfixturevalue("byline_devnet")
    if request.node.get_closest_marker("byline_keep") is not None:
        yield shared
        return
    with shared.restoring():
        yield shared


@pytest.fixture
def byline_l1_url(devnet: SyncDevnet) -> str:
    """Return the HTTP URL of the L1's JSON-RPC."""
    return devnet.l1.url


@pytest.fixture
def byline_l2_url(devnet: SyncDevnet) -> str:
    """Return the HTTP URL of the L2's JSON-RPC."""
    return devnet.l2.url


@pytest.fixture(scope="session")
def byline_accounts() -> tuple[LocalAccount, ...]:
    """Return the funded accounts with their keys, the same on both chains."""
    with _our_imports():
        from byline.node.devnet import funded_accounts

        return funded_accounts()


@pytest.fixture
def w3(devnet: SyncDevnet) -> Web3:
    """Return web3.py on the L2; the test is skipped where web3.py is not installed."""
    return _web3(devnet.l2.url)


@pytest.fixture
def w3_l1(devnet: SyncDevnet) -> Web3:
    """Return web3.py on the L1; the test is skipped where web3.py is not installed."""
    return _web3(devnet.l1.url)


def _web3(url: str) -> Web3:
    with _our_imports():
        web3 = pytest.importorskip("web3", reason="web3 is not installed: pip install web3")
    found: Web3 = web3.Web3(web3.HTTPProvider(url))
    return found


@contextmanager
def _running(settings: Mapping[str, Any], clock: Clock | None) -> Generator[SyncDevnet]:
    with _our_imports():
        from byline.node.sync_devnet import SyncDevnet

        found = SyncDevnet(clock=clock, **settings)
        found.start()
    try:
        yield found
    finally:
        found.stop()


@contextmanager
def _our_imports() -> Generator[None]:
    """Let imports warn without an error: that is not what a strict project wants to test."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def pairs(lines: Iterable[str], source: str) -> dict[str, Any]:
    """Return NAME=VALUE lines as a mapping; raises `pytest.UsageError`."""
    found = {}
    for line in lines:
        name, equals, value = (part.strip() for part in line.partition("="))
        if not (name and equals):
            raise pytest.UsageError(f"{source}: {line!r} is not NAME=VALUE")
        found[name.replace("-", "_")] = value
    return found
