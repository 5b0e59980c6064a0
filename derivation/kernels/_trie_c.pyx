# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, auto_pickle=False
"""A Merkle-Patricia trie that is kept expanded in memory; `_trie_py` says what it computes.

Nodes are read when a key leads to them and stay. A change drops the cached names of the nodes
on its way, and the root hash is made from the leaves up, once, when someone asks for it.

A trie changes in place only the nodes that bear its own number, and it takes a new number
whenever it is frozen: what a handle sees is never changed, and nothing is copied until a change
needs it. One thing is written into frozen nodes: a child that was read takes the place of its
hash. That says the same, so threads that share a handle may all do it, one at a time under the
GIL. One `Trie` is for one thread.

Source: the Ethereum yellow paper, appendix D (hexary trie) and C (hex-prefix encoding).
"""

cimport cython
from cpython.bytes cimport (
    PyBytes_AS_STRING,
    PyBytes_CheckExact,
    PyBytes_FromStringAndSize,
    PyBytes_GET_SIZE,
)
from libc.stdint cimport uint8_t, uint64_t
from libc.string cimport memcmp, memcpy

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
    alive,
    child_of,
    encode,
    extension_over,
    leaf_over,
    new_branch,
    new_extension,
    new_leaf,
    own_branch,
    put_child,
)
from byline.derivation.kernels._trie_walk_c cimport (
    collapse,
    count,
    load,
    load_branch,
    nibbles_of,
)

from byline.derivation.kernels._trie_walk_c import walk
from byline.derivation.kernels.trie_errors import MAX_KEY, require_key

assert 2 * MAX_KEY == MAX_NIBBLES

cdef bytes EMPTY_ROOT = bytes.fromhex(
    "56e81f171bcc55a6ff8345e692c0f86e5b48e01b996cadc001622fb5e363b421"
)
cdef uint64_t last_epoch = 0


cdef inline uint64_t next_epoch() noexcept:
    global last_epoch
    last_epoch += 1
    return last_epoch


cdef inline bytes exact(object value):
    """Return bytes of any class as bytes; `TypeError` for anything else."""
    if PyBytes_CheckExact(value):
        return <bytes> value
    if isinstance(value, bytes):
        return PyBytes_FromStringAndSize(PyBytes_AS_STRING(value), PyBytes_GET_SIZE(value))
    raise TypeError(f"trie: want bytes, not {type(value).__name__}")


cdef inline Py_ssize_t spread(bytes key, uint8_t* nibbles) except -1:
    """Write the nibbles of a key, at most MAX_NIBBLES, and return how many."""
    cdef Py_ssize_t size = PyBytes_GET_SIZE(key), index
    cdef const uint8_t* packed = <const uint8_t*> PyBytes_AS_STRING(key)
    if 2 * size > MAX_NIBBLES:
        require_key(key)
    for index in range(size):
        nibbles[2 * index] = packed[index] >> 4
        nibbles[2 * index + 1] = packed[index] & 0x0F
    return 2 * size


cdef inline bint begins(const uint8_t* path, Py_ssize_t size, bytes prefix) noexcept:
    cdef Py_ssize_t length = PyBytes_GET_SIZE(prefix)
    return size >= length and memcmp(path, PyBytes_AS_STRING(prefix), length) == 0


@cython.final
cdef class TrieHandle:
    def __init__(self):
        raise TypeError("trie: a handle comes from Trie.freeze()")

    @property
    def resident(self):
        return count(self.root)

    def collapsed(self, int depth=0):
        if depth < 0:
            raise ValueError(f"trie: the depth to keep is {depth}, want 0 or more")
        if self.root is None or depth:
            return new_handle(collapse(self.root, depth), self.root_hash)
        return new_handle(self.root_hash, self.root_hash)


cdef TrieHandle new_handle(object root, bytes root_hash):
    cdef TrieHandle handle = TrieHandle.__new__(TrieHandle)
    handle.root = root
    handle.root_hash = root_hash
    return handle


cdef Trie open_at(object read, TrieHandle handle):
    cdef Trie trie = Trie.__new__(Trie)
    trie.read = read
    trie.made = {}
    trie.epoch = next_epoch()
    trie.root = handle.root
    trie.known_hash = handle.root_hash
    return trie


