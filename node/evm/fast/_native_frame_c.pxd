# cython: language_level=3
from byline.node.evm.fast._account_c cimport Account
from byline.node.evm.fast._environment_c cimport Environment
from libc.stdint cimport int64_t

# What a native function that works on its caller's storage is given (see
# `byline.precompiles.state.frame.Frame`).
cdef class NativeFrame:
    cdef Environment on
    cdef Account account
    cdef int64_t gas
    cdef readonly bytes data
    cdef readonly bytes caller
    cdef readonly bint is_static
    cdef readonly bint is_delegated

    cdef int reach(self, bytes slot) except -1

cdef NativeFrame native_frame(
    Environment on, Account account, bytes data, int64_t gas, bint is_static, bint is_delegated
)
