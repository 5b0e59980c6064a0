"""What `byline attribution serve` says where it cannot serve."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from byline.node.attribution.folder import save_dataset
from byline.node.cli import attribution_serve, main
from byline.node.errors import ConfigError
from tests.paid_answers import corpus


@pytest.fixture
def data(tmp_path: Path) -> Path:
    save_dataset(corpus().datasets[0], tmp_path / "data" / "texts")
    return tmp_path / "data"


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        ([], "an operator signs what it records: pass --key-file or --account"),
        (["--account", "20"], "--account 20: want 0 to 19"),
        (["--key-file", "nowhere"], "--key-file nowhere cannot be used"),
        (["--account", "0", "--batch", "201"], "--batch: batches of 201: want 1 to 200"),
        (["--account", "0", "--deployment", "nowhere"], "--deployment nowhere cannot be read"),
        (["--account", "0", "--answers", "nowhere:model"], "--answers nowhere:model: No module"),
        (["--account", "0", "--answers", "json:model"], "has no attribute 'model'"),
        (["--account", "0", "--answers", ""], "want MODULE:NAME"),
        (["--account", "0", "--l2", "http://127.0.0.1:1"], "does not answer eth_chainId"),
        (["--account", "0", "--model", "-1"], "--model -1: want 1 to 2**32 - 1"),
        (["--account", "0", "--port", "70000"], "--port 70000: want 0 to 65535"),
        (["--account", "0", "--batch-age", "-1"], "--batch-age -1: want 0 or more"),
        (["--account", "0", "--answer-seconds", "0"], "--answer-seconds 0: want 1 or more"),
        (["--acount", "0"], "no option --acount: did you mean --account?"),
    ],
)
def test_what_is_in_the_way_is_said_in_a_line(
    data: Path, words: list[str], complaint: str, capsys: pytest.CaptureFixture[str]
) -> None:
    status = main(["attribution", "serve", "--model", "1", "--data", str(data), *words])
    told = capsys.readouterr().err
    assert status == 2
    assert complaint in told
    assert told.count("\n") == 1


def test_a_folder_without_datasets_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["attribution", "serve", "--model", "1", "--data", str(tmp_path), "--account", "0"]
    assert main(words) == 2
    assert "no folder in it holds a dataset.json" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("code", "complaint"),
    [
        ("raise RuntimeError('no weights')", "RuntimeError: no weights ("),
        ("make = 7", "make is no function; want MODULE:NAME"),
        ("def make(corpus):\n    raise OSError('no weights')", "failed: OSError: no weights ("),
        ("def make(corpus):\n    return 7", "made a int, which has no answer(prompt)"),
    ],
)
def test_a_model_that_cannot_be_made_is_said_with_the_line(
    code: str,
    complaint: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # In the folder that the command is called in, which a script does not look in by itself.
    (tmp_path / "somebodys_model.py").write_text(code)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [path for path in sys.path if path])
    monkeypatch.delitem(sys.modules, "somebodys_model", raising=False)
    with pytest.raises(ConfigError) as refused:
        attribution_serve._answers("somebodys_model:make")(corpus())
    told = str(refused.value)
    assert complaint in told
    assert told.startswith("--answers somebodys_model:make")
    if told.endswith(")") and "line" in told:
        assert "somebodys_model.py, line " in told
