"""The demo, small: every stage on a devnet, and checks that see what is changed."""

from __future__ import annotations

import argparse
import asyncio
import io
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from byline.node.attribution.folder import save_dataset
from byline.node.cli.demo import add_arguments
from byline.node.client import RpcClient
from byline.node.clock import ManualClock
from byline.node.demo.asking import Answered, questions
from byline.node.demo.audit import Audit, audit
from byline.node.demo.books import Line, balance
from byline.node.demo.chain import Chain, Event
from byline.node.demo.claims import claimable
from byline.node.demo.closing import show_demand, show_payday, show_payout
from byline.node.demo.desk import Signed
from byline.node.demo.explaining import explanation, most_telling
from byline.node.demo.model import Trained
from byline.node.demo.people import Cast
from byline.node.demo.play import Play
from byline.node.demo.recording import Books
from byline.node.demo.texts import library
from byline.node.devnet import Devnet

COUNT = 10


@dataclass(frozen=True)
class Played:
    trained: Trained
    answered: Answered
    books: Books
    events: tuple[Event, ...]
    lines: list[Line]
    short: list[Line]
    """The same books after the last claim was forgotten."""
    same: bool
    noise_found: bool
    verified: bool
    explained: dict[str, Any]
    signed: Signed
    printed: str
    adapter: int


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Played:
    return asyncio.run(play(tmp_path_factory.mktemp("datasets")))


async def play(folder: Path) -> Played:
    cast = Cast()
    trained = Trained.build(library("python"), cast.builder.address)
    answered = questions(trained, COUNT)
    console = Console(file=io.StringIO(), width=160)
    for dataset in trained.adapter.datasets:
        save_dataset(dataset, folder / str(dataset.id))
    async with (
        Devnet(
            clock=ManualClock(1_767_225_600), batch_pause=3600.0, attribution_data=folder
        ) as devnet,
        RpcClient(devnet.l1_url) as l1,
        RpcClient(devnet.l2_url) as l2,
    ):
        chain = Chain(l1, l2)
        stages = Play(console, chain, cast, trained)
        models = await stages.open(answered)
        books = await stages.trade(models, answered)
        same = await show_payday(console, chain, cast, trained, models, books, answered.sponsored)
        events = await chain.events()
        noise = await show_demand(console, chain, models.adapter, books)
        verified = await show_payout(console, chain, trained, books)
        settled, signed, index = most_telling(books.main)
        explained = await explanation(chain, settled, index)
        people = {
            account.address
            for account in (cast.builder, cast.operator, cast.watcher, cast.treasury)
        }
        people |= answered.payers | set(trained.names)
        lines = await balance(chain, events, models.everyone, sorted(people))
        claims = [at for at, event in enumerate(events) if event.name == "Claimed"]
        forgetful = [*events[: claims[-2]], *events[claims[-2] + 1 :]]
        short = await balance(chain, forgetful, models.everyone, sorted(people))
    assert isinstance(console.file, io.StringIO)
    return Played(
        trained, answered, books, events, lines, short, same, noise, verified, explained, signed,
        console.file.getvalue(), models.adapter,
    )  # fmt: skip


def test_the_books_balance_to_the_wei(played: Played) -> None:
    assert [line.words for line in played.lines if not line.whole] == []
    assert all(line.left for line in played.lines)
    assert played.same


def test_a_forgotten_payment_shows_in_the_books(played: Played) -> None:
    assert [line.words for line in played.short if not line.whole] != []


def test_the_washed_answer_is_found_and_no_other(played: Played) -> None:
    assert played.noise_found


def test_the_forged_record_costs_the_operator_its_bond_and_half_is_the_watchers(
    played: Played,
) -> None:
    kinds = [event.fields["kind"] for event in played.events if event.name == "Challenged"]
    assert kinds == [3]
    (slashed,) = [event.fields for event in played.events if event.name == "Slashed"]
    assert slashed["who"] == Cast().operator.address
    assert slashed["challenger"] == Cast().watcher.address
    assert slashed["toChallenger"] == slashed["toTreasury"] == 10**16 // 2
    assert "1 of them forged" in played.printed
    assert "nothing is wrong" in played.printed


def test_the_node_verifies_every_answer(played: Played) -> None:
    assert played.verified
    assert f"recomputed {COUNT} answers" in played.printed


