"""Why a transaction or a block has to be refused, in the fixtures' words and in ours.

A case passes only if the node refuses for one of the reasons that the fixture gives.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

REASONS: Final = MappingProxyType(
    {
        "TransactionException.GASLIMIT_PRICE_PRODUCT_OVERFLOW": ("insufficient funds",),
        "TransactionException.GAS_ALLOWANCE_EXCEEDED": ("gas limit reached",),
        "TransactionException.GAS_LIMIT_EXCEEDS_MAXIMUM": ("gas limit too high",),
        "TransactionException.INITCODE_SIZE_EXCEEDED": ("max initcode size",),
        "TransactionException.INSUFFICIENT_ACCOUNT_FUNDS": ("insufficient funds",),
        "TransactionException.INSUFFICIENT_MAX_FEE_PER_BLOB_GAS": ("max fee per blob gas less",),
        "TransactionException.INSUFFICIENT_MAX_FEE_PER_GAS": ("max fee per gas less",),
        "TransactionException.INTRINSIC_GAS_TOO_LOW": ("intrinsic gas too low",),
        "TransactionException.INTRINSIC_GAS_BELOW_FLOOR_GAS_COST": ("intrinsic gas too low",),
        "TransactionException.NONCE_IS_MAX": ("nonce has max value", "nonce"),
        "TransactionException.NONCE_MISMATCH_TOO_HIGH": ("nonce too high",),
        "TransactionException.NONCE_MISMATCH_TOO_LOW": ("nonce too low",),
        "TransactionException.PRIORITY_GREATER_THAN_MAX_FEE_PER_GAS": ("max priority fee",),
        "TransactionException.RLP_INVALID_VALUE": ("transaction",),
        "TransactionException.SENDER_NOT_EOA": ("sender not an eoa",),
        "TransactionException.TYPE_3_TX_BLOB_COUNT_EXCEEDED": ("too many blobs",),
        "TransactionException.TYPE_3_TX_CONTRACT_CREATION": ("transaction to",),
        "TransactionException.TYPE_3_TX_INVALID_BLOB_VERSIONED_HASH": ("invalid hash version",),
        "TransactionException.TYPE_3_TX_MAX_BLOB_GAS_ALLOWANCE_EXCEEDED": (
            "room for",
            "too many blobs",
        ),
        "TransactionException.TYPE_3_TX_PRE_FORK": ("not supported",),
        "TransactionException.TYPE_3_TX_WITH_FULL_BLOBS": ("transaction",),
        "TransactionException.TYPE_3_TX_ZERO_BLOBS": ("missing blob hashes",),
        "TransactionException.TYPE_4_EMPTY_AUTHORIZATION_LIST": ("empty auth list",),
        "TransactionException.TYPE_4_TX_CONTRACT_CREATION": ("transaction to",),
        "TransactionException.TYPE_4_TX_PRE_FORK": ("not supported",),
        "TR_TypeNotSupportedBlob": ("not supported",),
        "BlockException.BLOB_GAS_USED_ABOVE_LIMIT": ("room for", "too many blobs"),
        "BlockException.EXTRA_DATA_TOO_BIG": ("extra data",),
        "BlockException.GASLIMIT_TOO_BIG": (": gas limit",),
        "BlockException.GAS_USED_OVERFLOW": ("gas limit reached",),
        "BlockException.IMPORT_IMPOSSIBLE_DIFFICULTY_OVER_PARIS": ("differs: difficulty",),
        "BlockException.IMPORT_IMPOSSIBLE_UNCLES_OVER_PARIS": ("uncles",),
        "BlockException.INCORRECT_BLOB_GAS_USED": ("differs: blob_gas_used",),
        "BlockException.INCORRECT_BLOCK_FORMAT": ("header",),
        "BlockException.INCORRECT_EXCESS_BLOB_GAS": ("differs: excess_blob_gas",),
        "BlockException.INVALID_BASEFEE_PER_GAS": ("base_fee", "base fee"),
        "BlockException.INVALID_BLOCK_NUMBER": ("differs: number",),
        "BlockException.INVALID_BLOCK_TIMESTAMP_OLDER_THAN_PARENT": ("timestamp",),
        "BlockException.INVALID_GASLIMIT": (": gas limit",),
        "BlockException.INVALID_GAS_USED": ("differs: gas_used",),
        "BlockException.INVALID_LOG_BLOOM": ("differs: bloom",),
        "BlockException.INVALID_RECEIPTS_ROOT": ("differs: receipts_root",),
        "BlockException.INVALID_STATE_ROOT": ("differs: state_root",),
        "BlockException.INVALID_TRANSACTIONS_ROOT": ("differs: transactions_root",),
        "BlockException.INVALID_WITHDRAWALS_ROOT": ("differs: withdrawals_root", "withdrawals"),
        "BlockException.RLP_INVALID_ADDRESS": ("rlp", "header", "withdrawal"),
        "BlockException.RLP_INVALID_FIELD_OVERFLOW_64": ("rlp", "header", "withdrawal"),
        "BlockException.RLP_STRUCTURES_ENCODING": ("rlp", "header", "transaction", "withdrawal"),
        "BlockException.RLP_WITHDRAWALS_NOT_READ": ("rlp", "withdrawal"),
        "BlockException.UNKNOWN_PARENT": ("parent",),
        "BlockException.UNKNOWN_PARENT_ZERO": ("parent",),
    }
)
"""A fixture's name of an error: words of which our refusal has one."""


def refused_rightly(expected: str, reason: str) -> bool:
    """Tell whether `reason` is one of those that a fixture names, parted by `|`."""
    return any(
        word in reason.lower() for name in expected.split("|") for word in REASONS.get(name, ())
    )
