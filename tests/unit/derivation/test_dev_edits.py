"""The encoding of a devnet's edits, and of the deposits that carry them."""

from __future__ import annotations

from typing import Any

import pytest

from byline.derivation.dev_deposits import (
    MOST_DEPOSIT_BYTES,
    MOST_DEPOSITS,
    dev_deposit,
    dev_source_hash,
    fitting,
    read_deposit,
    write_deposit,
)
from byline.derivation.dev_edits import (
    EDITOR,
    MAX_NONCE,
    MOST_CODE_BYTES,
    MOST_EDIT_BYTES,
    AccountEdit,
    decode_edits,
    encode_edits,
    split_edits,
)
from byline.derivation.errors import InvalidData
from byline.derivation.hashing import keccak256
from byline.derivation.kernels import rlp
from tests.derivation_kit import word

WHO, OTHER = b"\x0a" * 20, b"\x0b" * 20
TOP = 2**256 - 1


@pytest.mark.parametrize(
    "edits",
    [
        (),
        (AccountEdit(WHO),),
        (AccountEdit(WHO, 0, 0, b""),),
        (AccountEdit(WHO, TOP, MAX_NONCE, b"\x60\x00", {0: 0, 1: TOP, TOP: 1}),),
        (AccountEdit(WHO, balance=1), AccountEdit(OTHER, code=b"\x00"), AccountEdit(WHO, nonce=2)),
        (AccountEdit(WHO, code=b"\x5b" * MOST_CODE_BYTES),),
    ],
)
def test_edits_come_back_as_they_were(edits: tuple[AccountEdit, ...]) -> None:
    assert decode_edits(encode_edits(edits)) == edits


def test_the_encoding_is_what_the_module_says() -> None:
    edit = AccountEdit(WHO, 5, None, b"\x60", {2: 3, 1: 0})
    spelt: list[Any] = [[WHO, [5], [], [b"\x60"], [[1, 0], [2, 3]]]]
    assert encode_edits([edit]) == b"\x01" + rlp.encode(spelt)


def document(**changed: Any) -> bytes:
    fields: dict[str, Any] = {
        "address": WHO, "balance": [5], "nonce": [6], "code": [b"\x60"], "storage": [[1, 2]],
    }  # fmt: skip
    return b"\x01" + rlp.encode([list((fields | changed).values())])


def test_the_document_of_the_next_test_is_valid_as_it_is() -> None:
    assert decode_edits(document()) == (AccountEdit(WHO, 5, 6, b"\x60", {1: 2}),)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "version missing"),
        (b"\x02\xc0", "version 02"),
        (b"\x01", "edits: "),
        (b"\x01\x80", "want a list"),
        (b"\x01\xc0\x00", "edits: "),
        (b"\x01\xc1\x80", "want a list of 5 fields"),
        (b"\x01" + bytes(MOST_EDIT_BYTES), f"edits of {MOST_EDIT_BYTES + 1} bytes"),
        (document(address=b"\x01" * 19), "address of 20 bytes"),
        (document(address=[]), "address of 20 bytes"),
        (document(address=EDITOR), "the editor's own account"),
        (document(balance=5), "at most one value"),
        (document(balance=[5, 6]), "at most one value"),
        (document(balance=[b"\x00\x05"]), "balance"),
        (document(balance=[[]]), "balance"),
        (document(balance=[b"\x01" + bytes(32)]), "balance"),
        (document(nonce=[2**64]), "nonce"),
        (document(code=[[]]), "code: want bytes"),
        (document(code=[bytes(MOST_CODE_BYTES + 1)]), "limit"),
        (document(storage=b"\x01"), "storage: want a list"),
        (document(storage=[b"\x01"]), "want pairs"),
        (document(storage=[[1]]), "want pairs"),
        (document(storage=[[1, 2, 3]]), "want pairs"),
        (document(storage=[[1, 2], [1, 3]]), "do not ascend"),
        (document(storage=[[2, 2], [1, 3]]), "do not ascend"),
        (document(storage=[[b"\x00", 2]]), "slot"),
        (document(storage=[[1, b"\x01" + bytes(32)]]), "value"),
        (document(more=1), "want a list of 5 fields"),
    ],
)
def test_what_is_not_the_one_encoding_is_refused_with_words(data: bytes, words: str) -> None:
    with pytest.raises(InvalidData, match=words):
        decode_edits(data)


@pytest.mark.parametrize(
    ("edit", "words"),
    [
        (AccountEdit(b"\x01"), "20 bytes"),
        (AccountEdit(EDITOR, balance=1), "editor"),
        (AccountEdit(WHO, balance=2**256), "balance"),
        (AccountEdit(WHO, balance=-1), "balance"),
        (AccountEdit(WHO, nonce=2**64), "nonce"),
        (AccountEdit(WHO, code=bytes(MOST_CODE_BYTES + 1)), "code"),
        (AccountEdit(WHO, storage={2**256: 1}), "slot"),
        (AccountEdit(WHO, storage={1: 2**256}), "slot"),
    ],
)
def test_what_cannot_be_decoded_is_not_encoded(edit: AccountEdit, words: str) -> None:
    for encode in (encode_edits, split_edits):
        with pytest.raises(InvalidData, match=words):
            encode([edit])


