"""A two-pass assembler for the few contracts that Vyper cannot express.

A source is words separated by space; `;` begins a comment that ends with its line.

    ADD             an instruction by its name (`PUSHn` is never written, except PUSH0)
    123  0x7b       pushes a number of up to 32 bytes in the fewest bytes
    0/1             pushes a number in as many bytes as stand behind the stroke
    loop:           a label: a JUMPDEST here
    @loop           pushes the position of that label (PUSH2)
    @loop/1         pushes it in one byte
    .const NAME N   gives a number a name; NAME then pushes it
    .error TEXT     pushes nothing; declares an entry of the ABI (`declarations`)
    .function TEXT  the same for a function
    .event TEXT     the same for an event
    .constructor, .fallback, .receive TEXT   the same for these entries without a name
    .creation       what follows runs once, before the runtime code is left behind; there,
                    @arguments pushes the position of the constructor's arguments
    #name           pushes the selector of the function or error so declared
    "text"          pushes up to 32 bytes of text, left-aligned in a word

Nothing is optimised: what is written is what runs.  Numbers of the instructions: Ethereum
yellow paper, appendix H, with EIP-145, 1014, 1052, 1153, 1344, 1884, 3198, 3855, 4399, 4844,
5656 and 7516.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from byline.node.contracts.declarations import AbiEntry, parse, selector

_NAMES: Final = """
00 STOP ADD MUL SUB DIV SDIV MOD SMOD ADDMOD MULMOD EXP SIGNEXTEND
10 LT GT SLT SGT EQ ISZERO AND OR XOR NOT BYTE SHL SHR SAR
20 KECCAK256
30 ADDRESS BALANCE ORIGIN CALLER CALLVALUE CALLDATALOAD CALLDATASIZE CALLDATACOPY CODESIZE CODECOPY
3a GASPRICE EXTCODESIZE EXTCODECOPY RETURNDATASIZE RETURNDATACOPY EXTCODEHASH
40 BLOCKHASH COINBASE TIMESTAMP NUMBER PREVRANDAO GASLIMIT CHAINID SELFBALANCE BASEFEE BLOBHASH
4a BLOBBASEFEE
50 POP MLOAD MSTORE MSTORE8 SLOAD SSTORE JUMP JUMPI PC MSIZE GAS JUMPDEST TLOAD TSTORE MCOPY PUSH0
80 DUP1 DUP2 DUP3 DUP4 DUP5 DUP6 DUP7 DUP8 DUP9 DUP10 DUP11 DUP12 DUP13 DUP14 DUP15 DUP16
90 SWAP1 SWAP2 SWAP3 SWAP4 SWAP5 SWAP6 SWAP7 SWAP8 SWAP9 SWAP10 SWAP11 SWAP12 SWAP13 SWAP14 SWAP15
9f SWAP16
a0 LOG0 LOG1 LOG2 LOG3 LOG4
f0 CREATE CALL CALLCODE RETURN DELEGATECALL CREATE2
fa STATICCALL
fd REVERT INVALID
"""

INSTRUCTIONS: Final[Mapping[str, int]] = {
    name: int(row.split()[0], 16) + index
    for row in _NAMES.strip().splitlines()
    for index, name in enumerate(row.split()[1:])
}
"""Every instruction that may be written, by name."""

_PUSH0: Final = 0x5F
_JUMPDEST: Final = 0x5B
_LABEL_BYTES: Final = 2
_DEPLOY_BYTES: Final = 10
_MAX_CODE: Final = 24_576
_WORD: Final = re.compile(r';.*|"[^"]*"|[^\s";]+|"')
_DECLARES: Final = ("function", "event", "error", "constructor", "fallback", "receive")
_ARGUMENTS: Final = "arguments"


class AssemblyProblem(ValueError):
    """Source that cannot be assembled; the message names the line and the word."""


@dataclass(frozen=True, slots=True)
class Program:
    """What one source amounts to."""

    code: bytes
    """The runtime code."""
    abi: tuple[AbiEntry, ...]
    """What the source declares, in its order."""
    initcode: bytes
    """Code that runs the source's creation part, if any, and deploys `code`."""


@dataclass(frozen=True, slots=True)
class _Word:
    line: int
    text: str

    def problem(self, why: str) -> AssemblyProblem:
        return AssemblyProblem(f"line {self.line}: {self.text}: {why}")


def assemble(source: str) -> Program:
    """Return code and ABI of `source`.

    Raises `AssemblyProblem` for unknown words, labels that are missing or set twice,
    numbers beyond 32 bytes, and code beyond what a label of 2 bytes reaches.
    """
    runtime: list[_Word] = []
    creation: list[_Word] = []
    words = runtime
    constants: dict[str, int] = {}
    abi: list[AbiEntry] = []
    for number, line in enumerate(source.splitlines(), start=1):
        directive = _Word(number, line.split(";")[0].strip())
        if directive.text == ".creation":
            if words is creation:
                raise directive.problem("stands twice")
            words = creation
        elif directive.text.startswith("."):
            _directive(directive, constants, abi)
        else:
            words += [_Word(number, text) for text in _split(line)]
    selectors = {
        str(entry["name"]): int.from_bytes(selector(entry), "big")
        for entry in abi
        if entry["type"] in ("function", "error")
    }
    code = _link(runtime, constants, selectors, {})
    return Program(code, tuple(abi), _creation(creation, code, constants, selectors))


