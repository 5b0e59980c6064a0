"""A signed transaction: what must hold before it may touch the state, and how it is paid.

Every check stands before the first change, so a refused transaction leaves no trace and
a block can go on without it.  This also covers what py-evm does not check: EIP-3607, fee
caps against the balance, intrinsic gas and the EIP-7623 floor of every type.

Sources: EIP-1559, 2681, 2930, 3529, 3607, 3860, 7623, 7702; ethereum/execution-specs,
`check_transaction` and `process_transaction`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from byline.derivation.errors import InvalidData
from byline.derivation.hashing import ZERO_ADDRESS, keccak256
from byline.derivation.intrinsic import GasNeeds, gas_needs
from byline.derivation.kernels import rlp, secp256k1
from byline.derivation.receipt import Log
from byline.derivation.transaction import (
    ACCESS_LIST,
    BLOB,
    DYNAMIC_FEE,
    LEGACY,
    SECP256K1_N,
    SET_CODE,
    Authorization,
    Transaction,
)
from byline.node.evm.accounts import DELEGATION_PREFIX
from byline.node.evm.console import ConsoleCalls
from byline.node.evm.machine import CallOutcome, Machine, MessageCall

MAX_INITCODE_SIZE: Final = 49_152
"""Bytes of code that a creation may run (EIP-3860)."""
MAX_REFUND_QUOTIENT: Final = 5
"""At most a fifth of the gas used comes back as a refund (EIP-3529)."""
MAX_NONCE: Final = 2**64 - 1
MAX_TRANSACTION_GAS: Final = 2**24
"""Highest gas limit of a signed transaction (EIP-7825)."""
NEW_ACCOUNT_COST: Final = 25_000
AUTHORIZATION_COST: Final = 12_500
"""EIP-7702: an authorization of an account that exists gets the difference back."""
VERSIONED_HASH_VERSION: Final = b"\x01"
"""First byte of the hash of a KZG commitment (EIP-4844)."""
SET_CODE_MAGIC: Final = b"\x05"


class InvalidTransaction(Exception):
    """A transaction that no block may hold; the message follows geth's words."""


@dataclass(frozen=True, slots=True)
class Applied:
    """What one transaction did."""

    succeeded: bool
    gas_used: int
    logs: tuple[Log, ...]
    output: bytes = b""
    reverted: bool = False
    error: str | None = None
    created: bytes | None = None
    deposit_nonce: int | None = None
    console: ConsoleCalls | None = None
    """What contracts wrote to the console."""

    @classmethod
    def of(cls, outcome: CallOutcome, gas_used: int) -> Applied:
        """Return what a signed transaction did, from how its message call ended."""
        return cls(
            succeeded=outcome.succeeded,
            gas_used=gas_used,
            logs=outcome.logs if outcome.succeeded else (),
            output=outcome.output,
            reverted=outcome.reverted,
            error=outcome.error,
            created=outcome.created if outcome.succeeded else None,
            console=outcome.console,
        )


def credit(machine: Machine, address: bytes, amount: int) -> None:
    """Add `amount` wei to `address`; nothing at all does not touch the account (EIP-161).

    More than 2**256 wei, which a devnet can write down, wrap around as in geth and the EVM.
    """
    if amount:
        machine.set_balance(address, (machine.balance(address) + amount) % 2**256)


def least_gas(tx: Transaction, *, prague: bool) -> int:
    """Return the gas limit below which `tx` is invalid: intrinsic cost and EIP-7623 floor."""
    return gas_needs(tx, prague=prague).limit


def check_stateless(
    tx: Transaction,
    chain_id: int,
    base_fee: int,
    gas_left: int,
    *,
    prague: bool,
    gas_cap: int | None,
    blobs: bool = False,
) -> GasNeeds:
    """Check what needs no account: chain id, type, fees, gas limits, sizes.

    `gas_left` is what the block still has; `prague` brings EIP-7623 and EIP-7702, `gas_cap`
    is that of EIP-7825, `blobs` lets type 3 pass.  Returns what `execute` has to know of gas;
    raises `InvalidTransaction`.
    """
    newer = (prague and tx.type == SET_CODE) or (blobs and tx.type == BLOB)
    if tx.type not in (LEGACY, ACCESS_LIST, DYNAMIC_FEE) and not newer:
        raise InvalidTransaction(f"transaction type not supported: 0x{tx.type:02x}")
    if tx.chain_id is not None and tx.chain_id != chain_id:
        raise InvalidTransaction(
            f"invalid chain id for signer: have {tx.chain_id} want {chain_id}"
        )
    if gas_cap is not None and tx.gas > gas_cap:
        raise InvalidTransaction(f"transaction gas limit too high (cap: {gas_cap}, tx: {tx.gas})")
    if tx.gas > gas_left:
        raise InvalidTransaction(f"gas limit reached: {tx.gas} wanted, {gas_left} left in block")
    if tx.max_priority_fee_per_gas > tx.max_fee_per_gas:
        raise InvalidTransaction(
            "max priority fee per gas higher than max fee per gas: "
            f"tip {tx.max_priority_fee_per_gas}, cap {tx.max_fee_per_gas}"
        )
    if tx.max_fee_per_gas < base_fee:
        raise InvalidTransaction(
            "max fee per gas less than block base fee: "
            f"maxFeePerGas: {tx.max_fee_per_gas}, baseFee: {base_fee}"
        )
    if tx.to is None and len(tx.data) > MAX_INITCODE_SIZE:
        raise InvalidTransaction(
            f"max initcode size exceeded: code size {len(tx.data)} limit {MAX_INITCODE_SIZE}"
        )
    if tx.type == SET_CODE and not tx.authorizations:
        raise InvalidTransaction("EIP-7702 transaction with empty auth list")
    needs = gas_needs(tx, prague=prague)
    if tx.gas < needs.limit:
        raise InvalidTransaction(
            f"intrinsic gas too low: gas {tx.gas}, minimum needed {needs.limit}"
        )
    return needs


