# cython: language_level=3, boundscheck=False, wraparound=False
"""Code made ready to run, and a bounded cache of it."""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from libc.stdlib cimport calloc, free
from libc.string cimport memcmp, memcpy

from byline.derivation.kernels._keccak_c cimport keccak256_into

from byline.derivation.hashing import keccak256

cdef enum:
    JUMPDEST = 0x5B
    PUSH1 = 0x60
    PUSH32 = 0x7F
    # The data of a PUSH32 as the last byte, and the STOP after it.
    PADDING = 40
    DELEGATION = 23
    # About what the objects take beside the two arrays.
    OVERHEAD = 200


cdef class Code:
    def __dealloc__(self):
        # `targets` is the second half of the same memory.
        free(self.bytes_)


cdef bytes hash_of(bytes raw):
    cdef uint8_t[32] digest
    keccak256_into(<const uint8_t*>PyBytes_AS_STRING(raw), PyBytes_GET_SIZE(raw), digest)
    return PyBytes_FromStringAndSize(<char*>digest, 32)


cdef Code prepare(bytes raw, bytes code_hash):
    """Find the jump destinations of `raw`; its hash is worked out where it is None."""
    cdef Code code = Code.__new__(Code)
    cdef Py_ssize_t size = PyBytes_GET_SIZE(raw), at = 0
    cdef uint8_t op
    code.raw = raw
    code.size = size
    code.hash = hash_of(raw) if code_hash is None else code_hash
    code.bytes_ = <uint8_t*>calloc(2 * size + PADDING, 1)
    if code.bytes_ == NULL:
        raise MemoryError(f"no memory for code of {size} bytes")
    code.targets = code.bytes_ + size + PADDING
    memcpy(code.bytes_, PyBytes_AS_STRING(raw), size)
    while at < size:
        op = code.bytes_[at]
        if op == JUMPDEST:
            code.targets[at] = 1
        elif PUSH1 <= op <= PUSH32:
            at += op - PUSH1 + 1
        at += 1
    if size == DELEGATION and memcmp(code.bytes_, b"\xef\x01\x00", 3) == 0:
        code.delegate = raw[3:]
    return code


EMPTY_CODE_HASH = keccak256(b"")
EMPTY_CODE = prepare(b"", EMPTY_CODE_HASH)


cdef class CodeCache:
    def __init__(self, Py_ssize_t most_bytes):
        self.codes = {}
        self.most_bytes = most_bytes

    def __len__(self):
        return len(self.codes)

    cdef Code get(self, bytes code_hash):
        """Return a code or None, and take it for the one used last."""
        code = self.codes.pop(code_hash, None)
        if code is not None:
            self.codes[code_hash] = code
        return <Code>code

    cdef int put(self, Code code) except -1:
        if self.codes.pop(code.hash, None) is None:
            self.bytes_held += 3 * code.size + OVERHEAD
        self.codes[code.hash] = code
        while self.bytes_held > self.most_bytes and self.codes:
            oldest = self.codes.pop(next(iter(self.codes)))
            self.bytes_held -= 3 * (<Code>oldest).size + OVERHEAD
        return 0


def jump_destinations(bytes raw):
    cdef Code code = prepare(raw, b"")
    return [at for at in range(code.size) if code.targets[at]]
