"""The tracers by name, and the options that each takes."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

from byline.node.evm.tracers.base import NoopTracer, Scene, TransactionTracer
from byline.node.evm.tracers.calls import CallTracer
from byline.node.evm.tracers.flat import FlatCallTracer
from byline.node.evm.tracers.four_byte import FourByteTracer
from byline.node.evm.tracers.mux import MuxTracer
from byline.node.evm.tracers.prestate import PrestateTracer

MOST_SHOWN: Final = 64
"""Letters of a name in an error; somebody may send a program in JavaScript."""


class BadTracer(Exception):
    """There is no tracer of that name, or it does not take those options."""


Flags = Mapping[str, bool]


@dataclass(frozen=True, slots=True)
class Kind:
    """A tracer: what makes it, and which flags it takes, by their names in JSON."""

    make: Callable[[Scene, Flags], TransactionTracer]
    flags: tuple[str, ...] = ()


def _calls(scene: Scene, flags: Flags) -> TransactionTracer:
    return CallTracer(scene, only_top_call=flags["onlyTopCall"], with_log=flags["withLog"])


def _flat(scene: Scene, flags: Flags) -> TransactionTracer:
    return FlatCallTracer(
        scene,
        convert_parity_errors=flags["convertParityErrors"],
        include_precompiles=flags["includePrecompiles"],
    )


def _prestate(scene: Scene, flags: Flags) -> TransactionTracer:
    if flags["diffMode"] and flags["includeEmpty"]:
        raise BadTracer("cannot use diffMode with includeEmpty")
    return PrestateTracer(
        scene,
        diff_mode=flags["diffMode"],
        disable_code=flags["disableCode"],
        disable_storage=flags["disableStorage"],
        include_empty=flags["includeEmpty"],
    )


KINDS: Final[Mapping[str, Kind]] = MappingProxyType(
    {
        "callTracer": Kind(_calls, ("onlyTopCall", "withLog")),
        "flatCallTracer": Kind(_flat, ("convertParityErrors", "includePrecompiles")),
        "prestateTracer": Kind(
            _prestate, ("diffMode", "disableCode", "disableStorage", "includeEmpty")
        ),
        "4byteTracer": Kind(lambda scene, _: FourByteTracer(scene)),
        "noopTracer": Kind(lambda *_: NoopTracer()),
    }
)
"""Those that `muxTracer`, which is one more, may hold."""
MUX: Final = "muxTracer"


def tracer(name: str, config: Mapping[str, Any], scene: Scene) -> TransactionTracer:
    """Return a new tracer of `name` with the members of `config`; others are ignored, as by geth.

    Raises `BadTracer`.
    """
    if name == MUX:
        return MuxTracer({inner: _inner(inner, value, scene) for inner, value in config.items()})
    kind = KINDS.get(name)
    if kind is None:
        raise BadTracer(_unknown(name))
    return kind.make(scene, {flag: _flag(config, flag) for flag in kind.flags})


def _inner(name: str, config: Any, scene: Scene) -> TransactionTracer:
    if name == MUX:
        raise BadTracer("muxTracer: holds other tracers, not itself")
    if config is not None and not isinstance(config, Mapping):
        raise BadTracer(f"muxTracer: {name[:MOST_SHOWN]}: want an object of its options")
    return tracer(name, config or {}, scene)


def _flag(config: Mapping[str, Any], name: str) -> bool:
    value = config.get(name)
    if value is None:
        return False
    if not isinstance(value, bool):
        raise BadTracer(f"tracerConfig: {name}: want true or false, got {str(value)[:MOST_SHOWN]}")
    return value


def _unknown(name: str) -> str:
    known = (*KINDS, MUX)
    near = difflib.get_close_matches(name, known, 1) if len(name) <= MOST_SHOWN else []
    hint = f"did you mean {near[0]}?" if near else f"want one of {', '.join(known)}"
    shown = name if len(name) <= MOST_SHOWN else name[:MOST_SHOWN] + "..."
    return f"unknown tracer {shown!r}: {hint} (tracers in JavaScript are not run)"
