"""Transactions before they are signed: their type, JSON, and bytes.

Sources: EIP-2718, 2930, 1559, 7702; execution-apis, `FilledTransaction`.
"""

from __future__ import annotations

from typing import Any

from byline.derivation.kernels import rlp
from byline.derivation.transaction import ACCESS_LIST, DYNAMIC_FEE, LEGACY, SET_CODE
from byline.rpc import views
from byline.rpc.backend import CallRequest
from byline.rpc.errors import InvalidParams


def type_of(request: CallRequest) -> int:
    """Return the EIP-2718 type that the given fields imply."""
    if request.authorizations is not None:
        if request.gas_price is not None:
            raise InvalidParams("authorizationList: needs maxFeePerGas instead of gasPrice")
        if request.to is None:
            raise InvalidParams("authorizationList: the transaction needs `to` (EIP-7702)")
        return SET_CODE
    if request.gas_price is None:
        return DYNAMIC_FEE
    return LEGACY if request.access_list is None else ACCESS_LIST


def unsigned_transaction(filled: CallRequest) -> dict[str, Any]:
    """Return a filled request as JSON."""
    kind = type_of(filled)
    price = filled.gas_price if filled.gas_price is not None else filled.max_fee_per_gas
    found: dict[str, Any] = {
        "type": hex(kind),
        "chainId": hex(filled.chain_id or 0),
        "from": views.as_hex(filled.sender or bytes(20)),
        "to": None if filled.to is None else views.as_hex(filled.to),
        "nonce": hex(filled.nonce or 0),
        "gas": hex(filled.gas or 0),
        "gasPrice": hex(price or 0),
        "value": hex(filled.value),
        "input": views.as_hex(filled.data),
    }
    if kind != LEGACY:
        found["accessList"] = views.access_list(filled.access_list or ())
    if kind > ACCESS_LIST:
        found["maxFeePerGas"] = hex(filled.max_fee_per_gas or 0)
        found["maxPriorityFeePerGas"] = hex(filled.max_priority_fee_per_gas or 0)
    if kind == SET_CODE:
        found["authorizationList"] = views.authorizations(filled.authorizations or ())
    return found


def encode_unsigned(filled: CallRequest) -> bytes:
    """Return the EIP-2718 bytes of a filled request with an all-zero signature."""
    kind = type_of(filled)
    accesses = [[entry.address, list(entry.storage_keys)] for entry in filled.access_list or ()]
    fields: list[Any]
    body: list[Any] = [filled.gas, filled.to or b"", filled.value, filled.data]
    if kind == LEGACY:
        fields = [filled.nonce, filled.gas_price, *body]
        return rlp.encode([*fields, 0, 0, 0])
    if kind == ACCESS_LIST:
        fields = [filled.chain_id, filled.nonce, filled.gas_price, *body, accesses]
    else:
        fees = [filled.max_priority_fee_per_gas, filled.max_fee_per_gas]
        fields = [filled.chain_id, filled.nonce, *fees, *body, accesses]
    if kind == SET_CODE:
        fields.append(
            [
                [item.chain_id, item.address, item.nonce, item.y_parity, item.r, item.s]
                for item in filled.authorizations or ()
            ]
        )
    return bytes([kind]) + rlp.encode([*fields, 0, 0, 0])
