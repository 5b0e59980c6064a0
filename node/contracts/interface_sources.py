"""Interfaces out of sources: what a contract of Vyper or a precompile offers."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from byline.node.contracts.declarations import AbiEntry, parse
from byline.node.contracts.interface_model import (
    Interface,
    Member,
    Parameter,
    Struct,
    sentence,
)
from byline.precompiles import ATTRIBUTION_EVIDENCE, ATTRIBUTION_MATH, PRECOMPILES
from byline.precompiles.evidence.refusals import MAX_INPUT
from byline.precompiles.functions import error_abi
from byline.precompiles.math import MAX_RECIPIENTS
from byline.precompiles.state import ERRORS as STATE_ERRORS
from byline.precompiles.state import MAX_ENTRIES
from byline.precompiles.state.refusals import ENTRY

_TAG: Final = re.compile(r"@(\w+)\s+((?:(?!\n\s*@).)*)", re.DOTALL)
_FOR_VYPER: Final = (
    "From Vyper, call it through lib/attribution_calls.vy, or by raw_call of an abi_encode: "
    "Vyper's interface calls send as many bytes as the longest arguments would take, and here "
    "nothing may follow the last."
)
_ALIKE: Final = "The precompile at 0x{address} and its twin, the contract {name}, answer alike."
_FOR_THE_VAULT: Final = (
    "Only there on chains whose rollup config names a vault, and only for it. It has no code, "
    "which compilers look for before a call that returns nothing: make a low-level call."
)
_PACKED: Final = 28
"""Bytes of an address and a uint64 weight, packed."""


def native_interfaces() -> dict[str, Interface]:
    """Return the interfaces of the precompiles, by the names of their twins."""
    found = {}
    for name, address, most in (
        ("AttributionMath", ATTRIBUTION_MATH, MAX_RECIPIENTS * _PACKED),
        ("AttributionEvidence", ATTRIBUTION_EVIDENCE, MAX_INPUT),
    ):
        precompile = PRECOMPILES[address]
        notices = {function.name: function.summary for function in precompile.functions}
        found[name] = _native(
            name,
            _capital(precompile.summary),
            _ALIKE.format(address=address.hex(), name=name),
            [function.abi() for function in precompile.functions],
            notices,
            [error_abi(error) for error in precompile.errors],
            most,
        )
    found["AttributionState"] = _native(
        "AttributionState",
        "Many credits of the vault, written by one call.",
        _FOR_THE_VAULT,
        [parse("function creditBatch(bytes32 pool, bytes packed)")],
        {"creditBatch": "adds amounts (address 20 || uint128 16 each) to the caller's credits"},
        [error_abi(error) for error in STATE_ERRORS],
        MAX_ENTRIES * ENTRY,
    )
    return found


def _native(
    name: str,
    notice: str,
    remark: str,
    functions: Iterable[AbiEntry],
    notices: Mapping[str, str],
    errors: Iterable[AbiEntry],
    most: int,
) -> Interface:
    """`most` is what Vyper is told of bytes: those of the longest argument."""
    members = tuple(
        Member(
            name=entry["name"],
            notice=_capital(notices[entry["name"]]),
            inputs=tuple(_from_abi(argument, most) for argument in entry["inputs"]),
            outputs=tuple(_from_abi(result, most) for result in entry["outputs"]),
            mutability=entry["stateMutability"],
        )
        for entry in functions
    )
    return Interface(
        name=name,
        notice=notice,
        remarks=(remark,),
        vyper_remarks=(_FOR_VYPER,),
        structs=(),
        functions=members,
        events=(),
        errors=_errors(errors, {}),
    )


def _from_abi(entry: AbiEntry, most: int = 0) -> Parameter:
    return Parameter(entry.get("name", ""), entry["type"], _bounded(entry["type"], most))


def _bounded(kind: str, most: int) -> str:
    if kind.endswith("[]"):
        inner = kind.removesuffix("[]")
        # 256 documents in 65,536 bytes.
        return "DynArray[Bytes[32768], 256]" if inner == "bytes" else f"DynArray[{inner}, 4096]"
    return f"Bytes[{most}]" if kind == "bytes" else kind


def contract_interface(
    path: Path, root: Path, errors: Sequence[AbiEntry], texts: Sequence[str]
) -> Interface:
    """Return the interface of the Vyper source at `path` (relative to `root`).

    `errors` are those that it declares; `texts` the source and all modules that it imports.
    """
    # Imported here: only who builds needs the compiler, and loading it takes a second.
    from vyper.compiler.input_bundle import FilesystemInputBundle
    from vyper.compiler.phases import CompilerData
    from vyper.compiler.settings import Settings

    bundle = FilesystemInputBundle([root])
    data = CompilerData(bundle.load_file(path), bundle, Settings())
    module = data.global_ctx
    remarks = _comments(texts)
    structs: dict[str, Struct] = {}
    functions = tuple(
        Member(
            name=function.name,
            notice=_notice_of(function, remarks),
            inputs=tuple(_parameter(a.name, a.typ, structs) for a in function.arguments),
            outputs=tuple(_results(function.return_type, structs)),
            mutability=function.mutability.value,
        )
        for function in module.exposed_functions
        if not function.is_fallback
    )
    events = tuple(_event(event, remarks, structs) for event in module.used_events)
    return Interface(
        name=path.stem,
        notice=_first(_tags(data.vyper_module.doc_string).get("notice", sentence(path.stem))),
        remarks=(),
        vyper_remarks=(),
        structs=tuple(structs.values()),
        functions=functions,
        events=events,
        errors=_errors(errors, remarks),
    )


def _event(event: Any, remarks: Mapping[str, str], structs: dict[str, Struct]) -> Member:
    inputs = tuple(
        _parameter(name, kind, structs, indexed=indexed)
        for (name, kind), indexed in zip(event.arguments.items(), event.indexed, strict=True)
    )
    return Member(event.name, remarks.get(f"event {event.name}", sentence(event.name)), inputs)


def _errors(entries: Iterable[AbiEntry], remarks: Mapping[str, str]) -> tuple[Member, ...]:
    return tuple(
        Member(
            name=entry["name"],
            notice=remarks.get(f"error {entry['name']}", sentence(entry["name"])),
            inputs=tuple(map(_from_abi, entry["inputs"])),
        )
        for entry in entries
    )


def _results(kind: Any, structs: dict[str, Struct]) -> Iterator[Parameter]:
    if kind is None:
        return
    several = getattr(kind, "member_types", None) if type(kind).__name__ == "TupleT" else None
    for each in several if several is not None else (kind,):
        yield _parameter("", each, structs)


def _parameter(
    name: str, kind: Any, structs: dict[str, Struct], *, indexed: bool = False
) -> Parameter:
    solidity, vyper = _types(kind, structs)
    return Parameter(name, solidity, vyper, indexed)


def _types(kind: Any, structs: dict[str, Struct]) -> tuple[str, str]:
    """Return a type of the compiler's as Solidity and as Vyper name it; note structs."""
    match type(kind).__name__:
        case "BytesT":
            return "bytes", f"Bytes[{kind.length}]"
        case "StringT":
            return "string", f"String[{kind.length}]"
        case "InterfaceT":
            return "address", "address"
        case "DArrayT":
            solidity, vyper = _types(kind.value_type, structs)
            return f"{solidity}[]", f"DynArray[{vyper}, {kind.length}]"
        case "SArrayT":
            solidity, vyper = _types(kind.value_type, structs)
            return f"{solidity}[{kind.length}]", f"{vyper}[{kind.length}]"
        case "StructT":
            members = tuple(_parameter(n, k, structs) for n, k in kind.members.items())
            structs[kind.name] = Struct(kind.name, members)
            return kind.name, kind.name
        case _:
            return str(kind), str(kind)


