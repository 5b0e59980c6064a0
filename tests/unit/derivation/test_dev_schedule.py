"""Times and deposits that the L1 declares."""

from __future__ import annotations

from dataclasses import replace

import pytest

from byline.derivation.config import RollupConfig
from byline.derivation.dev_deposits import MOST_DEPOSIT_BYTES, dev_deposit, write_deposit
from byline.derivation.dev_events import DEV_DEPOSITED, ClockSet
from byline.derivation.dev_schedule import DevSchedule
from byline.derivation.hashing import keccak256
from byline.derivation.receipt import Log
from byline.derivation.transaction import DepositTransaction
from byline.derivation.types import BlockId, L1Block, L1BlockRef, L2BlockRef
from tests.derivation_kit import DEV_CONTROL, clock_log, l1_genesis, receipt, rollup_config, word

CONFIG = rollup_config(dev_control=DEV_CONTROL, seq_window_size=10)
PARENT = L2BlockRef(9, word(9), word(8), 1_000, BlockId(5, word(5)), 0)
ORIGIN = L1BlockRef(5, word(5), word(4), 990)


def l1_block(number: int, *logs: Log, succeeded: bool = True) -> L1Block:
    header = l1_genesis().header.with_(number=number)
    return L1Block(header, (), (receipt(*logs, succeeded=succeeded),))


def schedule(*blocks: L1Block, config: RollupConfig = CONFIG) -> DevSchedule:
    clock = DevSchedule(config)
    for block in blocks:
        clock.read(block)
    return clock


def test_without_events_the_standard_rule_holds() -> None:
    assert schedule().next_timestamp(PARENT) == 1_002
    assert schedule().drift_base(ORIGIN, 10) == 990


def test_an_event_sets_the_time_of_the_block_it_names_and_no_other() -> None:
    clock = schedule(l1_block(5, clock_log(10, 5_000)))

    assert clock.next_timestamp(PARENT) == 5_000
    assert clock.next_timestamp(replace(PARENT, number=8)) == 1_002
    assert clock.next_timestamp(replace(PARENT, number=10, timestamp=5_000)) == 5_002


@pytest.mark.parametrize("target", [0, 999, 1_002, 2**63, 2**64, 2**256 - 1])
def test_a_target_that_is_not_later_or_too_far_has_no_effect(target: int) -> None:
    clock = schedule(l1_block(5, clock_log(10, target)))

    assert clock.next_timestamp(PARENT) == 1_002
    assert clock.drift_base(ORIGIN, 10) == max(990, target if target < 2**63 else 0)


def test_the_last_of_several_events_counts() -> None:
    first, second = clock_log(10, 5_000), clock_log(10, 4_000)

    assert schedule(l1_block(6, first, second)).next_timestamp(PARENT) == 4_000
    assert schedule(l1_block(7, second), l1_block(6, first)).next_timestamp(PARENT) == 4_000
    back = schedule(l1_block(6, first), l1_block(7, clock_log(10, 0)))
    assert back.next_timestamp(PARENT) == 1_002
    assert back.drift_base(ORIGIN, 10) == 990


def test_events_below_the_origin_do_not_count() -> None:
    clock = schedule(l1_block(4, clock_log(10, 5_000)))

    assert clock.next_timestamp(PARENT) == 1_002
    assert clock.drift_base(ORIGIN, 10) == 990


def test_the_drift_is_measured_from_the_latest_declared_time_so_far() -> None:
    clock = schedule(l1_block(5, clock_log(10, 5_000)), l1_block(6, clock_log(12, 9_000)))

    assert clock.drift_base(ORIGIN, 9) == 990
    assert clock.drift_base(ORIGIN, 11) == 5_000
    assert clock.drift_base(ORIGIN, 12) == 9_000
    assert clock.drift_base(replace(ORIGIN, number=6), 11) == 990
    assert clock.drift_base(replace(ORIGIN, timestamp=10_000), 12) == 10_000


def test_a_reorg_forgets_and_reading_again_replaces() -> None:
    clock = schedule(l1_block(5, clock_log(10, 5_000)), l1_block(6, clock_log(10, 6_000)))
    clock.forget_from(6)
    assert clock.next_timestamp(PARENT) == 5_000
    clock.read(l1_block(5, clock_log(10, 7_000)))
    assert clock.next_timestamp(PARENT) == 7_000
    clock.read(l1_block(5))
    assert clock.next_timestamp(PARENT) == 1_002


def test_what_is_forgotten_while_somebody_reads_is_passed_over() -> None:
    clock = schedule(l1_block(5, clock_log(10, 5_000)), l1_block(6, clock_log(10, 6_000)))
    events = clock._events(10, 5)
    assert next(events) == ClockSet(10, 5_000)
    clock.forget_from(6)
    assert list(events) == []


