# cython: language_level=3
cimport cython
from cpython.object cimport PyObject
from cpython.ref cimport Py_INCREF, Py_XDECREF
from libc.stdint cimport uint8_t, uint64_t

cdef enum:
    BRANCH = 1
    EXTENSION = 2
    LEAF = 3
    # Nibbles of the longest key.
    MAX_NIBBLES = 128
    HASH = 32
    # Bytes of a hash as RLP: how a parent names a child that is not embedded.
    HASH_ITEM = 33


cdef class Node:
    # Which trie may change the node in place: the one of this number; none where it is 0.
    cdef uint64_t epoch
    cdef uint8_t kind
    # How the parent names this node: its hash as RLP, or all of it where shorter than a hash.
    # The size is 0 while the node is dirty, that is changed since it was last hashed.
    cdef uint8_t ref_size
    cdef uint8_t[HASH_ITEM] ref
    # Of a leaf, and of a branch where a key ends; else None.
    cdef bytes value


@cython.final
cdef class Branch(Node):
    # Owned references: NULL, a Node, or the 32-byte hash of one that was not read yet.
    cdef PyObject* children[16]


@cython.final
cdef class Short(Node):
    # Nibbles, one a byte.
    cdef bytes path
    # Of an extension: a Branch, or the 32-byte hash of one; of a leaf None.
    cdef object child


cdef inline object child_of(Branch branch, int nibble):
    """Return the Node or hash in a place, or None."""
    cdef PyObject* child = branch.children[nibble]
    return None if child == NULL else <object> child


cdef inline void put_child(Branch branch, int nibble, object child) noexcept:
    """Set a place to a Node, a hash or None."""
    cdef PyObject* old = branch.children[nibble]
    if child is None:
        branch.children[nibble] = NULL
    else:
        Py_INCREF(child)
        branch.children[nibble] = <PyObject*> child
    Py_XDECREF(old)


cdef inline Branch own_branch(Branch branch, uint64_t epoch):
    """Return the node if it is of `epoch`, else a copy that is."""
    return branch if branch.epoch == epoch else copy_branch(branch, epoch)


# Makes a leaf over the nibbles at `path`.
cdef Short new_leaf(const uint8_t* path, Py_ssize_t size, bytes value, uint64_t epoch)
# Makes an extension over the nibbles at `path`.
cdef Short new_extension(const uint8_t* path, Py_ssize_t size, object child, uint64_t epoch)
# The same over a path at hand.
cdef Short leaf_over(bytes path, bytes value, uint64_t epoch)
cdef Short extension_over(bytes path, object child, uint64_t epoch)
cdef Branch new_branch(uint64_t epoch)
# Makes a node of `epoch` with the same contents.
cdef Branch copy_branch(Branch branch, uint64_t epoch)
# Reads the node whose hash is `name`; CorruptNode where `raw` is not one in canonical form.
cdef Node parse(bytes raw, bytes name)
# Returns the RLP of a node whose children are not dirty.
cdef bytes encode(Node node)
# How many nodes there are in this process.
cdef Py_ssize_t alive() noexcept
