"""What a test does to the accounts of a chain: the Protocol behind the cheats for state.

As in `backend`, the node implements it, and everything is asked of one chain.  All but the
reads raise `Refused`, with the reason, where a node cannot do it: the L1 is not its own, or
it is told to stay such that stock verifiers follow.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from byline.derivation.dev_edits import AccountEdit
from byline.rpc.backend import CallRequest


class Editing(Protocol):
    """Accounts as a test wants them, and transactions that nobody signs."""

    async def edit(self, edits: Sequence[AccountEdit]) -> None:
        """Make the accounts what `edits` say, in blocks that hold nothing else of users."""

    async def add_balance(self, address: bytes, amount: int) -> None:
        """Give an account `amount` wei more; at most it then has 2**256 - 1."""

    async def impersonated(self) -> Sequence[bytes]:
        """Return the accounts that are impersonated by name, in order."""

    async def is_impersonated(self, address: bytes) -> bool:
        """Tell whether no signature of `address` is asked for."""

    async def impersonate(self, address: bytes, on: bool) -> bool:
        """Begin or end to impersonate an account; return whether that changed anything."""

    async def impersonate_everybody(self, on: bool) -> None:
        """Begin or end to impersonate whoever sends a transaction."""

    async def send_unsigned(self, request: CallRequest) -> bytes:
        """Fill and take a transaction that its sender has not signed; return its hash.

        Raises `Reverted` or `Halted` where its gas cannot be estimated.
        """

    async def slot_of(self, contract: bytes, call: bytes) -> int | None:
        """Return the slot of `contract` whose word a view returns, found by trying it out.

        `call` is the data of a call that returns one word.  `None` where there is no such slot.
        """
