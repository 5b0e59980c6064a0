"""A watcher follows the events of a chain that replaces its blocks, to the last event."""

from __future__ import annotations

import asyncio
import itertools
from dataclasses import dataclass, field
from typing import Any

import pytest
from eth_abi.abi import encode
from hypothesis import given, settings
from hypothesis import strategies as st

from byline.derivation.hashing import keccak256
from byline.node.attribution.index.index import Settings
from byline.node.attribution.watching.following import Follower, Head, thinned
from byline.node.client import CallFailed, RpcClient
from byline.node.contracts.addresses import INFERENCE_LEDGER
from byline.node.errors import NodeError

SETTINGS = Settings(600, 3600, 7776000, 100, 500)
PAYER = b"\x21" * 20
DEPOSITED = keccak256(b"PrepaidDeposited(address,address,uint256)")


@dataclass(frozen=True)
class Block:
    """A block in which somebody paid in, or nobody."""

    hash: str
    amount: int


@dataclass
class Chain(RpcClient):
    """A node whose newest blocks a test replaces, between two calls if it likes."""

    blocks: list[Block] = field(default_factory=list)
    made: int = 0
    most: int = 10**6
    """Blocks of which it gives the logs at once."""
    surprises: list[int] = field(default_factory=list)
    """Blocks to replace before each of the next answers."""
    pending: dict[str, str] | CallFailed | None = None
    """What it answers of the block that is to come."""
    url: str = "http://node.test"

    def grow(self, *amounts: int) -> None:
        for amount in amounts:
            self.made += 1
            self.blocks.append(Block(f"0x{self.made:064x}", amount))

    def replace(self, depth: int, *amounts: int) -> None:
        del self.blocks[max(len(self.blocks) - depth, 1) :]
        self.grow(*amounts)

    @property
    def paid(self) -> int:
        return sum(block.amount for block in self.blocks)

    async def call(self, method: str, *params: Any) -> Any:
        if self.surprises and (depth := self.surprises.pop(0)):
            self.replace(depth, *range(depth))
        if params[0] == "pending":
            if isinstance(self.pending, CallFailed):
                raise self.pending
            return self.pending
        if method == "eth_getBlockByNumber":
            number = len(self.blocks) - 1 if params[0] == "latest" else int(params[0], 16)
            return self._block(number) if number < len(self.blocks) else None
        assert method == "eth_getLogs"
        first, last = int(params[0]["fromBlock"], 16), int(params[0]["toBlock"], 16)
        if last - first >= self.most:
            raise CallFailed(method, -32005, "too many blocks")
        found = range(first, min(last + 1, len(self.blocks)))
        return [self._log(number) for number in found if self.blocks[number].amount]

    def _block(self, number: int) -> dict[str, str]:
        block = self.blocks[number]
        return {"number": hex(number), "hash": block.hash, "timestamp": hex(1000 + 2 * number)}

    def _log(self, number: int) -> dict[str, Any]:
        return {
            "address": "0x" + INFERENCE_LEDGER.hex(),
            "topics": ["0x" + DEPOSITED.hex(), *["0x" + (bytes(12) + PAYER).hex()] * 2],
            "data": "0x" + encode(["uint256"], [self.blocks[number].amount]).hex(),
            "blockNumber": hex(number),
            "transactionHash": self.blocks[number].hash,
        }


def paid(head: Head) -> int:
    return head.index.ledger.prepaid.get(PAYER, 0)


@given(data=st.data())
@settings(max_examples=60, deadline=None)
def test_what_was_read_is_always_the_chain(data: st.DataObject) -> None:
    chain = Chain(most=data.draw(st.sampled_from([1, 3, 10**6])))
    chain.grow(0, 5, 0, 7)
    follower = Follower(chain, SETTINGS)

    async def play() -> None:
        for _ in range(data.draw(st.integers(1, 8))):
            amounts = data.draw(st.lists(st.integers(0, 9), max_size=12))
            if data.draw(st.booleans()):
                chain.replace(data.draw(st.integers(1, 20)), *amounts)
            else:
                chain.grow(*amounts)
            chain.surprises = data.draw(st.lists(st.sampled_from([0, 0, 0, 1, 4]), max_size=12))
            try:
                head = await follower.read()
            except NodeError:
                continue  # its blocks were replaced faster than they were read
            finally:
                late, chain.surprises = chain.surprises, []
            assert head.number < len(chain.blocks)
            assert head.hash == chain.blocks[head.number].hash
            assert paid(head) == sum(block.amount for block in chain.blocks[: head.number + 1])
            del late
        head = await follower.read()
        assert (head.number, paid(head)) == (len(chain.blocks) - 1, chain.paid)
        assert head.timestamp == 1000 + 2 * head.number

    asyncio.run(play())


def test_blocks_that_never_rest_are_said() -> None:
    chain = Chain(surprises=[1] * 100)
    chain.grow(0, 1, 2)
    with pytest.raises(NodeError, match="replaces its blocks faster"):
        asyncio.run(Follower(chain, SETTINGS).read())


def test_a_node_that_refuses_a_single_block_is_said() -> None:
    chain = Chain(most=0)
    chain.grow(0, 1, 2)
    with pytest.raises(CallFailed, match="too many blocks"):
        asyncio.run(Follower(chain, SETTINGS).read())


@pytest.mark.parametrize(
    ("pending", "now"),
    [
        (None, 1004),
        (CallFailed("eth_getBlockByNumber", -32602, "no such tag"), 1004),
        ({"timestamp": hex(1003)}, 1004),
        ({"timestamp": hex(1600)}, 1600),
    ],
)
def test_the_time_is_that_of_the_next_block_where_the_node_says_it(
    pending: dict[str, str] | CallFailed | None, now: int
) -> None:
    chain = Chain(pending=pending)
    chain.grow(0, 1, 2)
    follower = Follower(chain, SETTINGS)

    async def play() -> int:
        return await follower.now(await follower.read())

    assert asyncio.run(play()) == now


def test_heads_are_few_and_reach_back_far() -> None:
    chain = Chain()
    chain.grow(0)
    follower = Follower(chain, SETTINGS)
    index = asyncio.run(follower.read()).index
    heads: list[Head] = []
    for number in range(5_000):
        heads = thinned([*heads, Head(number, str(number), 0, index)])
    assert len(heads) < 28
    distances = [heads[-1].number - head.number for head in reversed(heads)]
    assert distances[:2] == [0, 1]
    assert distances[-1] > 1_000
    pairs = itertools.pairwise(distances[1:])
    assert all(further <= 4 * near for near, further in pairs), distances
