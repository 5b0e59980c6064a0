"""The deposits and withdrawals that a block holds.

Sources: OP Stack specs, protocol/{deposits,withdrawals,messengers}.md.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from byline.derivation.block import Block
from byline.derivation.constants import L2_TO_L1_MESSAGE_PASSER
from byline.derivation.deposits import TRANSACTION_DEPOSITED, source_hash_user
from byline.derivation.hashing import keccak256
from byline.derivation.receipt import Log, Receipt
from byline.derivation.transaction import DEPOSIT, AnyTransaction, DepositTransaction
from byline.derivation.types import L1Block
from byline.node.contracts.addresses import L2_CROSS_DOMAIN_MESSENGER
from byline.node.crossings.calls import Crossing, crossing_of
from byline.node.evm.accounts import created_address

MESSAGE_PASSED: Final = keccak256(
    b"MessagePassed(uint256,address,address,uint256,uint256,bytes,bytes32)"
)
FAILED_RELAYED_MESSAGE: Final = keccak256(b"FailedRelayedMessage(bytes32)")
WITHDRAWAL_PROVEN: Final = keccak256(b"WithdrawalProven(bytes32,address,address)")
WITHDRAWAL_FINALIZED: Final = keccak256(b"WithdrawalFinalized(bytes32,bool)")


@dataclass(frozen=True, slots=True)
class Place:
    """A transaction in a block."""

    number: int
    """Of the block."""
    hash: bytes
    """Of the transaction."""


@dataclass(frozen=True, slots=True)
class Deposit:
    """A user's deposit, as its L2 block executed it."""

    crossing: Crossing
    mint: int
    """Wei made for the sender, who keeps them whatever happens."""
    l1: Place
    l2: Place
    index: int
    """Of the transaction in the L2 block."""
    created: bytes | None
    """The new contract of a creation that succeeded."""
    failed: bool
    relay_failed: bool
    """The messenger took the message, and the call it is for failed."""


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """A withdrawal begun on the L2."""

    crossing: Crossing
    l2: Place
    hash: bytes
    """By which the L1 knows it."""


@dataclass(frozen=True, slots=True)
class Proven:
    """A withdrawal proven to the portal."""

    hash: bytes
    sender: bytes
    target: bytes
    l1: Place


@dataclass(frozen=True, slots=True)
class Finalized:
    """A withdrawal whose call the portal has made."""

    hash: bytes
    succeeded: bool
    """Whether that call did."""
    l1: Place


def begins_with_deposits(block: Block) -> bool:
    """Tell whether more deposits than the L1 attributes stand in an L2 block."""
    return len(block.transactions) > 1 and block.transactions[1].type == DEPOSIT


def deposits(
    block: Block, receipts: Sequence[Receipt], origin: L1Block, portal: bytes
) -> Iterator[Deposit]:
    """Yield the users' deposits of an L2 block whose L1 origin is `origin`, in order."""
    sources = _sources(origin, portal)
    for index, (tx, receipt) in enumerate(zip(block.transactions, receipts, strict=True)):
        if not isinstance(tx, DepositTransaction):
            break
        if tx.source_hash in sources:
            l1 = Place(origin.header.number, sources[tx.source_hash])
            yield _deposit(tx, receipt, l1, Place(block.number, tx.hash), index)


def _sources(origin: L1Block, portal: bytes) -> Mapping[bytes, bytes]:
    """Return the L1 transaction of each deposit, by the deposit's source hash."""
    found: dict[bytes, bytes] = {}
    index = 0
    for tx, receipt in zip(origin.transactions, origin.receipts, strict=True):
        for log in receipt.logs:
            if log.address == portal and log.topics[:1] == (TRANSACTION_DEPOSITED,):
                found[source_hash_user(origin.header.hash, index)] = tx.hash
            index += 1
    return found


def _deposit(
    tx: DepositTransaction, receipt: Receipt, l1: Place, l2: Place, index: int
) -> Deposit:
    to_messenger = tx.to == L2_CROSS_DOMAIN_MESSENGER
    made = tx.to is None and receipt.succeeded
    return Deposit(
        crossing=crossing_of(tx.sender, tx.to, tx.value, tx.data, by_messenger=to_messenger),
        mint=tx.mint,
        l1=l1,
        l2=l2,
        index=index,
        created=created_address(tx.sender, receipt.deposit_nonce or 0) if made else None,
        failed=not receipt.succeeded,
        relay_failed=any(
            log.address == L2_CROSS_DOMAIN_MESSENGER
            and log.topics[:1] == (FAILED_RELAYED_MESSAGE,)
            for log in receipt.logs
        ),
    )


def withdrawals(block: Block, receipts: Sequence[Receipt]) -> Iterator[Withdrawal]:
    """Yield the withdrawals that begin in an L2 block, in order."""
    for tx, log in _logs(block.transactions, receipts, L2_TO_L1_MESSAGE_PASSER):
        found = _withdrawal(log, Place(block.number, tx.hash))
        if found is not None:
            yield found


def _withdrawal(log: Log, place: Place) -> Withdrawal | None:
    if len(log.topics) != 4 or log.topics[0] != MESSAGE_PASSED or len(log.data) < 160:
        return None
    value, _, offset, _ = (_word(log.data, 32 * i) for i in range(4))
    length = _word(log.data, offset)
    data = log.data[offset + 32 : offset + 32 + length]
    sender, target = log.topics[2][12:], log.topics[3][12:]
    from_messenger = sender == L2_CROSS_DOMAIN_MESSENGER
    crossing = crossing_of(sender, target, value, data, by_messenger=from_messenger)
    return Withdrawal(crossing, place, log.data[96:128])


def portal_events(
    number: int,
    transactions: Sequence[AnyTransaction],
    receipts: Sequence[Receipt],
    portal: bytes,
) -> Iterator[Proven | Finalized]:
    """Yield what became of withdrawals in L1 block `number`, in order."""
    for tx, log in _logs(transactions, receipts, portal):
        place = Place(number, tx.hash)
        if log.topics[:1] == (WITHDRAWAL_PROVEN,) and len(log.topics) == 4:
            yield Proven(log.topics[1], log.topics[2][12:], log.topics[3][12:], place)
        elif log.topics[:1] == (WITHDRAWAL_FINALIZED,) and len(log.topics) == 2:
            yield Finalized(log.topics[1], _word(log.data, 0) != 0, place)


def _logs(
    transactions: Sequence[AnyTransaction], receipts: Sequence[Receipt], address: bytes
) -> Iterator[tuple[AnyTransaction, Log]]:
    for tx, receipt in zip(transactions, receipts, strict=True):
        for log in receipt.logs:
            if log.address == address:
                yield tx, log


def _word(data: bytes, at: int) -> int:
    return int.from_bytes(data[at : at + 32], "big")
