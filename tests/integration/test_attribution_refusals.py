"""What `attribution_*` refuses: bad input, and contents that cannot be used."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from byline.node.attribution.corpus import engine_id
from byline.node.attribution.folder import save_dataset
from tests.attribution_story import OPERATOR, QUESTION, begin, register
from tests.integration.attribution_told import Chain, told_chain
from tests.integration.rollups import world
from tests.integration.serving import served


@pytest.fixture(scope="module")
def chain(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chain]:
    with told_chain(tmp_path_factory.mktemp("data")) as found:
        yield found


@pytest.mark.parametrize(
    ("method", "params", "words"),
    [
        ("attribution_trace", [3, "words"], "no model 3: there are 2, from 1 on"),
        ("attribution_trace", [0, "words"], "id 0: want 1 to 4294967295"),
        ("attribution_trace", [1, ""], "output of 0 tokens: want 1 to 1024"),
        ("attribution_trace", [1, []], "output of 0 tokens: want 1 to 1024"),
        ("attribution_trace", [1, [0]], "token 0: want 1 to 4294967295"),
        ("attribution_trace", [1, [2**32]], "token 4294967296: want 1 to 4294967295"),
        ("attribution_trace", [1, {}], "want a text or a list of tokens, got dict"),
        ("attribution_trace", [1, "a " * 1025], "output of 1025 tokens: want 1 to 1024"),
        ("attribution_trace", [1, "a" * 65_537], "text of 65537 characters"),
        ("attribution_trace", [1, "a", hex(2**94)], "want at most"),
        ("attribution_explain", [5, 0], "no batch 5: there are 4, from 1 on"),
        ("attribution_explain", [1, 3], "no record 3 in batch 1: it has 3, from 0 on"),
        ("attribution_verify", [2**63, 0], "no batch 9223372036854775808"),
        ("attribution_verify", [1], "missing value for required argument 1 (index)"),
        ("attribution_metrics", [1, "0x2", "0x1"], "blocks 2 to 1: want the first before"),
        ("attribution_metrics", [1, "0xffff"], "header not found"),
        ("attribution_lineage", ["x"], "hex string without 0x prefix"),
        ("attribution_status", [1], "too many arguments"),
    ],
)
def test_bad_input_is_refused_with_words(
    chain: Chain, method: str, params: list[Any], words: str
) -> None:
    error = chain.port.error(method, *params)
    assert words in error["message"]
    assert error["code"] in (-32000, -32602)


def test_contents_that_changed_are_not_used(chain: Chain, tmp_path: Path) -> None:
    place = tmp_path / "set"
    place.mkdir()
    for one in (chain.folder / "set-1").iterdir():
        data = one.read_bytes()
        (place / one.name).write_bytes(data.replace(b"quick", b"quack"))
    with served(chain.story.world, "l2", folder=tmp_path) as port:
        message = port.error("attribution_trace", 1, QUESTION)["message"]
    assert message.startswith("dataset 1: ")
    assert "are not those that dataset.json names" in message


def test_a_dataset_that_can_be_condemned_is_not_looked_into(tmp_path: Path) -> None:
    here = world()
    with served(here, "l2", folder=tmp_path) as port:
        story = begin(here, tmp_path)
        honest = story.corpus.datasets[0]
        order = honest.suffix_array.copy()
        order[[3, 4]] = order[[4, 3]]
        wrong = replace(honest, id=3, suffix_array=order)
        save_dataset(wrong, tmp_path / "wrong")
        register(story, wrong)
        rest = (1, engine_id(3), OPERATOR.address, 0, 1, "")
        story.send("AttributionRegistry", "registerModel", [3], [], [], *rest)
        batch = story.record(3, [story.answer()])
        story.publish(batch, 0)
        message = port.error("attribution_trace", 3, QUESTION)["message"]
        assert message.startswith("dataset 3 is faulty, a challenge of kind 5 proves it")
        found = port.result("attribution_verify", batch, 0)
        assert found["checked"] is False
        assert [(one["kind"], one["reason"]) for one in found["faults"]] == [
            (5, "SUFFIXES_UNORDERED")
        ]
        states = [one["state"] for one in port.result("attribution_status")["data"]["datasets"]]
        assert states == ["held", "held", "faulty"]
