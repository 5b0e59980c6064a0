"""An execution engine on free ports, a client with a token, and a small rollup node."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import aiohttp

from byline.derivation.base_fee import extra_data_of
from byline.derivation.block import Block
from byline.derivation.config import Fork
from byline.derivation.hashing import ZERO_HASH
from byline.derivation.l1_info import l2_block_ref, system_config_of
from byline.derivation.pipeline import Pipeline
from byline.derivation.types import (
    AttributesWithParent,
    L2BlockRef,
    Need,
    PayloadAttributes,
)
from byline.node.config import NodeConfig
from byline.node.engine_api import reading, views
from byline.node.engine_api.jwt import make_token
from byline.node.engine_api.node import EngineNode, EngineSettings
from tests.integration.rollups import World, world
from tests.integration.test_rollup import deposit

T = TypeVar("T")

SECRET = bytes(range(32))
UNKNOWN = b"\x77" * 32
"""A hash that no block has."""


def run(work: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine to its end, but not for ever."""

    async def bounded() -> T:
        async with asyncio.timeout(120):
            return await work

    return asyncio.run(bounded())


class Refusal(Exception):
    """A JSON-RPC error."""

    def __init__(self, error: dict[str, Any]) -> None:
        super().__init__(f"{error['code']}: {error['message']}")
        self.code: int = error["code"]
        self.message: str = error["message"]


@dataclass
class EngineClient:
    """Speaks to one engine as a rollup node does."""

    node: EngineNode
    session: aiohttp.ClientSession

    async def post(self, body: Any, url: str | None = None) -> tuple[int, Any]:
        """Return HTTP status and JSON answer (text where it is none)."""
        headers = {
            "Authorization": f"Bearer {make_token(SECRET, int(time.time()))}",
            "Content-Type": "application/json",
        }
        url = url or self.node.engine_url
        data = json.dumps(body).encode()
        async with self.session.post(url, data=data, headers=headers) as answer:
            if answer.content_type != "application/json":
                return answer.status, await answer.text()
            return answer.status, await answer.json()

    async def call(self, method: str, *params: Any, url: str | None = None) -> Any:
        """Return the result; raises `Refusal`."""
        request = {"jsonrpc": "2.0", "id": 1, "method": method, "params": list(params)}
        status, answer = await self.post(request, url)
        assert status == 200, answer
        if "error" in answer:
            raise Refusal(answer["error"])
        return answer["result"]

    async def refused(self, method: str, *params: Any) -> Refusal:
        """Return the error of a call that must fail."""
        try:
            result = await self.call(method, *params)
        except Refusal as exc:
            return exc
        raise AssertionError(f"{method} was not refused: {result}")


@asynccontextmanager
async def serving(here: World, data_dir: Path | None = None) -> AsyncIterator[EngineClient]:
    """Run an empty engine for the L2 of `here`; it shares nothing but the rollup config."""
    settings = EngineSettings(
        rollup_config=here.rollup.engine.config,
        secret=SECRET,
        l2_port=0,
        engine_port=0,
        data_dir=data_dir,
    )
    async with EngineNode(settings) as node, aiohttp.ClientSession() as session:
        yield EngineClient(node, session)


def forkchoice(head: bytes, safe: bytes = ZERO_HASH, finalized: bytes = ZERO_HASH) -> Any:
    return {
        "headBlockHash": "0x" + head.hex(),
        "safeBlockHash": "0x" + safe.hex(),
        "finalizedBlockHash": "0x" + finalized.hex(),
    }


def attributes_json(attributes: PayloadAttributes) -> dict[str, Any]:
    """Return attributes as op-node writes them, `minBaseFee` as a plain number."""
    found = {
        "timestamp": hex(attributes.timestamp),
        "prevRandao": "0x" + attributes.prev_randao.hex(),
        "suggestedFeeRecipient": "0x" + attributes.suggested_fee_recipient.hex(),
        "withdrawals": [],
        "parentBeaconBlockRoot": "0x" + attributes.parent_beacon_block_root.hex(),
        "transactions": ["0x" + raw.hex() for raw in attributes.transactions],
        "noTxPool": attributes.no_tx_pool,
        "gasLimit": hex(attributes.gas_limit),
        "eip1559Params": "0x" + attributes.eip1559_params.hex(),
    }
    if attributes.min_base_fee is not None:
        found["minBaseFee"] = attributes.min_base_fee
    return found


