"""The assembler writes what is written, and says what it cannot."""

from __future__ import annotations

import pytest

from byline.node.contracts.assembler import AssemblyProblem, assemble, initcode
from byline.node.contracts.declarations import DeclarationProblem, parse, selector, signature
from tests.contracts.harness import Evm


@pytest.mark.parametrize(
    ("source", "code"),
    [
        ("STOP ADD MUL SIGNEXTEND", "0001020b"),
        ("0 1 255 256 0x0100", "5f600160ff610100610100"),
        ("2 0x" + "ff" * 32, "60027f" + "ff" * 32),
        ("start: @end JUMP end: @start JUMP", "5b610005565b61000056"),
        ("0/1 255/2 0x20/32", "60006100ff7f" + "20".zfill(64)),
        ("start: @end/1 JUMP end: @start/2 JUMP", "5b600456" + "5b61000056"),
        (".const SIZE 0x20\nSIZE SIZE ADD ; doubled SIZE", "6020602001"),
        ('"ab;c" POP', "7f" + b"ab;c".ljust(32, b"\0").hex() + "50"),
        (".error Panic(uint256)\n#Panic", "634e487b71"),
        ("DUP16 SWAP16 LOG4 CREATE2 STATICCALL REVERT BLOBBASEFEE MCOPY", "8f9fa4f5fafd4a5e"),
    ],
)
def test_a_source_becomes_these_bytes(source: str, code: str) -> None:
    assert assemble(source).code.hex() == code


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("ADD\nADDD", "line 2: ADDD: no instruction"),
        ("@nowhere", "line 1: @nowhere: no such label"),
        ("a: a:", "line 1: a:: the label is set twice"),
        ("0x1" + "00" * 32, "does not fit 32 bytes"),
        ("-1", "does not fit 32 bytes"),
        ("#transfer", "no function or error of that name"),
        (".konst A 1", "unknown directive"),
        (".const ADD 1", "ADD is taken"),
        (".function f()\n.function f(bool)", "f is declared twice"),
        (".fallback ()\n.fallback () payable", "fallback is declared twice"),
        ('"' + "x" * 33 + '"', "has 33 bytes"),
        (".creation\n.creation", "line 2: .creation: stands twice"),
        (".creation\n" + "STOP " * 246, "246 bytes of creation code, want at most 245"),
        ("@arguments", "no such label"),
        ("256/1", "256/1: does not fit"),
        ("1/0", "1/0: does not fit"),
        ("1/33", "1/33: does not fit"),
        ("a: @a/3", "a position takes 1 or 2 bytes"),
        ("STOP " * 256 + "a: @a/1", "the label is at 256, beyond 1 byte"),
        ("POP " * 24_577, "want at most 24576"),
    ],
)
def test_what_cannot_be_assembled_is_named(source: str, words: str) -> None:
    with pytest.raises(AssemblyProblem, match=words.replace("(", r"\(")):
        assemble(source)


def test_initcode_leaves_the_runtime_behind() -> None:
    runtime = assemble("0x2a PUSH0 MSTORE 0x20 PUSH0 RETURN").code
    evm = Evm()
    created = evm.deploy(initcode(runtime))
    assert evm.code(created.created) == runtime
    assert int.from_bytes(evm.call(created.created).output, "big") == 42


def test_creation_code_runs_first_and_finds_its_arguments_behind_everything() -> None:
    program = assemble("""
        at: PUSH0 SLOAD PUSH0 MSTORE 0x20 PUSH0 RETURN
        .constructor (uint256 number)
        .creation
        0x20 @arguments PUSH0 CODECOPY @at JUMP
        at: PUSH0 MLOAD PUSH0 SSTORE
    """)
    evm = Evm()
    created = evm.deploy(program.initcode + (42).to_bytes(32, "big") + b"more")
    assert evm.code(created.created) == program.code
    assert int.from_bytes(evm.call(created.created).output, "big") == 42
    assert program.abi == (
        {
            "type": "constructor",
            "inputs": [{"name": "number", "type": "uint256"}],
            "stateMutability": "nonpayable",
        },
    )


def test_without_a_creation_part_the_initcode_only_deploys() -> None:
    program = assemble("0x2a PUSH0 RETURN")
    assert program.initcode == initcode(program.code)


def test_declarations_become_abi_entries() -> None:
    entry = parse("function f((address a, bytes[2] b)[] calls, uint8) view returns (bool ok)")
    assert signature(entry) == "f((address,bytes[2])[],uint8)"
    assert entry["stateMutability"] == "view"
    assert entry["outputs"] == [{"name": "ok", "type": "bool"}]
    assert selector(parse("error NotDepositor()")).hex() == "3cc50b45"
    event = parse("event E(uint256 indexed id, bytes data)")
    assert [item["indexed"] for item in event["inputs"]] == [True, False]
    assert parse("receive() payable") == {"type": "receive", "stateMutability": "payable"}


@pytest.mark.parametrize(
    "text",
    ["error", "error X", "error X(", "error X(word)", "error X(uint)", "error X() view", "x X()",
     "function f() returns", "error X(uint256,,bool)", "error X(uint257)", "error X($)",
     "receive(bool)", "constructor f()"],
)  # fmt: skip
def test_a_declaration_outside_the_grammar_is_refused(text: str) -> None:
    with pytest.raises(DeclarationProblem):
        parse(text)
