"""`byline engine`: the L2 as the execution engine of a rollup node such as op-node."""

from __future__ import annotations

import argparse
import asyncio
from pathlib import Path

from rich.console import Console

from byline.derivation.config import RollupConfig
from byline.node import logs
from byline.node.cli.banner import running
from byline.node.cli.running import run_to_end, stop_event
from byline.node.config import add_engine_argument, engine_name
from byline.node.engine_api.jwt import SECRET_FILE, read_or_create_secret, read_secret
from byline.node.engine_api.node import EngineNode, EngineSettings
from byline.node.loaded_network import l2_genesis_of
from byline.node.verifier import read_rollup_config
from byline.node.version import package_version


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what an engine needs."""
    parser.add_argument(
        "--rollup-config",
        metavar="FILE|URL",
        default="rollup.json",
        help="rollup.json, or a node that answers optimism_rollupConfig (default rollup.json)",
    )
    parser.add_argument(
        "--l2-genesis",
        metavar="FILE",
        type=Path,
        help="genesis file of the L2 (geth's JSON, .gz, .zst) where it is not the built-in one",
    )
    parser.add_argument(
        "--genesis-dictionary",
        metavar="FILE",
        type=Path,
        help="the superchain registry's dictionary for .zst files",
    )
    add_engine_argument(parser)
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on")
    parser.add_argument(
        "--l2-port", type=_port, default=9545, help="port of the L2's JSON-RPC (default 9545)"
    )
    parser.add_argument(
        "--engine-port", type=_port, default=8551, help="port of the Engine API (default 8551)"
    )
    parser.add_argument(
        "--jwt-secret",
        metavar="FILE",
        type=Path,
        help=f"32 bytes of hex, shared with op-node (default {SECRET_FILE} in the data folder "
        "or here, made when it is missing)",
    )
    parser.add_argument(
        "--data-dir", type=Path, help="folder for the chain; without it it lives in memory"
    )
    parser.add_argument(
        "--log-level", choices=("debug", "info", "warning", "error"), default="warning"
    )


def _port(text: str) -> int:
    """Read a port; 0 takes a free one."""
    port = int(text)
    if not 0 <= port < 65_536:
        raise argparse.ArgumentTypeError(f"{port} is no port: want 0 to 65535")
    return port


def run(arguments: argparse.Namespace) -> int:
    """Serve until stopped; 0 then, 2 when something was in the way."""
    return run_to_end(_serve(arguments))


async def _serve(arguments: argparse.Namespace) -> int:
    logs.set_up(arguments.log_level, arguments.data_dir)
    stop = stop_event()
    config = await read_rollup_config(arguments.rollup_config)
    secret_file, secret = _secret(arguments)
    settings = await _settings(arguments, config, secret)
    console = Console(highlight=False, soft_wrap=True)
    async with EngineNode(settings) as node:
        head = node.execution.engine.heads.unsafe
        name = f"execution engine of L2 {config.l2_chain_id}"
        console.print(f"Byline {package_version()}, {name}")
        console.print(f"L2 JSON-RPC  {node.l2_url}")
        console.print(f"Engine API   {node.engine_url}")
        console.print(f"JWT secret   {secret_file.resolve()}")
        console.print(f"runs on      {running(node.execution.engine.chain.engine.name)}")
        console.print(f"head         {head.number} 0x{head.hash.hex()}")
        console.print("stop         Ctrl-C")
        await stop.wait()
        console.print("stopping ...")
    return 0


def _secret(arguments: argparse.Namespace) -> tuple[Path, bytes]:
    """Return the secret and its file: the one named must be there, the usual one is made."""
    if arguments.jwt_secret is not None:
        return arguments.jwt_secret, read_secret(arguments.jwt_secret)
    path = (arguments.data_dir or Path()) / SECRET_FILE
    return path, read_or_create_secret(path)


async def _settings(
    arguments: argparse.Namespace, config: RollupConfig, secret: bytes
) -> EngineSettings:
    genesis = None
    if arguments.l2_genesis is not None:
        genesis = await asyncio.to_thread(
            l2_genesis_of, arguments.l2_genesis, config, arguments.genesis_dictionary
        )
    return EngineSettings(
        rollup_config=config,
        secret=secret,
        host=arguments.host,
        l2_port=arguments.l2_port,
        engine_port=arguments.engine_port,
        data_dir=arguments.data_dir,
        genesis=genesis,
        engine_name=engine_name(vars(arguments)),
    )
