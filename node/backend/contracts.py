"""Which of the contracts that we have names for stand on a chain."""

from __future__ import annotations

from collections.abc import Mapping

from byline.node.contracts.addresses import L1_CONTRACTS, L2_CONTRACTS
from byline.node.rollups.rollup import ChainName, Rollup


def contracts_of(rollup: Rollup, name: ChainName) -> Mapping[str, bytes]:
    """Return the named contracts of a chain with code at its head, by name.

    A chain that began from a genesis file need not have ours, and on its L1 portal and system
    config stand where the rollup config says.
    """
    chain, config = rollup.chain(name), rollup.engine.config
    known = L2_CONTRACTS
    if name == "l1":
        joining = {
            "SystemConfig": config.l1_system_config,
            "OptimismPortal": config.deposit_contract,
        }
        known = {**L1_CONTRACTS, **joining}
    machine = chain.machine(chain.head)
    return {contract: address for contract, address in known.items() if machine.code(address)}
