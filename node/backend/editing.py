"""Implements `byline.rpc.editing` on a rollup."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from byline.derivation.dev_edits import AccountEdit
from byline.derivation.kernels import rlp
from byline.derivation.transaction import LEGACY
from byline.node.backend.state import NodeState
from byline.node.backend.threads import Threads
from byline.node.rollups.impersonation import (
    NOBODY,
    Impersonated,
    Unsigned,
    send_on_l1,
    send_on_l2,
)
from byline.node.rollups.local import LocalRollup
from byline.node.rollups.rollup import NOT_OURS, ChainName, Rollup
from byline.rpc.backend import AccountOverride, BackendError, CallRequest, Refused
from byline.rpc.unsigned import encode_unsigned, type_of

MOST_BALANCE: Final = 2**256 - 1
MOST_SLOTS: Final = 64
"""Slots that are tried out in search of the one that a view returns."""
A_WORD: Final = 0x1234567890ABCDEF1234567890ABCDEF
"""Put into a slot to see whether a view returns it; no balance that anybody has."""


@dataclass(frozen=True, slots=True)
class NodeEditing:
    """Implements `byline.rpc.editing.Editing`."""

    rollup: Rollup
    name: ChainName
    threads: Threads
    state: NodeState

    async def edit(self, edits: Sequence[AccountEdit]) -> None:
        """Make the accounts what `edits` say."""
        await self.threads.write(self._edit, edits)

    def _edit(self, edits: Sequence[AccountEdit]) -> None:
        self._local().edit(self.name, edits)

    def _local(self) -> LocalRollup:
        if not isinstance(self.rollup, LocalRollup):
            raise Refused(f"what is not derived from the L1 cannot be: {NOT_OURS}")
        return self.rollup

    async def add_balance(self, address: bytes, amount: int) -> None:
        """Give an account more wei."""
        await self.threads.write(self._add_balance, address, amount)

    def _add_balance(self, address: bytes, amount: int) -> None:
        chain = self.rollup.chain(self.name)
        balance = chain.machine(chain.head).balance(address) + amount
        self._edit([AccountEdit(address, balance=min(balance, MOST_BALANCE))])

    @property
    def _who(self) -> Impersonated:
        held = self.rollup
        return held.impersonation.who if isinstance(held, LocalRollup) else NOBODY

    async def impersonated(self) -> Sequence[bytes]:
        """Return the accounts that are impersonated by name."""
        return self._who.accounts.get(self.name, ())

    async def is_impersonated(self, address: bytes) -> bool:
        """Tell whether no signature of `address` is asked for."""
        return self._who.holds(self.name, address)

    async def impersonate(self, address: bytes, on: bool) -> bool:
        """Begin or end to impersonate an account."""
        return await self.threads.write(self._impersonate, address, on)

    def _impersonate(self, address: bytes, on: bool) -> bool:
        held = self._local().impersonation
        before = address in held.who.accounts.get(self.name, ())
        if before != on:
            change = held.who.with_account if on else held.who.without
            held.who = change(self.name, address)
        return before != on

    async def impersonate_everybody(self, on: bool) -> None:
        """Begin or end to impersonate whoever sends a transaction."""
        await self.threads.write(self._impersonate_everybody, on)

    def _impersonate_everybody(self, on: bool) -> None:
        held = self._local().impersonation
        held.who = held.who.with_everybody(self.name, on)

    async def send_unsigned(self, request: CallRequest) -> bytes:
        """Fill and take a transaction that its sender has not signed."""
        local = self._local()
        chain_id = local.chain(self.name).chain_id
        if request.chain_id not in (None, chain_id):
            raise Refused(f"invalid chain id for signer: have {request.chain_id} want {chain_id}")
        request = replace(request, sender=request.sender or bytes(20), chain_id=chain_id)
        if self.name == "l1":
            return await self.threads.write(send_on_l1, local, _named(await self._filled(request)))
        return await self.threads.write(send_on_l2, local, await self._deposit(request))

    async def _filled(self, request: CallRequest) -> CallRequest:
        """Return a transaction of the L1 with its nonce and gas; its fees are there."""
        assert request.sender is not None
        if request.nonce is None:
            request = replace(request, nonce=await self.state.nonce(request.sender, "pending"))
        if request.gas is None:
            request = replace(request, gas=await self.state.estimate_gas(request, "latest", {}))
        return request

    async def _deposit(self, request: CallRequest) -> Unsigned:
        """Return a transaction of the L2, which pays no fees, with its gas."""
        if request.authorizations is not None:
            raise Refused(
                "an impersonated transaction of the L2 is a deposit: it has no authorizations"
            )
        free = replace(
            request,
            gas_price=None,
            max_fee_per_gas=None,
            max_priority_fee_per_gas=None,
            access_list=None,
            type=None,
        )
        assert free.sender is not None
        gas = free.gas
        if gas is None:
            gas = await self.state.estimate_gas(replace(free, nonce=None), "latest", {})
        return Unsigned(free.sender, free.to, free.value, gas, free.data, free.nonce)

    async def slot_of(self, contract: bytes, call: bytes) -> int | None:
        """Return the slot of `contract` whose word a view returns."""
        request = CallRequest(to=contract, data=call)
        touched, _, _ = await self.state.create_access_list(request, "latest", {})
        slots = [
            int.from_bytes(key, "big")
            for entry in touched
            if entry.address == contract
            for key in entry.storage_keys
        ]
        for slot in slots[:MOST_SLOTS]:
            changed = {contract: AccountOverride(storage_diff={slot: A_WORD})}
            try:
                found = await self.state.call(request, "latest", changed)
            except BackendError:
                continue
            if found == A_WORD.to_bytes(32, "big"):
                return slot
        return None


def _named(filled: CallRequest) -> bytes:
    """Return the bytes of a filled transaction that names its sender in place of a signature."""
    assert filled.sender is not None
    assert filled.chain_id is not None
    kind, raw = type_of(filled), encode_unsigned(filled)
    prefix = b"" if kind == LEGACY else raw[:1]
    fields = rlp.decode(raw[len(prefix) :])
    assert isinstance(fields, list)
    parity = 35 + 2 * filled.chain_id if kind == LEGACY else 0
    return prefix + rlp.encode([*fields[:-3], parity, int.from_bytes(filled.sender, "big"), 0])
