# cython: language_level=3, boundscheck=False, wraparound=False
"""Calls of native functions that work on the storage of their caller."""

from cpython.bytes cimport PyBytes_GET_SIZE

from byline.node.evm.fast._frame_c cimport OK
from byline.node.evm.fast._storage_c cimport store_word

from byline.node.evm.natives.native import OutOfGas

cdef enum:
    # Steps that a word counts for, beside a read from the trie.
    WORD_STEPS = 20


cdef class NativeFrame:
    cdef int reach(self, bytes slot) except -1:
        if self.on is None:
            raise RuntimeError("the call has ended: its storage is out of reach")
        if slot is None or PyBytes_GET_SIZE(slot) != 32:
            raise ValueError(f"slot {slot!r}: want 32 bytes")
        self.on.budget -= WORD_STEPS
        if self.on.budget < 0:
            self.on.pause()
        return 0

    def load(self, bytes slot):
        cdef int64_t cost
        self.reach(slot)
        cost = self.on.access_slot(self.account, slot)
        if self.gas < cost:
            raise OutOfGas("out of gas")
        self.gas -= cost
        if self.on.tracer is not None:
            self.on.tracer.touch(self.account.address, int.from_bytes(slot, "big"))
        return int.from_bytes(self.on.read_slot(self.account, slot), "big")

    def store(self, bytes slot, value):
        cdef bytes word = value.to_bytes(32, "big")
        self.reach(slot)
        if self.on.tracer is not None:
            self.on.tracer.touch(self.account.address, int.from_bytes(slot, "big"))
        if store_word(self.on, self.account, slot, word, &self.gas) != OK:
            raise OutOfGas("out of gas")


cdef NativeFrame native_frame(
    Environment on, Account account, bytes data, int64_t gas, bint is_static, bint is_delegated
):
    cdef NativeFrame frame = NativeFrame.__new__(NativeFrame)
    frame.on = on
    frame.account = account
    frame.caller = account.address
    frame.data = data
    frame.gas = gas
    frame.is_static = is_static
    frame.is_delegated = is_delegated
    return frame
