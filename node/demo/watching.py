"""The watcher: the core of `byline attribution watch`, asked at the moments the demo chooses."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from byline.node.attribution.client.calls import Contracts
from byline.node.attribution.dataset import Dataset
from byline.node.attribution.watching.actions import Action, Decision, Rules, decide
from byline.node.attribution.watching.datasets import Held, judge_dataset
from byline.node.attribution.watching.following import Follower, read_settings
from byline.node.attribution.watching.judging import Judge, State, View
from byline.node.demo.chain import Chain, Cost
from byline.node.demo.model import Trained
from byline.node.demo.people import Cast

PATIENCE: Final = 600
"""Seconds within which an operator may still publish."""


@dataclass(frozen=True, slots=True)
class Slashed:
    """What a challenge brought about."""

    amount: int
    """Wei of the operator's bond."""
    reward: int
    """Wei of them that are the watcher's."""
    cost: Cost


@dataclass(frozen=True, slots=True)
class Look:
    """What the watcher knows after a look at the chain."""

    clean: int
    """Records that are the honest ones."""
    wrong: tuple[str, ...]
    """What is wrong with others, in words."""
    actions: tuple[Action, ...]
    """What is to be done about it."""


class Watcher:
    """Follows the chain with the datasets at hand."""

    def __init__(self, chain: Chain, cast: Cast, trained: Trained) -> None:
        self._chain, self._account = chain, cast.watcher
        self._datasets: dict[int, Dataset] = {
            dataset.id: dataset for dataset in trained.adapter.datasets
        }
        self._shelf: dict[int, Held] = {}
        self._judge = Judge()
        self._follower: Follower | None = None

    async def look(self) -> Look:
        """Read what is new, and recompute every record of which the evidence is published."""
        if self._follower is None:
            settings = await read_settings(Contracts(self._chain.l2))
            self._follower = Follower(self._chain.l2, settings)
        head = await self._follower.read()
        for number, row in head.index.registry.datasets.items():
            if number not in self._shelf:
                self._shelf[number] = judge_dataset(row, self._datasets[number])
        rules = Rules(
            me=self._account.address,
            settle_window=head.index.settings.settle_window,
            demand_fee=await self._chain.view("InferenceLedger", "demandFee"),
            patience=PATIENCE,
        )
        view = View(head.index, head.timestamp, self._shelf, {})
        return _seen(decide(view, rules, self._judge, frozenset()))

    async def act(self, action: Action) -> Slashed:
        """Send a challenge."""
        sent = await self._chain.send(
            self._account,
            "InferenceLedger",
            action.function,
            *action.arguments,
            value=action.value,
        )
        slashed = sent.one("Slashed")
        reward = slashed["toChallenger"]
        return Slashed(reward + slashed["toTreasury"], reward, sent.cost)


def _seen(decision: Decision) -> Look:
    records = [one for one in decision.findings if one.index >= 0]
    wrong = tuple(
        f"record {one.index} of batch {one.subject}: {one.verdict.words}"
        for one in decision.findings
        if one.verdict.is_wrong
    )
    clean = sum(one.verdict.state is State.CLEAN for one in records)
    return Look(clean, wrong, decision.actions)
