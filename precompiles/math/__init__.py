"""Attribution math: divide a payment among those whose data earned it, to the wei.

    apportion(uint8 method, uint128 amount, uint64[] weights) -> uint128[] amounts

    refusals.py   which inputs are refused, in which order, with which error
    call.py       the input's shape
    _core_py.py   the reference: the rounding rules in words
    _core_c.pyx   the compiled core
    gas.py        the price
    calibration.py  measures what the price claims
    sum_tree.py   trees that commit to payouts and their sum: roots, proofs, chunks
    _sum_tree_py.py   their reference; _sum_tree_c.pyx, compiled
    payout_tree.py  how an amount flows through the ancestors of a model
    _payout_tree_py.py  its reference; _payout_tree_c.pyx, compiled
    tree_refusals.py  which inputs the functions on trees refuse

Both cores give the same bytes for every input; the tests hold them to it.  The compiled
one is used where it was built; `BYLINE_NO_EXTENSIONS=1` switches to the reference, and
`BACKEND` says which it is.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from byline.precompiles.abi import SELECTOR, WORD, encode_array
from byline.precompiles.errors import InvalidInput
from byline.precompiles.functions import Function, by_selector, select
from byline.precompiles.math.call import CASCADE, HAMILTON, METHODS, read_call
from byline.precompiles.math.gas import MINIMUM, apportion_gas
from byline.precompiles.math.gas import gas as gas_of_apportion
from byline.precompiles.math.refusals import ERRORS, MAX_RECIPIENTS

__all__ = [
    "APPORTION",
    "BACKEND",
    "CASCADE",
    "ERRORS",
    "FUNCTIONS",
    "HAMILTON",
    "MAX_RECIPIENTS",
    "METHODS",
    "apportion",
    "apportion_gas",
    "divide",
    "encode_call",
    "gas",
    "run",
]

BACKEND = "python"
if TYPE_CHECKING or os.environ.get("BYLINE_NO_EXTENSIONS", "0") not in ("", "0"):
    from byline.precompiles.math._core_py import divide
else:
    try:
        from byline.precompiles.math._core_c import divide

        BACKEND = "cython"
    except ImportError:
        from byline.precompiles.math._core_py import divide


def _run_apportion(data: bytes) -> bytes:
    call = read_call(data)
    return encode_array(divide(call.method, call.amount, call.words))


APPORTION: Final = Function(
    name="apportion",
    inputs=(("uint8", "method"), ("uint128", "amount"), ("uint64[]", "weights")),
    outputs=(("uint128[]", "amounts"),),
    gas=gas_of_apportion,
    run=_run_apportion,
    summary="divides `amount` by `weights`; method 0 is cascade, 1 is hamilton",
)

FUNCTIONS: Final = by_selector([APPORTION])
"""The functions of the attribution math, by selector."""


def gas(data: bytes) -> int:
    """Return the gas for any input: the called function's price, or the minimum."""
    try:
        return select(FUNCTIONS, data).gas(data)
    except InvalidInput:
        return MINIMUM


def run(data: bytes) -> bytes:
    """Return the output for any input, or raise `InvalidInput` (see `refusals`)."""
    return select(FUNCTIONS, data).run(data)


def encode_call(method: int, amount: int, weights: Sequence[int]) -> bytes:
    """Encode a call of `apportion`, as a contract or a wallet would.

    Values are placed as they are (below 2**256), so this also makes refused inputs.
    """
    words = (method, amount, WEIGHTS_OFFSET, len(weights), *weights)
    return APPORTION.selector + b"".join(word.to_bytes(WORD, "big") for word in words)


def apportion(method: int, amount: int, weights: Sequence[int]) -> tuple[int, ...]:
    """Divide `amount` (wei, below 2**128) by `weights`: the function on values.

    Raises `InvalidInput` for what the chain would refuse too.
    """
    words = run(encode_call(method, amount, weights))[2 * WORD :]
    return tuple(int.from_bytes(words[at : at + WORD], "big") for at in range(0, len(words), WORD))


WEIGHTS_OFFSET: Final = 3 * WORD
"""The ABI offset of the weights, counted behind the selector."""

assert SELECTOR + WEIGHTS_OFFSET + WORD == 132, "refusals.WEIGHTS_AT names this offset"
