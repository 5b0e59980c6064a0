"""`debug_`: the state and its tries, and what executing a block needs of them.

Sources: geth `eth/api_debug.go`, `core/state/dump.go`; op-program and kona for `debug_dbGet`.
"""

from __future__ import annotations

import base64
from typing import Any, Final

from byline.rpc import parameters as read
from byline.rpc import quantities, views
from byline.rpc.backend import BlockRef
from byline.rpc.errors import InvalidParams, ServerError
from byline.rpc.inspecting import Dump, DumpedAccount, DumpWish, Inspecting
from byline.rpc.method import Context, Method, Parameter
from byline.rpc.namespaces.common import ADDRESS, ANY_BLOCK, HASH

MOST_ACCOUNTS: Final = 256
"""Of one answer (geth's)."""
MOST_WORDS: Final = 4_096
"""Of one `debug_storageRangeAt`."""

_CODE_PREFIX: Final = b"c"
"""What geth's database puts before the hash of a code."""
_HASH_BYTES: Final = 32


def inspecting(context: Context) -> Inspecting:
    """Return what looks into the state; the table is served only where there is one."""
    if context.backend.inspecting is None:
        raise ServerError("this node does not look into its state")
    return context.backend.inspecting


async def code_by_hash(context: Context, code_hash: bytes) -> str:
    """Return the code with a hash; `0x` when no contract has it, as anvil answers."""
    return views.as_hex(await inspecting(context).by_hash(code_hash) or b"")


async def db_get(context: Context, key: bytes) -> str:
    """Return what geth's database would have: a trie node by hash, a code by `c` and hash."""
    plain = key.removeprefix(_CODE_PREFIX) if len(key) == _HASH_BYTES + 1 else key
    found = await inspecting(context).by_hash(plain) if len(plain) == _HASH_BYTES else None
    if found is None:
        raise ServerError("not found")
    return views.as_hex(found)


async def preimage(context: Context, key: bytes) -> str:
    """Return what has a Keccak-256 hash, if that is in the state."""
    found = await inspecting(context).by_hash(key)
    if found is None:
        raise ServerError("unknown preimage")
    return views.as_hex(found)


async def storage_range_at(
    context: Context, ref: BlockRef, index: int, address: bytes, start: bytes, most: int
) -> Any:
    """Return words of a contract before a transaction, by hashed slot."""
    found = await inspecting(context).storage_range(
        ref, index, address, start, min(most, MOST_WORDS)
    )
    return {
        "storage": {
            views.as_hex(item.hashed): {
                "key": None if item.slot is None else views.word(item.slot),
                "value": views.word(item.value),
            }
            for item in found.words
        },
        "nextKey": None if found.following is None else views.as_hex(found.following),
    }


async def account_range(
    context: Context,
    ref: BlockRef,
    start: bytes,
    most: int,
    no_code: bool,
    no_storage: bool,
    unknown: bool,
) -> Any:
    """Return accounts after a block; `next`, in base64, is where the following ones start."""
    most = min(most or MOST_ACCOUNTS, MOST_ACCOUNTS)
    wish = DumpWish(start, most, not no_code, not no_storage, unknown)
    return _dump(await inspecting(context).dump(ref, wish))


async def dump_block(context: Context, ref: BlockRef) -> Any:
    """Return the first accounts after a block with code and storage."""
    return _dump(await inspecting(context).dump(ref, DumpWish(most=MOST_ACCOUNTS)))


def _dump(found: Dump) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "root": found.root.hex(),
        "accounts": {_name(item): _account(item) for item in found.accounts},
    }
    if found.following is not None:
        shown["next"] = base64.b64encode(found.following).decode()
    return shown


def _name(account: DumpedAccount) -> str:
    if account.address is None:
        return f"pre({views.as_hex(account.hashed)})"
    return views.checksummed(account.address)


def _account(account: DumpedAccount) -> dict[str, Any]:
    """Return an account as geth's dumps have it: decimal balance, words without `0x`."""
    found: dict[str, Any] = {
        "balance": str(account.balance),
        "nonce": account.nonce,
        "root": views.as_hex(account.storage_root),
        "codeHash": views.as_hex(account.code_hash),
    }
    if account.code:
        found["code"] = views.as_hex(account.code)
    if account.storage:
        found["storage"] = {
            views.word(item.slot): item.value.to_bytes(
                (item.value.bit_length() + 7) // 8, "big"
            ).hex()
            for item in account.storage
            if item.slot is not None
        }
    if account.address is not None:
        found["address"] = views.as_hex(account.address)
    found["key"] = views.as_hex(account.hashed)
    return found


