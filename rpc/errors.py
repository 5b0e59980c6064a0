"""Errors as JSON-RPC objects: the codes, and the one conversion from what a node raises.

    RpcError
     +-- ParseError        -32700  the bytes are not JSON
     +-- InvalidRequest    -32600  JSON, but no request
     +-- MethodNotFound    -32601  nobody of that name here
     +-- InvalidParams     -32602  the arguments do not fit the method
     +-- InternalError     -32603  a fault of ours, and only that: clients retry it
     +-- ServerError       -32000  a refusal with geth's words
     +-- ResponseTooLarge  -32003  a batch answer grew over its limit
     +-- ExecutionReverted      3  a call ended in REVERT; `data` is what it returned
     +-- SimulationError   -38010  and others: why blocks cannot be tried out

The texts are an interface: ethers and viem classify errors by regular expressions over
them.  Codes -32603 and -32005 make viem try again, so nothing deterministic may use them.
Sources: JSON-RPC 2.0 section 5.1; EIP-1474; execution-apis; the words are those of geth.
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from byline.derivation.errors import InvalidData
from byline.rpc.backend import BackendError, Halted, Refused, Reverted, UnknownBlock
from byline.rpc.refused import why_refused
from byline.rpc.simulation import SimulationRefused

log = logging.getLogger("byline.rpc")

_ERROR_SELECTOR: Final = bytes.fromhex("08c379a0")
"""`Error(string)`."""
_PANIC_SELECTOR: Final = bytes.fromhex("4e487b71")
"""`Panic(uint256)`."""
_LONGEST_REASON: Final = 10_000
_LONGEST_NAME: Final = 64

PANICS: Final[Mapping[int, str]] = {
    0x00: "generic panic",
    0x01: "assert(false)",
    0x11: "arithmetic underflow or overflow",
    0x12: "division or modulo by zero",
    0x21: "enum overflow",
    0x22: "invalid encoded storage byte array accessed",
    0x31: "out-of-bounds array access; popping on an empty array",
    0x32: "out-of-bounds access of an array or bytesN",
    0x41: "out of memory",
    0x51: "uninitialized function",
}
"""What geth calls the panic codes of Solidity."""


class RpcError(Exception):
    """What goes into the `error` member of an answer."""

    code = -32000

    def __init__(self, message: str, data: Any = None) -> None:
        super().__init__(message)
        self.message = message
        self.data = data

    def as_object(self) -> dict[str, Any]:
        """Return the error object; `data` is absent rather than null."""
        message = self.message.encode("utf-8", "replace").decode()
        found = {"code": self.code, "message": message}
        return found if self.data is None else {**found, "data": self.data}


class ParseError(RpcError):
    """The bytes are not JSON."""

    code = -32700


class InvalidRequest(RpcError):
    """Well-formed JSON that is not a request."""

    code = -32600


class MethodNotFound(RpcError):
    """The method is unknown here, or cannot work on this transport."""

    code = -32601


class InvalidParams(RpcError):
    """An argument is missing, too many, or malformed."""

    code = -32602


class InternalError(RpcError):
    """A fault of ours; the log has the traceback under the same id."""

    code = -32603


class ServerError(RpcError):
    """An expected refusal."""


class ResponseTooLarge(RpcError):
    """The answers of a batch would exceed the limit."""

    code = -32003


class ExecutionReverted(RpcError):
    """A call ended in REVERT."""

    code = 3


class SimulationError(RpcError):
    """Blocks cannot be tried out as they were asked for; the code says why."""

    def __init__(self, message: str, code: int) -> None:
        super().__init__(message)
        self.code = code


def as_rpc_error(exc: Exception) -> RpcError:
    """Return `exc` as the client shall see it; what nobody foresaw is logged with an id."""
    if isinstance(exc, RpcError):
        return exc
    for kind in type(exc).__mro__:
        convert = _CONVERSIONS.get(kind)
        if convert is not None:
            return convert(exc)
    return _internal(exc)


def unknown_method(name: str, known: Iterable[str], near: str | None = None) -> MethodNotFound:
    """Return the error for a method that does not exist; it says why, or names one `near` it.

    Clients look for geth's words at the beginning.
    """
    shown = name if len(name) <= _LONGEST_NAME else name[:_LONGEST_NAME] + "..."
    words = f"the method {shown} does not exist/is not available"
    why = why_refused(name, known)
    if why is None and near is not None:
        words += f"; did you mean {near}?"
    return MethodNotFound(words, why)


def revert_reason(output: bytes) -> str | None:
    """Return the text in the return data of a revert; `None` when it holds no standard one."""
    if output[:4] == _PANIC_SELECTOR and len(output) >= 36:
        code = int.from_bytes(output[4:36], "big")
        return PANICS.get(code, f"unknown panic code: {code:#x}")
    if output[:4] != _ERROR_SELECTOR or len(output) < 68:
        return None
    offset = int.from_bytes(output[4:36], "big") + 4
    length = int.from_bytes(output[offset : offset + 32], "big")
    start = offset + 32
    if start + length > len(output):
        return None
    return output[start : start + min(length, _LONGEST_REASON)].decode("utf-8", "replace")


def _internal(exc: Exception) -> InternalError:
    name = secrets.token_hex(4)
    log.error("internal error (id %s)", name, exc_info=exc)
    return InternalError(f"internal error (id {name})")


def _reverted(exc: Reverted) -> ExecutionReverted:
    reason = revert_reason(exc.output)
    words = "execution reverted" if reason is None else f"execution reverted: {reason}"
    return ExecutionReverted(words, "0x" + exc.output.hex())


def _unknown_block(exc: Exception) -> ServerError:
    # web3.py looks for "not found" beside "header" or "block".
    return ServerError("header not found", str(exc) or None)


def _simulation(exc: SimulationRefused) -> SimulationError:
    return SimulationError(str(exc), exc.code)


def _words(exc: Exception) -> ServerError:
    return ServerError(str(exc) or type(exc).__name__)


_CONVERSIONS: Final[Mapping[type, Callable[[Any], RpcError]]] = {
    UnknownBlock: _unknown_block,
    Reverted: _reverted,
    Refused: _words,
    Halted: _words,
    SimulationRefused: _simulation,
    BackendError: _words,
    InvalidData: _words,
}
