"""`byline state`: write the accounts of a running chain to a file, or set them from one."""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Final

from byline.node.chain.anvil_state import NotAState, pack_state, read_state, unpacked, write_state
from byline.node.chain.genesis_account import GenesisAccount
from byline.node.cli.running import run_to_end
from byline.node.client import RpcClient
from byline.node.errors import NodeError

ACCOUNTS_AT_ONCE: Final = 200
SLOTS_AT_ONCE: Final = 10_000
CODE_AT_ONCE: Final = 512 << 10
"""Bytes.  One request carries no more than these, so that no limit of the server is met."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what to do, with which chain and which file."""
    parser.add_argument("action", choices=["dump", "load"])
    parser.add_argument(
        "--url",
        metavar="URL",
        default="http://127.0.0.1:9545",
        help="JSON-RPC of the chain, ours or anvil's (default %(default)s, the L2)",
    )
    parser.add_argument("file", metavar="FILE", type=Path, help="as anvil writes it")


def run(arguments: argparse.Namespace) -> int:
    """Dump or load; 2 when something is in the way."""
    return run_to_end(_dump(arguments) if arguments.action == "dump" else _load(arguments))


async def _dump(arguments: argparse.Namespace) -> int:
    async with RpcClient(arguments.url) as client:
        dumped = await client.call("anvil_dumpState")
    try:
        text = unpacked(bytes.fromhex(dumped[2:]))
        accounts = read_state(text)
        await asyncio.to_thread(arguments.file.write_bytes, text)
    except NotAState as exc:
        raise NodeError(f"{arguments.url}: {exc}") from exc
    except OSError as exc:
        raise NodeError(f"{arguments.file} is not written: {exc}") from exc
    print(f"{len(accounts)} accounts in {arguments.file}")
    return 0


async def _load(arguments: argparse.Namespace) -> int:
    try:
        accounts = read_state(await asyncio.to_thread(arguments.file.read_bytes))
    except (NotAState, OSError) as exc:
        raise NodeError(f"{arguments.file}: {exc}") from exc
    async with RpcClient(arguments.url) as client:
        for some in _parts(accounts):
            packed = pack_state(write_state(some))
            await client.call("anvil_loadState", f"0x{packed.hex()}")
    print(f"{len(accounts)} accounts loaded into {arguments.url}")
    return 0


def _parts(
    accounts: Mapping[bytes, GenesisAccount],
) -> Iterator[dict[bytes, GenesisAccount]]:
    """Yield accounts in parts that one request can carry; one of many slots comes repeatedly."""
    held: dict[bytes, GenesisAccount] = {}
    slots = code = 0
    for address, account in sorted(accounts.items()):
        words = sorted(account.storage.items())
        for first in range(0, max(1, len(words)), SLOTS_AT_ONCE):
            some = dict(words[first : first + SLOTS_AT_ONCE])
            full = slots + len(some) > SLOTS_AT_ONCE or code + len(account.code) > CODE_AT_ONCE
            if held and (full or address in held or len(held) >= ACCOUNTS_AT_ONCE):
                yield held
                held, slots, code = {}, 0, 0
            held[address] = replace(account, storage=some)
            slots, code = slots + len(some), code + len(account.code)
    if held:
        yield held
