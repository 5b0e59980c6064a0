# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True
"""How creations begin, and where new contracts stand.

Sources: EIP-150, 684, 1014, 3860, 7610; ethereum/execution-specs, `vm/instructions/system.py`
and `vm/interpreter.py`; geth `core/vm/evm.go` for the order in which things are told.
"""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from libc.stdint cimport int64_t, uint8_t, uint64_t
from libc.string cimport memcpy

from byline.derivation.kernels._keccak_c cimport keccak256_into
from byline.node.evm.fast._account_c cimport EMPTY_CODE_HASH, EMPTY_ROOT
from byline.node.evm.fast._code_c cimport prepare
from byline.node.evm.fast._frame_c cimport (
    COLLISION,
    ENTERED,
    MOST_DEPTH,
    NO_FUNDS,
    NONCE_OVERFLOW,
    OK,
    OUT_OF_GAS,
    STACK_UNDERFLOW,
    STATIC,
    TOO_DEEP,
)
from byline.node.evm.fast._messages_c cimport CREATE, CREATE2, ended, enter, resume, tell_enter
from byline.node.evm.fast._word_c cimport leading_zeros, word_is_zero, word_less, word_store

cdef enum:
    CREATE_GAS = 32000
    INIT_CODE_WORD_GAS = 2
    HASH_WORD_GAS = 6
    MOST_INIT_CODE = 49152

cdef uint64_t LAST_NONCE = 0xFFFFFFFFFFFFFFFFULL


cdef int begin_creation(
    Environment on, Frame parent, int kind, bytes caller, Account account, const Word* value,
    bytes init_code, int64_t gas
) except -1:
    """The creator's funds, nonce and depth have been checked, and its nonce raised."""
    cdef int depth = 0 if parent is None else parent.depth + 1
    cdef Py_ssize_t journal_mark
    cdef Frame frame
    on.load(account)
    if (
        account.nonce != 0
        or account.code_hash != EMPTY_CODE_HASH
        or account.root != EMPTY_ROOT
    ):
        return ended(on, depth, gas, 0, b"", COLLISION)
    journal_mark = len(on.journal)
    on.mark_created(account)
    on.put_nonce(account, 1)
    if not word_is_zero(value):
        on.transfer(on.loaded(caller), account, value)
    frame = Frame.__new__(Frame)
    frame.kind = kind
    frame.depth = depth
    frame.account = account
    frame.caller = caller
    frame.data = b""
    frame.value = value[0]
    # Nobody asks for the hash of init code.
    frame.code = prepare(init_code, b"")
    enter(on, parent, frame, gas, journal_mark)
    return ENTERED


cdef int op_create(Environment on, Frame frame, int op, Word* top) except -1:
    cdef int operands = 4 if op == CREATE2 else 3
    cdef uint64_t at, size
    cdef int64_t gas, cost
    cdef bytes init_code, address
    cdef Account creator = frame.account, account
    cdef int status = OK
    if frame.is_static:
        return STATIC
    if top - frame.bottom < operands:
        return STACK_UNDERFLOW
    if frame.gas < CREATE_GAS:
        return OUT_OF_GAS
    frame.gas -= CREATE_GAS
    if not frame.region(top - 2, top - 3, &at, &size) or size > MOST_INIT_CODE:
        return OUT_OF_GAS
    cost = ((size + 31) >> 5) * (INIT_CODE_WORD_GAS + (HASH_WORD_GAS if op == CREATE2 else 0))
    if frame.gas < cost:
        return OUT_OF_GAS
    frame.gas -= cost
    on.ask()
    frame.output_size = 0
    frame.top = top - operands
    gas = frame.gas - frame.gas // 64
    frame.gas -= gas
    init_code = frame.slice_memory(at, size)
    if op == CREATE:
        address = creation_address(creator.address, creator.nonce)
    else:
        address = salted_address(creator.address, top - 4, init_code)
    if on.tracer is not None:
        tell_enter(
            on, op, frame.depth + 1, creator.address, address, init_code, gas, top - 1
        )
    if frame.depth >= MOST_DEPTH:
        status = TOO_DEEP
    elif word_less(&creator.balance, top - 1):
        status = NO_FUNDS
    elif creator.nonce == LAST_NONCE:
        status = NONCE_OVERFLOW
    if status != OK:
        ended(on, frame.depth + 1, gas, gas, b"", status)
    else:
        on.put_nonce(creator, creator.nonce + 1)
        account = on.account(address)
        on.warm_account(account)
        status = begin_creation(on, frame, op, creator.address, account, top - 1, init_code, gas)
        if status == ENTERED:
            return ENTERED
    resume(on, frame, op, status, None)
    return OK


cdef bytes creation_address(bytes sender, unsigned long long nonce):
    """Hash the RLP of [sender, nonce]."""
    cdef uint8_t[40] encoded
    cdef uint8_t[32] digest
    cdef int length = 0, i
    encoded[1] = 0x80 + 20
    memcpy(encoded + 2, PyBytes_AS_STRING(sender), 20)
    if 0 < nonce < 0x80:
        encoded[22] = <uint8_t>nonce
    else:
        if nonce:
            length = 8 - (leading_zeros(nonce) >> 3)
        encoded[22] = <uint8_t>(0x80 + length)
        for i in range(length):
            encoded[23 + i] = <uint8_t>(nonce >> (8 * (length - 1 - i)))
    encoded[0] = <uint8_t>(0xC0 + 22 + length)
    keccak256_into(encoded, 23 + length, digest)
    return PyBytes_FromStringAndSize(<char*>digest + 12, 20)


cdef bytes salted_address(bytes sender, const Word* salt, bytes init_code):
    """Hash 0xff, the sender, the salt and the hash of the init code (EIP-1014)."""
    cdef uint8_t[85] preimage
    cdef uint8_t[32] digest
    preimage[0] = 0xFF
    memcpy(preimage + 1, PyBytes_AS_STRING(sender), 20)
    word_store(salt, preimage + 21)
    keccak256_into(
        <const uint8_t*>PyBytes_AS_STRING(init_code), PyBytes_GET_SIZE(init_code), preimage + 53
    )
    keccak256_into(preimage, sizeof(preimage), digest)
    return PyBytes_FromStringAndSize(<char*>digest + 12, 20)
