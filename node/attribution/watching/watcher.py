"""The watcher at work: it reads the chain, decides, acts, and says so."""

from __future__ import annotations

import asyncio
import json
import logging
import os
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from byline.derivation.hashing import ZERO_ADDRESS
from byline.node.attribution.amounts import in_whole
from byline.node.attribution.client.calls import ContractRefused, Contracts
from byline.node.attribution.index.rows import BatchStatus
from byline.node.attribution.watching.actions import (
    Action,
    Decision,
    Finding,
    Rules,
    decide,
)
from byline.node.attribution.watching.evidence import DatasetShelf, EvidenceSource, look_for
from byline.node.attribution.watching.following import Follower, Head, NoContracts, read_settings
from byline.node.attribution.watching.judging import Content, Judge, State, Verdict, View
from byline.node.attribution.watching.report import line_of, subject_of
from byline.node.client import RpcClient
from byline.node.errors import ConfigError, NodeError

LOG = logging.getLogger("byline.attribution")

FORMAT: Final = 1
LEDGER: Final = "InferenceLedger"
LONGEST_PAUSE: Final = 10.0
REFUSED_SECONDS: Final = 10.0
ONCE_ATTEMPTS: Final = 5
SENT_AT_ONCE: Final = 16
"""Transactions that are waited for together: one a block would be too few against many lies."""
DONE: Final[Mapping[str, str]] = MappingProxyType(
    {
        "challenge": "proven",
        "demand": "demanded",
        "demandPayouts": "demanded",
        "publish": "published",
        "slashWithheld": "slashed",
        "reclaimDemand": "reclaimed",
    }
)
"""What it is called when a function of the ledger went through."""
OVER: Final = frozenset({"NotOpen", "WindowOver", "UnknownDataset"})
"""Refusals that say that nothing can be done about a subject any more."""
TOO_LATE: Final = OVER | {"AlreadyDemanded", "AlreadyPublished", "NoDemand"}
"""Refusals that say that somebody, or the time, was faster."""


@dataclass(frozen=True, slots=True)
class Options:
    """How the watcher is run."""

    data: Path
    """The folder of datasets."""
    evidence: tuple[EvidenceSource, ...] = ()
    resume: Path | None = None
    """A file that says from which block on to go on."""
    since: int = 0
    first: int = 0
    """The block that the contracts were deployed in; events are read from there on."""
    patience: int | None = None
    """Seconds of the chain's clock; `None` for a quarter of the challenge window."""
    dry_run: bool = False
    once: bool = False
    poll: float = 1.0
    """Seconds between two looks at the chain."""
    look: float = 5.0
    """Seconds before evidence that was not there is looked for again."""


@dataclass(slots=True)
class Waiting:
    """An action that did not work, and when to try it again."""

    attempts: int
    until: float


