"""A paid endpoint and its operator together, over one journal."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from aiohttp import web

from byline.node.attribution.client.client import AttributionClient
from byline.node.attribution.corpus import Corpus
from byline.node.attribution.dataset import Dataset
from byline.node.attribution.serving.book import PaymentBook
from byline.node.attribution.serving.bounds import DEFAULT_BOUNDS, Bounds
from byline.node.attribution.serving.chain import ClientChain, check_served
from byline.node.attribution.serving.endpoint import PaidEndpoint
from byline.node.attribution.serving.journal import Journal
from byline.node.attribution.serving.models import Model, RetrievalModel
from byline.node.attribution.serving.operator import DEFAULT_SETTINGS, Operator, OperatorSettings
from byline.node.attribution.serving.store import ReceiptStore
from byline.node.contracts.addresses import L2_CONTRACTS
from byline.node.errors import NodeError, PortBusy
from byline.rpc.http_log import HTTP_LOG

JOURNAL: Final = "receipts.journal"
END_SECONDS: Final = 3.0
"""That requests which are being answered get when the service ends."""


@dataclass(frozen=True, slots=True)
class ServiceSettings:
    """What is served, and where."""

    l2: str
    """URL of the L2's JSON-RPC."""
    key: bytes
    """Of the model's operator; 32 bytes."""
    model: int
    datasets: tuple[Dataset, ...]
    """At least those that the model is made of."""
    folder: Path
    """Where the journal is kept."""
    addresses: Mapping[str, bytes] = field(default_factory=lambda: L2_CONTRACTS)
    """Of the contracts, by name."""
    host: str = "127.0.0.1"
    port: int = 0
    """0 takes a free one."""
    bounds: Bounds = DEFAULT_BOUNDS
    operator: OperatorSettings = DEFAULT_SETTINGS


def _silent(_: str) -> None:
    pass


class PaidService:
    """Serves and records until its context ends; an async context manager.

    answers: makes the model from the corpus; without it the best sentences are looked up.
    say: told each step of the operator.  Raises `NodeError` at entry for a model that this
    account may not serve, `JournalHeld` and `Corrupt` for the journal, `PortBusy`.
    """

    def __init__(
        self,
        settings: ServiceSettings,
        answers: Callable[[Corpus], Model] | None = None,
        say: Callable[[str], None] = _silent,
    ) -> None:
        self.settings = settings
        self._answers = answers
        self._say = say
        self._stack = AsyncExitStack()
        self.client: AttributionClient
        self.store: ReceiptStore
        self.operator: Operator
        self._operating: asyncio.Task[None]
        self.url = ""
        """Of the endpoint, once it serves."""

    async def __aenter__(self) -> Self:
        async with AsyncExitStack() as stack:
            await self._start(stack)
            self._stack = stack.pop_all()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._stack.aclose()

    async def _start(self, stack: AsyncExitStack) -> None:
        settings = self.settings
        self.client = await stack.enter_async_context(
            AttributionClient(settings.l2, settings.key, settings.addresses)
        )
        model = await self.client.model(settings.model)
        corpus = await check_served(self.client, model, settings.datasets)
        journal = stack.enter_context(Journal(settings.folder / JOURNAL))
        book = PaymentBook(self.client.domain, settings.bounds)
        kept = journal.fill(book)
        self._say(f"journal {journal.path}: {kept} receipts, {len(book.pending())} to record")
        self.store = ReceiptStore(book, journal)
        self.operator = Operator(
            self.client, settings.model, self.store, settings.operator, self._say
        )
        if self._answers is None:
            answers: Model = await asyncio.to_thread(RetrievalModel, corpus.datasets)
        else:
            answers = await asyncio.to_thread(self._answers, corpus)
        chain = ClientChain(self.client, settings.model)
        endpoint = PaidEndpoint(chain, settings.model, corpus, answers, self.store)
        self.url = await _serve(stack, endpoint.application(), settings.host, settings.port)
        stop = asyncio.Event()
        self._operating = asyncio.create_task(self.operator.run(stop))
        stack.push_async_callback(_end, stop, self._operating)

    async def wait(self, stop: asyncio.Event) -> None:
        """Serve until `stop` is set; raises what ended the operator, if anything did."""
        stopping = asyncio.create_task(stop.wait())
        try:
            await asyncio.wait((stopping, self._operating), return_when=asyncio.FIRST_COMPLETED)
        finally:
            stopping.cancel()
        if self._operating.done():
            self._operating.result()


async def _serve(stack: AsyncExitStack, app: web.Application, host: str, port: int) -> str:
    runner = web.AppRunner(app, access_log=None, logger=HTTP_LOG, shutdown_timeout=END_SECONDS)
    await runner.setup()
    stack.push_async_callback(runner.cleanup)
    try:
        await web.TCPSite(runner, host, port).start()
    except OSError as error:
        raise PortBusy(f"{host}:{port} cannot be listened on: {error.strerror}") from error
    taken = runner.addresses[0][1]
    if not isinstance(taken, int):
        raise NodeError(f"no port at {host}")
    return f"http://{host}:{taken}"


async def _end(stop: asyncio.Event, task: asyncio.Task[None]) -> None:
    """Let the operator finish the step that it is at."""
    stop.set()
    await asyncio.wait([task])
