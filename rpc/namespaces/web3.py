"""`web3_`, and the list of namespaces."""

from __future__ import annotations

from typing import Final

from byline.derivation.hashing import keccak256
from byline.rpc import quantities, views
from byline.rpc.method import Context, Method, Parameter


async def client_version(context: Context) -> str:
    """Return who answers.

    The node chooses the words: hardhat-network-helpers refuses every cheat unless they
    begin with `anvil`, `hardhatnetwork` or `zksync`.
    """
    return context.backend.client_version


async def sha3(context: Context, value: bytes) -> str:
    """Return the Keccak-256 hash."""
    return views.as_hex(keccak256(value))


async def rpc_modules(context: Context) -> dict[str, str]:
    """Return the namespaces served, each with its version."""
    names = {name.partition("_")[0] for name in context.methods}
    return dict.fromkeys(sorted(names), "1.0")


METHODS: Final = {
    "web3_clientVersion": Method(client_version),
    "web3_sha3": Method(sha3, (Parameter("data", quantities.data),)),
    "rpc_modules": Method(rpc_modules),
}
