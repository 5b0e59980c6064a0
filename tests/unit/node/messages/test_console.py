"""What `console.log` was told, beside what Hardhat prints."""

import re
import time
from pathlib import Path

import pytest
from eth_abi.abi import encode

from byline.derivation.hashing import keccak256
from byline.node.evm.console import CONSOLE, ConsoleCalls
from byline.node.messages.console import MOST_LETTERS, console_text, selectors
from byline.node.messages.lines import MOST_CONSOLE_LINES, console_lines

HARDHAT = Path("build/clients/node_modules/hardhat/console.sol")
ALICE = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266"


def told(types: str, *values: object, declared: str | None = None) -> str | None:
    data = keccak256(f"log({declared or types})".encode())[:4]
    return console_text(data + encode(types.split(",") if types else [], values))


def test_the_address_says_console_log() -> None:
    assert CONSOLE.lstrip(b"\0") == b"console.log"


@pytest.mark.parametrize(
    ("types", "values", "line"),
    [
        ("", (), ""),
        ("string", ("hello",), "hello"),
        ("uint256", (2**256 - 1,), str(2**256 - 1)),
        ("int256", (-5,), "-5"),
        ("bool", (True,), "true"),
        ("address", (ALICE,), ALICE),
        ("bytes", (b"\x01\x02",), "0x0102"),
        ("bytes4", (b"\x01\x02\x03\x04",), "0x01020304"),
        ("string,uint256", ("have", 7), "have 7"),
        ("uint256,string", (7, "%s"), "7 %s"),
        ("string,string,bool,address", ("a", "b", False, ALICE), f"a b false {ALICE}"),
    ],
)
def test_values_stand_side_by_side(types: str, values: tuple[object, ...], line: str) -> None:
    assert told(types, *values) == line


# The right sides are what Node's `util.format` makes of the same.
@pytest.mark.parametrize(
    ("text", "types", "values", "line"),
    [
        ("a %s b", "string,string,string", ("x", "y"), "a x b y"),
        ("have %d", "string,uint256", (2**200,), f"have {2**200}"),
        ("have %i wei", "string,uint256", (5,), "have 5 wei"),
        ("%o", "string,string", ("abc",), "'abc'"),
        ("%j", "string,string", ("a",), '"a"'),
        ("%c|", "string,string", ("a",), "|"),
        ("100%%", "string", (), "100%%"),
        ("100%%", "string,string", ("x",), "100% x"),
        ("%s %s", "string,string", ("a",), "a %s"),
        ("%%s", "string,string", ("a",), "%s a"),
        ("", "string,string", ("a",), " a"),
        ("%x", "string,uint256", (255,), "0xff"),
        ("%z", "string,uint256", (1,), "%z 1"),
    ],
)
def test_formats_take_the_values_that_follow(
    text: str, types: str, values: tuple[object, ...], line: str
) -> None:
    assert told(types, text, *values) == line


def test_the_old_functions_for_uint_and_int_are_known_by_their_own_selectors() -> None:
    assert told("string,uint256", "n", 3, declared="string,uint") == "n 3"
    assert told("int256", -3, declared="int") == "-3"
    assert told("string,int256", "n", -3, declared="string,int") == "n -3"


@pytest.mark.clients
def test_every_function_of_hardhat_is_known() -> None:
    if not HARDHAT.exists():
        pytest.skip("hardhat is not installed: run `make clients`")
    declared = re.findall(r'encodeWithSignature\("(log\([^"]*\))"', HARDHAT.read_text())
    assert len(declared) > 370
    missing = {text for text in declared if keccak256(text.encode())[:4] not in selectors()}
    assert not missing


def printed(schema: str, payload: bytes) -> str | None:
    selector = keccak256(b"log(string,bytes)")[:4]
    return console_text(selector + encode(["string", "bytes"], [schema, payload]))


def test_what_vyper_prints_is_read_by_its_own_schema() -> None:
    payload = encode(["string", "uint256[2]", "address"], ["have", [1, 2], ALICE])
    assert printed("(string,uint256[2],address)", payload) == f"have [1, 2] {ALICE}"


@pytest.mark.parametrize(
    "schema",
    [
        "",
        "()(",
        "(uint256[0][999999999999])",
        "(" * 150,
        "(uint257)",
        "(what)",
        "(\xff)",
        "(" + "uint256[]" * 30 + ")",
        "(uint256" + "[999]" * 40 + ")",
        "(uint256" + "[]" * 90 + ")",
        "(" + "bool," * 60 + "bool)",
    ],
)
def test_a_hostile_schema_harms_nothing(schema: str) -> None:
    started = time.process_time()
    assert printed(schema, bytes(4096)) is None
    assert time.process_time() - started < 1


def test_other_calls_to_the_console_are_no_text() -> None:
    assert console_text(b"") is None
    assert console_text(b"\x01\x02\x03\x04") is None


@pytest.mark.parametrize("size", range(4, 140, 17))
def test_data_that_end_anywhere_read_without_an_error(size: int) -> None:
    data = keccak256(b"log(string,string)")[:4] + encode(["string", "string"], ["ab", "cd"])
    assert isinstance(console_text(data[:size]), str)


def test_lengths_and_places_out_of_all_bounds_are_cut() -> None:
    selector = keccak256(b"log(string)")[:4]
    assert console_text(selector + b"\xff" * 64) == ""
    huge = selector + (32).to_bytes(32, "big") + b"\xff" * 32 + b"a" * 100_000
    found = console_text(huge)
    assert found is not None
    assert len(found) == MOST_LETTERS


def test_text_that_is_no_utf8_is_shown_as_far_as_it_is() -> None:
    data = keccak256(b"log(string)")[:4] + encode(["bytes"], [b"a\xffb"])
    assert console_text(data) == "a\ufffdb"


def log(text: str) -> bytes:
    return keccak256(b"log(string)")[:4] + encode(["string"], [text])


def test_a_line_obeys_no_control_character_and_forges_no_other_line() -> None:
    (line,) = console_lines(ConsoleCalls((log("\x1b[31mred\r\u202e\nERROR forged"),), 0), {})
    assert "\x1b" not in line.text
    assert "\u202e" not in line.text
    first, second = line.text.split("\n")
    assert first == "    console.log: \\x1b[31mred\\r\\u202e"
    assert second.strip() == "ERROR forged"
    assert second.startswith("    ")
    assert line.fields["console"] == "\x1b[31mred\r\u202e\nERROR forged"


def test_many_lines_of_one_transaction_are_counted() -> None:
    calls = ConsoleCalls((log("x"),) * (MOST_CONSOLE_LINES + 5), 7)
    lines = console_lines(calls, {"chain": "l2"})
    assert len(lines) == MOST_CONSOLE_LINES + 1
    assert "and 12 more" in lines[-1].text
    assert lines[-1].fields == {"chain": "l2", "dropped": 12}


def test_unknown_data_are_shown_in_hex() -> None:
    (line,) = console_lines(ConsoleCalls((b"\x01\x02\x03\x04\x05",), 0), {})
    assert line.text == "    console.log: 0x0102030405"
