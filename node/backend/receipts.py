"""From consensus receipts to what clients want to know of them."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Iterator, Sequence

from byline.derivation.block import Block
from byline.derivation.config import Fork, RollupConfig
from byline.derivation.fees import L1FeeParameters, da_footprint, l1_data_fee, l1_gas_used
from byline.derivation.header import Header
from byline.derivation.l1_info import l1_info_of
from byline.derivation.receipt import Log, Receipt
from byline.derivation.transaction import (
    BLOB,
    AnyTransaction,
    DepositTransaction,
    Transaction,
)
from byline.node.chain.chain import Chain
from byline.node.evm.accounts import created_address
from byline.node.rollups.rollup import headers_above
from byline.rpc.backend import L1FeeDetail, LocatedLog, LocatedReceipt


def located_receipts(
    block: Block,
    receipts: Sequence[Receipt],
    config: RollupConfig | None,
    blob_base_fee: int | None = None,
) -> Iterator[LocatedReceipt]:
    """Yield a block's receipts with prices, gas of their own and places.

    `config` is that of the rollup when the block is an L2 block, `blob_base_fee` what an L1
    block charges for blob gas.
    """
    fees = l1_fee_parameters(block, config) if config else None
    first_log = 0
    for index, receipt in enumerate(receipts):
        yield _located(block, receipts, index, first_log, fees, blob_base_fee)
        first_log += len(receipt.logs)


def located_receipt(
    block: Block,
    receipts: Sequence[Receipt],
    index: int,
    config: RollupConfig | None,
    blob_base_fee: int | None = None,
) -> LocatedReceipt:
    """Return one of the receipts that `located_receipts` yields, without the others."""
    fees = l1_fee_parameters(block, config) if config else None
    first_log = sum(len(receipt.logs) for receipt in receipts[:index])
    return _located(block, receipts, index, first_log, fees, blob_base_fee)


def _located(
    block: Block,
    receipts: Sequence[Receipt],
    index: int,
    first_log: int,
    fees: L1FeeParameters | None,
    blob_base_fee: int | None,
) -> LocatedReceipt:
    tx, receipt = block.transactions[index], receipts[index]
    before = receipts[index - 1].cumulative_gas_used if index else 0
    return LocatedReceipt(
        receipt=receipt,
        transaction=tx,
        block=block,
        index=index,
        gas_used=receipt.cumulative_gas_used - before,
        effective_gas_price=_price(tx, block),
        contract_address=_created(tx, receipt),
        first_log_index=first_log,
        blob_gas_price=blob_base_fee if tx.type == BLOB else None,
        l1=l1_fee_detail(tx, fees) if fees else None,
    )


def _price(tx: AnyTransaction, block: Block) -> int:
    if isinstance(tx, DepositTransaction):
        return 0
    return tx.effective_gas_price(block.header.base_fee or 0)


def _created(tx: AnyTransaction, receipt: Receipt) -> bytes | None:
    if tx.to is not None:
        return None
    if isinstance(tx, DepositTransaction):
        return created_address(tx.sender, receipt.deposit_nonce or 0)
    return created_address(tx.sender, tx.nonce)


def l1_fee_parameters(block: Block, config: RollupConfig) -> L1FeeParameters | None:
    """Return the fee parameters in force in an L2 block; `None` for genesis."""
    if not block.transactions:
        return None
    info = l1_info_of(block)
    jovian = config.active(Fork.JOVIAN, block.header.timestamp)
    return L1FeeParameters(
        base_fee=info.base_fee,
        base_fee_scalar=info.base_fee_scalar,
        blob_base_fee=info.blob_base_fee,
        blob_base_fee_scalar=info.blob_base_fee_scalar,
        operator_fee_scalar=info.operator_fee_scalar,
        operator_fee_constant=info.operator_fee_constant,
        da_footprint_gas_scalar=info.da_footprint_gas_scalar if jovian else None,
    )


def l1_fee_detail(tx: AnyTransaction, fees: L1FeeParameters) -> L1FeeDetail | None:
    """Return the rollup part of a receipt; deposits have none."""
    if not isinstance(tx, Transaction):
        return None
    scalar = fees.da_footprint_gas_scalar
    return L1FeeDetail(
        l1_gas_price=fees.base_fee,
        l1_gas_used=l1_gas_used(tx.raw),
        l1_fee=l1_data_fee(tx.raw, fees),
        l1_base_fee_scalar=fees.base_fee_scalar,
        l1_blob_base_fee=fees.blob_base_fee,
        l1_blob_base_fee_scalar=fees.blob_base_fee_scalar,
        operator_fee_scalar=fees.operator_fee_scalar,
        operator_fee_constant=fees.operator_fee_constant,
        da_footprint_gas_scalar=scalar,
        da_footprint=None if scalar is None else da_footprint(tx.raw, scalar),
    )


def located_logs(
    block: Block, receipts: Sequence[Receipt], *, removed: bool = False
) -> Iterator[LocatedLog]:
    """Yield every log of a block with its place."""
    place = 0
    for index, (tx, receipt) in enumerate(zip(block.transactions, receipts, strict=True)):
        for log in receipt.logs:
            yield located_log(block, tx, index, log, place, removed)
            place += 1


class LazyReceipts:
    """The receipts of a block, located once somebody wants them."""

    def __init__(self, locate: Callable[[], Iterable[LocatedReceipt]]) -> None:
        self._locate = locate

    def __iter__(self) -> Iterator[LocatedReceipt]:
        return iter(self._found)

    @functools.cached_property
    def _found(self) -> tuple[LocatedReceipt, ...]:
        return tuple(self._locate())


class RemovedLogs:
    """The logs of blocks that left a chain, newest first, read once somebody wants them."""

    def __init__(self, chain: Chain, top: Header, number: int) -> None:
        """Stand for the logs of `top` and its ancestors above height `number`."""
        self._chain = chain
        self._top = top
        self._number = number

    def __iter__(self) -> Iterator[LocatedLog]:
        return iter(self._logs)

    @functools.cached_property
    def _logs(self) -> tuple[LocatedLog, ...]:
        found: list[LocatedLog] = []
        store = self._chain.store
        for header in headers_above(self._chain, self._top, self._number):
            if not any(header.bloom):
                continue
            block, receipts = store.block(header.hash), store.receipts(header.hash)
            if block is not None and receipts is not None:
                found.extend(reversed(list(located_logs(block, receipts, removed=True))))
        return tuple(found)


def located_log(
    block: Block, tx: AnyTransaction, index: int, log: Log, place: int, removed: bool
) -> LocatedLog:
    """Return one log with its place."""
    return LocatedLog(
        log=log,
        block_number=block.number,
        block_hash=block.hash,
        block_timestamp=block.header.timestamp,
        transaction_hash=tx.hash,
        transaction_index=index,
        log_index=place,
        removed=removed,
    )