def test_the_sponsored_contributor_signed_and_paid_the_sponsor(played: Played) -> None:
    sponsored = [event.fields for event in played.events if event.name == "Sponsored"]
    assert [one["who"] for one in sponsored] == [played.answered.sponsored]
    assert sponsored[0]["fee"] > 0


def test_all_that_is_claimable_adds_up_to_the_pots(played: Played) -> None:
    settled = [one for one, _ in played.books.main]
    leaves = [leaf for some in claimable(settled).values() for leaf in some]
    assert sum(leaf.amount for leaf in leaves) == sum(one.pot for one in settled)


def test_an_explanation_leads_from_the_words_to_the_wei(played: Played) -> None:
    found, attribution = played.explained, played.signed.attribution
    assert [leaf for span in found["spans"] for leaf in span["leaves"]]
    spoken = "".join(played.signed.answer.written.text.split())
    for span in found["spans"]:
        assert "".join(span["text"].casefold().split()) in spoken
    points = {one["owner"]: int(one["points"], 16) for one in found["points"]}
    assert points == {"0x" + who.hex(): amount for who, amount in attribution.points}
    claimed = {
        event.fields["amount"]
        for event in played.events
        if event.name == "Claimed" and event.fields.get("batchId") == found["batch"]["id"]
    }
    assert {int(one["batchWei"], 16) for one in found["payouts"]} <= claimed
    assert all(one["isClaimed"] for one in found["payouts"])


def test_an_audit_of_the_events_finds_every_root_right(played: Played) -> None:
    found = audit(played.events)
    assert found.faults == ()
    assert (found.batches, found.settlements, found.void) == (17, 17, 1)
    assert found.wei == sum(
        event.fields["pot"] for event in played.events if event.name == "Settled"
    )


CHANGES: Mapping[str, tuple[str, Callable[[Any], Any]]] = {
    "fee": ("InferenceRecorded", lambda fee: fee + 10**9),
    "outHash": ("InferenceRecorded", lambda _: bytes(32)),
    "weightsRoot": ("InferenceRecorded", lambda _: bytes(32)),
    "recordsRoot": ("ReceiptBatch", lambda _: bytes(32)),
    "payoutRoot": ("ReceiptBatch", lambda _: bytes(32)),
    "totalW": ("ReceiptBatch", lambda weight: weight + 1),
    "toOwner": ("Deposited", lambda amount: amount + 1),
    "root": ("Settled", lambda _: bytes(32)),
    "pot": ("Settled", lambda pot: pot - 1),
    "amount": ("Pushed", lambda amount: amount + 1),
    "units": ("UnitsEntered", lambda units: units + 1),
    "evidence": ("EvidencePublished", lambda evidence: evidence[:-1] + bytes([evidence[-1] ^ 1])),
}


@pytest.mark.parametrize("field", CHANGES)
def test_an_audit_sees_whatever_is_changed(played: Played, field: str) -> None:
    name, change = CHANGES[field]
    at = max(at for at, event in enumerate(played.events) if event.name == name)
    event = played.events[at]
    fields = {**event.fields, field: change(event.fields[field])}
    events = [*played.events]
    events[at] = replace(event, fields=fields)
    found: Audit = audit(events)
    assert found.faults
    assert found.roots < audit(played.events).roots


def run() -> str:
    command = [sys.executable, "-m", "byline.node", "demo", "--questions", "1"]
    command += ["--texts", "python"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_command_ends_well() -> None:
    printed = run()
    assert "derived from L1 alone: identical" in printed
    assert "DIFFER" not in printed


@pytest.mark.slow
def test_every_run_says_the_same_but_for_ports_and_seconds() -> None:
    told = [
        [line for line in run().splitlines() if not line.startswith(("chains", "time"))]
        for _ in range(2)
    ]
    assert told[0] == told[1]


def test_too_few_or_too_many_questions_are_refused(capsys: pytest.CaptureFixture[str]) -> None:
    parser = argparse.ArgumentParser()
    add_arguments(parser)
    assert parser.parse_args([]).questions == 50
    for count in ("0", "501", "-1", "many"):
        with pytest.raises(SystemExit):
            parser.parse_args([f"--questions={count}"])
        assert f"{count} questions: want 1 to 500" in capsys.readouterr().err
