"""States that stand on another chain's: both engines, against a state that holds everything."""

import random
from collections.abc import Mapping
from dataclasses import dataclass, field

import pytest

from byline.derivation.hashing import EMPTY_TRIE_ROOT, keccak256
from byline.derivation.kernels import rlp
from byline.node.chain.genesis import NO_BLOCK
from byline.node.chain.genesis_account import GenesisAccount
from byline.node.evm.engines import ENGINES, engine
from byline.node.evm.machine import Engine, Machine, MessageCall, OpcodeSet

ADDRESSES = [bytes([i]) * 20 for i in range(1, 9)]
SLOTS = [0, 1, 7, 2**255]
STORE = bytes.fromhex("602035600035555f545f5260205ff3")
"""Stores word 1 of the call data in slot word 0, and returns slot 0."""
DEAD = bytes.fromhex("33ff")
"""Destructs itself in favour of its caller."""
EMPTY_CODE = keccak256(b"")


@dataclass
class Other:
    """The other chain, with all that was asked of it."""

    accounts: Mapping[bytes, GenesisAccount]
    asked: list[bytes] = field(default_factory=list)
    fails: bool = False

    def record(self, address: bytes) -> bytes | None:
        if self.fails:
            raise ConnectionError("the other chain is away")
        self.asked.append(address)
        found = self.accounts.get(address)
        if found is None or not (found.nonce or found.balance or found.code):
            return None
        return rlp.encode([found.nonce, found.balance, EMPTY_TRIE_ROOT, keccak256(found.code)])

    def may_have_words(self, address: bytes) -> bool:
        found = self.accounts.get(address)
        return found is not None and bool(found.nonce or found.code)

    def word(self, address: bytes, slot: bytes) -> bytes:
        if self.fails:
            raise ConnectionError("the other chain is away")
        if not self.may_have_words(address):
            return bytes(32)
        word = self.accounts[address].storage.get(int.from_bytes(slot, "big"), 0)
        return word.to_bytes(32, "big")

    def code(self, address: bytes, code_hash: bytes) -> bytes | None:
        found = self.accounts.get(address)
        return found.code if found and keccak256(found.code) == code_hash else None

    def block_hash(self, number: int) -> bytes:
        return keccak256(b"other" + bytes([number]))


ACCOUNTS = {
    ADDRESSES[0]: GenesisAccount(balance=10**18, nonce=3),
    ADDRESSES[1]: GenesisAccount(nonce=1, code=STORE, storage={0: 5, 7: 1, 2**255: 9}),
    ADDRESSES[2]: GenesisAccount(balance=7),
    ADDRESSES[3]: GenesisAccount(balance=1, nonce=1, code=DEAD, storage={1: 2}),
}


@dataclass
class Run:
    """A state through several blocks."""

    engine: Engine
    beneath: Other | None
    nodes: dict[bytes, bytes] = field(default_factory=dict)
    root: bytes = EMPTY_TRIE_ROOT

    def open(self) -> Machine:
        return self.engine.open(
            self.nodes.get, self.root, NO_BLOCK, {}, OpcodeSet.PRAGUE, self.beneath
        )

    def keep(self, machine: Machine) -> bytes:
        self.root = machine.commit()
        self.nodes |= machine.nodes
        return self.root


def plain(name: str) -> Run:
    run = Run(engine(name), None)
    machine = run.open()
    for address, account in ACCOUNTS.items():
        machine.set_balance(address, account.balance)
        machine.set_nonce(address, account.nonce)
        machine.set_code(address, account.code)
        for slot, value in account.storage.items():
            machine.set_storage(address, slot, value)
    run.keep(machine)
    return run


def forked(name: str) -> Run:
    return Run(engine(name), Other(ACCOUNTS))


def seen(machine: Machine) -> list[object]:
    """Return everything that can be read."""
    return [
        (
            machine.balance(a),
            machine.nonce(a),
            machine.code(a),
            [machine.storage(a, slot) for slot in SLOTS],
        )
        for a in ADDRESSES
    ]


def call(machine: Machine, to: bytes | None, data: bytes = b"", value: int = 0) -> object:
    machine.begin_transaction()
    sender = ADDRESSES[0]
    nonce = machine.nonce(sender)
    machine.set_nonce(sender, nonce + 1)
    outcome = machine.run(MessageCall(sender, to, value, data, 1_000_000, 0, nonce))
    return (outcome.succeeded, outcome.output, outcome.gas_left, outcome.refund, outcome.created)


def act(machine: Machine, dice: random.Random) -> object:
    """Do one thing that a block or a user may do; return what came of it."""
    address, slot = dice.choice(ADDRESSES), dice.choice(SLOTS)
    what = dice.randrange(9)
    if what == 0:
        machine.set_balance(address, dice.choice([0, 7, 10**18]))
    elif what == 1:
        machine.set_nonce(address, dice.choice([1, 3, 2**40]))
    elif what == 2:
        machine.set_code(address, dice.choice([STORE, DEAD]))
        machine.set_nonce(address, 1)
    elif what == 3:
        machine.set_nonce(address, max(1, machine.nonce(address)))
        machine.set_storage(address, slot, dice.choice([0, 0, 1, 5, 9]))
    elif what == 4:
        machine.clear_storage(address)
    elif what in (5, 6):
        words = slot.to_bytes(32, "big") + dice.choice([0, 0, 5, 9]).to_bytes(32, "big")
        return call(machine, address, words, dice.choice([0, 1]))
    elif what == 7:
        return call(
            machine, None, b"\x60\x02\x5f\x55" + dice.choice([b"\x33\xff", b"\x5f\x5f\xf3"])
        )
    else:
        token = machine.snapshot()
        for _ in range(3):
            act_plainly(machine, dice)
        machine.restore(token)
    return None


