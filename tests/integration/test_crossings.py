"""The log of a devnet with the genuine contracts tells what crosses between its chains."""

from __future__ import annotations

import logging
from dataclasses import replace
from types import SimpleNamespace

import pytest
from eth_abi.abi import encode

from byline.derivation.constants import L1_BLOCK, L2_TO_L1_MESSAGE_PASSER
from byline.derivation.hashing import keccak256
from byline.derivation.types import L1Block, L1BlockRef
from byline.node.crossings import teller
from byline.node.crossings.teller import MOST_LINES, Teller
from byline.node.evm.accounts import created_address
from byline.node.external import ExternalNode
from byline.node.hexes import checksum
from byline.node.l2.driver import Derived, Step
from byline.node.rollups.rollup import BlockMade, Pooled
from byline.node.shell import NodeShell
from byline.rpc.backend import Reverted
from tests.contracts.harness import calldata
from tests.integration.rollups import ALICE, BOB, World, world
from tests.integration.test_genesis_files import settings_901, started
from tests.integration.withdrawing import TARGET, ripen, settle, withdraw
from tests.vectors_folder import load

DEPOSIT = "depositTransaction(address,uint256,uint64,bool,bytes)"
SEND = "sendMessage(address,bytes,uint32)"
WITHDRAW = "initiateWithdrawal(address,uint256,bytes)"
COIN = 10**18
NOBODY = b"\x99" * 20


@pytest.fixture
def here() -> World:
    return started(settings_901())


def told(here: World, caplog: pytest.LogCaptureFixture) -> list[str]:
    """Return what a teller says of all blocks made since the last time."""
    one = Teller(here.rollup)
    with caplog.at_level(logging.INFO, "byline.bridge"):
        caplog.clear()
        for happening in here.happened:
            if not isinstance(happening, BlockMade):
                assert isinstance(happening, Derived | Pooled)
                continue
            block, receipts = happening.executed.block, happening.executed.receipts
            if happening.chain == "l2":
                one.l2_block(block, receipts)
            else:
                one.l1_block(block.number, block.transactions, receipts)
    here.happened.clear()
    return [record.getMessage() for record in caplog.records]


def deposit(
    here: World,
    to: bytes = NOBODY,
    *,
    mint: int = 0,
    value: int | None = None,
    data: bytes = b"",
    gas: int = 200_000,
    creates: bool = False,
) -> bytes:
    """Deposit by Alice; return the hash of the L1 transaction."""
    wanted = mint if value is None else value
    return here.send(
        "l1",
        to=here.rollup.engine.config.deposit_contract,
        value=mint,
        data=calldata(DEPOSIT, to, wanted, gas, creates, data),
        gas=2_000_000,
    )


def places(here: World, l1_hash: bytes) -> str:
    """Return how a line ends whose deposit is the last of the newest L2 block."""
    head = here.rollup.engine.block(here.rollup.engine.heads.unsafe.hash)
    return (
        f"; L1 block {here.rollup.l1.head.number} 0x{l1_hash.hex()}"
        f"; L2 block {head.number} 0x{head.transactions[-1].hash.hex()}"
    )


def messenger() -> bytes:
    name = "L1CrossDomainMessengerProxy"
    return bytes.fromhex(load("devnet-901/info.json")["l1_addresses"][name][2:])


FROM_ALICE = f"from {checksum(ALICE.address)}"
TO_NOBODY = f"to {checksum(NOBODY)}"


