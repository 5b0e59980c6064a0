# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, auto_pickle=False
"""The nodes of a trie in memory, and their RLP, read strictly and written.

Nothing here calls Python while it holds a pointer into a node.  Nodes form no cycles, since a
child is made before its parent names it, so reference counts free them and the cycle collector
need not visit them: they may be many.
"""

cimport cython
from cpython.bytes cimport (
    PyBytes_AS_STRING,
    PyBytes_CheckExact,
    PyBytes_FromStringAndSize,
    PyBytes_GET_SIZE,
)
from cpython.object cimport PyObject
from cpython.ref cimport Py_XDECREF, Py_XINCREF
from libc.stdint cimport uint8_t, uint64_t
from libc.string cimport memcpy

from byline.derivation.kernels.trie_errors import CorruptNode

cdef Py_ssize_t living = 0


@cython.no_gc
cdef class Node:
    def __cinit__(self):
        global living
        living += 1

    def __dealloc__(self):
        global living
        living -= 1


@cython.final
@cython.no_gc
cdef class Branch(Node):
    def __dealloc__(self):
        cdef int nibble
        for nibble in range(16):
            Py_XDECREF(self.children[nibble])


@cython.final
@cython.no_gc
cdef class Short(Node):
    pass


cdef Py_ssize_t alive() noexcept:
    return living


cdef Short leaf_over(bytes path, bytes value, uint64_t epoch):
    cdef Short leaf = Short.__new__(Short)
    leaf.kind = LEAF
    leaf.epoch = epoch
    leaf.path = path
    leaf.value = value
    return leaf


cdef Short extension_over(bytes path, object child, uint64_t epoch):
    cdef Short extension = Short.__new__(Short)
    extension.kind = EXTENSION
    extension.epoch = epoch
    extension.path = path
    extension.child = child
    return extension


cdef Short new_leaf(const uint8_t* path, Py_ssize_t size, bytes value, uint64_t epoch):
    return leaf_over(PyBytes_FromStringAndSize(<const char*> path, size), value, epoch)


cdef Short new_extension(const uint8_t* path, Py_ssize_t size, object child, uint64_t epoch):
    return extension_over(PyBytes_FromStringAndSize(<const char*> path, size), child, epoch)


cdef Branch new_branch(uint64_t epoch):
    cdef Branch branch = Branch.__new__(Branch)
    branch.kind = BRANCH
    branch.epoch = epoch
    return branch


cdef Branch copy_branch(Branch branch, uint64_t epoch):
    cdef Branch copy = new_branch(epoch)
    cdef int nibble
    copy.value = branch.value
    copy.ref_size = branch.ref_size
    memcpy(copy.ref, branch.ref, HASH_ITEM)
    for nibble in range(16):
        Py_XINCREF(branch.children[nibble])
        copy.children[nibble] = branch.children[nibble]
    return copy


# Reading.  Every rule of canonical RLP is checked, since the bytes come from a disk.

cdef struct Item:
    const uint8_t* start
    const uint8_t* payload
    const uint8_t* end
    bint is_list


cdef const char* read_item(const uint8_t* at, const uint8_t* limit, Item* item) noexcept:
    """Read the item at `at`, all of it before `limit`; return NULL, or what is wrong."""
    cdef uint64_t size = 0
    cdef int width, index
    cdef uint8_t first
    if at >= limit:
        return b"an item is missing"
    first = at[0]
    item.start = at
    item.is_list = first >= 0xC0
    if first < 0x80:
        item.payload = at
        item.end = at + 1
        return NULL
    at += 1
    if item.is_list:
        first -= 0x40
    # From here on a list's first byte reads like a string's.
    if first < 0xB8:
        size = first - 0x80
        width = 0
    else:
        width = first - 0xB7
        if limit - at < width:
            return b"the size of an item is cut off"
        if at[0] == 0:
            return b"the size of an item begins with a zero"
        for index in range(width):
            size = size << 8 | at[index]
        if size < 56:
            return b"the size of an item is written longer than it need be"
        at += width
    if size > <uint64_t> (limit - at):
        return b"an item is longer than what holds it"
    if not item.is_list and size == 1 and at[0] < 0x80:
        return b"a single byte is written as a string"
    item.payload = at
    item.end = at + size
    return NULL


cdef bytes text(Item* item):
    return PyBytes_FromStringAndSize(<const char*> item.payload, item.end - item.payload)


