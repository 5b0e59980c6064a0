"""ABI files of every tool, and files that are none."""

import json
import logging
import os
from pathlib import Path

import pytest

from byline.node.messages.files import contracts_in, json_files
from byline.node.messages.library import PAUSE, Library
from byline.node.messages.sources import abi_source, abi_sources
from tests.unit.node.messages.abi_kit import ABI, CODE, SHAPES


def write(path: Path, document: object) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(document if isinstance(document, str) else json.dumps(document))
    return path


@pytest.mark.parametrize("tool", SHAPES)
def test_a_file_of_each_tool_gives_name_functions_errors_and_code(
    tmp_path: Path, tool: str
) -> None:
    (found,) = contracts_in(write(tmp_path / "Payer.json", SHAPES[tool]))
    assert found.name == "Payer"
    assert [item.text for item in found.functions.values()] == ["pay(address,uint256)"]
    assert [item.text for item in found.errors.values()] == ["TooLittle(uint256)"]
    assert found.pattern is not None
    assert found.pattern.fits(bytes.fromhex(CODE))


def test_an_abi_alone_has_the_file_s_name_and_no_code(tmp_path: Path) -> None:
    (found,) = contracts_in(write(tmp_path / "Payer.0.8.28.json", ABI))
    assert (found.name, found.pattern, len(found.functions)) == ("Payer", None, 1)


def test_an_abi_may_be_text_within_json(tmp_path: Path) -> None:
    document = {"contracts": {"P.sol:Payer": {"abi": json.dumps(ABI)}}}
    (found,) = contracts_in(write(tmp_path / "combined.json", document))
    assert (found.name, len(found.functions)) == ("Payer", 1)


@pytest.mark.parametrize("text", ["", "{", "7", '"abi"', "{}", '{"abi": 7}', '{"a": {"b": 1}}'])
def test_a_file_that_is_no_abi_gives_nothing(tmp_path: Path, text: str) -> None:
    path = write(tmp_path / "x.json", text)
    assert not list(Library([abi_source(str(path))]).contracts())
    library = Library([abi_source(str(path))])
    library.refresh()
    assert list(library.contracts()) == []


def test_a_folder_is_read_but_for_what_no_artifact_is_in(tmp_path: Path) -> None:
    write(tmp_path / "out" / "P.sol" / "Payer.json", SHAPES["forge"])
    for other in ("build-info/a.json", ".hidden/b.json", "P.sol/Payer.dbg.json", "c.txt"):
        write(tmp_path / "out" / other, SHAPES["forge"])
    assert [path.name for path in json_files(tmp_path / "out")] == ["Payer.json"]


def test_files_are_read_again_when_they_change_and_not_too_often(tmp_path: Path) -> None:
    now = [0.0]
    path = write(tmp_path / "Payer.json", SHAPES["forge"])
    library = Library([abi_source(str(tmp_path))], lambda: now[0])
    assert library.refresh()
    write(tmp_path / "Other.json", SHAPES["forge"])
    assert not library.refresh()
    now[0] += PAUSE
    assert library.refresh()
    assert sorted(item.name for item in library.contracts()) == ["Other", "Payer"]
    now[0] += PAUSE
    assert not library.refresh()
    path.unlink()
    now[0] += PAUSE
    assert library.refresh()
    assert [item.name for item in library.contracts()] == ["Other"]


def test_a_named_file_that_does_not_read_is_a_warning(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = write(tmp_path / "x.json", "{")
    with caplog.at_level(logging.DEBUG, "byline.messages"):
        Library([abi_source(str(path))]).refresh()
        Library([abi_source(str(tmp_path))]).refresh()
    said = [record for record in caplog.records if "no ABI file" in record.getMessage()]
    assert [record.levelno for record in said] == [logging.WARNING, logging.DEBUG]


def test_an_address_is_told_with_its_file(tmp_path: Path) -> None:
    path = write(tmp_path / "Payer.json", ABI)
    library = Library(abi_sources([f"0x{'ab' * 20}={path}"]))
    library.refresh()
    ((address, contract),) = library.told()
    assert (address, contract.name) == (b"\xab" * 20, "Payer")


@pytest.mark.parametrize("text", ["nowhere", "0x12=x.json", "0x" + "ab" * 20 + "=nowhere"])
def test_a_source_that_is_not_there_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"is not there|is no address"):
        abi_source(text)


def test_a_folder_for_one_address_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="name its file"):
        abi_source(f"0x{'ab' * 20}={tmp_path}")


def test_a_file_that_nobody_may_read_is_left_out(tmp_path: Path) -> None:
    path = write(tmp_path / "Payer.json", ABI)
    path.chmod(0)
    if os.access(path, os.R_OK):
        pytest.skip("this user may read everything")
    library = Library([abi_source(str(tmp_path))])
    library.refresh()
    assert list(library.contracts()) == []
