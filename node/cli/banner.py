"""The start screen: what runs where, in one look."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rich import box
from rich.console import Console, Group
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

from byline.derivation.constants import L1_BLOCK
from byline.node.accounts import DEV_BALANCE, TEST_MNEMONIC, dev_accounts
from byline.node.contracts.gas_token import GasToken, read_gas_token
from byline.node.evm.engines import REFERENCE, why_not_fast
from byline.node.forking.origin import Fork
from byline.node.hexes import checksum
from byline.node.http_words import server_of
from byline.node.shell import NodeShell
from byline.node.version import package_version
from byline.precompiles import PRECOMPILES
from byline.precompiles.state import ATTRIBUTION_STATE

WIDEST = 1_000
"""Columns that a line may need; none comes near."""


def print_banner(console: Console, devnet: NodeShell, log_file: Path | None) -> None:
    """Print chains, URLs, addresses, accounts with keys, and where data and logs are."""
    parts = (
        Text(f"\nByline {package_version()}", style="bold"),
        _chains(devnet),
        _contracts(devnet),
        _accounts(devnet),
        _places(devnet, log_file),
    )
    # A key that a table breaks in two cannot be copied: let the terminal wrap long lines.
    unbounded = console.options.update(max_width=WIDEST)
    needed = max(Measurement.get(console, unbounded, part).maximum for part in parts)
    console.width = max(console.width, needed)
    console.print(Group(*parts), crop=False)


def _table(*columns: str) -> Table:
    table = Table(box=box.SIMPLE, pad_edge=False)
    for column in columns:
        table.add_column(column, overflow="fold", no_wrap=False)
    return table


def _chains(devnet: NodeShell) -> Table:
    config, rollup = devnet.config, devnet.rollup
    table = _table("chain", "id", "gas", "HTTP and WebSocket", "head", "blocks")
    pace = f"every {rollup.mining.interval} s" if rollup.mining.interval else ""
    if rollup.mining.automine:
        pace = f"{pace} and " if pace else ""
        pace += "on each transaction"
    slow = f"every {rollup.mining.l1_interval} s" if rollup.mining.interval else pace
    if devnet.settings.l1_rpc:
        slow = "by others"
    l1_head = str(rollup.l1.head.number)
    table.add_row("L1", str(config.l1_chain_id), "ETH", server_of(devnet.l1_url), l1_head, slow)
    head = rollup.engine.heads.unsafe.number
    symbol = _gas_token(devnet).symbol
    table.add_row("L2", str(config.l2_chain_id), symbol, devnet.l2_url, str(head), pace)
    return table


def _contracts(devnet: NodeShell) -> Table:
    table = _table("contract", "on", "address")
    for name, backend in devnet.backends.items():
        for contract, address in backend.contracts.items():
            table.add_row(contract, name.upper(), checksum(address))
    for address, precompile in PRECOMPILES.items():
        table.add_row(f"{precompile.name} (native)", "L2", checksum(address))
    if devnet.rollup.engine.config.credit_vault is not None:
        table.add_row("attribution state (native)", "L2", checksum(ATTRIBUTION_STATE))
    return table


def _gas_token(devnet: NodeShell) -> GasToken:
    """Return what pays for gas on the L2, as its L1Block says."""
    chain = devnet.rollup.engine.chain
    machine = chain.machine(chain.head)
    return read_gas_token(lambda slot: machine.storage(L1_BLOCK, slot))


def _accounts(devnet: NodeShell) -> Table:
    each = f"{DEV_BALANCE // 10**18:,}"
    symbol = _gas_token(devnet).symbol
    l1 = "ETH" if symbol == "ETH" else f"ETH and {each} {symbol}"
    balance = f" ({each} {l1} each on the L1, {each} {symbol} on the L2)"
    # What a genesis file gives them is for the file to say.
    from_file = devnet.settings.l2_genesis is not None
    table = _table("account", "address" + ("" if from_file else balance), "key")
    for index, account in enumerate(dev_accounts()):
        table.add_row(str(index), checksum(account.address), "0x" + account.key.hex())
    return table


def running(engine: str) -> str:
    """Return which engine executes code and, where the default one cannot, why."""
    why = why_not_fast() if engine == REFERENCE else None
    return f"{engine}: {why}" if why else engine


def _logs(log_file: Path | None) -> str:
    """Return where messages go."""
    if log_file is None:
        return "standard error: a line for each transaction and failed call (-v shows more)"
    also = ", and here" if sys.stderr.isatty() else ""
    return f"{log_file.resolve()}{also}"


def ready(devnet: NodeShell, log_file: Path | None) -> dict[str, Any]:
    """Return what the start screen says, for JSON."""
    config, rollup = devnet.config, devnet.rollup
    return {
        "time": datetime.now(UTC).isoformat(timespec="milliseconds"),
        "level": "info",
        "logger": "byline.up",
        "message": "ready",
        "version": package_version(),
        "l1": {
            "chain_id": config.l1_chain_id,
            "url": server_of(devnet.l1_url),
            "gas_token": "ETH",
        },
        "l2": {
            "chain_id": config.l2_chain_id,
            "url": devnet.l2_url,
            "gas_token": _gas_token(devnet).symbol,
        },
        "engine": rollup.engine.chain.engine.name,
        "data_dir": _path(devnet.settings.data_dir),
        "log_file": _path(log_file),
        "mnemonic": TEST_MNEMONIC,
        "accounts": [
            {"address": checksum(account.address), "key": "0x" + account.key.hex()}
            for account in dev_accounts()
        ],
        "contracts": {
            name: {contract: checksum(at) for contract, at in backend.contracts.items()}
            for name, backend in devnet.backends.items()
        },
    }


def _path(path: Path | None) -> str | None:
    return None if path is None else str(path.resolve())


def _forks(devnet: NodeShell) -> str:
    lines = []
    for name in devnet.backends:
        fork = devnet.rollup.chain(name).beneath
        if isinstance(fork, Fork):
            lines.append(
                f"fork      the {name.upper()} goes on from {fork.place.name}, {fork.identity}\n"
            )
    if lines:
        lines.append("          state roots are of what differs from there\n")
    return "".join(lines)


def _places(devnet: NodeShell, log_file: Path | None) -> Text:
    folder, genesis = devnet.settings.data_dir, devnet.settings.l2_genesis
    also = f" --l2-genesis {genesis}" if genesis is not None else ""
    if isinstance(fork := devnet.rollup.chain("l2").beneath, Fork):
        also += f" --fork-url {fork.place.name}"
    return Text(
        f"mnemonic  {TEST_MNEMONIC}\n"
        f"{_forks(devnet)}"
        f"engine    {running(devnet.rollup.engine.chain.engine.name)}\n"
        f"data      {folder.resolve() if folder else 'in memory: gone when this stops'}\n"
        f"logs      {_logs(log_file)}\n"
        f"verify    byline verify --l1 {server_of(devnet.l1_url)} "
        f"--rollup-config {devnet.l2_url}{also}\n"
        "stop      Ctrl-C\n"
    )
