# cython: language_level=3
"""RLP, compiled; `_rlp_py` says what is read and written.

Decoding walks the bytes once.  Encoding writes from the last byte to the first: when the
prefix of a list is due, its payload is there already and its length is known.
"""

cimport cython
from cpython.bytearray cimport PyByteArray_AS_STRING, PyByteArray_Check, PyByteArray_GET_SIZE
from cpython.bytes cimport (
    PyBytes_AS_STRING,
    PyBytes_Check,
    PyBytes_FromStringAndSize,
    PyBytes_GET_SIZE,
)
from cpython.list cimport PyList_Check
from cpython.long cimport PyLong_Check
from cpython.mem cimport PyMem_Free, PyMem_Malloc
from cpython.pyport cimport PY_SSIZE_T_MAX
from cpython.tuple cimport PyTuple_Check
from libc.stdint cimport uint8_t, uint64_t
from libc.string cimport memcpy

from byline.derivation.errors import InvalidData
from byline.derivation.kernels.rlp_types import MAX_DEPTH as DEEPEST

cdef int MAX_DEPTH = DEEPEST

cdef enum:
    STRING = 0x80
    LIST = 0xC0
    # Lengths above it are written in bytes of their own, behind the first.
    LONG = 55
    WIDEST_LENGTH = 8
    # Bytes of an encoding that fit a writer without further memory.
    SMALL = 1024

cdef struct Head:
    bint is_list
    Py_ssize_t start
    Py_ssize_t end


# -- reading ------------------------------------------------------------------------------


cdef int cut_short(Py_ssize_t at, object length) except -1:
    raise InvalidData(f"RLP item at byte {at}: cut short, {length} bytes announced")


cdef int read_head(
    const uint8_t* data, Py_ssize_t at, Py_ssize_t limit, Head* head
) except -1:
    """Read the prefix at `at`; the item has to end at `limit` or before."""
    cdef uint8_t first, base
    cdef uint64_t length
    cdef Py_ssize_t width, index
    if at >= limit:
        raise InvalidData(f"RLP item at byte {at}: nothing is there")
    first = data[at]
    head.is_list = first >= LIST
    if first < STRING:
        head.start = at
        head.end = at + 1
        return 0
    base = LIST if head.is_list else STRING
    length = first - base
    head.start = at + 1
    if length > LONG:
        width = <Py_ssize_t> length - LONG
        head.start += width
        if head.start > limit:
            cut_short(at, f"{width} length")
        length = 0
        for index in range(at + 1, head.start):
            length = length << 8 | data[index]
        if data[at + 1] == 0:
            raise InvalidData(f"RLP item at byte {at}: its length begins with a zero")
        if length <= LONG:
            raise InvalidData(f"RLP item at byte {at}: a length of {length} in the long form")
    if length > <uint64_t> (limit - head.start):
        cut_short(at, length)
    head.end = head.start + <Py_ssize_t> length
    if first == STRING + 1 and data[head.start] < STRING:
        raise InvalidData(f"RLP item at byte {at}: a byte below 0x80 behind a prefix")
    return 0


cdef list read_list(const uint8_t* data, Py_ssize_t at, Py_ssize_t end, int depth):
    """Return the items of the list whose payload is from `at` to `end`."""
    cdef list items = []
    cdef Head head
    if depth > MAX_DEPTH:
        raise InvalidData(f"RLP: more than {MAX_DEPTH} lists within each other")
    while at < end:
        read_head(data, at, end, &head)
        if head.is_list:
            items.append(read_list(data, head.start, head.end, depth + 1))
        else:
            items.append(
                PyBytes_FromStringAndSize(
                    <const char*> data + head.start, head.end - head.start
                )
            )
        at = head.end
    return items


cdef const uint8_t* checked(bytes data) except NULL:
    if data is None:
        raise TypeError("RLP: want bytes to decode, got None")
    return <const uint8_t*> PyBytes_AS_STRING(data)


def decode(bytes data):
    cdef const uint8_t* source = checked(data)
    cdef Head head
    cdef Py_ssize_t size = PyBytes_GET_SIZE(data)
    read_head(source, 0, size, &head)
    if head.end != size:
        raise InvalidData(f"RLP: {size - head.end} bytes behind the item")
    if head.is_list:
        return read_list(source, head.start, head.end, 1)
    return PyBytes_FromStringAndSize(<const char*> source + head.start, head.end - head.start)


def read_item(bytes data, Py_ssize_t at):
    cdef const uint8_t* source = checked(data)
    cdef Head head
    if at < 0:
        raise ValueError(f"RLP item at byte {at}: want a place from 0 on")
    read_head(source, at, PyBytes_GET_SIZE(data), &head)
    return head.is_list, head.start, head.end


