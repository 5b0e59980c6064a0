"""A call of a simulation as a transaction without signature, and what must hold for it.

Sources: geth `core/state_transition.go` (`preCheck`, `buyGas`) and
`internal/ethapi/errors.go`, whose order, words and codes the refusals have.  Where those have
-32603, which clients take for a fault that may pass, a code nearby stands here.
"""

from __future__ import annotations

from dataclasses import dataclass

from byline.derivation.hashing import ZERO_ADDRESS
from byline.derivation.intrinsic import gas_needs
from byline.derivation.transaction import LEGACY, SET_CODE, Transaction
from byline.node.evm.machine import Machine
from byline.node.evm.transition import MAX_INITCODE_SIZE, MAX_NONCE
from byline.rpc import simulation as words
from byline.rpc.backend import CallRequest
from byline.rpc.quantities import checksummed
from byline.rpc.simulation import SimulationRefused
from byline.rpc.unsigned import encode_unsigned, type_of


@dataclass(frozen=True, slots=True)
class Terms:
    """What a block asks of the calls in it."""

    base_fee: int
    """Wei per gas."""
    prague: bool
    """Whether data has a price of its own (EIP-7623)."""
    validation: bool
    """Whether nonces count, and a call that offers nothing has to pay the base fee."""


def unsigned(filled: CallRequest) -> Transaction:
    """Return the transaction of a request that leaves nothing open; it knows its sender."""
    kind = type_of(filled)
    price = filled.gas_price
    tx = Transaction(
        type=kind,
        chain_id=None if kind == LEGACY else filled.chain_id,
        nonce=filled.nonce or 0,
        gas=filled.gas or 0,
        to=filled.to,
        value=filled.value,
        data=filled.data,
        max_fee_per_gas=(filled.max_fee_per_gas or 0) if price is None else price,
        max_priority_fee_per_gas=(
            (filled.max_priority_fee_per_gas or 0) if price is None else price
        ),
        y_parity=0,
        r=0,
        s=0,
        raw=encode_unsigned(filled),
        access_list=filled.access_list or (),
        authorizations=filled.authorizations or (),
    )
    # There is no signature to recover it from.
    vars(tx)["sender"] = filled.sender or ZERO_ADDRESS
    return tx


def price_of(tx: Transaction, machine: Machine, terms: Terms) -> int:
    """Return the wei per gas that an unsigned transaction pays; raises `SimulationRefused`."""
    if terms.validation:
        _check_nonce(tx, machine)
    price = _check_fees(tx, terms)
    _check_form(tx)
    need, have = tx.gas * tx.max_fee_per_gas + tx.value, machine.balance(tx.sender)
    if have < need:
        raise _refused(
            words.INSUFFICIENT_FUNDS,
            tx,
            f"insufficient funds for gas * price + value: address {checksummed(tx.sender)} "
            f"have {have} want {need}",
        )
    _check_gas(tx, prague=terms.prague)
    return price


def _check_nonce(tx: Transaction, machine: Machine) -> None:
    nonce, sender = machine.nonce(tx.sender), checksummed(tx.sender)
    if tx.nonce != nonce:
        low = tx.nonce < nonce
        raise _refused(
            words.NONCE_TOO_LOW if low else words.NONCE_TOO_HIGH,
            tx,
            f"nonce too {'low' if low else 'high'}: address {sender}, "
            f"tx: {tx.nonce} state: {nonce}",
        )
    if nonce == MAX_NONCE:
        raise _refused(
            words.NONCE_TOO_HIGH, tx, f"nonce has max value: address {sender}, nonce: {nonce}"
        )


def _check_fees(tx: Transaction, terms: Terms) -> int:
    """Return the wei per gas."""
    cap, tip = tx.max_fee_per_gas, tx.max_priority_fee_per_gas
    if not terms.validation and cap == 0 and tip == 0:
        return 0
    sender = checksummed(tx.sender)
    if tip > cap:
        raise _refused(
            words.INVALID,
            tx,
            f"max priority fee per gas higher than max fee per gas: address {sender}, "
            f"maxPriorityFeePerGas: {tip}, maxFeePerGas: {cap}",
        )
    if cap < terms.base_fee:
        raise _refused(
            words.BASE_FEE_TOO_LOW,
            tx,
            f"max fee per gas less than block base fee: address {sender}, "
            f"maxFeePerGas: {cap}, baseFee: {terms.base_fee}",
        )
    return min(cap, terms.base_fee + tip)


def _check_form(tx: Transaction) -> None:
    if tx.type == SET_CODE and not tx.authorizations:
        sender = checksummed(tx.sender)
        raise _refused(
            words.INVALID, tx, f"EIP-7702 transaction with empty auth list (sender {sender})"
        )
    if tx.to is None and len(tx.data) > MAX_INITCODE_SIZE:
        raise _refused(
            words.INIT_CODE_SIZE,
            tx,
            f"max initcode size exceeded: code size {len(tx.data)} limit {MAX_INITCODE_SIZE}",
        )


def _check_gas(tx: Transaction, *, prague: bool) -> None:
    needs = gas_needs(tx, prague=prague)
    if tx.gas < needs.intrinsic:
        raise _refused(
            words.INTRINSIC_GAS,
            tx,
            f"intrinsic gas too low: have {tx.gas}, want {needs.intrinsic}",
        )
    if tx.gas < needs.floor:
        raise _refused(
            words.INTRINSIC_GAS,
            tx,
            f"insufficient gas for floor data gas cost: have {tx.gas}, want {needs.floor}",
        )


def _refused(code: int, tx: Transaction, text: str) -> SimulationRefused:
    return SimulationRefused(code, f"err: {text} (supplied gas {tx.gas})")
