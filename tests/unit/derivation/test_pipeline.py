"""The pipeline as a whole: L1 blocks in, the sequencer's attributes out."""

from __future__ import annotations

from dataclasses import replace

import pytest

from byline.derivation.batch.singular import SingularBatch
from byline.derivation.batch.span import RawSpanBatch
from byline.derivation.batch.validity import DropReason
from byline.derivation.blob import encode_blob
from byline.derivation.channel_out import ChannelOut, singular_batch_of
from byline.derivation.compression import compress
from byline.derivation.config import Fork, RollupConfig
from byline.derivation.dev_deposits import dev_deposit
from byline.derivation.dev_schedule import DevSchedule
from byline.derivation.errors import Critical, Reset
from byline.derivation.frame import Frame, data_item, decode_frames, encode_frames
from byline.derivation.hashing import keccak256
from byline.derivation.pipeline import Pipeline
from byline.derivation.rlp_items import encode_string
from byline.derivation.transaction import DepositTransaction
from byline.derivation.types import AttributesWithParent, Need
from tests.derivation_kit import (
    BATCHER_KEY,
    DEV_CONTROL,
    INBOX,
    OTHER_KEY,
    FakeL1,
    FakeL2,
    clock_log,
    deposit_log,
    derive,
    dev_deposit_log,
    items_of,
    l2_transaction,
    new_pipeline,
    rollup_config,
    signed,
    update_log,
    word,
)

CONFIG = rollup_config()


class World:
    """An L1, a sequencer's L2 and a verifier that is given only the L1."""

    def __init__(self, config: RollupConfig = CONFIG) -> None:
        self.config = config
        self.l1 = FakeL1()
        self.sequencer = FakeL2(config)
        self.verifier = FakeL2(config)
        self.pipeline = new_pipeline(self.l1, self.verifier)

    def sequence(self, blocks: int, transactions: int = 1) -> None:
        for _ in range(blocks):
            number = len(self.sequencer.blocks)
            self.sequencer.sequence(
                self.l1, [l2_transaction(nonce=number * 100 + n) for n in range(transactions)]
            )

    def derive(self) -> list[AttributesWithParent]:
        return derive(self.pipeline, self.l1, self.verifier)

    def reasons(self) -> list[str]:
        return [drop.reason for drop in self.pipeline.drops]

    def verdicts(self) -> list[DropReason | None]:
        return [drop.verdict for drop in self.pipeline.drops]

    def agree(self) -> bool:
        known = len(self.verifier.blocks)
        return self.verifier.blocks == self.sequencer.blocks[:known]


def channel_of(*batches: SingularBatch, ident: bytes = b"\x09" * 16) -> bytes:
    data = compress(b"".join(encode_string(batch.encode()) for batch in batches), "zlib")
    return encode_frames([Frame(ident, 0, data, True)])


@pytest.mark.parametrize("compression", ["zlib", "brotli"])
@pytest.mark.parametrize("batches", ["singular", "span"])
def test_the_verifier_derives_what_the_sequencer_built(compression: str, batches: str) -> None:
    world = World()
    world.l1.mine(logs=[deposit_log(b"hello")])
    world.l1.mine()
    world.sequence(20)
    options = {"compression": compression, "batches": batches}
    world.l1.post(*items_of(CONFIG, world.sequencer.blocks[1:], 300, **options))

    derived = world.derive()

    assert world.verifier.blocks == world.sequencer.blocks
    assert not world.pipeline.drops
    assert {item.derived_from for item in derived} == {world.l1.head.ref}
    assert [item.sequence_number for item in derived[4:8]] == [5, 0, 1, 2]
    assert len(world.sequencer.blocks[6].transactions) == 3


def test_types_0_1_2_and_4_survive_a_span_batch() -> None:
    world = World()
    world.l1.mine()
    world.sequencer.sequence(world.l1, [l2_transaction(kind) for kind in (0, 1, 2, 4)])
    world.l1.post(*items_of(CONFIG, world.sequencer.blocks[1:], batches="span"))

    assert len(world.derive()) == 1
    assert world.verifier.blocks == world.sequencer.blocks


