"""Calls and failures in words, by everything that is known of a contract."""

import json
from pathlib import Path

import pytest
from eth_abi.abi import encode

from byline.derivation.hashing import keccak256
from byline.node.contracts.addresses import IMPLEMENTATION_SLOT, L1_BLOCK, WETH
from byline.node.contracts.artifacts import load
from byline.node.messages.book import BUILT_IN, Account, Book
from byline.node.messages.library import Library
from byline.node.messages.reading import Reader
from byline.node.messages.sources import abi_source
from tests.unit.node.messages.abi_kit import ABI, CODE, NOBODY, SHAPES, on_chain

ALICE = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266"
AT = b"\x77" * 20
CODE_BYTES = bytes.fromhex(CODE)


def selector(text: str) -> bytes:
    return keccak256(text.encode())[:4]


PAY = selector("pay(address,uint256)") + encode(["address", "uint256"], [ALICE, 10**18])
TRANSFER = selector("transfer(address,uint256)") + encode(
    ["address", "uint256"], [ALICE, 15 * 10**17]
)


def reader(*texts: str) -> Reader:
    return Reader(Book(BUILT_IN, Library([abi_source(text) for text in texts])))


@pytest.fixture
def payer(tmp_path: Path) -> Reader:
    (tmp_path / "Payer.json").write_text(json.dumps(SHAPES["forge"]))
    return reader(str(tmp_path))


def test_a_built_in_contract_is_known_by_its_address_on_its_chain() -> None:
    found = reader().call(WETH, TRANSFER, NOBODY)
    assert found.contract == "WETH"
    assert found.function == "transfer(address,uint256)"
    on_l1 = Account("l1", NOBODY.code, NOBODY.storage)
    assert reader().call(WETH, TRANSFER, on_l1).contract is None
    assert reader().call(L1_BLOCK, selector("number()"), NOBODY).text == "L1Block.number()"


def test_a_contract_of_the_user_is_known_by_its_code(payer: Reader) -> None:
    found = payer.call(AT, PAY, on_chain({AT: CODE_BYTES}))
    assert found.text == f"Payer.pay(to={ALICE}, amount=1e18)"
    assert found.args == {"to": ALICE, "amount": str(10**18)}
    assert payer.name_at(AT, on_chain({AT: CODE_BYTES})) == "Payer"
    assert payer.name_at(AT, NOBODY) is None


def test_it_is_known_behind_a_proxy_a_clone_and_a_delegation(payer: Reader) -> None:
    behind = b"\x88" * 20
    clone = bytes.fromhex("363d3d373d3d3d363d73") + behind
    clone += bytes.fromhex("5af43d82803e903d91602b57fd5bf3")
    number = int.from_bytes(behind, "big")
    proxy = b"\x7f" + IMPLEMENTATION_SLOT.to_bytes(32, "big") + b"\x54"
    for account in (
        on_chain({AT: proxy, behind: CODE_BYTES}, {(AT, IMPLEMENTATION_SLOT): number}),
        on_chain({AT: clone, behind: CODE_BYTES}),
        on_chain({AT: b"\xef\x01\x00" + behind, behind: CODE_BYTES}),
    ):
        assert payer.call(AT, PAY, account).contract == "Payer"


def test_a_copy_of_a_shipped_contract_is_known_by_its_code() -> None:
    code = load("WETH").runtime
    assert reader().name_at(AT, on_chain({AT: code})) == "WETH"


def test_a_contract_whose_address_was_told_needs_no_code(tmp_path: Path) -> None:
    path = tmp_path / "Payer.json"
    path.write_text(json.dumps(ABI))
    told = reader(f"0x{AT.hex()}={path}")
    assert told.call(AT, PAY, NOBODY).contract == "Payer"


def test_others_are_known_by_selector_without_a_contract(payer: Reader) -> None:
    found = payer.call(AT, PAY, NOBODY)
    assert (found.contract, found.text) == (None, f"pay(to={ALICE}, amount=1e18)")
    assert payer.call(AT, TRANSFER, NOBODY).text == f"transfer(to={ALICE}, amount=1.5e18)"


def test_contracts_with_one_code_share_the_name(tmp_path: Path) -> None:
    for name in ("Payer", "Copy"):
        (tmp_path / f"{name}.json").write_text(json.dumps(SHAPES["forge"]))
    found = reader(str(tmp_path)).call(AT, PAY, on_chain({AT: CODE_BYTES}))
    assert found.contract == "Copy|Payer"


