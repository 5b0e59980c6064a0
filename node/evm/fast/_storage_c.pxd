# cython: language_level=3
from libc.stdint cimport int64_t

from byline.node.evm.fast._account_c cimport Account
from byline.node.evm.fast._environment_c cimport Environment
from byline.node.evm.fast._frame_c cimport Frame
from byline.node.evm.fast._word_c cimport Word

# Opcodes that write; `top` is the first free word of the stack.  They return a Status.
cdef int op_sstore(Environment on, Frame frame, Word* top) except -1
cdef int op_tstore(Environment on, Frame frame, Word* top) except -1
cdef int op_log(Environment on, Frame frame, int topics, Word* top) except -1

# What SSTORE does with a word once it may write, and takes from `gas`; returns a Status.
cdef int store_word(
    Environment on, Account account, bytes slot, bytes value, int64_t* gas
) except -1