def test_blobs_carry_what_calldata_does() -> None:
    world = World()
    world.l1.mine()
    world.sequence(6)
    (item,) = items_of(CONFIG, world.sequencer.blocks[1:])
    good, bad = word(1), word(2)
    world.l1.mine(
        [signed(INBOX, b"ignored", kind=3, blob_hashes=[bad, good])],
        blobs={good: encode_blob(item), bad: b"\0\1" + bytes(131_070)},
    )

    assert len(world.derive()) == 6
    assert world.agree()
    assert "version 1" in world.reasons()[0]


def test_a_block_without_its_blob_resets() -> None:
    world = World()
    world.l1.mine([signed(INBOX, b"", kind=3, blob_hashes=[word(1)])])

    with pytest.raises(Reset, match="came without blob"):
        world.derive()


@pytest.mark.parametrize("kind", [0, 1, 2])
def test_calldata_of_types_0_1_and_2_counts(kind: int) -> None:
    world = World()
    world.l1.mine()
    world.sequence(2)
    (item,) = items_of(CONFIG, world.sequencer.blocks[1:])
    world.l1.mine([signed(INBOX, item, kind=kind)])

    assert len(world.derive()) == 2


def test_type_4_other_senders_and_other_targets_do_not_count() -> None:
    world = World()
    world.l1.mine()
    world.sequence(2)
    (item,) = items_of(CONFIG, world.sequencer.blocks[1:])
    world.l1.mine(
        [
            signed(INBOX, item, kind=4),
            signed(INBOX, item, key=OTHER_KEY),
            signed(b"\x01" * 20, item),
            signed(None, item),
        ]
    )

    assert world.derive() == []


def test_a_batcher_transaction_counts_even_if_it_reverted() -> None:
    world = World()
    world.l1.mine()
    world.sequence(2)
    block = world.l1.post(*items_of(CONFIG, world.sequencer.blocks[1:]))
    world.l1.blocks[-1] = replace(
        block, receipts=tuple(replace(item, succeeded=False) for item in block.receipts)
    )

    assert len(world.derive()) == 2


def test_a_new_batcher_key_counts_in_the_block_that_names_it() -> None:
    world = World()
    world.l1.mine()
    world.sequence(2)
    (item,) = items_of(CONFIG, world.sequencer.blocks[1:])
    other = OTHER_KEY.public_key.to_canonical_address()
    world.l1.mine(
        [signed(INBOX, item, key=OTHER_KEY)], logs=[update_log(0, other.rjust(32, b"\0"))]
    )

    assert len(world.derive()) == 2
    world.sequence(2)
    world.l1.mine(
        [signed(INBOX, i, key=BATCHER_KEY) for i in items_of(CONFIG, world.sequencer.blocks[3:])]
    )
    assert world.derive() == []


def test_a_malformed_config_update_is_recorded_and_skipped() -> None:
    world = World()
    world.l1.mine(logs=[update_log(9, word(1)), update_log(2, word(30_000_000))])
    world.sequence(7)
    world.l1.post(*items_of(CONFIG, world.sequencer.blocks[1:]))

    world.derive()

    assert world.verifier.blocks[-1].header.gas_limit == 30_000_000
    assert "kind 9 is unknown" in world.reasons()[0]


def test_a_channel_may_spread_over_l1_blocks() -> None:
    world = World()
    world.l1.mine()
    world.sequence(5, transactions=3)
    items = items_of(CONFIG, world.sequencer.blocks[1:], 200)
    assert len(items) > 2
    for item in items:
        world.l1.post(item)

    derived = world.derive()

    assert world.verifier.blocks == world.sequencer.blocks
    assert {item.derived_from for item in derived} == {world.l1.head.ref}