def check_blobs(tx: Transaction, most: int) -> None:
    """Check what a type 3 transaction says of its blobs, of which it may have `most`.

    Raises `InvalidTransaction`.
    """
    if tx.to is None:
        raise InvalidTransaction("blob transaction of type create")
    if not tx.blob_hashes:
        raise InvalidTransaction("blob transaction missing blob hashes")
    if len(tx.blob_hashes) > most:
        raise InvalidTransaction(
            f"blob transaction has too many blobs: have {len(tx.blob_hashes)}, max {most}"
        )
    for index, blob_hash in enumerate(tx.blob_hashes):
        if blob_hash[:1] != VERSIONED_HASH_VERSION:
            raise InvalidTransaction(
                f"blob {index} has invalid hash version: 0x{blob_hash[:1].hex()}, want 0x01"
            )


def check_sender(machine: Machine, tx: Transaction, most: int) -> bytes:
    """Check the account behind `tx`, which may cost it at most `most` wei; return it."""
    try:
        sender = tx.sender
    except InvalidData as exc:
        raise InvalidTransaction(str(exc)) from exc
    nonce = machine.nonce(sender)
    if tx.nonce < nonce:
        raise InvalidTransaction(f"nonce too low: next nonce {nonce}, tx nonce {tx.nonce}")
    if tx.nonce > nonce:
        raise InvalidTransaction(f"nonce too high: next nonce {nonce}, tx nonce {tx.nonce}")
    if nonce == MAX_NONCE:
        raise InvalidTransaction(f"nonce has max value: {nonce}")
    code = machine.code(sender)
    # An impersonated sender, which alone comes here without a signature, may be a contract.
    if code and not code.startswith(DELEGATION_PREFIX) and tx.has_signature_values:
        raise InvalidTransaction("sender not an eoa")
    balance = machine.balance(sender)
    if balance < most:
        raise InvalidTransaction(
            "insufficient funds for gas * price + value: "
            f"balance {balance}, tx cost {most}, overshot {most - balance}"
        )
    return sender


def execute(
    machine: Machine, tx: Transaction, sender: bytes, gas_price: int, needs: GasNeeds
) -> tuple[CallOutcome, int]:
    """Run a checked and paid transaction; return the outcome and the gas it used.

    `needs` is what `check_stateless` returned.  The caller has called
    `machine.begin_transaction`, and pays back what was not used.
    """
    machine.set_nonce(sender, tx.nonce + 1)
    machine.warm(sender)
    refund = apply_authorizations(machine, tx.authorizations, tx.chain_id or 0)
    outcome = machine.run(
        MessageCall(
            sender=sender,
            to=tx.to,
            value=tx.value,
            data=tx.data,
            gas=tx.gas - needs.intrinsic,
            gas_price=gas_price,
            nonce=tx.nonce,
            warm_addresses=[entry.address for entry in tx.access_list],
            warm_slots=[
                (entry.address, int.from_bytes(key, "big"))
                for entry in tx.access_list
                for key in entry.storage_keys
            ],
            blob_hashes=tx.blob_hashes,
            refund=refund,
        )
    )
    used = tx.gas - outcome.gas_left
    used -= min(outcome.refund, used // MAX_REFUND_QUOTIENT)
    return outcome, max(used, needs.floor)


def apply_authorizations(
    machine: Machine, authorizations: Sequence[Authorization], chain_id: int
) -> int:
    """Delegate accounts as they signed (EIP-7702); return the gas refund.

    An authorization that does not hold is skipped, as the EIP says.
    """
    refund = 0
    for item in authorizations:
        if item.chain_id not in (0, chain_id) or item.nonce >= MAX_NONCE:
            continue
        authority = authority_of(item)
        if authority is None:
            continue
        machine.warm(authority)
        code = machine.code(authority)
        if code and not code.startswith(DELEGATION_PREFIX):
            continue
        if machine.nonce(authority) != item.nonce:
            continue
        if machine.exists(authority):
            refund += NEW_ACCOUNT_COST - AUTHORIZATION_COST
        cleared = item.address == ZERO_ADDRESS
        machine.set_code(authority, b"" if cleared else DELEGATION_PREFIX + item.address)
        machine.set_nonce(authority, item.nonce + 1)
    return refund


def authority_of(item: Authorization) -> bytes | None:
    """Return the account that signed `item`, or `None` when the signature is not valid."""
    if item.s > SECP256K1_N // 2:
        return None
    digest = keccak256(SET_CODE_MAGIC + rlp.encode((item.chain_id, item.address, item.nonce)))
    return secp256k1.recover(digest, item.y_parity, item.r, item.s)
