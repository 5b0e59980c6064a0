"""The L1's rules: Ethereum from Cancun to Osaka, with an empty validator set.

Sources: EIP-1559, 2935, 4788, 4844, 6110, 7002, 7251, 7594, 7685, 7691, 7825, 7918.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final

from byline.derivation.base_fee import next_l1_base_fee
from byline.derivation.blob_parameters import BLOB_GAS
from byline.derivation.constants import BEACON_ROOTS, HISTORY_STORAGE
from byline.derivation.hashing import EMPTY_TRIE_ROOT
from byline.derivation.header import Header
from byline.derivation.receipt import Log
from byline.derivation.transaction import (
    BLOB,
    AnyTransaction,
    DepositTransaction,
    Transaction,
)
from byline.node.evm.l1_deposits import deposit_requests
from byline.node.evm.l1_forks import L1Fork, L1Schedule
from byline.node.evm.machine import Machine, OpcodeSet
from byline.node.evm.precompiles import ETHEREUM_OSAKA, ETHEREUM_PRAGUE
from byline.node.evm.rules import BlockInput, PrecompileTable
from byline.node.evm.transition import (
    MAX_TRANSACTION_GAS,
    Applied,
    InvalidTransaction,
    check_blobs,
    check_sender,
    check_stateless,
    credit,
    execute,
)

WITHDRAWAL_REQUESTS: Final = bytes.fromhex("00000961ef480eb55e80d19ad83579a64c007002")
CONSOLIDATION_REQUESTS: Final = bytes.fromhex("0000bbddc7ce488642fb579f8b00f3a590007251")
DEPOSIT_REQUESTS: Final = 0
POINT_EVALUATION: Final = (0x0A).to_bytes(20, "big")
MAX_EXTRA_DATA: Final = 32
"""Bytes in the header that are free."""
GAS_LIMIT_QUOTIENT: Final = 1024
"""From block to block the gas limit moves by less than this part of it."""
MIN_GAS_LIMIT: Final = 5_000
MAX_GAS_LIMIT: Final = 2**63 - 1
REQUEST_CONTRACTS: Final = ((1, WITHDRAWAL_REQUESTS), (2, CONSOLIDATION_REQUESTS))
"""Request type and the system contract that hands the requests out."""


CANCUN_PRECOMPILES: Final[PrecompileTable] = MappingProxyType(
    {address: native for address, native in ETHEREUM_PRAGUE.items() if address <= POINT_EVALUATION}
)
"""Prague added BLS12-381."""


def check_input(parent: Header, given: BlockInput) -> None:
    """Check what an L1 block after `parent` begins with; raises `ValueError`.

    Source: Yellow Paper, section 4.4.4 (time, extra data, gas limit); EIP-1985 for the
    highest gas limit.
    """
    block = f"L1 block {parent.number + 1}"
    if given.timestamp <= parent.timestamp:
        raise ValueError(
            f"{block}: timestamp {given.timestamp} is not after its parent's, {parent.timestamp}"
        )
    if len(given.extra_data) > MAX_EXTRA_DATA:
        raise ValueError(
            f"{block}: extra data of {len(given.extra_data)} bytes, limit {MAX_EXTRA_DATA}"
        )
    room = parent.gas_limit // GAS_LIMIT_QUOTIENT
    far = abs(given.gas_limit - parent.gas_limit) >= room
    if far and given.gas_limit != parent.gas_limit and not given.any_gas_limit:
        raise ValueError(
            f"{block}: gas limit {given.gas_limit} is not within {room} of its parent's, "
            f"{parent.gas_limit}"
        )
    if not MIN_GAS_LIMIT <= given.gas_limit <= MAX_GAS_LIMIT:
        raise ValueError(
            f"{block}: gas limit {given.gas_limit}, want {MIN_GAS_LIMIT} to {MAX_GAS_LIMIT}"
        )


def open_system_calls(machine: Machine, header: Header) -> None:
    """Store the parent hash (EIP-2935) and the parent beacon root (EIP-4788)."""
    if header.requests_hash is not None and machine.code(HISTORY_STORAGE):
        machine.system_call(HISTORY_STORAGE, header.parent_hash)
    if header.parent_beacon_root is not None and machine.code(BEACON_ROOTS):
        machine.system_call(BEACON_ROOTS, header.parent_beacon_root)


def requests_hash(requests: list[bytes]) -> bytes:
    """Return the commitment to a block's requests; each starts with its type (EIP-7685)."""
    digest = hashlib.sha256()
    for request in requests:
        if len(request) > 1:
            digest.update(hashlib.sha256(request).digest())
    return digest.digest()


