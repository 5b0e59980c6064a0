# cython: language_level=3
from libc.stdint cimport int64_t

from byline.node.evm.fast._account_c cimport Account
from byline.node.evm.fast._interpreter_c cimport Interpreter
from byline.node.evm.fast._word_c cimport Word

cdef class FastMachine(Interpreter):
    cdef int require_idle(self) except -1
    cdef object perform(
        self, int kind, Account account, const Word* value, bytes data, object gas,
        object refund, bint delegates
    )
    cdef int drive_entered(self) except -1
    cdef int start_call(
        self, Account account, const Word* value, bytes data, int64_t gas, bint delegates
    ) except -1
    cdef int start_creation(
        self, Account account, const Word* value, bytes data, int64_t gas
    ) except -1
    cdef object outcome(self, int status, int kind, bytes address, object refund)
