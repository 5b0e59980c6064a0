# cython: language_level=3, boundscheck=False, wraparound=False
"""What opcodes see beside the state, and how a run lets others live."""

from cpython.bytes cimport PyBytes_GET_SIZE
from libc.stdint cimport int64_t
from posix.time cimport CLOCK_MONOTONIC, clock_gettime, timespec

from byline.node.evm.fast._frame_c cimport (
    BAD_JUMP,
    BAD_OPCODE,
    BEYOND_RETURN_DATA,
    COLLISION,
    NATIVE_FAILED,
    NO_FUNDS,
    NONCE_OVERFLOW,
    OUT_OF_GAS,
    RESERVED_CODE,
    REVERT,
    STACK_OVERFLOW,
    STACK_UNDERFLOW,
    STATIC,
    TOO_DEEP,
)

cdef extern from "Python.h":
    ctypedef struct PyThreadState
    PyThreadState* PyEval_SaveThread()
    void PyEval_RestoreThread(PyThreadState*)
    int PyErr_CheckSignals() except -1

cdef enum:
    # Steps that a read from the trie and a call count for.
    COLD_STEPS = 16
    CALL_STEPS = 50
    # Milliseconds between two moments at which other threads may run.  A thread that waits asks
    # for its turn after 5 ms in which the lock was not given up (`sys.getswitchinterval`), and
    # then gets it for sure; a lock that is given up more often is taken back before it wakes.
    TURN = 6

cdef inline int64_t milliseconds() noexcept:
    cdef timespec now
    clock_gettime(CLOCK_MONOTONIC, &now)
    return <int64_t>now.tv_sec * 1000 + now.tv_nsec // 1000000


# As geth names them; clients match on these words.
cdef dict WORDS = {
    REVERT: "execution reverted",
    OUT_OF_GAS: "out of gas",
    STACK_UNDERFLOW: "stack underflow",
    STACK_OVERFLOW: "stack limit reached 1024",
    BAD_JUMP: "invalid jump destination",
    BAD_OPCODE: "invalid opcode",
    STATIC: "write protection",
    BEYOND_RETURN_DATA: "return data out of bounds",
    TOO_DEEP: "max call depth exceeded",
    NO_FUNDS: "insufficient balance for transfer",
    COLLISION: "contract address collision",
    RESERVED_CODE: "invalid code: must not begin with 0xef",
    NONCE_OVERFLOW: "nonce uint64 overflow",
}


cdef class Environment(State):
    cdef int64_t access_account(self, Account account) except -1:
        """Native functions are always warm (EIP-2929)."""
        if account.native is not None or self.warm_account(account):
            return WARM_ACCESS
        self.budget -= COLD_STEPS
        if self.budget < 0:
            self.pause()
        return COLD_ACCOUNT

    cdef int64_t access_slot(self, Account account, bytes slot) except -1:
        if self.warm_slot(account, slot):
            return WARM_ACCESS
        self.budget -= COLD_STEPS
        if self.budget < 0:
            self.pause()
        return COLD_SLOT

    cdef int pause(self) except -1:
        cdef PyThreadState* thread
        cdef int64_t now = milliseconds()
        if now - self.turn_given >= TURN:
            thread = PyEval_SaveThread()
            PyEval_RestoreThread(thread)
            self.turn_given = milliseconds()
        PyErr_CheckSignals()
        self.budget = PATIENCE
        if self.check is not None:
            self.check()
        return 0

    cdef int ask(self) except -1:
        self.budget -= CALL_STEPS
        return self.pause() if self.budget < 0 else 0

    cdef bytes ancestor(self, uint64_t back):
        """Return the hash of the block `back` before the parent, or None."""
        while <uint64_t>len(self.ancestors_read) <= back:
            block_hash = next(self.ancestors, None)
            if block_hash is None:
                return None
            if not isinstance(block_hash, bytes) or PyBytes_GET_SIZE(block_hash) != 32:
                raise ValueError(f"ancestor {block_hash!r} is no hash: want 32 bytes")
            self.ancestors_read.append(block_hash)
        return <bytes>self.ancestors_read[<Py_ssize_t>back]

    cdef str error_of(self, int status):
        """Name a failure in words; those of a native function are its own."""
        if status == NATIVE_FAILED:
            return self.words
        return <str>WORDS[status]
