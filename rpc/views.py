"""Values as the JSON objects of the execution-apis, with the fields OP chains add.

Sources: execution-apis src/schemas/{block,receipt,transaction}.yaml; for deposits and the
rollup part of receipts op-geth's marshalling and OP Stack specs, protocol/deposits.md.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final

from byline.derivation.block import Block
from byline.derivation.transaction import (
    ACCESS_LIST,
    BLOB,
    DEPOSIT,
    LEGACY,
    SET_CODE,
    AccessListEntry,
    AnyTransaction,
    Authorization,
    DepositTransaction,
    Transaction,
)
from byline.rpc.backend import (
    AccountProof,
    FeeHistory,
    L1FeeDetail,
    LocatedLog,
    LocatedReceipt,
    LocatedTransaction,
)
from byline.rpc.quantities import as_hex as as_hex
from byline.rpc.quantities import checksummed as checksummed

GAS_PER_BLOB: Final = 2**17
"""EIP-4844."""

Json = dict[str, Any]


def word(value: int) -> str:
    """Return 32 bytes of data."""
    return f"0x{value:064x}"


# Blocks


def header(block: Block) -> Json:
    """Return the header with its hash; fields that its fork lacks are absent."""
    head = block.header
    found: Json = {
        "hash": as_hex(head.hash),
        "parentHash": as_hex(head.parent_hash),
        "sha3Uncles": as_hex(head.uncles_hash),
        "miner": as_hex(head.coinbase),
        "stateRoot": as_hex(head.state_root),
        "transactionsRoot": as_hex(head.transactions_root),
        "receiptsRoot": as_hex(head.receipts_root),
        "logsBloom": as_hex(head.bloom),
        "difficulty": hex(head.difficulty),
        "number": hex(head.number),
        "gasLimit": hex(head.gas_limit),
        "gasUsed": hex(head.gas_used),
        "timestamp": hex(head.timestamp),
        "extraData": as_hex(head.extra_data),
        "mixHash": as_hex(head.mix_hash),
        "nonce": as_hex(head.nonce),
    }
    if head.base_fee is not None:
        found["baseFeePerGas"] = hex(head.base_fee)
    if head.withdrawals_root is not None:
        found["withdrawalsRoot"] = as_hex(head.withdrawals_root)
    if head.blob_gas_used is not None:
        found["blobGasUsed"] = hex(head.blob_gas_used)
    if head.excess_blob_gas is not None:
        found["excessBlobGas"] = hex(head.excess_blob_gas)
    if head.parent_beacon_root is not None:
        found["parentBeaconBlockRoot"] = as_hex(head.parent_beacon_root)
    if head.requests_hash is not None:
        found["requestsHash"] = as_hex(head.requests_hash)
    return found


def block(
    value: Block,
    *,
    full: bool,
    pending: bool = False,
    deposit_nonces: Sequence[int | None] = (),
) -> Json:
    """Return a block with its transactions' hashes, or the transactions when `full`.

    `deposit_nonces` has one entry a transaction (see `LocatedTransaction.deposit_nonce`).
    A pending block keeps its number and hides what sealing decides.
    """
    found = header(value)
    found["size"] = hex(block_size(value))
    found["uncles"] = []
    if value.header.withdrawals_root is not None:
        found["withdrawals"] = []
    if full:
        nonces = deposit_nonces or [None] * len(value.transactions)
        found["transactions"] = [
            pending_transaction(item)
            if pending
            else transaction(LocatedTransaction(item, value, index, nonce))
            for index, (item, nonce) in enumerate(zip(value.transactions, nonces, strict=True))
        ]
    else:
        found["transactions"] = [as_hex(item.hash) for item in value.transactions]
    return as_pending(found) if pending else found


def as_pending(found: Json) -> Json:
    """Null what is not known before sealing; ethers needs `number`, web3.py a null hash."""
    return {**found, "hash": None, "nonce": None, "miner": None}


def block_size(value: Block) -> int:
    """Return the length of the block's RLP encoding, in bytes."""
    head = _list_length(sum(_item_length(field) for field in value.header.fields()))
    body = _list_length(
        sum(
            len(item.raw) if item.type == LEGACY else _string_length(item.raw)
            for item in value.transactions
        )
    )
    empty_lists = 1 if value.header.withdrawals_root is None else 2
    return _list_length(head + body + empty_lists)


def _item_length(field: int | bytes) -> int:
    if isinstance(field, bytes):
        return _string_length(field)
    return 1 if field < 0x80 else 1 + (field.bit_length() + 7) // 8


def _string_length(item: bytes) -> int:
    if len(item) == 1 and item[0] < 0x80:
        return 1
    return _list_length(len(item))


