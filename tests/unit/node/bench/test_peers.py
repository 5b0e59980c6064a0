"""Peers are found where `make clients` puts them, and named where they are not."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from byline.node.bench import peers
from byline.node.bench.effort import Bench
from byline.node.evm.engines import DEFAULT
from byline.node.evm.pyevm import PyEvmEngine


@pytest.fixture
def nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Stand in an empty folder, with nothing installed."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    return tmp_path


def test_a_peer_that_is_not_there_is_left_out_and_named(nowhere: Path) -> None:
    assert len(peers.everyone(Bench())) == 1
    assert peers.missing() == [
        "anvil is not installed: `make clients` does it",
        "hardhat is not installed: `make clients` does it",
    ]


def test_hardhat_runs_on_the_node_installed_for_it_in_a_project_of_its_own(nowhere: Path) -> None:
    modules = nowhere / peers.CLIENTS
    for name in ("hardhat/dist/src/cli.js", "node/bin/node"):
        (modules / name).parent.mkdir(parents=True)
        (modules / name).touch()
    (found,) = peers.others()
    command = found.command(1234, 1235, nowhere)

    assert command[:3] == [
        str(modules / "node/bin/node"),
        str(modules / "hardhat/dist/src/cli.js"),
        "node",
    ]
    assert "1234" in command
    assert found.environment(nowhere)["HARDHAT_DISABLE_TELEMETRY"] == "true"
    assert found.folder is not None
    assert json.loads((found.folder / "package.json").read_text())["type"] == "module"
    config = (found.folder / "hardhat.config.js").read_text()
    networks = json.loads(config.removeprefix("export default ").rstrip(";\n"))["networks"]
    assert networks["bench"]["chainId"] == peers.CHAIN_ID
    # Without a version of Solidity there is no compiler to fetch.
    assert "solidity" not in config


def test_the_program_of_anvil_is_started_and_not_the_script_that_starts_it(nowhere: Path) -> None:
    modules = nowhere / peers.CLIENTS
    program = modules / "@foundry-rs/anvil-some-machine/bin/anvil"
    for path in (program, modules / ".bin/anvil", modules / "@foundry-rs/anvil/bin.mjs"):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    (found,) = peers.others()

    assert found.command(1234, 1235, nowhere)[0] == str(program)
    assert found.environment(nowhere)["HOME"] == str(nowhere)


def test_the_engine_is_told_to_the_node_that_is_started() -> None:
    ours, disk = peers.byline("pyevm"), peers.on_disk(peers.byline())

    assert list(ours.command(1, 2, Path()))[-2:] == ["--engine", "pyevm"]
    assert list(disk.command(1, 2, Path("/x")))[-4:] == [
        "--engine",
        DEFAULT,
        "--data-dir",
        "/x/data",
    ]


@pytest.mark.parametrize(("runs", "name"), [(DEFAULT, "byline"), ("slow", "byline (slow)")])
def test_the_name_tells_what_runs_and_not_what_was_asked_for(
    runs: str, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = PyEvmEngine()
    monkeypatch.setattr(engine, "name", runs, raising=False)
    monkeypatch.setattr(peers, "make_engine", lambda _: engine)

    assert peers.byline().name == name
