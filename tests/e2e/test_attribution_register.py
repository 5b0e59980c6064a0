"""From a file of texts to a model that is served and paid, with nothing but commands."""

from __future__ import annotations

import asyncio
import json
import re
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from byline.node import AttributionClient
from byline.node.accounts import dev_account
from byline.node.cli import main
from byline.node.sync_devnet import SyncDevnet
from tests.devnets import command, environment

AUTHOR = "0x" + "a1" * 20
TEXTS = (
    "A sourdough starter that doubles within six hours of feeding is ready to bake with.",
    "Steam in the first ten minutes keeps the crust soft, so that the loaf can open.",
)


@pytest.fixture
def texts(tmp_path: Path) -> Path:
    file = tmp_path / "bread.jsonl"
    file.write_text("".join(json.dumps({"text": text, "owner": AUTHOR}) + "\n" for text in TEXTS))
    return file


@pytest.fixture(scope="module")
def devnet() -> Iterator[SyncDevnet]:
    with SyncDevnet() as devnet:
        yield devnet


def test_a_registered_model_is_served_as_the_next_line_says(
    devnet: SyncDevnet, texts: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = tmp_path / "data"
    words = ["--l2", devnet.l2.url, "--data", str(data), "--account", "3", "--mode", "root"]
    assert main(["attribution", "register", str(texts), *words]) == 0
    told = capsys.readouterr().out
    assert "dataset 1" in told
    assert "2 texts of 1 owners" in told
    (served,) = re.findall(r"byline (attribution serve .*)", told)
    with subprocess.Popen(
        command(*served.split(), "--port", "0"),
        env=environment() | {"PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        watchdog = threading.Timer(60, process.kill)
        watchdog.start()
        assert process.stdout is not None
        url = next(line.split()[1] for line in process.stdout if line.startswith("endpoint"))
        answer = asyncio.run(_ask(devnet.l2.url, url.removesuffix("/infer")))
        process.terminate()
        rest = process.stdout.read()
        watchdog.cancel()
    assert "starter" in answer
    assert "bond more" not in rest


async def _ask(l2: str, url: str) -> str:
    async with AttributionClient(l2, dev_account(4).key) as payer:
        await payer.deposit(10**18)
        return (await payer.infer(url, "When is a sourdough starter ready?")).answer


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ("", "there is no text in it"),
        ("{", "line 1: "),
        ("[1]", 'line 1: want {"text": "..", "owner": "0x.."}'),
        ("[" * 50_000, "line 1: "),
        ('{"text": "a"}', "line 1: 'owner' is missing"),
        ('{"text": 1, "owner": "0x00"}', "line 1: text and owner are strings"),
        ('{"text": "a", "owner": "0x00"}', "line 1: owner '0x00': want an address"),
        (f'{{"text": "a", "owner": "0x{"g" * 40}"}}', "line 1: "),
        (f'{{"text": "\\ud800", "owner": "{AUTHOR}"}}', "line 1: "),
    ],
)
def test_a_file_that_is_none_of_texts_is_refused_in_a_line(
    tmp_path: Path, line: str, complaint: str, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "texts.jsonl"
    file.write_text(line)
    assert main(["attribution", "register", str(file), "--account", "0"]) == 2
    told = capsys.readouterr().err
    assert complaint in told
    assert told.count("\n") == 1


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        ([], "pass --key-file or --account"),
        (["--account", "0", "--bond", "-1"], "--bond: want 0 to"),
        (
            ["--account", "0", "--license", "x" * 65],
            "--license of 65 bytes: the registry takes at most 64",
        ),
        (
            ["--account", "0", "--uri", "\u20ac" * 86],
            "--uri of 258 bytes: the registry takes at most 256",
        ),
        (["--account", "0", "--deployment", "nowhere"], "--deployment nowhere cannot be read"),
        (["--account", "0", "--l2", "http://127.0.0.1:1"], "does not answer"),
    ],
)
def test_what_is_in_the_way_of_registering_is_said_in_a_line(
    texts: Path, words: list[str], complaint: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["attribution", "register", str(texts), *words]) == 2
    told = capsys.readouterr().err
    assert complaint in told
    assert told.count("\n") == 1


def test_more_files_than_a_model_has_datasets_are_refused(
    texts: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["attribution", "register", *[str(texts)] * 5, "--account", "0"]) == 2
    assert "5 files: a model has at most 4 datasets" in capsys.readouterr().err


def test_who_cannot_pay_the_bond_registers_nothing(
    devnet: SyncDevnet, texts: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = devnet.l2.request("attribution_status")["counts"]
    words = ["--l2", devnet.l2.url, "--data", str(tmp_path / "data"), "--account", "5"]
    assert main(["attribution", "register", str(texts), *words, "--bond", str(10**30)]) == 2
    assert "insufficient funds" in capsys.readouterr().err
    assert devnet.l2.request("attribution_status")["counts"] == before
    assert not (tmp_path / "data").exists()
