"""The fast engine: opens compiled machines, and keeps what the next one can use."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from byline.node.evm.beneath import Beneath
from byline.node.evm.fast._code_c import CodeCache
from byline.node.evm.fast._machine_c import FastMachine
from byline.node.evm.fast._tries_c import Tries
from byline.node.evm.machine import BlockContext, NodeReader, OpcodeSet
from byline.node.evm.natives.native import Native

MOST_ROOTS: Final = 2_048
"""State and storage tries that are kept open, those used last."""
MOST_NODES: Final = 100_000
"""Trie nodes in the process (about a kilobyte each with what they hold) before all are let go."""
MOST_CODE_BYTES: Final = 32 * 1024 * 1024
"""Of prepared code, three bytes for each byte of a contract."""


class FastEngine:
    """Opens machines that run compiled.

    One engine may serve several chains, and machines of it may run in several threads, each
    in one: they share codes, which are immutable, and nodes of tries, which only ever take
    the place of their own hash.  A run lets other threads in now and then.
    """

    name = "fast"

    def __init__(self) -> None:
        self._tries = Tries(MOST_ROOTS, MOST_NODES)
        self._codes = CodeCache(MOST_CODE_BYTES)

    def open(
        self,
        read_node: NodeReader,
        state_root: bytes,
        block: BlockContext,
        precompiles: Mapping[bytes, Native],
        opcodes: OpcodeSet,
        beneath: Beneath | None = None,
    ) -> FastMachine:
        """See `machine.Engine.open`.

        Raises `MissingNode` where the store does not have `state_root`.
        """
        machine = FastMachine(
            read_node, state_root, block, precompiles, opcodes, self._tries, self._codes
        )
        if beneath is not None:
            machine.stand_on(beneath)
        return machine
