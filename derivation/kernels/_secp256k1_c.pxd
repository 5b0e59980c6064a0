# cython: language_level=3
from libc.stdint cimport uint8_t

# Writes the 20-byte address that signed the 32-byte `digest` to `address` and returns 1, or
# returns 0 when the signature names nobody.  `r_s` is r and s, 32 bytes each, big-endian;
# a `y_parity` other than 0 and 1 names nobody; s in the upper half is allowed.
cdef int recover_into(
    const uint8_t* digest, const uint8_t* r_s, int y_parity, uint8_t* address
) noexcept nogil
