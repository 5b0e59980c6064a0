"""Transactions on their way in, and the accounts whose keys the node holds."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from byline.derivation.transaction import AnyTransaction
from byline.node.accounts import DevAccount, dev_accounts
from byline.node.backend.chain import SUGGESTED_TIP
from byline.node.backend.served import Served
from byline.node.backend.state import NodeState
from byline.node.backend.threads import Threads
from byline.node.backend.typed_data import check_array_lengths
from byline.node.rollups.rollup import ChainName
from byline.rpc.backend import CallRequest, Refused

if TYPE_CHECKING:
    from eth_account.messages import SignableMessage

_SIGNER: Final = "eth_account.messages"


@dataclass(frozen=True, slots=True)
class NodePool:
    """Implements `byline.rpc.backend.Pool`."""

    rollup: Served
    name: ChainName
    threads: Threads

    async def submit(self, raw: bytes) -> bytes:
        """Take an encoded transaction and return its hash; raises `Refused`."""
        return await self.threads.write(self.rollup.submit, self.name, raw)

    async def pending(self) -> Sequence[AnyTransaction]:
        """Return executable transactions in order."""
        return await self.threads.write(self._pending)

    def _pending(self) -> Sequence[AnyTransaction]:
        pool = self.rollup.pools[self.name]
        payable = tuple(pool.best(self.rollup.next_base_fee(self.name)))
        taken = {tx.hash for tx in payable}
        # Those that do not pay the base fee now wait too, and count in the pending nonce.
        forced = self.rollup.forced(self.name)
        return (*forced, *payable, *(tx for tx in pool.pending() if tx.hash not in taken))

    async def queued(self) -> Sequence[AnyTransaction]:
        """Return transactions that wait for an earlier nonce."""
        return await self.threads.write(lambda: tuple(self.rollup.pools[self.name].queued()))


@dataclass(frozen=True, slots=True)
class NodeAccounts:
    """Implements `byline.rpc.backend.Accounts`."""

    rollup: Served
    name: ChainName
    state: NodeState

    async def addresses(self) -> Sequence[bytes]:
        """Return the development accounts in mnemonic order."""
        return [account.address for account in dev_accounts()]

    def _account(self, address: bytes | None) -> DevAccount:
        for account in dev_accounts():
            if address is None or account.address == address:
                return account
        raise Refused("unknown account")

    async def sign_transaction(self, request: CallRequest) -> bytes:
        """Fill what is missing, sign, return the raw bytes."""
        account = self._account(request.sender)
        filled = await self._fill(replace(request, sender=account.address))
        await self._import_signer()
        return sign_filled(filled, account)

    async def _import_signer(self) -> None:
        """Import eth-account on a thread, at its first use: that takes half a second."""
        if _SIGNER not in sys.modules:
            await self.state.threads.read(importlib.import_module, _SIGNER)

    async def _fill(self, request: CallRequest) -> CallRequest:
        assert request.sender is not None
        chain_id = self.rollup.chain(self.name).chain_id
        if request.chain_id not in (None, chain_id):
            raise Refused(f"invalid chain id for signer: have {request.chain_id} want {chain_id}")
        changes: dict[str, Any] = {"chain_id": chain_id}
        if request.nonce is None:
            changes["nonce"] = await self.state.nonce(request.sender, "pending")
        if request.gas_price is None and request.max_fee_per_gas is None:
            tip = request.max_priority_fee_per_gas
            tip = SUGGESTED_TIP if tip is None else tip
            changes["max_priority_fee_per_gas"] = tip
            changes["max_fee_per_gas"] = 2 * self.rollup.next_base_fee(self.name) + tip
        elif request.gas_price is None and request.max_priority_fee_per_gas is None:
            changes["max_priority_fee_per_gas"] = min(SUGGESTED_TIP, request.max_fee_per_gas or 0)
        filled = replace(request, **changes)
        if filled.gas is None:
            filled = replace(filled, gas=await self._gas(request, filled))
        return filled

    async def _gas(self, request: CallRequest, filled: CallRequest) -> int:
        """Return an estimate; fees bound it by the balance where the user gave any."""
        fees = (request.gas_price, request.max_fee_per_gas, request.max_priority_fee_per_gas)
        wanted = request if fees == (None, None, None) else filled
        return await self.state.estimate_gas(wanted, "latest", {})

    async def sign_message(self, address: bytes, message: bytes) -> bytes:
        """Return the 65-byte EIP-191 signature."""
        await self._import_signer()
        from eth_account.messages import encode_defunct

        return self._sign(address, encode_defunct(message))

    async def sign_typed_data(self, address: bytes, document: Mapping[str, Any]) -> bytes:
        """Return the 65-byte EIP-712 signature."""
        await self._import_signer()
        from eth_account.messages import encode_typed_data

        check_array_lengths(document)
        try:
            message = encode_typed_data(full_message=dict(document))
        except KeyError as exc:
            raise Refused(f"typed data: {exc.args[0]}: missing") from exc
        except (TypeError, ValueError) as exc:
            raise Refused(f"typed data: {exc}") from exc
        return self._sign(address, message)

    def _sign(self, address: bytes, message: SignableMessage) -> bytes:
        account = self._account(address)
        return bytes(_eth_account().sign_message(message, account.key).signature)


def sign_filled(filled: CallRequest, account: DevAccount) -> bytes:
    """Return the raw bytes of a request that lacks nothing but the signature."""
    signed = _eth_account().sign_transaction(_fields(filled), account.key)
    return bytes(signed.raw_transaction)


def _eth_account() -> Any:
    """Return eth-account's class, which takes longer to import than the node to start."""
    from eth_account import Account

    return Account


def _fields(request: CallRequest) -> dict[str, Any]:
    """Return the fields as eth-account names them; their set decides the type."""
    fields: dict[str, Any] = {
        "nonce": request.nonce,
        "gas": request.gas,
        "value": request.value,
        "data": request.data,
        "chainId": request.chain_id,
        "to": request.to or b"",
    }
    if request.gas_price is not None:
        fields["gasPrice"] = request.gas_price
    else:
        fields["maxFeePerGas"] = request.max_fee_per_gas
        fields["maxPriorityFeePerGas"] = request.max_priority_fee_per_gas
    if request.access_list is not None:
        fields["accessList"] = [
            {
                "address": entry.address,
                # eth-account takes an address as bytes, but keys only as text.
                "storageKeys": [f"0x{key.hex()}" for key in entry.storage_keys],
            }
            for entry in request.access_list
        ]
    if request.authorizations:
        fields["authorizationList"] = [
            {
                "chainId": item.chain_id,
                "address": item.address,
                "nonce": item.nonce,
                "yParity": item.y_parity,
                "r": item.r,
                "s": item.s,
            }
            for item in request.authorizations
        ]
    return fields
