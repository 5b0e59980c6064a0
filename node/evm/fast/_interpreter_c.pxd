# cython: language_level=3
from byline.node.evm.fast._environment_c cimport Environment
from byline.node.evm.fast._frame_c cimport Frame

# An environment that runs code.
cdef class Interpreter(Environment):
    # Run a frame and all that it begins; return the Status of its message.
    cdef int drive(self, Frame frame) except -1
    # Run the code of one frame until it ends or begins another.
    cdef int execute(self, Frame frame) except -1
