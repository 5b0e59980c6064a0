"""What debuggers ask of the state: ranges, dumps, changes, roots and witnesses."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from byline.derivation.hashing import keccak256
from byline.derivation.header import Header
from byline.derivation.kernels import rlp
from byline.node.chain.builder import block_context
from byline.node.config import NodeConfig
from byline.node.evm import engines
from byline.node.evm.accounts import created_address
from byline.node.rollups.rollup import ChainName
from tests.integration.rollups import ALICE, BOB, World, world
from tests.integration.serving import Port, served

FROM, TO = (f"0x{account.address.hex()}" for account in (ALICE, BOB))
# Writes call value to slot 0 and 7 to the slot of its number; BLOCKHASH of two blocks ago.
CODE = "345f55600743556002430340505f5ff3"
RUNTIME = bytes.fromhex(CODE)


def _init() -> bytes:
    # The constructor writes 0x2a to slot 0 and 0xff to slot 1.
    head = bytes.fromhex("602a5f5560ff600155") + bytes([0x60, len(RUNTIME), 0x80])
    return head + bytes([0x60, len(head) + 6, 0x5F, 0x39, 0x5F, 0xF3]) + RUNTIME


@pytest.fixture(scope="module", params=sorted({engines.DEFAULT, engines.REFERENCE}))
def made(request: pytest.FixtureRequest) -> World:
    here = world(NodeConfig(engine=request.param))
    for chain in ("l1", "l2"):
        name: ChainName = "l1" if chain == "l1" else "l2"
        here.send(name)
        here.send(name, to=None, data=_init(), gas=300_000)
        for value in (3, 4):
            here.send(name, to=created_address(ALICE.address, 1), value=value, gas=200_000)
    return here


@pytest.fixture
def port(made: World, name: ChainName) -> Iterator[Port]:
    with served(made, name) as found:
        yield found


CONTRACT = "0x" + created_address(ALICE.address, 1).hex()


def _word(value: int) -> str:
    return f"0x{value:064x}"


def _hash(slot: int) -> str:
    return "0x" + keccak256(slot.to_bytes(32, "big")).hex()


def test_storage_is_shown_as_it_was_before_a_transaction(port: Port) -> None:
    block = port.result("eth_getBlockByNumber", "0x3", False)
    last = len(block["transactions"]) - 1
    before = port.result("debug_storageRangeAt", block["hash"], last, CONTRACT, "0x00", 10)
    assert before["storage"] == {
        _hash(0): {"key": _word(0), "value": _word(42)},
        _hash(1): {"key": _word(1), "value": _word(255)},
    }
    assert before["nextKey"] is None
    after = port.result("debug_storageRangeAt", "0x4", 0, CONTRACT, "0x", 10)
    assert after["storage"][_hash(0)]["value"] == _word(3)
    assert after["storage"][_hash(3)] == {"key": _word(3), "value": _word(7)}


def test_storage_comes_in_pages_by_hashed_key(port: Port) -> None:
    found: dict[str, Any] = {}
    start = "0x00"
    for _ in range(3):
        page = port.result("debug_storageRangeAt", "0x4", 0, CONTRACT, start, 1)
        assert len(page["storage"]) == 1
        found |= page["storage"]
        start = page["nextKey"]
    assert start is None
    assert list(found) == sorted(_hash(slot) for slot in (0, 1, 3))


def test_storage_of_no_account_and_of_no_transaction_is_an_error(port: Port) -> None:
    nobody = "0x" + "99" * 20
    error = port.error("debug_storageRangeAt", "0x4", 0, nobody, "0x", 1)
    assert error == {"code": -32000, "message": f"account {nobody} doesn't exist"}
    error = port.error("debug_storageRangeAt", "0x4", 99, CONTRACT, "0x", 1)
    assert "out of range" in error["message"]
    error = port.error("debug_storageRangeAt", "0x0", 0, CONTRACT, "0x", 1)
    assert error["message"] == "genesis is not traceable"


def test_a_dump_holds_every_account_with_what_the_single_calls_answer(port: Port) -> None:
    found: dict[str, Any] = {}
    start = "0x"
    while True:
        page = port.result("debug_accountRange", "latest", start, 100, False, False, False)
        assert (
            "0x" + page["root"]
            == port.result("eth_getBlockByNumber", "latest", False)["stateRoot"]
        )
        found |= {name.lower(): account for name, account in page["accounts"].items()}
        if "next" not in page:
            break
        start = page["next"]
    assert {FROM, TO, CONTRACT} <= found.keys()
    contract = found[CONTRACT]
    assert contract["balance"] == str(int(port.result("eth_getBalance", CONTRACT), 16))
    assert contract["code"] == port.result("eth_getCode", CONTRACT)
    assert contract["key"] == "0x" + keccak256(bytes.fromhex(CONTRACT[2:])).hex()
    assert contract["storage"][_word(0)] == "04"
    assert contract["storage"][_word(1)] == "ff"
    assert found[FROM]["nonce"] == int(port.result("eth_getTransactionCount", FROM), 16)
    assert len(found) > 20


def test_a_dump_may_leave_out_code_and_storage(port: Port) -> None:
    page = port.result("debug_accountRange", "latest", "0x", 256, True, True, False)
    assert not any(
        "code" in account or "storage" in account for account in page["accounts"].values()
    )
    short = port.result("debug_accountRange", "latest", "0x", 1, True, True, False)
    assert list(short["accounts"]) == list(page["accounts"])[:1]
    assert port.result("debug_dumpBlock", "latest")["root"] == page["root"]


def test_modified_accounts_are_those_of_the_block(port: Port) -> None:
    coinbase = port.result("eth_getBlockByNumber", "0x3", False)["miner"]
    third = set(port.result("debug_getModifiedAccountsByNumber", 3))
    assert {FROM, CONTRACT, coinbase} <= third
    assert TO not in third
    block = port.result("eth_getBlockByNumber", "0x3", False)
    assert set(port.result("debug_getModifiedAccountsByHash", block["hash"])) == third
    assert TO in port.result("debug_getModifiedAccountsByNumber", 0, 3)
    assert TO not in port.result("debug_getModifiedAccountsByNumber", 1, 3)
    error = port.error("debug_getModifiedAccountsByNumber", 3, 3)
    assert error["message"] == "start block height (3) must be less than end block height (3)"


def test_modified_accounts_are_all_whose_record_differs(port: Port) -> None:
    changed = set(port.result("debug_getModifiedAccountsByNumber", 2, 4))
    before = port.result("debug_accountRange", "0x2", "0x", 256, True, True, False)["accounts"]
    after = port.result("debug_accountRange", "0x4", "0x", 256, True, True, False)["accounts"]
    shown = {name.lower() for name in after if before.get(name) != after[name]}
    assert shown <= changed


def test_the_root_after_the_last_transaction_is_the_blocks(port: Port) -> None:
    block = port.result("eth_getBlockByNumber", "0x3", False)
    roots = port.result("debug_intermediateRoots", block["hash"])
    assert len(roots) == len(block["transactions"])
    assert len(set(roots)) == len(roots)
    assert roots[-1] == block["stateRoot"]


def test_a_block_can_be_executed_from_its_witness_alone(
    made: World, name: ChainName, port: Port
) -> None:
    chain = made.rollup.chain(name)
    witness = port.result("debug_executionWitness", "0x4")
    known = {
        keccak256(raw): raw
        for raw in (bytes.fromhex(item[2:]) for item in (*witness["state"], *witness["codes"]))
    }
    headers = [Header.decode(bytes.fromhex(raw[2:])) for raw in witness["headers"]]
    # BLOCKHASH of two blocks before.
    assert [header.number for header in headers] == [3, 2]
    block = chain.canonical_block(4)
    assert block is not None
    header, rules = block.header, chain.rules
    machine = engines.engine(chain.engine.name).open(
        known.get,
        headers[0].state_root,
        block_context(rules, header, [item.hash for item in headers]),
        rules.precompiles(header.timestamp),
        rules.opcodes(header.timestamp),
    )
    at_work = rules.begin(machine, header, headers[0])
    at_work.before()
    for tx in block.transactions:
        at_work.apply(tx, header.gas_limit)
    at_work.after()
    assert machine.commit() == header.state_root
    assert witness["codes"]
    assert all(isinstance(rlp.decode(bytes.fromhex(node[2:])), list) for node in witness["state"])
    assert {FROM, CONTRACT, _word(4)} <= set(witness["keys"])


def test_codes_nodes_and_preimages_are_found_by_hash(port: Port) -> None:
    code = "0x" + CODE
    code_hash = "0x" + keccak256(RUNTIME).hex()
    nothing = "0x" + "12" * 32
    assert port.result("debug_codeByHash", code_hash) == code
    assert port.result("debug_codeByHash", nothing) == "0x"
    assert port.result("debug_dbGet", "0x63" + code_hash[2:]) == code
    root = port.result("eth_getBlockByNumber", "latest", False)["stateRoot"]
    proof = port.result("eth_getProof", FROM, [], "latest")
    assert port.result("debug_dbGet", root) == proof["accountProof"][0]
    assert port.error("debug_dbGet", nothing) == {"code": -32000, "message": "not found"}
    assert port.error("debug_dbGet", "LastBlock")["message"] == "not found"
    hashed = "0x" + keccak256(ALICE.address).hex()
    assert port.result("debug_preimage", hashed) == FROM
    assert port.error("debug_preimage", nothing)["message"] == "unknown preimage"


def test_the_chain_config_names_the_forks(name: ChainName, port: Port) -> None:
    found = port.result("debug_chainConfig")
    assert hex(found["chainId"]) == port.result("eth_chainId")
    assert found["pragueTime"] == 0
    if name == "l2":
        assert (found["jovianTime"], found["optimism"]["eip1559Denominator"]) == (0, 50)
    else:
        assert found["blobSchedule"]["prague"]["max"] == 9