def test_many_edits_are_split_into_deposits_that_say_the_same() -> None:
    edits = [
        AccountEdit(WHO, 7, 8, b"\x5b" * MOST_CODE_BYTES, {TOP - i: TOP - i for i in range(5)}),
        AccountEdit(OTHER, 9, storage={TOP - i: TOP - 2 * i for i in range(3_000)}),
        *(AccountEdit(word(i)[12:], balance=i, code=bytes(1_000)) for i in range(200)),
    ]
    held: dict[bytes, dict[str, Any]] = {}
    pieces = split_edits(edits)
    for data in pieces:
        assert len(data) <= MOST_EDIT_BYTES
        for edit in decode_edits(data):
            account = held.setdefault(edit.address, {"storage": {}})
            account["storage"] |= edit.storage
            for name in ("balance", "nonce", "code"):
                if getattr(edit, name) is not None:
                    account[name] = getattr(edit, name)
    assert len(pieces) > 6
    for edit in edits:
        assert held[edit.address]["storage"] == edit.storage
        assert held[edit.address].get("balance") == edit.balance
        assert held[edit.address].get("nonce") == edit.nonce
        assert held[edit.address].get("code") == edit.code
    assert split_edits([]) == ()


def test_a_declared_deposit_comes_back_and_its_salt_alone_makes_its_source_hash() -> None:
    salt = word(7)
    made = dev_deposit(salt, WHO, None, 2**256 - 1, 2**64 - 1, b"\x01\x02")
    assert read_deposit(salt, write_deposit(made)) == made
    assert made.source_hash == dev_source_hash(salt)
    assert made.source_hash == keccak256(b"byline dev deposit".rjust(32, b"\0") + salt)
    other = dev_deposit(word(8), WHO, None, 2**256 - 1, 2**64 - 1, b"\x01\x02")
    assert made.hash != other.hash
    assert (made.mint, made.is_system_transaction) == (0, False)


def raw(*fields: Any) -> bytes:
    return rlp.encode(list(fields))


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "dev deposit"),
        (b"\x80", "list of 5 fields"),
        (raw(WHO, WHO, 0, 0), "list of 5 fields"),
        (raw(WHO, WHO, 0, 0, b"", b""), "list of 5 fields"),
        (raw(b"", WHO, 0, 0, b""), "sender"),
        (raw(WHO, b"\x01", 0, 0, b""), "recipient"),
        (raw(WHO, [], 0, 0, b""), "recipient"),
        (raw(WHO, WHO, b"\x00", 0, b""), "value"),
        (raw(WHO, WHO, b"\x01" + bytes(32), 0, b""), "value"),
        (raw(WHO, WHO, 0, 2**64, b""), "gas"),
        (raw(WHO, WHO, 0, 0, []), "data"),
        (raw(WHO, WHO, 0, 0, b"") + b"\x00", "dev deposit"),
        (bytes(MOST_DEPOSIT_BYTES + 1), f"want at most {MOST_DEPOSIT_BYTES}"),
    ],
)
def test_a_malformed_declaration_is_refused_with_words(data: bytes, words: str) -> None:
    with pytest.raises(InvalidData, match=words):
        read_deposit(word(1), data)


def test_only_what_can_be_read_is_written() -> None:
    made = dev_deposit(word(1), WHO, WHO, 0, 0, bytes(MOST_DEPOSIT_BYTES))
    with pytest.raises(InvalidData, match="want at most"):
        write_deposit(made)


def test_a_block_holds_deposits_in_order_up_to_its_gas_and_their_number() -> None:
    some = [dev_deposit(word(i), WHO, WHO, 0, gas, b"") for i, gas in enumerate((50, 60, 40, 10))]
    assert fitting(some, 100) == (some[0], some[2], some[3])
    assert fitting(some, 0) == ()
    assert fitting([*some, some[0], dev_deposit(word(2), OTHER, WHO, 0, 1, b"")], 1_000) == tuple(
        some
    )
    many = [dev_deposit(word(i), WHO, WHO, 0, 0, b"") for i in range(MOST_DEPOSITS + 3)]
    assert fitting(many, 0) == tuple(many[:MOST_DEPOSITS])


def test_the_longest_edit_fits_into_a_declared_deposit() -> None:
    made = dev_deposit(word(1), EDITOR, EDITOR, 0, 2**64 - 1, bytes(MOST_EDIT_BYTES))
    assert len(write_deposit(made)) <= MOST_DEPOSIT_BYTES
