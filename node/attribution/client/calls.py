"""Calls of the attribution contracts over JSON-RPC, and their refusals by name."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from eth_abi.exceptions import EncodingError

from byline.node.accounts import DevAccount
from byline.node.client import CallFailed, RpcClient, Wallet
from byline.node.contracts.addresses import L2_CONTRACTS
from byline.node.contracts.calls import Interface
from byline.node.errors import NodeError

CONTRACTS: Final = (
    "AttributionRegistry",
    "FeePolicy",
    "ContributorBond",
    "StakePool",
    "InferenceLedger",
    "PayoutVault",
    "ChallengeVerifier",
    "PayoutVerifier",
    "AttributionMath",
    "AttributionEvidence",
)
"""Whose errors may come back; contracts pass on those of others that they call."""

MOST_GAS: Final = 2**24
"""Of one transaction (EIP-7825)."""
EMPTIED_GAS: Final = 2 * 17_100
"""On top of an estimate, for two slots that others set to 0 before the transaction comes to it:
to fill one costs 17,100 more than to change it (EIP-2200, EIP-2929).  What is not used is paid
back.
"""


class ContractRefused(NodeError):
    """A contract reverted with an error that it declares."""

    def __init__(
        self, contract: str, function: str, error: str, arguments: Mapping[str, Any]
    ) -> None:
        shown = ", ".join(f"{name}={_shown(value)}" for name, value in arguments.items())
        super().__init__(f"{contract}.{function}: {error}({shown})")
        self.contract = contract
        self.function = function
        self.error = error
        self.arguments = dict(arguments)


@dataclass(frozen=True, slots=True)
class Log:
    """An event of a contract."""

    block: int
    transaction: str
    """Hash, in hex."""
    fields: Mapping[str, Any]


class Contracts:
    """The attribution contracts of the chain behind a client.

    account: who signs; reading needs none.
    addresses: where they stand, by name; those of genesis unless told otherwise.
    """

    def __init__(
        self,
        client: RpcClient,
        account: DevAccount | None = None,
        addresses: Mapping[str, bytes] = L2_CONTRACTS,
    ) -> None:
        self.client = client
        self.account = account
        self.addresses = addresses
        # An account signs and sends one at a time: two would take the same nonce.
        self._sending = asyncio.Lock()
        self._found: set[str] = set()

    @property
    def address(self) -> bytes:
        """Who signs: 20 bytes; `NodeError` where nobody does."""
        if self.account is None:
            raise NodeError("this client only reads: give it a key to send transactions")
        return self.account.address

    async def read(self, contract: str, function: str, *arguments: Any) -> Any:
        """Return what a view answers now.

        Raises `ContractRefused`, or `NodeError` where the node does not answer.
        """
        face = interface(contract)
        request = self._request(contract, _encoded(contract, function, arguments), 0)
        with _naming(contract, function):
            answer = await self.client.call("eth_call", request, "latest")
        if answer == "0x":
            raise self._missing(contract)
        return face.result(function, bytes.fromhex(answer[2:]))

    async def send(
        self, contract: str, function: str, *arguments: Any, value: int = 0
    ) -> Mapping[str, Any]:
        """Send a transaction and return its receipt; raises `ContractRefused`, `NodeError`."""
        data = _encoded(contract, function, arguments)
        await self._find(contract)
        to, wallet = self.addresses[contract], Wallet(self.client, self._signer())
        request = self._request(contract, data, value)
        async with self._sending:
            with _naming(contract, function):
                # On the next block: what a time has passed for is not so in the newest one.
                needed = await self.client.number("eth_estimateGas", request, "pending")
            gas = min(needed * 12 // 10 + EMPTIED_GAS, max(needed, MOST_GAS))
            tx = await wallet.sign(to, data, value, gas)
            sent = await self.client.call("eth_sendRawTransaction", "0x" + tx.raw.hex())
        receipt = await self.client.receipt(sent)
        if receipt["status"] != "0x1":
            # Asked again, the chain may say what the transaction ran into.
            with _naming(contract, function):
                await self.client.call("eth_call", request, "pending")
            raise NodeError(f"{contract}.{function}: transaction {sent} failed")
        return receipt

    async def logs(
        self, contract: str, event: str, *topics: bytes | None, from_block: int = 0
    ) -> tuple[Log, ...]:
        """Return the events whose indexed fields are `topics` (32 bytes, `None` for any)."""
        face = interface(contract)
        wanted = [face.topic(event), *topics]
        found = await self.client.call(
            "eth_getLogs",
            {
                "address": "0x" + self.addresses[contract].hex(),
                "fromBlock": hex(from_block),
                "toBlock": "latest",
                "topics": [None if one is None else "0x" + one.hex() for one in wanted],
            },
        )
        return tuple(_log(face, event, one) for one in found)

    def event(self, receipt: Mapping[str, Any], contract: str, event: str) -> Mapping[str, Any]:
        """Return the first such event of a transaction; `NodeError` where there is none."""
        face, at = interface(contract), "0x" + self.addresses[contract].hex()
        topic = "0x" + face.topic(event).hex()
        for one in receipt["logs"]:
            if one["address"].lower() == at and one["topics"][0] == topic:
                return _log(face, event, one).fields
        raise NodeError(f"transaction {receipt['transactionHash']} has no event {event}")

    async def now(self) -> int:
        """Return the second that the next block would have."""
        head = await self.client.call("eth_getBlockByNumber", "pending", False)
        return int(head["timestamp"], 16)

    async def _find(self, contract: str) -> None:
        """Look once for a contract that is sent to: without code it would keep the money."""
        if contract not in self._found:
            at = "0x" + self.addresses[contract].hex()
            if await self.client.call("eth_getCode", at, "latest") == "0x":
                raise self._missing(contract)
            self._found.add(contract)

    def _missing(self, contract: str) -> NodeError:
        at = "0x" + self.addresses[contract].hex()
        return NodeError(
            f"{self.client.url} has no {contract} at {at}: is it the L2, or does it need the "
            "addresses of a deployment?"
        )

    def _signer(self) -> DevAccount:
        assert self.address
        assert self.account is not None
        return self.account

    def _request(self, contract: str, data: bytes, value: int) -> dict[str, str]:
        sender = {} if self.account is None else {"from": "0x" + self.account.address.hex()}
        return {
            **sender,
            "to": "0x" + self.addresses[contract].hex(),
            "data": "0x" + data.hex(),
            "value": hex(value),
        }


@cache
def interface(contract: str) -> Interface:
    """Return the interface of a contract by name."""
    return Interface.of(contract)


def _encoded(contract: str, function: str, arguments: Sequence[Any]) -> bytes:
    try:
        return interface(contract).call(function, *arguments)
    except EncodingError as error:
        raise NodeError(f"{contract}.{function}: {error}") from error


def word(number: int) -> bytes:
    """Return a number as an indexed field."""
    return number.to_bytes(32, "big")


def padded(address: bytes) -> bytes:
    """Return an address as an indexed field."""
    return bytes(12) + address


def unhexed(address: str) -> bytes:
    """Return the 20 bytes of an address that a contract answered."""
    return bytes.fromhex(address[2:])


class _naming:  # noqa: N801  # reads as a verb
    """Turns reverts into the errors that a contract, or one that it calls, declares."""

    def __init__(self, contract: str, function: str) -> None:
        self._contract = contract
        self._function = function

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        if isinstance(error, CallFailed):
            refused = refusal_of(self._contract, self._function, error.data)
            if refused is not None:
                raise refused from error


def refusal_of(contract: str, function: str, data: object) -> ContractRefused | None:
    """Return what the data of a failed call say, or `None` where they name no error of ours."""
    if not isinstance(data, str) or not data.startswith("0x") or len(data) < 10:
        return None
    raw = bytes.fromhex(data[2:])
    for name in (contract, *CONTRACTS):
        found = interface(name).refusal(raw)
        if found is not None:
            return ContractRefused(contract, function, *found)
    return None


def _log(face: Interface, event: str, found: Mapping[str, Any]) -> Log:
    topics: Sequence[bytes] = [bytes.fromhex(one[2:]) for one in found["topics"]]
    fields = face.event(event, topics, bytes.fromhex(found["data"][2:]))
    return Log(int(found["blockNumber"], 16), found["transactionHash"], fields)


def _shown(value: object) -> str:
    return "0x" + value.hex() if isinstance(value, bytes) else str(value)
