# cython: language_level=3
"""Recent tries by root, bounded in number and in nodes."""

from byline.derivation.kernels._trie_c cimport Trie, TrieHandle, open_at
from byline.derivation.kernels._trie_node_c cimport alive

from byline.derivation.hashing import EMPTY_TRIE_ROOT

cdef bytes EMPTY_ROOT = EMPTY_TRIE_ROOT


cdef class Tries:
    def __init__(self, Py_ssize_t most_roots, Py_ssize_t most_nodes):
        self.handles = {}
        self.most_roots = most_roots
        self.most_nodes = most_nodes

    def __len__(self):
        return len(self.handles)

    def __contains__(self, root):
        return root in self.handles

    def clear(self):
        self.handles.clear()

    cdef Trie open(self, object read_node, bytes root):
        """Return a trie on `root`, to read or to branch off.

        Raises `MissingNode` where the store does not have the root.
        """
        cdef Trie trie
        handle = self.handles.pop(root, None)
        if handle is not None:
            self.handles[root] = handle
            return open_at(read_node, <TrieHandle>handle)
        trie = Trie(read_node, root)
        if root != EMPTY_ROOT:
            # With its root read, what is found below it stays with the handle.
            trie.top()
            self.keep(trie)
        return trie

    cdef int keep(self, Trie trie) except -1:
        """Remember a trie as it is now; its later changes go to copies."""
        cdef TrieHandle handle = trie.freeze()
        self.handles.pop(handle.root_hash, None)
        self.handles[handle.root_hash] = handle
        return self.bound()

    cdef int bound(self) except -1:
        if alive() > self.most_nodes:
            self.handles.clear()
        while len(self.handles) > self.most_roots:
            self.handles.pop(next(iter(self.handles)))
        return 0
