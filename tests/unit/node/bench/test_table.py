"""Ratios, percentiles and how they are shown."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest
from rich.console import Console

from byline.node.bench.show import machine, short, show, words, write_json
from byline.node.bench.table import Column, Line, Table, better, per, percentile

TABLE = Table(
    "view",
    "Reads",
    (Column("took", "ms", higher=False), Column("memory", "MB")),
    (
        Line("call", "byline", (0.5, 90.0)),
        Line("call", "anvil", (0.25, None)),
        Line("call", "hardhat", (2.0, 140.0)),
        Line("number", "byline", (None, None)),
        Line("number", "anvil", (0.1, None)),
    ),
    ("a note",),
)


def test_the_first_of_a_group_is_compared_with_the_others() -> None:
    assert [TABLE.ratio(line) for line in TABLE.lines] == [None, 0.5, 4.0, None, None]
    assert [words(TABLE, line) for line in TABLE.lines] == [
        "", "2 x worse", "4 x better", "", "",
    ]  # fmt: skip


def test_figures_that_hardly_differ_are_called_even() -> None:
    lines = tuple(Line("call", f"peer {figure}", (figure,)) for figure in (1.0, 1.04, 1.06))
    table = Table("view", "Reads", (Column("took", "ms", higher=False),), lines)
    assert [words(table, line) for line in lines] == ["", "even", "1.06 x better"]


def test_more_is_better_or_less_is() -> None:
    assert better(30.0, 10.0, higher=True) == 3.0
    assert better(30.0, 10.0, higher=False) == pytest.approx(1 / 3)
    assert better(0.0, 10.0, higher=True) is None
    assert better(10.0, None, higher=True) is None


def test_figures_that_are_not_one_a_column_are_refused() -> None:
    with pytest.raises(ValueError, match="anvil has 1 figures, want 2"):
        Table("view", "Reads", TABLE.columns, (Line("call", "anvil", (1.0,)),))


def test_percentiles_are_values_that_were_measured() -> None:
    values = [float(one) for one in range(1, 101)]
    random.Random(1).shuffle(values)

    assert [percentile(values, percent) for percent in (1, 50, 99, 99.5, 100)] == [
        1.0, 50.0, 99.0, 100.0, 100.0,
    ]  # fmt: skip
    assert percentile([7.0], 50) == 7.0
    assert percentile([3.0, 1.0, 2.0], 50) == 2.0


@pytest.mark.parametrize(("values", "percent"), [([], 50), ([1.0], 0), ([1.0], 101)])
def test_a_percentile_that_is_none_is_refused(values: list[float], percent: float) -> None:
    with pytest.raises(ValueError, match="want 0 to 100 %"):
        percentile(values, percent)


def test_a_speed_needs_a_time() -> None:
    assert per(10.0, 2.0) == 5.0
    assert per(10.0, 0.0) is None
    assert per(10.0, None) is None


@pytest.mark.parametrize(
    ("figure", "shown"),
    [(None, "-"), (0.12345, "0.123"), (12.345, "12.3"), (99.96, "100"), (12345.6, "12,346")],
)
def test_figures_are_shown_in_three_digits(figure: float | None, shown: str) -> None:
    assert short(figure) == shown


def test_a_table_is_printed_with_units_ratios_and_notes(
    capsys: pytest.CaptureFixture[str],
) -> None:
    show(Console(width=120, highlight=False), TABLE)
    found = capsys.readouterr().out

    for text in ("Reads", "took", "ms", "hardhat", "140", "4 x better", "2 x worse", "a note"):
        assert text in found


def test_the_file_holds_what_the_screen_shows(tmp_path: Path) -> None:
    path = tmp_path / "bench.json"
    write_json(path, [TABLE], machine())
    document = json.loads(path.read_text())

    (found,) = document["tables"]
    assert found["columns"][0] == {"name": "took", "unit": "ms"}
    assert found["lines"][2] == {
        "what": "call",
        "who": "hardhat",
        "figures": [2.0, 140.0],
        "compared": "byline",
        "ratios": [4.0, pytest.approx(90 / 140)],
    }
    assert document["before"]["cores"] == document["after"]["cores"]
    assert len(document["after"]["load"]) == 3
