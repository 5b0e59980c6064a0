"""What the log tells of transactions and calls, beside the chains that it tells of."""

import logging
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from eth_abi.abi import encode

from byline.derivation.hashing import keccak256
from byline.derivation.l1_info import l1_info_of
from byline.node.contracts.addresses import OPTIMISM_PORTAL, WETH
from byline.node.evm.accounts import created_address
from byline.node.evm.console import CONSOLE
from byline.node.hexes import checksum
from byline.node.messages.lines import TriedCall
from byline.node.messages.teller import MOST_CALLS, MOST_WAITING, TransactionTeller
from byline.node.messages.transactions import MOST_LINES
from byline.node.rollups.rollup import BlockMade
from byline.rpc.backend import CallRequest, Halted, Refused, Reverted
from tests.integration.rollups import ALICE, BOB, World, world

COIN = 10**18
FROM_ALICE = "from 0xf39F..2266"
TO_BOB = "to 0x7099..79C8"


def selector(text: str) -> bytes:
    return keccak256(text.encode())[:4]


def reverting(data: bytes) -> bytes:
    """Return code that reverts with `data`."""
    return bytes.fromhex(f"61{len(data):04x}80600a5f395ffd") + data


def logging_code(text: str, end: str = "00") -> bytes:
    """Code that calls `console.log(text)` and goes on with `end`."""
    data = selector("log(string)") + encode(["string"], [text])
    code = f"61{len(data):04x}61{{at:04x}}5f395f5f61{len(data):04x}5f73{CONSOLE.hex()}5afa50{end}"
    size = len(bytes.fromhex(code.format(at=0)))
    return bytes.fromhex(code.format(at=size)) + data


def deploying(code: bytes) -> bytes:
    """Return creation code that leaves `code`."""
    return bytes.fromhex(f"61{len(code):04x}80600a5f395ff3") + code


def records(
    here: World,
    caplog: pytest.LogCaptureFixture,
    level: int = logging.INFO,
    more: Callable[[TransactionTeller], None] | None = None,
) -> list[logging.LogRecord]:
    """Return what is told of all blocks made since the last time."""
    with caplog.at_level(level, "byline"):
        caplog.clear()
        teller = TransactionTeller(here.rollup)
        for happening in here.happened:
            if isinstance(happening, BlockMade):
                teller.executed(happening.chain, happening.executed)
        if more is not None:
            more(teller)
        teller.close()
        found = [item for item in caplog.records if item.name != "byline.messages"]
    here.happened.clear()
    return found


def lines(*args: Any, **kwargs: Any) -> list[str]:
    return [record.getMessage() for record in records(*args, **kwargs)]


@pytest.fixture
def here() -> World:
    made = world()
    made.happened.clear()
    return made


def deploy(here: World, code: bytes, name: Any = "l2") -> bytes:
    """Create a contract with `code`; return its address."""
    chain = here.rollup.chain(name)
    nonce = chain.machine(chain.head).nonce(ALICE.address)
    here.send(name, to=None, value=0, data=deploying(code), gas=3_000_000)
    return created_address(ALICE.address, nonce)


