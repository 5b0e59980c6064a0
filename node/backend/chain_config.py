"""The rules of a chain as geth's genesis files have them.

Sources: geth and op-geth `params/config.go`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from byline.derivation.config import Fork
from byline.node.chain.chain import Chain
from byline.node.evm.ethereum import EthereumRules
from byline.node.evm.l1_forks import BLOBS_OF, L1Fork
from byline.node.evm.optimism import OptimismRules

BEFORE_THE_MERGE: Final = (
    "homesteadBlock", "eip150Block", "eip155Block", "eip158Block", "byzantiumBlock",
    "constantinopleBlock", "petersburgBlock", "istanbulBlock", "berlinBlock", "londonBlock",
    "mergeNetsplitBlock",
)  # fmt: skip
"""Forks by block, all in force from the first."""
_BEFORE_HOLOCENE: Final = ("regolith", "canyon", "delta", "ecotone", "fjord", "granite")
_ETHEREUM_OF: Final = {Fork.ISTHMUS: "prague", Fork.KARST: "osaka"}
"""Forks of the L2 that bring those of Ethereum."""


def chain_config(chain: Chain) -> Mapping[str, Any]:
    """Return chain id, forks and constants; what never activates is absent."""
    found: dict[str, Any] = {"chainId": chain.chain_id}
    found |= dict.fromkeys(BEFORE_THE_MERGE, 0)
    found |= {"terminalTotalDifficulty": 0, "shanghaiTime": 0, "cancunTime": 0}
    rules = chain.rules
    if isinstance(rules, OptimismRules):
        return {**found, **_optimism(rules)}
    if isinstance(rules, EthereumRules):
        return {**found, **_ethereum(rules)}
    return found


def _ethereum(rules: EthereumRules) -> dict[str, Any]:
    times = rules.schedule.times
    found: dict[str, Any] = {f"{fork.name.lower()}Time": time for fork, time in times.items()}
    found["blobSchedule"] = {
        fork.name.lower(): {
            "target": BLOBS_OF[fork].target,
            "max": BLOBS_OF[fork].most,
            "baseFeeUpdateFraction": BLOBS_OF[fork].update_fraction,
        }
        for fork in sorted({L1Fork.CANCUN, *times})
    }
    return found


def _optimism(rules: OptimismRules) -> dict[str, Any]:
    config = rules.config
    found: dict[str, Any] = {"bedrockBlock": 0}
    found |= {f"{name}Time": 0 for name in _BEFORE_HOLOCENE}
    for fork, time in config.forks.items():
        found[f"{fork.name.lower()}Time"] = time
        if fork in _ETHEREUM_OF:
            found[f"{_ETHEREUM_OF[fork]}Time"] = time
    found["optimism"] = {
        "eip1559Elasticity": config.eip1559_elasticity,
        "eip1559Denominator": 50,
        "eip1559DenominatorCanyon": config.eip1559_denominator,
    }
    return found
