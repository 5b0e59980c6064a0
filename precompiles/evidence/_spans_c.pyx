# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True
"""The compiled search for spans; `_spans_py` has the rule.

The table of output places by document places is filled row by row, from the last token of the
output back: a cell is one more than its neighbour in the row before, if the tokens are equal.
Tokens become small numbers first, 0 for those that the output does not have, so that a row is
one loop of 16-bit numbers, which compilers turn into vector instructions.  Every row costs the
same, whatever repeats.
"""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize
from cpython.mem cimport PyMem_Free, PyMem_Malloc
from libc.stdint cimport int16_t, uint8_t, uint32_t
from libc.stdlib cimport qsort
from libc.string cimport memset

from byline.precompiles.evidence.refusals import zero_token

cdef enum:
    TOKEN = 4
    ENTRY = 14
    MAX_SPAN = 64
    LEAVES_OF_A_SPAN = 4
    ENOUGH_LEAVES = 240
    # Bounds of one call (`refusals`); with a separator after each document, and one cell
    # more, a row stays below what 16 bits count.
    MAX_OUTPUT = 1024
    MAX_TEXT = 8192
    MAX_DOCUMENTS = 256

cdef struct Piece:
    # The longest that begins at one place of the output, the lowest place in the text where
    # it stands, and how many such places there are.
    int16_t length
    int16_t first
    int16_t places

cdef struct Search:
    uint32_t output[MAX_OUTPUT]
    # The tokens of the output, ascending, each once.
    uint32_t known[MAX_OUTPUT]
    Piece pieces[MAX_OUTPUT]
    int16_t starts[MAX_DOCUMENTS]
    # The documents' tokens by their place in `known`, from 1 on; 0 for others, and after
    # each document.
    int16_t text[MAX_TEXT + MAX_DOCUMENTS]
    # A cell more: what begins behind the text has no length.
    int16_t row[MAX_TEXT + MAX_DOCUMENTS + 1]
    uint8_t entries[(ENOUGH_LEAVES + 1) * ENTRY]
    int size
    int kinds
    int length
    int documents


def spans(bytes output, object documents, int min_len):
    """Find the spans of `output`; see `_spans_py.spans`."""
    cdef Search* search
    cdef Py_ssize_t total = 0
    cdef bytes document
    if len(output) % TOKEN or len(output) > MAX_OUTPUT * TOKEN:
        raise ValueError(f"{len(output)} bytes are not at most {MAX_OUTPUT} tokens")
    if not 1 <= min_len <= MAX_SPAN:
        raise ValueError(f"minLen {min_len} is not 1..{MAX_SPAN}")
    kept = tuple(documents)
    for document in kept:
        if len(document) % TOKEN:
            raise ValueError(f"{len(document)} bytes are no whole tokens")
        total += len(document)
    if len(kept) > MAX_DOCUMENTS or total > MAX_TEXT * TOKEN:
        raise ValueError(
            f"{len(kept)} documents of {total} bytes are not at most {MAX_DOCUMENTS} of "
            f"{MAX_TEXT * TOKEN}"
        )
    search = <Search*> PyMem_Malloc(sizeof(Search))
    if search == NULL:
        raise MemoryError
    try:
        read_output(search, output)
        search.length = search.documents = 0
        for document in kept:
            read_document(search, document)
        fill(search, min_len)
        return chosen(search, min_len)
    finally:
        PyMem_Free(search)


