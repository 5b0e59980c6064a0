"""`eth_config`: which rules are in force, and which come (EIP-7910)."""

from __future__ import annotations

from typing import Any, Final

from byline.rpc import views
from byline.rpc.backend import ForkConfig
from byline.rpc.method import Context, Method


async def config(context: Context) -> Any:
    """Return the rules at the head, the next and the last; null where none are planned."""
    forks = context.backend.forks
    assert forks is not None
    current, following, last = await forks.now_next_last()
    return {"current": _shown(current), "next": _shown(following), "last": _shown(last)}


def _shown(value: ForkConfig | None) -> Any:
    if value is None:
        return None
    return {
        "activationTime": value.activation_time,
        "blobSchedule": {
            "target": value.blob_target,
            "max": value.blob_most,
            "baseFeeUpdateFraction": value.blob_update_fraction,
        },
        "chainId": hex(value.chain_id),
        "forkId": views.as_hex(value.fork_id),
        "precompiles": {
            name: views.as_hex(address) for name, address in sorted(value.precompiles.items())
        },
        "systemContracts": {
            name: views.as_hex(address) for name, address in sorted(value.system_contracts.items())
        },
    }


METHODS: Final = {"eth_config": Method(config)}