@pytest.mark.parametrize(("gap", "count"), [(50, 3), (51, 0)])
def test_a_channel_lives_for_exactly_50_l1_blocks(gap: int, count: int) -> None:
    world = World(rollup_config(seq_window_size=100))
    world.l1.mine()
    world.sequence(3)
    (item,) = items_of(world.config, world.sequencer.blocks[1:])
    data = decode_frames(item)[0].data
    ident = b"\x01" * 16
    first = encode_frames([Frame(ident, 0, data[:40], False)])
    last = encode_frames([Frame(ident, 1, data[40:], True)])
    world.l1.post(first)
    for _ in range(gap - 1):
        world.l1.mine()
    world.l1.post(last)

    assert len(world.derive()) == count
    assert any("timed out" in reason for reason in world.reasons()) == (count == 0)


def test_garbage_in_the_inbox_is_dropped_with_a_reason_and_derivation_goes_on() -> None:
    world = World()
    world.l1.mine()
    world.sequence(4)
    good = items_of(CONFIG, world.sequencer.blocks[1:])
    ident = b"\x05" * 16
    world.l1.post(
        b"",
        b"\x01",
        b"\x00",
        b"\x00abc",
        encode_frames([Frame(ident, 1, b"late", True)]),
        encode_frames([Frame(ident, 0, b"\x42not compressed", True)]),
        encode_frames([Frame(ident, 0, compress(b"\xc0", "zlib"), True)]),
        encode_frames([Frame(ident, 0, compress(b"\x80", "zlib"), True)]),
        encode_frames([Frame(ident, 0, compress(encode_string(b"\x07x"), "zlib"), True)]),
        *good,
    )

    assert len(world.derive()) == 4
    assert world.agree()
    stages = [drop.stage for drop in world.pipeline.drops]
    assert stages == ["frame_queue"] * 4 + ["channel_assembler"] + ["channel_reader"] * 4


def test_an_invalid_batch_takes_the_rest_of_its_channel_along() -> None:
    world = World()
    world.l1.mine()
    world.sequence(3)
    first, second, third = (singular_batch_of(block) for block in world.sequencer.blocks[1:])
    broken = replace(second, parent_hash=word(7))
    world.l1.post(channel_of(first, broken, second, third))

    assert len(world.derive()) == 1
    assert world.verdicts() == [DropReason.PARENT_HASH]


def test_an_invalid_span_is_dropped_with_its_reason_and_its_channel() -> None:
    world = World()
    world.l1.mine()
    world.sequence(4)
    batches = [singular_batch_of(block) for block in world.sequencer.blocks[1:]]
    good = RawSpanBatch.of(batches, False, CONFIG)
    bad = replace(good, parent_check=bytes(20))
    past = replace(good, relative_timestamp=2**64 - 8)
    data = b"".join(encode_string(span.encode()) for span in (bad, good))
    world.l1.post(encode_frames([Frame(b"\x08" * 16, 0, compress(data, "zlib"), True)]))

    assert world.derive() == []
    assert world.verdicts() == [DropReason.PARENT_HASH]

    data = b"".join(encode_string(span.encode()) for span in (past, good))
    world.l1.post(encode_frames([Frame(b"\x08" * 16, 0, compress(data, "zlib"), True)]))
    assert len(world.derive()) == 4
    assert world.verdicts()[1:] == [DropReason.SPAN_NO_NEW_BLOCKS]


def test_a_span_with_a_new_block_in_an_epoch_that_is_over_is_dropped_whole() -> None:
    world = World()
    world.l1.mine()
    world.sequence(10)
    batches = [singular_batch_of(block) for block in world.sequencer.blocks[1:]]
    world.l1.post(*items_of(CONFIG, world.sequencer.blocks[1:9]))
    world.derive()
    assert world.verifier.head.l1_origin.number == 1
    good = RawSpanBatch.of(batches[1:], False, CONFIG)
    bad = replace(good, origin_bits=(False,) * 8 + (True,))
    data = b"".join(encode_string(span.encode()) for span in (bad, good))
    world.l1.post(encode_frames([Frame(b"\x08" * 16, 0, compress(data, "zlib"), True)]))

    assert world.derive() == []
    assert world.verdicts() == [DropReason.SPAN_ORIGIN_UNKNOWN]