def _notice_of(function: Any, remarks: Mapping[str, str]) -> str:
    """Return what a function's docstring says of it, or the comment above a variable."""
    tags = _tags(getattr(function.decl_node, "doc_string", None))
    if notice := tags.get("notice"):
        return notice
    if result := tags.get("return"):
        return f"Returns: {result}"
    return remarks.get(f"public {function.name}", f"Returns `{function.name}`.")


def _tags(doc: Any) -> dict[str, str]:
    """Return the NatSpec of a docstring by tag, each text on one line."""
    return {tag: " ".join(text.split()) for tag, text in _TAG.findall(doc.value if doc else "")}


def _comments(texts: Iterable[str]) -> dict[str, str]:
    """Return the comments that stand right above variables, events and declared errors."""
    found: dict[str, str] = {}
    for text in texts:
        above: list[str] = []
        for line in text.splitlines():
            key = _subject(line)
            if key and above:
                found[key] = " ".join(above)
            if line.startswith("# ") and not re.match(r"# (error|event|function|pragma) ", line):
                above.append(line[2:].strip())
            else:
                above = []
    return found


def _subject(line: str) -> str:
    """Return what a line declares: `public x`, `event X` or `error X`; empty for nothing."""
    if match := re.match(r"(\w+): public\(", line):
        return f"public {match[1]}"
    if match := re.match(r"(?:# )?(event|error) (\w+)", line):
        return f"{match[1]} {match[2]}"
    return ""


def _first(text: str) -> str:
    """Return the first sentence: what follows often is a list, which needs its lines."""
    return re.split(r"(?<=[.])\s|:\s", text)[0].rstrip(".") + "."


def _capital(summary: str) -> str:
    text = summary[0].upper() + summary[1:]
    return text if text.endswith(".") else text + "."
