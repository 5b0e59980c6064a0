# cython: language_level=3
from byline.node.evm.fast._environment_c cimport Environment
from byline.node.evm.fast._frame_c cimport Frame
from byline.node.evm.fast._word_c cimport Word
from byline.node.evm.fast._account_c cimport Account
from byline.node.evm.fast._code_c cimport Code
from libc.stdint cimport int64_t

# Opcodes: `top` is the first free word of the stack.  They return a Status, that of the
# frame: OK to go on after a call that has ended, ENTERED where one has begun.
cdef int op_call(Environment on, Frame frame, int op, Word* top) except -1
cdef int op_selfdestruct(Environment on, Frame frame, Word* top) except -1

# Begins a call, of a frame or of the transaction (None).  Returns the Status of the message:
# ENTERED where its code is to run, else it has ended.
cdef int begin_call(
    Environment on, Frame parent, int kind, bytes caller, Account account, Account code_at,
    Code code, const Word* value, bytes data, int64_t gas, bint is_static, bint transfers
) except -1
