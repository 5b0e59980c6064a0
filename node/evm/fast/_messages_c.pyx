# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True
"""What calls and creations share: how a message is told, entered, finished and handed back.

A frame that begins is handed to the interpreter, which runs it and comes back: nothing here
calls itself, so the depth of calls costs no stack.

Sources: EIP-170, 3541; ethereum/execution-specs, `vm/interpreter.py`; geth `core/vm/evm.go`
for what a tracer sees.
"""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_GET_SIZE
from libc.stdint cimport int64_t, uint8_t, uint64_t
from libc.string cimport memcpy

from byline.node.evm.fast._code_c cimport prepare
from byline.node.evm.fast._frame_c cimport OK, OUT_OF_GAS, RESERVED_CODE, REVERT
from byline.node.evm.fast._word_c cimport word_load_short, word_set, word_to_int

from byline.node.evm.tracing import FrameEnd, FrameKind, FrameStart

cdef enum:
    CODE_BYTE_GAS = 200
    MOST_CODE = 24576
    RESERVED_BYTE = 0xEF

cdef dict KINDS = {
    CALL: FrameKind.CALL,
    CALLCODE: FrameKind.CALLCODE,
    DELEGATECALL: FrameKind.DELEGATECALL,
    STATICCALL: FrameKind.STATICCALL,
    CREATE: FrameKind.CREATE,
    CREATE2: FrameKind.CREATE2,
    SELFDESTRUCT: FrameKind.SELFDESTRUCT,
}


cdef int tell_enter(
    Environment on, int kind, int depth, bytes caller, bytes to, bytes data, int64_t gas,
    const Word* value
) except -1:
    on.tracer.enter(FrameStart(KINDS[kind], depth, caller, to, data, gas, word_to_int(value)))
    return 0


cdef int tell_leave(Environment on, int depth, int64_t gas_used, bytes output, str error) except -1:
    on.tracer.leave(FrameEnd(depth, gas_used, output, error))
    return 0


cdef int ended(Environment on, int depth, int64_t gas, int64_t left, bytes result, int status) except -1:
    """Note how a message ended, and tell it."""
    on.gas_left = left
    on.result = result
    if on.tracer is not None:
        tell_leave(on, depth, gas - left, result, None if status == OK else on.error_of(status))
    return status


cdef int enter(
    Environment on, Frame parent, Frame frame, int64_t gas, Py_ssize_t journal_mark
) except -1:
    """Make a frame ready to run, its stack right above its parent's."""
    frame.gas = gas
    frame.gas_at_start = gas
    frame.return_data = b""
    frame.output = b""
    frame.journal_mark = journal_mark
    frame.logs_mark = len(on.logs)
    frame.refund_mark = on.refund
    # One word stays free for what the parent is pushed.
    frame.bottom = on.arena.words if parent is None else parent.top + 1
    frame.top = frame.bottom
    on.entered = frame
    return 0


cdef int deposit_code(Environment on, Frame frame) except -1:
    """Pay for and set the code that a creation has returned."""
    cdef Py_ssize_t size = PyBytes_GET_SIZE(frame.output)
    cdef int64_t cost = size * CODE_BYTE_GAS
    if size > MOST_CODE:
        return OUT_OF_GAS
    if size and <uint8_t>PyBytes_AS_STRING(frame.output)[0] == RESERVED_BYTE:
        return RESERVED_CODE
    if frame.gas < cost:
        return OUT_OF_GAS
    frame.gas -= cost
    if size:
        on.put_code(frame.account, prepare(frame.output, None))
    return OK


cdef int finish(Environment on, Frame frame, int status) except -1:
    if status == OK and (frame.kind == CREATE or frame.kind == CREATE2):
        status = deposit_code(on, frame)
    if status != OK:
        on.undo(frame.journal_mark)
        on.refund = frame.refund_mark
        del on.logs[frame.logs_mark:]
        if status != REVERT:
            frame.gas = 0
            frame.output = b""
    return ended(on, frame.depth, frame.gas_at_start, frame.gas, frame.output, status)


cdef int resume(Environment on, Frame parent, int kind, int status, bytes created) except -1:
    cdef uint64_t size
    parent.gas += on.gas_left
    parent.return_data = on.result
    if kind == CREATE or kind == CREATE2:
        if status == OK:
            parent.return_data = b""
            word_load_short(<const uint8_t*>PyBytes_AS_STRING(created), 20, parent.top)
        else:
            word_set(parent.top, 0)
    else:
        size = PyBytes_GET_SIZE(on.result)
        if size > parent.output_size:
            size = parent.output_size
        if size:
            memcpy(parent.memory + parent.output_at, PyBytes_AS_STRING(on.result), size)
        word_set(parent.top, status == OK)
    parent.top += 1
    return 0
