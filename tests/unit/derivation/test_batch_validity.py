"""Every rule for batches, as a table: the cases of op-node, with the Holocene verdicts."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from byline.derivation.batch.singular import SingularBatch
from byline.derivation.batch.span import SpanBatch
from byline.derivation.batch.validity import (
    ACCEPT,
    DropReason,
    Outcome,
    Verdict,
    check_singular,
    check_span,
)
from byline.derivation.config import Fork, RollupConfig
from byline.derivation.dev_schedule import DevSchedule
from byline.derivation.hashing import keccak256
from byline.derivation.types import BlockId, L1BlockRef, L2BlockRef
from tests.derivation_kit import l2_transaction, rollup_config, unhex, without_forks, word
from tests.vectors_folder import REPOSITORY, load

REASONS = {
    "dropping future batch": DropReason.FUTURE_TIMESTAMP,
    "dropping future span batch": DropReason.FUTURE_TIMESTAMP,
    "dropping past batch with old timestamp": DropReason.PAST_TIMESTAMP,
    "mismatching parent hash": DropReason.PARENT_HASH,
    "epoch is too old": DropReason.EPOCH_TOO_OLD,
    "transaction data must not be empty": DropReason.EMPTY_TRANSACTION,
    "sequencers may not embed any deposits": DropReason.DEPOSIT_TRANSACTION,
    "sequencers may not embed any SetCode": DropReason.SET_CODE_BEFORE_ISTHMUS,
    "batch timestamp is less than L1 origin timestamp": DropReason.TIMESTAMP_BEFORE_ORIGIN,
    "user transactions in fork activation block": DropReason.TRANSACTIONS_IN_ACTIVATION,
    "missing L1 block input": DropReason.MISSING_L1_BLOCK,
    "span batch has no new blocks after safe head": DropReason.SPAN_NO_NEW_BLOCKS,
    "sequence window expired": DropReason.INCLUDED_TOO_LATE,
    "need more l1 blocks": DropReason.SPAN_ORIGIN_UNKNOWN,
    "future epoch too far ahead": DropReason.EPOCH_TOO_NEW,
    "different L1 chain": DropReason.EPOCH_HASH,
    "failed to fetch L2 block": DropReason.SPAN_PARENT_UNKNOWN,
    "block time is too short": DropReason.SPAN_BETWEEN_BLOCKS,
    "not overlapped exactly": DropReason.SPAN_MISALIGNED,
    None: None,
}
"""The words of the vectors, and the reasons that they stand for."""

FORK_KEYS = {
    "isthmus_time": Fork.ISTHMUS,
    "jovian_time": Fork.JOVIAN,
    # Interop is not known here; its rule is the one for every fork since Jovian.
    "interop_time": Fork.KARST,
}


def document() -> Any:
    return load("derivation/batch_validity.json")


def names() -> list[str]:
    """Return the names of the cases; without vectors one name, whose test then says so."""
    folder = os.environ.get("BYLINE_VECTORS", REPOSITORY.parent / "shared" / "vectors")
    path = Path(folder) / "derivation" / "batch_validity.json"
    if not path.is_file():
        return ["missing"]
    return [case["name"] for case in json.loads(path.read_text())["cases"]]


def l1_ref(item: dict[str, Any]) -> L1BlockRef:
    return L1BlockRef(
        item["number"], unhex(item["hash"]), unhex(item["parentHash"]), item["timestamp"]
    )


def l2_ref(item: dict[str, Any]) -> L2BlockRef:
    origin = item["l1origin"]
    return L2BlockRef(
        item["number"], unhex(item["hash"]), unhex(item["parentHash"]), item["timestamp"],
        BlockId(origin["number"], unhex(origin["hash"])), item["sequenceNumber"],
    )  # fmt: skip


def config_of(rollup: dict[str, Any], case: dict[str, Any]) -> RollupConfig:
    config = rollup_config()
    forks = {Fork.HOLOCENE: 0}
    for key, value in case["config"].items():
        if key in FORK_KEYS:
            forks[FORK_KEYS[key]] = value
    return replace(
        config,
        genesis=replace(config.genesis, l2_time=rollup["l2_time"]),
        block_time=rollup["block_time"],
        seq_window_size=rollup["seq_window_size"],
        forks=forks,
    )


def span_of(item: dict[str, Any], config: RollupConfig) -> SpanBatch:
    """Read a span; where its times are uneven, which none that travels can have, fill up."""
    blocks = list(item["blocks"])
    first, last = blocks[0]["timestamp"], blocks[-1]["timestamp"]
    while first + config.block_time * (len(blocks) - 1) < last:
        blocks.append(blocks[-1])
    return SpanBatch(
        parent_check=unhex(item["parent_check"]),
        l1_origin_check=unhex(item["l1_origin_check"]),
        start_timestamp=blocks[0]["timestamp"],
        block_time=config.block_time,
        epochs=tuple(block["epoch_num"] for block in blocks),
        transactions=tuple(tuple(unhex(raw) for raw in block["transactions"]) for block in blocks),
    )


def singular_of(item: dict[str, Any]) -> SingularBatch:
    return SingularBatch(
        unhex(item["parent_hash"]), item["epoch_num"], unhex(item["epoch_hash"]),
        item["timestamp"], tuple(unhex(raw) for raw in item["transactions"]),
    )  # fmt: skip


def judge(case: dict[str, Any], everything: dict[str, Any]) -> tuple[Verdict, int | None]:
    """Return the verdict of the Holocene batch stage, and how many blocks a span adds."""
    config = config_of(everything["rollup"], case)
    l1_blocks = [l1_ref(item) for item in case["l1_blocks"]]
    parent = l2_ref(case["l2_safe_head"])
    inclusion = l1_ref(case["l1_inclusion_block"])
    clock = DevSchedule(config)
    if case["batch"]["type"] == 0:
        batch = singular_of(case["batch"])
        return check_singular(config, l1_blocks, parent, batch, inclusion, clock), None
    safe = {
        item["number"]: l2_ref(item) for item in everything["l2_chain_available"]["refs_by_number"]
    }
    span = span_of(case["batch"], config)
    verdict = check_span(config, l1_blocks, parent, span, inclusion, clock, safe.get)
    if verdict != ACCEPT:
        return verdict, None
    new = [i for i in range(len(span)) if span.timestamp(i) > parent.timestamp]
    hashes = {block.number: block.hash for block in l1_blocks}
    first = span.singular(new[0], parent.hash, hashes[span.epochs[new[0]]])
    return check_singular(config, l1_blocks, parent, first, inclusion, clock), len(new)


@pytest.mark.parametrize("name", names())
def test_a_case_of_op_node_gets_its_holocene_verdict(name: str) -> None:
    everything = document()
    (case,) = (item for item in everything["cases"] if item["name"] == name)
    expected = case["expected_if_holocene_at_genesis"]

    verdict, new = judge(case, everything)

    assert verdict.outcome.name.lower() == expected["verdict"]
    assert verdict.reason == REASONS[expected["reason"]]
    if "new_singular_batches" in expected:
        assert new == expected["new_singular_batches"]


CONFIG = rollup_config()
ORIGIN = L1BlockRef(10, word(10), word(9), 1_000)
FOLLOWING = L1BlockRef(11, word(11), word(10), 1_012)
PARENT = L2BlockRef(100, word(100), word(99), 1_010, ORIGIN.id, 5)
GOOD = SingularBatch(PARENT.hash, 10, ORIGIN.hash, 1_012, (b"\x02x",))
INCLUSION = L1BlockRef(15, word(15), word(14), 1_060)
FAR = replace(PARENT, timestamp=ORIGIN.timestamp + 1_800)
FAR_TIME = FAR.timestamp + 2


def check(
    batch: SingularBatch,
    parent: L2BlockRef = PARENT,
    config: RollupConfig = CONFIG,
    l1_blocks: tuple[L1BlockRef, ...] = (ORIGIN, FOLLOWING),
    inclusion: L1BlockRef = INCLUSION,
) -> Verdict:
    return check_singular(config, l1_blocks, parent, batch, inclusion, DevSchedule(config))


def test_a_good_batch_is_accepted_in_either_epoch() -> None:
    assert check(GOOD) == ACCEPT
    assert check(replace(GOOD, epoch_number=11, epoch_hash=FOLLOWING.hash)) == ACCEPT


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"epoch_number": 12}, DropReason.EPOCH_TOO_NEW),
        ({"epoch_hash": word(1)}, DropReason.EPOCH_HASH),
        ({"epoch_number": 4}, DropReason.INCLUDED_TOO_LATE),
        ({"epoch_number": 9}, DropReason.EPOCH_TOO_OLD),
        ({"transactions": (b"\x7e",)}, DropReason.DEPOSIT_TRANSACTION),
    ],
)
def test_one_change_to_a_good_batch_drops_it(change: Any, reason: DropReason) -> None:
    assert check(replace(GOOD, **change)) == Verdict(Outcome.DROP, reason)


def test_the_window_counts_the_inclusion_block_in() -> None:
    at_the_end = replace(INCLUSION, number=10 + CONFIG.seq_window_size)

    assert check(GOOD, inclusion=at_the_end) == ACCEPT
    late = replace(at_the_end, number=at_the_end.number + 1)
    assert check(GOOD, inclusion=late).reason is DropReason.INCLUDED_TOO_LATE


def test_type_4_waits_for_isthmus() -> None:
    batch = replace(GOOD, transactions=(l2_transaction(4),))

    assert check(batch) == ACCEPT
    before = without_forks(CONFIG, Fork.ISTHMUS, Fork.JOVIAN, Fork.KARST)
    assert check(batch, config=before).reason is DropReason.SET_CODE_BEFORE_ISTHMUS


def test_other_types_are_left_to_the_engine() -> None:
    assert check(replace(GOOD, transactions=(b"\x03", b"\x55"))) == ACCEPT


@pytest.mark.parametrize("fork", [Fork.JOVIAN, Fork.KARST])
def test_an_activation_block_since_jovian_holds_no_transactions(fork: Fork) -> None:
    config = replace(CONFIG, forks={**CONFIG.forks, fork: 1_012})

    assert check(GOOD, config=config).reason is DropReason.TRANSACTIONS_IN_ACTIVATION
    assert check(replace(GOOD, transactions=()), config=config) == ACCEPT


def test_beyond_1800_seconds_of_drift_only_empty_batches_that_cannot_adopt_pass() -> None:
    late = replace(FOLLOWING, timestamp=FAR_TIME + 1)
    full = replace(GOOD, parent_hash=FAR.hash, timestamp=FAR_TIME)
    empty = replace(full, transactions=())

    assert check(full, FAR).reason is DropReason.DRIFT_WITH_TRANSACTIONS
    assert check(empty, FAR, l1_blocks=(ORIGIN, late)) == ACCEPT
    assert check(empty, FAR).reason is DropReason.DRIFT_WITHOUT_ADOPTION
    assert check(empty, FAR, l1_blocks=(ORIGIN,)).outcome is Outcome.UNDECIDED
    just = replace(FOLLOWING, timestamp=FAR_TIME)
    assert check(empty, FAR, l1_blocks=(ORIGIN, just)).reason is DropReason.DRIFT_WITHOUT_ADOPTION
    on_the_edge = replace(FAR, timestamp=FAR.timestamp - 2)
    assert check(replace(full, timestamp=FAR.timestamp), on_the_edge) == ACCEPT


def test_advancing_the_epoch_without_the_next_l1_block_is_undecided() -> None:
    batch = replace(GOOD, epoch_number=11, epoch_hash=FOLLOWING.hash)

    assert check(batch, l1_blocks=(ORIGIN,)).outcome is Outcome.UNDECIDED
    assert check(batch, l1_blocks=()).outcome is Outcome.UNDECIDED


def test_a_span_from_before_genesis_is_undecided_without_asking_the_chain() -> None:
    span = SpanBatch(word(1)[:20], ORIGIN.hash[:20], 2, 2, (10,) * 600, ((),) * 600)

    def unreachable(number: int) -> L2BlockRef | None:
        raise AssertionError(f"asked for block {number}")

    verdict = check_span(
        CONFIG, (ORIGIN, FOLLOWING), PARENT, span, INCLUSION, DevSchedule(CONFIG), unreachable
    )

    assert verdict.reason is DropReason.SPAN_PARENT_UNKNOWN


def name(number: int) -> bytes:
    """Return a hash whose first 20 bytes tell."""
    return keccak256(word(number))


L1_BLOCKS = tuple(
    L1BlockRef(number, name(number), name(number - 1), 1_000 + 12 * (number - 10))
    for number in (10, 11, 12)
)
SAFE = L2BlockRef(3, name(103), name(102), 1_010, L1_BLOCKS[0].id, 3)
SPAN = SpanBatch(SAFE.hash[:20], name(11)[:20], 1_012, 2, (10, 10, 11), ((), (), ()))


def judge_span(
    span: SpanBatch, l1_blocks: tuple[L1BlockRef, ...] = L1_BLOCKS, included_at: int = 15
) -> Verdict:
    genesis = replace(SAFE, number=0, hash=name(100), timestamp=1_004)
    return check_span(
        CONFIG, l1_blocks, SAFE, span, replace(INCLUSION, number=included_at),
        DevSchedule(CONFIG), {0: genesis}.get,
    )  # fmt: skip


def test_a_good_span_is_accepted() -> None:
    assert judge_span(SPAN) == ACCEPT


@pytest.mark.parametrize(
    ("change", "outcome", "reason"),
    [
        ({"start_timestamp": 1_014}, Outcome.DROP, DropReason.FUTURE_TIMESTAMP),
        ({"start_timestamp": 1_006}, Outcome.PAST, DropReason.SPAN_NO_NEW_BLOCKS),
        ({"start_timestamp": 1_011}, Outcome.DROP, DropReason.SPAN_BETWEEN_BLOCKS),
        ({"start_timestamp": 1_009}, Outcome.DROP, DropReason.SPAN_MISALIGNED),
        ({"start_timestamp": 1_010}, Outcome.UNDECIDED, DropReason.SPAN_PARENT_UNKNOWN),
        ({"parent_check": name(1)[:20]}, Outcome.DROP, DropReason.PARENT_HASH),
        ({"epochs": (12, 12, 12)}, Outcome.DROP, DropReason.EPOCH_TOO_NEW),
        ({"epochs": (9, 10, 11)}, Outcome.DROP, DropReason.EPOCH_TOO_OLD),
        ({"epochs": (11, 12, 13)}, Outcome.UNDECIDED, DropReason.SPAN_ORIGIN_UNKNOWN),
        ({"l1_origin_check": name(1)[:20]}, Outcome.DROP, DropReason.EPOCH_HASH),
    ],
)
def test_one_change_to_a_good_span_gets_its_verdict(
    change: Any, outcome: Outcome, reason: DropReason
) -> None:
    assert judge_span(replace(SPAN, **change)) == Verdict(outcome, reason)


def test_a_span_in_the_next_epoch_needs_to_know_it() -> None:
    ahead = replace(SPAN, epochs=(11, 11, 11))

    assert judge_span(ahead) == ACCEPT
    assert judge_span(ahead, L1_BLOCKS[:2]) == ACCEPT
    assert judge_span(ahead, L1_BLOCKS[:1]).reason is DropReason.MISSING_L1_BLOCK
    assert judge_span(SPAN, ()).reason is DropReason.MISSING_L1_BLOCK


def test_the_window_of_a_span_is_that_of_its_first_epoch() -> None:
    end = 10 + CONFIG.seq_window_size

    assert judge_span(SPAN, included_at=end) == ACCEPT
    assert judge_span(SPAN, included_at=end + 1).reason is DropReason.INCLUDED_TOO_LATE


def test_a_span_may_overlap_down_to_genesis() -> None:
    whole = replace(
        SPAN, parent_check=name(100)[:20], start_timestamp=1_006, epochs=(10, 10, 10, 10, 11),
        transactions=((),) * 5,
    )  # fmt: skip

    assert judge_span(whole) == ACCEPT
