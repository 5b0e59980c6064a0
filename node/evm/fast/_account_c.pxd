# cython: language_level=3
cimport cython
from libc.stdint cimport uint64_t

from byline.derivation.kernels._trie_c cimport Trie
from byline.node.evm.fast._code_c cimport Code
from byline.node.evm.fast._word_c cimport Word, word_is_zero

# COVERED: its storage was cleared here, so that of the forked chain counts no more.
cdef enum Covered:
    UNKNOWN
    OPEN
    COVERED

# An account as the machine sees it.  Marks hold the number of the transaction or run that
# set them, so that none has to be cleared.
@cython.final
@cython.no_gc
cdef class Account:
    cdef bytes address
    # Its key in the trie; None until the account was read.
    cdef bytes key
    cdef uint64_t nonce
    cdef Word balance
    cdef bytes code_hash
    # None until it was needed.
    cdef Code code
    # Root of its storage as of the last commit, and the trie there once it was opened.
    cdef bytes root
    cdef Trie trie
    # Words by slot, 32 bytes each: those read or written, and for one transaction what
    # those written were when it began.
    cdef dict slots
    cdef dict originals
    # Slots to write to the trie, in order.
    cdef dict written
    cdef set warm_slots
    # The native function at this address, or None.
    cdef object native
    cdef uint64_t originals_mark
    cdef uint64_t warm_slots_mark
    cdef uint64_t warm_mark
    cdef uint64_t touched_mark
    cdef uint64_t created_mark
    cdef uint64_t destructed_mark
    cdef bint loaded
    cdef bint exists
    # Whether the trie has had a record of it, so that the store knows its address.
    cdef bint stored
    cdef bint dirty
    # On a fork: whether what lies beneath has nothing to say of its words.
    cdef Covered covered

# Makes the account of an address, which must have 20 bytes; nothing of it is read.
cdef Account new_account(bytes address, object native)
# Fills an account from its record in the trie; None is one that does not exist.
cdef int decode_account(Account account, bytes record) except -1
cdef bytes encode_account(Account account)
# A storage word as the storage trie has it, without leading zeros; b"" for zero.
cdef bytes encode_slot(bytes value)
cdef bytes decode_slot(bytes record)
cdef bytes hash_of(bytes data)

cdef bytes ZERO_WORD
# A word of 0 that is written down, to cover one beneath.
cdef bytes ZERO_RECORD
cdef bytes EMPTY_ROOT
cdef bytes EMPTY_CODE_HASH

# Whether EIP-161 deletes the account when it is touched.
cdef inline bint is_empty(Account account):
    return (
        account.nonce == 0
        and word_is_zero(&account.balance)
        and account.code_hash == EMPTY_CODE_HASH
    )
