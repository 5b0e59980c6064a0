"""Following the events of the attribution contracts on a chain that may change its mind."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from byline.derivation.receipt import Log
from byline.node.attribution.client.calls import Contracts
from byline.node.attribution.index.events import TELLING, Event, Place, events_of
from byline.node.attribution.index.index import Index, Settings, folded
from byline.node.client import CallFailed, RpcClient
from byline.node.contracts.addresses import L2_CONTRACTS
from byline.node.errors import NodeError

PAGE: Final = 10_000
"""Blocks that are asked for at once; fewer where the node finds that too many."""
ATTEMPTS: Final = 4


class NoContracts(NodeError):
    """The node is one of another chain."""


@dataclass(frozen=True, slots=True)
class Head:
    """What the contracts have told up to a block."""

    number: int
    """-1 before the first block."""
    hash: str
    timestamp: int
    index: Index


class Follower:
    """Reads what is new, and goes back where blocks were replaced.

    addresses: of the contracts, by name; first: the first block that can have their events.
    """

    def __init__(
        self,
        client: RpcClient,
        settings: Settings,
        addresses: Mapping[str, bytes] = L2_CONTRACTS,
        first: int = 0,
    ) -> None:
        self._client = client
        self._first = Head(first - 1, "", 0, Index(settings))
        self._genuine = {addresses[name]: L2_CONTRACTS[name] for name in TELLING}
        """Where a contract would stand in a genesis, as events are read."""
        self._heads: list[Head] = []

    async def read(self) -> Head:
        """Return everything up to the newest block; raises `NodeError`.

        All of it is of one chain: where blocks are replaced meanwhile it is read again.
        """
        for _ in range(ATTEMPTS):
            block = await self._block("latest")
            if block is None:
                raise NodeError(f"{self._client.url} has no newest block")
            await self._go_back()
            known = self._heads[-1] if self._heads else self._first
            if known.hash == block["hash"]:
                return known
            number, name = int(block["number"], 16), str(block["hash"])
            index = await self._read(known, number)
            same = await self._block(hex(number))
            if same is not None and same["hash"] == name:
                head = Head(number, name, _time_of(block), index)
                self._heads = thinned([*self._heads, head])
                return head
        raise NodeError(f"{self._client.url} replaces its blocks faster than they are read")

    async def now(self, head: Head) -> int:
        """Return the second that the next block would have, where the node says it.

        A chain on which nothing happens makes no blocks, and its windows end all the same.
        """
        try:
            block = await self._block("pending")
        except CallFailed:
            block = None
        return head.timestamp if block is None else max(head.timestamp, _time_of(block))

    async def _go_back(self) -> None:
        """Drop heads that are no longer of the chain."""
        while self._heads:
            known = self._heads[-1]
            block = await self._block(hex(known.number))
            if block is not None and block["hash"] == known.hash:
                return
            self._heads.pop()

    async def _block(self, number: str) -> Mapping[str, Any] | None:
        found: Mapping[str, Any] | None = await self._client.call(
            "eth_getBlockByNumber", number, False
        )
        return found

    async def _read(self, known: Head, last: int) -> Index:
        index, at, page = known.index, known.number + 1, PAGE
        while at <= last:
            end = min(at + page - 1, last)
            try:
                events = await self._events(at, end)
            except CallFailed:
                if page == 1:
                    raise
                page = max(page // 8, 1)
                continue
            index, at = folded(index, events), end + 1
        return index

    async def _events(self, first: int, last: int) -> tuple[Event, ...]:
        found = await self._client.call(
            "eth_getLogs",
            {
                "address": ["0x" + address.hex() for address in self._genuine],
                "fromBlock": hex(first),
                "toBlock": hex(last),
            },
        )
        times: dict[str, int] = {}
        for one in found:
            number = one["blockNumber"]
            if number not in times:
                times[number] = await self._time(one)
        places = [
            Place(
                int(one["blockNumber"], 16),
                times[one["blockNumber"]],
                bytes.fromhex(one["transactionHash"][2:]),
            )
            for one in found
        ]
        return tuple(events_of(map(self._log, found), places.__getitem__))

    def _log(self, found: Mapping[str, Any]) -> Log:
        return Log(
            self._genuine[bytes.fromhex(found["address"][2:])],
            tuple(bytes.fromhex(topic[2:]) for topic in found["topics"]),
            bytes.fromhex(found["data"][2:]),
        )

    async def _time(self, log: Mapping[str, Any]) -> int:
        """Return the time of a log's block; not every node says it with the log."""
        stated = log.get("blockTimestamp")
        if stated is not None:
            return int(stated, 16)
        block = await self._block(log["blockNumber"])
        if block is None:
            raise NodeError(f"{self._client.url} has no block {log['blockNumber']} any more")
        return _time_of(block)


def _time_of(block: Mapping[str, Any]) -> int:
    return int(block["timestamp"], 16)


def thinned(heads: Sequence[Head]) -> list[Head]:
    """Return the newest of `heads` and, going back, ever fewer of the others.

    Each holds tables of its own, so they must be few; and the deeper blocks are replaced, which
    is rarer, the more may be read again.
    """
    newest = heads[-1].number
    kept = {newest: heads[-1]}
    for level in range(newest.bit_length()):
        # The last heads of the two runs of 2**level blocks before the newest one's.
        for before in (1, 2):
            run = (newest >> level) - before
            found = next((head for head in reversed(heads) if head.number >> level <= run), None)
            if found is not None:
                kept[found.number] = found
    return [kept[number] for number in sorted(kept)]


async def read_settings(contracts: Contracts) -> Settings:
    """Return what the contracts were set up with; raises `NodeError` where there are none."""
    at = "0x" + contracts.addresses["InferenceLedger"].hex()
    if await contracts.client.call("eth_getCode", at, "latest") == "0x":
        raise NoContracts(f"{contracts.client.url} has no attribution contracts: is it the L2?")
    return Settings(
        await contracts.read("InferenceLedger", "challengeWindow"),
        await contracts.read("InferenceLedger", "settleWindow"),
        await contracts.read("PayoutVault", "claimWindow"),
        await contracts.read("ContributorBond", "threshold"),
        await contracts.read("ContributorBond", "limit"),
    )
