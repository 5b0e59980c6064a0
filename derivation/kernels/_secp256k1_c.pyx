# cython: language_level=3, boundscheck=False, wraparound=False
"""Key recovery by libsecp256k1; `_secp256k1_py` says what is accepted.

coincurve ships the library inside an extension module of its own and exports its symbols, so
it is opened a second time here and called without Python between.  Where the file or a symbol
is missing, importing this module raises ImportError and the reference is used.
"""

import coincurve._libsecp256k1 as shipped

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from cpython.mem cimport PyMem_Free, PyMem_Malloc
from libc.stdint cimport uint8_t
from libc.string cimport memcpy
from posix.dlfcn cimport RTLD_NOW, dlopen, dlsym

from byline.derivation.kernels._keccak_c cimport keccak256_into

cdef enum:
    # include/secp256k1.h: SECP256K1_CONTEXT_NONE and SECP256K1_EC_UNCOMPRESSED.
    CONTEXT_NONE = 1
    EC_UNCOMPRESSED = 2
    # Sizes of the library's opaque values, and of an uncompressed key.
    RECOVERABLE_SIGNATURE = 65
    PUBLIC_KEY = 64
    SERIALIZED_KEY = 65

ctypedef void* (*context_create_t)(unsigned int) noexcept nogil
ctypedef int (*parse_t)(const void*, void*, const uint8_t*, int) noexcept nogil
ctypedef int (*recover_t)(const void*, void*, const void*, const uint8_t*) noexcept nogil
ctypedef int (*serialize_t)(
    const void*, uint8_t*, size_t*, const void*, unsigned int
) noexcept nogil

cdef struct Signature:
    uint8_t[32] digest
    uint8_t[64] r_s
    int y_parity
    int found
    uint8_t[20] address

# The library's context: one for the process, never changed after its creation, so that any
# number of threads may use it.
cdef const void* context = NULL
cdef parse_t parse_signature = NULL
cdef recover_t recover_key = NULL
cdef serialize_t serialize_key = NULL


cdef void* symbol(void* library, const char* name) except NULL:
    cdef void* found = dlsym(library, name)
    if found == NULL:
        raise ImportError(f"{shipped.__file__} does not export {name.decode()}")
    return found


def open_library():
    global context, parse_signature, recover_key, serialize_key
    cdef bytes path = shipped.__file__.encode()
    cdef void* library = dlopen(PyBytes_AS_STRING(path), RTLD_NOW)
    if library == NULL:
        raise ImportError(f"{shipped.__file__} cannot be opened as a library")
    parse_signature = <parse_t> symbol(
        library, b"secp256k1_ecdsa_recoverable_signature_parse_compact"
    )
    recover_key = <recover_t> symbol(library, b"secp256k1_ecdsa_recover")
    serialize_key = <serialize_t> symbol(library, b"secp256k1_ec_pubkey_serialize")
    context = (<context_create_t> symbol(library, b"secp256k1_context_create"))(CONTEXT_NONE)
    if context == NULL:
        raise ImportError("libsecp256k1 gave no context")


open_library()


cdef int recover_into(
    const uint8_t* digest, const uint8_t* r_s, int y_parity, uint8_t* address
) noexcept nogil:
    cdef uint8_t[RECOVERABLE_SIGNATURE] signature
    cdef uint8_t[PUBLIC_KEY] key
    cdef uint8_t[SERIALIZED_KEY] serialized
    cdef uint8_t[32] hashed
    cdef size_t size = SERIALIZED_KEY
    # The library ends the process for a recovery id that it does not know.
    if y_parity != 0 and y_parity != 1:
        return 0
    if not parse_signature(context, signature, r_s, y_parity):
        return 0
    if not recover_key(context, key, signature, digest):
        return 0
    serialize_key(context, serialized, &size, key, EC_UNCOMPRESSED)
    keccak256_into(serialized + 1, SERIALIZED_KEY - 1, hashed)
    memcpy(address, hashed + 12, 20)
    return 1


cdef int read(
    Signature* signature, bytes digest, object y_parity, object r, object s
) except -1:
    """Fill `signature`; numbers that do not fit make one that names nobody."""
    cdef bytes word
    if digest is None or PyBytes_GET_SIZE(digest) != 32:
        raise ValueError(f"digest: want 32 bytes, got {0 if digest is None else len(digest)}")
    memcpy(signature.digest, PyBytes_AS_STRING(digest), 32)
    signature.found = 0
    signature.y_parity = 1 if y_parity == 1 else 0 if y_parity == 0 else 2
    try:
        word = r.to_bytes(32, "big")
        memcpy(signature.r_s, PyBytes_AS_STRING(word), 32)
        word = s.to_bytes(32, "big")
        memcpy(signature.r_s + 32, PyBytes_AS_STRING(word), 32)
    except OverflowError:
        signature.y_parity = 2
    return 0


cdef inline bytes address_of(const Signature* signature):
    if not signature.found:
        return None
    return PyBytes_FromStringAndSize(<const char*> signature.address, 20)


def recover(bytes digest, y_parity, r, s):
    cdef Signature signature
    read(&signature, digest, y_parity, r, s)
    with nogil:
        signature.found = recover_into(
            signature.digest, signature.r_s, signature.y_parity, signature.address
        )
    return address_of(&signature)


def recover_many(signatures):
    cdef Py_ssize_t index = 0
    cdef Py_ssize_t count = len(signatures)
    cdef Signature* batch = <Signature*> PyMem_Malloc(max(count, 1) * sizeof(Signature))
    if batch == NULL:
        raise MemoryError
    try:
        for digest, y_parity, r, s in signatures:
            if index == count:
                raise ValueError("signatures: the sequence grew while it was read")
            read(&batch[index], digest, y_parity, r, s)
            index += 1
        count = index
        with nogil:
            for index in range(count):
                batch[index].found = recover_into(
                    batch[index].digest,
                    batch[index].r_s,
                    batch[index].y_parity,
                    batch[index].address,
                )
        return [address_of(&batch[index]) for index in range(count)]
    finally:
        PyMem_Free(batch)
