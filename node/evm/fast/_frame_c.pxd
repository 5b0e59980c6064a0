# cython: language_level=3
cimport cython
from libc.stdint cimport int64_t, uint8_t, uint64_t

from byline.node.evm.fast._account_c cimport Account
from byline.node.evm.fast._code_c cimport Code
from byline.node.evm.fast._word_c cimport Word, word_is_wide, word_is_zero

# How the code of a frame ended, or why it stopped for now.
cdef enum Status:
    OK
    # It waits for the frame that it has begun.
    ENTERED
    REVERT
    OUT_OF_GAS
    STACK_UNDERFLOW
    STACK_OVERFLOW
    BAD_JUMP
    BAD_OPCODE
    STATIC
    BEYOND_RETURN_DATA
    TOO_DEEP
    NO_FUNDS
    COLLISION
    RESERVED_CODE
    NONCE_OVERFLOW
    NATIVE_FAILED

cdef enum:
    # Calls below the transaction's own; a stack holds so many words, too.
    MOST_DEPTH = 1024
    STACK_WORDS = 1024

# Beyond this every expansion costs more gas than 64 bits hold (geth has the same bound).
cdef uint64_t MOST_MEMORY

# One call or creation whose code runs.
@cython.final
@cython.no_gc
@cython.freelist(32)
cdef class Frame:
    # The opcode that began it.
    cdef int kind
    cdef int depth
    cdef bint is_static
    # The account whose storage and balance the code works on.
    cdef Account account
    cdef bytes caller
    cdef bytes data
    cdef Word value
    cdef Code code
    cdef int64_t gas
    cdef int64_t gas_at_start
    # Memory is `size` bytes, a multiple of 32, in an allocation of `capacity`.
    cdef uint8_t* memory
    cdef uint64_t size
    cdef uint64_t capacity
    # Where it goes on: the next opcode, and its stack, bottom and first free word.
    cdef uint64_t pc
    cdef Word* bottom
    cdef Word* top
    # What the last call it made gave back, and what it gives back itself.
    cdef bytes return_data
    cdef bytes output
    # What it is undone to if it fails: entries of the journal, logs, gas refund.
    cdef Py_ssize_t journal_mark
    cdef Py_ssize_t logs_mark
    cdef int64_t refund_mark
    # Where the frame that it began writes its output.
    cdef uint64_t output_at
    cdef uint64_t output_size

    # Charge and grow memory to hold [start, start + size); tell whether gas was enough.
    cdef bint expand(self, uint64_t end) except -1
    cdef bint region(self, const Word* start, const Word* size, uint64_t* at, uint64_t* length) except -1
    cdef bytes slice_memory(self, uint64_t at, uint64_t length)
    cdef void copy_in(
        self, uint64_t at, uint64_t length,
        const uint8_t* source, uint64_t source_size, const Word* start
    ) noexcept

# The words of all frames of one run, one stack after the other.
@cython.final
cdef class Arena:
    cdef Word* words

cdef Arena new_arena()
