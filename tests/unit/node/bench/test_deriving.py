"""The figures of derivation are taken from a chain that really derives."""

from __future__ import annotations

from dataclasses import replace

import pytest

from byline.derivation.channel_out import BatchKind
from byline.node.bench.deriving import (
    Sample,
    pipeline_seconds,
    posted_bytes,
    sample,
    transactions_in,
    verifier_seconds,
    weighing,
)


@pytest.fixture(scope="module", params=["singular", "span"])
def small(request: pytest.FixtureRequest) -> Sample:
    """Return a chain of 14 blocks with 2 transfers each, over three L1 blocks and the batch's."""
    kind: BatchKind = request.param
    return sample(kind, blocks=14, each=2)


def test_a_sample_holds_what_it_says(small: Sample) -> None:
    assert (small.made, transactions_in(small)) == (14, 28)
    assert small.refs[-1].number == 14
    assert len(small.l1) >= 5
    assert small.refs[-1].l1_origin.number >= 2


def test_pipeline_and_verifier_derive_the_whole_sample(small: Sample) -> None:
    assert pipeline_seconds(small) > 0
    assert verifier_seconds(small) > 0


def test_a_sample_that_does_not_derive_gives_no_figure(small: Sample) -> None:
    blocks = (*small.blocks[:-1], replace(small.blocks[-1], transactions=()))
    with pytest.raises(AssertionError, match="derived otherwise"):
        pipeline_seconds(replace(small, blocks=blocks))
    with pytest.raises(AssertionError, match="want 13"):
        verifier_seconds(replace(small, refs=small.refs[:-1]))


def test_the_bytes_of_a_span_are_fewer_and_the_ratio_says_so(small: Sample) -> None:
    singular, span = (posted_bytes(small, kind, "zlib") for kind in ("singular", "span"))
    table = weighing(small)
    first, second = (line for line in table.lines if line.what == "zlib")

    assert 0 < span < singular
    assert (first.who, first.figures) == ("span batches", (span / 28,))
    assert (second.who, second.figures) == ("singular batches", (singular / 28,))
    assert table.ratio(second) == pytest.approx(singular / span)
    assert table.ratio(first) is None
