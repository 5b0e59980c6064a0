# cython: language_level=3
from libc.stdint cimport uint8_t

# A contract's code, made ready for the interpreter once: two arrays in one allocation.
cdef class Code:
    cdef readonly bytes raw
    cdef readonly bytes hash
    cdef Py_ssize_t size
    # `size` bytes and then zeros, further than the longest PUSH at the end can reach.
    cdef uint8_t* bytes_
    # One byte for each of the code's: 1 where a jump may go.
    cdef uint8_t* targets
    # The account whose code runs instead (EIP-7702), or None.
    cdef readonly bytes delegate

cdef class CodeCache:
    cdef dict codes
    cdef readonly Py_ssize_t most_bytes
    cdef readonly Py_ssize_t bytes_held
    cdef Code get(self, bytes code_hash)
    cdef int put(self, Code code) except -1

cdef Code prepare(bytes raw, bytes code_hash)

cdef Code EMPTY_CODE
cdef bytes EMPTY_CODE_HASH
