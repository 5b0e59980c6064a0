"""`byline engine` as a user meets it: the screen, the secret, stopping, what stands in its way."""

from __future__ import annotations

import contextlib
import json
import re
import signal
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from byline.node.config import NodeConfig
from byline.node.engine_api.jwt import make_token, read_secret
from tests.devnets import call, command, environment, wait_for
from tests.integration.rollups import world


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder with the rollup config of a chain nobody runs."""
    config = world(NodeConfig()).rollup.engine.config
    (tmp_path / "rollup.json").write_text(json.dumps(config.to_json()))
    return tmp_path


@contextlib.contextmanager
def engine(folder: Path, *arguments: str) -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    """Run an engine on free ports and give its process and its screen."""
    path = folder / f"screen-{time.monotonic_ns()}.txt"
    words = command("engine", "--l2-port", "0", "--engine-port", "0", *arguments)
    with path.open("w") as output:
        process = subprocess.Popen(
            words, stdout=output, stderr=subprocess.STDOUT, cwd=folder, env=environment()
        )
    try:
        wait_for(lambda: "Ctrl-C" in path.read_text() or process.poll() is not None, 60)
        yield process, path.read_text()
    finally:
        if process.poll() is None:
            process.kill()
        process.wait(30)


def urls(screen: str) -> tuple[str, str]:
    l2, api = re.findall(r"http://127\.0\.0\.1:\d+", screen)
    return l2, api


def with_token(url: str, secret: bytes) -> Any:
    """Ask the engine's port for its capabilities."""
    request = {"jsonrpc": "2.0", "id": 1, "method": "engine_exchangeCapabilities", "params": [[]]}
    headers = {
        "content-type": "application/json",
        "authorization": f"Bearer {make_token(secret, int(time.time()))}",
    }
    body = json.dumps(request).encode()
    with urllib.request.urlopen(urllib.request.Request(url, body, headers)) as answer:
        return json.load(answer)["result"]


def test_an_engine_makes_its_secret_once_serves_both_ports_and_stops(folder: Path) -> None:
    with engine(folder, "--data-dir", "data") as (process, screen):
        l2, api = urls(screen)
        made = folder / "data" / "jwt.hex"
        assert str(made) in screen
        assert made.stat().st_mode & 0o077 == 0
        secret = read_secret(made)
        assert call(l2, "eth_blockNumber") == "0x0"
        assert "engine_newPayloadV4" in with_token(api, secret)
        with pytest.raises(urllib.error.HTTPError) as refused:
            with_token(api, bytes(32))
        assert refused.value.code == 401
        refused.value.close()
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0
    with engine(folder, "--data-dir", "data") as (_, screen):
        assert read_secret(made) == secret
        assert "engine_newPayloadV4" in with_token(urls(screen)[1], secret)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--rollup-config", "none.json"], "none.json"),
        (["--jwt-secret", "none.hex"], "none.hex"),
        (["--jwt-secret", "rollup.json"], "64 hex digits"),
        (["--l2-genesis", "none.json"], "none.json"),
    ],
)
def test_what_an_engine_cannot_use_is_one_clear_line(
    folder: Path, arguments: list[str], words: str
) -> None:
    done = subprocess.run(
        command("engine", "--l2-port", "0", "--engine-port", "0", *arguments),
        capture_output=True,
        text=True,
        cwd=folder,
        env=environment(),
        timeout=60,
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert len(done.stderr.strip().splitlines()) == 1
    assert words in done.stderr


def test_the_rollup_config_of_another_genesis_is_refused(folder: Path) -> None:
    path = folder / "rollup.json"
    document = json.loads(path.read_text())
    document["genesis"]["l2"]["hash"] = "0x" + "11" * 32
    path.write_text(json.dumps(document))
    with engine(folder) as (process, screen):
        assert process.returncode == 2
        assert "genesis" in screen
        assert "0x" + "11" * 32 in screen
