# cython: language_level=3
from byline.node.evm.fast._environment_c cimport Environment
from byline.node.evm.fast._frame_c cimport Frame
from byline.node.evm.fast._word_c cimport Word

# Opcodes that write; `top` is the first free word of the stack.  They return a Status.
cdef int op_sstore(Environment on, Frame frame, Word* top) except -1
cdef int op_tstore(Environment on, Frame frame, Word* top) except -1
cdef int op_log(Environment on, Frame frame, int topics, Word* top) except -1