def _creation(
    words: Iterable[_Word],
    runtime: bytes,
    constants: Mapping[str, int],
    selectors: Mapping[str, int],
) -> bytes:
    # Where the arguments are follows from how long this code is, whatever it pushes for that.
    length = len(_link(words, constants, selectors, {_ARGUMENTS: 0}))
    arguments = len(initcode(runtime, bytes(length)))
    return initcode(runtime, _link(words, constants, selectors, {_ARGUMENTS: arguments}))


def initcode(runtime: bytes, first: bytes = b"") -> bytes:
    """Return code that runs `first`, up to its end, and deploys `runtime`.

    Raises `AssemblyProblem` for a `first` of more than 245 bytes.
    """
    offset = len(first) + _DEPLOY_BYTES
    if offset > 0xFF:
        raise AssemblyProblem(
            f"{len(first)} bytes of creation code, want at most {0xFF - _DEPLOY_BYTES}"
        )
    # PUSH2 size, DUP1, PUSH1 offset, PUSH0, CODECOPY, PUSH0, RETURN
    deploy = bytes([0x61, *len(runtime).to_bytes(2, "big"), 0x80, 0x60, offset])
    return first + deploy + bytes.fromhex("5f395ff3") + runtime


def _split(line: str) -> list[str]:
    return [text for text in _WORD.findall(line) if not text.startswith(";")]


def _directive(word: _Word, constants: dict[str, int], abi: list[AbiEntry]) -> None:
    kind, _, rest = word.text.removeprefix(".").partition(" ")
    if kind == "const":
        name, _, value = rest.partition(" ")
        if name in constants or name in INSTRUCTIONS:
            raise word.problem(f"{name} is taken")
        constants[name] = _number(_Word(word.line, value.strip()))
    elif kind in _DECLARES:
        entry = parse(word.text.removeprefix("."))
        name = str(entry.get("name", kind))
        if any(name == other.get("name", other["type"]) for other in abi):
            raise word.problem(f"{name} is declared twice")
        abi.append(entry)
    else:
        wanted = ", ".join(f".{other}" for other in ("const", "creation", *_DECLARES))
        raise word.problem(f"unknown directive; want one of {wanted}")


def _number(word: _Word) -> int:
    try:
        value = int(word.text, 0)
    except ValueError:
        raise word.problem("no instruction, constant or number") from None
    if not 0 <= value < 2**256:
        raise word.problem("does not fit 32 bytes")
    return value


def _push(value: int, size: int | None = None) -> bytes:
    data = value.to_bytes((value.bit_length() + 7) // 8 if size is None else size, "big")
    return bytes([_PUSH0 + len(data)]) + data


def _in_bytes(word: _Word) -> bytes:
    """Return the code for `value/bytes`."""
    value, _, size = word.text.partition("/")
    number, wanted = _number(_Word(word.line, value)), _number(_Word(word.line, size))
    if not 1 <= wanted <= 32 or number >> 8 * wanted:
        raise word.problem("does not fit, or is not in 1 to 32 bytes")
    return _push(number, wanted)


def _reference(word: _Word) -> tuple[str, int]:
    """Return the label that a word refers to, and the bytes for its position."""
    name, stroke, size = word.text[1:].partition("/")
    if stroke and size not in ("1", "2"):
        raise word.problem("a position takes 1 or 2 bytes")
    return name, int(size) if stroke else _LABEL_BYTES


def _text(word: _Word) -> bytes:
    data = word.text[1:-1].encode()
    if not 0 < len(data) <= 32:
        raise word.problem(f"has {len(data)} bytes, want 1 to 32")
    return b"\x7f" + data.ljust(32, b"\0")


def _piece(word: _Word, constants: Mapping[str, int], selectors: Mapping[str, int]) -> bytes:
    """Return the code of one word that is no label and no reference to one."""
    if word.text in INSTRUCTIONS:
        return bytes([INSTRUCTIONS[word.text]])
    if word.text.startswith('"'):
        return _text(word)
    if word.text.startswith("#"):
        if word.text[1:] not in selectors:
            raise word.problem("no function or error of that name is declared")
        return b"\x63" + selectors[word.text[1:]].to_bytes(4, "big")
    if word.text in constants:
        return _push(constants[word.text])
    if "/" in word.text:
        return _in_bytes(word)
    return _push(_number(word))


def _link(
    words: Iterable[_Word],
    constants: Mapping[str, int],
    selectors: Mapping[str, int],
    known: Mapping[str, int],
) -> bytes:
    """Lay the words out (first pass) and fill in the positions of labels (second).

    `known` are positions of labels that the words need not set.
    """
    code = bytearray()
    labels = dict(known)
    references: list[tuple[int, _Word]] = []
    for word in words:
        if word.text.endswith(":"):
            if word.text[:-1] in labels:
                raise word.problem("the label is set twice")
            labels[word.text[:-1]] = len(code)
            code.append(_JUMPDEST)
        elif word.text.startswith("@"):
            size = _reference(word)[1]
            code.append(_PUSH0 + size)
            references.append((len(code), word))
            code += bytes(size)
        else:
            code += _piece(word, constants, selectors)
    if len(code) > _MAX_CODE:
        raise AssemblyProblem(f"{len(code)} bytes of code, want at most {_MAX_CODE} (EIP-170)")
    for position, word in references:
        name, size = _reference(word)
        if name not in labels:
            raise word.problem("no such label")
        if labels[name] >> 8 * size:
            raise word.problem(f"the label is at {labels[name]}, beyond {size} byte")
        code[position : position + size] = labels[name].to_bytes(size, "big")
    return bytes(code)
