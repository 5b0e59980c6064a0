"""What is made later is made at the first use, once."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from byline.node.backend.later import later


@dataclass(frozen=True)
class Part:
    number: int

    def twice(self) -> int:
        return 2 * self.number


def test_a_part_is_made_at_its_first_use_and_once() -> None:
    made: list[Part] = []

    def make() -> Part:
        made.append(Part(4))
        return made[-1]

    part = later(make)
    assert made == []
    assert (part.number, part.twice()) == (4, 8)
    assert len(made) == 1


def test_what_a_part_lacks_is_an_error_of_its_own() -> None:
    with pytest.raises(AttributeError, match="'Part' object has no attribute 'thrice'"):
        later(lambda: Part(4)).thrice  # type: ignore[attr-defined]  # noqa: B018
