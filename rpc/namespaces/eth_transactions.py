"""`eth_`: sending and signing with the node's development accounts.

A transaction that is mined and reverts is no error here: its hash is the answer, and its
receipt tells.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import replace
from typing import Any, Final

from byline.derivation.transaction import Transaction, decode_transaction
from byline.rpc import quantities, views
from byline.rpc.backend import CallRequest
from byline.rpc.errors import InvalidParams, ParseError, ServerError
from byline.rpc.method import Context, Method, Parameter
from byline.rpc.namespaces.common import ADDRESS, RAW, TRANSACTION, legacy_price
from byline.rpc.protocol import decode
from byline.rpc.unsigned import encode_unsigned, type_of, unsigned_transaction


async def accounts(context: Context) -> list[str]:
    """Return the unlocked accounts in mnemonic order, then those that are impersonated."""
    found = list(await context.backend.accounts.addresses())
    if context.backend.editing is not None:
        found += await context.backend.editing.impersonated()
    return [views.as_hex(address) for address in dict.fromkeys(found)]


async def send_raw_transaction(context: Context, raw: bytes) -> str:
    """Hand a signed transaction to the pool and return its hash."""
    return views.as_hex(await context.backend.pool.submit(raw))


async def send_transaction(context: Context, request: CallRequest) -> str:
    """Fill, sign and send; returns the hash."""
    return views.as_hex(await send(context, request))


async def send(context: Context, request: CallRequest) -> bytes:
    """Fill, sign and send; returns the hash as bytes.

    For an impersonated account nobody signs.
    """
    if await _is_impersonated(context, request.sender):
        return await send_as(context, request)
    async with _turn(context, request):
        raw = await _sign(context, request)
        return await context.backend.pool.submit(raw)


def _turn(context: Context, request: CallRequest) -> AbstractAsyncContextManager[None]:
    """Let what an account sends meanwhile wait, where the nonce is the node's to choose."""
    if request.sender is None or request.nonce is not None:
        return nullcontext()
    return context.senders.turn(request.sender)


async def _is_impersonated(context: Context, sender: bytes | None) -> bool:
    """Tell whether no signature is asked for; those that the node can sign for always sign."""
    editing = context.backend.editing
    if sender is None or editing is None or not await editing.is_impersonated(sender):
        return False
    return sender not in await context.backend.accounts.addresses()


async def send_as(context: Context, request: CallRequest) -> bytes:
    """Fill and send what nobody signs; returns the hash as bytes."""
    editing = context.backend.editing
    assert editing is not None, "asked for where it is there"
    if request.sender is None:
        raise InvalidParams("from: missing; whose transaction is it?")
    async with _turn(context, request):
        asked = await _as_asked(context, request)
        return await editing.send_unsigned(await _with_fees(context, asked))


async def resend(
    context: Context, request: CallRequest, gas_price: int | None, gas: int | None
) -> str:
    """Send a waiting transaction again, with another gas price or gas limit."""
    if request.nonce is None:
        raise InvalidParams("missing transaction nonce in transaction spec")
    waiting = await pooled(context, request.sender or bytes(20), request.nonce)
    if waiting is None or not _same_purpose(waiting, request):
        raise ServerError(f"transaction with nonce {request.nonce} not found among those waiting")
    if gas_price is not None:
        request = replace(
            request, gas_price=gas_price, max_fee_per_gas=None, max_priority_fee_per_gas=None
        )
    return await send_transaction(context, request if gas is None else replace(request, gas=gas))


def _same_purpose(waiting: Transaction, request: CallRequest) -> bool:
    """Tell whether a waiting transaction does what `request` asks for, at whatever price."""
    wanted = (request.to, request.value, request.data)
    return (waiting.to, waiting.value, waiting.data) == wanted


async def pooled(context: Context, sender: bytes, nonce: int) -> Transaction | None:
    """Return the waiting transaction of an account with a nonce."""
    pool = context.backend.pool
    for item in (*await pool.pending(), *await pool.queued()):
        if isinstance(item, Transaction) and (item.sender, item.nonce) == (sender, nonce):
            return item
    return None


async def sign_transaction(context: Context, request: CallRequest) -> Any:
    """Fill and sign; returns the bytes and the transaction."""
    raw = await _sign(context, request)
    return {
        "raw": views.as_hex(raw),
        "tx": views.signed_transaction(decode_transaction(raw)),
    }


async def fill_transaction(context: Context, request: CallRequest) -> Any:
    """Fill what is missing without signing; works for accounts that the node cannot sign for."""
    filled = await fill(context, await _as_asked(context, request))
    return {
        "raw": views.as_hex(encode_unsigned(filled)),
        "tx": unsigned_transaction(filled),
    }


