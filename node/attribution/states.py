"""Where things are on their way, and how a model pays: the numbers of the contracts."""

from __future__ import annotations

from enum import IntEnum
from typing import Final


class RegistryStatus(IntEnum):
    """Of a dataset or a model in the registry."""

    UNKNOWN = 0
    LIVE = 1
    DEPRECATED = 2
    """Who registered it advises against new uses."""
    CONDEMNED = 3
    """A challenge has shown that it is none; datasets alone."""


class BatchStatus(IntEnum):
    """Of a batch in the ledger."""

    NONE = 0
    RECORDED = 1
    VOID = 2
    FINALIZED = 3
    RELEASED = 4
    DEFAULTED = 5


class SettlementStatus(IntEnum):
    """Of a batch in the vault."""

    NONE = 0
    WAITING = 1
    SETTLED = 2
    VOID = 3
    SWEPT = 4


class Mode(IntEnum):
    """How a model's contributors are paid."""

    PUSH = 0
    CREDIT = 1
    ACCUMULATOR = 2
    ROOT = 3


MODES: Final = tuple(mode.name.lower() for mode in Mode)
"""The modes by name, in the order of their numbers."""
