"""The interface files are current, compile, and serve contracts of users on a chain."""

from __future__ import annotations

import json
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path
from re import findall
from typing import Any

import pytest
from eth_abi.abi import encode

from byline.node.contracts import addresses, build, interface_files
from byline.node.contracts.artifacts import load
from byline.node.contracts.declarations import signature
from byline.node.contracts.interface_files import read
from byline.node.contracts.interface_model import Interface, Member, Parameter, sentence
from byline.node.contracts.interface_text import solidity, vyper
from byline.precompiles import ATTRIBUTION_EVIDENCE, ATTRIBUTION_MATH
from byline.precompiles.evidence import Span, read_entries
from byline.precompiles.evidence.merkle import MerkleTree
from byline.precompiles.math import MAX_RECIPIENTS
from byline.precompiles.state import MAX_ENTRIES
from tests.client_scripts import E2E, SECONDS, SOLC, environment
from tests.contracts.harness import Contract, Evm
from tests.contracts.test_attribution_evidence import evm as evm
from tests.e2e.conftest import clients as clients
from tests.evidence_cores import token_string

CONTRACTS = sorted(path.stem for path in build.sources() if path.parent == Path("attribution"))
NAMES = sorted({*CONTRACTS, "AttributionMath", "AttributionEvidence", "AttributionState"})
USER = b"\x5a" * 20


def test_there_is_a_pair_for_each_contract_and_each_precompile() -> None:
    wanted = {f"I{name}.sol" for name in NAMES} | {f"{name}.vyi" for name in NAMES}
    assert set(interface_files.names()) == wanted
    assert (interface_files.folder() / "IAttributionMath.sol").is_file()
    with pytest.raises(interface_files.UnknownInterface, match=r"IAttributionMath\.sol"):
        interface_files.read("IAttributionMaths.sol")


@pytest.mark.parametrize("name", NAMES)
def test_the_committed_files_are_what_the_build_writes(name: str) -> None:
    built = build.interfaces(names=[name])
    assert built.keys() == {f"I{name}.sol", f"{name}.vyi"}
    for file, text in built.items():
        assert interface_files.read(file) == text, "run: make contracts"


@pytest.mark.parametrize("name", NAMES)
def test_vyper_takes_every_interface(name: str) -> None:
    document = built_beside(f"from interfaces import {name}\n\nuser: {name}\n")
    assert document["storage"] == {"user": 0}


def built_beside(text: str) -> dict[str, Any]:
    """Build a contract of a user that may import from `interfaces`."""
    with tempfile.TemporaryDirectory() as folder:
        shutil.copytree(interface_files.folder(), Path(folder) / "interfaces")
        (Path(folder) / "User.vy").write_text("# pragma version 0.4.3\n" + text)
        return build.build(Path("User.vy"), Path(folder))


POLICY_USER = """
from interfaces import FeePolicy

@external
@view
def price(policies: address, id: uint32, tokensIn: uint32, tokensOut: uint32) -> uint128:
    return staticcall FeePolicy(policies).quote(id, tokensIn, tokensOut)
"""


def test_a_vyper_contract_calls_a_contract_through_its_interface(evm: Evm) -> None:
    artifact = load("FeePolicy")
    evm.set(addresses.FEE_POLICY, code=artifact.runtime)
    policies = Contract(evm, addresses.FEE_POLICY, artifact.abi)
    made = policies.send("createPolicy", 3000, 5000, 7, 0, 0, 0, 10_000, USER)
    assert made.success, made
    document = built_beside(POLICY_USER)
    evm.set(USER, code=bytes.fromhex(document["runtime"][2:]))
    user = Contract(evm, USER, document["abi"])
    expected = policies.read("quote", 1, 2000, 1000)
    assert expected
    assert user.read("price", addresses.FEE_POLICY, 1, 2000, 1000) == expected


def test_vyper_bounds_hold_the_longest_lists_that_the_precompiles_take() -> None:
    def packed(name: str) -> list[int]:
        return [int(size) for size in findall(r"packed: Bytes\[(\d+)\]", read(f"{name}.vyi"))]

    assert packed("AttributionMath") == [28 * MAX_RECIPIENTS] * 2
    assert packed("AttributionState") == [36 * MAX_ENTRIES]


EXAMPLE = Interface(
    name="Example",
    notice="An example.",
    remarks=("More of it.",),
    vyper_remarks=("For Vyper.",),
    structs=(),
    functions=(
        Member(
            "match",
            "Takes words that are reserved.",
            (
                Parameter("in", "uint8[]", "DynArray[uint8, 4]"),
                Parameter("max", "bytes", "Bytes[9]"),
            ),
            (Parameter("", "uint256", "uint256"), Parameter("", "bool", "bool")),
            "nonpayable",
        ),
    ),
    events=(Member("Seen", "Seen.", (Parameter("of", "bool", "bool", indexed=True),)),),
    errors=(Member("TooMany", sentence("TooMany"), (Parameter("", "uint256", "uint256"),)),),
)