async def modified_accounts(context: Context, first: BlockRef, last: BlockRef | None) -> list[str]:
    """Return whose accounts a block changed, or the blocks after one up to another."""
    found = await inspecting(context).modified_accounts(first, last)
    return [views.as_hex(address) for address in found]


async def intermediate_roots(context: Context, block_hash: bytes, _: None) -> list[str]:
    """Return the state root after each transaction of a block."""
    return [
        views.as_hex(root) for root in await inspecting(context).intermediate_roots(block_hash)
    ]


async def execution_witness(context: Context, ref: BlockRef) -> Any:
    """Return headers, codes and trie nodes with which a block can be executed by itself.

    All are bytes in hex, headers too: as reth has it, and kona reads it.
    """
    found = await inspecting(context).witness(ref)
    return {
        "headers": [views.as_hex(header.encode()) for header in found.headers],
        "codes": [views.as_hex(code) for code in found.codes],
        "state": [views.as_hex(node) for node in found.nodes],
        "keys": [views.as_hex(key) for key in found.keys],
    }


async def chain_config(context: Context) -> Any:
    """Return the chain's forks and constants as a genesis file has them."""
    return dict(await inspecting(context).chain_config())


def _number(value: Any) -> BlockRef:
    """Read a block number; geth takes a JSON number here."""
    return quantities.quantity_or_number(value) if type(value) is int else read.block_number(value)


def _key(value: Any) -> bytes:
    """Read a database key: hex, or the text itself (geth's `common.ParseHexOrString`)."""
    text = quantities.text(value)
    return quantities.data(text) if text[:2] in ("0x", "0X") else text.encode()


def _start(value: Any) -> bytes:
    """Read the hashed key to start from: hex, or the base64 that the last answer gave."""
    text = quantities.text(value)
    try:
        found = quantities.data(text) if text[:2] in ("0x", "0X") else base64.b64decode(text)
    except ValueError:
        raise InvalidParams(f"want hex or base64, got {quantities.shown(value)}") from None
    if len(found) > _HASH_BYTES:
        raise InvalidParams(f"start has {len(found)} bytes, want at most {_HASH_BYTES}")
    return found


def _flag(name: str) -> Parameter:
    return Parameter(name, quantities.boolean, required=False, default=False)


_COUNT: Final = quantities.quantity_or_number
_TX_INDEX: Final = Parameter("transaction index", _COUNT)
_KEY_START: Final = Parameter("start", _start, required=False, default=b"")
_WORDS: Final = Parameter("most", _COUNT, required=False, default=MOST_WORDS)
_ACCOUNTS: Final = Parameter("most", _COUNT, required=False, default=MOST_ACCOUNTS)
_FIRST: Final = Parameter("start block", _number)
_LAST: Final = Parameter("end block", _number, required=False)
_LAST_HASH: Final = Parameter("end block", quantities.hash32, required=False)
_IGNORED: Final = Parameter("options", lambda value: None, required=False)
_RANGE: Final = (
    ANY_BLOCK,
    _KEY_START,
    _ACCOUNTS,
    _flag("no code"),
    _flag("no storage"),
    _flag("incompletes"),
)

METHODS: Final = {
    "debug_codeByHash": Method(code_by_hash, (HASH,)),
    "debug_dbGet": Method(db_get, (Parameter("key", _key),)),
    "debug_preimage": Method(preimage, (HASH,)),
    "debug_storageRangeAt": Method(
        storage_range_at, (ANY_BLOCK, _TX_INDEX, ADDRESS, _KEY_START, _WORDS)
    ),
    "debug_accountRange": Method(account_range, _RANGE),
    "debug_dumpBlock": Method(dump_block, (ANY_BLOCK,)),
    "debug_getModifiedAccountsByNumber": Method(modified_accounts, (_FIRST, _LAST)),
    "debug_getModifiedAccountsByHash": Method(modified_accounts, (HASH, _LAST_HASH)),
    "debug_intermediateRoots": Method(intermediate_roots, (HASH, _IGNORED)),
    "debug_executionWitness": Method(execution_witness, (ANY_BLOCK,)),
    "debug_chainConfig": Method(chain_config),
}
