"""Settings of who may ask, and for how much."""

from __future__ import annotations

import gc
import resource
from pathlib import Path
from typing import Any

import pytest

from byline.node import descriptors, garbage
from byline.node.config import NodeConfig, changed, load
from byline.node.errors import ConfigError
from byline.node.settings import SETTINGS
from byline.rpc.limits import BOUNDS, Limits


def read(folder: Path, arguments: dict[str, Any], **environment: str) -> NodeConfig:
    return load(arguments, environment, folder)


def test_every_bound_has_its_default_and_can_be_set_from_everywhere(tmp_path: Path) -> None:
    assert read(tmp_path, {}).limits == Limits()
    (tmp_path / "byline.toml").write_text("max_filters = 3\nmax_batch_items = 4\n")
    found = read(tmp_path, {"max_batch_items": "5"}, BYLINE_BODY_SECONDS="2.5")
    assert found.limits == Limits(filters=3, batch_items=5, body_seconds=2.5)
    assert found.value("max_batch_items") == 5
    assert found.sources["max_batch_items"] == "--max-batch-items"
    assert changed(found, {"max_filters": None}).limits.filters == Limits().filters


@pytest.mark.parametrize("bound", BOUNDS, ids=[bound.setting for bound in BOUNDS])
def test_a_bound_below_the_least_is_refused(tmp_path: Path, bound: Any) -> None:
    with pytest.raises(ConfigError, match=f"want at least {bound.least}"):
        read(tmp_path, {bound.setting: str(bound.least - 1)})


def test_lists_come_from_repeated_flags_commas_and_toml(tmp_path: Path) -> None:
    assert read(tmp_path, {"allow_host": ["a", "B.example,c"]}, BYLINE_ALLOW_HOST="d") == (
        read(tmp_path, {"allow_host": ["a", "b.example", "c"]})
    )
    assert read(tmp_path, {}, BYLINE_ALLOW_ORIGIN="http://a, *").allow_origin == ("http://a", "*")
    (tmp_path / "byline.toml").write_text('allow_host = ["x", "y"]\n')
    assert read(tmp_path, {}).allow_host == ("x", "y")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("allow_host", ["http://a"]),
        ("allow_host", 5),
        ("allow_host", [5]),
        ("allow_origin", ["example.org"]),
    ],
)
def test_a_host_or_origin_that_could_not_match_is_refused(
    tmp_path: Path, name: str, value: Any
) -> None:
    with pytest.raises(ConfigError, match=f"{name} is"):
        changed(NodeConfig(), {name: value})


def test_a_socket_for_somebody_elses_l1_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="--l1-ipc"):
        read(
            tmp_path,
            {"l1_rpc": "http://x", "rollup_config": "rollup.json", "l1_ipc": tmp_path / "l1.ipc"},
        )


def test_settings_have_names_of_their_own() -> None:
    names = [setting.name for setting in SETTINGS]
    assert len(set(names)) == len(names)
    assert all(NodeConfig().value(name) is not NodeConfig for name in names)


def test_the_bound_of_open_files_is_raised_and_never_lowered() -> None:
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (256, before[1]))
        descriptors.allow_many()
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        assert soft == min(descriptors.WANTED, hard)
        assert hard == before[1]
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)


def test_what_is_there_at_the_start_is_left_out_of_collections() -> None:
    before = gc.get_threshold()
    try:
        garbage.settle()
        assert gc.get_freeze_count() > 1_000
        assert gc.get_threshold() == (garbage.YOUNG, *garbage.ROUNDS)
    finally:
        gc.unfreeze()
        gc.set_threshold(*before)
