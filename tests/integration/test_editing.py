"""Users edit the state of either chain; verifiers derive what they did to the L2."""

from __future__ import annotations

from dataclasses import replace

import pytest

from byline.derivation.dev_edits import EDITOR, MOST_CODE_BYTES, AccountEdit
from byline.derivation.hashing import keccak256
from byline.derivation.transaction import DepositTransaction, Transaction
from byline.node.config import NodeConfig
from byline.node.rollups.rollup import ChainName
from byline.node.storage.kv import MemoryKV
from byline.rpc.backend import Refused
from tests.integration.rollups import ALICE, BOB, GENESIS_TIME, World, world
from tests.integration.serving import served
from tests.integration.test_genesis_files import settings_901, started
from tests.integration.test_l1_reorg import converges
from tests.integration.test_rollup import deposit, verified
from tests.integration.test_time_on_loaded_chains import code as dev_control_of
from tests.integration.test_time_on_loaded_chains import is_derived as loaded_is_derived

WHO, OTHER = b"\x0a" * 20, b"\x0b" * 20
CHAINS: tuple[ChainName, ...] = ("l1", "l2")
ALL = AccountEdit(WHO, 5, 6, b"\x60\x00", {1: 2, 2**256 - 1: 3})


def heights(here: World) -> tuple[int, int]:
    return here.rollup.l1.head.number, here.rollup.engine.heads.unsafe.number


def held(here: World, name: ChainName, address: bytes = WHO) -> AccountEdit:
    """Return an account as an edit that would make it so; of the storage slot 1 and the last."""
    chain = here.rollup.chain(name)
    machine = chain.machine(chain.head)
    return AccountEdit(
        address,
        machine.balance(address),
        machine.nonce(address),
        machine.code(address),
        {slot: machine.storage(address, slot) for slot in (1, 2**256 - 1)},
    )


@pytest.mark.parametrize("engine", ["fast", "pyevm"])
@pytest.mark.parametrize("name", CHAINS)
def test_an_edit_makes_one_block_of_each_chain_that_has_to_hold_it(
    name: ChainName, engine: str
) -> None:
    here = world(NodeConfig(engine=engine))
    here.send("l1")
    here.send("l2")
    l1, l2 = heights(here)
    here.rollup.edit(name, [ALL])
    assert held(here, name) == ALL
    other: ChainName = "l1" if name == "l2" else "l2"
    assert held(here, other) == AccountEdit(WHO, 0, 0, b"", {1: 0, 2**256 - 1: 0})
    assert heights(here) == (l1 + 1, l2 + (name == "l2"))
    converges(here)
    assert held(here, name) == ALL


def test_the_l1_block_of_an_edit_of_the_l1_holds_no_transaction() -> None:
    here = world()
    here.rollup.edit("l1", [ALL])
    assert here.rollup.l1.head.gas_used == 0
    block = here.rollup.l1.block(1)
    assert block is not None
    assert block.transactions == ()


def test_the_l2_block_of_an_edit_holds_the_attributes_and_one_deposit() -> None:
    here = world()
    here.rollup.edit("l2", [ALL])
    block = here.rollup.chain("l2").canonical_block(1)
    assert block is not None
    _, edit = block.transactions
    assert isinstance(edit, DepositTransaction)
    assert (edit.sender, edit.to, edit.value, edit.mint) == (EDITOR, EDITOR, 0, 0)


@pytest.mark.parametrize("name", CHAINS)
def test_what_waits_in_the_pools_waits_on_unless_the_edit_made_it_invalid(name: ChainName) -> None:
    here = world(NodeConfig(block_time=2))
    first, second = here.send(name), here.send(name, sender=BOB)
    here.rollup.edit(name, [AccountEdit(ALICE.address, nonce=7)])
    pool = here.rollup.pools[name]
    assert pool.get(first) is None
    assert pool.get(second) is not None
    here.send(name, nonce=7)
    here.rollup.mine(name)
    assert len(pool) == 0
    assert here.rollup.chain(name).machine(here.rollup.chain(name).head).nonce(ALICE.address) == 8


