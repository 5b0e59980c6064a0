# cython: language_level=3
from byline.node.evm.fast._environment_c cimport Environment
from byline.node.evm.fast._frame_c cimport Frame
from byline.node.evm.fast._word_c cimport Word
from byline.node.evm.fast._account_c cimport Account
from libc.stdint cimport int64_t

# CREATE and CREATE2; operands and result are those of `op_call` in `_calls_c`.
cdef int op_create(Environment on, Frame frame, int op, Word* top) except -1

# Begins a creation, of a frame or of the transaction (None); the result is that of
# `begin_call` in `_calls_c`.
cdef int begin_creation(
    Environment on, Frame parent, int kind, bytes caller, Account account, const Word* value,
    bytes init_code, int64_t gas
) except -1

# The address of the contract that an account creates with a nonce.
cdef bytes creation_address(bytes sender, unsigned long long nonce)
