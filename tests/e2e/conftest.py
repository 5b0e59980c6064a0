"""One devnet, in a process of its own, for all tests of a session that share it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.devnets import Running, running


@pytest.fixture(scope="session")
def devnet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """Run `byline up` on free ports; each test process has its own."""
    with running(tmp_path_factory.mktemp("devnet")) as found:
        yield found


@pytest.fixture(scope="session")
def l1_url(devnet: Running) -> str:
    """The L1's JSON-RPC."""
    return devnet.l1_url


@pytest.fixture(scope="session")
def l2_url(devnet: Running) -> str:
    """The L2's JSON-RPC."""
    return devnet.l2_url