def act_plainly(machine: Machine, dice: random.Random) -> None:
    address, slot = dice.choice(ADDRESSES), dice.choice(SLOTS)
    machine.set_nonce(address, 9)
    machine.set_storage(address, slot, dice.choice([0, 3]))
    if dice.random() < 0.3:
        machine.clear_storage(address)


@pytest.mark.parametrize("seed", range(60))
def test_a_state_beneath_is_seen_as_if_it_were_here_and_engines_find_one_root(seed: int) -> None:
    runs = [plain("fast"), forked("fast"), forked("pyevm")]
    for block in range(4):
        machines = [run.open() for run in runs]
        for step in range(6):
            results = [act(m, random.Random(f"{seed} {block} {step}")) for m in machines]
            assert results[0] == results[1] == results[2]
        views = [seen(m) for m in machines]
        assert views[0] == views[1] == views[2]
        roots = [run.keep(m) for run, m in zip(runs, machines, strict=True)]
        assert roots[1] == roots[2]
    views = [seen(run.open()) for run in runs]
    assert views[0] == views[1] == views[2]


@pytest.mark.parametrize("name", ENGINES)
def test_nothing_is_written_of_what_is_as_it_was(name: str) -> None:
    run = forked(name)
    machine = run.open()
    rich, contract = ADDRESSES[0], ADDRESSES[1]
    machine.set_balance(rich, 1)
    machine.set_storage(contract, 0, 0)
    changed = run.keep(machine)
    machine = run.open()
    assert (machine.balance(rich), machine.storage(contract, 0)) == (1, 0)
    machine.set_balance(rich, 10**18)
    machine.set_storage(contract, 0, 5)
    assert changed != EMPTY_TRIE_ROOT
    assert run.keep(machine) == EMPTY_TRIE_ROOT


@pytest.mark.parametrize("name", ENGINES)
def test_what_is_deleted_here_does_not_come_back_from_beneath(name: str) -> None:
    run = forked(name)
    poor = ADDRESSES[2]
    machine = run.open()
    machine.set_balance(poor, 0)
    run.keep(machine)
    machine = run.open()
    assert machine.balance(poor) == 0
    assert not machine.exists(poor)


@pytest.mark.parametrize("name", ENGINES)
def test_storage_that_was_cleared_here_stays_so(name: str) -> None:
    run = forked(name)
    contract = ADDRESSES[1]
    machine = run.open()
    machine.clear_storage(contract)
    machine.set_storage(contract, 7, 4)
    run.keep(machine)
    machine = run.open()
    assert [machine.storage(contract, slot) for slot in SLOTS] == [0, 0, 4, 0]
    assert machine.code(contract) == STORE


@pytest.mark.parametrize("name", ENGINES)
def test_a_failure_beneath_ends_the_run_with_its_error(name: str) -> None:
    run = forked(name)
    assert run.beneath is not None
    machine = run.open()
    words = (1).to_bytes(32, "big") * 2
    machine.nonce(ADDRESSES[0]), machine.nonce(bytes(20)), machine.code(ADDRESSES[1])
    run.beneath.fails = True
    with pytest.raises(ConnectionError, match="the other chain is away"):
        call(machine, ADDRESSES[1], words)
    run.beneath.fails = False
    assert call(run.open(), ADDRESSES[1], words)


def test_each_account_is_asked_for_by_what_touches_it_alone() -> None:
    run = forked("fast")
    assert run.beneath is not None
    run.open().balance(ADDRESSES[0])
    assert set(run.beneath.asked) == {ADDRESSES[0]}


@pytest.mark.parametrize("word", [b"", b"1", bytes(31), bytes(33), None, 5])
def test_a_word_of_another_length_is_refused(word: object) -> None:
    class Wrong(Other):
        def word(self, address: bytes, slot: bytes) -> bytes:
            return word  # type: ignore[return-value]

    run = Run(engine("fast"), Wrong(ACCOUNTS))
    with pytest.raises((ValueError, TypeError)):
        run.open().storage(ADDRESSES[1], 0)


@pytest.mark.parametrize("record", [b"", b"1", b"\xf8\x00", bytes(200), "text"])
def test_a_record_that_is_none_is_refused(record: object) -> None:
    class Wrong(Other):
        def record(self, address: bytes) -> bytes | None:
            return record  # type: ignore[return-value]

    run = Run(engine("fast"), Wrong(ACCOUNTS))
    with pytest.raises((ValueError, TypeError)):
        run.open().balance(ADDRESSES[1])
