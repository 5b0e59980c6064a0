"""Which rules a fixture's network means, for those that the node has."""

from __future__ import annotations

import functools
import re
from types import MappingProxyType
from typing import Final

from byline.node.evm.ethereum import EthereumRules
from byline.node.evm.l1_forks import L1Fork, L1Schedule

CHAIN_ID: Final = 1
NETWORKS: Final = MappingProxyType({fork.name.title(): fork for fork in L1Fork} | {
    "BPO1": L1Fork.BPO1,
    "BPO2": L1Fork.BPO2,
})  # fmt: skip
"""A fixture's name of a fork, and ours."""

_TRANSITION: Final = re.compile(r"(\w+)To(\w+)AtTime(\d+)k")


@functools.cache
def rules_of(network: str) -> EthereumRules | None:
    """Return the L1's rules under `network`, such as Prague or PragueToOsakaAtTime15k.

    `None` for a fork that the node does not have.
    """
    found = _TRANSITION.fullmatch(network)
    if found is None:
        fork = NETWORKS.get(network)
        return None if fork is None else EthereumRules(CHAIN_ID, L1Schedule.at_genesis(fork))
    before, after = NETWORKS.get(found[1]), NETWORKS.get(found[2])
    if before is None or after is None:
        return None
    times = {fork: 0 for fork in L1Fork if fork <= before} | {after: 1000 * int(found[3])}
    return EthereumRules(CHAIN_ID, L1Schedule(MappingProxyType(times)))
