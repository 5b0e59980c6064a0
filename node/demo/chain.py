"""The chain's side of the demo: transactions, views, events, deposits, time.

Everything goes through JSON-RPC, as a user's program would.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from byline.node.accounts import DevAccount
from byline.node.client import CallFailed, RpcClient, Wallet
from byline.node.contracts.addresses import L2_CONTRACTS, OPEN_TOKEN, OPTIMISM_PORTAL
from byline.node.contracts.calls import Interface
from byline.node.errors import NodeError

DEPOSIT_GAS: Final = 150_000


@dataclass(frozen=True, slots=True)
class Cost:
    """What one or more transactions took."""

    transactions: int = 0
    gas: int = 0
    l1_fee: int = 0
    fees: int = 0
    """Wei in all: L2 gas and L1 fee."""

    def __add__(self, other: Cost) -> Cost:
        return Cost(
            self.transactions + other.transactions,
            self.gas + other.gas,
            self.l1_fee + other.l1_fee,
            self.fees + other.fees,
        )


@dataclass(frozen=True, slots=True)
class Event:
    """A log of one of the attribution contracts."""

    contract: str
    name: str
    fields: Mapping[str, Any]
    """Addresses are bytes."""


@dataclass(frozen=True, slots=True)
class Sent:
    """A transaction of the L2 that succeeded."""

    block: int
    cost: Cost
    events: tuple[Event, ...]

    def one(self, name: str) -> Mapping[str, Any]:
        """Return the fields of the only event of that name; `NodeError` if there is not one."""
        found = [event.fields for event in self.events if event.name == name]
        if len(found) != 1:
            raise NodeError(f"{len(found)} events {name} in one transaction: want 1")
        return found[0]


class Chain:
    """Both ports of a devnet."""

    def __init__(self, l1: RpcClient, l2: RpcClient) -> None:
        self.l1, self.l2 = l1, l2

    async def send(
        self,
        account: DevAccount,
        contract: str,
        function: str,
        *arguments: Any,
        value: int = 0,
    ) -> Sent:
        """Call a contract of genesis by a transaction; raises `NodeError` when it fails."""
        data = interface(contract).call(function, *arguments)
        wallet = Wallet(self.l2, account)
        try:
            receipt = await wallet.send(L2_CONTRACTS[contract], data, value)
        except CallFailed as error:
            raise NodeError(f"{contract}.{function}: {error} {error.data or ''}") from None
        return Sent(
            int(receipt["blockNumber"], 16), _cost(receipt), tuple(read_events(receipt["logs"]))
        )

    async def view(self, contract: str, function: str, *arguments: Any) -> Any:
        """Return what a view of a contract of genesis answers now."""
        face = interface(contract)
        call = {
            "to": "0x" + L2_CONTRACTS[contract].hex(),
            "data": "0x" + face.call(function, *arguments).hex(),
        }
        output = await self.l2.call("eth_call", call, "latest")
        return face.result(function, bytes.fromhex(output[2:]))

    async def balance(self, contract: str) -> int:
        """Return the wei that a contract holds."""
        address = "0x" + L2_CONTRACTS[contract].hex()
        return await self.l2.number("eth_getBalance", address, "latest")

    async def approve(self, account: DevAccount, amount: int) -> None:
        """Let the portal take so much OPEN of an L1 account."""
        call = Interface.of("OpenToken").call("approve", OPTIMISM_PORTAL, amount)
        await Wallet(self.l1, account).send(OPEN_TOKEN, call)

    async def deposit(
        self, account: DevAccount, to: bytes, amount: int, data: bytes = b""
    ) -> None:
        """Send OPEN of the L1 to an L2 account or contract, with a call's data."""
        call = Interface.of("OptimismPortal").call(
            "depositERC20Transaction", to, amount, amount, DEPOSIT_GAS, False, data
        )
        await Wallet(self.l1, account).send(OPTIMISM_PORTAL, call)

    async def now(self) -> int:
        """Return the timestamp of the newest L2 block."""
        block = await self.l2.call("eth_getBlockByNumber", "latest", False)
        return int(block["timestamp"], 16)

    async def travel(self, seconds: int) -> None:
        """Let so many seconds pass on both chains."""
        await self.l2.call("evm_increaseTime", hex(seconds))
        await self.l2.call("evm_mine")

    async def events(self) -> tuple[Event, ...]:
        """Return every event of the attribution contracts, in order."""
        addresses = ["0x" + L2_CONTRACTS[name].hex() for name in EMITTING]
        wanted = {"fromBlock": "0x0", "toBlock": "latest", "address": addresses}
        return tuple(read_events(await self.l2.call("eth_getLogs", wanted)))

    async def block(self, number: int) -> dict[str, Any]:
        """Return the header of an L2 block as JSON-RPC tells it."""
        found: dict[str, Any] = await self.l2.call("eth_getBlockByNumber", hex(number), False)
        return found


EMITTING: Final = (
    "AttributionRegistry",
    "FeePolicy",
    "ContributorBond",
    "StakePool",
    "InferenceLedger",
    "PayoutVault",
)
"""The attribution contracts that have events."""


@cache
def interface(contract: str) -> Interface:
    """Return the interface of a built-in contract, read once."""
    return Interface.of(contract)


def read_events(logs: Sequence[Mapping[str, Any]]) -> Iterator[Event]:
    """Yield the events among logs as JSON-RPC has them; other contracts' are left out."""
    for log in logs:
        topics = [bytes.fromhex(topic[2:]) for topic in log["topics"]]
        address = bytes.fromhex(log["address"][2:])
        found = _events().get((address, topics[0])) if topics else None
        if found is not None:
            contract, name = found
            fields = interface(contract).event(name, topics, bytes.fromhex(log["data"][2:]))
            yield Event(contract, name, {key: _plain(value) for key, value in fields.items()})


@cache
def _events() -> dict[tuple[bytes, bytes], tuple[str, str]]:
    return {
        (L2_CONTRACTS[contract], interface(contract).topic(entry["name"])): (
            contract,
            entry["name"],
        )
        for contract in EMITTING
        for entry in interface(contract).artifact.abi
        if entry["type"] == "event"
    }


def _plain(value: Any) -> Any:
    """Return an address, which the ABI decoder gives as hex, as bytes."""
    if isinstance(value, str) and value.startswith("0x") and len(value) == 42:
        return bytes.fromhex(value[2:])
    return value


def _cost(receipt: Mapping[str, Any]) -> Cost:
    gas, l1_fee = int(receipt["gasUsed"], 16), int(receipt["l1Fee"], 16)
    return Cost(1, gas, l1_fee, gas * int(receipt["effectiveGasPrice"], 16) + l1_fee)
