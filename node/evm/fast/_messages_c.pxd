# cython: language_level=3
from byline.node.evm.fast._environment_c cimport Environment
from byline.node.evm.fast._frame_c cimport Frame
from byline.node.evm.fast._word_c cimport Word
from libc.stdint cimport int64_t

# What begins a message, by its opcode.
cdef enum:
    CREATE = 0xF0
    CALL = 0xF1
    CALLCODE = 0xF2
    DELEGATECALL = 0xF4
    CREATE2 = 0xF5
    STATICCALL = 0xFA
    SELFDESTRUCT = 0xFF

# Tell the tracer, which there is, that a message begins or has ended.
cdef int tell_enter(
    Environment on, int kind, int depth, bytes caller, bytes to, bytes data, int64_t gas,
    const Word* value
) except -1
cdef int tell_leave(
    Environment on, int depth, int64_t gas_used, bytes output, str error
) except -1

# Makes a frame ready to run, its stack right above its parent's.
cdef int enter(
    Environment on, Frame parent, Frame frame, int64_t gas, Py_ssize_t journal_mark
) except -1
# Notes how a message ended, tells the tracer if there is one, and returns `status`.
cdef int ended(
    Environment on, int depth, int64_t gas, int64_t left, bytes result, int status
) except -1
# Ends a frame whose code has ended with `status`; returns the Status of its message.
cdef int finish(Environment on, Frame frame, int status) except -1
# Hands what a message gave back to the frame that began it.
cdef int resume(Environment on, Frame parent, int kind, int status, bytes created) except -1
