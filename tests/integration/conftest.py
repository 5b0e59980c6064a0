"""Both ports of a rollup that a test module has `made`, without the network."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from byline.node.rollups.rollup import ChainName
from tests.integration.rollups import World
from tests.integration.serving import Port, served


@pytest.fixture(params=["l1", "l2"])
def name(request: pytest.FixtureRequest) -> ChainName:
    found: ChainName = request.param
    return found


@pytest.fixture
def port(made: World, name: ChainName) -> Iterator[Port]:
    with served(made, name) as found:
        yield found
