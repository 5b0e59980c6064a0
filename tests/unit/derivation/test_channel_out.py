"""Channels being filled, for the batcher."""

from __future__ import annotations

from dataclasses import replace

import pytest

from byline.derivation.channel_out import ChannelOut, DoesNotFit, singular_batch_of
from byline.derivation.errors import InvalidData
from byline.derivation.frame import FRAME_ENVELOPE, decode_frames, encode_frames
from tests.derivation_kit import FakeL1, FakeL2, deposit_log, l2_transaction, rollup_config

CONFIG = rollup_config()


@pytest.fixture
def chain() -> FakeL2:
    l1, l2 = FakeL1(), FakeL2(CONFIG)
    l1.mine(logs=[deposit_log()])
    for number in range(8):
        l2.sequence(l1, [l2_transaction(nonce=number)])
    return l2


def test_a_batch_leaves_out_what_the_l1_forces(chain: FakeL2) -> None:
    block = chain.blocks[6]
    assert len(block.transactions) == 3

    batch = singular_batch_of(block)

    assert batch.transactions == (l2_transaction(nonce=5),)
    assert batch.epoch_number == 1
    assert batch.parent_hash == chain.blocks[5].hash


def test_genesis_cannot_be_batched(chain: FakeL2) -> None:
    with pytest.raises(InvalidData, match="not the L1 attributes deposit"):
        ChannelOut(CONFIG).add(chain.blocks[0])


def test_blocks_must_follow_each_other(chain: FakeL2) -> None:
    channel = ChannelOut(CONFIG)
    channel.add(chain.blocks[1])
    with pytest.raises(ValueError, match="L2 block 3 is not the child"):
        channel.add(chain.blocks[3])
    channel.add(chain.blocks[2])
    assert len(channel) == 2


def test_a_span_cannot_say_a_clock_jump(chain: FakeL2) -> None:
    late = replace(chain.blocks[2], header=chain.blocks[2].header.with_(timestamp=2**32))
    singular, span = ChannelOut(CONFIG), ChannelOut(CONFIG, batches="span")
    for channel in (singular, span):
        channel.add(chain.blocks[1])

    singular.add(late)
    with pytest.raises(DoesNotFit, match="which a span batch cannot say; want 2"):
        span.add(late)


def test_a_channel_is_filled_then_closed_then_cut(chain: FakeL2) -> None:
    channel = ChannelOut(CONFIG)
    with pytest.raises(ValueError, match="has no id"):
        _ = channel.id
    with pytest.raises(ValueError, match="cannot be closed"):
        channel.close()
    channel.add(chain.blocks[1])
    assert channel.input_size > 100
    with pytest.raises(ValueError, match="the channel is open"):
        channel.frames(100)
    channel.close()
    with pytest.raises(ValueError, match="the channel is closed"):
        channel.add(chain.blocks[2])
    with pytest.raises(ValueError, match="want over 23"):
        channel.frames(FRAME_ENVELOPE)


def test_no_channel_grows_past_what_a_verifier_reads(
    chain: FakeL2, monkeypatch: pytest.MonkeyPatch
) -> None:
    channel = ChannelOut(CONFIG)
    channel.add(chain.blocks[1])
    monkeypatch.setattr(
        "byline.derivation.channel_out.MAX_RLP_BYTES_PER_CHANNEL", channel.input_size + 1
    )
    with pytest.raises(DoesNotFit, match="bytes in one channel"):
        channel.add(chain.blocks[2])


def test_frames_number_at_most_65536(chain: FakeL2, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("byline.derivation.channel_out.MAX_FRAME_NUMBER", 3)
    channel = ChannelOut(CONFIG)
    channel.add(chain.blocks[1])
    channel.close()
    with pytest.raises(ValueError, match="too many"):
        channel.frames(FRAME_ENVELOPE + 1)


@pytest.mark.parametrize("size", [24, 60, 1_000, 10_000_000])
def test_frames_have_at_most_the_size_asked_for_and_the_last_says_so(
    chain: FakeL2, size: int
) -> None:
    channel = ChannelOut(CONFIG, "brotli", "span")
    for block in chain.blocks[1:]:
        channel.add(block)
    channel.close()

    encoded = list(channel.frames(size))
    frames = decode_frames(b"\0" + b"".join(encoded))

    assert all(len(frame) <= size for frame in encoded)
    assert [frame.number for frame in frames] == list(range(len(frames)))
    assert [frame.is_last for frame in frames] == [False] * (len(frames) - 1) + [True]
    assert {frame.channel_id for frame in frames} == {channel.id}
    assert encode_frames(frames) == b"\0" + b"".join(encoded)
