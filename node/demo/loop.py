"""The chain's side of the demo: deposit, register, pay, claim, wait until it is safe.

Everything goes through JSON-RPC, as a user's program would.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from byline.node.accounts import DevAccount, dev_accounts
from byline.node.client import RpcClient, Wallet
from byline.node.contracts.addresses import INFERENCE_PAYMENTS, OPEN_TOKEN, OPTIMISM_PORTAL
from byline.node.contracts.calls import Interface
from byline.node.demo.attribution import AttributedAnswer, model_id, request_hash
from byline.node.demo.corpus import Contributor
from byline.node.demo.evidence import evidence_root
from byline.node.errors import NodeError
from byline.precompiles.math import CASCADE

FEE: Final = 2 * 10**15 + 1
"""Wei for one answer; odd, so that no division comes out even."""
CLAIM_GAS_MONEY: Final = 10**16
"""Wei that a contributor gets from the L1 to pay for the gas of a claim."""
DEPOSIT_GAS: Final = 100_000
SAFE_SECONDS: Final = 60.0


@dataclass(frozen=True, slots=True)
class Payment:
    """One paid answer, as the chain's own events tell it."""

    answer: AttributedAnswer
    payer: bytes
    amount: int
    """Wei."""
    credits: Mapping[bytes, int]
    """Wei by contributor, from the `Credited` events."""
    gas_used: int
    l1_fee: int
    total_fee: int
    """Wei that the payer paid beyond `amount`: L2 gas and L1 fee."""
    block: int


@dataclass(frozen=True, slots=True)
class Claim:
    """A contributor's claim."""

    contributor: Contributor
    amount: int
    gas_used: int
    l1_fee: int
    total_fee: int
    """Wei that the contributor paid for the claim: L2 gas and L1 fee."""


class Loop:
    """Both ports of a devnet, and the wallets of the demo."""

    def __init__(self, l1: RpcClient, l2: RpcClient) -> None:
        self._l1, self._l2 = l1, l2
        self._payments = Interface.of("InferencePayments")
        self._owner, *self._payers = dev_accounts()[:6]

    async def approve(self, contributors: int) -> None:
        """Let the portal take the OPEN that so many contributors get."""
        call = Interface.of("OpenToken").call(
            "approve", OPTIMISM_PORTAL, contributors * CLAIM_GAS_MONEY
        )
        await Wallet(self._l1, self._owner).send(OPEN_TOKEN, call)

    async def deposit(self, contributor: Contributor) -> tuple[str, str]:
        """Send gas money from the L1; return the L1 and L2 transaction hashes."""
        call = Interface.of("OptimismPortal").call(
            "depositERC20Transaction",
            contributor.address,
            CLAIM_GAS_MONEY,
            CLAIM_GAS_MONEY,
            DEPOSIT_GAS,
            False,
            b"",
        )
        receipt = await Wallet(self._l1, self._owner).send(OPTIMISM_PORTAL, call)
        block = await self._l2.call("eth_getBlockByNumber", "latest", True)
        found = [tx["hash"] for tx in block["transactions"] if _is_deposit_to(tx, contributor)]
        if not found:
            raise NodeError(f"the deposit to {contributor.name} did not reach the L2")
        return str(receipt["transactionHash"]), str(found[0])

    async def register(self) -> dict[str, Any]:
        """Register the model; return the receipt."""
        call = self._payments.call("registerModel", model_id(), self._owner.address, CASCADE)
        return await Wallet(self._l2, self._owner).send(INFERENCE_PAYMENTS, call)

    async def pay(self, number: int, answer: AttributedAnswer) -> Payment:
        """Pay for an answer; the payers take turns."""
        payer = self._payers[number % len(self._payers)]
        call = self._payments.call(
            "payForInference",
            model_id(),
            request_hash(answer),
            evidence_root(answer),
            [one.address for one, _ in answer.weights],
            [weight for _, weight in answer.weights],
        )
        receipt = await Wallet(self._l2, payer).send(INFERENCE_PAYMENTS, call, FEE)
        credited = {
            bytes.fromhex(fields["contributor"].removeprefix("0x")): int(fields["amount"])
            for fields in self._events(receipt, "Credited")
        }
        gas_used, l1_fee, total_fee = _costs(receipt)
        return Payment(
            answer=answer,
            payer=payer.address,
            amount=FEE,
            credits=credited,
            gas_used=gas_used,
            l1_fee=l1_fee,
            total_fee=total_fee,
            block=int(receipt["blockNumber"], 16),
        )

    async def claim(self, contributor: Contributor) -> Claim:
        """Claim what a contributor is credited with."""
        account = DevAccount(contributor.address, contributor.private_key)
        wallet = Wallet(self._l2, account)
        receipt = await wallet.send(INFERENCE_PAYMENTS, self._payments.call("claim"))
        amount = sum(int(fields["amount"]) for fields in self._events(receipt, "Claimed"))
        return Claim(contributor, amount, *_costs(receipt))

    async def outstanding(self) -> tuple[int, int]:
        """Return wei that the contract still holds, and wei credited in all."""
        held = await self._balance("0x" + INFERENCE_PAYMENTS.hex())
        call = {"to": "0x" + INFERENCE_PAYMENTS.hex()}
        data = "0x" + self._payments.call("totalCredited").hex()
        output = await self._l2.call("eth_call", {**call, "data": data}, "latest")
        return held, int(output, 16)

    async def _balance(self, address: str) -> int:
        return await self._l2.number("eth_getBalance", address, "latest")

    def _events(self, receipt: Mapping[str, Any], event: str) -> Iterator[dict[str, Any]]:
        topic = "0x" + self._payments.topic(event).hex()
        for log in receipt["logs"]:
            if log["topics"][0] == topic:
                topics = [bytes.fromhex(item[2:]) for item in log["topics"]]
                yield self._payments.event(event, topics, bytes.fromhex(log["data"][2:]))

    async def safe(self) -> dict[str, Any]:
        """Wait until every L2 block is safe; return the sync status.

        Raises `NodeError` when the batcher does not get there in time.
        """
        deadline = asyncio.get_running_loop().time() + SAFE_SECONDS
        while True:
            status: dict[str, Any] = await self._l2.call("optimism_syncStatus")
            if status["safe_l2"]["number"] == status["unsafe_l2"]["number"]:
                return status
            if asyncio.get_running_loop().time() > deadline:
                raise NodeError(f"the batches were not safe within {SAFE_SECONDS:.0f} s")
            await asyncio.sleep(0.1)

    async def state_root(self, number: int) -> str:
        """Return the state root of an L2 block."""
        block = await self._l2.call("eth_getBlockByNumber", hex(number), False)
        return str(block["stateRoot"])


def _costs(receipt: Mapping[str, Any]) -> tuple[int, int, int]:
    """Return gas used, L1 fee, and wei paid in all."""
    gas_used, l1_fee = int(receipt["gasUsed"], 16), int(receipt["l1Fee"], 16)
    return gas_used, l1_fee, gas_used * int(receipt["effectiveGasPrice"], 16) + l1_fee


def _is_deposit_to(tx: Mapping[str, Any], contributor: Contributor) -> bool:
    return bool(tx["type"] == "0x7e" and tx["to"] == "0x" + contributor.address.hex())
