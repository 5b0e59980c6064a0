"""Batches good and bad on a whole rollup, judged by a verifier that sees only the L1.

The names in brackets are those of the OP Stack's end-to-end action tests.
"""

from dataclasses import replace

import pytest
import rlp

from byline.derivation.batch.validity import DropReason
from byline.derivation.compression import compress
from byline.derivation.frame import Frame, data_item
from byline.derivation.rlp_items import encode_string
from byline.node.l2.driver import Step
from tests.scenarios.rollup_kit import (
    ALICE,
    World,
    agreed,
    block_at,
    by_hand,
    channel,
    config_of,
    derived,
    frames,
    known_garbage,
    l1_block,
    l2_block,
    post,
    safe,
    sequenced,
    single,
    singles,
    span,
    users,
)


def prepared(blocks: int = 3) -> World:
    """Return a rollup with L2 blocks of one transfer each, of which the L1 knows nothing."""
    here = by_hand()
    l1_block(here)
    for _ in range(blocks):
        sequenced(here, here.transfer("l2"))
    return here


def drops(here: World) -> list[str]:
    return [drop.reason for drop in here.rollup.driver.pipeline.drops]


def verdicts(here: World) -> list[DropReason | None]:
    return [drop.verdict for drop in here.rollup.driver.pipeline.drops]


FOREIGN = {
    "no transaction at all": b"\xff\xff",
    "an unknown type": b"\x05" + b"\xc0",
    "a blob transaction": b"\x03\xc0",
    "a cut-off one": b"\x02\xf8",
}


@pytest.mark.parametrize("foreign", FOREIGN.values(), ids=list(FOREIGN))
def test_a_bad_transaction_makes_a_block_of_deposits_and_voids_the_rest_of_the_channel(
    foreign: bytes,
) -> None:
    """[bad_tx_in_batch]."""
    here = prepared()
    first, second, third = (block_at(here, number) for number in (1, 2, 3))
    bad = single(second, transactions=(foreign,))
    post(here, *channel([single(first).encode(), bad.encode(), single(third).encode()]))

    assert safe(here) == 2
    assert block_at(here, 1).hash == first.hash
    assert users(block_at(here, 2)) == []
    assert block_at(here, 2).header.parent_hash == first.hash
    assert here.rollup.engine.heads.unsafe.number == 2
    agreed(here)


def test_a_signature_of_nobody_in_a_span_makes_a_block_of_deposits() -> None:
    """[bad_tx_in_batch]."""
    here = prepared()
    batches = [single(block_at(here, number)) for number in (1, 2, 3)]
    items = rlp.decode(batches[1].transactions[0][1:])
    forged = b"\x02" + rlp.encode([*items[:-2], 2**256 - 1, 2**256 - 1])
    batches[1] = replace(batches[1], transactions=(forged,))
    post(here, *span(here, batches))

    assert safe(here) == 2
    assert users(block_at(here, 2)) == []
    agreed(here)


UNPAYABLE = {
    "a nonce too high": {"nonce": 7},
    "a nonce too low": {"nonce": 0},
    "more value than there is": {"value": 10**30},
    "less gas than it costs": {"gas": 20_999},
    "more gas than a transaction may have": {"gas": 2**24 + 1},
    "more gas than a block has": {"gas": 60_000_001},
}


@pytest.mark.parametrize("change", UNPAYABLE.values(), ids=list(UNPAYABLE))
def test_a_transaction_that_cannot_run_makes_a_block_of_deposits(change: dict[str, int]) -> None:
    """[bad_tx_in_batch], [holocene_invalid_batch]."""
    here = prepared(2)
    first, second = block_at(here, 1), block_at(here, 2)
    wrong = here.transfer("l2", **({"nonce": 1} | change))  # type: ignore[arg-type]
    good = users(second)[0]
    post(
        here,
        *channel(
            [single(first).encode(), single(second, transactions=(wrong.raw, good.raw)).encode()]
        ),
    )

    assert safe(here) == 2
    assert users(block_at(here, 2)) == []
    agreed(here)


def test_after_an_invalid_payload_the_next_channel_counts_again() -> None:
    """[holocene_invalid_batch]."""
    here = prepared(1)
    post(here, *channel([single(block_at(here, 1), transactions=(b"\xff",)).encode()]))
    assert users(block_at(here, 1)) == []
    sequenced(here, here.transfer("l2"))
    post(here, *singles([block_at(here, 2)], name=b"\x22" * 16))

    assert safe(here) == 2
    agreed(here)


def test_an_invalid_payload_inside_a_span_voids_what_comes_after_it_and_nothing_before() -> None:
    """[holocene_invalid_batch]."""
    here = prepared(5)
    kept = [block_at(here, number).hash for number in (1, 2)]
    batches = [single(block_at(here, number)) for number in range(1, 6)]
    wrong = here.transfer("l2", nonce=99)
    batches[2] = single(block_at(here, 3), transactions=(wrong.raw,))
    post(here, *span(here, batches))

    assert safe(here) == 3
    assert [block_at(here, number).hash for number in (1, 2)] == kept
    assert users(block_at(here, 3)) == []
    agreed(here)


