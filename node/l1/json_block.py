"""An L1 block from what a node answers over JSON-RPC, believed only as far as it hashes.

Header, transactions, withdrawals and receipts are encoded again and compared with the
roots that the header commits to, and the header with the block's hash.  So a block that
is asked for by its hash needs no trust at all.

Sources: execution-apis, src/schemas (the JSON); EIP-2718 and relatives (the encoding);
op-node, op-service/sources/types.go (which checks, and their words).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from byline.derivation.block import list_root, receipts_root, transactions_root
from byline.derivation.errors import InvalidData
from byline.derivation.header import Header
from byline.derivation.kernels import rlp
from byline.derivation.receipt import Log, Receipt
from byline.derivation.transaction import (
    ACCESS_LIST,
    BLOB,
    DEPOSIT,
    DYNAMIC_FEE,
    LEGACY,
    SET_CODE,
    AnyTransaction,
    decode_transaction,
)

_HEADER: Final = (
    ("parentHash", 32), ("sha3Uncles", 32), ("miner", 20), ("stateRoot", 32),
    ("transactionsRoot", 32), ("receiptsRoot", 32), ("logsBloom", 256), ("difficulty", 0),
    ("number", 0), ("gasLimit", 0), ("gasUsed", 0), ("timestamp", 0), ("extraData", None),
    ("mixHash", 32), ("nonce", 8), ("baseFeePerGas", 0), ("withdrawalsRoot", 32),
    ("blobGasUsed", 0), ("excessBlobGas", 0), ("parentBeaconBlockRoot", 32),
    ("requestsHash", 32),
)  # fmt: skip
"""Keys in RLP order with their width in bytes: 0 for a number, `None` for any width."""
_REQUIRED: Final = 15
"""Header fields that every block has; the others came with later forks."""


def header_of(document: Any) -> Header:
    """Return a header and check that it hashes to the `hash` beside it.

    Raises `InvalidData` when it does not, or a field is malformed.
    """
    block = _object(document, "block")
    values: list[Any] = []
    for index, (key, width) in enumerate(_HEADER):
        if index >= _REQUIRED and block.get(key) is None:
            values.append(None)
        else:
            values.append(_number(block, key) if width == 0 else _data(block, key, width))
    header = Header(*values)
    claimed = _data(block, "hash", 32)
    try:
        found = header.hash
    except ValueError as exc:
        raise InvalidData(str(exc)) from exc
    if found != claimed:
        raise InvalidData(
            f"failed to verify block hash: computed 0x{found.hex()}, claimed 0x{claimed.hex()}"
        )
    return header


def body_of(document: Any) -> tuple[Header, tuple[AnyTransaction, ...]]:
    """Return a block without its receipts, all of it checked; raises `InvalidData`."""
    header = header_of(document)
    transactions = _transactions(document, header)
    _check_withdrawals(document, header)
    return header, transactions


def _transactions(document: Any, header: Header) -> tuple[AnyTransaction, ...]:
    items = _list(_object(document, "block").get("transactions"), "block transactions")
    transactions = tuple(_transaction(item, index) for index, item in enumerate(items))
    _same_root("transactions list", transactions_root(transactions), header.transactions_root)
    return transactions


def _check_withdrawals(document: Any, header: Header) -> None:
    if header.withdrawals_root is None:
        return
    items = _list(_object(document, "block").get("withdrawals"), "block withdrawals")
    encoded = []
    for index, item in enumerate(items):
        if item is None:
            raise InvalidData(f"block withdrawal {index} is null")
        one = _object(item, f"withdrawal {index}")
        fields: list[rlp.Encodable] = [
            _number(one, "index"), _number(one, "validatorIndex"),
            _data(one, "address", 20), _number(one, "amount"),
        ]  # fmt: skip
        encoded.append(rlp.encode(fields))
    _same_root("withdrawals list", list_root(encoded), header.withdrawals_root)


def receipts_of(
    documents: Any, header: Header, transactions: Sequence[AnyTransaction]
) -> tuple[Receipt, ...]:
    """Return a block's receipts, checked against the header's root; raises `InvalidData`."""
    items = _list(documents, "receipts")
    if len(items) != len(transactions):
        raise InvalidData(f"{len(items)} receipts for {len(transactions)} transactions")
    receipts = tuple(
        _receipt(item, index, tx.type)
        for index, (item, tx) in enumerate(zip(items, transactions, strict=True))
    )
    _same_root("receipts list", receipts_root(receipts), header.receipts_root)
    return receipts


def _same_root(what: str, found: bytes, claimed: bytes) -> None:
    if found != claimed:
        raise InvalidData(
            f"failed to verify {what}: computed 0x{found.hex()}, claimed 0x{claimed.hex()}"
        )


def _transaction(document: Any, index: int) -> AnyTransaction:
    if document is None:
        raise InvalidData(f"block tx {index} is nil")
    try:
        tx = _object(document, "transaction")
        kind = _number(tx, "type") if tx.get("type") is not None else LEGACY
        fields = _fields(tx, kind)
        raw = rlp.encode(fields) if kind == LEGACY else bytes([kind]) + rlp.encode(fields)
        return decode_transaction(raw)
    except InvalidData as exc:
        raise InvalidData(f"block tx {index}: {exc}") from exc


def _fields(tx: Mapping[str, Any], kind: int) -> list[Any]:
    """Return the RLP fields of a transaction, as its type orders them."""
    to = _data(tx, "to", 20) if tx.get("to") is not None else b""
    nonce_on = ["gas", to, "value", _data(tx, "input")]
    if kind == LEGACY:
        keys: list[Any] = ["nonce", "gasPrice", *nonce_on, "v", "r", "s"]
    elif kind == ACCESS_LIST:
        keys = ["chainId", "nonce", "gasPrice", *nonce_on, _access_list(tx), *_parity(tx)]
    elif kind in (DYNAMIC_FEE, BLOB, SET_CODE):
        own: list[Any] = []
        if kind == BLOB:
            own = ["maxFeePerBlobGas", _hashes(tx)]
        elif kind == SET_CODE:
            own = [_authorizations(tx)]
        fees = ["maxPriorityFeePerGas", "maxFeePerGas"]
        keys = ["chainId", "nonce", *fees, *nonce_on, _access_list(tx), *own, *_parity(tx)]
    elif kind == DEPOSIT:
        mint = _number(tx, "mint") if tx.get("mint") is not None else 0
        system = b"\x01" if tx.get("isSystemTx") else b""
        head = [_data(tx, "sourceHash", 32), _data(tx, "from", 20), to, mint]
        keys = [*head, "value", "gas", system, _data(tx, "input")]
    else:
        raise InvalidData(f"transaction type not supported: 0x{kind:02x}")
    return [_number(tx, key) if isinstance(key, str) else key for key in keys]


def _parity(tx: Mapping[str, Any]) -> list[Any]:
    return ["yParity" if tx.get("yParity") is not None else "v", "r", "s"]


def _access_list(tx: Mapping[str, Any]) -> list[Any]:
    items = [
        _object(item, "access list entry") for item in _list(tx.get("accessList"), "accessList")
    ]
    return [
        [
            _data(item, "address", 20),
            [_bytes(key, "storage key", 32) for key in _list(item.get("storageKeys"), "keys")],
        ]
        for item in items
    ]


def _hashes(tx: Mapping[str, Any]) -> list[bytes]:
    items = _list(tx.get("blobVersionedHashes"), "blobVersionedHashes")
    return [_bytes(item, "blob hash", 32) for item in items]


def _authorizations(tx: Mapping[str, Any]) -> list[Any]:
    items = _list(tx.get("authorizationList"), "authorizationList")
    found = []
    for item in items:
        one = _object(item, "authorization")
        found.append([
            _number(one, "chainId"), _data(one, "address", 20), _number(one, "nonce"),
            *(_number(one, key) for key in _parity(one)),
        ])  # fmt: skip
    return found


def _receipt(document: Any, index: int, kind: int) -> Receipt:
    one = _object(document, f"receipt {index}")
    claimed = _number(one, "type") if one.get("type") is not None else LEGACY
    if claimed != kind:
        raise InvalidData(f"receipt {index}: type {claimed}, its transaction has {kind}")
    logs = []
    for item in _list(one.get("logs"), f"receipt {index} logs"):
        log = _object(item, f"receipt {index} log")
        topics = [_bytes(topic, "topic", 32) for topic in _list(log.get("topics"), "topics")]
        logs.append(Log(_data(log, "address", 20), tuple(topics), _data(log, "data")))
    deposit = kind == DEPOSIT and one.get("depositNonce") is not None
    version = deposit and one.get("depositReceiptVersion") is not None
    return Receipt(
        type=kind,
        succeeded=_number(one, "status") == 1,
        cumulative_gas_used=_number(one, "cumulativeGasUsed"),
        logs=tuple(logs),
        deposit_nonce=_number(one, "depositNonce") if deposit else None,
        deposit_version=_number(one, "depositReceiptVersion") if version else None,
    )


def _object(value: Any, what: str) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise InvalidData(f"{what}: want an object, got {type(value).__name__}")
    return value


def _list(value: Any, what: str) -> list[Any]:
    if not isinstance(value, list):
        raise InvalidData(f"{what}: want a list, got {type(value).__name__}")
    return value


def _number(document: Mapping[str, Any], key: str) -> int:
    """Read a quantity; leading zeros are let pass, since the hash decides."""
    value = document.get(key)
    digits = value[2:] if isinstance(value, str) and value[:2] == "0x" else ""
    if not 0 < len(digits) <= 64 or not digits.isalnum() or not digits.isascii():
        raise InvalidData(f"{key}: want a hex number of at most 32 bytes, got {_shown(value)}")
    try:
        return int(digits, 16)
    except ValueError as exc:
        raise InvalidData(f"{key}: {_shown(value)} is not hex") from exc


def _data(document: Mapping[str, Any], key: str, width: int | None = None) -> bytes:
    return _bytes(document.get(key), key, width)


def _bytes(value: Any, what: str, width: int | None) -> bytes:
    if not isinstance(value, str) or value[:2] != "0x":
        raise InvalidData(f"{what}: want 0x-hex, got {_shown(value)}")
    try:
        data = bytes.fromhex(value[2:])
    except ValueError as exc:
        raise InvalidData(f"{what}: {_shown(value)} is not hex") from exc
    if width is not None and len(data) != width:
        raise InvalidData(f"{what}: {len(data)} bytes, want {width}")
    return data


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 40 else text[:40] + "..."