def test_failed_receipts_other_contracts_and_other_shapes_are_not_read() -> None:
    good = clock_log(10, 5_000)
    assert good.topics[0] == keccak256(b"ClockSet(uint256,uint64)")
    assert schedule(l1_block(5, good)).next_timestamp(PARENT) == 5_000
    for bad in (
        replace(good, address=b"\x01" * 20),
        replace(good, topics=good.topics[:1]),
        replace(good, topics=(word(1), good.topics[1])),
        replace(good, data=good.data + b"\0"),
    ):
        assert schedule(l1_block(5, bad)).next_timestamp(PARENT) == 1_002
    assert schedule(l1_block(5, good, succeeded=False)).next_timestamp(PARENT) == 1_002
    public = rollup_config()
    assert schedule(l1_block(5, good), config=public).next_timestamp(PARENT) == 1_002


def test_memory_holds_a_sequencing_window_and_no_more() -> None:
    clock = schedule(*(l1_block(number, clock_log(number, 5_000)) for number in range(1_000)))

    kept = [n for n in range(1_000) if clock.next_timestamp(_parent_of(n)) == 5_000]
    assert kept == list(range(999 - 10 - 50, 1_000))


def _parent_of(number: int) -> L2BlockRef:
    return replace(PARENT, number=number - 1, l1_origin=BlockId(0, word(0)))


def deposited(l2_number: int, salt: int, raw: bytes) -> Log:
    padded = raw + bytes(-len(raw) % 32)
    data = word(32) + word(len(raw)) + padded
    return Log(DEV_CONTROL, (DEV_DEPOSITED, word(l2_number), word(salt)), data)


def a_deposit(salt: int, gas: int = 21_000) -> DepositTransaction:
    return dev_deposit(word(salt), b"\x0a" * 20, b"\x0b" * 20, 3, gas, b"")


def declared(l2_number: int, salt: int) -> Log:
    return deposited(l2_number, salt, write_deposit(a_deposit(salt)))


def test_deposits_come_in_the_order_of_the_l1s_logs() -> None:
    here = schedule(
        l1_block(7, declared(10, 3)),
        l1_block(6, declared(10, 1), declared(11, 9), clock_log(10, 5_000), declared(10, 2)),
    )
    assert here.deposits(PARENT) == (a_deposit(1), a_deposit(2), a_deposit(3))
    assert here.next_timestamp(PARENT) == 5_000
    assert here.deposits(replace(PARENT, number=10)) == (a_deposit(9),)
    assert here.deposits(replace(PARENT, number=8)) == ()


def test_deposits_below_the_origin_do_not_count_and_a_reorg_forgets_them() -> None:
    here = schedule(
        l1_block(4, declared(10, 1)), l1_block(5, declared(10, 2)), l1_block(6, declared(10, 3))
    )
    assert here.deposits(PARENT) == (a_deposit(2), a_deposit(3))
    assert here.departs(PARENT)
    here.forget_from(6)
    assert here.deposits(PARENT) == (a_deposit(2),)
    here.read(l1_block(5))
    assert here.deposits(PARENT) == ()
    assert not here.departs(PARENT)


def test_a_malformed_deposit_is_dropped_with_a_reason_and_the_others_stay() -> None:
    good = declared(10, 1)
    raw = write_deposit(a_deposit(2))
    bad = {
        "list of 5 fields": deposited(10, 2, b"\xc0"),
        "3": replace(good, topics=good.topics[:2]),
        "one ABI-encoded": replace(good, data=good.data[:-1]),
        "one ABI": replace(good, data=good.data + bytes(32)),
        "one": replace(good, data=b""),
        "byte string": replace(good, data=word(64) + word(len(raw)) + raw.ljust(96, b"\0")),
        "encoded": replace(good, data=word(32) + word(2**255) + raw),
        f"at most {MOST_DEPOSIT_BYTES}": deposited(10, 2, bytes(MOST_DEPOSIT_BYTES + 1)),
        "ABI-encoded byte": replace(good, data=good.data[:-1] + b"\x01"),
    }
    here = DevSchedule(CONFIG)
    reasons = here.read(l1_block(5, *bad.values(), good))
    assert here.deposits(PARENT) == (a_deposit(1),)
    assert len(reasons) == len(bad)
    for words, reason in zip(bad, reasons, strict=True):
        assert words in reason
    assert here.read(l1_block(5, good, succeeded=False)) == ()
    assert here.deposits(PARENT) == ()


def test_a_log_of_another_event_is_no_reason() -> None:
    assert DevSchedule(CONFIG).read(l1_block(5, Log(DEV_CONTROL, (word(5),), b""))) == ()
    assert DevSchedule(CONFIG).read(l1_block(5, Log(DEV_CONTROL, (), b""))) == ()
