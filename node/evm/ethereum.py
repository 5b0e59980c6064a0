"""The L1's rules: Ethereum at Prague, with an empty validator set.

Sources: EIP-1559, 2935, 4788, 4844, 7002, 7251, 7685.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import Final

from byline.derivation.base_fee import next_excess_blob_gas, next_l1_base_fee
from byline.derivation.constants import BEACON_ROOTS, HISTORY_STORAGE
from byline.derivation.hashing import EMPTY_TRIE_ROOT
from byline.derivation.header import Header
from byline.derivation.transaction import AnyTransaction, DepositTransaction
from byline.node.evm.machine import Machine, OpcodeSet
from byline.node.evm.precompiles import ETHEREUM_PRAGUE
from byline.node.evm.rules import BlockInput, PrecompileTable
from byline.node.evm.transition import (
    Applied,
    InvalidTransaction,
    check_sender,
    check_stateless,
    credit,
    execute,
)

WITHDRAWAL_REQUESTS: Final = bytes.fromhex("00000961ef480eb55e80d19ad83579a64c007002")
CONSOLIDATION_REQUESTS: Final = bytes.fromhex("0000bbddc7ce488642fb579f8b00f3a590007251")
REQUEST_CONTRACTS: Final = ((1, WITHDRAWAL_REQUESTS), (2, CONSOLIDATION_REQUESTS))
"""Request type and the system contract that hands the requests out."""


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
    requests: list[bytes] = field(default_factory=list)

    def before(self) -> None:
        open_system_calls(self.machine, self.header)

    def apply(self, tx: AnyTransaction, gas_left: int) -> Applied:
        if isinstance(tx, DepositTransaction):
            raise InvalidTransaction("transaction type not supported: 0x7e")
        base_fee = self.header.base_fee or 0
        check_stateless(tx, self.chain_id, base_fee, gas_left, prague=True, gas_cap=None)
        machine = self.machine
        sender = check_sender(machine, tx, tx.gas * tx.max_fee_per_gas + tx.value)
        machine.begin_transaction()
        price = tx.effective_gas_price(base_fee)
        machine.set_balance(sender, machine.balance(sender) - tx.gas * price)
        outcome, used = execute(machine, tx, sender, price, prague=True)
        credit(machine, sender, (tx.gas - used) * price)
        credit(machine, self.header.coinbase, used * (price - base_fee))
        return Applied.of(outcome, used)

    def after(self) -> None:
        for kind, contract in REQUEST_CONTRACTS:
            if self.machine.code(contract):
                output = self.machine.system_call(contract, b"").output
                self.requests.append(bytes([kind]) + output)

    def seal(self, header: Header) -> Header:
        return header.with_(requests_hash=requests_hash(self.requests))


class EthereumRules:
    """Rules of the local L1."""

    def __init__(self, chain_id: int) -> None:
        self.chain_id = chain_id

    def open(self, parent: Header, given: BlockInput) -> Header:
        """See `ChainRules.open`."""
        if given.timestamp <= parent.timestamp:
            raise ValueError(
                f"L1 block {parent.number + 1}: timestamp {given.timestamp} is not after "
                f"its parent's, {parent.timestamp}"
            )
        return Header(
            parent_hash=parent.hash,
            coinbase=given.coinbase,
            number=parent.number + 1,
            gas_limit=given.gas_limit,
            timestamp=given.timestamp,
            extra_data=given.extra_data,
            mix_hash=given.prev_randao,
            base_fee=next_l1_base_fee(parent),
            withdrawals_root=EMPTY_TRIE_ROOT,
            blob_gas_used=0,
            excess_blob_gas=next_excess_blob_gas(parent),
            parent_beacon_root=given.parent_beacon_root,
            requests_hash=requests_hash([]),
        )

    def precompiles(self, timestamp: int) -> PrecompileTable:
        """See `ChainRules.precompiles`."""
        return ETHEREUM_PRAGUE

    def opcodes(self, timestamp: int) -> OpcodeSet:
        """See `ChainRules.opcodes`."""
        return OpcodeSet.PRAGUE

    def transaction_gas_cap(self, timestamp: int) -> int | None:
        """See `ChainRules.transaction_gas_cap`."""
        return None

    def begin(self, machine: Machine, header: Header, parent: Header) -> _EthereumBlock:
        """See `ChainRules.begin`."""
        return _EthereumBlock(machine, header, self.chain_id)