@pytest.mark.parametrize("name", CHAINS)
def test_what_is_wished_of_the_next_block_is_left_to_the_users(name: ChainName) -> None:
    here = world()
    here.send("l2")
    here.rollup.set_next_timestamp(name, GENESIS_TIME + 1_000)
    for chain in CHAINS:
        here.rollup.edit(chain, [ALL])
    assert here.rollup.next_timestamp(name) == GENESIS_TIME + 1_000
    here.send(name)
    assert here.rollup.chain(name).head.timestamp == GENESIS_TIME + 1_000
    converges(here)


def test_what_is_declared_of_the_next_block_is_put_off_to_the_users() -> None:
    here = world()
    here.send("l2")
    with served(here, "l2") as port:
        port.result("anvil_setNextBlockBaseFeePerGas", hex(7 * 10**9))
        port.result("hardhat_setPrevRandao", "0x" + "12" * 32)
        here.rollup.set_next_timestamp("l2", GENESIS_TIME + 900)
        # The L1 block tells of it.
        here.rollup.mine("l1")
        for _ in range(2):
            here.rollup.edit("l2", [ALL])
        here.rollup.edit("l1", [ALL])
    edited = here.rollup.chain("l2").canonical(3)
    assert edited is not None
    assert (edited.timestamp, edited.base_fee) < (GENESIS_TIME + 100, 2 * 10**9)
    here.send("l2")
    head = here.rollup.chain("l2").head
    assert (head.number, head.timestamp) == (4, GENESIS_TIME + 900)
    assert (head.base_fee, head.mix_hash) == (7 * 10**9, b"\x12" * 32)
    converges(here)


def test_a_revert_to_another_branch_of_the_l1_knows_what_that_one_declares() -> None:
    here = world()
    here.send("l2")
    here.rollup.edit("l2", [ALL])
    here.rollup.mine("l1", GENESIS_TIME + 900)
    number = here.rollup.snapshot()
    here.rollup.reorg_l1(2, blocks=0, lose=True)
    assert here.rollup.first_jump is None
    assert here.rollup.revert(number)
    assert here.rollup.first_jump == 2
    for _ in range(2):
        here.rollup.edit("l2", [ALL])
    here.send("l2")
    assert here.rollup.chain("l2").head.timestamp == GENESIS_TIME + 904
    converges(here)


def test_an_edit_follows_the_l1_to_a_time_that_nobody_wished_of_the_l2() -> None:
    here = world()
    here.send("l2")
    here.rollup.mine("l1", GENESIS_TIME + 900)
    here.rollup.edit("l2", [ALL])
    assert here.rollup.chain("l2").head.timestamp == GENESIS_TIME + 900
    base = here.rollup.l1.head.timestamp
    here.rollup.increase_time(100)
    here.rollup.mine("l1")
    here.rollup.edit("l2", [ALL])
    here.send("l2")
    assert here.rollup.chain("l2").head.timestamp == base + 100
    converges(here)


@pytest.mark.parametrize("name", CHAINS)
def test_a_stopped_sequencer_is_left_alone(name: ChainName) -> None:
    here = world()
    here.send("l2")
    here.rollup.sequencer.active = False
    here.rollup.edit("l1", [ALL])
    with pytest.raises(Refused, match="sequencer not running"):
        here.rollup.edit("l2", [ALL])
    assert heights(here)[1] == 1
    here.rollup.sequencer.active = True
    here.rollup.edit(name, [ALL])
    converges(here)


def test_after_idle_time_an_edit_does_not_jump_and_the_next_block_does() -> None:
    here = world()
    here.send("l2")
    here.clock.advance(5_000)
    here.rollup.edit("l2", [ALL])
    assert here.rollup.engine.heads.unsafe.timestamp == GENESIS_TIME + 4
    here.send("l2")
    assert here.rollup.engine.heads.unsafe.timestamp == GENESIS_TIME + 5_000
    converges(here)


