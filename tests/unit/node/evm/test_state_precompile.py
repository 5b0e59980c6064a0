"""The state precompile on both engines, beside a contract that does the same in a loop."""

from __future__ import annotations

import itertools
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from byline.node.evm.machine import CallOutcome, Machine, MessageCall, OpcodeSet
from byline.node.evm.precompiles import credits_native
from byline.node.evm.tracing import FrameEnd, FrameStart, Step
from byline.precompiles import state
from byline.precompiles.errors import VALUE_NOT_ACCEPTED
from byline.precompiles.state import refusals
from byline.precompiles.state.frame import Frame
from tests.unit.node.evm import evm_kit
from tests.unit.node.evm.credit_vault import (
    DELEGATE,
    GAS,
    POOL,
    STATIC,
    STRANGER,
    VALUE,
    VAULT,
    calldata,
    credit,
    entries,
    forward,
    loop,
    vault_machine,
    who,
)
from tests.unit.node.evm.recorder import Recorder

pytestmark = pytest.mark.usefixtures("each_engine")

AMOUNTS = (5, 0, 2**128 - 1, 7)
DATA = state.encode_call(POOL, entries(AMOUNTS))


def from_vault(on: Machine, data: bytes, gas: int = GAS, fresh: bool = True) -> CallOutcome:
    """Call the precompile in the vault's own name."""
    if fresh:
        on.begin_transaction()
    return on.run(MessageCall(VAULT, state.ATTRIBUTION_STATE, 0, data, gas, 0, 0))


def storage_gas(recorder: Recorder) -> int:
    """Return what the SLOADs and SSTOREs of the recorded steps have cost."""
    steps = recorder.steps
    return sum(
        step.gas - after.gas
        for step, after in itertools.pairwise(steps)
        if step.op in (0x54, 0x55)
    )


def test_it_writes_the_words_that_the_loop_writes_and_the_root_is_the_same() -> None:
    native, own = vault_machine(), vault_machine()
    for _ in range(2):
        assert forward(native, DATA) == (True, b"")
        assert loop(own, entries(AMOUNTS)).succeeded
    assert [credit(native, at) for at in range(1, 6)] == [10, 0, 2**129 - 2, 14, 0]
    assert native.commit() == own.commit()
    assert native.storage_root(VAULT) == own.storage_root(VAULT)


@settings(
    max_examples=15,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    before=st.lists(st.sampled_from([0, 1, 2**200]), min_size=6, max_size=6),
    batches=st.lists(
        st.lists(st.sampled_from([0, 1, 2**128 - 1]), min_size=1, max_size=6),
        min_size=1,
        max_size=3,
    ),
)
def test_gas_is_the_base_and_that_of_the_loops_own_opcodes(
    before: list[int], batches: list[list[int]]
) -> None:
    native, own = vault_machine(), vault_machine()
    for on in (native, own):
        for at, value in enumerate(before, 1):
            slot = int.from_bytes(state.credit_slot(POOL, who(at)), "big")
            on.set_storage(VAULT, slot, value)
        on.begin_transaction()
    for amounts in batches:
        packed = entries(amounts)
        data = state.encode_call(POOL, packed)
        recorder = Recorder()
        own.trace(recorder)
        call = calldata("loop", POOL, packed)
        looped = own.run(MessageCall(VAULT, VAULT, 0, call, GAS, 0, 0))
        own.trace(None)
        done = from_vault(native, data, fresh=False)
        assert (looped.succeeded, done.succeeded) == (True, True)
        assert GAS - done.gas_left == state.gas(data) + storage_gas(recorder)
        assert done.refund == looped.refund
        assert native.accessed()[VAULT] == own.accessed()[VAULT]
    assert native.commit() == own.commit()


@pytest.mark.parametrize(
    ("before", "amount", "cost"),
    [(0, 1, 2100 + 20_000), (1, 1, 2100 + 2_900), (0, 0, 2100 + 100), (1, 0, 2100 + 100)],
)
def test_a_cold_word_costs_what_the_eips_say(before: int, amount: int, cost: int) -> None:
    on = vault_machine()
    on.set_storage(VAULT, int.from_bytes(state.credit_slot(POOL, who(1)), "big"), before)
    data = state.encode_call(POOL, entries([amount]))
    assert GAS - from_vault(on, data).gas_left == state.BASE + state.ENTRY_GAS + cost
    again = GAS - from_vault(on, data, fresh=False).gas_left
    assert again == state.BASE + state.ENTRY_GAS + 200


def test_a_word_back_at_its_first_value_refunds_as_sstore_does() -> None:
    on = vault_machine()
    slot = int.from_bytes(state.credit_slot(POOL, who(1)), "big")
    on.set_storage(VAULT, slot, 5)
    on.begin_transaction()
    token = on.snapshot()
    on.set_storage(VAULT, slot, 4)
    done = from_vault(on, state.encode_call(POOL, entries([1])), fresh=False)
    assert (done.refund, on.storage(VAULT, slot)) == (2_800, 5)
    on.restore(token)


@pytest.mark.parametrize(
    ("kind", "error"),
    [
        (STATIC, refusals.STATIC_CALL),
        (DELEGATE, refusals.DELEGATED_CALL),
        (VALUE, VALUE_NOT_ACCEPTED),
    ],
)
def test_other_kinds_of_calls_are_refused_by_name(kind: int, error: object) -> None:
    on = vault_machine()
    on.set_balance(VAULT, 1)
    assert forward(on, DATA, kind) == (False, error.revert_data())  # type: ignore[attr-defined]
    assert credit(on, 1) == 0
    assert on.balance(VAULT) == 1


