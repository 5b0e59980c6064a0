"""What may go wrong, by what the caller should do about it.

    DerivationError
     +-- Temporary   try the same step again later (a node did not answer)
     +-- Reset       rewind the pipeline to an older safe head (the L1 reorganised)
     +-- Critical    stop: the L1 says something that no chain of ours can follow
    InvalidData      these bytes are not in the format; dropped where they are read

`InvalidData` never leaves the stage that reads foreign bytes: anyone may post to the
batch inbox, so bad data is dropped with a reason and derivation goes on.
"""

from __future__ import annotations


class DerivationError(Exception):
    """Base of the three severities."""


class Temporary(DerivationError):
    """Something was not available; the same step may succeed later."""


class Reset(DerivationError):
    """What the pipeline has read is no longer canonical; start again from a safe point."""


class Critical(DerivationError):
    """Derivation cannot go on: a bug, or an L1 that breaks its own rules."""


class InvalidData(ValueError):
    """Bytes that do not follow the format; the message says which rule they break."""
