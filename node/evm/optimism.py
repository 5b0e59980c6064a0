"""The L2's rules: deposits, the L1 and operator fees, the vaults, the DA footprint.

Sources: OP Stack specs, protocol/exec-engine.md with the pages of Holocene, Isthmus, Jovian
and Karst; op-revm `handler.rs` for the order of charging (protocol notes 4.3).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from byline.derivation.base_fee import next_l2_base_fee
from byline.derivation.config import Fork, RollupConfig
from byline.derivation.constants import (
    BASE_FEE_VAULT,
    L1_BLOCK,
    L1_FEE_VAULT,
    L2_TO_L1_MESSAGE_PASSER,
    OPERATOR_FEE_VAULT,
)
from byline.derivation.fees import L1FeeParameters, da_footprint, l1_data_fee, operator_fee
from byline.derivation.hashing import EMPTY_REQUESTS_HASH, EMPTY_TRIE_ROOT
from byline.derivation.header import Header
from byline.derivation.receipt import Log
from byline.derivation.transaction import AnyTransaction, DepositTransaction, Transaction
from byline.node.evm.deposits import execute_deposit
from byline.node.evm.ethereum import open_system_calls
from byline.node.evm.machine import Machine, OpcodeSet
from byline.node.evm.precompiles import optimism_precompiles
from byline.node.evm.rules import BlockInput, PrecompileTable
from byline.node.evm.transition import (
    MAX_TRANSACTION_GAS,
    Applied,
    InvalidTransaction,
    check_sender,
    check_stateless,
    credit,
    execute,
)

OPCODES_OF: Final = {
    Fork.HOLOCENE: OpcodeSet.CANCUN,
    Fork.ISTHMUS: OpcodeSet.PRAGUE,
    Fork.JOVIAN: OpcodeSet.PRAGUE,
    Fork.KARST: OpcodeSet.OSAKA,
}
OPERATOR_FEE_SLOT: Final = 8
"""Slot of the L1Block contract."""


def read_fee_parameters(machine: Machine, *, isthmus: bool, jovian: bool) -> L1FeeParameters:
    """Return the fee parameters that the L1Block contract holds now.

    Before Isthmus slot 8, of the operator fee, is not even read.
    """

    def storage(slot: int) -> int:
        return machine.storage(L1_BLOCK, slot) if isthmus or slot != OPERATOR_FEE_SLOT else 0

    return L1FeeParameters.read(storage, jovian=jovian)


@dataclass(frozen=True, slots=True)
class ExtraCost:
    """What transactions cost beyond gas and value, by the state and the forks of one block."""

    fees: L1FeeParameters
    isthmus: bool
    jovian: bool

    @classmethod
    def at(cls, machine: Machine, config: RollupConfig, head: Header) -> ExtraCost:
        """Read it from `machine`, which is on the state after `head`."""
        isthmus = config.active(Fork.ISTHMUS, head.timestamp)
        jovian = config.active(Fork.JOVIAN, head.timestamp)
        return cls(read_fee_parameters(machine, isthmus=isthmus, jovian=jovian), isthmus, jovian)

    def of(self, tx: Transaction) -> int:
        """Return the wei that `tx` may cost at most: L1 data and operator fee."""
        reserved = operator_fee(tx.gas, self.fees, jovian=self.jovian) if self.isthmus else 0
        return l1_data_fee(tx.raw, self.fees) + reserved


def extra_cost(machine: Machine, config: RollupConfig, head: Header, tx: Transaction) -> int:
    """Return wei that `tx` costs at most beyond gas and value: L1 data and operator fee.

    `machine` is on the state after `head`, whose fork decides.
    """
    return ExtraCost.at(machine, config, head).of(tx)


@dataclass(slots=True)
class _OptimismBlock:
    machine: Machine
    header: Header
    chain_id: int
    isthmus: bool
    jovian: bool
    gas_cap: int | None
    edits: bool
    """Whether deposits may edit the state: on a devnet alone."""
    deposits_only: bool
    """Whether a fork since Jovian activates: its first block is for upgrades alone."""
    fees: L1FeeParameters | None = None
    """Read after the block's first deposit, which alone changes them."""
    footprint: int = 0

    def before(self) -> None:
        open_system_calls(self.machine, self.header)

    def apply(self, tx: AnyTransaction, gas_left: int) -> Applied:
        if isinstance(tx, DepositTransaction):
            return self._deposit(tx, gas_left)
        return self._signed(tx, gas_left)

    def _deposit(self, tx: DepositTransaction, gas_left: int) -> Applied:
        if tx.is_system_transaction:
            raise InvalidTransaction("deposit is a system transaction, which Regolith ended")
        if tx.gas > gas_left:
            raise InvalidTransaction(f"gas limit reached: {tx.gas} wanted, {gas_left} left")
        done = execute_deposit(self.machine, tx, prague=self.isthmus, edits=self.edits)
        self.fees = None
        return done

    def _signed(self, tx: Transaction, gas_left: int) -> Applied:
        machine, base_fee = self.machine, self.header.base_fee or 0
        if self.deposits_only:
            raise InvalidTransaction("a fork activates in this block: it takes deposits only")
        needs = check_stateless(
            tx, self.chain_id, base_fee, gas_left, prague=self.isthmus, gas_cap=self.gas_cap
        )
        fees = self.fees or read_fee_parameters(machine, isthmus=self.isthmus, jovian=self.jovian)
        self.fees = fees
        footprint = self._footprint(tx, fees)
        l1_fee = l1_data_fee(tx.raw, fees)
        reserved = self._operator_fee(tx.gas, fees)
        most = tx.gas * tx.max_fee_per_gas + tx.value + l1_fee + reserved
        sender = check_sender(machine, tx, most)
        machine.begin_transaction()
        price = tx.effective_gas_price(base_fee)
        charged = tx.gas * price + l1_fee + reserved
        machine.set_balance(sender, machine.balance(sender) - charged)
        outcome, used = execute(machine, tx, sender, price, needs)
        kept = self._operator_fee(used, fees)
        credit(machine, sender, (tx.gas - used) * price + reserved - kept)
        credit(machine, self.header.coinbase, used * (price - base_fee))
        credit(machine, BASE_FEE_VAULT, used * base_fee)
        credit(machine, L1_FEE_VAULT, l1_fee)
        credit(machine, OPERATOR_FEE_VAULT, kept)
        self.footprint += footprint
        return Applied.of(outcome, used)

    def _footprint(self, tx: Transaction, fees: L1FeeParameters) -> int:
        if not self.jovian or fees.da_footprint_gas_scalar is None:
            return 0
        footprint = da_footprint(tx.raw, fees.da_footprint_gas_scalar)
        room = self.header.gas_limit - self.footprint
        if footprint > room:
            raise InvalidTransaction(
                f"gas limit reached: DA footprint {footprint}, {room} left in block"
            )
        return footprint

    def _operator_fee(self, gas: int, fees: L1FeeParameters) -> int:
        return operator_fee(gas, fees, jovian=self.jovian) if self.isthmus else 0

    def note(self, logs: Sequence[Log]) -> None:
        """Nothing: the L2 has no deposit contract (Isthmus)."""

    def after(self) -> None:
        """Nothing: the L2 has no requests (Isthmus)."""

    def seal(self, header: Header) -> Header:
        root = header.withdrawals_root
        if self.isthmus:
            root = self.machine.storage_root(L2_TO_L1_MESSAGE_PASSER)
        footprint = self.footprint if self.jovian else 0
        return header.with_(withdrawals_root=root, blob_gas_used=footprint)