@dataclass(slots=True)
class _EthereumBlock:
    machine: Machine
    header: Header
    chain_id: int
    gas_cap: int | None
    most_blobs: int
    """Of the block."""
    most_blobs_per_transaction: int
    blob_base_fee: int
    """Wei per blob gas."""
    prague: bool
    """Whether Prague is in force: EIP-7623, 7685, 7702."""
    requests: list[bytes] = field(default_factory=list)
    deposits: bytearray = field(default_factory=bytearray)
    """Requests of the deposit contract so far (EIP-6110)."""
    blobs: int = 0
    """Blobs of the transactions so far."""

    def before(self) -> None:
        open_system_calls(self.machine, self.header)

    def apply(self, tx: AnyTransaction, gas_left: int) -> Applied:
        if isinstance(tx, DepositTransaction):
            raise InvalidTransaction("transaction type not supported: 0x7e")
        base_fee = self.header.base_fee or 0
        needs = check_stateless(
            tx,
            self.chain_id,
            base_fee,
            gas_left,
            prague=self.prague,
            gas_cap=self.gas_cap,
            blobs=True,
        )
        self._check_blobs(tx)
        machine = self.machine
        blob_gas = BLOB_GAS * len(tx.blob_hashes)
        most = tx.gas * tx.max_fee_per_gas + tx.value + blob_gas * tx.max_fee_per_blob_gas
        sender = check_sender(machine, tx, most)
        machine.begin_transaction()
        price = tx.effective_gas_price(base_fee)
        # What blobs cost is burned, whatever the transaction does.
        charged = tx.gas * price + blob_gas * self.blob_base_fee
        machine.set_balance(sender, machine.balance(sender) - charged)
        outcome, used = execute(machine, tx, sender, price, needs)
        credit(machine, sender, (tx.gas - used) * price)
        credit(machine, self.header.coinbase, used * (price - base_fee))
        self.blobs += len(tx.blob_hashes)
        done = Applied.of(outcome, used)
        self.note(done.logs)
        return done

    def note(self, logs: Sequence[Log]) -> None:
        self.deposits += deposit_requests(logs)

    def _check_blobs(self, tx: Transaction) -> None:
        if tx.type != BLOB:
            return
        check_blobs(tx, self.most_blobs_per_transaction)
        if tx.max_fee_per_blob_gas < self.blob_base_fee:
            raise InvalidTransaction(
                "max fee per blob gas less than block blob gas fee: "
                f"maxFeePerBlobGas: {tx.max_fee_per_blob_gas}, "
                f"blobBaseFee: {self.blob_base_fee}"
            )
        room = self.most_blobs - self.blobs
        if len(tx.blob_hashes) > room:
            raise InvalidTransaction(
                f"gas limit reached: {len(tx.blob_hashes)} blobs, room for {room} in block"
            )

    def after(self) -> None:
        if not self.prague:
            return
        if self.deposits:
            self.requests.append(bytes([DEPOSIT_REQUESTS]) + bytes(self.deposits))
        for kind, contract in REQUEST_CONTRACTS:
            if self.machine.code(contract):
                output = self.machine.system_call(contract, b"").output
                self.requests.append(bytes([kind]) + output)

    def seal(self, header: Header) -> Header:
        return header.with_(
            requests_hash=requests_hash(self.requests) if self.prague else None,
            blob_gas_used=BLOB_GAS * self.blobs,
        )


class EthereumRules:
    """Rules of the local L1, by its forks."""

    def __init__(self, chain_id: int, schedule: L1Schedule | None = None) -> None:
        self.chain_id = chain_id
        self.schedule = schedule or L1Schedule()

    def open(self, parent: Header, given: BlockInput) -> Header:
        """See `ChainRules.open`."""
        check_input(parent, given)
        return Header(
            parent_hash=parent.hash,
            coinbase=given.coinbase,
            number=parent.number + 1,
            gas_limit=given.gas_limit,
            timestamp=given.timestamp,
            extra_data=given.extra_data,
            mix_hash=given.prev_randao,
            base_fee=next_l1_base_fee(parent) if given.base_fee is None else given.base_fee,
            withdrawals_root=EMPTY_TRIE_ROOT,
            blob_gas_used=0,
            excess_blob_gas=self.schedule.next_excess_blob_gas(parent, given.timestamp),
            parent_beacon_root=given.parent_beacon_root,
            requests_hash=requests_hash([]) if self._prague(given.timestamp) else None,
        )

    def precompiles(self, timestamp: int) -> PrecompileTable:
        """See `ChainRules.precompiles`."""
        if self._osaka(timestamp):
            return ETHEREUM_OSAKA
        return ETHEREUM_PRAGUE if self._prague(timestamp) else CANCUN_PRECOMPILES

    def opcodes(self, timestamp: int) -> OpcodeSet:
        """See `ChainRules.opcodes`."""
        if self._osaka(timestamp):
            return OpcodeSet.OSAKA
        return OpcodeSet.PRAGUE if self._prague(timestamp) else OpcodeSet.CANCUN

    def transaction_gas_cap(self, timestamp: int) -> int | None:
        """See `ChainRules.transaction_gas_cap`."""
        return MAX_TRANSACTION_GAS if self._osaka(timestamp) else None

    def blob_base_fee(self, header: Header) -> int:
        """See `ChainRules.blob_base_fee`."""
        return self.schedule.blob_base_fee(header)

    def next_blob_base_fee(self, parent: Header) -> int:
        """See `ChainRules.next_blob_base_fee`."""
        time = parent.timestamp + 1
        excess = self.schedule.next_excess_blob_gas(parent, time)
        return self.schedule.blobs(time).base_fee(excess)

    def most_blob_gas(self, timestamp: int) -> int:
        """See `ChainRules.most_blob_gas`."""
        return BLOB_GAS * self.schedule.blobs(timestamp).most

    def most_blobs_per_transaction(self, timestamp: int) -> int:
        """See `ChainRules.most_blobs_per_transaction`."""
        return self.schedule.most_blobs_per_transaction(timestamp)

    def _prague(self, timestamp: int) -> bool:
        return self.schedule.active(L1Fork.PRAGUE, timestamp)

    def _osaka(self, timestamp: int) -> bool:
        return self.schedule.active(L1Fork.OSAKA, timestamp)

    def begin(self, machine: Machine, header: Header, parent: Header) -> _EthereumBlock:
        """See `ChainRules.begin`."""
        schedule, time = self.schedule, header.timestamp
        return _EthereumBlock(
            machine,
            header,
            self.chain_id,
            gas_cap=self.transaction_gas_cap(time),
            most_blobs=schedule.blobs(time).most,
            most_blobs_per_transaction=self.most_blobs_per_transaction(time),
            blob_base_fee=self.blob_base_fee(header),
            prague=self._prague(time),
        )