async def sign(context: Context, address: bytes, message: bytes) -> str:
    """Return the EIP-191 signature."""
    return views.as_hex(await context.backend.accounts.sign_message(address, message))


async def personal_sign(context: Context, message: bytes, address: bytes) -> str:
    """Return the EIP-191 signature; the parameters stand the other way round."""
    return await sign(context, address, message)


async def sign_typed_data(context: Context, address: bytes, document: Mapping[str, Any]) -> str:
    """Return the EIP-712 signature."""
    return views.as_hex(await context.backend.accounts.sign_typed_data(address, document))


async def fill(context: Context, request: CallRequest) -> CallRequest:
    """Return `request` with nonce, fees, chain id and gas as the next block wants them."""
    backend = context.backend
    chain_id = backend.chain.chain_id
    if request.chain_id not in (None, chain_id):
        raise ServerError(f"invalid chain id for signer: have {request.chain_id} want {chain_id}")
    found = replace(request, chain_id=chain_id, sender=request.sender or bytes(20))
    assert found.sender is not None
    if found.nonce is None:
        found = replace(found, nonce=await backend.state.nonce(found.sender, "pending"))
    found = await _with_fees(context, found)
    if found.gas is None:
        found = replace(found, gas=await backend.state.estimate_gas(found, "latest", {}))
    return found


async def _with_fees(context: Context, request: CallRequest) -> CallRequest:
    chain = context.backend.chain
    if request.gas_price is not None:
        return request
    tip = request.max_priority_fee_per_gas
    if tip is None:
        tip = await chain.priority_fee()
        if request.max_fee_per_gas is not None:
            tip = min(tip, request.max_fee_per_gas)
    most = request.max_fee_per_gas
    if most is None:
        latest = await chain.block("latest")
        # Twice the base fee outlasts six full blocks; geth fills in the same.
        most = 2 * (latest.header.base_fee or 0 if latest else 0) + tip
    if tip > most:
        raise ServerError(
            "max priority fee per gas higher than max fee per gas: "
            f"maxPriorityFeePerGas: {tip}, maxFeePerGas: {most}"
        )
    return replace(request, max_priority_fee_per_gas=tip, max_fee_per_gas=most)


async def _sign(context: Context, request: CallRequest) -> bytes:
    if request.sender is None:
        raise InvalidParams("from: missing; eth_accounts lists the accounts that can sign")
    return await context.backend.accounts.sign_transaction(await _as_asked(context, request))


async def _as_asked(context: Context, request: CallRequest) -> CallRequest:
    """Make the fields imply the type that was asked for; raises when they contradict it."""
    wanted = request.type
    if wanted in (0, 1) and request.gas_price is None and request.max_fee_per_gas is None:
        request = replace(request, gas_price=await legacy_price(context))
    if wanted == 1 and request.access_list is None:
        request = replace(request, access_list=())
    found = type_of(request)
    if wanted is not None and found != wanted:
        raise InvalidParams(
            f"type: {wanted:#x} was asked for, but the other fields make it {found:#x}"
        )
    return request


def _document(value: Any) -> Mapping[str, Any]:
    """Read an EIP-712 document: an object, or the text of one."""
    if isinstance(value, str):
        try:
            value = decode(value.encode())
        except ParseError as exc:
            raise InvalidParams(f"want the JSON text of an object: {exc.message}") from None
    if not isinstance(value, dict):
        raise InvalidParams(f"want an object, got {quantities.shown(value)}")
    return value


_MESSAGE = Parameter("message", quantities.data)
_PRICE = Parameter("gas price", quantities.quantity, required=False)
_GAS = Parameter("gas limit", quantities.quantity64, required=False)
_DOCUMENT = Parameter("typed data", _document)

METHODS: Final = {
    "eth_accounts": Method(accounts),
    "eth_requestAccounts": Method(accounts),
    "eth_sendRawTransaction": Method(send_raw_transaction, (RAW,)),
    "eth_sendTransaction": Method(send_transaction, (TRANSACTION,)),
    "eth_resend": Method(resend, (TRANSACTION, _PRICE, _GAS)),
    "eth_signTransaction": Method(sign_transaction, (TRANSACTION,)),
    "eth_fillTransaction": Method(fill_transaction, (TRANSACTION,)),
    "eth_sign": Method(sign, (ADDRESS, _MESSAGE)),
    "personal_sign": Method(personal_sign, (_MESSAGE, ADDRESS)),
    "eth_signTypedData": Method(sign_typed_data, (ADDRESS, _DOCUMENT)),
    "eth_signTypedData_v3": Method(sign_typed_data, (ADDRESS, _DOCUMENT)),
    "eth_signTypedData_v4": Method(sign_typed_data, (ADDRESS, _DOCUMENT)),
}