def test_value_is_told_once_its_l2_block_is_made(
    here: World, caplog: pytest.LogCaptureFixture
) -> None:
    sent = deposit(here, mint=3 * COIN // 2)
    wanted = f"deposit (native mint): 1.5 ETH {FROM_ALICE} {TO_NOBODY}{places(here, sent)}"
    assert told(here, caplog) == [wanted]
    here.send("l2")
    assert told(here, caplog) == []


def test_value_through_the_bridge_is_told_of_its_users(
    here: World, caplog: pytest.LogCaptureFixture
) -> None:
    call = load("devnet-901/bridge_eth_deposit.json")["l1_call"]
    sent = here.send(
        "l1",
        to=bytes.fromhex(call["to"][2:]),
        value=int(call["value"], 16),
        data=bytes.fromhex(call["data"][2:]),
        gas=2_000_000,
    )
    alice = checksum(ALICE.address)
    wanted = f"deposit (native mint): 1 ETH from {alice} to {alice}{places(here, sent)}"
    assert told(here, caplog) == [wanted]


def test_a_creation_is_told_with_the_new_contract(
    here: World, caplog: pytest.LogCaptureFixture
) -> None:
    sent = deposit(here, bytes(20), data=b"\x00", creates=True)
    made = created_address(ALICE.address, 0)
    assert told(here, caplog) == [
        f"deposit (creation): {FROM_ALICE} with 0 ETH and 1 bytes of data; "
        f"new contract {checksum(made)}{places(here, sent)}"
    ]


def reverter(text: str) -> bytes:
    """Return initcode that reverts with `text` as its reason."""
    reason = bytes.fromhex("08c379a0") + encode(["string"], [text])
    # PUSH2 length, DUP1, PUSH1 10, PUSH0, CODECOPY, PUSH0, REVERT
    return bytes.fromhex(f"61{len(reason):04x}80600a5f395ffd") + reason


def test_a_deposit_that_fails_says_why_and_who_has_the_mint(
    here: World, caplog: pytest.LogCaptureFixture
) -> None:
    code = reverter("closed\x1b[2J today")
    sent = deposit(here, bytes(20), mint=COIN, data=code, creates=True)
    assert told(here, caplog) == [
        f"deposit (creation): {FROM_ALICE} with 1 ETH and {len(code)} bytes of data; "
        "FAILED on the L2: closed?[2J today; its sender keeps the minted 1 ETH"
        f"{places(here, sent)}"
    ]
    sent = deposit(here, value=10**30)
    assert "FAILED on the L2: insufficient balance for transfer" in told(here, caplog)[0]


def test_a_message_is_told_of_both_ends_and_whether_it_was_relayed(
    here: World, caplog: pytest.LogCaptureFixture
) -> None:
    sent = here.send(
        "l1",
        to=messenger(),
        data=calldata(SEND, NOBODY, b"hello", 100_000),
        value=0,
        gas=2_000_000,
    )
    line = f"deposit (message): {FROM_ALICE} {TO_NOBODY} with 0 ETH and 5 bytes of data"
    assert told(here, caplog) == [line + places(here, sent)]
    sent = here.send(
        "l1", to=messenger(), data=calldata(SEND, L1_BLOCK, b"hello", 100_000), gas=2_000_000,
        value=0,
    )  # fmt: skip
    [line] = told(here, caplog)
    assert "the message FAILED on the L2" in line
    assert checksum(L1_BLOCK) in line


def test_a_withdrawal_is_told_with_its_hash(here: World, caplog: pytest.LogCaptureFixture) -> None:
    data = calldata(WITHDRAW, NOBODY, 100_000, b"")
    sent = here.send("l2", to=L2_TO_L1_MESSAGE_PASSER, value=COIN, data=data, gas=500_000)
    fields = (1 << 240, ALICE.address, NOBODY, COIN, 100_000, b"")
    name = keccak256(
        encode(["uint256", "address", "address", "uint256", "uint256", "bytes"], fields)
    )
    number = here.rollup.engine.heads.unsafe.number
    assert told(here, caplog) == [
        f"withdrawal (native): 1 ETH {FROM_ALICE} {TO_NOBODY}; L2 block {number} 0x{sent.hex()}; "
        f"withdrawal 0x{name.hex()}"
    ]


@pytest.mark.parametrize(("token", "symbol"), [("open", "OPEN"), ("eth", "ETH")])
def test_a_withdrawal_is_told_at_each_of_its_steps(
    caplog: pytest.LogCaptureFixture, token: str, symbol: str
) -> None:
    here = world(gas_token=token)
    one = withdraw(here, COIN)
    settle(here)
    assert one.prove()
    proven = here.rollup.l1.head.number
    ripen(here, one)
    assert one.finalize()
    way = f"{FROM_ALICE} to {checksum(TARGET)}"
    begun, shown, paid = told(here, caplog)
    assert begun.startswith(f"withdrawal (native): 1 {symbol} {way}; L2 block {one.block} 0x")
    assert shown.startswith(f"withdrawal proven: {way}; L1 block {proven} 0x")
    assert paid.startswith(f"withdrawal finalized: L1 block {here.rollup.l1.head.number} 0x")
    for line in (begun, shown, paid):
        assert line.endswith(f"; withdrawal 0x{one.withdrawal.hash.hex()}")


def test_a_block_that_derivation_made_is_told_too(
    here: World, caplog: pytest.LogCaptureFixture
) -> None:
    deposit(here, mint=COIN)
    shell = NodeShell()
    shell.rollup = here.rollup
    shell._teller = Teller(here.rollup)
    heads, origin = here.rollup.engine.heads, L1BlockRef.of(here.rollup.l1.head)
    with caplog.at_level(logging.INFO, "byline"):
        caplog.clear()
        shell._publish(Derived(heads.unsafe, origin, Step.CONFIRMED))
        assert not caplog.records
        shell._publish(Derived(heads.unsafe, origin, Step.BUILT))
    [record] = caplog.records
    assert record.getMessage().startswith(f"deposit (native mint): 1 ETH {FROM_ALICE}")


def test_withdrawals_on_an_l1_that_others_run_are_told(caplog: pytest.LogCaptureFixture) -> None:
    here = world()
    one = withdraw(here, COIN)
    settle(here)
    assert one.prove()
    block = here.rollup.l1.block(here.rollup.l1.head.number)
    assert block is not None
    seen: list[L1Block] = []
    node = ExternalNode()
    node.rollup = SimpleNamespace(see_l1=seen.append)  # type: ignore[assignment]
    node._see(block)
    node._teller = Teller(here.rollup)
    with caplog.at_level(logging.INFO, "byline.bridge"):
        caplog.clear()
        node._see(block)
    [record] = caplog.records
    assert record.getMessage().startswith("withdrawal proven: ")
    assert seen == [block, block]


@pytest.mark.parametrize(("arriving", "leaving"), [(MOST_LINES + 3, 0), (6, 7), (0, 13)])
def test_a_block_full_of_crossings_has_few_lines(
    here: World, caplog: pytest.LogCaptureFixture, arriving: int, leaving: int
) -> None:
    rollup = here.rollup
    portal = rollup.engine.config.deposit_contract
    data = calldata(DEPOSIT, NOBODY, 1, 30_000, False, b"")
    rollup.mining = replace(rollup.mining, automine=False)
    for _ in range(arriving):
        here.send("l1", to=portal, value=1, data=data, gas=500_000)
    rollup.mine("l1")
    data = calldata(WITHDRAW, NOBODY, 100_000, b"")
    for _ in range(leaving):
        here.send("l2", sender=BOB, to=L2_TO_L1_MESSAGE_PASSER, value=1, data=data, gas=300_000)
    rollup.adopt(rollup.l1.head.number)
    lines = told(here, caplog)
    assert len(lines) == MOST_LINES + 1
    assert sum(line.startswith("deposit") for line in lines) == min(arriving, MOST_LINES)
    assert lines[-1] == f"... and 3 more in L2 block {rollup.engine.heads.unsafe.number}"


@pytest.mark.parametrize(
    ("answer", "symbol"),
    [
        (encode(["string"], ["\x1b[2JCOIN"]), "?[2JCOIN"),
        (encode(["string"], ["C" * 5_000]), "C" * 16 + "..."),
        (encode(["string"], [""]), "ETH"),
        (b"\xff" * 64, "ETH"),
        (Reverted(b""), "ETH"),
    ],
    ids=["hostile", "long", "empty", "malformed", "absent"],
)
def test_the_symbol_is_what_the_l2_says_made_safe(
    here: World,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
    answer: bytes | Reverted,
    symbol: str,
) -> None:
    def answered(*_: object) -> bytes:
        if isinstance(answer, Reverted):
            raise answer
        return answer

    deposit(here, mint=COIN)
    monkeypatch.setattr(teller, "call", answered)
    [line] = told(here, caplog)
    assert line.startswith(f"deposit (native mint): 1 {symbol} from ")


def test_nothing_is_read_where_the_log_does_not_want_it(
    here: World, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    deposit(here, mint=1)
    [made] = [it for it in here.happened if isinstance(it, BlockMade) and it.chain == "l2"]
    monkeypatch.setattr(teller, "begins_with_deposits", None)
    with caplog.at_level(logging.WARNING, "byline.bridge"):
        Teller(here.rollup).l2_block(made.executed.block, made.executed.receipts)
    assert "cannot tell" not in caplog.text


def test_a_fault_of_the_teller_is_logged_and_stops_nothing(
    here: World, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    deposit(here, mint=1)
    monkeypatch.setattr(teller, "deposits", None)
    lines = told(here, caplog)
    assert any("cannot tell what crossed" in line for line in lines)
