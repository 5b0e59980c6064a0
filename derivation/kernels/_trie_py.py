"""A Merkle-Patricia trie over py-trie's, readable and slow: what the compiled one is held to.

Source: the Ethereum yellow paper, appendix D (hexary trie) and C (hex-prefix encoding).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Final

import rlp
from trie import HexaryTrie
from trie.exceptions import MissingTraversalNode, MissingTrieNode, ValidationError
from trie.iter import NodeIterator

from byline.derivation.kernels.trie_errors import CorruptNode, MissingNode, Read, require_key

__all__ = ["Read", "Trie", "TrieHandle", "ordered_root"]

EMPTY_ROOT: Final = bytes.fromhex(
    "56e81f171bcc55a6ff8345e692c0f86e5b48e01b996cadc001622fb5e363b421"
)
HASH: Final = 32


class TrieHandle:
    """A trie at one moment: it never changes, and any number of tries may start from it.

    Its nodes are shared with the trie that it came from and with those that start from it, so
    making one costs nothing.  Several threads may read one handle, each through a `Trie` of
    its own.
    """

    __slots__ = ("_known", "root_hash")

    def __init__(self, root_hash: bytes, known: dict[bytes, bytes]) -> None:
        self.root_hash = root_hash
        self._known = known

    @property
    def resident(self) -> int:
        """How many nodes it holds in memory; counting takes as long as there are many."""
        return len(self._known)

    def collapsed(self, depth: int = 0) -> TrieHandle:
        """Return the same trie with at most `depth` levels of nodes in memory.

        What lies below is read again when it is needed, so its nodes must have been taken and
        stored.  Raises `ValueError` for a depth below 0.
        """
        if depth < 0:
            raise ValueError(f"trie: the depth to keep is {depth}, want 0 or more")
        return TrieHandle(self.root_hash, {} if depth == 0 else self._known)


class Trie:
    """A map of keys (0 to 64 bytes) to values (bytes, not empty) with a root hash.

    `read` gives nodes by hash, from `root` (32 bytes) down, and is called for each at most
    once, unless `collapsed` let go of it.  Any method may raise `MissingNode` or `CorruptNode`
    for what `read` gave; the trie then is as before the call.  The form of a node is checked,
    but it is not hashed again: `read` is trusted to give the node of that hash.  Keys are used
    as they are: the keys of a secure trie come hashed.  One `Trie` is for one thread at a time.
    """

    __slots__ = ("_known", "_made", "_roots", "_trie")

    def __init__(self, read: Read, root: bytes = EMPTY_ROOT) -> None:
        root = _exact(root)
        if len(root) != HASH:
            raise ValueError(f"trie: a root has {len(root)} bytes, want {HASH}")
        self._open(read, root, {})

    @staticmethod
    def at(read: Read, handle: TrieHandle) -> Trie:
        """Return the trie of a handle, to read or to branch off."""
        trie = Trie.__new__(Trie)
        trie._open(read, handle.root_hash, handle._known)
        return trie

    def _open(self, read: Read, root: bytes, known: dict[bytes, bytes]) -> None:
        self._known = known
        self._made: dict[bytes, bytes] = {}
        self._roots: list[bytes] = []
        nodes = _Nodes(read, self._known, self._made)
        self._trie = HexaryTrie(nodes, root)
        nodes.trie = self._trie

    def get(self, key: bytes) -> bytes | None:
        """Return the value of a key, or `None`; `ValueError` for a key over 64 bytes."""
        key = _exact(key)
        require_key(key)
        try:
            return bytes(self._trie.get(key)) or None
        except ValidationError:
            # py-trie's answer for a key that ends within the path of an extension.
            return None
        except (MissingTrieNode, MissingTraversalNode) as exc:
            raise MissingNode(exc.missing_node_hash) from exc

    def set(self, key: bytes, value: bytes) -> None:
        """Set the value of a key; the empty value deletes it, whether it is there or not."""
        key, value = _exact(key), _exact(value)
        require_key(key)
        before = self._trie.root_hash
        try:
            if value:
                self._trie.set(key, value)
            elif self.get(key) is not None:
                self._trie.delete(key)
        except (MissingTrieNode, MissingTraversalNode) as exc:
            self._trie.root_hash = before
            raise MissingNode(exc.missing_node_hash) from exc

    def root_hash(self) -> bytes:
        """Return the 32-byte root hash; nodes changed since the last time are hashed now."""
        root = bytes(self._trie.root_hash)
        self._roots.append(root)
        return root

    def take_nodes(self) -> dict[bytes, bytes]:
        """Return the nodes made since they were last taken, by hash, for `read` to know.

        They are those of the trie as it is, and of every state of it whose root hash was asked
        for or which was frozen.  Nodes under 32 bytes have no record: they stand in the node
        above.  A root has one whatever its size; the empty trie has none.
        """
        taken: dict[bytes, bytes] = {}
        self.root_hash()
        ahead: list[Any] = list(self._roots)
        while ahead:
            item = ahead.pop()
            if isinstance(item, list):
                ahead += item
            elif item in self._made and item not in taken:
                taken[item] = self._made[item]
                ahead += rlp.decode(taken[item])
        self._known.update(taken)
        self._made.clear()
        self._roots.clear()
        return taken

    def freeze(self) -> TrieHandle:
        """Return a handle of the trie as it is now; the trie itself may change further.

        The nodes made so far stay with the trie to be taken.
        """
        self._known.update(self._made)
        return TrieHandle(self.root_hash(), self._known)

    @property
    def resident(self) -> int:
        """How many nodes it holds in memory; counting takes as long as there are many."""
        return len(self._known.keys() | self._made.keys())

    def proof(self, key: bytes) -> list[bytes]:
        """Return the nodes from the root towards a key, as they hash (EIP-1186).

        They prove the value, or that there is none; the empty trie has none.
        """
        key = _exact(key)
        require_key(key)
        nodes = [rlp.encode(node) for node in self._trie.get_proof(key)]
        return [node for at, node in enumerate(nodes) if at == 0 or len(node) >= HASH]

    def items(self, start: bytes = b"") -> Iterator[tuple[bytes, bytes]]:
        """Return the entries whose keys are `start` or greater, in the order of the keys.

        They are those of the moment of the call.  Nodes read on the way are not kept.
        """
        start = _exact(start)
        require_key(start)
        moment = Trie.at(self._trie.db.read, self.freeze())
        return ((k, v) for k, v in NodeIterator(moment._trie).items() if k >= start)


def ordered_root(items: Iterable[bytes]) -> bytes:
    """Return the root of the trie that holds items by their RLP-encoded index."""
    trie = HexaryTrie({}, prune=True)
    with trie.squash_changes() as batch:
        for index, item in enumerate(items):
            batch[rlp.encode(index)] = _exact(item)
    return bytes(trie.root_hash)


class _Nodes:
    """The nodes by hash as py-trie wants them: what was made here, and what `read` knows."""

    def __init__(self, read: Read, known: dict[bytes, bytes], made: dict[bytes, bytes]) -> None:
        self.read = read
        self.trie: Any = None
        self._known = known
        self._made = made

    def __getitem__(self, node_hash: bytes) -> bytes:
        raw = self._made.get(node_hash) or self._known.get(node_hash)
        if raw is None:
            raw = self.read(node_hash)
            if raw is None:
                raise MissingNode(node_hash)
            check_node(raw, node_hash, is_root=node_hash == self.trie.root_hash)
        return raw

    def __setitem__(self, node_hash: bytes, raw: bytes) -> None:
        self._made[node_hash] = raw

    def __contains__(self, node_hash: bytes) -> bool:
        return node_hash in self._made or node_hash in self._known


def check_node(raw: bytes, node_hash: bytes, *, is_root: bool) -> None:
    """Raise `CorruptNode` where the bytes are not those of a node as a trie writes it."""
    try:
        node = rlp.decode(raw)
    except rlp.exceptions.RLPException as exc:
        raise CorruptNode(node_hash, str(exc)) from exc
    if not is_root and len(raw) < HASH:
        raise CorruptNode(node_hash, "it is shorter than a hash, so its parent should hold it")
    reason = _fault(node)
    if reason:
        raise CorruptNode(node_hash, reason)


def _fault(node: Any) -> str:
    """Return what is wrong with a decoded node and those embedded in it, or nothing."""
    if not isinstance(node, list) or len(node) not in (2, 17):
        return "it is not a list of 2 or 17 items"
    if len(node) == 17:
        if not isinstance(node[16], bytes):
            return "the value of a branch is a list"
        if sum(map(bool, node)) < 2:
            return "a branch has fewer than 2 entries"
        return next(filter(None, map(_child_fault, node[:16])), "")
    path, below = node
    if not isinstance(path, bytes) or not path:
        return "a path is not a string of one byte or more"
    flag, odd = path[0] >> 5, path[0] >> 4 & 1
    if flag > 1 or (not odd and path[0] & 0x0F):
        return f"a path begins with the byte 0x{path[0]:02x}"
    if 2 * len(path) - 2 + odd > 128:
        return f"a path has {len(path)} bytes"
    if flag:
        return (
            "" if below and isinstance(below, bytes) else "the value of a leaf is empty or a list"
        )
    if not below or (len(path) == 1 and not odd):
        return "an extension has no path or no child"
    if isinstance(below, list) and len(below) == 2:
        return "an extension leads to what is not a branch"
    return _child_fault(below)


def _child_fault(child: Any) -> str:
    if isinstance(child, list):
        return "a child is not embedded" if len(rlp.encode(child)) >= HASH else _fault(child)
    return "" if len(child) in (0, HASH) else f"the hash of a child has {len(child)} bytes"


def _exact(value: bytes) -> bytes:
    if not isinstance(value, bytes):
        raise TypeError(f"trie: want bytes, not {type(value).__name__}")
    return bytes(value)