def test_edits_larger_than_a_deposit_and_than_a_block_all_arrive() -> None:
    here = world()
    edits = [
        AccountEdit(bytes([i]) * 20, code=bytes([i]) * MOST_CODE_BYTES, storage={1: i})
        for i in range(1, 33)
    ]
    here.rollup.edit("l2", edits)
    chain = here.rollup.chain("l2")
    machine = chain.machine(chain.head)
    for edit in edits:
        assert machine.code(edit.address) == edit.code
        assert machine.storage(edit.address, 1) == edit.storage[1]
    assert heights(here)[1] > 1
    converges(here)


def test_stock_verifiers_stop_at_the_first_edit() -> None:
    here = world()
    here.send("l2")
    here.rollup.edit("l1", [ALL])
    here.rollup.flush()
    assert verified(here)[0].first_jump is None
    assert here.rollup.first_jump is None
    here.rollup.edit("l2", [ALL])
    here.send("l2")
    converges(here)
    assert verified(here)[0].first_jump == here.rollup.first_jump == 2


@pytest.mark.parametrize("name", CHAINS)
def test_a_revert_takes_edits_back(name: ChainName) -> None:
    here = world()
    here.send("l2")
    number = here.rollup.snapshot()
    here.rollup.edit(name, [ALL])
    assert here.rollup.revert(number)
    assert held(here, name).balance == 0
    assert here.rollup.first_jump is None
    here.rollup.edit(name, [replace(ALL, balance=9)])
    assert held(here, name).balance == 9
    converges(here)


def test_an_l2_block_whose_edit_the_l1_lost_goes_with_it() -> None:
    here = world()
    here.send("l2")
    here.rollup.edit("l2", [ALL])
    tx = here.send("l2")
    assert heights(here)[1] == 3
    here.rollup.reorg_l1(1, blocks=0)
    assert heights(here)[1] == 1
    assert held(here, "l2").balance == 0
    assert here.rollup.first_jump is None
    assert here.rollup.pools["l2"].get(tx) is not None
    here.rollup.mine("l2")
    converges(here)


def test_an_l2_block_whose_edit_the_l1_kept_stays() -> None:
    here = world()
    here.rollup.edit("l2", [ALL])
    here.send("l2")
    head = here.rollup.engine.heads.unsafe
    here.send("l1")
    here.rollup.reorg_l1(1, blocks=0)
    assert here.rollup.engine.heads.unsafe == head
    converges(here)


def test_a_restart_keeps_edits_and_makes_new_ones_with_other_hashes() -> None:
    kv = MemoryKV()
    first = world(kv=kv)
    for name in CHAINS:
        first.rollup.edit(name, [ALL])
    again = world(kv=kv)
    assert again.rollup.first_jump == first.rollup.first_jump == 1
    for name in CHAINS:
        assert held(again, name) == ALL
    again.rollup.edit("l2", [ALL])
    chain = again.rollup.chain("l2")
    made = [block.transactions[1].hash for n in (1, 2) if (block := chain.canonical_block(n))]
    assert len(set(made)) == 2
    converges(again)


def test_a_salt_is_never_used_again_not_even_after_a_revert() -> None:
    here = world()
    chain = here.rollup.chain("l2")
    number = here.rollup.snapshot()
    hashes = []
    for _ in range(2):
        here.rollup.edit("l2", [ALL])
        block = chain.canonical_block(1)
        assert block is not None
        hashes.append(block.transactions[1].hash)
        assert here.rollup.revert(number)
        number = here.rollup.snapshot()
    assert len(set(hashes)) == 2


def test_strict_mode_edits_the_l1_alone() -> None:
    here = world(NodeConfig(strict=True))
    here.rollup.edit("l1", [ALL])
    assert held(here, "l1") == ALL
    with pytest.raises(Refused, match="the state of the L2 is not edited in strict mode"):
        here.rollup.edit("l2", [ALL])
    converges(here)


def test_an_earlier_dev_control_that_only_moves_the_clock_is_named() -> None:
    here = world()
    address = here.rollup.engine.config.dev_control
    assert address is not None
    here.rollup.edit("l1", [AccountEdit(address, code=b"\x00")])
    before = heights(here)
    with pytest.raises(Refused, match="the state of the L2 is not edited: DevControl at 0x"):
        here.rollup.edit("l2", [ALL])
    assert heights(here) == before
    here.rollup.edit("l1", [ALL])
    assert held(here, "l1") == ALL


