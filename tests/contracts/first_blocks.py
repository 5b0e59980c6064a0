"""The accounts of both genesis blocks, in an EVM."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from byline.derivation.config import SystemConfig, ecotone_scalar
from byline.node.chain.genesis_account import GenesisAccount
from byline.node.contracts.l1_contracts import L1Setup, l1_alloc
from tests.contracts.harness import Evm

OWNER = b"\x05" * 20
PROPOSER = b"\x08" * 20
CHALLENGER = b"\x09" * 20
CONFIG = SystemConfig(batcher=b"\x06" * 20, scalar=ecotone_scalar(1, 2), gas_limit=60_000_000)


def setup(**changes: Any) -> L1Setup:
    """Return how the L1's contracts are set up, with changes."""
    usual: dict[str, Any] = {
        "system_config": CONFIG,
        "l2_chain_id": 901,
        "batch_inbox": b"\x07" * 20,
        "owner": OWNER,
        "proposer": PROPOSER,
        "challenger": CHALLENGER,
        "anchor_root": b"\xdd" * 32,
    }
    return L1Setup(**{**usual, **changes})


def l1(**changes: Any) -> dict[bytes, GenesisAccount]:
    """Return the L1's contracts."""
    return l1_alloc(setup(**changes))


def booted(alloc: Mapping[bytes, GenesisAccount]) -> Evm:
    """Return an EVM with the accounts."""
    evm = Evm()
    for address, account in alloc.items():
        evm.set(
            address,
            code=account.code,
            storage=account.storage,
            nonce=account.nonce,
            balance=account.balance,
        )
    return evm
