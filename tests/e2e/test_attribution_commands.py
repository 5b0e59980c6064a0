"""What the commands print: of one answer, of what is wrong with it, of all that is on record."""

from __future__ import annotations

import asyncio
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from byline.node.attribution.client.client import AttributionClient
from byline.node.attribution.client.values import BatchStatus
from byline.node.attribution.proof.faults import Reason
from byline.node.attribution.weights import batch_payouts
from byline.node.cli import main
from byline.node.sync_devnet import SyncDevnet
from tests.attribution_watch import PAYER, lie, show_on_chain, town
from tests.devnets import command, environment
from tests.properties.attribution_records import Case
from tests.properties.test_attribution_faults import example


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Return a node with three batches: settled, hidden, and a lie."""
    folder = tmp_path_factory.mktemp("town")
    with SyncDevnet(attribution_data=folder / "datasets") as devnet:
        asyncio.run(play(devnet.l2.url, folder))
        yield devnet.l2.url


async def play(url: str, folder: Path) -> None:
    async with town(url, folder, example()) as place:
        settled = await place.record([example()])
        await place.record([example()])
        wrong = lie(Reason.OTHER_OWNER)
        await show_on_chain(place, settled, example())
        await place.later()
        await place.client.finalize(settled)
        await place.client.settle(settled, batch_payouts([example().points]))
        await show_on_chain(place, await place.record([wrong]), wrong)


def said(url: str, capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str]:
    status = main(["attribution", *words, "--l2", url])
    return status, capsys.readouterr().out


def test_an_answer_is_explained_down_to_its_words(
    url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    status, text = said(url, capsys, "explain", "1", "0")
    assert status == 0
    for words in ("quick brown fox jumps", "lazy dogs sleep all", "0x" + PAYER.address.hex()):
        assert words in text
    for owner, points in example().points:
        assert re.search(rf"0x{owner.hex()} +│ +{points} +│", text)
    paid = [row.split("│")[3].strip() for row in text.splitlines() if "credited" in row]
    pot = re.search(r"contributors +([0-9.]+)", text)
    assert pot is not None
    assert sum(wei(amount) for amount in paid) == wei(pot.group(1)) > 0


def wei(coins: str) -> int:
    whole, _, rest = coins.partition(".")
    return int(whole) * 10**18 + int(rest.ljust(18, "0") or 0)


@pytest.mark.parametrize(
    ("batch", "status", "words"),
    [
        ("1", 0, "settlement  right"),
        ("2", 1, "record      not checked"),
        ("3", 1, "record      WRONG_OWNER"),
    ],
)
def test_verify_says_by_its_status_whether_all_is_well(
    url: str, capsys: pytest.CaptureFixture[str], batch: str, status: int, words: str
) -> None:
    assert said(url, capsys, "verify", batch, "0")[0] == status
    assert words in said(url, capsys, "verify", batch, "0")[1]


def test_the_status_counts_and_names(url: str, capsys: pytest.CaptureFixture[str]) -> None:
    status, text = said(url, capsys, "status")
    assert status == 0
    assert re.search(r"batches +3\b", text)
    assert re.search(r"batches finalized +1\b", text)
    assert re.search(r"InferenceLedger +0x6f70656e0+8\b", text)
    assert text.count("held") == 2


def test_a_record_that_is_not_there_is_said_in_a_line(
    url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("explain", "verify"):
        assert main(["attribution", name, "9", "0", "--l2", url]) == 2
        assert "byline: attribution_" in capsys.readouterr().err


def test_fidelity_ranks_the_engines(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = "\n".join(f"{at * 7 % 11},{at * 5 % 13},{int(at * 7 % 11 > 5)}" for at in range(60))
    (tmp_path / "rows.csv").write_text(f"a,b,label\n{rows}\n")
    arguments = ["attribution", "fidelity", "--csv", str(tmp_path / "rows.csv"), "--train", "40"]
    assert main([*arguments, "--queries", "4", "--contributors", "3"]) == 0
    text = capsys.readouterr().out
    for engine in ("exact", "DataInf", "KNN-Shapley"):
        assert engine in text
    assert main([*arguments, "--queries", "21"]) == 2
    assert "21 queries: there are 20 rows" in capsys.readouterr().err


def test_fidelity_says_how_to_get_its_data(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "sklearn.datasets", None)
    assert main(["attribution", "fidelity"]) == 2
    assert "pip install scikit-learn" in capsys.readouterr().err


async def recorded(url: str, folder: Path, *cases: Case) -> Path:
    """Record a batch a case, and return where the datasets and the evidence are."""
    async with town(url, folder, example()) as place:
        for case in cases:
            await place.record([case])
    return folder


async def status_of(url: str, batch: int) -> BatchStatus:
    async with AttributionClient(url) as client:
        return (await client.batch(batch)).status


@pytest.mark.parametrize(
    ("cases", "status", "words"),
    [
        ((example(),), 0, "batch 1 record 0: clean, 4 leaves"),
        ((example(), lie(Reason.TOKENS_DIFFER)), 1, "batch 2: would call challenge (FALSE_SPAN"),
    ],
)
def test_a_look_says_by_its_status_whether_all_is_well(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    cases: tuple[Case, ...],
    status: int,
    words: str,
) -> None:
    with SyncDevnet() as devnet:
        url = devnet.l2.url
        asyncio.run(recorded(url, tmp_path, *cases))
        watch = [
            "attribution", "watch", "--once", "--l2", url, "--account", "5",
            "--data", str(tmp_path / "datasets"), "--evidence", str(tmp_path / "evidence"),
        ]  # fmt: skip
        assert main([*watch, "--dry-run"]) == status
        said = capsys.readouterr().out
        assert words in said
        assert re.search(rf"records, clean +│ +{1} │", said)
        for number in range(1, len(cases) + 1):
            assert asyncio.run(status_of(url, number)) is BatchStatus.RECORDED
        assert main(watch) == status
        ended = asyncio.run(status_of(url, len(cases)))
        assert ended is (BatchStatus.VOID if status else BatchStatus.RECORDED)


def test_ctrl_c_prints_what_was_found(tmp_path: Path) -> None:
    with SyncDevnet() as devnet:
        asyncio.run(recorded(devnet.l2.url, tmp_path, example()))
        words = [
            "attribution",
            "watch",
            "--l2",
            devnet.l2.url,
            "--data",
            str(tmp_path / "datasets"),
        ]
        with subprocess.Popen(
            command(*words, "--evidence", str(tmp_path / "evidence")),
            env=environment() | {"PYTHONUNBUFFERED": "1"},
            stdout=subprocess.PIPE,
            text=True,
        ) as process:
            assert process.stdout is not None
            # A watcher that says nothing would be waited for without end.
            watchdog = threading.Timer(60, process.kill)
            watchdog.start()
            for line in process.stdout:
                if line.startswith("batch 1 record 0: clean"):
                    break
            process.send_signal(signal.SIGINT)
            rest = process.stdout.read()
            assert process.wait(20) == 0
            watchdog.cancel()
    assert "records, clean" in rest


def test_a_chain_without_the_contracts_is_said_in_a_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with SyncDevnet() as devnet:
        watch = ["attribution", "watch", "--l2", devnet.l1.url, "--data", str(tmp_path)]
        assert main(watch) == 2
        assert "has no attribution contracts: is it the L2?" in capsys.readouterr().err
        assert main(["attribution", "status", "--l2", devnet.l1.url]) == 2
        told = capsys.readouterr().err
        assert f"{devnet.l1.url} has no attribution_status: ask the L2 of a Byline node" in told


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--data", "/nowhere"], "--data /nowhere is no folder"),
        (["--account", "20"], "--account 20: want 0 to 19"),
        (["--key-file", "/nowhere"], "--key-file /nowhere cannot be used"),
        (["--deployment", "/nowhere"], "--deployment /nowhere cannot be read"),
        (["--poll", "0"], "--poll 0: want more than 0 seconds"),
        (["--once"], "does not answer eth_getCode"),
    ],
)
def test_what_cannot_be_is_said_in_a_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], words: list[str], said: str
) -> None:
    watch = ["attribution", "watch", "--l2", "http://127.0.0.1:9", "--data", str(tmp_path)]
    assert main([*watch, *words]) == 2
    assert said in capsys.readouterr().err