@dataclass
class OpNode:
    """Derives from the L1 of a rollup and has an engine execute, over the Engine API alone."""

    here: World
    client: EngineClient
    blocks: dict[bytes, Block] = field(default_factory=dict)
    canonical: dict[int, L2BlockRef] = field(default_factory=dict)
    built: int = 0
    confirmed: int = 0
    replaced: int = 0
    """Payloads that the engine refused and that became deposits-only."""

    def __post_init__(self) -> None:
        engine = self.here.rollup.engine
        self.config = engine.config
        genesis = engine.block(self.config.genesis.l2.hash)
        self.unsafe = self.safe = self.finalized = self.learn(genesis)
        self.pipeline = Pipeline(self.config, self.canonical.get)
        first = self.here.rollup.l1.block(self.config.genesis.l1.number)
        assert first is not None
        self.pipeline.reset(first, self.config.genesis.system_config)

    def learn(self, block: Block) -> L2BlockRef:
        """Take a block as the canonical one at its height."""
        ref = l2_block_ref(block, self.config)
        self.blocks[ref.hash] = block
        self.canonical = {n: one for n, one in self.canonical.items() if n < ref.number}
        self.canonical[ref.number] = ref
        return ref

    def version(self, timestamp: int) -> int:
        """Return the version of getPayload and newPayload."""
        return 4 if self.config.active(Fork.ISTHMUS, timestamp) else 3

    async def choose(self, attributes: PayloadAttributes | None = None) -> Any:
        """Send the heads, and perhaps what to build on the unsafe one."""
        state = forkchoice(self.unsafe.hash, self.safe.hash, self.finalized.hash)
        wanted = None if attributes is None else attributes_json(attributes)
        answer = await self.client.call("engine_forkchoiceUpdatedV3", state, wanted)
        assert answer["payloadStatus"]["status"] == "VALID", answer
        assert answer["payloadStatus"]["latestValidHash"] == "0x" + self.unsafe.hash.hex()
        return answer["payloadId"]

    async def build(self, attributes: PayloadAttributes) -> L2BlockRef:
        """Build a block on the unsafe head and make it the new one."""
        name = await self.choose(attributes)
        version = self.version(attributes.timestamp)
        envelope = await self.client.call(f"engine_getPayloadV{version}", name)
        return await self.insert(envelope["executionPayload"], envelope["parentBeaconBlockRoot"])

    async def insert(self, payload: Any, beacon_root: str) -> L2BlockRef:
        """Hand a payload to the engine and make it the unsafe head."""
        answer = await self.new_payload(payload, beacon_root)
        assert answer["status"] == "VALID", answer
        block = reading.payload(payload).block(bytes.fromhex(beacon_root[2:]))
        self.unsafe = self.learn(block)
        await self.choose()
        return self.unsafe

    async def new_payload(self, payload: Any, beacon_root: str) -> Any:
        """Return the verdict on a payload."""
        version = self.version(int(payload["timestamp"], 16))
        more: list[Any] = [[], beacon_root, []][: version - 1]
        return await self.client.call(f"engine_newPayloadV{version}", payload, *more)

    async def gossip(self, block: Block) -> L2BlockRef:
        """Hand over a block of the rollup's own sequencer, as if it came from a peer."""
        return await self.insert(*self.payload_of(block))

    def payload_of(self, block: Block) -> tuple[Any, str]:
        """Return a block as newPayload takes it."""
        isthmus = self.config.active(Fork.ISTHMUS, block.header.timestamp)
        root = block.header.parent_beacon_root or ZERO_HASH
        return views.payload(block, isthmus=isthmus), "0x" + root.hex()

    async def derive(self) -> None:
        """Read the L1 to its end."""
        while True:
            config = system_config_of(self.blocks[self.safe.hash], self.config)
            found = self.pipeline.step(self.safe, config)
            if isinstance(found, Need):
                origin = self.pipeline.origin
                assert origin is not None
                following = self.here.rollup.l1.block(origin.number + 1)
                if following is None:
                    return
                self.pipeline.provide(following)
            else:
                await self._apply(found)

    async def _apply(self, found: AttributesWithParent) -> None:
        known = self.canonical.get(found.parent.number + 1)
        if known is not None and self._same(self.blocks[known.hash], found.attributes):
            self.confirmed += 1
        else:
            self.unsafe = found.parent
            known = await self._execute(found)
            self.built += 1
        self.safe = self.finalized = known
        await self.choose()

    async def _execute(self, found: AttributesWithParent) -> L2BlockRef:
        try:
            return await self.build(found.attributes)
        except Refusal as exc:
            if exc.code != -38003:
                raise
        self.replaced += 1
        return await self.build(self.pipeline.deposits_only(found).attributes)

    def _same(self, block: Block, attributes: PayloadAttributes) -> bool:
        header = block.header
        return (
            header.timestamp == attributes.timestamp
            and header.mix_hash == attributes.prev_randao
            and header.gas_limit == attributes.gas_limit
            and header.parent_beacon_root == attributes.parent_beacon_block_root
            and header.extra_data == extra_data_of(attributes, self.config)
            and [tx.raw for tx in block.transactions] == list(attributes.transactions)
        )


def driven(
    here: World, story: Callable[[OpNode, EngineClient], Awaitable[None]], **options: Any
) -> None:
    """Tell `story` to a fresh engine and a fresh rollup node."""

    async def tell() -> None:
        async with serving(here, **options) as client:
            await story(OpNode(here, client), client)

    run(tell())


def blocks_of(here: World) -> list[Block]:
    """Return the L2 blocks of a rollup after genesis."""
    engine = here.rollup.engine
    found = [engine.chain.canonical_block(n) for n in range(1, engine.heads.unsafe.number + 1)]
    return [block for block in found if block is not None]


def busy(settings: NodeConfig | None = None) -> World:
    """Return a rollup with transfers, a contract, deposits, and a clock jump, all posted."""
    here = world(settings)
    for number in range(6):
        here.send("l2", value=number)
        if number == 2:
            deposit(here, 10**15)
            here.clock.advance(3_000)
    here.send("l2", to=None, data=bytes.fromhex("600160005560016000a000"), gas=200_000)
    here.rollup.flush()
    return here


def next_attributes(here: World) -> PayloadAttributes:
    """Return what the rollup's sequencer would build next."""
    return here.rollup.sequencer.plan().attributes


async def head_number(client: EngineClient, tag: str = "latest") -> int:
    block = await client.call("eth_getBlockByNumber", tag, False)
    return int(block["number"], 16)


def attributes_of(block: Block) -> PayloadAttributes:
    header = block.header
    return PayloadAttributes(
        timestamp=header.timestamp,
        prev_randao=header.mix_hash,
        suggested_fee_recipient=header.coinbase,
        transactions=tuple(tx.raw for tx in block.transactions),
        no_tx_pool=True,
        gas_limit=header.gas_limit,
        parent_beacon_block_root=header.parent_beacon_root or bytes(32),
        eip1559_params=header.extra_data[1:9],
        min_base_fee=int.from_bytes(header.extra_data[9:], "big"),
    )
