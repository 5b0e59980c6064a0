"""Every part of `byline bench` runs, and what it prints is also in its file."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from byline.node.bench.parts import PARTS
from byline.node.cli import main


@pytest.mark.slow
@pytest.mark.parametrize("part", PARTS)
def test_a_part_measures_and_prints(
    part: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "bench.json"
    status = main(["bench", part, "--quick", "--json", str(path)])
    printed, progress = capsys.readouterr()

    assert status == 0, progress
    assert " s  " in progress
    document = json.loads(path.read_text())
    assert document["tables"]
    for table in document["tables"]:
        assert table["name"] == part
        assert table["title"] in printed
        ours = [line for line in table["lines"] if line["compared"] == line["who"]]
        assert ours
        # Processor time alone may be too short to tell in a quick run.
        assert all(any(line["figures"]) for line in table["lines"])


@pytest.mark.parametrize("words", [["blok"], ["view", "nothing"]])
def test_an_unknown_part_is_refused_with_the_names(
    words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["bench", *words]) == 2
    assert "byline: no part" in capsys.readouterr().err
