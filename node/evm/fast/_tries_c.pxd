# cython: language_level=3
from byline.derivation.kernels._trie_c cimport Trie

# Tries by root that were opened or committed lately, so that the next machine on one of
# them finds its nodes in memory.
cdef class Tries:
    cdef dict handles
    cdef readonly Py_ssize_t most_roots
    cdef readonly Py_ssize_t most_nodes
    cdef Trie open(self, object read_node, bytes root)
    cdef int keep(self, Trie trie) except -1
    cdef int bound(self) except -1