@pytest.mark.parametrize("name", ["l1", "l2"])
def test_a_transfer_is_one_line_on_either_chain(
    here: World, caplog: pytest.LogCaptureFixture, name: Any
) -> None:
    sent = here.send(name, value=COIN * 3 // 2)
    (record,) = records(here, caplog)
    known = f"0x{sent.hex()[:4]}..{sent.hex()[-4:]}"
    head = f"{name.upper()} #1  {known}  1.5 ETH {TO_BOB}  {FROM_ALICE}  ok  21,000 gas"
    assert record.getMessage().startswith(head)
    assert ("l1 fee 0.0" in record.getMessage()) == (name == "l2")
    fields = record.__dict__["fields"]
    assert fields["hash"] == f"0x{sent.hex()}"
    assert fields["from"] == checksum(ALICE.address)
    assert fields["to"] == checksum(BOB.address)
    assert (fields["chain"], fields["block"], fields["status"]) == (name, 1, "ok")
    assert (fields["gas"], fields["value"]) == (21_000, str(COIN * 3 // 2))


def test_a_call_names_contract_function_and_arguments(
    here: World, caplog: pytest.LogCaptureFixture
) -> None:
    here.send("l2", to=WETH, value=COIN, data=selector("deposit()"), gas=100_000)
    data = selector("transfer(address,uint256)")
    data += encode(["address", "uint256"], [checksum(BOB.address), COIN])
    here.send("l2", to=WETH, value=0, data=data, gas=100_000)
    first, second = records(here, caplog)
    assert "  WETH.deposit() with 1 ETH to 0x4200..0006  " in first.getMessage()
    assert f"  WETH.transfer(_dst={checksum(BOB.address)}, _wad=1e18) to " in second.getMessage()
    fields = second.__dict__["fields"]
    assert (fields["contract"], fields["function"]) == ("WETH", "transfer(address,uint256)")
    assert fields["args"] == {"_dst": checksum(BOB.address), "_wad": str(COIN)}


def test_a_creation_has_the_address_and_the_name(
    here: World, caplog: pytest.LogCaptureFixture
) -> None:
    made = deploy(here, b"\x60\x00")
    (record,) = records(here, caplog)
    short = f"{checksum(made)[:6]}..{checksum(made)[-4:]}"
    assert f"  new contract at {short}  {FROM_ALICE}  ok  " in record.getMessage()
    assert record.__dict__["fields"]["created"] == checksum(made)


@pytest.mark.parametrize(
    ("output", "words"),
    [
        (selector("Error(string)") + encode(["string"], ["too low"]), "reverted: too low"),
        (b"", "reverted without a reason"),
        (
            selector("OwnableUnauthorizedAccount(address)")
            + encode(["address"], ["0x" + "11" * 20]),
            f"reverted: OwnableUnauthorizedAccount(account=0x{'11' * 20})",
        ),
        (b"\xde\xad\xbe\xef\x01", "reverted: error 0xdeadbeef(0x01)"),
    ],
    ids=["text", "nothing", "custom", "unknown"],
)
def test_a_transaction_that_fails_says_why(
    here: World, caplog: pytest.LogCaptureFixture, output: bytes, words: str
) -> None:
    contract = deploy(here, reverting(output))
    here.happened.clear()
    here.send("l2", to=contract, value=0, data=b"\x12\x34\x56\x78", gas=200_000)
    (record,) = records(here, caplog)
    assert "  FAILED  " in record.getMessage()
    assert record.getMessage().endswith(f"  {words}")
    fields = record.__dict__["fields"]
    assert (fields["status"], fields["error"]) == ("failed", words)


def test_a_call_of_nobody_is_pointed_out(here: World, caplog: pytest.LogCaptureFixture) -> None:
    here.send("l2", value=0, data=b"\x12\x34\x56\x78", gas=100_000)
    here.send("l2", to=(4).to_bytes(20, "big"), value=0, data=b"\x12\x34\x56\x78", gas=100_000)
    nobody, precompile = lines(here, caplog)
    assert "(NO CODE THERE)" in nobody
    assert "(NO CODE THERE)" not in precompile


@pytest.mark.parametrize("name", ["l1", "l2"])
def test_what_contracts_write_stands_below_their_transaction(
    here: World, caplog: pytest.LogCaptureFixture, name: Any
) -> None:
    contract = deploy(here, logging_code("hello", "5f5ffd"), name)
    here.happened.clear()
    sent = here.send(name, to=contract, value=0, gas=200_000)
    line, console = records(here, caplog)
    assert "FAILED" in line.getMessage()
    assert console.getMessage() == "    console.log: hello"
    wanted = {"chain": name, "block": 2, "hash": f"0x{sent.hex()}", "console": "hello"}
    assert console.__dict__["fields"] == wanted


def test_a_deposit_is_named_as_one(here: World, caplog: pytest.LogCaptureFixture) -> None:
    data = selector("depositTransaction(address,uint256,uint64,bool,bytes)")
    data += encode(
        ["address", "uint256", "uint64", "bool", "bytes"],
        [checksum(BOB.address), COIN, 100_000, False, b""],
    )
    here.send("l1", to=OPTIMISM_PORTAL, value=COIN, data=data, gas=1_000_000)
    on_l1, on_l2 = lines(here, caplog)
    assert "  OptimismPortal.depositTransaction(_to=" in on_l1
    assert f"  deposit  1 ETH {TO_BOB}  {FROM_ALICE}  ok  " in on_l2


def test_what_the_node_sends_itself_is_told_to_the_thorough_alone(
    here: World, caplog: pytest.LogCaptureFixture
) -> None:
    here.rollup.mine_l2()
    here.rollup.flush()
    made = list(here.happened)
    assert records(here, caplog) == []
    here.happened.extend(made)
    told = records(here, caplog, logging.DEBUG)
    shown = [record for record in told if record.name == "byline.tx"]
    assert len(shown) >= 2
    assert {record.levelno for record in shown} == {logging.DEBUG}
    assert {record.__dict__["fields"]["kind"] for record in shown} == {"system"}


def test_the_thorough_see_hashes_and_addresses_in_full(
    here: World, caplog: pytest.LogCaptureFixture
) -> None:
    sent = here.send("l2")
    line = lines(here, caplog, logging.DEBUG)[-1]
    for whole in (f"0x{sent.hex()}", checksum(ALICE.address), checksum(BOB.address)):
        assert whole in line


def test_a_full_block_is_summed_up(here: World, caplog: pytest.LogCaptureFixture) -> None:
    here.rollup.mining = replace(here.rollup.mining, automine=False)
    contract = b"\x60" * 20
    for index in range(MOST_LINES + 30):
        here.send("l2", to=contract, value=index)
    here.rollup.mine("l2")
    told = records(here, caplog)
    assert len(told) == MOST_LINES + 1
    assert told[-1].getMessage() == "L2 #1  ... and 30 more transactions, 0 of them FAILED"
    assert told[-1].__dict__["fields"] == {"chain": "l2", "block": 1, "more": 30, "failed": 0}


def test_a_muted_chain_tells_nothing(here: World, caplog: pytest.LogCaptureFixture) -> None:
    here.rollup.muted.add("l2")
    here.send("l2")
    here.send("l1")
    assert [line[:2] for line in lines(here, caplog)] == ["L1"]


def test_a_block_of_which_the_outcome_is_not_known_is_told_from_what_is_stored(
    here: World, caplog: pytest.LogCaptureFixture
) -> None:
    contract = deploy(here, bytes.fromhex("5f5ffd"))
    here.send("l2", to=contract, value=0, gas=100_000)
    here.happened.clear()
    store = here.rollup.engine.chain.store
    block = here.rollup.engine.chain.canonical_block(2)
    assert block is not None
    assert l1_info_of(block) is not None
    receipts = store.receipts(block.hash)
    assert receipts is not None
    (line,) = lines(here, caplog, more=lambda teller: teller.stored("l2", block, receipts))
    assert "FAILED" in line


def tried(here: World, failure: Exception | None = None, **fields: Any) -> TriedCall:
    request = CallRequest(sender=ALICE.address, to=WETH, data=selector("totalSupply()"), **fields)
    return TriedCall("l2", "eth_call", request, here.rollup.chain("l2").head, failure, None)


@pytest.mark.parametrize(
    ("failure", "words"),
    [
        (Reverted(selector("Error(string)") + encode(["string"], ["no"])), "reverted: no"),
        (Halted("out of gas"), "out of gas"),
        (Refused("insufficient funds"), "insufficient funds"),
    ],
)
def test_a_call_that_fails_is_one_line(
    here: World, caplog: pytest.LogCaptureFixture, failure: Exception, words: str
) -> None:
    call = tried(here, failure)
    (record,) = records(here, caplog, more=lambda teller: teller.tried(call))
    assert record.name == "byline.call"
    assert record.getMessage() == (
        f"L2 eth_call  WETH.totalSupply() to 0x4200..0006  {FROM_ALICE}  FAILED  {words}"
    )
    assert record.__dict__["fields"]["error"] == words


def test_calls_that_fail_over_and_over_are_counted(
    here: World, caplog: pytest.LogCaptureFixture
) -> None:
    call = tried(here, Halted("out of gas"))

    def often(teller: TransactionTeller) -> None:
        for _ in range(MOST_CALLS + 30):
            teller.tried(call)

    told = lines(here, caplog, more=often)
    assert len(told) == MOST_CALLS + 1
    assert told[-1] == "L2  ... and 30 more calls like these"


def test_what_waits_to_be_told_is_bounded(here: World, caplog: pytest.LogCaptureFixture) -> None:
    call = tried(here, Halted("out of gas"))
    with caplog.at_level(logging.INFO, "byline"):
        teller = TransactionTeller(here.rollup)
        teller._start = lambda: None  # type: ignore[method-assign]
        started = time.perf_counter()
        for _ in range(100_000):
            teller.tried(call)
        assert time.perf_counter() - started < 5
        assert len(teller._waiting) == MOST_WAITING


def test_nothing_is_kept_or_started_where_nobody_listens(here: World) -> None:
    logging.getLogger("byline").setLevel(logging.WARNING)
    try:
        teller = TransactionTeller(here.rollup)
        teller.tried(tried(here, Halted("out of gas")))
        here.send("l2")
        for happening in here.happened:
            if isinstance(happening, BlockMade):
                teller.executed(happening.chain, happening.executed)
        assert teller._thread is None
        assert not teller._waiting
    finally:
        logging.getLogger("byline").setLevel(logging.NOTSET)


def test_a_fault_of_the_teller_is_logged_and_it_goes_on(
    here: World, caplog: pytest.LogCaptureFixture
) -> None:
    broken = replace(tried(here, Halted("x")), request=None)  # type: ignore[arg-type]
    with caplog.at_level(logging.INFO, "byline"):
        teller = TransactionTeller(here.rollup)
        teller.tried(broken)
        teller.tried(tried(here, Halted("x")))
        teller.close()
    assert [record.name for record in caplog.records] == ["byline.messages", "byline.call"]
    assert "cannot tell of what happened on the L2" in caplog.records[0].getMessage()
