"""The committed artefacts are what the sources build, wherever the repository lies."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from byline.node.contracts import artifacts, build
from byline.node.contracts.declarations import selector

SOURCES = build.sources()


@pytest.mark.parametrize("path", SOURCES, ids=[path.stem for path in SOURCES])
def test_the_committed_artefact_is_what_its_source_builds(path: Path) -> None:
    committed = (build.ROOT / "artifacts" / f"{path.stem}.json").read_text("utf-8")
    assert build.render(build.build(path)) == committed, "run: make contracts"


def test_every_artefact_has_a_source() -> None:
    assert artifacts.names() == tuple(sorted(path.stem for path in SOURCES))


def test_a_contract_builds_to_the_same_bytes_in_another_folder(tmp_path: Path) -> None:
    shutil.copytree(build.ROOT / "l1", tmp_path / "deeper" / "l1")
    path = Path("l1/DevControl.vy")
    assert build.build(path, tmp_path / "deeper") == build.build(path)


def test_a_comment_changes_nothing_that_is_built(tmp_path: Path) -> None:
    shutil.copytree(build.ROOT / "l1", tmp_path / "l1")
    path = Path("l1/DevControl.vy")
    (tmp_path / path).write_text((build.ROOT / path).read_text() + "\n# a remark\n")
    assert build.build(path, tmp_path) == build.build(path)


@pytest.fixture
def house(tmp_path: Path) -> Path:
    """A copy with one contract, built and in order."""
    (tmp_path / "l1").mkdir()
    (tmp_path / "artifacts").mkdir()
    shutil.copy(build.ROOT / "l1" / "DevControl.vy", tmp_path / "l1")
    built = build.render(build.build(Path("l1/DevControl.vy"), tmp_path))
    (tmp_path / "artifacts" / "DevControl.json").write_text(built)
    return tmp_path


def test_the_check_is_content_with_what_was_just_built(house: Path) -> None:
    assert build.differences(house) == []


def test_the_check_names_an_artefact_that_differs_by_one_byte(house: Path) -> None:
    file = house / "artifacts" / "DevControl.json"
    file.write_text(file.read_text().replace('"0x61', '"0x60', 1))
    assert build.differences(house) == [
        "DevControl.json: differs from what l1/DevControl.vy builds now"
    ]


def test_the_check_names_a_missing_artefact(house: Path) -> None:
    (house / "artifacts" / "DevControl.json").unlink()
    assert build.differences(house) == ["DevControl.json: missing, built from l1/DevControl.vy"]


def test_the_check_names_an_artefact_without_a_source(house: Path) -> None:
    (house / "artifacts" / "Ghost.json").write_text("{}")
    assert build.differences(house) == ["Ghost.json: has no source: delete it"]


def test_an_error_that_is_raised_but_not_declared_stops_the_build(house: Path) -> None:
    source = house / "l1" / "DevControl.vy"
    source.write_text(source.read_text().replace("# error NotOwner()", ""))
    with pytest.raises(build.BuildProblem, match=r"raises NotOwner\(\) without declaring it"):
        build.build(Path("l1/DevControl.vy"), house)


def test_what_the_compiler_refuses_names_the_source(house: Path) -> None:
    (house / "l1" / "Broken.vy").write_text("# pragma version 0.4.3\nowner: public(nonsense)\n")
    with pytest.raises(build.BuildProblem, match=r"l1/Broken\.vy: .*nonsense"):
        build.build(Path("l1/Broken.vy"), house)


def test_two_sources_of_one_name_are_refused(house: Path) -> None:
    (house / "assembly").mkdir()
    (house / "assembly" / "DevControl.evm").write_text("STOP")
    with pytest.raises(build.BuildProblem, match="two sources of one name: DevControl"):
        build.sources(house)


def test_modules_that_begin_with_an_underscore_are_not_built_alone(house: Path) -> None:
    (house / "l1" / "_shared.vy").write_text("# pragma version 0.4.3\n")
    assert build.sources(house) == [Path("l1/DevControl.vy")]


def test_declared_errors_are_in_the_abi() -> None:
    entries = [item for item in artifacts.load("DevControl").abi if item["type"] == "error"]
    assert [selector(dict(item)).hex() for item in entries] == ["30cd7471"]


def test_an_artefact_is_loaded_by_name_with_its_code_as_bytes() -> None:
    document = json.loads((build.ROOT / "artifacts" / "DevControl.json").read_text())
    loaded = artifacts.load("DevControl")
    assert loaded.runtime.hex() == document["runtime"][2:]
    assert loaded.bytecode.endswith(loaded.runtime)
    assert loaded.storage == {"owner": 0}


def test_a_misspelt_name_is_answered_with_the_nearest() -> None:
    with pytest.raises(artifacts.UnknownContract, match="did you mean DevControl"):
        artifacts.load("DevControll")


def test_the_command_compares_says_what_to_do_and_does_it(
    house: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert build.main(["--check"], house) == 0
    (house / "artifacts" / "DevControl.json").write_text("{}")
    assert build.main(["--check"], house) == 1
    assert capsys.readouterr().err.splitlines() == [
        "DevControl.json: differs from what l1/DevControl.vy builds now",
        "run: make contracts",
    ]
    assert build.main([], house) == 0
    assert build.main(["--check"], house) == 0


def test_the_command_refuses_a_contract_that_has_no_source(
    house: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert build.main(["Nonsense"], house) == 1
    assert "no source is called Nonsense" in capsys.readouterr().err