def test_batches_out_of_order_void_their_channel() -> None:
    """[holocene_batches]."""
    here = prepared()
    blocks = [block_at(here, number) for number in (1, 2, 3)]
    post(here, *singles([blocks[0], blocks[2], blocks[1]]))

    assert safe(here) == 1
    assert DropReason.FUTURE_TIMESTAMP in verdicts(here)
    post(here, *singles(blocks, name=b"\x22" * 16))
    assert safe(here) == 3
    agreed(here)


def test_a_batch_said_twice_is_skipped_and_the_channel_goes_on() -> None:
    """[holocene_batches]."""
    here = prepared()
    blocks = [block_at(here, number) for number in (1, 2, 3)]
    post(here, *singles([blocks[0], blocks[0], blocks[1], blocks[0], blocks[2]]))

    assert safe(here) == 3
    assert verdicts(here) == [DropReason.PAST_TIMESTAMP] * 2
    agreed(here)


@pytest.mark.parametrize(
    ("order", "reached"),
    [
        ((0, 1, 2), 3),
        ((0, 2, 1), 0),
        ((1, 0, 2), 0),
        ((2, 1, 0), 0),
        ((0, 0, 1, 2), 3),
        ((0, 1, 0, 1, 2), 3),
        ((0, 1, 1, 2), 3),
        ((1, 2, 0, 1, 2), 3),
        ((0, 1), 0),
    ],
)
def test_frames_count_in_order_only(order: tuple[int, ...], reached: int) -> None:
    """[holocene_frame]."""
    here = prepared()
    items = singles([block_at(here, number) for number in (1, 2, 3)], cuts=3)
    assert len(items) == 3
    post(here, *(items[place] for place in order))

    assert safe(here) == reached
    agreed(here)


def test_frames_out_of_order_over_several_l1_blocks_wait_for_a_new_beginning() -> None:
    """[holocene_frame]."""
    here = prepared()
    items = singles([block_at(here, number) for number in (1, 2, 3)], cuts=3)
    for place in (0, 2, 1):
        post(here, items[place])
    assert safe(here) == 0
    post(here, items[2])

    assert safe(here) == 3
    agreed(here)


def test_two_channels_cannot_interleave() -> None:
    """[holocene_frame]."""
    here = prepared(4)
    blocks = [block_at(here, number) for number in range(1, 5)]
    one = singles(blocks[:2], cuts=2)
    two = singles(blocks[2:], cuts=2, name=b"\x22" * 16)
    post(here, one[0], two[0], one[1], two[1])
    assert safe(here) == 0
    post(here, *one, *two)

    assert safe(here) == 4
    agreed(here)


@pytest.mark.parametrize("gap", [50, 51])
def test_a_channel_lives_for_50_l1_blocks(gap: int) -> None:
    """[channel_timeout]."""
    here = prepared(1)
    blocks = [block_at(here, 1)]
    first, second = singles(blocks, cuts=2)
    opened = post(here, first).header.number
    while here.rollup.l1.head.number < opened + gap - 1:
        l1_block(here)
    post(here, second)

    assert safe(here) == (1 if gap == 50 else 0)
    if gap == 51:
        post(here, first, second)
        assert safe(here) == 1
    agreed(here)


def test_a_timed_out_channel_may_be_posted_again_under_its_old_name() -> None:
    """[channel_timeout]."""
    here = prepared(2)
    items = singles([block_at(here, 1), block_at(here, 2)], cuts=3)
    post(here, *items[:2])
    for _ in range(55):
        l1_block(here)
    post(here, items[2])
    assert safe(here) == 0
    post(here, *items)

    assert safe(here) == 2
    agreed(here)


def garbage(here: World) -> dict[str, list[bytes]]:
    good = encode_string(single(block_at(here, 1)).encode())
    packed = compress(good, "zlib")
    return {
        "nothing": [b""],
        "noise": [known_garbage(1, 300)],
        "noise behind the version": [b"\0" + known_garbage(2, 300)],
        "another version": [b"\1" + frames(packed)[0][1:]],
        "a cut frame": [frames(packed)[0][:-9]],
        "a frame and noise": [frames(packed)[0] + b"\x55"],
        "a bad end mark": [frames(packed)[0][:-1] + b"\2"],
        "an empty channel": [data_item([Frame(b"\x11" * 16, 0, b"", True).encode()])],
        "noise in a channel": frames(known_garbage(3, 200)),
        "noise behind a zlib header": frames(b"\x78\x9c" + known_garbage(4, 200)),
        "noise behind a brotli header": frames(b"\x01" + known_garbage(5, 200)),
        "an unknown compression": frames(b"\x02" + good),
        "a list where a string should be": frames(compress(b"\xc3\x01\x02\x03", "zlib")),
        "an unknown batch version": channel([b"\x02" + known_garbage(6, 50)]),
        "an empty batch": channel([b""]),
        "noise for a singular batch": channel([b"\x00" + known_garbage(7, 90)]),
        "noise for a span batch": channel([b"\x01" + known_garbage(8, 190)]),
        "a span of far too many blocks": channel(
            [b"\x01\0\0" + bytes(40) + b"\xff" * 8 + b"\x7f"]
        ),
    }


