"""Over the bridge by JSON-RPC, with all the waiting that belongs to it.

async with RpcClient(l1_url) as l1, RpcClient(l2_url) as l2:
bridge = await Bridge.between(l1, l2)
done = await bridge.deposit(Wallet(l1, account), to, 10**18)
sent = await bridge.withdraw(Wallet(l2, account), to, 10**17)
await bridge.prove(Wallet(l1, account), sent)
await bridge.finalize(Wallet(l1, account), sent.withdrawal)
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from byline.derivation.transaction import DepositTransaction
from byline.node.bridge import deposits, games, withdrawals
from byline.node.bridge.calls import Call
from byline.node.bridge.contracts import Contracts, find_contracts
from byline.node.bridge.withdrawals import Withdrawal
from byline.node.client import CallFailed, RpcClient, Wallet
from byline.node.contracts.artifacts import load
from byline.node.contracts.declarations import selector
from byline.node.errors import NodeError

POLL_SECONDS: Final = 0.2
PATIENCE_SECONDS: Final = 120.0

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Deposited:
    """A deposit on both chains."""

    transaction: DepositTransaction
    l1_receipt: dict[str, Any]
    l2_receipt: dict[str, Any]
    """Its status is 0x0 where the call failed there; what was minted stays."""


@dataclass(frozen=True, slots=True)
class Withdrawn:
    """A withdrawal that the L2 has recorded."""

    withdrawal: Withdrawal
    l2_receipt: dict[str, Any]

    @property
    def block_number(self) -> int:
        """The L2 block that records it: a game about this one or a later one is wanted."""
        return int(self.l2_receipt["blockNumber"], 16)


@dataclass(frozen=True, slots=True)
class Bridge:
    """Two chains and the contracts between them."""

    l1: RpcClient
    l2: RpcClient
    contracts: Contracts

    @classmethod
    async def between(cls, l1: RpcClient, l2: RpcClient) -> Bridge:
        """Find the contracts; raises `NodeError` where these are not an L1 and its L2."""
        return cls(l1, l2, await find_contracts(l1, l2))

    # -- deposits ---------------------------------------------------------------------

    async def deposit(
        self,
        wallet: Wallet,
        to: bytes | None,
        mint: int,
        *,
        value: int | None = None,
        gas: int = deposits.TRANSFER_GAS,
        data: bytes = b"",
    ) -> Deposited:
        """Deposit `mint` wei of what pays for gas on the L2, and wait for both receipts.

        Arguments are those of `deposit_gas_token`; where a token pays for gas, the portal is
        allowed to take it first.  Raises `NodeError` when a transaction on the L1 fails.
        """
        build = deposits.deposit_ether
        if self.contracts.gas_token is not None:
            build = deposits.deposit_gas_token
            if mint:
                await send(wallet, deposits.approve_gas_token(self.contracts, mint))
        call = build(self.contracts, to, mint, value=value, gas=gas, data=data)
        receipt = await send(wallet, call)
        (transaction,) = deposits.deposits_of(receipt, self.contracts.portal)
        follows = await self.l2.receipt("0x" + transaction.hash.hex(), PATIENCE_SECONDS)
        return Deposited(transaction, receipt, follows)

    # -- withdrawals ------------------------------------------------------------------

    async def withdraw(
        self,
        wallet: Wallet,
        to: bytes,
        value: int,
        *,
        gas: int = withdrawals.TARGET_GAS,
        data: bytes = b"",
    ) -> Withdrawn:
        """Withdraw `value` wei to an account of the L1; `wallet` is one of the L2.

        Raises `NodeError` when the transaction fails.
        """
        receipt = await send(wallet, withdrawals.initiate(to, value, gas=gas, data=data))
        (withdrawal,) = withdrawals.withdrawals_of(receipt)
        return Withdrawn(withdrawal, receipt)

    async def prove(
        self, wallet: Wallet, sent: Withdrawn, seconds: float = PATIENCE_SECONDS
    ) -> dict[str, Any]:
        """Wait for a game about the withdrawal's block, prove against it, return the receipt.

        Raises `NodeError` when there is no game in time, or the portal refuses the proof.
        """
        what = f"a game about L2 block {sent.block_number} or a later one"
        game = await _until(lambda: self.game(sent.block_number), what, seconds)
        number = game.block_number
        block = await self.l2.call("eth_getBlockByNumber", hex(number), False)
        request = withdrawals.proof_request(sent.withdrawal, number)
        proof = withdrawals.proof_of(block, await self.l2.call("eth_getProof", *request))
        if proof.output_root != game.root_claim:
            raise NodeError(
                f"game {game.index} claims output root 0x{game.root_claim.hex()} of L2 block "
                f"{number}, this L2 has 0x{proof.output_root.hex()}: ask another node, or have "
                "the game challenged"
            )
        call = withdrawals.prove(self.contracts, sent.withdrawal, game.index, proof)
        # A game of this very second takes no proof yet.
        await _until(lambda: self._accepts(wallet, call), "the portal to take a proof", seconds)
        return await send(wallet, call)

    async def game(self, block_number: int) -> games.Game | None:
        """Return the newest game about an L2 block at or after `block_number`, if there is one."""
        kind = await self._number(games.respected_type(self.contracts))
        count = await self._number(games.game_count(self.contracts))
        answer = await self._ask(games.latest_games(self.contracts, kind, count))
        return games.covering(games.read_games(answer), block_number)

    async def missing(self, withdrawal: Withdrawal, prover: bytes) -> str | None:
        """Return the name of the portal's error that stands in the way of paying, if one does."""
        try:
            await self._ask(withdrawals.check(self.contracts, withdrawal, prover))
        except CallFailed as exc:
            return error_name(exc)
        return None

    async def finalize(
        self, wallet: Wallet, withdrawal: Withdrawal, seconds: float = PATIENCE_SECONDS
    ) -> dict[str, Any]:
        """Wait until a withdrawal that `wallet` has proven may be paid; return the receipt.

        The call of its target may have failed all the same: the event WithdrawalFinalized tells.
        Raises `NodeError` when the time was not enough, or the withdrawal was never proven.
        """
        prover = wallet.account.address

        async def payable() -> bool | None:
            why = await self.missing(withdrawal, prover)
            if why in WORTH_WAITING:
                return None
            if why is not None:
                raise NodeError(f"withdrawal 0x{withdrawal.hash.hex()} is not paid: {why}")
            return True

        await _until(payable, f"withdrawal 0x{withdrawal.hash.hex()} to ripen", seconds)
        return await send(wallet, withdrawals.finalize(self.contracts, withdrawal))

    # -- questions --------------------------------------------------------------------

    async def _ask(self, call: Call, sender: str | None = None) -> bytes:
        fields = {"to": "0x" + call.to.hex(), "data": "0x" + call.data.hex()}
        if sender is not None:
            fields["from"] = sender
        answer = await self.l1.call("eth_call", fields, "latest")
        return bytes.fromhex(answer.removeprefix("0x"))

    async def _number(self, call: Call) -> int:
        return games.read_number(await self._ask(call))

    async def _accepts(self, wallet: Wallet, call: Call) -> bool | None:
        try:
            await self._ask(call, wallet.address)
        except CallFailed as exc:
            if (name := error_name(exc)) == "OptimismPortal_InvalidProofTimestamp":
                return None
            raise NodeError(f"the portal refuses the proof: {name}") from exc
        return True