def _list_length(payload: int) -> int:
    """Return a payload's length with its RLP prefix."""
    return payload + 1 if payload < 56 else payload + 1 + (payload.bit_length() + 7) // 8


# Transactions


def transaction(located: LocatedTransaction) -> Json:
    """Return a transaction and where it stands."""
    if located.block is None:
        return pending_transaction(located.transaction)
    assert located.index is not None
    head = located.block.header
    return {
        "blockHash": as_hex(head.hash),
        "blockNumber": hex(head.number),
        "blockTimestamp": hex(head.timestamp),
        "transactionIndex": hex(located.index),
        **_body(located.transaction, head.base_fee, located.deposit_nonce),
    }


def pending_transaction(value: AnyTransaction) -> Json:
    """Return a transaction that is in no block."""
    return {
        "blockHash": None,
        "blockNumber": None,
        "blockTimestamp": None,
        "transactionIndex": None,
        **_body(value, None, None),
    }


def signed_transaction(value: AnyTransaction) -> Json:
    """Return a transaction alone."""
    return _body(value, None, None)


def _body(value: AnyTransaction, base_fee: int | None, deposit_nonce: int | None) -> Json:
    if isinstance(value, DepositTransaction):
        return _deposit(value, deposit_nonce)
    found: Json = {
        "type": hex(value.type),
        "hash": as_hex(value.hash),
        "from": as_hex(value.sender),
        "to": None if value.to is None else as_hex(value.to),
        "nonce": hex(value.nonce),
        "gas": hex(value.gas),
        "value": hex(value.value),
        "input": as_hex(value.data),
        # Before mining nobody knows the price: web3.py wants the most it can be.
        "gasPrice": hex(
            value.max_fee_per_gas if base_fee is None else value.effective_gas_price(base_fee)
        ),
        "r": hex(value.r),
        "s": hex(value.s),
        "v": hex(_v(value)),
    }
    if value.chain_id is not None:
        found["chainId"] = hex(value.chain_id)
    if value.type >= ACCESS_LIST:
        found["yParity"] = hex(value.y_parity)
        found["accessList"] = access_list(value.access_list)
    if value.type > ACCESS_LIST:
        found["maxFeePerGas"] = hex(value.max_fee_per_gas)
        found["maxPriorityFeePerGas"] = hex(value.max_priority_fee_per_gas)
    if value.type == BLOB:
        found["maxFeePerBlobGas"] = hex(value.max_fee_per_blob_gas)
        found["blobVersionedHashes"] = [as_hex(item) for item in value.blob_hashes]
    if value.type == SET_CODE:
        found["authorizationList"] = authorizations(value.authorizations)
    return found


def _v(value: Transaction) -> int:
    if value.type != LEGACY:
        return value.y_parity
    return value.y_parity + (27 if value.chain_id is None else 35 + 2 * value.chain_id)


def _deposit(value: DepositTransaction, nonce: int | None) -> Json:
    found: Json = {
        "type": hex(DEPOSIT),
        "hash": as_hex(value.hash),
        "sourceHash": as_hex(value.source_hash),
        "from": as_hex(value.sender),
        "to": None if value.to is None else as_hex(value.to),
        "gas": hex(value.gas),
        "value": hex(value.value),
        "input": as_hex(value.data),
        "nonce": hex(nonce or 0),
        "gasPrice": "0x0",
        "v": "0x0",
        "r": "0x0",
        "s": "0x0",
        "depositReceiptVersion": "0x1",
    }
    # As op-geth has it: no mint and no system flag are absent, not zero and false.
    if value.mint:
        found["mint"] = hex(value.mint)
    if value.is_system_transaction:
        found["isSystemTx"] = True
    return found


def access_list(entries: Iterable[AccessListEntry]) -> list[Json]:
    """Return an EIP-2930 access list."""
    return [
        {
            "address": as_hex(entry.address),
            "storageKeys": [as_hex(key) for key in entry.storage_keys],
        }
        for entry in entries
    ]


def authorizations(entries: Iterable[Authorization]) -> list[Json]:
    """Return an EIP-7702 authorization list."""
    return [
        {
            "chainId": hex(entry.chain_id),
            "address": as_hex(entry.address),
            "nonce": hex(entry.nonce),
            "yParity": hex(entry.y_parity),
            "r": hex(entry.r),
            "s": hex(entry.s),
        }
        for entry in entries
    ]


# Receipts and logs


