"""Native functions as py-evm calls them: with a computation, which they give back."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable
from typing import Any

from eth.exceptions import OutOfGas, Revert, VMError

from byline.node.evm.natives.native import Failed, Native, Reverted
from byline.node.evm.pyevm_frame import PyEvmFrame


def computed(native: Native) -> Callable[[Any], Any]:
    """Wrap `native` the way py-evm calls one: with a computation, which it gives back."""

    def call(computation: Any) -> Any:
        data = computation.msg.data_as_bytes
        try:
            gas = native.gas(data)
        except Failed as exc:
            raise OutOfGas(str(exc)) from exc
        computation.consume_gas(gas, reason=native.name)
        refused = native.value_refused
        if refused is not None and computation.msg.value and computation.msg.should_transfer_value:
            _revert(computation, refused)
        try:
            if native.change is None:
                computation.output = native.run(data)
            else:
                frame = PyEvmFrame(computation)
                with contextlib.closing(frame):
                    computation.output = native.change(frame)
        except Failed as exc:
            raise VMError(str(exc)) from exc
        except Reverted as exc:
            _revert(computation, exc.data)
        return computation

    return call


def _revert(computation: Any, data: bytes) -> None:
    computation.output = data
    raise Revert(data)


def timed(function: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Let a native function be stopped, too.

    Some are long computations in Python without a place for a check; a profile function is
    called wherever they call a function of their own.
    """

    def call(computation: Any) -> Any:
        check = computation.state.check_time
        if check is None:
            return function(computation)
        before = sys.getprofile()
        sys.setprofile(lambda *_: check())
        try:
            return function(computation)
        finally:
            sys.setprofile(before)

    return call
