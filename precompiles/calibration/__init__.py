"""What the prices of the precompiles claim, measured: in gas that does not depend on the machine.

The anchor is ecrecover, 3000 gas, timed in the same process: if it takes `t` seconds, a call
that takes `s` seconds did work worth `3000 * s / t` gas (EIP-1108 and EIP-7883 price by the
same comparison).  A price is honest where the gas charged is no less than that, on the worst
input that a search finds.  The same work is also weighed at fixed speeds, 60 and 100 Mgas/s
(EIP-7904), and its time put down to the sizes that the input declares.

    timing.py           how long a call takes, and ecrecover
    genes.py            what an input is made from: sizes and shapes, within bounds
    math_inputs.py      the inputs of each function of the attribution math
    evidence_inputs.py  the same of the evidence precompile
    probes.py           every function of the table with its inputs
    search.py           the worst input: a hill climb by time per gas
    regression.py       which size takes how long: least squares, none below 0, with bootstrap
    report.py           all of it for all functions

Nothing is read from the clock but by the timer that is passed in.
"""

from byline.precompiles.calibration.genes import Gene, Genes, Probe
from byline.precompiles.calibration.probes import probes
from byline.precompiles.calibration.report import Calibration, Effort, calibrate
from byline.precompiles.calibration.timing import ECRECOVER_GAS, Timer, ecrecover, seconds_per_call

__all__ = [
    "ECRECOVER_GAS",
    "Calibration",
    "Effort",
    "Gene",
    "Genes",
    "Probe",
    "Timer",
    "calibrate",
    "ecrecover",
    "probes",
    "seconds_per_call",
]
