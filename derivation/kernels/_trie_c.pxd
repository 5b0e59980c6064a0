# cython: language_level=3
cimport cython
from libc.stdint cimport uint8_t, uint64_t

from byline.derivation.kernels._trie_node_c cimport Branch, Node, Short


@cython.final
cdef class TrieHandle:
    # None for the empty trie, the root Node, or its 32-byte hash where it was not read yet.
    cdef object root
    cdef readonly bytes root_hash


@cython.final
cdef class Trie:
    cdef object read
    cdef object root
    # None while there are changes that were not hashed.
    cdef bytes known_hash
    # The nodes made since the last take, by hash.
    cdef dict made
    # Nodes of this number belong to this trie alone, so it changes them in place.
    cdef uint64_t epoch
    # Whether the set() under way has changed anything.
    cdef bint changed

    # As get() and set() do, for exact bytes and never None; a key of more than 64 bytes is a
    # ValueError. Both may raise MissingNode, CorruptNode and whatever `read` raises.
    cdef bytes c_get(self, bytes key)
    cdef int c_set(self, bytes key, bytes value) except -1
    cpdef bytes root_hash(self)
    cpdef dict take_nodes(self)
    cpdef TrieHandle freeze(self)

    cdef Node top(self)
    cdef Node child_node(self, Branch branch, int nibble)
    cdef Branch below(self, Short extension)
    cdef Node insert(self, Node node, const uint8_t* path, Py_ssize_t size, bytes value)
    cdef Node insert_branch(
        self, Branch branch, const uint8_t* path, Py_ssize_t size, bytes value
    )
    cdef Node split(
        self, Short node, Py_ssize_t shared, const uint8_t* path, Py_ssize_t size, bytes value
    )
    cdef Node with_value(self, Node node, bytes value)
    cdef Short with_child(self, Short extension, Branch child)
    cdef Node delete(self, Node node, const uint8_t* path, Py_ssize_t size)
    cdef Node delete_beyond(self, Short extension, const uint8_t* path, Py_ssize_t size)
    cdef Node delete_below(self, Branch branch, const uint8_t* path, Py_ssize_t size)
    cdef Node without(self, Branch branch, int place)
    cdef Short lengthened(self, bytes prefix, Short node)
    cdef int settle(self, Node node) except -1


# Opens the trie of a handle, to read or to branch off.
cdef Trie open_at(object read, TrieHandle handle)
