"""The state of another chain at one block, asked for as it is needed and then known."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any, Final

from byline.derivation.errors import InvalidData
from byline.derivation.hashing import EMPTY_TRIE_ROOT, keccak256
from byline.derivation.kernels import rlp
from byline.node.forking.cache import ForkCache
from byline.node.forking.client import Call, ForkClient

MOST_CODE: Final = 1 << 20
"""Bytes; no chain that we know of lets code be longer."""
AT_ONCE: Final = 10
"""Accounts in one request; nodes bound batches, some to 50 calls."""
EMPTY_CODE_HASH: Final = keccak256(b"")
_QUANTITY: Final = re.compile(r"0x[0-9a-fA-F]{1,64}")
_DATA: Final = re.compile(r"0x(?:[0-9a-fA-F]{2})*")
_ACCOUNT, _CODE, _WORD, _HASH = b"a", b"c", b"w", b"h"
"""First byte of keys in the cache."""


class ForkState:
    """Implements `byline.node.evm.beneath.Beneath` over a node and a cache.

    Threads may share it.  Two that ask for the same at once both ask the node, which is
    harmless.  Raises `ForkError` where the node does not answer, or answers what cannot be.
    """

    def __init__(self, client: ForkClient, cache: ForkCache, number: int) -> None:
        self._client = client
        self._cache = cache
        self.number = number
        """Height of the block."""
        self._records: dict[bytes, bytes | None] = {}
        self._words: dict[bytes, bytes] = {}
        self._hashes: dict[int, bytes] = {}

    def record(self, address: bytes) -> bytes | None:
        """Return the account in the form of a state trie; `None` for one that is empty."""
        try:
            return self._records[address]
        except KeyError:
            pass
        kept = self._cache.get(_ACCOUNT + address)
        if kept is None or not _is_record(kept):
            kept = self._fetched(address)
            self._cache.put(_ACCOUNT + address, kept)
        found = kept or None
        self._records[address] = found
        return found

    def prefetch(self, addresses: Iterable[bytes]) -> None:
        """Ask for many accounts in few requests."""
        wanted = [
            address
            for address in addresses
            if address not in self._records and self._cache.get(_ACCOUNT + address) is None
        ]
        for at in range(0, len(wanted), AT_ONCE):
            part = wanted[at : at + AT_ONCE]
            answers = self._client.ask_all([call for one in part for call in self._calls(one)])
            for index, address in enumerate(part):
                record = self._record_of(answers[3 * index : 3 * index + 3])
                self._cache.put(_ACCOUNT + address, record)
                self._records[address] = record or None

    def _fetched(self, address: bytes) -> bytes:
        return self._record_of(self._client.ask_all(self._calls(address)))

    def _calls(self, address: bytes) -> list[Call]:
        params = ["0x" + address.hex(), hex(self.number)]
        return [
            ("eth_getBalance", params),
            ("eth_getTransactionCount", params),
            ("eth_getCode", params),
        ]

    def _record_of(self, answers: Sequence[Any]) -> bytes:
        """Return the record that answers to `_calls` make; empty for an empty account."""
        wei = self._quantity("eth_getBalance", answers[0], 256)
        count = self._quantity("eth_getTransactionCount", answers[1], 64)
        raw = self._data("eth_getCode", answers[2], MOST_CODE)
        if not wei and not count and not raw:
            return b""
        code_hash = keccak256(raw)
        if raw:
            self._cache.put(_CODE + code_hash, raw)
        return bytes(rlp.encode([count, wei, EMPTY_TRIE_ROOT, code_hash]))

    def code_hash(self, address: bytes) -> bytes:
        """Return the hash of the account's code; that of nothing where it has none."""
        record = self.record(address)
        if record is None:
            return EMPTY_CODE_HASH
        fields: Any = rlp.decode(record)
        return bytes(fields[3])

    def may_have_words(self, address: bytes) -> bool:
        """Tell whether the account has code, or had: words can be set by code alone."""
        record = self.record(address)
        if record is None:
            return False
        fields: Any = rlp.decode(record)
        return bool(fields[0]) or fields[3] != EMPTY_CODE_HASH

    def word(self, address: bytes, slot: bytes) -> bytes:
        """Return a word of storage."""
        key = _WORD + address + slot
        found = self._words.get(key)
        if found is not None:
            return found
        if not self.may_have_words(address):
            found = bytes(32)
        else:
            found = self._cache.get(key)
            if found is None or len(found) != 32:
                found = self._fetched_word(address, slot)
                self._cache.put(key, found)
        self._words[key] = found
        return found

    def _fetched_word(self, address: bytes, slot: bytes) -> bytes:
        params = ["0x" + address.hex(), "0x" + slot.hex(), hex(self.number)]
        answer = self._client.ask("eth_getStorageAt", params)
        return self._quantity("eth_getStorageAt", answer, 256).to_bytes(32, "big")

    def code(self, address: bytes, code_hash: bytes) -> bytes | None:
        """Return the code of the account if it has `code_hash`."""
        found = self._cache.get(_CODE + code_hash)
        if found is None or keccak256(found) != code_hash:
            params = ["0x" + address.hex(), hex(self.number)]
            found = self._data("eth_getCode", self._client.ask("eth_getCode", params), MOST_CODE)
            if keccak256(found) != code_hash:
                return None
            self._cache.put(_CODE + code_hash, found)
        return found

    def block_hash(self, number: int) -> bytes:
        """Return the hash of a block up to the fork."""
        found = self._hashes.get(number)
        if found is None:
            key = _HASH + number.to_bytes(8, "big")
            found = self._cache.get(key)
            if found is None or len(found) != 32:
                block = self._client.ask("eth_getBlockByNumber", [hex(number), False])
                claimed = block.get("hash") if isinstance(block, dict) else None
                found = self._data("the hash of a block", claimed, 32)
                if len(found) != 32:
                    raise self._client.fault(f"block {number} has no hash of 32 bytes")
                self._cache.put(key, found)
            self._hashes[number] = found
        return found

    def _quantity(self, what: str, answer: Any, bits: int) -> int:
        text = "0x0" if answer == "0x" else answer
        if not isinstance(text, str) or not _QUANTITY.fullmatch(text):
            raise self._client.fault(f"{what} answers {answer!r:.100}, want a number in hex")
        value = int(text, 16)
        if value.bit_length() > bits:
            raise self._client.fault(f"{what} answers {text}, want at most {bits} bits")
        return value

    def _data(self, what: str, answer: Any, most: int) -> bytes:
        if not isinstance(answer, str) or not _DATA.fullmatch(answer):
            raise self._client.fault(f"{what} answers {answer!r:.100}, want bytes in hex")
        if len(answer) > 2 * most + 2:
            raise self._client.fault(f"{what} answers {len(answer) // 2} bytes, want {most}")
        return bytes.fromhex(answer[2:])


def _is_record(kept: bytes) -> bool:
    """Tell whether what was on the disk is an account, or nothing: it may have been spoilt."""
    if not kept:
        return True
    try:
        fields: Any = rlp.decode(kept)
    except InvalidData:
        return False
    if not isinstance(fields, list) or not all(isinstance(item, bytes) for item in fields):
        return False
    nonce, balance, root, code_hash = fields if len(fields) == 4 else (b"", b"", b"", b"")
    short = len(nonce) <= 8 and len(balance) <= 32
    return short and root == EMPTY_TRIE_ROOT and len(code_hash) == 32
