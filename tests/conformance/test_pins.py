"""The engines still end where they and the execution specs ended when blocks were pinned."""

import pytest

from byline.node.evm.engines import engine
from tests.conformance.pins import case_of, digest, pinned, pins

PINS = pins()


@pytest.mark.parametrize("fork", sorted({pin.fork for pin in PINS}))
@pytest.mark.parametrize("name", ["fast", "pyevm"])
def test_pinned_blocks_end_in_their_states(name: str, fork: str) -> None:
    wanted = [pin for pin in PINS if pin.fork == fork]
    assert len(wanted) >= 100
    for pin in wanted:
        assert digest(case_of(pin.seed, fork)) == pin.case, "the generator has changed: pin anew"
        assert pinned(pin.seed, fork, engine(name)) == pin
