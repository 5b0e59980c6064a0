"""What the state precompile reads, writes and refuses, on a storage that the test holds."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from byline.precompiles import InvalidInput, state
from byline.precompiles.errors import MALFORMED_INPUT, UNKNOWN_SELECTOR
from byline.precompiles.state import refusals

VAULT = b"\x33" * 20
POOL = b"\x07" * 32


def who(number: int) -> bytes:
    return number.to_bytes(20, "big")


GOOD = state.encode_call(POOL, state.pack([(who(1), 5), (who(9), 6)]))


@dataclass
class Words:
    """A `Frame` that charges nothing and remembers the order of reads and writes."""

    data: bytes
    caller: bytes = VAULT
    is_static: bool = False
    is_delegated: bool = False
    words: dict[bytes, int] = field(default_factory=dict)
    done: list[tuple[str, bytes]] = field(default_factory=list)

    def load(self, slot: bytes) -> int:
        self.done.append(("load", slot))
        return self.words.get(slot, 0)

    def store(self, slot: bytes, value: int) -> None:
        self.done.append(("store", slot))
        self.words[slot] = value


def refusal(frame: Words) -> bytes:
    with pytest.raises(InvalidInput) as caught:
        state.credit_batch(frame, VAULT)
    return caught.value.revert_data


def test_every_entry_is_read_then_written_in_order() -> None:
    frame = Words(GOOD)
    slots = [state.credit_slot(POOL, who(1)), state.credit_slot(POOL, who(9))]
    frame.words[slots[1]] = 100
    assert state.credit_batch(frame, VAULT) == b""
    assert frame.words == {slots[0]: 5, slots[1]: 106}
    assert frame.done == [(kind, slot) for slot in slots for kind in ("load", "store")]


def test_no_entries_write_nothing() -> None:
    frame = Words(state.encode_call(POOL, b""))
    assert state.credit_batch(frame, VAULT) == b""
    assert frame.done == []


def test_4096_entries_are_the_most() -> None:
    packed = state.pack((who(at), 1) for at in range(1, 4098))
    frame = Words(state.encode_call(POOL, packed[:-36]))
    state.credit_batch(frame, VAULT)
    assert len(frame.words) == 4096
    frame = Words(state.encode_call(POOL, packed))
    assert refusal(frame) == refusals.bad_length(36 * 4097).revert_data
    assert frame.done == []


@pytest.mark.parametrize(
    ("frame", "expected"),
    [
        (Words(b"", is_delegated=True, is_static=True), refusals.delegated_call().revert_data),
        (Words(b"", STRANGER := b"\x44" * 20, True), refusals.static_call().revert_data),
        (Words(b"", STRANGER), refusals.not_vault(STRANGER, VAULT).revert_data),
        (Words(b"\x01\x02\x03"), MALFORMED_INPUT.revert_data(3)),
        (Words(b"\x01\x02\x03\x04"), UNKNOWN_SELECTOR.revert_data(b"\x01\x02\x03\x04")),
        (Words(GOOD[:35]), MALFORMED_INPUT.revert_data(4)),
        (Words(GOOD[:67]), MALFORMED_INPUT.revert_data(36)),
        (Words(GOOD[:67] + b"\x41" + GOOD[68:]), MALFORMED_INPUT.revert_data(36)),
        (Words(GOOD[:99]), MALFORMED_INPUT.revert_data(68)),
        (Words(GOOD[:99] + b"\x47" + GOOD[100:]), refusals.BAD_LENGTH.revert_data(71)),
        (Words(GOOD[:68] + b"\xff" * 32), refusals.BAD_LENGTH.revert_data(2**256 - 1)),
        (Words(GOOD[:-1]), MALFORMED_INPUT.revert_data(len(GOOD) - 1)),
        (Words(GOOD + b"\0"), MALFORMED_INPUT.revert_data(len(GOOD))),
        (Words(GOOD[:-3] + b"\x01\0\0"), MALFORMED_INPUT.revert_data(len(GOOD) - 3)),
    ],
)
def test_a_call_is_refused_for_the_first_reason_in_order(frame: Words, expected: bytes) -> None:
    assert refusal(frame) == expected
    assert frame.done == []


@pytest.mark.parametrize("second", [5, 4])
def test_an_address_twice_or_out_of_order_is_refused(second: int) -> None:
    packed = state.pack([(who(5), 1), (who(second), 1)])
    frame = Words(state.encode_call(POOL, packed))
    assert refusal(frame) == refusals.NOT_ASCENDING.revert_data(1)


def test_the_zero_address_is_one_like_others() -> None:
    frame = Words(state.encode_call(POOL, state.pack([(who(0), 1), (who(1), 2)])))
    state.credit_batch(frame, VAULT)
    assert frame.words == {state.credit_slot(POOL, who(at)): at + 1 for at in range(2)}


def test_the_price_follows_the_declared_size_alone() -> None:
    assert state.gas(GOOD) == state.BASE + 2 * state.ENTRY_GAS
    assert state.gas(GOOD[:-1]) == state.gas(b"") == state.BASE
    backwards = state.encode_call(POOL, state.pack([(who(2), 1), (who(1), 1)]))
    assert state.gas(backwards) == state.gas(GOOD)
