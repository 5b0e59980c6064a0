"""Edits of a devnet's state: what they say, and the deposit that carries them.

On a chain whose rollup config names a DevControl contract, a deposit from and to `EDITOR`
is not run as code.  Its data are edits, which are applied in order:

    0x01 || RLP([[address, balance, nonce, code, [[slot, value], ...]], ...])

where balance, nonce and code are each an empty list (as it was) or a list of the one new
value, and slots ascend.  Every list of edits has one encoding only.  On other chains such a
deposit is an ordinary call of an account without code.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from byline.derivation.dev_deposits import MOST_DEPOSIT_BYTES
from byline.derivation.errors import InvalidData
from byline.derivation.kernels import rlp

EDITOR: Final = bytes.fromhex("4564697473000000000000000000000000000000")
"""Sender and recipient of edits: a word in ASCII, so nobody has a key to it."""
VERSION: Final = 1
"""First byte of the data."""
MOST_EDIT_BYTES: Final = MOST_DEPOSIT_BYTES - 128
"""Bytes of data in one deposit; the rest is room for the deposit's other fields."""
MOST_CODE_BYTES: Final = MOST_EDIT_BYTES - 256
"""Bytes of the longest code that one edit can set."""
MAX_NONCE: Final = 2**64 - 1


@dataclass(frozen=True, slots=True)
class AccountEdit:
    """What one account is to have; `None` leaves as it is."""

    address: bytes
    """20 bytes."""
    balance: int | None = None
    """Wei, below 2**256."""
    nonce: int | None = None
    """At most 2**64 - 1."""
    code: bytes | None = None
    """The runtime code; empty takes it away."""
    storage: Mapping[int, int] = field(default_factory=dict)
    """Slots to set and their values, words both; the others stay."""


def encode_edits(edits: Iterable[AccountEdit]) -> bytes:
    """Return the data of a deposit that applies `edits`; `decode_edits` is its inverse.

    Raises `InvalidData` for values out of bounds, and for more than one deposit holds
    (`split_edits` makes several of them).
    """
    data = _written([_fields(edit) for edit in edits])
    if len(data) > MOST_EDIT_BYTES:
        raise InvalidData(f"edits of {len(data)} bytes, want at most {MOST_EDIT_BYTES}")
    return data


def decode_edits(data: bytes) -> tuple[AccountEdit, ...]:
    """Return the edits in the data of a deposit; raises `InvalidData` naming the fault."""
    if len(data) > MOST_EDIT_BYTES:
        raise InvalidData(f"edits of {len(data)} bytes, want at most {MOST_EDIT_BYTES}")
    if data[:1] != bytes([VERSION]):
        raise InvalidData(f"edits: version {data[:1].hex() or 'missing'}, want {VERSION:02x}")
    try:
        items = rlp.decode(data[1:])
    except InvalidData as exc:
        raise InvalidData(f"edits: {exc}") from exc
    if not isinstance(items, list):
        raise InvalidData("edits: want a list")
    return tuple(_edit(item) for item in items)


def split_edits(edits: Iterable[AccountEdit]) -> tuple[bytes, ...]:
    """Return the data of as many deposits as `edits` take, at most as large as they may be.

    Raises `InvalidData` for values out of bounds, and for a code that no deposit can hold.
    """
    found: list[bytes] = []
    held: list[list[Any]] = []
    size = 0
    for edit in edits:
        for part in _parts(edit):
            fields = _fields(part)
            length = len(rlp.encode(fields))
            if held and size + length > MOST_EDIT_BYTES - 8:
                found.append(_written(held))
                held, size = [], 0
            held.append(fields)
            size += length
    if held:
        found.append(_written(held))
    return tuple(found)


def _written(edits: list[list[Any]]) -> bytes:
    """Return a version and the fields of edits, in the one spelling that is read."""
    return bytes([VERSION]) + rlp.encode(edits)


_SLOTS_AT_ONCE: Final = 512
"""Slots of a part: at 67 bytes each, half a deposit."""


def _parts(edit: AccountEdit) -> Iterator[AccountEdit]:
    """Yield edits with the same effect, none of which is too large for a deposit."""
    slots = sorted(edit.storage.items())
    if len(slots) <= _SLOTS_AT_ONCE // 8 and len(edit.code or b"") <= MOST_EDIT_BYTES // 2:
        yield edit
        return
    if (edit.balance, edit.nonce, edit.code) != (None, None, None):
        yield AccountEdit(edit.address, edit.balance, edit.nonce, edit.code)
    for first in range(0, len(slots), _SLOTS_AT_ONCE):
        some = dict(slots[first : first + _SLOTS_AT_ONCE])
        yield AccountEdit(edit.address, storage=some)


def _fields(edit: AccountEdit) -> list[Any]:
    _check_address(edit.address)
    if edit.balance is not None and not 0 <= edit.balance < 2**256:
        raise InvalidData(f"edit: balance {edit.balance}, want 0 to 2**256 - 1")
    if edit.nonce is not None and not 0 <= edit.nonce <= MAX_NONCE:
        raise InvalidData(f"edit: nonce {edit.nonce}, want 0 to 2**64 - 1")
    if edit.code is not None and len(edit.code) > MOST_CODE_BYTES:
        raise InvalidData(f"edit: code of {len(edit.code)} bytes, limit {MOST_CODE_BYTES}")
    for slot, value in edit.storage.items():
        if not 0 <= slot < 2**256 or not 0 <= value < 2**256:
            raise InvalidData(f"edit: slot {slot} or its value is no word")
    return [
        edit.address,
        _maybe(edit.balance),
        _maybe(edit.nonce),
        _maybe(edit.code),
        [list(item) for item in sorted(edit.storage.items())],
    ]


def _check_address(address: Any) -> None:
    if not isinstance(address, bytes) or len(address) != 20:
        raise InvalidData("edit: want an address of 20 bytes")
    if address == EDITOR:
        raise InvalidData("edit: the editor's own account is not edited")


def _maybe(value: int | bytes | None) -> list[int | bytes]:
    return [] if value is None else [value]


def _edit(item: Any) -> AccountEdit:
    if not isinstance(item, list) or len(item) != 5:
        raise InvalidData("edit: want a list of 5 fields")
    address, balance, nonce, code, storage = item
    _check_address(address)
    some_balance, some_nonce, some_code = _one(balance), _one(nonce), _one(code)
    if some_code is not None and not isinstance(some_code, bytes):
        raise InvalidData("edit code: want bytes")
    if isinstance(some_code, bytes) and len(some_code) > MOST_CODE_BYTES:
        raise InvalidData(f"edit: code of {len(some_code)} bytes, limit {MOST_CODE_BYTES}")
    return AccountEdit(
        address,
        None if some_balance is None else rlp.number(some_balance, "edit balance"),
        None if some_nonce is None else rlp.number(some_nonce, "edit nonce", 64),
        some_code,
        _storage(storage),
    )


def _one(item: Any) -> Any:
    if not isinstance(item, list) or len(item) > 1:
        raise InvalidData("edit: want a list of at most one value")
    return item[0] if item else None


def _storage(items: Any) -> dict[int, int]:
    if not isinstance(items, list):
        raise InvalidData("edit storage: want a list")
    found: dict[int, int] = {}
    before = -1
    for item in items:
        if not isinstance(item, list) or len(item) != 2:
            raise InvalidData("edit storage: want pairs")
        slot, value = rlp.number(item[0], "edit slot"), rlp.number(item[1], "edit value")
        if slot <= before:
            raise InvalidData("edit storage: slots do not ascend")
        found[slot] = value
        before = slot
    return found
