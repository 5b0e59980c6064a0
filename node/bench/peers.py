"""Who is measured beside this node, and how each is started.

`make clients` installs the others under build/clients; one that is not there is left out,
with a line that says so.
"""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, Literal

from byline.derivation.constants import L1_BLOCK
from byline.node.accounts import DEV_ACCOUNTS, TEST_MNEMONIC
from byline.node.bench.effort import Bench
from byline.node.evm.engines import DEFAULT
from byline.node.evm.engines import engine as make_engine

CLIENTS: Final = Path("build/clients/node_modules")
CHAIN_ID: Final = 901
BLOCK_GAS: Final = 300_000_000
"""Gas limit of the peers' blocks: room for the big block of token transfers."""
HARDHAT_FOLDER: Final = Path("build/clients/bench")


@dataclass(frozen=True, slots=True)
class Probe:
    """A request whose answer, neither null nor empty, shows that a server is ready."""

    method: str
    params: tuple[object, ...] = ()
    port: Literal["main", "other"] = "main"


def _nothing(_: Path) -> Mapping[str, str]:
    return {}


@dataclass(frozen=True, slots=True)
class Peer:
    """A program that serves an Ethereum JSON-RPC with the usual development accounts."""

    name: str
    command: Callable[[int, int, Path], Sequence[str]]
    """Makes the command line from the port to serve, a second free one and its folder."""
    ready: tuple[Probe, ...] = (Probe("eth_chainId"),)
    environment: Callable[[Path], Mapping[str, str]] = _nothing
    """Makes variables from its folder."""
    folder: Path | None = None
    """Where it is started, if that matters."""
    two_chains: bool = False
    """Whether it serves another chain on its second port."""


def byline(engine: str = DEFAULT) -> Peer:
    """Return this project: ready when both chains answer, with the contracts on the L2.

    Its name tells the engine where that is not the default one.
    """
    running = make_engine(engine).name
    return Peer(
        "byline" if running == DEFAULT else f"byline ({running})",
        lambda port, other, _: [
            sys.executable, "-m", "byline.node", "up",
            "--l2-port", str(port), "--l1-port", str(other), "--engine", engine,
        ],
        ready=(
            Probe("eth_getCode", ("0x" + L1_BLOCK.hex(), "latest")),
            Probe("eth_chainId", port="other"),
        ),
        two_chains=True,
    )  # fmt: skip


def on_disk(ours: Peer) -> Peer:
    """Return this project with its chains in LevelDB."""
    return replace(
        ours,
        name=f"{ours.name}, --data-dir",
        command=lambda port, other, folder: [
            *ours.command(port, other, folder), "--data-dir", str(folder / "data"),
        ],
    )  # fmt: skip


def anvil() -> Peer | None:
    """Return anvil if it is installed here."""
    # Not .bin/anvil: that is a script that starts the program and would be measured instead.
    local = next(CLIENTS.glob("@foundry-rs/anvil-*/bin/anvil"), None)
    program = str(local.resolve()) if local else shutil.which("anvil")
    if program is None:
        return None
    return Peer(
        "anvil",
        lambda port, _, __: [
            program, "--port", str(port), "--chain-id", str(CHAIN_ID),
            "--gas-limit", str(BLOCK_GAS), "--accounts", str(DEV_ACCOUNTS),
        ],
        # It keeps states under the home folder, and leaves them there.
        environment=lambda folder: {"HOME": str(folder)},
    )  # fmt: skip


def hardhat() -> Peer | None:
    """Return Hardhat if it is installed here, with the Node that was installed for it."""
    program = CLIENTS / "hardhat/dist/src/cli.js"
    local = CLIENTS / "node/bin/node"
    node = str(local.resolve()) if local.exists() else shutil.which("node")
    if not program.exists() or node is None:
        return None
    path = str(program.resolve())
    return Peer(
        "hardhat",
        lambda port, _, __: [
            node, path, "node", "--network", "bench",
            "--hostname", "127.0.0.1", "--port", str(port),
        ],
        environment=lambda folder: {
            "HOME": str(folder), "CI": "true", "HARDHAT_DISABLE_TELEMETRY": "true",
        },
        folder=_hardhat_folder(),
    )  # fmt: skip


def _hardhat_folder() -> Path:
    """Write a Hardhat project with nothing but a network; it must stand beside its packages."""
    folder = HARDHAT_FOLDER.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    network = {
        "type": "edr-simulated",
        "chainType": "l1",
        "chainId": CHAIN_ID,
        "blockGasLimit": BLOCK_GAS,
        "loggingEnabled": False,
        "accounts": {
            "mnemonic": TEST_MNEMONIC,
            "count": DEV_ACCOUNTS,
            "accountsBalance": str(10_000 * 10**18),
        },
    }
    config = json.dumps({"networks": {"bench": network}}, indent=2)
    (folder / "hardhat.config.js").write_text(f"export default {config};\n")
    package = {"name": "byline-bench", "private": True, "type": "module"}
    (folder / "package.json").write_text(json.dumps(package) + "\n")
    return folder


_OTHERS: Final[Mapping[str, Callable[[], Peer | None]]] = {"anvil": anvil, "hardhat": hardhat}


def others() -> list[Peer]:
    """Return the peers that are installed."""
    return [peer for make in _OTHERS.values() if (peer := make()) is not None]


def missing() -> list[str]:
    """Return a line for each peer that is not installed."""
    return [
        f"{name} is not installed: `make clients` does it"
        for name, make in _OTHERS.items()
        if make() is None
    ]


def everyone(bench: Bench) -> list[Peer]:
    """Return this node and the peers that are installed, this node first."""
    return [byline(bench.engine), *others()]
