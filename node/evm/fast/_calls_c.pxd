# cython: language_level=3
from byline.node.evm.fast._environment_c cimport Environment
from byline.node.evm.fast._frame_c cimport Frame
from byline.node.evm.fast._word_c cimport Word
from byline.node.evm.fast._account_c cimport Account
from byline.node.evm.fast._code_c cimport Code
from libc.stdint cimport int64_t

cdef enum:
    CREATE = 0xF0
    CALL = 0xF1
    CALLCODE = 0xF2
    DELEGATECALL = 0xF4
    CREATE2 = 0xF5
    STATICCALL = 0xFA
    SELFDESTRUCT = 0xFF

# Opcodes: `top` is the first free word of the stack.  They return a Status, that of the
# frame: OK to go on after a call that has ended, ENTERED where one has begun.
cdef int op_call(Environment on, Frame frame, int op, Word* top) except -1
cdef int op_create(Environment on, Frame frame, int op, Word* top) except -1
cdef int op_selfdestruct(Environment on, Frame frame, Word* top) except -1

# Begin a message, of a frame or of the transaction (None).  They return the Status of the
# message: ENTERED where its code is to run, else it has ended.
cdef int begin_call(
    Environment on, Frame parent, int kind, bytes caller, Account account, Account code_at,
    Code code, const Word* value, bytes data, int64_t gas, bint is_static, bint transfers
) except -1
cdef int begin_creation(
    Environment on, Frame parent, int kind, bytes caller, Account account, const Word* value,
    bytes init_code, int64_t gas
) except -1

# Ends a frame whose code has ended with `status`; returns the Status of its message.
cdef int finish(Environment on, Frame frame, int status) except -1
# Hands what a message gave back to the frame that began it.
cdef int resume(Environment on, Frame parent, int kind, int status, bytes created) except -1

# Tell the tracer, which there is, that a message begins or has ended.
cdef int tell_enter(
    Environment on, int kind, int depth, bytes caller, bytes to, bytes data, int64_t gas,
    const Word* value
) except -1
cdef int tell_leave(
    Environment on, int depth, int64_t gas_used, bytes output, str error
) except -1

# The address of the contract that an account creates with a nonce.
cdef bytes creation_address(bytes sender, unsigned long long nonce)