def receipt(value: LocatedReceipt) -> Json:
    """Return a receipt; on the L2 with the fees that go to the L1 and the operator."""
    head = value.block.header
    item = value.transaction
    to = item.to
    found: Json = {
        "type": hex(item.type),
        "transactionHash": as_hex(item.hash),
        "transactionIndex": hex(value.index),
        "blockHash": as_hex(head.hash),
        "blockNumber": hex(head.number),
        "from": as_hex(item.sender),
        "to": None if to is None else as_hex(to),
        "status": "0x1" if value.receipt.succeeded else "0x0",
        "cumulativeGasUsed": hex(value.receipt.cumulative_gas_used),
        "gasUsed": hex(value.gas_used),
        "effectiveGasPrice": hex(value.effective_gas_price),
        "contractAddress": (
            None if value.contract_address is None else as_hex(value.contract_address)
        ),
        "logsBloom": as_hex(value.receipt.bloom),
        "logs": [log(found) for found in logs_of(value)],
    }
    if isinstance(item, DepositTransaction):
        found["depositNonce"] = hex(value.receipt.deposit_nonce or 0)
        if value.receipt.deposit_version is not None:
            found["depositReceiptVersion"] = hex(value.receipt.deposit_version)
    elif item.type == BLOB:
        found["blobGasUsed"] = hex(GAS_PER_BLOB * len(item.blob_hashes))
    if value.blob_gas_price is not None:
        found["blobGasPrice"] = hex(value.blob_gas_price)
    if value.l1 is not None:
        found |= _rollup_fees(value.l1)
    return found


def _rollup_fees(detail: L1FeeDetail) -> Json:
    found = {
        "l1GasPrice": hex(detail.l1_gas_price),
        "l1GasUsed": hex(detail.l1_gas_used),
        "l1Fee": hex(detail.l1_fee),
        "l1BaseFeeScalar": hex(detail.l1_base_fee_scalar),
        "l1BlobBaseFee": hex(detail.l1_blob_base_fee),
        "l1BlobBaseFeeScalar": hex(detail.l1_blob_base_fee_scalar),
    }
    # Both or neither: op-geth shows them once an operator fee is configured.
    if detail.operator_fee_scalar or detail.operator_fee_constant:
        found["operatorFeeScalar"] = hex(detail.operator_fee_scalar)
        found["operatorFeeConstant"] = hex(detail.operator_fee_constant)
    if detail.da_footprint_gas_scalar is not None:
        found["daFootprintGasScalar"] = hex(detail.da_footprint_gas_scalar)
    if detail.da_footprint is not None:
        found["blobGasUsed"] = hex(detail.da_footprint)
    return found


def logs_of(value: LocatedReceipt) -> list[LocatedLog]:
    """Return the receipt's logs with their places in the block."""
    head = value.block.header
    return [
        LocatedLog(
            log=item,
            block_number=head.number,
            block_hash=head.hash,
            block_timestamp=head.timestamp,
            transaction_hash=value.transaction.hash,
            transaction_index=value.index,
            log_index=value.first_log_index + offset,
        )
        for offset, item in enumerate(value.receipt.logs)
    ]


def log(value: LocatedLog) -> Json:
    """Return a log and where it stands."""
    return {
        "address": as_hex(value.log.address),
        "topics": [as_hex(topic) for topic in value.log.topics],
        "data": as_hex(value.log.data),
        "blockNumber": hex(value.block_number),
        "blockHash": as_hex(value.block_hash),
        "blockTimestamp": hex(value.block_timestamp),
        "transactionHash": as_hex(value.transaction_hash),
        "transactionIndex": hex(value.transaction_index),
        "logIndex": hex(value.log_index),
        "removed": value.removed,
    }


# State and fees


def proof(value: AccountProof) -> Json:
    """Return an EIP-1186 proof; the keys come back as they were asked for."""
    return {
        "address": as_hex(value.address),
        "accountProof": [as_hex(node) for node in value.proof],
        "balance": hex(value.balance),
        "codeHash": as_hex(value.code_hash),
        "nonce": hex(value.nonce),
        "storageHash": as_hex(value.storage_hash),
        "storageProof": [
            {
                "key": item.key,
                "value": hex(item.value),
                "proof": [as_hex(node) for node in item.proof],
            }
            for item in value.storage
        ],
    }


def fee_history(value: FeeHistory) -> Json:
    """Return a fee history; `reward` is absent when no percentiles were asked for."""
    found: Json = {
        "oldestBlock": hex(value.oldest_block),
        "baseFeePerGas": [hex(fee) for fee in value.base_fees],
        "gasUsedRatio": list(value.gas_used_ratios),
        "baseFeePerBlobGas": [hex(fee) for fee in value.blob_base_fees],
        "blobGasUsedRatio": list(value.blob_gas_used_ratios),
    }
    if value.rewards is not None:
        found["reward"] = [[hex(tip) for tip in tips] for tips in value.rewards]
    return found
