"""`byline verify` as a user meets it when something is in its way."""

import json
import subprocess
from pathlib import Path

from tests.devnets import Running, call, command, environment


def refused(folder: Path, *arguments: str) -> str:
    """Run `verify`, which must end with status 2 and one line; return the line."""
    done = subprocess.run(
        command("verify", *arguments),
        capture_output=True,
        text=True,
        cwd=folder,
        env=environment(),
    )
    assert 2 == done.returncode, done.stdout
    assert 1 == len(done.stderr.strip().splitlines()), done.stderr
    return done.stderr


def test_an_l1_that_does_not_answer_is_one_clear_line(devnet: Running, tmp_path: Path) -> None:
    (tmp_path / "rollup.json").write_text(json.dumps(call(devnet.l2_url, "optimism_rollupConfig")))
    nobody = "http://127.0.0.1:9"

    words = refused(tmp_path, "--l1", nobody, "--rollup-config", "rollup.json")
    assert nobody in words


def test_a_config_of_another_l1_is_one_clear_line(devnet: Running, tmp_path: Path) -> None:
    config = call(devnet.l2_url, "optimism_rollupConfig")
    config["genesis"]["l1"]["hash"] = "0x" + "ab" * 32
    (tmp_path / "rollup.json").write_text(json.dumps(config))

    words = refused(tmp_path, "--l1", devnet.l1_url, "--rollup-config", "rollup.json")
    assert "not the L1 of that rollup" in words


def test_a_missing_config_is_one_clear_line(tmp_path: Path) -> None:
    assert "rollup.json" in refused(tmp_path, "--rollup-config", "rollup.json")