@cython.final
cdef class Trie:
    def __init__(self, read, root=EMPTY_ROOT):
        root = exact(root)
        if len(root) != HASH:
            raise ValueError(f"trie: a root has {len(root)} bytes, want {HASH}")
        self.read = read
        self.made = {}
        self.epoch = next_epoch()
        self.root = None if root == EMPTY_ROOT else root
        self.known_hash = root

    @staticmethod
    def at(read, TrieHandle handle not None):
        return open_at(read, handle)

    def get(self, key):
        return self.c_get(exact(key))

    def set(self, key, value):
        self.c_set(exact(key), exact(value))

    cpdef bytes root_hash(self):
        cdef uint8_t[HASH] name
        cdef Node root
        cdef bytes raw
        if self.known_hash is not None:
            return self.known_hash
        if self.root is None:
            self.known_hash = EMPTY_ROOT
            return EMPTY_ROOT
        root = <Node> self.root
        self.settle(root)
        if root.ref_size == HASH_ITEM:
            self.known_hash = PyBytes_FromStringAndSize(<const char*> root.ref + 1, HASH)
            return self.known_hash
        # Nothing names the root, so it has a hash and a record however short it is.
        raw = PyBytes_FromStringAndSize(<const char*> root.ref, root.ref_size)
        keccak256_into(root.ref, root.ref_size, name)
        self.known_hash = PyBytes_FromStringAndSize(<const char*> name, HASH)
        if self.made is not None:
            self.made[self.known_hash] = raw
        return self.known_hash

    cpdef dict take_nodes(self):
        cdef dict made
        self.root_hash()
        made = self.made
        self.made = {}
        return made

    cpdef TrieHandle freeze(self):
        cdef bytes root_hash = self.root_hash()
        self.epoch = next_epoch()
        return new_handle(self.root, root_hash)

    @property
    def resident(self):
        return count(self.root)

    def proof(self, key):
        """Walk as c_get does, and keep what is a record of its own."""
        cdef uint8_t[MAX_NIBBLES] nibbles
        cdef Py_ssize_t size = spread(exact(key), nibbles), at = 0
        cdef Node node
        cdef list nodes = []
        self.root_hash()
        node = self.top()
        while node is not None:
            if node.ref_size == HASH_ITEM or not nodes:
                nodes.append(encode(node))
            if node.kind == BRANCH:
                if at == size:
                    break
                node = self.child_node(<Branch> node, nibbles[at])
                at += 1
            elif node.kind == LEAF or not begins(nibbles + at, size - at, (<Short> node).path):
                break
            else:
                at += PyBytes_GET_SIZE((<Short> node).path)
                node = self.below(<Short> node)
        return nodes

    def items(self, start=b""):
        start = nibbles_of(exact(start))
        # What comes later is not seen: changes go to copies of the nodes of this moment.
        self.epoch = next_epoch()
        return walk(self.read, self.root, start)

    cdef Node top(self):
        if self.root is not None and PyBytes_CheckExact(self.root):
            self.root = load(self.read, <bytes> self.root, True)
        return <Node> self.root

    cdef Node child_node(self, Branch branch, int nibble):
        child = child_of(branch, nibble)
        if child is not None and PyBytes_CheckExact(child):
            child = load(self.read, <bytes> child, False)
            put_child(branch, nibble, child)
        return <Node> child

    cdef Branch below(self, Short extension):
        child = extension.child
        if PyBytes_CheckExact(child):
            child = load_branch(self.read, <bytes> child)
            extension.child = child
        return <Branch> child

    cdef bytes c_get(self, bytes key):
        cdef uint8_t[MAX_NIBBLES] nibbles
        cdef Py_ssize_t size = spread(key, nibbles), at = 0
        cdef Node node = self.top()
        while node is not None:
            if node.kind == BRANCH:
                if at == size:
                    return node.value
                node = self.child_node(<Branch> node, nibbles[at])
                at += 1
                continue
            if not begins(nibbles + at, size - at, (<Short> node).path):
                return None
            at += PyBytes_GET_SIZE((<Short> node).path)
            if node.kind == LEAF:
                return node.value if at == size else None
            node = self.below(<Short> node)
        return None

    cdef int c_set(self, bytes key, bytes value) except -1:
        cdef uint8_t[MAX_NIBBLES] nibbles
        cdef Py_ssize_t size = spread(key, nibbles)
        cdef Node root = self.top()
        self.changed = False
        if PyBytes_GET_SIZE(value):
            self.root = self.insert(root, nibbles, size, value)
        elif root is not None:
            self.root = self.delete(root, nibbles, size)
        if self.changed:
            self.known_hash = None
        return 0

    # Setting.  A child is changed before its parent, so an error from `read` leaves all as it
    # was; `changed` tells a parent whether what comes back is new.

    cdef Node insert(self, Node node, const uint8_t* path, Py_ssize_t size, bytes value):
        cdef Short short
        cdef Node child
        cdef Py_ssize_t length, shared = 0
        cdef const uint8_t* own
        if node is None:
            self.changed = True
            return new_leaf(path, size, value, self.epoch)
        if node.kind == BRANCH:
            return self.insert_branch(<Branch> node, path, size, value)
        short = <Short> node
        length = PyBytes_GET_SIZE(short.path)
        own = <const uint8_t*> PyBytes_AS_STRING(short.path)
        while shared < length and shared < size and path[shared] == own[shared]:
            shared += 1
        if shared < length or (short.kind == LEAF and size > length):
            self.changed = True
            return self.split(short, shared, path, size, value)
        if short.kind == LEAF:
            return self.with_value(short, value)
        child = self.insert(self.below(short), path + length, size - length, value)
        return self.with_child(short, child) if self.changed else short

    cdef Node insert_branch(
        self, Branch branch, const uint8_t* path, Py_ssize_t size, bytes value
    ):
        cdef Node child
        if size == 0:
            return self.with_value(branch, value)
        child = self.insert(self.child_node(branch, path[0]), path + 1, size - 1, value)
        if not self.changed:
            return branch
        branch = own_branch(branch, self.epoch)
        put_child(branch, path[0], child)
        branch.ref_size = 0
        return branch

    cdef Node split(
        self, Short node, Py_ssize_t shared, const uint8_t* path, Py_ssize_t size, bytes value
    ):
        """Part the paths of a short node and of a new value after what they share."""
        cdef Branch branch = new_branch(self.epoch)
        cdef const uint8_t* own = <const uint8_t*> PyBytes_AS_STRING(node.path)
        cdef Py_ssize_t rest = PyBytes_GET_SIZE(node.path) - shared - 1
        cdef object old
        if rest < 0:
            branch.value = node.value
        else:
            if node.kind == LEAF:
                old = new_leaf(own + shared + 1, rest, node.value, self.epoch)
            elif rest:
                old = new_extension(own + shared + 1, rest, node.child, self.epoch)
            else:
                old = node.child
            put_child(branch, own[shared], old)
        if shared == size:
            branch.value = value
        else:
            old = new_leaf(path + shared + 1, size - shared - 1, value, self.epoch)
            put_child(branch, path[shared], old)
        return new_extension(path, shared, branch, self.epoch) if shared else branch

    cdef Node with_value(self, Node node, bytes value):
        if node.value == value:
            return node
        self.changed = True
        if node.kind == BRANCH:
            node = own_branch(<Branch> node, self.epoch)
        elif node.epoch != self.epoch:
            return leaf_over((<Short> node).path, value, self.epoch)
        node.value = value
        node.ref_size = 0
        return node

    cdef Short with_child(self, Short extension, Branch child):
        if extension.epoch != self.epoch:
            return extension_over(extension.path, child, self.epoch)
        extension.child = child
        extension.ref_size = 0
        return extension

    # Deleting.  None says that nothing is left.

    cdef Node delete(self, Node node, const uint8_t* path, Py_ssize_t size):
        cdef Py_ssize_t length
        if node.kind == BRANCH:
            return self.delete_below(<Branch> node, path, size)
        length = PyBytes_GET_SIZE((<Short> node).path)
        if not begins(path, size, (<Short> node).path):
            return node
        if node.kind == EXTENSION:
            return self.delete_beyond(<Short> node, path + length, size - length)
        if size > length:
            return node
        self.changed = True
        return None

    cdef Node delete_beyond(self, Short extension, const uint8_t* path, Py_ssize_t size):
        cdef Node child = self.delete_below(self.below(extension), path, size)
        if not self.changed:
            return extension
        if child.kind == BRANCH:
            return self.with_child(extension, <Branch> child)
        return self.lengthened(extension.path, <Short> child)

    cdef Node delete_below(self, Branch branch, const uint8_t* path, Py_ssize_t size):
        """Delete in a branch; it has two entries or more, so something is left."""
        cdef Node child
        if size == 0:
            if branch.value is None:
                return branch
            self.changed = True
            return self.without(branch, -1)
        child = self.child_node(branch, path[0])
        if child is None:
            return branch
        child = self.delete(child, path + 1, size - 1)
        if not self.changed:
            return branch
        if child is None:
            return self.without(branch, path[0])
        branch = own_branch(branch, self.epoch)
        put_child(branch, path[0], child)
        branch.ref_size = 0
        return branch

    cdef Node without(self, Branch branch, int place):
        """Return a branch without what is at a nibble, or at -1 without its value."""
        cdef int nibble, left = 0, last = -1
        cdef uint8_t prefix
        cdef Node child
        for nibble in range(16):
            if nibble != place and branch.children[nibble] != NULL:
                left += 1
                last = nibble
        if place >= 0 and branch.value is not None:
            if left == 0:
                return leaf_over(b"", branch.value, self.epoch)
            left += 1
        if left == 1:
            child = self.child_node(branch, last)
            prefix = last
            if child.kind == BRANCH:
                return new_extension(&prefix, 1, child, self.epoch)
            return self.lengthened(PyBytes_FromStringAndSize(<char*> &prefix, 1), <Short> child)
        branch = own_branch(branch, self.epoch)
        if place < 0:
            branch.value = None
        else:
            put_child(branch, place, None)
        branch.ref_size = 0
        return branch

    cdef Short lengthened(self, bytes prefix, Short node):
        if node.kind == LEAF:
            return leaf_over(prefix + node.path, node.value, self.epoch)
        return extension_over(prefix + node.path, node.child, self.epoch)

    cdef int settle(self, Node node) except -1:
        """Hash what is dirty from here down, children first, and keep the new records."""
        cdef uint8_t[HASH] name
        cdef bytes raw
        cdef int nibble
        if node.ref_size:
            return 0
        if node.kind == BRANCH:
            for nibble in range(16):
                child = child_of(<Branch> node, nibble)
                if child is not None and not PyBytes_CheckExact(child):
                    self.settle(<Node> child)
        elif node.kind == EXTENSION and not PyBytes_CheckExact((<Short> node).child):
            self.settle(<Node> (<Short> node).child)
        raw = encode(node)
        if PyBytes_GET_SIZE(raw) < HASH:
            memcpy(node.ref, PyBytes_AS_STRING(raw), PyBytes_GET_SIZE(raw))
            node.ref_size = PyBytes_GET_SIZE(raw)
            return 0
        keccak256_into(
            <const uint8_t*> PyBytes_AS_STRING(raw), PyBytes_GET_SIZE(raw), node.ref + 1
        )
        node.ref[0] = 0x80 + HASH
        node.ref_size = HASH_ITEM
        if self.made is not None:
            self.made[PyBytes_FromStringAndSize(<char*> node.ref + 1, HASH)] = raw
        return 0


def resident_nodes():
    return alive()


def ordered_root(items):
    cdef Trie trie = Trie(None)
    cdef Py_ssize_t index = 0
    # Only the root is wanted.
    trie.made = None
    for item in items:
        trie.c_set(index_item(index), exact(item))
        index += 1
    return trie.root_hash()


cdef bytes index_item(Py_ssize_t index):
    """Return an index as RLP: its bytes without zeros in front, as a string."""
    cdef uint8_t[9] out
    cdef int at = 9
    if 0 < index < 0x80:
        at = 8
        out[at] = <uint8_t> index
    else:
        while index:
            at -= 1
            out[at] = <uint8_t> index
            index >>= 8
        out[at - 1] = 0x80 + 9 - at
        at -= 1
    return PyBytes_FromStringAndSize(<char*> out + at, 9 - at)
