"""Deposits that a devnet's DevControl contract forces into L2 blocks.

One is RLP: a list of sender, recipient (empty creates a contract), value, gas limit and
data.  It mints nothing and pays no fee: its value comes from the sender's balance.  So
travel transactions of accounts whose keys nobody has, and edits of the state (`dev_edits`).

The source hash has a domain that no specification uses, over the salt of the event: the
hash of the deposit is known before the L1 block that declares it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from byline.derivation.errors import InvalidData
from byline.derivation.hashing import keccak256
from byline.derivation.kernels import rlp
from byline.derivation.transaction import DepositTransaction

DEV_DOMAIN: Final = int.from_bytes(b"byline dev deposit", "big")
"""Of the source hash; those of the OP Stack are small numbers (protocol/deposits.md)."""
MOST_DEPOSIT_BYTES: Final = 65_536
"""Bytes that one declared deposit has at most."""
MOST_DEPOSITS: Final = 256
"""That one L2 block holds; further ones are dropped."""
_FIELDS: Final = 5


def dev_source_hash(salt: bytes) -> bytes:
    """Return the source hash of the deposit with a 32-byte `salt`."""
    return keccak256(DEV_DOMAIN.to_bytes(32, "big") + salt)


def dev_deposit(
    salt: bytes, sender: bytes, to: bytes | None, value: int, gas: int, data: bytes
) -> DepositTransaction:
    """Return the transaction that a declared deposit becomes."""
    return DepositTransaction(
        source_hash=dev_source_hash(salt),
        sender=sender,
        to=to,
        mint=0,
        value=value,
        gas=gas,
        is_system_transaction=False,
        data=data,
    )


def write_deposit(deposit: DepositTransaction) -> bytes:
    """Return the bytes that declare `deposit`; `read_deposit` is its inverse.

    Raises `InvalidData` for one that cannot be declared.
    """
    if deposit.mint or deposit.is_system_transaction:
        raise InvalidData("dev deposit: it neither mints nor is a system transaction")
    raw = rlp.encode((deposit.sender, deposit.to or b"", deposit.value, deposit.gas, deposit.data))
    if len(raw) > MOST_DEPOSIT_BYTES:
        raise InvalidData(f"dev deposit: {len(raw)} bytes, want at most {MOST_DEPOSIT_BYTES}")
    return raw


def read_deposit(salt: bytes, raw: bytes) -> DepositTransaction:
    """Return the deposit that `raw` declares; raises `InvalidData` naming the fault."""
    if len(raw) > MOST_DEPOSIT_BYTES:
        raise InvalidData(f"dev deposit: {len(raw)} bytes, want at most {MOST_DEPOSIT_BYTES}")
    try:
        items = rlp.decode(raw)
    except InvalidData as exc:
        raise InvalidData(f"dev deposit: {exc}") from exc
    if not isinstance(items, list) or len(items) != _FIELDS:
        raise InvalidData(f"dev deposit: want a list of {_FIELDS} fields")
    sender, to, value, gas, data = items
    if not isinstance(sender, bytes) or len(sender) != 20:
        raise InvalidData("dev deposit sender: want 20 bytes")
    if not isinstance(to, bytes) or len(to) not in (0, 20):
        raise InvalidData("dev deposit recipient: want 20 bytes or none")
    if not isinstance(data, bytes):
        raise InvalidData("dev deposit data: want bytes")
    return dev_deposit(
        salt,
        sender,
        to or None,
        rlp.number(value, "dev deposit value"),
        rlp.number(gas, "dev deposit gas", 64),
        data,
    )


def fitting(
    deposits: Iterable[DepositTransaction], gas_room: int
) -> tuple[DepositTransaction, ...]:
    """Return those of `deposits`, in order, that a block with `gas_room` left can hold.

    Each counts with its gas limit.  One that does not fit is passed over, and so is one whose
    salt another has had in the block.
    """
    held: dict[bytes, DepositTransaction] = {}
    for deposit in deposits:
        known = deposit.source_hash in held
        if deposit.gas <= gas_room and len(held) < MOST_DEPOSITS and not known:
            held[deposit.source_hash] = deposit
            gas_room -= deposit.gas
    return tuple(held.values())


def total_gas(deposits: Sequence[DepositTransaction]) -> int:
    """Return the sum of the gas limits."""
    return sum(deposit.gas for deposit in deposits)
