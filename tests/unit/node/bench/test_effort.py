"""The sizes of the measurements fit each other."""

from __future__ import annotations

import pytest

from byline.node.bench.effort import LONG, NORMAL, QUICK, Effort


@pytest.mark.parametrize("effort", [QUICK, NORMAL, LONG], ids=lambda effort: str(effort.name))
def test_peers_are_measured_only_where_this_node_is(effort: Effort) -> None:
    assert set(effort.heights) >= set(effort.peer_heights)
    assert list(effort.heights) == sorted(effort.heights)


@pytest.mark.parametrize(("less", "more"), [(QUICK, NORMAL), (NORMAL, LONG)])
def test_a_longer_run_measures_no_less(less: Effort, more: Effort) -> None:
    for name in ("gas", "seconds", "block", "blocks", "window", "calls", "starts"):
        assert getattr(less, name) <= getattr(more, name), name