@pytest.mark.parametrize("name", list(garbage(prepared(1))))
def test_garbage_in_the_inbox_stops_nothing(name: str) -> None:
    """[garbage_channel]."""
    here = prepared(1)
    block = block_at(here, 1)
    post(here, *garbage(here)[name])
    assert safe(here) == 0
    assert drops(here)
    post(here, *singles([block], name=b"\x33" * 16))

    assert safe(here) == 1
    assert block_at(here, 1).hash == block.hash
    agreed(here)


def test_bytes_after_good_batches_cost_only_themselves() -> None:
    """[garbage_channel]."""
    here = prepared(2)
    batches = [single(block_at(here, 1)).encode(), b"\x09junk", single(block_at(here, 2)).encode()]
    post(here, *channel(batches))

    assert safe(here) == 1
    agreed(here)


WRONG = {
    "parent_hash": (b"\x01" * 32, DropReason.PARENT_HASH),
    "epoch_hash": (b"\x01" * 32, DropReason.EPOCH_HASH),
    "epoch_number": (3, DropReason.EPOCH_TOO_NEW),
    "timestamp": (1_800_000_000 + 9, DropReason.FUTURE_TIMESTAMP),
}


@pytest.mark.parametrize("field", list(WRONG))
def test_a_batch_that_breaks_a_rule_is_dropped_with_the_rule_and_its_channel(field: str) -> None:
    """[batch_queue]."""
    here = prepared(2)
    value, reason = WRONG[field]
    l1_block(here)
    l1_block(here)
    bad = single(block_at(here, 1), **{field: value})
    post(here, *channel([bad.encode(), single(block_at(here, 1)).encode()]))

    assert safe(here) == 0
    assert verdicts(here) == [reason]
    agreed(here)


def test_a_span_that_repeats_what_is_safe_gives_its_new_blocks() -> None:
    """[batch_queue], [holocene_batches]."""
    here = prepared(4)
    blocks = [block_at(here, number) for number in range(1, 5)]
    post(here, *singles(blocks[:2]))
    assert safe(here) == 2
    post(here, *span(here, [single(block) for block in blocks], name=b"\x22" * 16))

    assert safe(here) == 4
    agreed(here)


def test_a_verifier_stops_where_the_l1_ends_and_goes_on_when_it_grows() -> None:
    """[end_of_source], [trace_extension]."""
    here = prepared(2)
    post(here, *singles([block_at(here, 1)]))
    end = here.rollup.l1.head.number
    post(here, *singles([block_at(here, 2)], name=b"\x22" * 16))

    earlier, found = derived(here, until_l1=end)
    again, _ = derived(here, until_l1=end)
    assert [item.ref.number for item in found] == [1]
    assert earlier.engine.heads.safe == again.engine.heads.safe
    assert agreed(here).engine.heads.safe.number == 2


def test_asked_for_more_than_the_l1_holds_a_verifier_stays_at_the_last_block() -> None:
    """[trace_extension]."""
    here = prepared(1)
    post(here, *singles([block_at(here, 1)]))
    head = here.rollup.l1.head.number
    exact, _ = derived(here, until_l1=head)
    beyond, _ = derived(here, until_l1=head + 1_000)

    assert exact.engine.heads == beyond.engine.heads


def test_derived_blocks_are_built_once_and_equal_the_unsafe_ones() -> None:
    """[l2_verifier]."""
    here = prepared(3)
    post(here, *singles([block_at(here, number) for number in (1, 2, 3)]))

    confirmed = [item for item in here.happened if getattr(item, "step", None)]
    assert [item.step for item in confirmed] == [Step.CONFIRMED] * 3  # type: ignore[union-attr]
    _, found = derived(here)
    assert [item.step for item in found] == [Step.BUILT] * 3


def test_l2_blocks_that_the_l1_contradicts_give_way() -> None:
    """[reorg]: the batcher says something else than the sequencer showed."""
    here = prepared(3)
    shown = block_at(here, 1)
    other = here.transfer("l2", nonce=0, value=12_345)
    post(here, *channel([single(shown, transactions=(other.raw,)).encode()]))

    assert safe(here) == here.rollup.engine.heads.unsafe.number == 1
    assert [tx.hash for tx in users(block_at(here, 1))] == [other.hash]
    agreed(here)
    l2_block(here, here.transfer("l2", sender=ALICE))
    here.rollup.flush()
    l1_block(here)
    assert safe(here) == 2
    agreed(here)


def test_the_inbox_alone_is_read() -> None:
    """[batch_queue]."""
    here = prepared(1)
    item = singles([block_at(here, 1)])[0]
    other = here.transfer("l1", sender=here.rollup.batch_account, data=item, gas=900_000)
    l1_block(here, other)

    assert other.to != config_of(here).batch_inbox
    assert safe(here) == 0
    agreed(here)
