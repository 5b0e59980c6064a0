"""Accounts of a whole state as anvil writes them: `anvil_dumpState`, `--dump-state`.

A JSON object whose member `accounts` maps addresses to nonce, balance, code and storage; over
JSON-RPC it travels in gzip, in files as it is.  anvil keeps blocks and transactions beside the
accounts: those are read over, and written as none, since no block of one chain is a block of
another.
Source: foundry 1.7, crates/anvil `eth/backend/db.rs` (SerializableState).
"""

from __future__ import annotations

import gzip
import io
import json
import zlib
from collections.abc import Mapping
from typing import Any, Final

import orjson

from byline.node.chain.genesis_account import GenesisAccount

GZIP_MAGIC: Final = bytes.fromhex("1f8b")
MOST_BYTES: Final = 512 << 20
"""Of the JSON text, unpacked."""
MOST_VALUES: Final = 4_000_000
"""Commas and opening brackets in it; as many slots as `write_state` writes have `MOST_BYTES`."""
_SHOWN: Final = 60


class NotAState(ValueError):
    """Bytes that are no state; says where and why."""


def write_state(accounts: Mapping[bytes, GenesisAccount]) -> bytes:
    """Return the JSON text of `accounts`, by address; `read_state` is its inverse."""
    document: dict[str, Any] = {
        "block": None,
        "accounts": {
            f"0x{address.hex()}": {
                "nonce": account.nonce,
                "balance": hex(account.balance),
                "code": f"0x{account.code.hex()}",
                "storage": {
                    _word(slot): _word(value) for slot, value in sorted(account.storage.items())
                },
            }
            for address, account in sorted(accounts.items())
        },
        "best_block_number": None,
        "blocks": [],
        "transactions": [],
        "historical_states": None,
    }
    return json.dumps(document, separators=(",", ":")).encode()


def pack_state(text: bytes) -> bytes:
    """Return JSON text as it travels over JSON-RPC."""
    return gzip.compress(text, compresslevel=6, mtime=0)


def read_state(data: bytes) -> dict[bytes, GenesisAccount]:
    """Return the accounts in JSON text, packed or not; raises `NotAState`."""
    return read_accounts(read_json(unpacked(data)))


def read_json(text: bytes) -> Any:
    """Return what JSON text says; raises `NotAState`.

    Its depth is bounded: the json module's is by the recursion limit alone, which the node
    raises for the sake of the EVM.  So is the number of values: a hundred kilobytes unpack to
    empty lists that take gigabytes, and reading them holds up everybody.
    """
    values = sum(text.count(mark) for mark in (b",", b"[", b"{"))
    if values > MOST_VALUES:
        raise NotAState(
            f"the state has {values} commas and opening brackets, want at most {MOST_VALUES}: "
            "load it in parts"
        )
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError as exc:
        raise NotAState(f"the state does not read: {exc}") from exc


def read_accounts(document: Any) -> dict[bytes, GenesisAccount]:
    """Return the accounts of a state whose JSON is read already; raises `NotAState`."""
    accounts = document.get("accounts") if isinstance(document, dict) else None
    if not isinstance(accounts, dict):
        raise NotAState("the state has no object `accounts`")
    return {_address(name): _account(name, item) for name, item in accounts.items()}


def unpacked(data: bytes) -> bytes:
    """Return the JSON text in bytes that may be packed; raises `NotAState`."""
    if data[:2] != GZIP_MAGIC:
        return data
    try:
        text = gzip.GzipFile(fileobj=io.BytesIO(data)).read(MOST_BYTES + 1)
    except (OSError, EOFError, zlib.error) as exc:
        raise NotAState(f"the state does not unpack: {exc}") from exc
    if len(text) > MOST_BYTES:
        raise NotAState(f"the state unpacks to more than {MOST_BYTES} bytes")
    return text


def _account(name: str, item: Any) -> GenesisAccount:
    if not isinstance(item, dict):
        raise NotAState(f"account {name[:_SHOWN]}: want an object")
    storage = item.get("storage") or {}
    if not isinstance(storage, dict):
        raise NotAState(f"account {name[:_SHOWN]}: want an object for storage")
    return GenesisAccount(
        balance=_number(name, "balance", item.get("balance", 0), 256),
        nonce=_number(name, "nonce", item.get("nonce") or 0, 64),
        code=_bytes(name, item.get("code") or "0x"),
        storage={
            _number(name, "slot", slot, 256): _number(name, "word", word, 256)
            for slot, word in storage.items()
        },
    )


def _address(name: str) -> bytes:
    found = _bytes(name, name)
    if len(found) != 20:
        raise NotAState(f"account {name[:_SHOWN]}: want an address of 20 bytes")
    return found


def _bytes(name: str, value: Any) -> bytes:
    try:
        if not isinstance(value, str) or value[:2] != "0x":
            raise ValueError("want hex that begins with 0x")
        return bytes.fromhex(value[2:])
    except ValueError as exc:
        raise NotAState(f"account {name[:_SHOWN]}: {exc}") from exc


def _number(name: str, what: str, value: Any, bits: int) -> int:
    """Read a number, decimal digits, or hex of any width."""
    try:
        if isinstance(value, bool) or not isinstance(value, int | str):
            raise ValueError("want a number or hex")
        found = value if isinstance(value, int) else int(value, 16 if value[:2] == "0x" else 10)
    except ValueError as exc:
        raise NotAState(f"account {name[:_SHOWN]}, {what}: {exc}") from exc
    if not 0 <= found < 1 << bits:
        raise NotAState(f"account {name[:_SHOWN]}, {what}: want 0 to 2**{bits} - 1")
    return found


def _word(value: int) -> str:
    return f"0x{value:064x}"