def test_a_past_batch_is_skipped_alone() -> None:
    world = World()
    world.l1.mine()
    world.sequence(3)
    first, second, third = (singular_batch_of(block) for block in world.sequencer.blocks[1:])
    world.l1.post(channel_of(first, first, second, third))

    assert len(world.derive()) == 3
    assert world.verdicts() == [DropReason.PAST_TIMESTAMP]


def test_an_overlapping_span_gives_its_new_blocks() -> None:
    world = World()
    world.l1.mine()
    world.sequence(8)
    world.l1.post(*items_of(CONFIG, world.sequencer.blocks[1:5], batches="span"))
    world.l1.post(*items_of(CONFIG, world.sequencer.blocks[2:], batches="span"))

    assert len(world.derive()) == 8
    assert world.agree()


def test_without_batches_the_sequencing_window_forces_empty_blocks_with_the_deposits() -> None:
    world = World(rollup_config(seq_window_size=3))
    world.l1.mine(logs=[deposit_log()])
    for _ in range(6):
        world.l1.mine()

    derived = world.derive()

    times = [item.attributes.timestamp for item in derived]
    assert times == list(range(times[0], times[0] + 2 * len(times), 2))
    assert [item.l1_origin.number for item in derived] == sorted([0] * 5 + [1, 2, 3, 4] * 6)
    assert all(
        isinstance(transaction, DepositTransaction)
        for block in world.verifier.blocks
        for transaction in block.transactions
    )
    assert len(world.verifier.blocks[6].transactions) == 2


def test_an_empty_block_is_forced_only_once_all_data_of_the_last_l1_block_are_read() -> None:
    world = World(rollup_config(seq_window_size=3))
    world.l1.mine()
    world.l1.mine()
    world.sequence(5)
    world.l1.post(*items_of(world.config, world.sequencer.blocks[1:]))

    assert len(world.derive()) == 5
    assert world.agree()


def test_a_batch_after_its_sequencing_window_is_too_late() -> None:
    world = World(rollup_config(seq_window_size=3))
    world.l1.mine()
    world.sequence(4)
    for _ in range(2):
        world.l1.mine()
    world.l1.post(*items_of(world.config, world.sequencer.blocks[1:]))

    world.derive()

    assert not world.agree()
    assert set(world.verdicts()) <= {
        DropReason.INCLUDED_TOO_LATE, DropReason.PARENT_HASH, DropReason.PAST_TIMESTAMP
    }  # fmt: skip
    assert world.verdicts()


def test_far_ahead_of_its_origin_a_block_may_hold_no_transactions() -> None:
    world = World(rollup_config(seq_window_size=1000))
    world.sequence(901)
    world.l1.mine(timestamp=world.l1.head.header.timestamp + 10_000)
    world.l1.post(*items_of(world.config, world.sequencer.blocks[1:]))

    world.derive()

    assert len(world.verifier.blocks) == 901  # 1,800 seconds, and genesis
    assert world.verdicts()[0] is DropReason.DRIFT_WITH_TRANSACTIONS


def test_an_invalid_payload_is_replaced_by_its_deposits_and_flushes_the_channel() -> None:
    world = World()
    world.l1.mine(logs=[deposit_log()])
    world.sequence(8)
    world.l1.post(*items_of(CONFIG, world.sequencer.blocks[1:], batches="span"))
    for number in (1, 2):
        world.pipeline.step(world.verifier.head, world.verifier.system_config)
        world.pipeline.provide(world.l1.blocks[number])
    first = world.pipeline.step(world.verifier.head, world.verifier.system_config)
    assert isinstance(first, AttributesWithParent)
    assert len(first.attributes.transactions) == 2

    only = world.pipeline.deposits_only(first)

    assert only.attributes.transactions == first.attributes.transactions[:1]
    world.verifier.build(only.attributes)
    assert world.pipeline.step(world.verifier.head, world.verifier.system_config) is Need.L1_BLOCK