class Watcher:
    """Follows one ledger until it is told to stop.

    say: takes each line for the user.
    """

    def __init__(
        self, client: RpcClient, contracts: Contracts, options: Options, say: Callable[[str], None]
    ) -> None:
        self._client = client
        self._contracts = contracts
        self._options = options
        self._say = say
        self._shelf = DatasetShelf(options.data)
        self._contents: dict[tuple[bytes, bytes], Content] = {}
        self._judge = Judge()
        self._waiting: dict[Action, Waiting] = {}
        self._looked: dict[tuple[bytes, bytes], float] = {}
        self._over: dict[str, float] = {}
        self._complained = ""
        self._remembered = ""
        self.findings: dict[tuple[int, int, bool], Verdict] = {}
        """The newest verdict on each subject and index; the last part tells datasets."""
        self.counts: Counter[str] = Counter()
        """Of what was done (the values of `DONE`), refused, failed, or planned only."""
        self.slashed = 0
        """Wei of bonds that fell by what this watcher sent."""

    @property
    def is_acting(self) -> bool:
        """Whether transactions are sent."""
        return self._contracts.account is not None and not self._options.dry_run

    async def run(self, stop: asyncio.Event) -> bool:
        """Watch until `stop` is set, or once; return whether anything is wrong or unknown.

        A node that does not answer is asked again, less and less often; with `once` its
        silence is raised as `NodeError`.
        """
        pause = self._options.poll
        follower, rules = await self._begin(stop)
        while not stop.is_set():
            try:
                busy = await self._step(follower, rules)
                pause = self._options.poll
            except NodeError as error:
                if self._options.once:
                    raise
                self._complain(str(error))
                busy, pause = False, min(2 * pause, LONGEST_PAUSE)
            if self._options.once and not busy:
                break
            if not busy:
                with suppress(TimeoutError):
                    await asyncio.wait_for(stop.wait(), pause)
        return any(one.state is not State.CLEAN for one in self.findings.values())

    def summary(self) -> tuple[tuple[str, str], ...]:
        """Return what was found and done, as names and values."""
        found = Counter(
            ("datasets" if is_dataset else "batches" if index < 0 else "records", one.state)
            for (_, index, is_dataset), one in self.findings.items()
        )
        rows = [
            (f"{what}, {state.value}", str(found[what, state]))
            for what in ("datasets", "records", "batches")
            for state in State
            if found[what, state] or (what, state) == ("records", State.CLEAN)
        ]
        rows += [(f"calls, {name}", str(count)) for name, count in sorted(self.counts.items())]
        return (*rows, ("bonds slashed", in_whole(self.slashed)))

    async def _begin(self, stop: asyncio.Event) -> tuple[Follower, Rules]:
        """Ask for the settings; wait for a node that is not up yet, unless it is for once."""
        pause = self._options.poll
        while True:
            try:
                return await self._settings()
            except (ContractRefused, NoContracts):
                raise
            except NodeError as error:
                if self._options.once or stop.is_set():
                    raise
                self._complain(str(error))
                pause = min(2 * pause, LONGEST_PAUSE)
                with suppress(TimeoutError):
                    await asyncio.wait_for(stop.wait(), pause)

    async def _settings(self) -> tuple[Follower, Rules]:
        settings = await read_settings(self._contracts)
        patience = self._options.patience
        if patience is None:
            patience = 0 if self._options.once else settings.challenge_window // 4
        account = self._contracts.account
        rules = Rules(
            me=ZERO_ADDRESS if account is None else account.address,
            settle_window=settings.settle_window,
            demand_fee=await self._contracts.read(LEDGER, "demandFee"),
            patience=patience,
            since=await self._resumed(),
        )
        first = self._options.first
        return Follower(self._client, settings, self._contracts.addresses, first), rules

    async def _step(self, follower: Follower, rules: Rules) -> bool:
        """Look at the chain once; return whether something was done that changes it."""
        head = await follower.read()
        rows = tuple(head.index.registry.datasets.values())
        for problem in await asyncio.to_thread(self._shelf.fill, rows):
            self._complain(problem)
        self._forget(head)
        now = await follower.now(head)
        decision = await self._decided(head, now, rules)
        if await self._look(decision):
            decision = await self._decided(head, now, rules)
        self._report(decision, head, now, rules)
        done = await self._act_on(decision.actions)
        await self._remember(head)
        return done or decision.is_unfinished

    async def _decided(self, head: Head, now: int, rules: Rules) -> Decision:
        """Decide in a thread: datasets and batches may take seconds."""
        clock = asyncio.get_running_loop().time()
        refused = {action for action, one in self._waiting.items() if one.until > clock}
        view = View(head.index, now, self._shelf.held, self._contents)
        return await asyncio.to_thread(decide, view, rules, self._judge, refused)

    async def _look(self, decision: Decision) -> bool:
        """Look for evidence beside the chain; return whether some was found."""
        now = asyncio.get_running_loop().time()
        names = {
            (one.record.out_hash, one.record.evidence_root): one.record for one in decision.wanted
        }
        due = {
            name: record
            for name, record in names.items()
            if now >= self._looked.get(name, 0.0) and name not in self._contents
        }
        if not due or not self._options.evidence:
            return False
        found = await look_for(due.values(), self._options.evidence)
        self._looked = {
            **{name: at for name, at in self._looked.items() if name in names},
            **dict.fromkeys(due.keys() - found.keys(), now + self._options.look),
        }
        self._contents.update(found)
        return bool(found)

    def _forget(self, head: Head) -> None:
        """Drop what was found for batches that nobody can challenge any more."""
        ledger = head.index.ledger
        needed = {
            (one.leaf.out_hash, one.leaf.evidence_root)
            for row in ledger.batches.values()
            if row.status is BatchStatus.RECORDED
            for one in ledger.records_of(row.id)
        }
        self._contents = {name: one for name, one in self._contents.items() if name in needed}

    async def _act_on(self, actions: Iterable[Action]) -> bool:
        """Act on subjects side by side, on each in order; return whether anything was done."""
        subjects: defaultdict[str, list[Action]] = defaultdict(list)
        for action in actions:
            subjects[subject_of(action)].append(action)
        free = asyncio.Semaphore(SENT_AT_ONCE)

        async def one(planned: Sequence[Action]) -> bool:
            done = False
            for action in planned:
                async with free:
                    done |= self._is_free(action) and await self._act(action)
            return done

        return any(await asyncio.gather(*map(one, subjects.values())))

    async def _act(self, action: Action) -> bool:
        """Send a transaction; return whether it did what it is for."""
        what = subject_of(action)
        if not self.is_acting:
            if action not in self._waiting:
                self._waiting[action] = Waiting(1, 0.0)
                self.counts["planned"] += 1
                self._say(f"{what}: would call {action.function} ({action.words})")
            return False
        try:
            receipt = await self._contracts.send(
                LEDGER, action.function, *action.arguments, value=action.value
            )
        except ContractRefused as error:
            self._later(action, REFUSED_SECONDS)
            if error.error in OVER:
                # The chain has not said so yet: until it does, other proofs would fail, too.
                self._over[subject_of(action)] = asyncio.get_running_loop().time()
            self.counts["refused"] += 1
            why = "somebody, or the time, was faster: " if error.error in TOO_LATE else ""
            self._say(f"{what}: {action.function} is refused ({action.words}): {why}{error}")
            return False
        except NodeError as error:
            tried = self._later(action, 1.0)
            self.counts["failed"] += 1
            self._complain(f"{what}: {action.function} does not get through: {error}")
            if self._options.once and tried < ONCE_ATTEMPTS:
                await asyncio.sleep(tried)
                return True
            return False
        self._waiting.pop(action, None)
        self.counts[DONE[action.function]] += 1
        self._say(f"{what}: {action.function} done ({action.words}){self._loot(receipt)}")
        return True

    def _is_free(self, action: Action) -> bool:
        """Return whether nobody was faster with the subject of `action` just now."""
        since = self._over.get(subject_of(action))
        now = asyncio.get_running_loop().time()
        return since is None or now >= since + REFUSED_SECONDS

    def _loot(self, receipt: Mapping[str, Any]) -> str:
        """Return what a transaction took from somebody's bond, in words."""
        try:
            told = self._contracts.event(receipt, LEDGER, "ChallengeResolved")
        except NodeError:
            return ""
        self.slashed += told["amount"]
        return f": {in_whole(told['amount'])} slashed"

    def _later(self, action: Action, seconds: float) -> int:
        """Put an action off, longer each time; return how often it was tried."""
        tried = self._waiting[action].attempts + 1 if action in self._waiting else 1
        pause = min(seconds * 2 ** (tried - 1), LONGEST_PAUSE)
        until = asyncio.get_running_loop().time() + pause
        self._waiting[action] = Waiting(tried, until)
        return tried

    def _report(self, decision: Decision, head: Head, now: int, rules: Rules) -> None:
        for one in decision.findings:
            key = (one.subject, one.index, one.is_dataset)
            if self.findings.get(key) == one.verdict:
                continue
            if one.verdict.state is State.MISSING and not self._is_due(one, head, now, rules):
                continue
            self.findings[key] = one.verdict
            self._say(line_of(one))

    def _is_due(self, one: Finding, head: Head, now: int, rules: Rules) -> bool:
        """Return whether evidence that is not there yet is worth a line."""
        row = head.index.ledger.batches[one.subject]
        return now >= row.recorded_at + rules.patience

    def _complain(self, text: str) -> None:
        """Say what goes wrong, once in a row."""
        if text != self._complained:
            self._complained = text
            LOG.warning("%s", text)

    async def _resumed(self) -> int:
        """Return the first block whose batches are new: from the file, where it fits the chain."""
        file, since = self._options.resume, self._options.since
        if file is None or not file.exists():
            return since
        try:
            kept = json.loads(file.read_text(encoding="utf-8"))
            known = {name: kept[name] for name in ("format", "genesis", "block", "hash")}
            block = int(known["block"])
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise ConfigError(f"{file} is no watcher's file: {error}; remove it") from error
        if known["format"] != FORMAT:
            raise ConfigError(f"{file} has format {known['format']!r}: want {FORMAT}; remove it")
        found = await self._client.call("eth_getBlockByNumber", hex(block), False)
        same = found is not None and found["hash"] == known["hash"]
        if same and await self._genesis() == known["genesis"]:
            return max(since, block + 1)
        LOG.warning(
            "%s is of another chain, or of blocks that were replaced: from %d", file, since
        )
        return since

    async def _genesis(self) -> str:
        block = await self._client.call("eth_getBlockByNumber", "0x0", False)
        return str(block["hash"])

    async def _remember(self, head: Head) -> None:
        """Write how far the chain was read; a crash leaves the old file or the new one."""
        file = self._options.resume
        if file is None or head.hash == self._remembered or self._options.dry_run:
            return
        kept = {
            "format": FORMAT,
            "genesis": await self._genesis(),
            "block": head.number,
            "hash": head.hash,
        }
        await asyncio.to_thread(_replace, file, json.dumps(kept) + "\n")
        self._remembered = head.hash


def _replace(file: Path, text: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    new = file.with_name(file.name + ".new")
    new.write_text(text, encoding="utf-8")
    os.replace(new, file)