cdef int read_output(Search* search, bytes output) except -1:
    cdef const uint8_t* data = <const uint8_t*> PyBytes_AS_STRING(output)
    cdef int index
    search.size = <int> (len(output) // TOKEN)
    for index in range(search.size):
        search.output[index] = search.known[index] = token_at(data + TOKEN * index)
        if search.output[index] == 0:
            raise zero_token(index)
    # glibc sorts by merging; no order of the tokens makes that slow.
    qsort(search.known, <size_t> search.size, sizeof(uint32_t), by_value)
    search.kinds = 0
    for index in range(search.size):
        if search.kinds == 0 or search.known[search.kinds - 1] != search.known[index]:
            search.known[search.kinds] = search.known[index]
            search.kinds += 1
    return 0


cdef int by_value(const void* left, const void* right) noexcept nogil:
    cdef uint32_t x = (<const uint32_t*> left)[0], y = (<const uint32_t*> right)[0]
    return (x > y) - (x < y)


cdef int read_document(Search* search, bytes document) except -1:
    cdef const uint8_t* data = <const uint8_t*> PyBytes_AS_STRING(document)
    cdef Py_ssize_t index
    search.starts[search.documents] = <int16_t> search.length
    search.documents += 1
    for index in range(len(document) // TOKEN):
        search.text[search.length] = name_of(search, token_at(data + TOKEN * index))
        search.length += 1
    search.text[search.length] = 0
    search.length += 1
    return 0


cdef int16_t name_of(const Search* search, uint32_t token) noexcept:
    """Return the place of a token among those of the output, from 1 on, or 0."""
    cdef int low = 0, high = search.kinds, middle
    while low < high:
        middle = (low + high) // 2
        if search.known[middle] < token:
            low = middle + 1
        else:
            high = middle
    if low < search.kinds and search.known[low] == token:
        return <int16_t> (low + 1)
    return 0


cdef void fill(Search* search, int min_len) noexcept:
    """Find the longest piece of every place of the output, the last first."""
    cdef int index
    cdef int16_t length
    memset(search.row, 0, sizeof(search.row))
    for index in range(search.size - 1, -1, -1):
        length = next_row(
            search.row, search.text, search.length, name_of(search, search.output[index])
        )
        search.pieces[index].length = length
        if length >= min_len:
            locate(search.row, search.length, length, &search.pieces[index])


cdef int16_t next_row(
    int16_t* row, const int16_t* text, int length, int16_t name
) noexcept:
    """Turn the row of a token into that of the one before it; return its largest cell."""
    cdef int16_t cell, longest = 0
    cdef int at
    for at in range(length):
        cell = row[at + 1]
        cell = (cell if cell < MAX_SPAN - 1 else <int16_t> (MAX_SPAN - 1)) + <int16_t> 1
        cell = cell if text[at] == name else <int16_t> 0
        row[at] = cell
        longest = cell if cell > longest else longest
    return longest


cdef void locate(
    const int16_t* row, int length, int16_t wanted, Piece* piece
) noexcept:
    cdef int16_t places = 0
    cdef int at
    for at in range(length):
        places += <int16_t> (row[at] == wanted)
    piece.places = places
    at = 0
    while row[at] != wanted:
        at += 1
    piece.first = <int16_t> at


cdef bytes chosen(Search* search, int min_len):
    """Choose from the left, and write the entries down."""
    cdef int place = 0, leaves = 0, document
    cdef uint8_t* entry = search.entries
    cdef Piece* piece
    while place < search.size and leaves <= ENOUGH_LEAVES:
        piece = &search.pieces[place]
        if piece.length < min_len:
            place += 1
            continue
        document = search.documents - 1
        while search.starts[document] > piece.first:
            document -= 1
        store(entry, <uint32_t> place, 4)
        store(entry + 4, <uint32_t> piece.length, 4)
        store(entry + 8, <uint32_t> document, 2)
        store(entry + 10, <uint32_t> (piece.first - search.starts[document]), 4)
        entry += ENTRY
        leaves += min(<int> piece.places, <int> LEAVES_OF_A_SPAN)
        place += piece.length
    return PyBytes_FromStringAndSize(<char*> search.entries, entry - search.entries)


cdef inline uint32_t token_at(const uint8_t* data) noexcept:
    return (
        <uint32_t> data[0] << 24 | <uint32_t> data[1] << 16
        | <uint32_t> data[2] << 8 | <uint32_t> data[3]
    )


cdef inline void store(uint8_t* data, uint32_t value, int size) noexcept:
    """Write `value` in `size` bytes, the highest first."""
    cdef int at
    for at in range(size - 1, -1, -1):
        data[at] = <uint8_t> (value & 0xFF)
        value >>= 8