def test_an_l1_reorg_resets() -> None:
    world = World()
    world.l1.mine()
    world.derive()
    world.l1.blocks[-1:] = []
    world.l1.mine(extra=b"other")
    world.l1.mine()

    with pytest.raises(Reset, match="reorganised"):
        world.derive()


def test_after_a_reset_below_the_safe_head_derivation_goes_on_where_it_was() -> None:
    world = World()
    world.l1.mine()
    world.sequence(20)
    world.l1.post(*items_of(CONFIG, world.sequencer.blocks[1:4]))
    world.derive()
    world.l1.post(*items_of(CONFIG, world.sequencer.blocks[4:7]))
    world.derive()
    world.pipeline.reset(world.l1.blocks[0], CONFIG.genesis.system_config)
    assert world.derive() == []
    for _ in range(2):
        world.l1.mine()
    world.l1.post(*items_of(CONFIG, world.sequencer.blocks[7:8]))

    assert len(world.derive()) == 1
    assert world.agree()


def test_a_safe_head_on_another_l1_resets() -> None:
    world = World()
    other = FakeL1()
    other.mine(extra=b"other")
    world.l1.mine()
    for _ in range(6):
        world.verifier.sequence(other)
    for _ in range(3):
        world.l1.mine()

    with pytest.raises(Reset, match="was read where L2 block 6 has the origin 1"):
        world.derive()


def test_a_pipeline_that_begins_after_the_origin_of_the_safe_head_says_so() -> None:
    world = World()
    for _ in range(2):
        world.l1.mine()
    world.pipeline.reset(world.l1.blocks[1], CONFIG.genesis.system_config)

    with pytest.raises(Critical, match="does not know the origin 0 of L2 block 0"):
        world.derive()


def test_a_block_comes_only_when_asked_for() -> None:
    world = World()
    world.l1.mine()
    with pytest.raises(Critical, match="came before block 0 was read to its end"):
        world.pipeline.provide(world.l1.blocks[1])
    fresh = Pipeline(CONFIG, world.verifier.ref)
    assert fresh.origin is None
    for use in (
        lambda: fresh.provide(world.l1.blocks[1]),
        lambda: fresh.step(world.verifier.head, CONFIG.genesis.system_config),
    ):
        with pytest.raises(Critical, match="no base"):
            use()


def test_asked_again_without_a_block_the_pipeline_answers_the_same() -> None:
    world = World(rollup_config(seq_window_size=3))
    for _ in range(8):
        world.l1.mine()
    world.derive()
    before = len(world.verifier.blocks)

    assert world.derive() == []
    assert len(world.verifier.blocks) == before


def test_a_malformed_deposit_stops_derivation() -> None:
    world = World(rollup_config(seq_window_size=2))
    log = deposit_log()
    world.l1.mine(logs=[replace(log, data=log.data[:-1])])
    for _ in range(4):
        world.l1.mine()

    with pytest.raises(Critical, match="deposit log 0"):
        world.derive()


@pytest.mark.parametrize("fork", [Fork.ISTHMUS, Fork.JOVIAN, Fork.KARST])
def test_a_fork_that_activates_after_genesis_is_refused_in_words(fork: Fork) -> None:
    at = CONFIG.genesis.l2_time + 4
    forks = {f: 0 if f < fork else at for f in Fork if f <= fork}
    world = World(rollup_config(forks=forks, seq_window_size=2))
    for _ in range(4):
        world.l1.mine()

    with pytest.raises(Critical, match=f"{fork.key} {at} is after genesis"):
        world.derive()


