# cython: language_level=3, boundscheck=False, wraparound=False
"""An account, and how the tries hold it and its words.

Source: the Ethereum yellow paper, 4.1 (account state) and appendix B (RLP).
"""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from libc.stdint cimport uint8_t
from libc.string cimport memcpy, memset

from byline.derivation.kernels._keccak_c cimport keccak256_into
from byline.node.evm.fast._word_c cimport swap_bytes, word_load_short, word_store

from byline.derivation.hashing import EMPTY_TRIE_ROOT, keccak256

cdef enum:
    ADDRESS = 20
    HASH = 32
    # RLP: a list and a string of up to 55 bytes, a list with one byte of length.
    SHORT_STRING = 0x80
    LONG_LIST = 0xF8
    # A list of a nonce of up to 9 bytes, a balance of up to 33, two hashes of 33.
    LONGEST_RECORD = 110

ZERO_WORD = bytes(32)
ZERO_RECORD = b"\x80"
EMPTY_ROOT = EMPTY_TRIE_ROOT
EMPTY_CODE_HASH = keccak256(b"")


class CorruptAccount(ValueError):
    pass


cdef class Account:
    pass


cdef Account new_account(bytes address, object native):
    cdef Account account
    if address is None or PyBytes_GET_SIZE(address) != ADDRESS:
        raise ValueError(f"{address!r} is no address: want 20 bytes")
    account = Account.__new__(Account)
    account.address = address
    account.native = native
    return account


cdef bytes hash_of(bytes data):
    cdef uint8_t[HASH] digest
    keccak256_into(<const uint8_t*>PyBytes_AS_STRING(data), PyBytes_GET_SIZE(data), digest)
    return PyBytes_FromStringAndSize(<char*>digest, HASH)


cdef Py_ssize_t read_item(
    const uint8_t** at, const uint8_t* end, Py_ssize_t most, const uint8_t** content
) except -1:
    """Step over one string of at most `most` bytes; return its length and where it is."""
    cdef Py_ssize_t length
    if at[0] < end:
        if at[0][0] < SHORT_STRING:
            content[0] = at[0]
            at[0] += 1
            return 1
        length = at[0][0] - SHORT_STRING
        if length <= most and length < end - at[0]:
            content[0] = at[0] + 1
            at[0] += 1 + length
            return length
    raise CorruptAccount("a field is too long, or cut short")


cdef int decode_account(Account account, bytes record) except -1:
    cdef const uint8_t* at
    cdef const uint8_t* end
    cdef const uint8_t* content = NULL
    cdef Py_ssize_t length, i
    account.nonce = 0
    memset(&account.balance, 0, sizeof(account.balance))
    account.root = EMPTY_ROOT
    account.code_hash = EMPTY_CODE_HASH
    account.exists = record is not None
    account.stored = account.exists
    if record is None:
        return 0
    at = <const uint8_t*>PyBytes_AS_STRING(record)
    length = PyBytes_GET_SIZE(record)
    if length < 2 or at[0] != LONG_LIST or at[1] != length - 2:
        raise CorruptAccount(f"account 0x{account.address.hex()}: no list of four in the trie")
    end = at + length
    at += 2
    length = read_item(&at, end, 8, &content)
    for i in range(length):
        account.nonce = (account.nonce << 8) | content[i]
    length = read_item(&at, end, HASH, &content)
    word_load_short(content, length, &account.balance)
    if read_item(&at, end, HASH, &content) != HASH:
        raise CorruptAccount(f"account 0x{account.address.hex()}: its storage root is no hash")
    account.root = PyBytes_FromStringAndSize(<const char*>content, HASH)
    if read_item(&at, end, HASH, &content) != HASH or at != end:
        raise CorruptAccount(f"account 0x{account.address.hex()}: its code hash is no hash")
    account.code_hash = PyBytes_FromStringAndSize(<const char*>content, HASH)
    return 0


cdef uint8_t* put_short(uint8_t* target, const uint8_t* content, Py_ssize_t length) noexcept:
    """Write a string of at most 32 bytes; return where it ends."""
    if length == 1 and content[0] < SHORT_STRING:
        target[0] = content[0]
        return target + 1
    target[0] = <uint8_t>(SHORT_STRING + length)
    memcpy(target + 1, content, length)
    return target + 1 + length


cdef uint8_t* put_number(uint8_t* target, const uint8_t* content, Py_ssize_t length) noexcept:
    """Write a number of at most 32 bytes without its leading zeros; return where it ends."""
    while length and content[0] == 0:
        content += 1
        length -= 1
    return put_short(target, content, length)


cdef bytes encode_account(Account account):
    cdef uint8_t[LONGEST_RECORD] record
    cdef uint8_t[HASH] balance
    cdef uint64_t nonce = swap_bytes(account.nonce)
    cdef uint8_t* at = record + 2
    at = put_number(at, <uint8_t*>&nonce, sizeof(nonce))
    word_store(&account.balance, balance)
    at = put_number(at, balance, HASH)
    at = put_short(at, <uint8_t*>PyBytes_AS_STRING(account.root), HASH)
    at = put_short(at, <uint8_t*>PyBytes_AS_STRING(account.code_hash), HASH)
    record[0] = LONG_LIST
    record[1] = <uint8_t>(at - record - 2)
    return PyBytes_FromStringAndSize(<char*>record, at - record)


cdef bytes encode_slot(bytes value):
    cdef uint8_t[HASH + 1] record
    cdef uint8_t* end = put_number(record, <uint8_t*>PyBytes_AS_STRING(value), HASH)
    # Zero, which is not stored, would be the empty string.
    if end == record + 1 and record[0] == SHORT_STRING:
        return b""
    return PyBytes_FromStringAndSize(<char*>record, end - record)


cdef bytes decode_slot(bytes record):
    cdef const uint8_t* at = <const uint8_t*>PyBytes_AS_STRING(record)
    cdef const uint8_t* end = at + PyBytes_GET_SIZE(record)
    cdef const uint8_t* content = NULL
    cdef uint8_t[HASH] value
    cdef Py_ssize_t length = read_item(&at, end, HASH, &content)
    if at != end:
        raise CorruptAccount(f"a slot holds 0x{record.hex()}, which is more than one word")
    memset(value, 0, HASH)
    memcpy(value + HASH - length, content, length)
    return PyBytes_FromStringAndSize(<char*>value, HASH)


def recode(bytes record not None):
    cdef Account account = new_account(bytes(ADDRESS), None)
    decode_account(account, record)
    return encode_account(account)
