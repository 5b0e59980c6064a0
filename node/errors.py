"""What may go wrong in a node, by what the user can do about it.

    NodeError
     +-- ConfigError        an option or a file contradicts itself: correct it
     +-- PortBusy           another program listens there: stop it or choose another port
     +-- BadL1Answer        an L1 node contradicts itself: use another L1 node
     +-- ForkChoiceError    heads would move where they may not: a bug, or a foreign command
     +-- StorageError       the data folder cannot be used
          +-- Locked        another process holds it: stop that one or use another folder
          +-- Corrupt       bytes on disk are damaged: restore the folder or start anew
          +-- NewerSchema   a later version wrote it: upgrade, or use another folder
          +-- UnknownHash   a block was named that is not stored

Every message names the thing, its value, the bound, and what to do.
"""

from __future__ import annotations


class NodeError(Exception):
    """Base of all expected failures of a node; its text is for the user."""


class ConfigError(NodeError):
    """An option or a configuration file cannot be used as it is."""


class PortBusy(NodeError):
    """A port is taken by another program."""


class BadL1Answer(NodeError):
    """An L1 node answers what cannot be: hashes that do not fit, malformed or refused calls."""


class ForkChoiceError(NodeError):
    """The heads of a chain would move where they may not."""


class StorageError(NodeError):
    """The data folder cannot be used."""


class Locked(StorageError):
    """Another process, or another part of this one, holds the data folder."""

    def __init__(self, folder: str, pid: int | None) -> None:
        who = "another node" if pid is None else f"another node (pid {pid})"
        super().__init__(f"{who} holds {folder}: stop it or pass another --data-dir")
        self.folder = folder
        self.pid = pid


class Corrupt(StorageError):
    """Stored bytes do not read back; the node does not go on with what is left of them."""


class NewerSchema(StorageError):
    """The data was written by a version of Byline that this one does not know."""

    def __init__(self, found: int, known: int) -> None:
        super().__init__(
            f"the data has schema version {found}, this version of byline knows up to {known}: "
            "upgrade byline or pass another --data-dir"
        )
        self.found = found
        self.known = known


class UnknownHash(StorageError):
    """A block is asked for by a hash that is not stored."""
