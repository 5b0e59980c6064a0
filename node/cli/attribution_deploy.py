"""`byline attribution deploy`: the attribution contracts on a chain that has none of them."""

from __future__ import annotations

import argparse
import asyncio
import dataclasses
from pathlib import Path
from typing import Any, Final

from rich.console import Console

from byline.node.cli.attribution_signer import add_signer, signer_of
from byline.node.cli.running import run_to_end
from byline.node.contracts.attribution_deploy import FamilySettings
from byline.node.contracts.attribution_predeploys import Backend
from byline.node.errors import ConfigError

_NUMBERS: Final = {
    "challenge_window": ("SECONDS", "in which a batch can be challenged"),
    "settle_window": ("SECONDS", "in which a batch must be settled after that"),
    "withdraw_delay": ("SECONDS", "from asking for prepaid money back to its payment"),
    "claim_window": ("SECONDS", "in which the amounts behind a payout root can be claimed"),
    "stake_lock": ("SECONDS", "from a stake to its withdrawal at the earliest"),
    "batch_bond": ("WEI", "of its operator's bond that a batch locks"),
    "demand_fee": ("WEI", "that a demand for evidence puts up"),
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add which chain, who pays, and what the contracts are told."""
    parser.add_argument("--rpc", metavar="URL", required=True, help="JSON-RPC of the chain")
    add_signer(parser, "who pays for the deployment")
    parser.add_argument(
        "--treasury", metavar="ADDRESS", help="who penalties are paid to (default: who deploys)"
    )
    parser.add_argument(
        "--backend",
        choices=[backend.value for backend in Backend],
        default=Backend.TWIN.value,
        help="what computes: contracts, on any chain (default), or the precompiles of Byline's",
    )
    defaults = {field.name: field.default for field in dataclasses.fields(FamilySettings)}
    for name, (unit, words) in _NUMBERS.items():
        parser.add_argument(
            f"--{name.replace('_', '-')}",
            metavar=unit,
            type=int,
            default=defaults[name],
            help=f"{words} (default {defaults[name]})",
        )
    parser.add_argument(
        "--out",
        metavar="FILE",
        type=Path,
        default=Path("attribution.json"),
        help="where the addresses are written (default ./attribution.json)",
    )


def run(arguments: argparse.Namespace) -> int:
    """Deploy and write; 2 when the chain or an option is not fit for it."""
    return run_to_end(_deploy(arguments))


async def _deploy(arguments: argparse.Namespace) -> int:
    from byline.node.attribution.client.deploying import deploy
    from byline.node.client import RpcClient

    account = await asyncio.to_thread(signer_of, arguments)
    if account is None:
        raise ConfigError("deploying costs gas: name who pays by --key-file or --account")
    settings = _settings(arguments, account.address)
    if await asyncio.to_thread(arguments.out.exists):
        raise ConfigError(f"--out {arguments.out} is there already: name another file")
    if not await asyncio.to_thread(arguments.out.parent.is_dir):
        raise ConfigError(f"--out {arguments.out}: there is no folder {arguments.out.parent}")
    console = Console()
    async with RpcClient(arguments.rpc) as client:
        with console.status("the contracts are deployed, a transaction each ..."):
            deployed = await deploy(client, account, settings)
    await asyncio.to_thread(arguments.out.write_text, deployed.to_json())
    for name, at in deployed.addresses.items():
        print(f"{name:22}0x{at.hex()}  {deployed.gas[name]:>9} gas")
    print(f"{sum(deployed.gas.values())} gas on chain {deployed.chain_id}; see {arguments.out}")
    return 0


def _settings(arguments: argparse.Namespace, deployer: bytes) -> FamilySettings:
    treasury = deployer if arguments.treasury is None else _address(arguments.treasury)
    numbers: dict[str, Any] = {name: getattr(arguments, name) for name in _NUMBERS}
    try:
        return FamilySettings(treasury, Backend(arguments.backend), **numbers)
    except ValueError as error:
        raise ConfigError(str(error)) from error


def _address(text: str) -> bytes:
    try:
        address = bytes.fromhex(text.removeprefix("0x"))
    except ValueError as error:
        raise ConfigError(f"--treasury {text!r}: {error}; want 40 hex digits") from error
    if len(address) != 20:
        raise ConfigError(f"--treasury {text}: {len(address)} bytes, want 20")
    return address
