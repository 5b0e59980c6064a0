# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, auto_pickle=False
"""Reading nodes, and walks over all that lies below one: order, number, letting go."""

from cpython.bytes cimport (
    PyBytes_AS_STRING,
    PyBytes_Check,
    PyBytes_FromStringAndSize,
    PyBytes_GET_SIZE,
)
from libc.stdint cimport uint8_t
from libc.string cimport memcpy

from byline.derivation.kernels._keccak_c cimport keccak256_into
from byline.derivation.kernels._trie_node_c cimport (
    BRANCH,
    EXTENSION,
    HASH,
    HASH_ITEM,
    LEAF,
    MAX_NIBBLES,
    Branch,
    Node,
    Short,
    child_of,
    copy_branch,
    encode,
    extension_over,
    parse,
    put_child,
)

from byline.derivation.kernels.trie_errors import CorruptNode, MissingNode, require_key


cdef Node load(object read, bytes node_hash, bint is_root):
    raw = read(node_hash)
    if raw is None:
        raise MissingNode(node_hash)
    if not PyBytes_Check(raw):
        raise TypeError(f"trie: read returned {type(raw).__name__}, want bytes or None")
    if not is_root and PyBytes_GET_SIZE(raw) < HASH:
        raise CorruptNode(node_hash, "it is shorter than a hash, so its parent should hold it")
    return parse(<bytes> raw, node_hash)


cdef Node load_branch(object read, bytes node_hash):
    cdef Node node = load(read, node_hash, False)
    if node.kind != BRANCH:
        raise CorruptNode(node_hash, "an extension leads to it, and it is not a branch")
    return node


cdef Py_ssize_t count(object place) except -1:
    cdef Py_ssize_t total = 1
    cdef int nibble
    if not isinstance(place, Node):
        return 0
    if (<Node> place).kind == BRANCH:
        for nibble in range(16):
            total += count(child_of(<Branch> place, nibble))
    elif (<Node> place).kind == EXTENSION:
        total += count((<Short> place).child)
    return total


cdef object collapse(object place, Py_ssize_t depth):
    cdef Node node
    cdef Branch branch
    cdef Short extension
    cdef int nibble
    if not isinstance(place, Node) or (<Node> place).ref_size < HASH_ITEM:
        # What is embedded is part of the node above it.
        return place
    node = <Node> place
    if depth == 0:
        return PyBytes_FromStringAndSize(<const char*> node.ref + 1, HASH)
    if node.kind == LEAF:
        return node
    if node.kind == EXTENSION:
        child = collapse((<Short> node).child, depth - 1)
        extension = extension_over((<Short> node).path, child, 0)
        extension.ref_size = node.ref_size
        memcpy(extension.ref, node.ref, HASH_ITEM)
        return extension
    branch = copy_branch(<Branch> node, 0)
    for nibble in range(16):
        put_child(branch, nibble, collapse(child_of(branch, nibble), depth - 1))
    return branch


def walk(read, place, bytes start):
    """Yield keys, from the nibbles `start` on and in their order, with their values.

    What is read on the way is not kept.
    """
    cdef list ahead = [(place, b"")]
    cdef Node node
    cdef bytes path
    cdef int nibble
    cdef bint is_root = True
    while ahead:
        place, path = ahead.pop()
        if place is None or path < start[: len(path)]:
            # All keys below begin with the path, so they come before the start.
            continue
        node = <Node> place if isinstance(place, Node) else load(read, <bytes> place, is_root)
        is_root = False
        if node.kind == BRANCH:
            for nibble in range(15, -1, -1):
                child = child_of(<Branch> node, nibble)
                if child is not None:
                    ahead.append((child, step(path, HEX[nibble], place)))
        else:
            path = step(path, (<Short> node).path, place)
            if node.kind == EXTENSION:
                ahead.append(((<Short> node).child, path))
        if node.value is not None and path >= start:
            yield packed_key(path, place), node.value


cdef list HEX = [bytes([nibble]) for nibble in range(16)]


cdef bytes step(bytes path, bytes more, object place):
    if PyBytes_GET_SIZE(path) + PyBytes_GET_SIZE(more) > MAX_NIBBLES:
        raise CorruptNode(name_of(place), "it continues a path that is longer than any key")
    return path + more


cdef bytes packed_key(bytes path, object place):
    """Return the key of nibbles one a byte."""
    cdef Py_ssize_t size = PyBytes_GET_SIZE(path), index
    cdef bytes key
    cdef char* out
    cdef const char* nibbles = PyBytes_AS_STRING(path)
    if size & 1:
        raise CorruptNode(name_of(place), "a key ends in the middle of a byte")
    key = PyBytes_FromStringAndSize(NULL, size // 2)
    out = PyBytes_AS_STRING(key)
    for index in range(size // 2):
        out[index] = nibbles[2 * index] << 4 | nibbles[2 * index + 1]
    return key


cdef bytes name_of(object place):
    """Return a hash to name a place in an error, made of what is known of it."""
    cdef uint8_t[HASH] name
    cdef bytes raw
    if not isinstance(place, Node):
        return <bytes> place
    raw = encode(<Node> place)
    keccak256_into(<const uint8_t*> PyBytes_AS_STRING(raw), PyBytes_GET_SIZE(raw), name)
    return PyBytes_FromStringAndSize(<const char*> name, HASH)


cdef bytes nibbles_of(bytes key):
    cdef Py_ssize_t size = PyBytes_GET_SIZE(key), index
    cdef const uint8_t* packed = <const uint8_t*> PyBytes_AS_STRING(key)
    cdef bytes out
    cdef uint8_t* nibbles
    if 2 * size > MAX_NIBBLES:
        require_key(key)
    out = PyBytes_FromStringAndSize(NULL, 2 * size)
    nibbles = <uint8_t*> PyBytes_AS_STRING(out)
    for index in range(size):
        nibbles[2 * index] = packed[index] >> 4
        nibbles[2 * index + 1] = packed[index] & 0x0F
    return out