@pytest.mark.parametrize("name", CHAINS)
@pytest.mark.parametrize(
    "edit",
    [
        AccountEdit(WHO, balance=2**256),
        AccountEdit(EDITOR, balance=1),
        AccountEdit(WHO, code=bytes(MOST_CODE_BYTES + 1)),
    ],
)
def test_what_no_verifier_would_take_is_refused_and_no_block_is_made(
    name: ChainName, edit: AccountEdit
) -> None:
    here = world()
    with pytest.raises(Refused, match="edit"):
        here.rollup.edit(name, [ALL, edit])
    here.rollup.edit(name, [])
    assert heights(here) == (0, 0)


def test_an_edit_between_deposits_keeps_their_order_and_users_money() -> None:
    here = world()
    deposit(here, 10**15)
    here.rollup.edit("l2", [AccountEdit(ALICE.address, balance=10**18)])
    deposit(here, 10**15)
    assert here.balance("l2", ALICE.address) <= 10**18
    converges(here)


def test_on_chains_from_files_the_first_edit_creates_dev_control() -> None:
    here = started(settings_901())
    assert dev_control_of(here) == b""
    here.rollup.edit("l2", [ALL])
    assert dev_control_of(here) != b""
    assert held(here, "l2") == ALL
    here.send("l2")
    loaded_is_derived(here)


@pytest.mark.parametrize("name", CHAINS)
def test_signed_transactions_run_on_what_was_edited(name: ChainName) -> None:
    here = world()
    # Stores the value that it is sent.
    here.rollup.edit(name, [AccountEdit(WHO, code=bytes.fromhex("345f5500"))])
    here.send(name, to=WHO, value=11, gas=100_000)
    chain = here.rollup.chain(name)
    assert chain.machine(chain.head).storage(WHO, 0) == 11
    block = chain.canonical_block(chain.head.number)
    assert block is not None
    assert isinstance(block.transactions[-1], Transaction)
    converges(here)


def test_tracers_show_an_edit_as_a_call_and_what_it_changed() -> None:
    here = world()
    here.rollup.edit("l2", [AccountEdit(WHO, 5, storage={1: 2})])
    here.rollup.edit("l2", [ALL])
    with served(here, "l2") as port:
        calls = port.result("debug_traceBlockByNumber", "0x2", {"tracer": "callTracer"})
        config = {"tracer": "prestateTracer", "tracerConfig": {"diffMode": True}}
        changed = port.result("debug_traceBlockByNumber", "0x2", config)[1]["result"]
        (flat,) = port.result("trace_block", "0x2")[-1:]
        logs = port.result("debug_traceBlockByNumber", "0x2", {})
    editor, who = "0x" + EDITOR.hex(), "0x" + WHO.hex()
    assert (calls[1]["result"]["from"], calls[1]["result"]["to"]) == (editor, editor)
    assert flat["action"]["to"] == editor
    assert logs[1]["result"]["structLogs"] == []
    word = {n: f"0x{n:064x}" for n in (1, 2, 3, 2**256 - 1)}
    assert changed["pre"][who] == {"balance": "0x5"}
    assert changed["post"][who] == {
        "nonce": 6,
        "code": "0x6000",
        "codeHash": "0x" + keccak256(b"\x60\x00").hex(),
        "storage": {word[2**256 - 1]: word[3]},
    }


def test_a_call_simulated_on_an_edit_sees_it() -> None:
    here = world()
    for name in CHAINS:
        here.rollup.edit(name, [AccountEdit(WHO, code=bytes.fromhex("602a5f5260205ff3"))])
        with served(here, name) as port:
            call = {"blockStateCalls": [{"calls": [{"to": "0x" + WHO.hex()}]}]}
            (block,) = port.result("eth_simulateV1", call, "latest")
            assert int(block["calls"][0]["returnData"], 16) == 42
            head = hex(here.rollup.chain(name).head.number)
            assert len(port.result("debug_traceBlockByNumber", head)) == (2 if name == "l2" else 0)