cdef object read_child(Item* item, bytes name):
    """Return the child that an item of a node names: an embedded Node, a hash, or None."""
    if item.is_list:
        if item.end - item.start >= HASH:
            raise CorruptNode(name, "a child of 32 bytes or more is embedded")
        return read_node(item.start, item.end, name)
    if item.end == item.payload:
        return None
    if item.end - item.payload != HASH:
        raise CorruptNode(name, f"the hash of a child has {item.end - item.payload} bytes")
    return text(item)


cdef Node read_branch(Item* items, bytes name):
    cdef Branch branch = new_branch(0)
    cdef int nibble, entries = 0
    for nibble in range(16):
        child = read_child(&items[nibble], name)
        if child is not None:
            put_child(branch, nibble, child)
            entries += 1
    if items[16].is_list:
        raise CorruptNode(name, "the value of a branch is a list")
    if items[16].end > items[16].payload:
        branch.value = text(&items[16])
        entries += 1
    if entries < 2:
        raise CorruptNode(name, f"a branch has {entries} entries, want at least 2")
    return branch


cdef Node read_short(Item* items, bytes name):
    cdef uint8_t[MAX_NIBBLES] nibbles
    cdef const uint8_t* packed = items[0].payload
    cdef Py_ssize_t size = items[0].end - packed, count = 0, index
    if items[0].is_list or size == 0:
        raise CorruptNode(name, "a path is not a string of one byte or more")
    if packed[0] > 0x3F or (packed[0] & 0x0F and not packed[0] & 0x10):
        raise CorruptNode(name, f"a path begins with the byte 0x{packed[0]:02x}")
    if 2 * size - 2 + (packed[0] >> 4 & 1) > MAX_NIBBLES:
        raise CorruptNode(name, f"a path has {size} bytes")
    if packed[0] & 0x10:
        nibbles[0] = packed[0] & 0x0F
        count = 1
    for index in range(1, size):
        nibbles[count] = packed[index] >> 4
        nibbles[count + 1] = packed[index] & 0x0F
        count += 2
    if packed[0] & 0x20:
        if items[1].is_list or items[1].end == items[1].payload:
            raise CorruptNode(name, "the value of a leaf is empty or a list")
        return new_leaf(nibbles, count, text(&items[1]), 0)
    child = read_child(&items[1], name)
    if count == 0 or child is None:
        raise CorruptNode(name, "an extension has no path or no child")
    if isinstance(child, Short):
        raise CorruptNode(name, "an extension leads to what is not a branch")
    return new_extension(nibbles, count, child, 0)


cdef Node read_node(const uint8_t* at, const uint8_t* limit, bytes name):
    """Read the node that fills the bytes from `at` to `limit`; its `ref` only if embedded."""
    cdef Item whole
    cdef Item[17] items
    cdef Node node
    cdef int count = 0
    cdef const uint8_t* place = limit
    cdef const char* wrong = read_item(at, limit, &whole)
    if wrong == NULL:
        place = whole.payload
        if whole.end != limit or not whole.is_list:
            wrong = b"it is not one list"
    while wrong == NULL and place < limit:
        if count == 17:
            wrong = b"a list has more than 17 items"
            break
        wrong = read_item(place, limit, &items[count])
        place = items[count].end
        count += 1
    if wrong == NULL and count != 2 and count != 17:
        wrong = b"a list has neither 2 nor 17 items"
    if wrong != NULL:
        raise CorruptNode(name, wrong.decode())
    node = read_branch(items, name) if count == 17 else read_short(items, name)
    if limit - at < HASH:
        node.ref_size = limit - at
        memcpy(node.ref, at, limit - at)
    return node


cdef Node parse(bytes raw, bytes name):
    cdef const uint8_t* start = <const uint8_t*> PyBytes_AS_STRING(raw)
    cdef Node node = read_node(start, start + PyBytes_GET_SIZE(raw), name)
    if node.ref_size == 0:
        node.ref_size = HASH_ITEM
        node.ref[0] = 0x80 + HASH
        memcpy(node.ref + 1, PyBytes_AS_STRING(name), HASH)
    return node


# Writing: first the size, then the bytes into an object of that size.

cdef inline Py_ssize_t header_size(Py_ssize_t size) noexcept:
    cdef Py_ssize_t width = 1
    if size < 56:
        return 1
    while size:
        width += 1
        size >>= 8
    return width


