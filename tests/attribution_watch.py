"""A devnet with a model, an operator who may lie, and watchers that run beside it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from byline.node.accounts import DevAccount, dev_account
from byline.node.attribution.client.calls import Contracts
from byline.node.attribution.client.client import AttributionClient
from byline.node.attribution.client.values import (
    AnsweredRecord,
    BatchStatus,
    FeeTerms,
    ModelTerms,
)
from byline.node.attribution.dataset import Dataset
from byline.node.attribution.encoding import Points, encode_evidence
from byline.node.attribution.folder import save_dataset
from byline.node.attribution.proof.faults import Reason
from byline.node.attribution.receipts import InferenceReceipt, SignedReceipt
from byline.node.attribution.tokens import encode_tokens, tokenize
from byline.node.attribution.watching.evidence import EvidenceFolder
from byline.node.attribution.watching.watcher import Options, Watcher
from byline.node.client import RpcClient
from byline.node.contracts.addresses import L2_CONTRACTS
from tests.properties.attribution_records import Case, honest_case
from tests.properties.test_attribution_faults import MUTATIONS, example

OPERATOR, PAYER, WATCHER, OTHER_WATCHER, POOR = map(dev_account, range(1, 6))
REQUEST = b"\x05" * 32
PAST = 700
"""Seconds: longer than a challenge window."""


@dataclass
class Town:
    """A model whose operator records whatever it is told to, and the files beside the chain."""

    client: AttributionClient
    folder: Path
    model: int = 0
    nonce: int = 0
    shown: dict[bytes, list[Any]] = field(default_factory=dict)

    @property
    def datasets(self) -> Path:
        return self.folder / "datasets"

    @property
    def evidence(self) -> Path:
        return self.folder / "evidence"

    async def register(self, dataset: Dataset, keep: bool = True) -> int:
        """Register a dataset as it is; its content is in the folder of datasets."""
        if keep:
            save_dataset(dataset, self.datasets / f"dataset-{dataset.id}")
        number = await self.client.register_built(dataset)
        assert number == dataset.id
        return number

    async def begin(self, case: Case) -> None:
        """Register the model of a case, and let everybody pay in."""
        for folder in (self.datasets, self.evidence):
            folder.mkdir(parents=True, exist_ok=True)
        for dataset in case.corpus.datasets:
            await self.register(dataset)
        policy = await self.client.create_policy(FeeTerms(0, 0, b"\x70" * 20))
        ids = tuple(dataset.id for dataset in case.corpus.datasets)
        self.model = await self.client.register_model(
            ModelTerms(
                ids,
                policy,
                min_length=case.corpus.min_length,
                fallback=case.corpus.fallback,
            )
        )
        await self.client.bond(10**18)
        await self.client.deposit(10**18, PAYER.address)

    async def record(
        self, cases: Sequence[Case], payouts: Points | None = None, show: bool = True
    ) -> int:
        """Record what the cases say, true or not; `show` it beside the chain."""
        deadline = await self.client.contracts.now() + 10**6
        receipts = [self.signed(case, deadline) for case in cases]
        if show:
            for case, receipt in zip(cases, receipts, strict=True):
                self.show(case, receipt.receipt.req_hash)
        points = [case.points for case in cases] if payouts is None else [payouts]
        return await self.client.record_batch(self.model, receipts, points)

    def signed(self, case: Case, deadline: int) -> SignedReceipt:
        self.nonce += 1
        record = case.record
        receipt = InferenceReceipt(
            PAYER.address,
            self.model,
            self.nonce,
            self.nonce.to_bytes(32, "big"),
            record.out_hash,
            record.fee,
            deadline,
        )
        signature = receipt.sign(self.client.domain, PAYER.key)
        roots = (record.evidence_root, record.weights_root)
        return SignedReceipt(receipt, *roots, record.tokens_in, record.tokens_out, signature)

    def show(self, case: Case, request: bytes) -> None:
        """Put the evidence of a case where watchers look for it."""
        shown = {
            "output": "0x" + encode_tokens(case.output).hex(),
            "evidence": "0x" + encode_evidence(case.leaves).hex(),
        }
        path = self.evidence / f"0x{request.hex()}.json"
        path.write_text(json.dumps({"records": [shown]}))

    async def later(self, seconds: int = PAST) -> None:
        """Move the clock on, and make a block that shows it."""
        await self.client.rpc.call("evm_increaseTime", seconds)
        await self.client.rpc.call("evm_mine")

    async def status(self, batch: int) -> BatchStatus:
        return (await self.client.batch(batch)).status

    async def convictions(self) -> list[tuple[int, int]]:
        """Return subject and kind of everything that was proven."""
        logs = await self.client.contracts.logs("InferenceLedger", "Challenged")
        return [(log.fields["subject"], log.fields["kind"]) for log in logs]


def lie(reason: Reason) -> Case:
    """Return the example with one lie of that sort."""
    mutate: Callable[[Case], Case] = next(one for one, what in MUTATIONS if what is reason)
    return mutate(example())


async def show_on_chain(place: Town, batch: int, case: Case, index: int = 0) -> None:
    """Publish what is behind a record."""
    answered = AnsweredRecord(case.record, case.output, case.leaves, case.points)
    await place.client.publish(batch, index, answered)


@asynccontextmanager
async def town(
    url: str, folder: Path, case: Case, addresses: Mapping[str, bytes] = L2_CONTRACTS
) -> AsyncIterator[Town]:
    """Run a client of the operator's, and register what the case is about."""
    async with AttributionClient(url, OPERATOR.key, addresses) as client:
        made = Town(client, folder)
        await made.begin(case)
        yield made


