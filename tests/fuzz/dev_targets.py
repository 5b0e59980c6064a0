"""Decoders of what DevControl declares on a devnet's L1, and its edits as they are executed."""

from __future__ import annotations

from byline.derivation.config import Fork
from byline.derivation.dev_deposits import dev_deposit, read_deposit, write_deposit
from byline.derivation.dev_edits import EDITOR, AccountEdit, decode_edits, encode_edits
from byline.derivation.dev_events import (
    BLOCK_SET,
    CLOCK_SET,
    DEV_DEPOSITED,
    DevDeposited,
    read_event,
)
from byline.derivation.errors import InvalidData
from byline.derivation.receipt import Log
from byline.node.evm.deposits import execute_deposit
from tests.derivation_kit import DEV_CONTROL, word
from tests.fuzz.target import Target
from tests.unit.node.evm.evm_kit import l2_machine

WHO, OTHER = b"\x0a" * 20, b"\x0b" * 20
SALT = word(7)
GAS = 10_000_000
EDITS = (
    (),
    (AccountEdit(WHO, 5),),
    (AccountEdit(WHO, 2**256 - 1, 2**64 - 1, b"\x60\x00", {0: 1, 2**255: 0}),),
    (AccountEdit(WHO, 0, 0, b""), AccountEdit(OTHER, nonce=1), AccountEdit(WHO, storage={1: 2})),
)
DEPOSITS = (
    dev_deposit(SALT, WHO, OTHER, 0, 21_000, b""),
    dev_deposit(SALT, WHO, None, 2**256 - 1, 2**64 - 1, b"\x60\x00"),
    dev_deposit(SALT, EDITOR, EDITOR, 0, GAS, encode_edits(EDITS[1])),
)
TOPICS = (CLOCK_SET, DEV_DEPOSITED, BLOCK_SET)


def _edits(data: bytes) -> None:
    assert encode_edits(decode_edits(data)) == data


def _deposit(data: bytes) -> None:
    assert write_deposit(read_deposit(SALT, data)) == data


def _event(data: bytes) -> None:
    """Read a log: one byte for its topic, one for the number of further ones, the data."""
    if len(data) < 2:
        raise InvalidData("no log")
    topics = (TOPICS[data[0] % 3], *(word(n) for n in range(data[1] % 4)))
    event = read_event(Log(DEV_CONTROL, topics, data[2:]))
    assert event is not None
    if isinstance(event, DevDeposited):
        assert _event_data(write_deposit(event.deposit)) == data[2:]


def _event_data(raw: bytes) -> bytes:
    return word(32) + word(len(raw)) + raw + bytes(-len(raw) % 32)


def _execution(data: bytes) -> None:
    """Execute edits as a deposit: it is applied in full, or fails and changes nothing."""
    machine = l2_machine(Fork.KARST)
    done = execute_deposit(
        machine, dev_deposit(SALT, EDITOR, EDITOR, 0, GAS, data), prague=True, edits=True
    )
    assert machine.nonce(EDITOR) == 1
    machine.commit()
    if not done.succeeded:
        assert done.gas_used == GAS
        raise InvalidData(done.error)
    last = {edit.address: edit for edit in decode_edits(data)}
    for address, edit in last.items():
        assert edit.balance in (None, machine.balance(address))
        assert edit.nonce in (None, machine.nonce(address))
        assert edit.code in (None, machine.code(address))


def targets() -> list[Target]:
    """Return the decoders of a devnet's declarations."""
    bad = (InvalidData,)
    edits = tuple(encode_edits(item) for item in EDITS)
    raw = tuple(write_deposit(item) for item in DEPOSITS)
    events = (
        b"\x00\x01" + word(5),
        b"\x02\x02" + word(5),
        *(b"\x01\x02" + _event_data(item) for item in raw),
    )
    return [
        Target("edits", edits, _edits, bad),
        Target("executed edits", edits, _execution, bad),
        Target("dev deposit", raw, _deposit, bad),
        Target("dev event", events, _event, bad),
    ]