cdef inline uint8_t* write_header(uint8_t* out, Py_ssize_t size, uint8_t short_form) noexcept:
    """Write what stands before `size` bytes: 0x80 begins a string's, 0xC0 a list's."""
    cdef Py_ssize_t width, index
    if size < 56:
        out[0] = short_form + <uint8_t> size
        return out + 1
    width = header_size(size) - 1
    out[0] = short_form + 55 + <uint8_t> width
    for index in range(width):
        out[1 + index] = <uint8_t> (size >> (8 * (width - 1 - index)))
    return out + 1 + width


cdef inline Py_ssize_t text_size(bytes value) noexcept:
    cdef Py_ssize_t size
    if value is None:
        return 1
    size = PyBytes_GET_SIZE(value)
    if size == 1 and <uint8_t> PyBytes_AS_STRING(value)[0] < 0x80:
        return 1
    return header_size(size) + size


cdef inline uint8_t* write_text(uint8_t* out, bytes value) noexcept:
    cdef Py_ssize_t size = 0 if value is None else PyBytes_GET_SIZE(value)
    if size != 1 or <uint8_t> PyBytes_AS_STRING(value)[0] >= 0x80:
        out = write_header(out, size, 0x80)
    if size:
        memcpy(out, PyBytes_AS_STRING(value), size)
    return out + size


cdef inline Py_ssize_t child_size(PyObject* child) noexcept:
    if child == NULL:
        return 1
    if PyBytes_CheckExact(<object> child):
        return HASH_ITEM
    return (<Node> child).ref_size


cdef inline uint8_t* write_child(uint8_t* out, PyObject* child) noexcept:
    if child == NULL:
        out[0] = 0x80
        return out + 1
    if PyBytes_CheckExact(<object> child):
        out[0] = 0x80 + HASH
        memcpy(out + 1, PyBytes_AS_STRING(<object> child), HASH)
        return out + HASH_ITEM
    memcpy(out, (<Node> child).ref, (<Node> child).ref_size)
    return out + (<Node> child).ref_size


cdef uint8_t* write_path(uint8_t* out, Short node) noexcept:
    """Write the path packed two nibbles a byte; the first nibble tells leaf and odd length."""
    cdef Py_ssize_t count = PyBytes_GET_SIZE(node.path), index = count & 1
    cdef const uint8_t* nibbles = <const uint8_t*> PyBytes_AS_STRING(node.path)
    if count >= 2:
        out = write_header(out, count // 2 + 1, 0x80)
    out[0] = (0x20 if node.kind == LEAF else 0) | ((0x10 | nibbles[0]) if index else 0)
    out += 1
    while index < count:
        out[0] = nibbles[index] << 4 | nibbles[index + 1]
        out += 1
        index += 2
    return out


cdef bytes encode_branch(Branch branch):
    cdef Py_ssize_t payload = text_size(branch.value)
    cdef int nibble
    cdef bytes raw
    cdef uint8_t* out
    for nibble in range(16):
        payload += child_size(branch.children[nibble])
    raw = PyBytes_FromStringAndSize(NULL, header_size(payload) + payload)
    out = write_header(<uint8_t*> PyBytes_AS_STRING(raw), payload, 0xC0)
    for nibble in range(16):
        out = write_child(out, branch.children[nibble])
    write_text(out, branch.value)
    return raw


cdef bytes encode_short(Short node):
    cdef Py_ssize_t packed = PyBytes_GET_SIZE(node.path) // 2 + 1
    # A path of one byte is below 0x80, so it stands for itself.
    cdef Py_ssize_t payload = packed + (header_size(packed) if packed > 1 else 0)
    cdef bytes raw
    cdef uint8_t* out
    payload += text_size(node.value) if node.kind == LEAF else child_size(<PyObject*> node.child)
    raw = PyBytes_FromStringAndSize(NULL, header_size(payload) + payload)
    out = write_header(<uint8_t*> PyBytes_AS_STRING(raw), payload, 0xC0)
    out = write_path(out, node)
    if node.kind == LEAF:
        write_text(out, node.value)
    else:
        write_child(out, <PyObject*> node.child)
    return raw


cdef bytes encode(Node node):
    if node.kind == BRANCH:
        return encode_branch(<Branch> node)
    return encode_short(<Short> node)
