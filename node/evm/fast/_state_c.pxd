# cython: language_level=3
from libc.stdint cimport int64_t, uint64_t

from byline.derivation.kernels._trie_c cimport Trie
from byline.node.evm.fast._account_c cimport Account
from byline.node.evm.fast._code_c cimport Code, CodeCache
from byline.node.evm.fast._tries_c cimport Tries
from byline.node.evm.fast._word_c cimport Word

cdef class State:
    cdef object read_node
    # What lies beneath the tries (`machine.Beneath`), or None.
    cdef object beneath
    cdef object natives
    cdef Tries tries
    cdef CodeCache codes
    cdef Trie trie
    cdef dict accounts
    cdef list journal
    cdef list dirty
    cdef list touched
    cdef list logs
    cdef dict transient
    # Codes that were set, and what the commit has to store: both by hash.
    cdef dict new_codes
    cdef dict fresh
    cdef uint64_t transaction
    # Number of the run under way, of which a transaction may have several.
    cdef uint64_t run_number
    cdef int64_t refund

    # The account without its contents, which may not be needed.
    cdef Account account(self, bytes address)
    # The account with its contents.
    cdef Account loaded(self, bytes address)
    cdef int load(self, Account account) except -1
    cdef Code code_of(self, Account account)
    cdef Code code_by_hash(self, bytes code_hash, bytes address)

    cdef bytes read_slot(self, Account account, bytes slot)
    cdef bytes original(self, Account account, bytes slot, bytes current)
    cdef int write_slot(self, Account account, bytes slot, bytes value, bytes current) except -1
    cdef bytes read_transient(self, bytes address, bytes slot)
    cdef int write_transient(self, bytes address, bytes slot, bytes value) except -1

    # Mark as warm; tell whether it was.
    cdef bint warm_account(self, Account account) except -1
    cdef bint warm_slot(self, Account account, bytes slot) except -1

    cdef int put_balance(self, Account account, const Word* value) except -1
    cdef int put_nonce(self, Account account, uint64_t value) except -1
    cdef int put_code(self, Account account, Code code) except -1
    cdef int transfer(self, Account sender, Account recipient, const Word* value) except -1
    cdef int mark_dirty(self, Account account) except -1
    cdef int mark_created(self, Account account) except -1
    cdef int mark_destructed(self, Account account) except -1
    cdef int touch(self, Account account) except -1
    cdef int wipe(self, Account account, bint storage_alone) except -1
    # Ends a run: deletes what destructed itself, and touched accounts that are empty.
    cdef int settle(self) except -1

    # On a fork: whether words of the account that are not here are not beneath either.
    cdef bint is_covered(self, Account account) except -1
    cdef bytes word_beneath(self, Account account, bytes slot)
    cdef bytes record_of_slot(self, Account account, bytes slot)
    cdef bytes record_of(self, Account account)

    cdef int undo(self, Py_ssize_t mark) except -1
    cdef int write_account(self, Account account) except -1
    cdef int write_storage(self, Account account) except -1
