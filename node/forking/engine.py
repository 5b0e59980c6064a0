"""An engine for the chain that stands on another one."""

from __future__ import annotations

from collections.abc import Mapping

from byline.node.evm.beneath import Beneath
from byline.node.evm.machine import BlockContext, Engine, Machine, NodeReader, OpcodeSet
from byline.node.evm.natives.native import Native
from byline.node.forking.state import ForkState


class ForkEngine:
    """Opens machines of another engine on what differs from the fork.

    The first block has the state root of the other chain, of which nobody has the nodes:
    `first_root` is that of what the devnet laid over it.  Engines may share tries by their
    root, so only real roots reach them.
    """

    def __init__(
        self, engine: Engine, fork: ForkState, claimed_root: bytes, first_root: bytes
    ) -> None:
        self.name = engine.name
        self.fork = fork
        self._engine = engine
        self._roots = {claimed_root: first_root}

    def root(self, state_root: bytes) -> bytes:
        """Return the root of what differs from the fork, for that in a header."""
        return self._roots.get(state_root, state_root)

    def open(
        self,
        read_node: NodeReader,
        state_root: bytes,
        block: BlockContext,
        precompiles: Mapping[bytes, Native],
        opcodes: OpcodeSet,
        beneath: Beneath | None = None,
    ) -> Machine:
        """See `machine.Engine.open`."""
        root = self.root(state_root)
        below = beneath or self.fork
        return self._engine.open(read_node, root, block, precompiles, opcodes, below)


def trie_root(engine: Engine, state_root: bytes) -> bytes:
    """Return the root of the trie in which a chain keeps the state with `state_root`."""
    return engine.root(state_root) if isinstance(engine, ForkEngine) else state_root