WORTH_WAITING: Final = (
    "OptimismPortal_InvalidRootClaim",
    "OptimismPortal_ProofNotOldEnough",
)
"""Errors of the portal that go away with time, unless the game is lost."""

_ERRORS: Final = {
    selector(dict(entry)): str(entry["name"])
    for entry in load("OptimismPortal").abi
    if entry["type"] == "error"
}


def error_name(error: CallFailed) -> str:
    """Return the name of the portal's error with which a call failed, else its message."""
    data = error.data if isinstance(error.data, str) else ""
    return _ERRORS.get(bytes.fromhex(data.removeprefix("0x")[:8]), str(error))


async def send(wallet: Wallet, call: Call) -> dict[str, Any]:
    """Send a call and return its receipt; raises `NodeError` when it fails."""
    return await wallet.send(call.to, call.data, call.value)


async def _until(ask: Callable[[], Awaitable[T | None]], what: str, seconds: float) -> T:
    """Ask until there is an answer; raises `NodeError` when there is none in time."""
    deadline = asyncio.get_running_loop().time() + seconds
    while (found := await ask()) is None:
        if asyncio.get_running_loop().time() > deadline:
            raise NodeError(f"waited {seconds:.0f} s for {what}, in vain")
        await asyncio.sleep(POLL_SECONDS)
    return found
