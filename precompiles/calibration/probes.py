"""Every function of the precompiles, and how its inputs are made."""

from __future__ import annotations

from byline.precompiles.calibration import evidence_inputs, math_inputs
from byline.precompiles.calibration.genes import Probe
from byline.precompiles.registry import (
    ATTRIBUTION_EVIDENCE,
    ATTRIBUTION_MATH,
    PRECOMPILES,
    Precompile,
)

_TABLE = {
    ATTRIBUTION_MATH: math_inputs.PROBES,
    ATTRIBUTION_EVIDENCE: evidence_inputs.PROBES,
}


def probes() -> tuple[tuple[Precompile, Probe], ...]:
    """Return each precompile with each of its probes.

    Raises `LookupError` for a function of the chain that has no probe, so that none goes
    unmeasured, and for a probe of a function that is not there.
    """
    found = []
    for address, precompile in PRECOMPILES.items():
        there = {function.name for function in precompile.functions}
        probed = {probe.function for probe in _TABLE.get(address, ())}
        if there != probed:
            raise LookupError(
                f"{precompile.name}: {sorted(there - probed)} without inputs for calibration, "
                f"inputs for {sorted(probed - there)} without a function"
            )
        found += [(precompile, probe) for probe in _TABLE[address]]
    return tuple(found)
