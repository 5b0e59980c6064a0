# cython: language_level=3
from libc.stdint cimport int64_t, uint64_t

from byline.node.evm.fast._account_c cimport Account
from byline.node.evm.fast._frame_c cimport Arena, Frame
from byline.node.evm.fast._state_c cimport State
from byline.node.evm.fast._word_c cimport Word

cdef enum:
    WARM_ACCESS = 100
    COLD_ACCOUNT = 2600
    COLD_SLOT = 2100
    # Steps (about a JUMPDEST each) between two looks at the clock.
    PATIENCE = 20000

# State, and what opcodes see beside it: the block, the transaction, who watches.
cdef class Environment(State):
    # The block.
    cdef Word chain_id
    cdef Word number
    cdef Word timestamp
    cdef Word gas_limit
    cdef Word base_fee
    cdef Word blob_base_fee
    cdef Word prev_randao
    cdef bytes coinbase
    cdef object ancestors
    cdef list ancestors_read
    cdef bint has_clz
    cdef bint follows_delegations
    # The transaction.
    cdef bytes origin
    cdef Word gas_price
    cdef object blob_hashes
    # What it wrote to the console; None for nothing.
    cdef object console
    # Who watches, and what stops a run; None for nobody and nothing.
    cdef object tracer
    cdef object check
    # Steps left until the next look at the clock.
    cdef int64_t budget
    # When other threads could run last, in milliseconds of a clock that never goes back.
    cdef int64_t turn_given
    # The frame that has begun and whose code is to run.
    cdef Frame entered
    # How the call that ended last did: gas and data that it gives back, its own words.
    cdef int64_t gas_left
    cdef bytes result
    cdef str words
    cdef Arena arena

    # Gas for touching an account or slot, which is warm from now on.
    cdef int64_t access_account(self, Account account) except -1
    cdef int64_t access_slot(self, Account account, bytes slot) except -1
    # Count a call or a creation; now and then let other threads run and ask whether to go on.
    cdef int pause(self) except -1
    cdef int ask(self) except -1
    cdef bytes ancestor(self, uint64_t back)
    cdef str error_of(self, int status)