def test_another_caller_is_refused_and_writes_nowhere() -> None:
    on = vault_machine()
    expected = refusals.not_vault(STRANGER, VAULT).revert_data
    assert forward(on, DATA, to=STRANGER) == (False, expected)
    assert credit(on, 1) == credit(on, 1, at=STRANGER) == 0


def test_without_a_vault_nothing_is_there() -> None:
    on = vault_machine(None)
    root = vault_machine(None).commit()
    assert forward(on, DATA) == (True, b"")
    assert on.commit() == root


def test_the_gas_of_a_refusal_is_its_base_and_entries() -> None:
    on = vault_machine()
    bad = state.encode_call(POOL, state.pack([(who(2), 1), (who(1), 1)]))
    done = from_vault(on, bad)
    assert (done.reverted, done.output) == (True, refusals.not_ascending(1).revert_data)
    # The first entry was written before the second was read.
    assert GAS - done.gas_left == state.gas(bad) + 22_100
    assert (credit(on, 2), done.refund) == (0, 0)


@pytest.mark.parametrize("short", [1, 2_000, 22_100, 22_101, 44_200])
def test_out_of_gas_takes_all_of_it_and_undoes_every_word(short: int) -> None:
    on, untouched = vault_machine(), vault_machine()
    data = state.encode_call(POOL, entries([1, 2, 3]))
    whole = GAS - from_vault(vault_machine(), data).gas_left
    assert whole == state.gas(data) + 3 * 22_100
    done = from_vault(on, data, gas=whole - short)
    assert (done.succeeded, done.reverted, done.gas_left) == (False, False, 0)
    assert done.error == "out of gas"
    assert VAULT not in on.accessed() or not on.accessed()[VAULT]
    assert on.commit() == untouched.commit()


def test_the_last_gas_must_be_above_the_sentry() -> None:
    data = state.encode_call(POOL, entries([0]))
    assert from_vault(vault_machine(), data, gas=state.gas(data) + 2100 + 2300).error
    done = from_vault(vault_machine(), data, gas=state.gas(data) + 2100 + 2301)
    assert (done.succeeded, done.gas_left) == (True, 2201)


def test_a_frame_that_fails_takes_its_credits_back() -> None:
    on, untouched = vault_machine(), vault_machine()
    recorder = Recorder()
    on.trace(recorder)
    done = evm_kit.call(on, VAULT, calldata("inside", DATA, 0), GAS)
    on.trace(None)
    assert (done.succeeded, done.refund) == (True, 0)
    ends = [event for event in recorder.events if isinstance(event, FrameEnd)]
    assert [(end.depth, end.error) for end in ends] == [
        (2, None),
        (1, "execution reverted"),
        (0, None),
    ]
    assert on.commit() == untouched.commit()


def test_within_a_static_call_an_ordinary_call_is_refused_too() -> None:
    on, untouched = vault_machine(), vault_machine()
    done = evm_kit.call(on, VAULT, calldata("inside", DATA, 1), GAS)
    assert done.reverted
    assert done.output[:4] == refusals.STATIC_CALL.selector
    assert on.commit() == untouched.commit()


def test_a_snapshot_takes_it_back() -> None:
    on, untouched = vault_machine(), vault_machine()
    on.begin_transaction()
    token = on.snapshot()
    assert from_vault(on, DATA, fresh=False).succeeded
    assert credit(on, 1) == 5
    on.restore(token)
    assert on.commit() == untouched.commit()


def test_a_tracer_is_told_of_every_word_between_enter_and_leave() -> None:
    on = vault_machine()
    recorder = Recorder()
    on.trace(recorder)
    forward(on, DATA)
    on.trace(None)
    slots = [int.from_bytes(state.credit_slot(POOL, who(at)), "big") for at in range(1, 5)]
    assert recorder.touched == [(VAULT, slot) for slot in slots for _ in range(2)]
    starts = [event for event in recorder.events if isinstance(event, FrameStart)]
    assert [start.to for start in starts] == [VAULT, state.ATTRIBUTION_STATE]
    assert not [event for event in recorder.events if isinstance(event, Step) and event.depth > 1]


def test_a_credit_that_would_not_fit_a_word_reverts() -> None:
    on = vault_machine()
    slot = int.from_bytes(state.credit_slot(POOL, who(2)), "big")
    on.set_storage(VAULT, slot, 2**256 - 1)
    done = forward(on, state.encode_call(POOL, entries([1, 1])))
    assert done == (False, refusals.credit_overflow(1).revert_data)
    assert (credit(on, 1), credit(on, 2)) == (0, 2**256 - 1)


def test_the_storage_is_out_of_reach_once_the_call_has_ended() -> None:
    kept: list[Frame] = []

    def change(frame: Frame) -> bytes:
        kept.append(frame)
        with pytest.raises((ValueError, OverflowError)):
            frame.load(b"short")
        with pytest.raises((ValueError, OverflowError)):
            frame.store(bytes(32), 2**256)
        return b""

    native = replace(credits_native(VAULT), change=change)
    on = evm_kit.machine({state.ATTRIBUTION_STATE: native}, OpcodeSet.OSAKA)
    assert from_vault(on, DATA).succeeded
    assert (kept[0].caller, kept[0].data) == (VAULT, DATA)
    with pytest.raises(RuntimeError, match="call has ended"):
        kept[0].load(bytes(32))
    with pytest.raises(RuntimeError, match="call has ended"):
        kept[0].store(bytes(32), 1)
