"""Fixtures of the node's tests."""

import pytest

from byline.node.evm.engines import ENGINES
from tests.unit.node.evm import evm_kit


@pytest.fixture(params=list(ENGINES))
def each_engine(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Run the test once on every engine; `evm_kit` opens machines of it."""
    name: str = request.param
    monkeypatch.setattr(evm_kit, "ENGINE", ENGINES[name]())
    return name