def number(item, str name, int bits=256):
    cdef const uint8_t* digits
    cdef Py_ssize_t size, index
    cdef uint64_t small = 0
    if not PyBytes_Check(item):
        raise InvalidData(f"{name}: want an integer, got a list")
    digits = <const uint8_t*> PyBytes_AS_STRING(item)
    size = PyBytes_GET_SIZE(item)
    if size and digits[0] == 0:
        raise InvalidData(f"{name}: leading zero")
    if size <= 8:
        for index in range(size):
            small = small << 8 | digits[index]
        value = small
    else:
        value = int.from_bytes(item, "big")
    if 8 * size > bits and value >> bits:
        raise InvalidData(f"{name}: 0x{item[:40].hex()} ({size} bytes), want {bits} bits")
    return value


# -- writing ------------------------------------------------------------------------------


@cython.final
@cython.freelist(8)
cdef class Writer:
    """Bytes written from the back: what is there stands in data[at:capacity]."""

    cdef uint8_t[SMALL] small
    cdef uint8_t* data
    cdef Py_ssize_t capacity
    cdef Py_ssize_t at

    def __cinit__(self):
        self.data = self.small
        self.capacity = self.at = SMALL

    def __dealloc__(self):
        if self.data != self.small:
            PyMem_Free(self.data)

    cdef int grow(self, Py_ssize_t size) except -1:
        """Make room for `size` bytes more."""
        cdef Py_ssize_t written = self.capacity - self.at
        cdef Py_ssize_t capacity
        cdef uint8_t* data
        if size > PY_SSIZE_T_MAX // 2 - written:
            raise MemoryError
        capacity = 2 * (written + size)
        data = <uint8_t*> PyMem_Malloc(capacity)
        if data == NULL:
            raise MemoryError
        memcpy(data + capacity - written, self.data + self.at, written)
        if self.data != self.small:
            PyMem_Free(self.data)
        self.data = data
        self.at = capacity - written
        self.capacity = capacity
        return 0

    cdef int put(self, const uint8_t* source, Py_ssize_t size) except -1:
        if size > self.at:
            self.grow(size)
        self.at -= size
        memcpy(self.data + self.at, source, size)
        return 0

    cdef int put_prefix(self, Py_ssize_t length, uint8_t base) except -1:
        cdef Py_ssize_t rest = length
        cdef Py_ssize_t width = 0
        if self.at < 1 + WIDEST_LENGTH:
            self.grow(1 + WIDEST_LENGTH)
        if length > LONG:
            while rest:
                self.at -= 1
                self.data[self.at] = rest & 0xFF
                rest >>= 8
                width += 1
            length = LONG + width
        self.at -= 1
        self.data[self.at] = base + <uint8_t> length
        return 0

    cdef int put_string(self, const uint8_t* source, Py_ssize_t size) except -1:
        self.put(source, size)
        if size != 1 or source[0] >= STRING:
            self.put_prefix(size, STRING)
        return 0

    cdef int put_small_number(self, uint64_t value) except -1:
        cdef uint8_t[8] digits
        cdef int at = 8
        while value:
            at -= 1
            digits[at] = value & 0xFF
            value >>= 8
        return self.put_string(digits + at, 8 - at)

    cdef int put_number(self, object value) except -1:
        cdef bytes digits
        if value < 0:
            raise ValueError(f"RLP: {value} is negative, want a whole number")
        if value <= 0xFFFFFFFFFFFFFFFF:
            return self.put_small_number(value)
        digits = int.to_bytes(value, (int.bit_length(value) + 7) // 8, "big")
        return self.put_string(
            <const uint8_t*> PyBytes_AS_STRING(digits), PyBytes_GET_SIZE(digits)
        )

    cdef int put_item(self, object item, int depth) except -1:
        cdef Py_ssize_t index, end
        if PyBytes_Check(item):
            return self.put_string(
                <const uint8_t*> PyBytes_AS_STRING(item), PyBytes_GET_SIZE(item)
            )
        if PyLong_Check(item):
            return self.put_number(item)
        if PyList_Check(item) or PyTuple_Check(item):
            if depth == MAX_DEPTH:
                raise ValueError(f"RLP: more than {MAX_DEPTH} lists within each other")
            end = self.capacity - self.at
            # Indexing is checked: a list that shrinks meanwhile raises IndexError.
            if PyList_Check(item):
                for index in range(len(<list> item) - 1, -1, -1):
                    self.put_item((<list> item)[index], depth + 1)
            else:
                for index in range(len(<tuple> item) - 1, -1, -1):
                    self.put_item((<tuple> item)[index], depth + 1)
            return self.put_prefix(self.capacity - self.at - end, LIST)
        if PyByteArray_Check(item):
            return self.put_string(
                <const uint8_t*> PyByteArray_AS_STRING(item), PyByteArray_GET_SIZE(item)
            )
        raise TypeError(f"RLP: want bytes, a number or a list, got {type(item).__name__}")

    cdef bytes written(self):
        return PyBytes_FromStringAndSize(
            <const char*> self.data + self.at, self.capacity - self.at
        )


def encode(item):
    cdef Writer writer = Writer()
    writer.put_item(item, 0)
    return writer.written()
