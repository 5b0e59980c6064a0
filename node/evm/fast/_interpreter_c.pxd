# cython: language_level=3
from libc.stdint cimport int64_t, uint8_t, uint64_t

from byline.node.evm.fast._environment_c cimport Environment
from byline.node.evm.fast._frame_c cimport Frame

# An environment that runs code.
cdef class Interpreter(Environment):
    # What the tracer wants of steps: their memory, and which opcodes.
    cdef bint tracer_memory
    cdef uint8_t[256] tracer_opcodes
    # Where the opcode at work began, while somebody watches.
    cdef uint64_t step_pc
    cdef int64_t step_gas
    cdef uint64_t step_size
    # Run a frame and all that it begins; return the Status of its message.
    cdef int drive(self, Frame frame) except -1
    # Run the code of one frame until it ends or begins another.
    cdef int execute(self, Frame frame) except -1