@dataclass
class Running:
    """A watcher, what it has said, and its work."""

    watcher: Watcher
    lines: list[str]
    stop: asyncio.Event
    task: asyncio.Task[bool]

    async def until(self, reached: Callable[[], Awaitable[bool]], seconds: float = 60) -> None:
        """Wait until something is so; the watcher's failure is the test's."""
        deadline = asyncio.get_running_loop().time() + seconds
        while not await reached():
            if self.task.done():
                self.task.result()
            assert asyncio.get_running_loop().time() < deadline, self.lines
            await asyncio.sleep(0.05)

    async def end(self) -> bool:
        self.stop.set()
        return await asyncio.wait_for(self.task, 30)


@asynccontextmanager
async def watching(
    place: Town, account: DevAccount | None = WATCHER, url: str | None = None, **options: Any
) -> AsyncIterator[Running]:
    """Run a watcher beside the town."""
    lines: list[str] = []
    async with AsyncExitStack() as stack:
        client = await stack.enter_async_context(RpcClient(url or place.client.rpc.url))
        chosen = {
            "data": place.datasets,
            "evidence": (EvidenceFolder(place.evidence),),
            "poll": 0.05,
            "look": 0.05,
        }
        settings = Options(**{**chosen, **options})
        watcher = Watcher(
            client,
            Contracts(client, account, place.client.contracts.addresses),
            settings,
            lines.append,
        )
        stop = asyncio.Event()
        task = asyncio.create_task(watcher.run(stop))
        try:
            yield Running(watcher, lines, stop, task)
        finally:
            stop.set()
            with suppress(asyncio.CancelledError):
                await asyncio.wait_for(task, 30)


async def caught(place: Town, batch: int, watcher: Running) -> None:
    """Wait until a batch is void."""

    async def is_void() -> bool:
        return await place.status(batch) is BatchStatus.VOID

    await watcher.until(is_void)


def texts(count: int) -> list[Case]:
    """Return so many honest cases, no two of the same output."""
    words = [
        "quick",
        "brown",
        "fox",
        "jumps",
        "over",
        "lazy",
        "dogs",
        "sleep",
        "all",
        "day",
        "the",
        "now",
    ]
    made = []
    for at in range(count):
        picked = [words[(at * step + at // 3) % len(words)] for step in range(1, 8)]
        output = tokenize(" ".join([*picked, "quick brown fox jumps", f"unheard{at}"]))
        made.append(honest_case(example().corpus, output, 10**12 + at))
    return made
