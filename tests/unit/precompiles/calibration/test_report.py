"""Every function of the precompiles is measured, on inputs that it takes and pays for."""

from __future__ import annotations

import random
import time

import pytest

from byline.precompiles import InvalidInput, Precompile, evidence, math
from byline.precompiles.calibration import Effort, Probe, calibrate, probes
from byline.precompiles.calibration.report import CALL, Worst
from byline.precompiles.calibration.search import Sample

ALL = probes()
ids = [probe.name for _, probe in ALL]


def test_no_function_is_left_out() -> None:
    named = {(precompile.name, probe.function) for precompile, probe in ALL}
    assert named == {
        (precompile.name, function.name)
        for precompile, _ in ALL
        for function in precompile.functions
    }
    assert len(named) >= 15


@pytest.mark.parametrize(("precompile", "probe"), ALL, ids=ids)
def test_inputs_are_valid_calls_of_their_function(precompile: Precompile, probe: Probe) -> None:
    """Some inputs are refused on purpose, but never all, and none for a wrong encoding."""
    selector = next(f.selector for f in precompile.functions if f.name == probe.function)
    source, done, refused = random.Random(1), 0, []
    for _ in range(12):
        data = probe.inputs({**probe.draw(source), "fault": 0})[0]
        assert data[:4] == selector
        try:
            precompile.run(data)
            done += 1
        except InvalidInput as refusal:
            refused.append(str(refusal))
    assert done
    assert not [words for words in refused if "MalformedInput" in words]


@pytest.mark.parametrize(("precompile", "probe"), ALL, ids=ids)
def test_the_price_grows_with_the_sizes_it_names(precompile: Precompile, probe: Probe) -> None:
    source = random.Random(2)
    genes = {**probe.draw(source), "fault": 0}
    small, large = probe.least() | {"fault": 0}, probe.largest(genes)
    assert precompile.gas(probe.inputs(large)[0]) > precompile.gas(probe.inputs(small)[0])
    assert all(size(large) > size(small) for _, size in probe.sizes)


@pytest.mark.parametrize(("precompile", "probe"), ALL, ids=ids)
def test_variants_cost_the_same_and_are_made_again_alike(
    precompile: Precompile, probe: Probe
) -> None:
    genes = probe.draw(random.Random(3))
    inputs = probe.inputs(genes)
    assert inputs == probe.inputs(genes)
    assert len({precompile.gas(data) for data in inputs}) == 1


def test_a_margin_is_the_gas_over_what_the_time_is_worth() -> None:
    found = Worst("known", Sample({}, 1 / 3, 1500), anchor=30e-6)
    assert found.worth == pytest.approx(1000)
    assert found.seconds == pytest.approx(10e-6)
    assert found.margin == pytest.approx(1.5)
    assert found.margin_at(60) == pytest.approx(2.5)
    assert found.margin_at(100) == pytest.approx(1.5)


def test_a_report_has_a_worst_input_and_every_size_of_each_function() -> None:
    wanted = [item for item in ALL if item[1].name in ("relu", "verifyChunk")]
    said: list[str] = []
    effort = Effort(steps=4, samples=8, replicates=4, batches=1, batch_seconds=1e-5)
    found = calibrate(time.process_time, effort, say=said.append, wanted=wanted)
    assert [item.name for item in found.worst] == ["relu", "verifyChunk"]
    assert [(term.name, term.size) for term in found.terms] == [
        ("relu", CALL),
        ("relu", "element"),
        ("verifyChunk", CALL),
        ("verifyChunk", "word"),
        ("verifyChunk", "sibling"),
    ]
    assert found.anchor > 0
    assert len(said) == 3


@pytest.mark.slow
def test_every_price_covers_the_worst_input_that_is_found() -> None:
    """By ecrecover in the same process; 0.8 leaves room for a machine that is busy elsewhere."""
    if {math.BACKEND, evidence.BACKEND} != {"cython"}:
        pytest.skip("prices are those of the compiled cores")
    found = calibrate(time.process_time, Effort(steps=30, samples=0, replicates=0, batches=3))
    cheap = {item.name: (item.margin, item.sample) for item in found.worst if item.margin < 0.8}
    assert not cheap
    assert len(found.worst) == len(ALL)
