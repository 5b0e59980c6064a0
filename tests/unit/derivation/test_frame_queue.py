"""Frames: the codec, and the pruning of Holocene."""

from __future__ import annotations

import pytest

from byline.derivation.errors import InvalidData
from byline.derivation.frame import Frame, data_item, decode_frames, encode_frames
from byline.derivation.stages.frame_queue import prune
from tests.vectors_folder import load

ID = b"\x07" * 16


def parse(text: str) -> Frame:
    channel, number, last = text.split(":")
    return Frame(channel.encode().ljust(16, b"\0"), int(number), b"", last == "!")


def test_pruning_keeps_what_op_node_keeps() -> None:
    for case in load("derivation/frame_queue_holocene.json")["cases"]:
        frames = [parse(text) for text in case["frames"]]
        assert prune(frames) == [parse(text) for text in case["expected"]], case["desc"]


def test_a_first_frame_drops_all_frames_of_the_channel_before_it() -> None:
    frames = [parse(text) for text in ("a:0:", "a:1:", "b:0:", "b:1:!")]

    assert prune(frames) == frames[2:]


def test_frames_are_laid_out_as_the_spec_says() -> None:
    encoded = encode_frames([Frame(ID, 258, b"xyz", True)])

    assert encoded == b"\0" + ID + b"\x01\x02" + b"\0\0\0\x03" + b"xyz" + b"\x01"


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "empty"),
        (b"\x01", "version 1"),
        (b"\0", "no frames"),
        (b"\0" + ID, "too short"),
        (b"\0" + ID + bytes(2) + (1_000_001).to_bytes(4, "big") + b"x", "at most 1000000"),
        (b"\0" + ID + bytes(2) + (5).to_bytes(4, "big") + b"xxxxx", "cut short"),
        (b"\0" + ID + bytes(6) + b"\x02", "is-last is 2"),
        (encode_frames([Frame(ID, 0, b"x", True)]) + b"y", "too short"),
    ],
)
def test_a_malformed_data_item_is_refused_whole(data: bytes, words: str) -> None:
    with pytest.raises(InvalidData, match=words):
        decode_frames(data)


@pytest.mark.parametrize(
    ("frame", "words"),
    [
        (Frame(b"x", 0, b"", True), "channel id of 1 bytes"),
        (Frame(ID, 65_536, b"", True), "number 65536"),
        (Frame(ID, 0, bytes(1_000_001), True), "at most 1000000"),
    ],
)
def test_a_frame_out_of_bounds_is_not_written(frame: Frame, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        frame.encode()
    with pytest.raises(ValueError, match="at least one"):
        data_item([])
