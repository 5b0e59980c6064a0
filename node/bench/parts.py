"""The parts of the bench by name: each is a function that returns its tables."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

from byline.node.bench.automine import automine
from byline.node.bench.block import block_of_transactions
from byline.node.bench.calls import calling
from byline.node.bench.compute import computation
from byline.node.bench.deriving import deriving
from byline.node.bench.effort import Bench
from byline.node.bench.gas import gas
from byline.node.bench.natives import natives
from byline.node.bench.settling import settling
from byline.node.bench.splitting import splitting
from byline.node.bench.start import starting
from byline.node.bench.table import Table
from byline.node.bench.view import viewing

Part = Callable[[Bench], list[Table]]

PARTS: Final[Mapping[str, Part]] = MappingProxyType(
    {
        "compute": computation,
        "block": block_of_transactions,
        "automine": automine,
        "view": viewing,
        "calls": calling,
        "start": starting,
        "natives": natives,
        "apportion": splitting,
        "settling": settling,
        "gas": gas,
        "derive": deriving,
    }
)
