"""Whether a transaction may wait in the pool: every rule that does not need the pool.

The refusals follow geth's words, which client libraries classify by regular expression;
values are added behind them.  Sources: geth core/txpool/validation.go (the order of the
checks); EIP-155, 1559, 2681, 3607, 3860, 7623, 7702, 7825.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from byline.derivation.blob_parameters import BLOB_GAS, MAX_BLOBS_PER_TRANSACTION
from byline.derivation.errors import InvalidData
from byline.derivation.transaction import BLOB, SET_CODE, Transaction
from byline.node.evm.accounts import DELEGATION_PREFIX
from byline.node.evm.transition import (
    MAX_INITCODE_SIZE,
    MAX_NONCE,
    InvalidTransaction,
    check_blobs,
    least_gas,
)

MAX_TRANSACTION_SIZE: Final = 128 * 1024
"""Bytes of one encoded transaction (geth's limit too)."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a transaction is not taken, in geth's words."""

    reason: str


@dataclass(frozen=True, slots=True)
class AccountView:
    """What the state says about a sender now."""

    nonce: int
    balance: int
    """Wei."""
    code: bytes = b""


def no_extra_cost(transaction: Transaction) -> int:
    """Return 0: a chain where a transaction costs its gas and nothing else."""
    return 0


@dataclass(frozen=True, slots=True)
class PoolContext:
    """What the next block will ask of a transaction."""

    chain_id: int
    base_fee: int
    """Wei per gas in the next block."""
    block_gas_limit: int
    extra_cost: Callable[[Transaction], int] = no_extra_cost
    """Wei beside gas and value: on the L2 the L1 data fee and the operator fee."""
    prague: bool = True
    """Set-code transactions and the floor of EIP-7623 (Isthmus on the L2)."""
    blobs: bool = False
    """Whether blob transactions are taken; never on an L2."""
    most_blobs: int = MAX_BLOBS_PER_TRANSACTION
    """Of one transaction."""
    transaction_gas_cap: int | None = None
    """EIP-7825 (Karst): most gas of one transaction."""


def most_it_may_cost(tx: Transaction, context: PoolContext) -> int:
    """Return the wei that its sender must own: gas, value, blobs and the chain's extra."""
    blob_gas = BLOB_GAS * len(tx.blob_hashes)
    return (
        tx.gas * tx.max_fee_per_gas
        + tx.value
        + blob_gas * tx.max_fee_per_blob_gas
        + context.extra_cost(tx)
    )


def refuse_by_itself(tx: Transaction, context: PoolContext) -> Refusal | None:
    """Check what needs no account; the signature is recovered here."""
    supported = (tx.type != BLOB or context.blobs) and (tx.type != SET_CODE or context.prague)
    if not supported:
        return Refusal("transaction type not supported")
    if len(tx.raw) > MAX_TRANSACTION_SIZE:
        return Refusal(
            f"oversized data: transaction size {len(tx.raw)}, limit {MAX_TRANSACTION_SIZE}"
        )
    if tx.to is None and len(tx.data) > MAX_INITCODE_SIZE:
        return Refusal(
            f"max initcode size exceeded: code size {len(tx.data)}, limit {MAX_INITCODE_SIZE}"
        )
    if tx.gas > context.block_gas_limit:
        return Refusal(
            f"exceeds block gas limit: tx gas {tx.gas}, block gas limit {context.block_gas_limit}"
        )
    if context.transaction_gas_cap is not None and tx.gas > context.transaction_gas_cap:
        return Refusal(
            f"transaction gas limit too high (cap: {context.transaction_gas_cap}, tx: {tx.gas})"
        )
    if tx.max_priority_fee_per_gas > tx.max_fee_per_gas:
        return Refusal(
            "max priority fee per gas higher than max fee per gas: "
            f"maxPriorityFeePerGas: {tx.max_priority_fee_per_gas}, "
            f"maxFeePerGas: {tx.max_fee_per_gas}"
        )
    if tx.chain_id is not None and tx.chain_id != context.chain_id:
        return Refusal(f"invalid chain id for signer: have {tx.chain_id} want {context.chain_id}")
    if tx.nonce >= MAX_NONCE:
        return Refusal(f"nonce has max value: {tx.nonce}")
    if tx.type == SET_CODE and not tx.authorizations:
        return Refusal("EIP-7702 transaction with empty auth list")
    if tx.type == BLOB:
        try:
            check_blobs(tx, context.most_blobs)
        except InvalidTransaction as exc:
            return Refusal(str(exc))
    needed = least_gas(tx, prague=context.prague)
    if tx.gas < needed:
        return Refusal(f"intrinsic gas too low: gas {tx.gas}, minimum needed {needed}")
    try:
        tx.sender  # noqa: B018 - recovered here, remembered by the transaction
    except InvalidData as exc:
        return Refusal(f"invalid sender: {exc}")
    return None


def refuse_by_account(
    tx: Transaction, account: AccountView, cost: int, pooled_cost: int
) -> Refusal | None:
    """Check the sender: its nonce, that it is no contract, and that it can pay.

    `pooled_cost` is what its other transactions in the pool may cost.
    """
    if tx.nonce < account.nonce:
        return Refusal(f"nonce too low: next nonce {account.nonce}, tx nonce {tx.nonce}")
    # An impersonated sender, which alone comes here without a signature, may be a contract.
    is_contract = account.code and not account.code.startswith(DELEGATION_PREFIX)
    if is_contract and tx.has_signature_values:
        return Refusal("sender not an eoa: it has code that is no delegation")
    if account.balance < cost:
        return Refusal(
            "insufficient funds for gas * price + value: "
            f"balance {account.balance}, tx cost {cost}, overshot {cost - account.balance}"
        )
    if account.balance < cost + pooled_cost:
        return Refusal(
            "insufficient funds for gas * price + value: "
            f"balance {account.balance}, queued cost {pooled_cost}, tx cost {cost}, "
            f"overshot {cost + pooled_cost - account.balance}"
        )
    return None
