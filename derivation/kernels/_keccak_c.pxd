# cython: language_level=3
from libc.stdint cimport uint8_t

# Writes the 32-byte Keccak-256 hash of `length` bytes at `data` to `out`; `data` may be NULL
# when `length` is 0, and may overlap `out`.
cdef void keccak256_into(const uint8_t* data, size_t length, uint8_t* out) noexcept nogil
