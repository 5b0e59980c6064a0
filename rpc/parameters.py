"""JSON objects that several methods take: blocks, calls, overrides, log filters.

Every function here reads one JSON value and raises `InvalidParams` with the member, what
was got and what was wanted.  Members nobody knows are ignored, as geth ignores them,
unless ignoring one would answer a question that was not asked.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Final, TypeVar

from byline.derivation.transaction import AccessListEntry, Authorization
from byline.rpc.backend import (
    AccountOverride,
    BlockOverrides,
    BlockRef,
    CallRequest,
    CanonicalHash,
    LogFilter,
)
from byline.rpc.errors import InvalidParams
from byline.rpc.quantities import (
    address,
    boolean,
    data,
    hash32,
    quantity,
    quantity64,
    quantity_or_number,
    shown,
    slot,
)
from byline.rpc.quantities import word as storage_word

T = TypeVar("T")

TAGS: Final = frozenset({"latest", "earliest", "pending", "safe", "finalized"})
_LAST_NUMBER: Final = 2**63 - 1
_MOST_TOPICS: Final = 4
_MOST_ENTRIES: Final = 10_000
"""Addresses, topics, access list entries or overrides in one object."""
_NOT_OVERRIDDEN: Final = ("beaconRoot", "withdrawals")
_OLD_BLOCK_NAMES: Final = {
    "coinbase": "feeRecipient",
    "random": "prevRandao",
    "baseFee": "baseFeePerGas",
}
_MOST_HASHES: Final = 200
"""As geth has it."""
_MOST_BLOBS: Final = 128
"""In one call, whatever the chain says of it then."""
_BLOB_MEMBERS: Final = ("blobs", "blobVersionedHashes", "maxFeePerBlobGas")


def _object(value: Any) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise InvalidParams(f"want an object, got {shown(value)}")
    return value


def _list(value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise InvalidParams(f"want a list, got {shown(value)}")
    if len(value) > _MOST_ENTRIES:
        raise InvalidParams(f"list of {len(value)} entries: want at most {_MOST_ENTRIES}")
    return value


def only(value: Any, names: frozenset[str]) -> Mapping[str, Any]:
    """Check that `value` is an object whose members all have one of `names`.

    For what a misspelt member would silently change; others nobody minds.
    """
    for name in _object(value).keys() - names:
        raise InvalidParams(
            f"unknown member {shown(name)}: want some of {', '.join(sorted(names))}"
        )
    return _object(value)


def member(source: Mapping[str, Any], name: str, read: Callable[[Any], T]) -> T | None:
    """Read a member; absent and null are `None`."""
    value = source.get(name)
    if value is None:
        return None
    try:
        return read(value)
    except InvalidParams as exc:
        raise InvalidParams(f"{name}: {exc.message}") from None


def needed(source: Mapping[str, Any], name: str, read: Callable[[Any], T]) -> T:
    """Read a member that must be there; raises `InvalidParams`."""
    found = member(source, name, read)
    if found is None:
        raise InvalidParams(f"{name}: missing")
    return found


# Blocks


def block_number(value: Any) -> BlockRef:
    """Read a tag or a number."""
    if isinstance(value, str) and value in TAGS:
        return value  # type: ignore[return-value]  # TAGS are the literals of Tag
    number = quantity(value)
    if number > _LAST_NUMBER:
        raise InvalidParams("block number larger than int64")
    return number


def block_ref(value: Any) -> BlockRef:
    """Read a tag, a number, a 32-byte hash, or the object of EIP-1898."""
    if isinstance(value, dict):
        return _eip1898(value)
    if isinstance(value, str) and len(value) == 66:
        return hash32(value)
    return block_number(value)


def _eip1898(value: Mapping[str, Any]) -> BlockRef:
    number = member(value, "blockNumber", block_number)
    block_hash = member(value, "blockHash", hash32)
    canonical = member(value, "requireCanonical", boolean)
    if (number is None) == (block_hash is None):
        raise InvalidParams("want either blockNumber or blockHash, and not both")
    if block_hash is not None:
        return CanonicalHash(block_hash) if canonical else block_hash
    assert number is not None
    return number


# Calls and transactions


def call_request(value: Any) -> CallRequest:
    """Read a call or an unsigned transaction."""
    source = _object(value)
    if any(source.get(name) is not None for name in _BLOB_MEMBERS):
        raise InvalidParams("blob transactions are taken signed only: use eth_sendRawTransaction")
    request = CallRequest(
        sender=member(source, "from", address),
        to=member(source, "to", _to),
        gas=member(source, "gas", quantity64),
        gas_price=member(source, "gasPrice", quantity),
        max_fee_per_gas=member(source, "maxFeePerGas", quantity),
        max_priority_fee_per_gas=member(source, "maxPriorityFeePerGas", quantity),
        value=member(source, "value", quantity) or 0,
        data=_input(source),
        nonce=member(source, "nonce", quantity64),
        chain_id=member(source, "chainId", quantity),
        access_list=member(source, "accessList", access_list),
        authorizations=member(source, "authorizationList", authorization_list),
        type=member(source, "type", _type),
    )
    if request.gas_price is None or (
        request.max_fee_per_gas is None and request.max_priority_fee_per_gas is None
    ):
        return request
    if request.gas_price != request.max_fee_per_gas:
        raise InvalidParams("both gasPrice and (maxFeePerGas or maxPriorityFeePerGas) specified")
    # So a transaction object reads that eth_fillTransaction has answered; viem sends it back.
    return replace(request, gas_price=None)


def blob_call_request(value: Any) -> CallRequest:
    """Read a call that may be that of a blob transaction (EIP-4844).

    The blobs themselves may come along: a call needs their hashes.
    """
    source = _object(value)
    hashes = member(source, "blobVersionedHashes", _list)
    if hashes is None and source.get("blobs") is not None:
        raise InvalidParams("blobs without blobVersionedHashes: a call takes their hashes")
    rest = {name: found for name, found in source.items() if name not in _BLOB_MEMBERS}
    if hashes is not None and rest.get("type") in ("0x3", 3):
        del rest["type"]
    request = call_request(rest)
    if hashes is None:
        return request
    if not hashes:
        raise InvalidParams("need at least 1 blob for a blob transaction")
    if len(hashes) > _MOST_BLOBS:
        raise InvalidParams(f"{len(hashes)} blobs, want at most {_MOST_BLOBS}")
    if request.to is None:
        raise InvalidParams('missing "to" in blob transaction')
    return replace(
        request,
        blob_hashes=tuple(hash32(each) for each in hashes),
        max_fee_per_blob_gas=member(source, "maxFeePerBlobGas", quantity) or 0,
    )


def _to(value: Any) -> bytes | None:
    # Some libraries write a creation as "0x".
    return None if value in ("", "0x") else address(value)


def _type(value: Any) -> int:
    # web3.py sends the type as the user wrote it, often a number.
    found = quantity_or_number(value)
    if found not in (0, 1, 2, 4):
        raise InvalidParams(f"transaction type not supported: {found:#x}")
    return found


def _input(source: Mapping[str, Any]) -> bytes:
    old = member(source, "data", data)
    new = member(source, "input", data)
    if old is not None and new is not None and old != new:
        raise InvalidParams(
            'both "data" and "input" are set and not equal. '
            'Please use "input" to pass transaction call data'
        )
    return new if new is not None else old or b""


def access_list(value: Any) -> tuple[AccessListEntry, ...]:
    """Read an EIP-2930 access list."""
    return tuple(
        AccessListEntry(
            needed(_object(entry), "address", address),
            tuple(
                slot(key).to_bytes(32, "big") for key in member(entry, "storageKeys", _list) or ()
            ),
        )
        for entry in _list(value)
    )


def authorization_list(value: Any) -> tuple[Authorization, ...]:
    """Read a signed EIP-7702 authorization list; `v` may stand for `yParity`."""
    return tuple(_authorization(_object(entry)) for entry in _list(value))


def _authorization(source: Mapping[str, Any]) -> Authorization:
    parity = member(source, "yParity", quantity64)
    if parity is None:
        parity = needed(source, "v", quantity64)
    if parity > 255:
        raise InvalidParams(f"yParity: {parity} does not fit into a byte")
    return Authorization(
        chain_id=needed(source, "chainId", quantity),
        address=needed(source, "address", address),
        nonce=needed(source, "nonce", quantity64),
        y_parity=parity,
        r=needed(source, "r", quantity),
        s=needed(source, "s", quantity),
    )


def state_overrides(value: Any) -> Mapping[bytes, AccountOverride]:
    """Read what a call pretends about accounts; precompiles may move."""
    source = _object(value)
    if len(source) > _MOST_ENTRIES:
        raise InvalidParams(f"{len(source)} accounts: want at most {_MOST_ENTRIES}")
    return {address(key): _override(key, _object(entry)) for key, entry in source.items()}


def _override(key: str, source: Mapping[str, Any]) -> AccountOverride:
    found = AccountOverride(
        balance=member(source, "balance", quantity),
        nonce=member(source, "nonce", quantity64),
        code=member(source, "code", data),
        storage=member(source, "state", _slots),
        storage_diff=member(source, "stateDiff", _slots),
        precompile_moved_to=member(source, "movePrecompileToAddress", address),
    )
    if found.storage is not None and found.storage_diff is not None:
        raise InvalidParams(f"account {key} has both 'state' and 'stateDiff'")
    return found


def _slots(value: Any) -> Mapping[int, int]:
    return {slot(key): storage_word(entry) for key, entry in _object(value).items()}


def block_overrides(value: Any) -> BlockOverrides:
    """Read what a call pretends about its block; `difficulty` has no meaning any more.

    Some clients still send the names that geth had first.
    """
    source = _object(value)
    for name in _NOT_OVERRIDDEN:
        if source.get(name) is not None:
            raise InvalidParams(f'block override "{name}" is not supported for this RPC method')
    source = {_OLD_BLOCK_NAMES.get(name, name): entry for name, entry in source.items()}
    return BlockOverrides(
        number=member(source, "number", quantity64),
        timestamp=member(source, "time", quantity64),
        gas_limit=member(source, "gasLimit", quantity64),
        coinbase=member(source, "feeRecipient", address),
        prev_randao=member(source, "prevRandao", hash32),
        base_fee=member(source, "baseFeePerGas", quantity),
        blob_base_fee=member(source, "blobBaseFee", quantity),
    )


# Logs


def log_filter(value: Any) -> LogFilter:
    """Read the object of `eth_getLogs` and `eth_newFilter`; ranges are checked by their order.

    Numbers beyond the head are the caller's business, who knows the head.
    """
    source = _object(value)
    first = member(source, "fromBlock", block_number)
    last = member(source, "toBlock", block_number)
    block_hash = member(source, "blockHash", hash32)
    if block_hash is not None and (first is not None or last is not None):
        raise InvalidParams(
            "cannot specify both BlockHash and FromBlock/ToBlock, choose one or the other"
        )
    if "pending" in (first, last):
        raise InvalidParams("pending logs are not supported")
    if isinstance(first, int) and isinstance(last, int) and first > last:
        raise InvalidParams("invalid block range params")
    return LogFilter(
        first="latest" if first is None else first,
        last="latest" if last is None else last,
        block_hash=block_hash,
        addresses=member(source, "address", _addresses) or frozenset(),
        topics=member(source, "topics", _topics) or (),
    )


def _addresses(value: Any) -> frozenset[bytes]:
    if isinstance(value, str):
        return frozenset({address(value)})
    return frozenset(address(entry) for entry in _list(value))


def _topics(value: Any) -> tuple[frozenset[bytes], ...]:
    entries = _list(value)
    if len(entries) > _MOST_TOPICS:
        raise InvalidParams("exceed max topics")
    return tuple(_topic(entry) for entry in entries)


def _topic(value: Any) -> frozenset[bytes]:
    """Read one position: null and the empty list take anything there is."""
    if value is None:
        return frozenset()
    if isinstance(value, str):
        return frozenset({hash32(value)})
    entries = _list(value)
    if None in entries:
        return frozenset()
    return frozenset(hash32(entry) for entry in entries)


def receipts_filter(value: Any) -> frozenset[bytes] | None:
    """Read the option of a `transactionReceipts` subscription; no hashes stand for all."""
    hashes = member(_object(value), "transactionHashes", _list)
    if not hashes:
        return None
    if len(hashes) > _MOST_HASHES:
        raise InvalidParams(f"{len(hashes)} transaction hashes: want at most {_MOST_HASHES}")
    return frozenset(hash32(entry) for entry in hashes)


# Fees


def percentiles(value: Any) -> tuple[float, ...]:
    """Read the percentiles of `eth_feeHistory`: rising, from 0 to 100, at most 100 of them."""
    entries = _list(value)
    if len(entries) > 100:
        raise InvalidParams(f"over the query limit 100: {len(entries)} percentiles")
    for index, entry in enumerate(entries):
        if isinstance(entry, bool) or not isinstance(entry, int | float):
            raise InvalidParams(f"invalid reward percentile: {shown(entry)}")
        if not 0 <= entry <= 100:
            raise InvalidParams(f"invalid reward percentile: {shown(entry)}")
        if index and entry < entries[index - 1]:
            raise InvalidParams(
                f"invalid reward percentile: #{index - 1}:{entries[index - 1]} > #{index}:{entry}"
            )
    return tuple(float(entry) for entry in entries)