@pytest.mark.parametrize("batches", ["singular", "span"])
def test_a_clock_jump_declared_on_the_l1_is_followed(batches: str) -> None:
    config = rollup_config(dev_control=DEV_CONTROL, seq_window_size=100)
    world = World(config)
    clock = DevSchedule(config)
    target = config.genesis.l2_time + 1_000_000
    world.sequence(3)
    clock.read(world.l1.mine(logs=[clock_log(4, target)]))
    for number in range(4, 9):
        world.sequencer.sequence(world.l1, [l2_transaction(nonce=number)], clock)
    assert world.sequencer.blocks[4].header.timestamp == target
    for part in (world.sequencer.blocks[1:4], world.sequencer.blocks[4:]):
        world.l1.post(*items_of(config, part, batches=batches))

    assert len(world.derive()) == 8
    assert world.agree()
    assert not world.pipeline.drops


def test_a_span_that_ignores_a_declared_jump_ends_at_it() -> None:
    config = rollup_config(dev_control=DEV_CONTROL, seq_window_size=100)
    world = World(config)
    world.l1.mine(logs=[clock_log(3, config.genesis.l2_time + 5_000)])
    world.sequence(5)
    world.l1.post(*items_of(config, world.sequencer.blocks[1:], batches="span"))

    assert len(world.derive()) == 2
    assert world.reasons() == ["the rest of a span does not follow the safe head"]


def test_deposits_that_dev_control_declares_come_last_and_as_many_as_fit() -> None:
    config = rollup_config(dev_control=DEV_CONTROL, seq_window_size=100)
    world = World(config)
    room = config.genesis.system_config.gas_limit - 1_000_000 - 100_000
    small, large, other = (
        dev_deposit(word(salt), b"\x0a" * 20, b"\x0b" * 20, 0, gas, b"")
        for salt, gas in ((1, 21_000), (2, room), (3, room - 21_000))
    )
    logs = [dev_deposit_log(2, word(n + 1), item) for n, item in enumerate((small, large, other))]
    world.sequence(1)
    schedule = DevSchedule(config)
    schedule.read(world.l1.mine(logs=[logs[0], deposit_log(b"x"), *logs[1:]]))
    world.l1.mine()
    for number in range(7):
        world.sequencer.sequence(world.l1, [l2_transaction(nonce=number)], schedule)
    world.l1.post(*items_of(config, world.sequencer.blocks[1:]))

    assert len(world.derive()) == 8
    assert world.agree()
    kinds = [[tx.type for tx in block.transactions] for block in world.verifier.blocks[1:]]
    assert kinds[1] == [0x7E, 0x7E, 0x7E, 2]
    assert world.verifier.blocks[2].transactions[1:3] == (small, large)
    assert world.reasons() == [f"dev deposit of {other.gas} gas: no room left"]


def test_without_dev_control_the_same_event_means_nothing() -> None:
    world = World()
    world.l1.mine(logs=[clock_log(1, CONFIG.genesis.l2_time + 1_000)])
    world.sequence(1)
    world.l1.post(*items_of(CONFIG, world.sequencer.blocks[1:]))

    assert len(world.derive()) == 1
    assert world.verifier.blocks[1].header.timestamp == CONFIG.genesis.l2_time + 2


def test_channel_ids_follow_from_content_and_counter() -> None:
    world = World()
    world.sequence(2)
    first, again, other = (ChannelOut(CONFIG, counter=counter) for counter in (0, 0, 1))
    for channel in (first, again, other):
        channel.add(world.sequencer.blocks[1])

    assert first.id == again.id != other.id
    assert first.id == keccak256(world.sequencer.blocks[1].hash + bytes(8))[:16]


def test_several_frames_fit_one_data_item() -> None:
    world = World()
    world.l1.mine()
    world.sequence(4)
    channel = ChannelOut(CONFIG)
    for block in world.sequencer.blocks[1:]:
        channel.add(block)
    channel.close()
    world.l1.post(data_item(list(channel.frames(100))))

    assert len(world.derive()) == 4
