"""An interface in the words of Solidity, and in those of Vyper."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator, Sequence
from keyword import iskeyword
from typing import Final

from byline.node.contracts.interface_model import Interface, Member, Parameter

WIDTH: Final = 99
INDENT: Final = "    "
_RESERVED_IN_SOLIDITY: Final = frozenset(
    """abstract after alias apply auto byte case copyof default define final implements in
    inline let macro match mutable null of partial promise reference relocatable sealed sizeof
    static supports switch typedef typeof var unchecked""".split()  # noqa: SIM905
)
_RESERVED_IN_VYPER: Final = frozenset(
    """abs as_wei_value blockhash ceil concat convert ecadd ecmul ecrecover empty epsilon
    extract32 floor isqrt keccak256 len max max_value method_id min min_value print range
    raw_call raw_log raw_revert self send sha256 slice sqrt uint2str unsafe_add unsafe_div
    unsafe_mul unsafe_sub block msg tx chain value default gas""".split()  # noqa: SIM905
)
_DYNAMIC: Final = ("bytes", "string")


def solidity(interface: Interface) -> str:
    """Return the text of `I<name>.sol`."""
    structs = {struct.name for struct in interface.structs}
    lines = ["// SPDX-License-Identifier: MIT", "pragma solidity >=0.8.4;", ""]
    lines += _notices((interface.notice, *interface.remarks), "/// ", tags=("@notice", "@dev"))
    lines += [f"interface I{interface.name} {{"]
    for struct in interface.structs:
        members = [f"{INDENT}{m.solidity} {_solidity_name(m)};" for m in struct.members]
        lines += _indented([f"struct {struct.name} {{", *members, "}", ""])
    for kind, members_ in (("error", interface.errors), ("event", interface.events)):
        for member in members_:
            inputs = [
                f"{p.solidity}{' indexed' if p.indexed else ''} {_solidity_name(p)}".rstrip()
                for p in member.inputs
            ]
            lines += _solidity_member(member, f"{kind} {member.name}", inputs, "")
    for member in interface.functions:
        inputs = [_placed(p, "calldata", structs) for p in member.inputs]
        outputs = [_placed(p, "memory", structs) for p in member.outputs]
        mutability = "" if member.mutability == "nonpayable" else f" {member.mutability}"
        returns = f" returns ({', '.join(outputs)})" if outputs else ""
        head = f"function {member.name}"
        lines += _solidity_member(member, head, inputs, f" external{mutability}{returns}")
    while lines[-1] == "":
        lines.pop()
    return "\n".join([*lines, "}", ""])


def _solidity_member(member: Member, head: str, inputs: list[str], tail: str) -> list[str]:
    text = f"{head}({', '.join(inputs)}){tail};"
    if len(INDENT + text) > WIDTH:
        text = f"{head}(\n{INDENT}" + f",\n{INDENT}".join(inputs) + f"\n){tail};"
    return _indented([*_notices((member.notice,), "/// "), *text.split("\n"), ""])


def _placed(parameter: Parameter, location: str, structs: set[str]) -> str:
    """Return a parameter with its data location, where its type needs one."""
    kind = parameter.solidity
    lies = kind in _DYNAMIC or kind.endswith("]") or kind in structs
    return " ".join(
        word for word in (kind, location if lies else "", _solidity_name(parameter)) if word
    )


def _solidity_name(parameter: Parameter) -> str:
    name = parameter.name
    return name + "_" if name in _RESERVED_IN_SOLIDITY else name


def vyper(interface: Interface) -> str:
    """Return the text of `<name>.vyi`."""
    notices = [interface.notice, *interface.remarks, *interface.vyper_remarks]
    lines = ["# pragma version ^0.4.0", *_notices(notices, "# "), ""]
    lines += ["# Errors, which Vyper does not declare:"] if interface.errors else []
    for member in interface.errors:
        kinds = ", ".join(f"{p.solidity} {p.name}".rstrip() for p in member.inputs)
        lines.append(f"#     {member.name}({kinds})")
    for struct in interface.structs:
        members = [f"{INDENT}{m.name}: {m.vyper}" for m in struct.members]
        lines += ["", "", f"struct {struct.name}:", *members]
    for member in interface.events:
        lines += ["", "", *_notices((member.notice,), "# "), f"event {member.name}:"]
        lines += [f"{INDENT}{_member_of_event(p)}" for p in member.inputs] or [f"{INDENT}pass"]
    for member in interface.functions:
        lines += ["", "", *_vyper_function(member)]
    return "\n".join([*lines, ""])


def _member_of_event(parameter: Parameter) -> str:
    kind = f"indexed({parameter.vyper})" if parameter.indexed else parameter.vyper
    return f"{parameter.name}: {kind}"


def _vyper_function(member: Member) -> Iterator[str]:
    yield "@external"
    if member.mutability != "nonpayable":
        yield f"@{member.mutability}"
    inputs = [f"{_vyper_name(p.name)}: {p.vyper}" for p in member.inputs]
    kinds = [p.vyper for p in member.outputs]
    results = kinds[0] if len(kinds) == 1 else f"({', '.join(kinds)})"
    tail = f" -> {results}:" if kinds else ":"
    line = f"def {member.name}({', '.join(inputs)}){tail}"
    if len(line) > WIDTH:
        line = f"def {member.name}(\n{INDENT}" + f",\n{INDENT}".join(inputs) + f",\n){tail}"
    yield from line.split("\n")
    yield f'{INDENT}"""'
    yield from _notices((member.notice,), INDENT, tags=("@notice",))
    yield f'{INDENT}"""'
    yield f"{INDENT}..."


def _vyper_name(name: str) -> str:
    return name + "_" if name in _RESERVED_IN_VYPER or iskeyword(name) else name


def _notices(texts: Sequence[str], prefix: str, tags: Sequence[str] = ("@notice",)) -> list[str]:
    """Return the texts, wrapped, each line after `prefix`; NatSpec tags where it is a doc."""
    lines: list[str] = []
    for index, text in enumerate(texts):
        tag = "" if prefix == "# " else tags[min(index, len(tags) - 1)] + " "
        lines += textwrap.wrap(
            tag + text,
            WIDTH - len(INDENT),
            initial_indent=prefix,
            subsequent_indent=prefix + " " * len(tag),
            break_long_words=False,
            break_on_hyphens=False,
        )
    return lines


def _indented(lines: Iterable[str]) -> list[str]:
    return [INDENT + line if line else "" for line in lines]
