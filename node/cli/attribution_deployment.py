"""Where the contracts stand, for subcommands that also work on chains of others."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from byline.node.errors import ConfigError

if TYPE_CHECKING:
    from byline.node.attribution.client.deploying import Deployed


def add_deployment(parser: argparse.ArgumentParser) -> None:
    """Add --deployment."""
    parser.add_argument(
        "--deployment",
        metavar="FILE",
        type=Path,
        help="where the contracts stand, as `byline attribution deploy` writes it, on chains "
        "whose genesis has none",
    )


async def deployed_of(arguments: argparse.Namespace) -> Deployed | None:
    """Return what the file says, once `arguments.l2` is its chain; `None` without a file.

    Raises `ConfigError`, or `NodeError` where the chain does not answer.
    """
    file: Path | None = arguments.deployment
    if file is None:
        return None
    from byline.node.attribution.client.deploying import Deployed
    from byline.node.client import RpcClient

    try:
        # One small file, before anything else runs.
        deployed = Deployed.from_json(file.read_text(encoding="utf-8"))  # noqa: ASYNC240
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"--deployment {file} cannot be read: {error}") from error
    except ConfigError as error:
        raise ConfigError(f"--deployment {file}: {error}") from error
    async with RpcClient(arguments.l2) as client:
        chain = await client.number("eth_chainId")
    if chain != deployed.chain_id:
        raise ConfigError(
            f"--deployment {file} is of chain {deployed.chain_id}, {arguments.l2} is chain {chain}"
        )
    return deployed
