class Tries:
    """Roots of tries that were opened or committed lately, with the nodes below them.

    At most `most_roots` of them.  When the whole process holds more than `most_nodes` trie
    nodes all are let go, and read again from the store when they are wanted.  Nodes are
    named by their content, so a root means the same to every chain and every store.

    Threads may share one: what a machine changes are copies of its own, and a node that was
    read is put in place of its hash, which says the same.
    """

    def __init__(self, most_roots: int, most_nodes: int) -> None: ...
    @property
    def most_roots(self) -> int: ...
    @property
    def most_nodes(self) -> int: ...
    def __len__(self) -> int: ...
    def __contains__(self, root: bytes) -> bool: ...
    def clear(self) -> None:
        """Let everything go."""
