"""States in files: `byline up --state`, `--load-state`, and `byline state`."""

from __future__ import annotations

import hashlib
import json
import subprocess
from pathlib import Path

from tests.anvils import running_anvil
from tests.devnets import call, command, environment, running

RICH = "0x" + "77" * 20
CODED = "0x" + "78" * 20


def byline(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command(*arguments),
        cwd=folder,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_a_devnet_goes_on_with_the_state_of_the_one_before(tmp_path: Path) -> None:
    with running(tmp_path, ["--state", "state.json"]) as devnet:
        call(devnet.l2_url, "anvil_setBalance", RICH, "0x5")
        call(devnet.l1_url, "anvil_setCode", CODED, "0x6001")
        assert devnet.stop() == 0
    assert set(json.loads((tmp_path / "state.json").read_text())) == {"l1", "l2"}
    arguments = ["--load-state", "state.json", "--dump-state", "after.json"]
    with running(tmp_path, arguments) as devnet:
        assert call(devnet.l2_url, "eth_getBalance", RICH) == "0x5"
        assert call(devnet.l1_url, "eth_getCode", CODED) == "0x6001"
        assert devnet.stop() == 0
    assert RICH in json.loads((tmp_path / "after.json").read_text())["l2"]["accounts"]


def test_a_state_goes_from_anvil_to_a_devnet_and_back(tmp_path: Path) -> None:
    with running_anvil() as anvil, running(tmp_path) as devnet:
        call(anvil, "anvil_setCode", CODED, "0x6001")
        done = byline(tmp_path, "state", "dump", "--url", anvil, "anvil.json")
        assert done.returncode == 0, done.stderr
        done = byline(tmp_path, "state", "load", "--url", devnet.l2_url, "anvil.json")
        assert done.returncode == 0, done.stderr
        assert call(devnet.l2_url, "eth_getCode", CODED) == "0x6001"
        call(devnet.l2_url, "anvil_setBalance", RICH, "0x9")
        assert byline(tmp_path, "state", "dump", "--url", devnet.l2_url, "l2.json").returncode == 0
        assert byline(tmp_path, "state", "load", "--url", anvil, "l2.json").returncode == 0
        assert call(anvil, "eth_getBalance", RICH, "latest") == "0x9"


def test_an_account_of_many_slots_is_carried_in_parts(tmp_path: Path) -> None:
    slots = {hash_of(number): f"0x{number + 1:x}" for number in range(25_000)}
    accounts = {RICH: {"balance": "0x7", "code": "0x60", "storage": slots}}
    (tmp_path / "large.json").write_text(json.dumps({"accounts": accounts}))
    with running(tmp_path) as devnet:
        done = byline(tmp_path, "state", "load", "--url", devnet.l2_url, "large.json")
        assert done.returncode == 0, done.stderr
        for number in (0, 12_345, 24_999):
            word = call(devnet.l2_url, "eth_getStorageAt", RICH, hash_of(number), "latest")
            assert int(word, 16) == number + 1
        assert call(devnet.l2_url, "eth_getBalance", RICH) == "0x7"


def hash_of(number: int) -> str:
    return "0x" + hashlib.sha256(number.to_bytes(8, "big")).hexdigest()


def test_what_cannot_be_done_is_said_in_a_line(tmp_path: Path) -> None:
    (tmp_path / "none.json").write_text("{}x")
    for arguments, words in (
        (["up", "--load-state", "none.json"], "none.json: no state to load"),
        (["up", "--load-state", "missing.json"], "missing.json"),
        (["up", "--state", "a.json", "--dump-state", "b.json"], "--state is"),
        (["state", "load", "none.json"], "none.json"),
        (["state", "dump", "--url", "http://127.0.0.1:1", "x.json"], "127.0.0.1:1"),
    ):
        done = byline(
            tmp_path, *arguments, *(["--l1-port", "0", "--l2-port", "0"] * (arguments[0] == "up"))
        )
        assert done.returncode == 2, (arguments, done.stdout)
        assert words in done.stdout + done.stderr
        assert "Traceback" not in done.stderr
