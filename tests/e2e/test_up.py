"""`byline up` as a user meets it: the screen, stopping, and what stands in its way."""

import signal
import socket
import subprocess
from pathlib import Path

import pytest

from byline.node.assembly import L2_PREFIX
from byline.node.storage.leveldb import LevelKV
from byline.node.storage.migrations import SCHEMA
from byline.node.storage.tables import POINTERS
from tests.devnets import call, command, environment, running


def test_one_screen_says_what_runs_where(tmp_path: Path) -> None:
    with running(tmp_path) as devnet:
        assert "0x384" == call(devnet.l1_url, "eth_chainId")
        assert "0x385" == call(devnet.l2_url, "eth_chainId")
        for words in (
            "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266",
            "0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80",
            "OptimismPortal",
            "attribution math (native)",
            "0x4200000000000000000000000000000000000015",
            "in memory",
            "Ctrl-C",
        ):
            assert words in devnet.screen


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_stops_cleanly_when_asked(tmp_path: Path, number: int) -> None:
    with running(tmp_path, ["--data-dir", "data"]) as devnet:
        assert 0 == devnet.stop(number)


def refused(folder: Path, *arguments: str) -> str:
    """Run a command that must end with status 2 and one line; return the line."""
    done = subprocess.run(
        command(*arguments), capture_output=True, text=True, cwd=folder, env=environment()
    )
    assert (2, "") == (done.returncode, done.stdout)
    assert 1 == len(done.stderr.strip().splitlines()), done.stderr
    return done.stderr


def test_a_busy_port_is_one_clear_line(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        words = refused(tmp_path, "up", "--l1-port", "0", "--l2-port", str(port))

    assert str(port) in words
    assert "--l2-port" in words


def test_a_data_folder_in_use_is_one_clear_line(tmp_path: Path) -> None:
    with running(tmp_path, ["--data-dir", "data"]) as devnet:
        words = refused(tmp_path, "up", "--data-dir", "data", "--l1-port", "0", "--l2-port", "0")

    assert str(devnet.process.pid) in words
    assert "--data-dir" in words


def test_a_data_folder_of_a_later_version_is_one_clear_line(tmp_path: Path) -> None:
    with running(tmp_path, ["--data-dir", "data"]) as devnet:
        devnet.stop()
    kv = LevelKV(tmp_path / "data" / "chains")
    key = L2_PREFIX + POINTERS.key("schema")
    assert kv.get(key) == SCHEMA.to_bytes(4, "big")
    kv.write({key: (SCHEMA + 1).to_bytes(4, "big")})
    kv.close()
    words = refused(tmp_path, "up", "--data-dir", "data", "--l1-port", "0", "--l2-port", "0")

    assert "schema" in words


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["upp"], "did you mean up?"),
        (["up", "--fork", "jovain"], "did you mean jovian?"),
        (["up", "--l1-chain-id", "5", "--l2-chain-id", "5"], "both 5"),
        (["up", "--mixed"], "--block-time"),
        (["up", "--block-time", "0"], "at least 1"),
        (["up", "--l1-port", "70000"], "at most 65535"),
        (["up", "--l2-chain-id", str(2**53)], "at most 9007199254740991"),
        (["up", "--genesis-time", str(2**41)], "at most 1099511627776"),
        (["up", "--call-timeout", "nan"], "want a finite number"),
        (["up", "--block-time", "601"], "at most 600"),
        (["up", "--l1-rpc", "http://127.0.0.1:9"], "--rollup-config"),
        (
            ["up", "--l1-rpc", "http://h", "--rollup-config", "r.json", "--da", "blobs"],
            "--l1-beacon",
        ),
        (["up", "--block-time", "4", "--l1-block-time", "2"], "at least block_time"),
    ],
)
def test_a_wrong_setting_is_one_clear_line(
    tmp_path: Path, arguments: list[str], expected: str
) -> None:
    assert expected in refused(tmp_path, *arguments)


@pytest.mark.parametrize("folder", ["a-file", "a-file/below"])
def test_a_data_folder_that_cannot_be_one_is_one_clear_line(tmp_path: Path, folder: str) -> None:
    (tmp_path / "a-file").touch()
    words = refused(tmp_path, "up", "--data-dir", folder, "--l1-port", "0", "--l2-port", "0")

    assert folder in words
    assert "--data-dir" in words


def test_an_address_of_nowhere_is_one_clear_line(tmp_path: Path) -> None:
    words = refused(tmp_path, "up", "--host", "999.1.1.1", "--l1-port", "0", "--l2-port", "0")

    assert "--host 999.1.1.1" in words


def test_an_unknown_key_in_the_file_names_the_nearest(tmp_path: Path) -> None:
    (tmp_path / "byline.toml").write_text("blok_time = 2\n")

    assert "did you mean block_time?" in refused(tmp_path, "up")
