"""What this program calls itself."""

from __future__ import annotations

import functools
from importlib.metadata import PackageNotFoundError, version


@functools.cache
def package_version() -> str:
    """Return the installed version."""
    try:
        return version("byline")
    except PackageNotFoundError:
        return "0+unknown"


def client_version() -> str:
    """Return what `web3_clientVersion` answers.

    It begins with `anvil/`, because hardhat-network-helpers refuses its cheats to any node
    that is not called `anvil`, `hardhatnetwork` or `zksync`.
    """
    return f"anvil/byline/v{package_version()}/python"
