"""Attribution math: divide a payment among those whose data earned it, to the wei.

    functions.py  the functions that divide and weigh, with their types
    values.py     the same on Python values, for callers that need no chain
    refusals.py   which inputs are refused, in which order, with which error
    call.py       the inputs' shapes
    gas.py        the prices
    dividing.py   chooses the compiled cores or the references
    _core_py.py   apportionment, the rounding rules in words; _core_c.pyx, compiled
    _bounds_py.py   payments with a floor and a cap; _bounds_c.pyx, compiled
    _weights_py.py  weights from scores and ages; _weights_c.pyx, compiled
    _words.pxd    what the compiled ones share
    sum_tree.py   trees that commit to payouts and their sum: roots, proofs, chunks
    sum_tree_calls.py  the functions that make and check them, as the chain calls them
    _sum_tree_py.py   their reference; _sum_tree_c.pyx, compiled
    payout_tree.py  how an amount flows through the ancestors of a model
    _payout_tree_py.py  its reference; _payout_tree_c.pyx, compiled
    tree_refusals.py  which inputs the functions on trees refuse

Both cores give the same bytes for every input; the tests hold them to it.  The compiled
one is used where it was built; `BYLINE_NO_EXTENSIONS=1` switches to the reference, and
`BACKEND` says which it is.
"""

from __future__ import annotations

from typing import Final

from byline.precompiles.errors import InvalidInput
from byline.precompiles.functions import by_selector, select
from byline.precompiles.math import functions, sum_tree_calls, tree_refusals
from byline.precompiles.math.call import ADAMS, CASCADE, DHONDT, HAMILTON, METHODS, WEBSTER
from byline.precompiles.math.dividing import BACKEND, divide
from byline.precompiles.math.functions import APPORTION
from byline.precompiles.math.gas import MINIMUM, apportion_gas
from byline.precompiles.math.payout_tree import PAYOUT_TREE
from byline.precompiles.math.refusals import ERRORS as ERRORS_OF_DIVISION
from byline.precompiles.math.refusals import MAX_RECIPIENTS
from byline.precompiles.math.values import (
    apportion,
    apportion_chunk,
    cap_floor,
    decay,
    encode_call,
    relu,
    softmax,
)

__all__ = [
    "ADAMS",
    "APPORTION",
    "BACKEND",
    "CASCADE",
    "DHONDT",
    "ERRORS",
    "FUNCTIONS",
    "HAMILTON",
    "MAX_RECIPIENTS",
    "METHODS",
    "WEBSTER",
    "apportion",
    "apportion_chunk",
    "apportion_gas",
    "cap_floor",
    "decay",
    "divide",
    "encode_call",
    "gas",
    "relu",
    "run",
    "softmax",
]

FUNCTIONS: Final = by_selector([*functions.FUNCTIONS, PAYOUT_TREE, *sum_tree_calls.FUNCTIONS])
"""The functions of the attribution math, by selector."""

ERRORS: Final = (*ERRORS_OF_DIVISION, *tree_refusals.ERRORS)
"""All that any of them may refuse with."""


def gas(data: bytes) -> int:
    """Return the gas for any input: the called function's price, or the minimum."""
    try:
        return select(FUNCTIONS, data).gas(data)
    except InvalidInput:
        return MINIMUM


def run(data: bytes) -> bytes:
    """Return the output for any input, or raise `InvalidInput` (see `refusals`)."""
    return select(FUNCTIONS, data).run(data)
