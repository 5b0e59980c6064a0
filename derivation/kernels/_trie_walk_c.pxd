# cython: language_level=3
from byline.derivation.kernels._trie_node_c cimport Node, Short

# A place is None, a Node, or the 32-byte hash of one that was not read yet.

# Reads a node through `read`; only a root may be shorter than a hash.
cdef Node load(object read, bytes node_hash, bint is_root)
# Reads what an extension leads to.
cdef Node load_branch(object read, bytes node_hash)
# Returns how many nodes are in memory from a place down.
cdef Py_ssize_t count(object place) except -1
# Returns the place with only `depth` levels of nodes, and hashes below.
cdef object collapse(object place, Py_ssize_t depth)
# Returns the nibbles of a key, one a byte.
cdef bytes nibbles_of(bytes key)