def test_an_ambiguous_selector_is_shown_as_such(tmp_path: Path) -> None:
    # A well-known collision: both begin with 0x42966c68.
    first, second = "burn(uint256)", "collate_propagate_storage(bytes16)"
    assert selector(first) == selector(second)
    entry = {
        "type": "function",
        "name": "collate_propagate_storage",
        "inputs": [{"name": "", "type": "bytes16"}],
    }
    (tmp_path / "Odd.json").write_text(json.dumps([entry]))
    found = reader(str(tmp_path)).call(AT, selector(first) + bytes(32), NOBODY)
    assert found.function is None
    assert found.text == f"0x42966c68(0x{'00' * 32}) ({first} or {second})"


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"", "0x"),
        (b"\x01", "0x01"),
        (b"\xde\xad\xbe\xef", "0xdeadbeef"),
        (b"\xde\xad\xbe\xef\x01", "0xdeadbeef(0x01)"),
        (PAY[:-1], "Payer.pay(63 bytes)"),
        (PAY[:3], f"Payer.0x{PAY[:3].hex()}"),
    ],
)
def test_data_that_nobody_can_read_are_shown_as_they_are(
    payer: Reader, data: bytes, text: str
) -> None:
    account = on_chain({AT: CODE_BYTES}) if text.startswith("Payer") else NOBODY
    assert payer.call(AT, data, account).text == text


def test_a_chain_that_cannot_be_read_costs_the_name_alone(payer: Reader) -> None:
    def broken(*_: object) -> bytes:
        raise LookupError("no such node")

    account = Account("l2", broken, lambda address, slot: 0)
    assert payer.call(AT, PAY, account).text.startswith(f"0x{PAY[:4].hex()}(")
    assert payer.name_at(AT, account) is None


def test_names_are_escaped(tmp_path: Path) -> None:
    evil = {"type": "function", "name": "f\x1b[2J\n", "inputs": [{"name": "\x07", "type": "bool"}]}
    (tmp_path / "Evil.json").write_text(json.dumps({"contractName": "\x1b]0;", "abi": [evil]}))
    told = reader(f"0x{AT.hex()}={tmp_path / 'Evil.json'}")
    found = told.call(AT, selector("f\x1b[2J\n(bool)") + bytes(32), NOBODY)
    assert found.text == "\\x1b]0;.f\\x1b[2J\\n(\\x07=false)"
    assert found.text.isprintable()


@pytest.mark.parametrize(
    ("output", "words"),
    [
        (b"", "reverted without a reason"),
        (selector("Error(string)") + encode(["string"], ["too\nlow"]), "reverted: too\\nlow"),
        (
            selector("Panic(uint256)") + encode(["uint256"], [0x11]),
            "reverted: Panic(0x11): arithmetic underflow or overflow",
        ),
        (
            selector("Panic(uint256)") + encode(["uint256"], [0x99]),
            "reverted: Panic(0x99): unknown panic code",
        ),
        (selector("TooLittle(uint256)") + encode(["uint256"], [3]), "reverted: TooLittle(have=3)"),
        (
            selector("OwnableUnauthorizedAccount(address)") + encode(["address"], [ALICE]),
            f"reverted: OwnableUnauthorizedAccount(account={ALICE})",
        ),
        (selector("TooLittle(uint256)"), "reverted: TooLittle(0 bytes)"),
        (selector("Error(string)") + b"\x01", "reverted: 0x08c379a0(0x01)"),
        (b"\xde\xad\xbe\xef\x01", "reverted: error 0xdeadbeef(0x01)"),
        (b"\xde", "reverted: error 0xde"),
    ],
)
def test_a_revert_says_why(payer: Reader, output: bytes, words: str) -> None:
    assert payer.call(AT, PAY, NOBODY).text
    assert payer.failure(output, None, reverted=True) == words


def test_a_halt_is_said_in_its_words(payer: Reader) -> None:
    assert payer.failure(b"", "out of gas", reverted=False) == "out of gas"
    assert payer.failure(b"", None, reverted=False) == "execution failed"


def test_errors_of_files_are_known_before_any_call_was_read(payer: Reader) -> None:
    output = selector("TooLittle(uint256)") + encode(["uint256"], [3])
    assert payer.failure(output, None, reverted=True) == "reverted: TooLittle(have=3)"
