# cython: language_level=3, boundscheck=False, wraparound=False
"""Opcodes that write: SSTORE, TSTORE and LOG.

Sources: EIP-1153, 2200, 2929, 3529.
"""

from libc.stdint cimport int64_t, uint64_t

from byline.node.evm.fast._account_c cimport ZERO_WORD, Account
from byline.node.evm.fast._environment_c cimport COLD_SLOT, WARM_ACCESS
from byline.node.evm.fast._frame_c cimport OK, OUT_OF_GAS, STACK_UNDERFLOW, STATIC
from byline.node.evm.fast._word_c cimport word_to_bytes

cdef enum:
    # EIP-2200: less would let a called contract write with its stipend.
    SENTRY = 2300
    SET_GAS = 20000
    RESET_GAS = 2900
    # EIP-3529.
    CLEAR_REFUND = 4800
    LOG_BYTE_GAS = 8
    LOG_TOPIC_GAS = 375


cdef int64_t refund_of(bytes original, bytes current, bytes value):
    """Return what a change adds to the refund counter (EIP-2200 with EIP-3529)."""
    cdef int64_t refund = 0
    if original == current:
        return CLEAR_REFUND if original != ZERO_WORD and value == ZERO_WORD else 0
    if original != ZERO_WORD:
        if current == ZERO_WORD:
            refund -= CLEAR_REFUND
        elif value == ZERO_WORD:
            refund += CLEAR_REFUND
    if original == value:
        refund += (SET_GAS if original == ZERO_WORD else RESET_GAS) - WARM_ACCESS
    return refund


cdef int store_word(
    Environment on, Account account, bytes slot, bytes value, int64_t* gas
) except -1:
    """What SSTORE does, once it is known that the call may write."""
    cdef bytes current, original
    cdef int64_t cost = 0
    if gas[0] <= SENTRY:
        return OUT_OF_GAS
    if on.access_slot(account, slot) == COLD_SLOT:
        cost = COLD_SLOT
        if gas[0] < cost:
            return OUT_OF_GAS
    current = on.read_slot(account, slot)
    original = on.original(account, slot, current)
    if current == value or original != current:
        cost += WARM_ACCESS
    else:
        cost += SET_GAS if original == ZERO_WORD else RESET_GAS
    if gas[0] < cost:
        return OUT_OF_GAS
    gas[0] -= cost
    if current != value:
        on.refund += refund_of(original, current, value)
        on.write_slot(account, slot, value, current)
    return OK


cdef int op_sstore(Environment on, Frame frame, Word* top) except -1:
    if frame.is_static:
        return STATIC
    if frame.gas <= SENTRY:
        return OUT_OF_GAS
    if top - frame.bottom < 2:
        return STACK_UNDERFLOW
    return store_word(
        on, frame.account, word_to_bytes(top - 1), word_to_bytes(top - 2), &frame.gas
    )


cdef int op_tstore(Environment on, Frame frame, Word* top) except -1:
    if frame.is_static:
        return STATIC
    if top - frame.bottom < 2:
        return STACK_UNDERFLOW
    on.write_transient(frame.account.address, word_to_bytes(top - 1), word_to_bytes(top - 2))
    return OK


cdef int op_log(Environment on, Frame frame, int topics, Word* top) except -1:
    cdef uint64_t at, size
    cdef int64_t cost
    cdef int i
    cdef list found = []
    if frame.is_static:
        return STATIC
    if top - frame.bottom < 2 + topics:
        return STACK_UNDERFLOW
    if not frame.region(top - 1, top - 2, &at, &size):
        return OUT_OF_GAS
    cost = LOG_BYTE_GAS * <int64_t>size + LOG_TOPIC_GAS * topics
    if frame.gas < cost:
        return OUT_OF_GAS
    frame.gas -= cost
    for i in range(topics):
        found.append(word_to_bytes(top - 3 - i))
    on.logs.append((frame.account.address, tuple(found), frame.slice_memory(at, size)))
    return OK