_NEWEST_FIRST: Final = tuple(sorted(Fork, reverse=True))
_DEPOSITS_FIRST: Final = tuple(fork for fork in Fork if fork >= Fork.JOVIAN)
"""Forks whose first block is for upgrades alone."""


class OptimismRules:
    """Rules of an L2, by the forks of its rollup config."""

    def __init__(self, config: RollupConfig) -> None:
        self.config = config
        self.chain_id = config.l2_chain_id

    def open(self, parent: Header, given: BlockInput) -> Header:
        """See `ChainRules.open`."""
        isthmus = self.config.active(Fork.ISTHMUS, given.timestamp)
        return Header(
            parent_hash=parent.hash,
            coinbase=given.coinbase,
            number=parent.number + 1,
            gas_limit=given.gas_limit,
            timestamp=given.timestamp,
            extra_data=given.extra_data,
            mix_hash=given.prev_randao,
            base_fee=(
                next_l2_base_fee(parent, self.config) if given.base_fee is None else given.base_fee
            ),
            withdrawals_root=EMPTY_TRIE_ROOT,
            blob_gas_used=0,
            excess_blob_gas=0,
            parent_beacon_root=given.parent_beacon_root,
            requests_hash=EMPTY_REQUESTS_HASH if isthmus else None,
        )

    def precompiles(self, timestamp: int) -> PrecompileTable:
        """See `ChainRules.precompiles`."""
        return optimism_precompiles(self._fork(timestamp), self.config.credit_vault)

    def opcodes(self, timestamp: int) -> OpcodeSet:
        """See `ChainRules.opcodes`."""
        return OPCODES_OF[self._fork(timestamp)]

    def transaction_gas_cap(self, timestamp: int) -> int | None:
        """See `ChainRules.transaction_gas_cap`; deposits have none."""
        return MAX_TRANSACTION_GAS if self.config.active(Fork.KARST, timestamp) else None

    def blob_base_fee(self, header: Header) -> int:
        """See `ChainRules.blob_base_fee`: 1, as there are no blobs (Ecotone)."""
        return 1

    def next_blob_base_fee(self, parent: Header) -> int:
        """See `ChainRules.next_blob_base_fee`."""
        return 1

    def most_blob_gas(self, timestamp: int) -> int:
        """See `ChainRules.most_blob_gas`."""
        return 0

    def most_blobs_per_transaction(self, timestamp: int) -> int:
        """See `ChainRules.most_blobs_per_transaction`: an L2 block holds none (Ecotone)."""
        return 0

    def _fork(self, timestamp: int) -> Fork:
        return next(fork for fork in _NEWEST_FIRST if self.config.active(fork, timestamp))

    def begin(self, machine: Machine, header: Header, parent: Header) -> _OptimismBlock:
        """See `ChainRules.begin`."""
        return _OptimismBlock(
            machine,
            header,
            self.chain_id,
            isthmus=self.config.active(Fork.ISTHMUS, header.timestamp),
            jovian=self.config.active(Fork.JOVIAN, header.timestamp),
            gas_cap=self.transaction_gas_cap(header.timestamp),
            edits=self.config.dev_control is not None,
            deposits_only=any(
                self.config.activates(fork, header.timestamp, parent.timestamp)
                for fork in _DEPOSITS_FIRST
            ),
        )
