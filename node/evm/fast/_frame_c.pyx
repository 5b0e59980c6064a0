# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True
"""A frame with its memory, and where its stack lies.

Source: the Ethereum yellow paper, 9.1 and appendix H.1 (what memory costs).
"""

from cpython.bytes cimport PyBytes_FromStringAndSize
from libc.stdlib cimport free, malloc, realloc
from libc.string cimport memcpy, memset

cdef enum:
    FIRST_CAPACITY = 1024

MOST_MEMORY = 0x1FFFFFFFE0


cdef inline int64_t memory_cost(uint64_t words) noexcept nogil:
    return <int64_t>(3 * words + words * words // 512)


cdef class Frame:
    def __dealloc__(self):
        free(self.memory)

    cdef bint expand(self, uint64_t end) except -1:
        cdef uint64_t words, capacity
        cdef uint8_t* grown
        cdef int64_t cost
        if end <= self.size:
            return True
        if end > MOST_MEMORY:
            return False
        words = (end + 31) >> 5
        cost = memory_cost(words) - memory_cost(self.size >> 5)
        if cost > self.gas:
            return False
        end = words << 5
        if end > self.capacity:
            capacity = 2 * self.capacity if self.capacity else FIRST_CAPACITY
            if capacity < end:
                capacity = end
            grown = <uint8_t*>realloc(self.memory, capacity)
            if grown == NULL:
                raise MemoryError(f"no memory for the {end} bytes that code has paid for")
            self.memory = grown
            self.capacity = capacity
        memset(self.memory + self.size, 0, end - self.size)
        self.gas -= cost
        self.size = end
        return True

    cdef bint region(self, const Word* start, const Word* size, uint64_t* at, uint64_t* length) except -1:
        at[0] = 0
        length[0] = 0
        if word_is_zero(size):
            return True
        if word_is_wide(start) or word_is_wide(size):
            return False
        if start.limb[0] > MOST_MEMORY or size.limb[0] > MOST_MEMORY:
            return False
        at[0] = start.limb[0]
        length[0] = size.limb[0]
        return self.expand(start.limb[0] + size.limb[0])

    cdef bytes slice_memory(self, uint64_t at, uint64_t length):
        if length == 0:
            return b""
        return PyBytes_FromStringAndSize(<char*>self.memory + at, length)

    cdef void copy_in(
        self, uint64_t at, uint64_t length,
        const uint8_t* source, uint64_t source_size, const Word* start
    ) noexcept:
        """Copy into memory from `start` of the source, and zeros where that has ended."""
        cdef uint64_t first = source_size, copied
        if length == 0:
            return
        if not word_is_wide(start) and start.limb[0] < source_size:
            first = start.limb[0]
        copied = source_size - first
        if copied > length:
            copied = length
        if copied:
            memcpy(self.memory + at, source + first, copied)
        memset(self.memory + at + copied, 0, length - copied)


cdef class Arena:
    def __dealloc__(self):
        free(self.words)


cdef Arena new_arena():
    """Reserve the most that can be needed; what is not used takes no memory."""
    cdef Arena arena = Arena.__new__(Arena)
    cdef size_t words = (MOST_DEPTH + 1) * (STACK_WORDS + 1)
    arena.words = <Word*>malloc(words * sizeof(Word))
    if arena.words == NULL:
        raise MemoryError(f"no memory for the {words} words of the stacks")
    return arena