def test_words_that_a_language_reserves_get_a_mark_there() -> None:
    text = solidity(EXAMPLE)
    assert "function match(uint8[] calldata in_, bytes calldata max) external returns" in text
    assert "event Seen(bool indexed of_);" in text
    assert "/// @notice Too many.\n    error TooMany(uint256);" in text
    assert "For Vyper" not in text
    text = vyper(EXAMPLE)
    assert "def match(in_: DynArray[uint8, 4], max_: Bytes[9]) -> (uint256, bool):" in text
    assert "    of: indexed(bool)" in text
    assert "#     TooMany(uint256)" in text
    bare = vyper(replace(EXAMPLE, errors=(), events=(Member("None_", "No.", ()),)))
    assert "event None_:\n    pass" in bare
    assert "Errors" not in bare


def test_a_file_that_is_stale_missing_or_of_nothing_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(build, "interfaces", lambda root: {"IA.sol": "a", "IB.sol": "b"})
    folder = tmp_path / "interfaces"
    folder.mkdir()
    (folder / "IA.sol").write_text("old")
    (folder / "IC.sol").write_text("c")
    assert build._differences_of_interfaces(tmp_path) == [
        "interfaces/IA.sol: differs from what is built now",
        "interfaces/IB.sol: missing",
        "interfaces/IC.sol: is of no contract: delete it",
    ]


@cache
def solc(clients: Path) -> Mapping[str, Any]:
    """Compile every Solidity interface and the contract of a user, without a warning."""
    sources = {
        f"byline/{name}": {"content": interface_files.read(name)}
        for name in interface_files.names()
        if name.endswith(".sol")
    }
    sources["User.sol"] = {"content": (E2E / "solidity" / "AttributionUser.sol").read_text()}
    wanted = {
        "language": "Solidity",
        "sources": sources,
        "settings": {
            "evmVersion": "prague",
            "optimizer": {"enabled": True},
            "outputSelection": {"*": {"*": ["abi", "evm.bytecode.object"]}},
        },
    }
    done = subprocess.run(
        ["node", str(SOLC), "--standard-json"],
        input=json.dumps(wanted),
        capture_output=True,
        text=True,
        timeout=SECONDS,
        env=environment(clients),
        check=True,
    )
    output: Mapping[str, Any] = json.loads(done.stdout)
    assert "errors" not in output, output["errors"]
    return output


@pytest.mark.clients
def test_solidity_reads_the_abi_of_every_contract(clients: Path) -> None:
    kinds = ("function", "event", "error")
    for name in NAMES:
        found = solc(clients)["contracts"][f"byline/I{name}.sol"][f"I{name}"]["abi"]
        assert any(entry["type"] == "function" for entry in found)
        if name in CONTRACTS:
            wanted = {
                (entry["type"], signature(dict(entry)), shape(entry))
                for entry in load(name).abi
                if entry["type"] in kinds
            }
            assert {(e["type"], signature(e), shape(e)) for e in found} == wanted, name


def shape(entry: Mapping[str, Any]) -> tuple[object, ...]:
    """Return mutability, types of results, and which members are topics."""
    results = ",".join(str(item["type"]) for item in entry.get("outputs", ()))
    topics = tuple(item.get("indexed", False) for item in entry["inputs"])
    return entry.get("stateMutability"), results, topics


@pytest.mark.clients
def test_a_solidity_contract_calls_both_back_ends_through_the_interfaces(
    clients: Path, evm: Evm
) -> None:
    made = solc(clients)["contracts"]["User.sol"]["AttributionUser"]
    initcode = bytes.fromhex(made["evm"]["bytecode"]["object"])
    evm.set(addresses.ATTRIBUTION_MATH, code=load("AttributionMath").runtime)
    for back_ends in (
        (ATTRIBUTION_MATH, ATTRIBUTION_EVIDENCE),
        (addresses.ATTRIBUTION_MATH, addresses.ATTRIBUTION_EVIDENCE),
    ):
        runtime = evm_created(initcode + encode(["address", "address"], back_ends))
        evm.set(USER, code=runtime)
        use_all(Contract(evm, USER, made["abi"]))


def use_all(user: Contract) -> None:
    assert user.read("shares", 100, [1, 2]) == (33, 67)
    tree = MerkleTree([b"one", b"two", b"three"])
    assert user.read("shown", tree.root, 2, b"three", tree.proof(2))
    assert not user.read("shown", tree.root, 1, b"three", tree.proof(2))
    entries = user.read("found", token_string([9, 1, 2]), [token_string([1, 2, 3])])
    assert read_entries(entries) == (Span(1, 2, 0, 0),)
    assert user.read("worth", [7, 8]) == ((1, 0), 2)
    assert user.read("lenient", b"abc", 1, b"bcd") == (2, bytes(4))
    assert user.read("lenient", b"abc", 4, b"bcd")[1] != bytes(4)


def evm_created(initcode: bytes) -> bytes:
    """Return the code that `initcode` leaves."""
    evm = Evm()
    outcome = evm.deploy(initcode, at=USER)
    assert outcome.success, outcome
    return evm.code(USER)
