"""Which engine a command runs on: flag over environment over byline.toml over the default."""

from pathlib import Path

import pytest

from byline.node import config
from byline.node.cli.banner import running
from byline.node.errors import ConfigError
from byline.node.evm import engines
from byline.node.settings import ENGINE

OTHERS = {"BYLINE_L1_RPC": "http://127.0.0.1:1"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "byline.toml").write_text('engine = "pyevm"\n')
    return tmp_path


def test_each_place_goes_before_the_next(
    folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    nowhere = tmp_path_factory.mktemp("nothing")
    environment = {"BYLINE_ENGINE": "fast"}
    for read in (
        config.engine_name,
        lambda *where: config.load(*where).engine,
    ):
        assert read({}, {}, nowhere) == engines.DEFAULT
        assert read({}, {}, folder) == "pyevm"
        assert read({}, environment, folder) == "fast"
        assert read({"engine": "pyevm"}, environment, nowhere) == "pyevm"


def test_a_command_that_takes_only_the_engine_minds_no_other_setting(folder: Path) -> None:
    with pytest.raises(ConfigError, match="--l1-rpc needs --rollup-config"):
        config.load({}, OTHERS, folder)
    assert config.engine_name({}, OTHERS, folder) == "pyevm"


def test_a_name_that_is_none_is_refused_where_it_stands(tmp_path: Path) -> None:
    with pytest.raises(
        ConfigError, match=r"BYLINE_ENGINE: engine is 'pyvm', want one of .* pyevm"
    ):
        config.engine_name({}, {"BYLINE_ENGINE": "pyvm"}, tmp_path)
    assert ENGINE.choices == tuple(engines.ENGINES)


def test_the_screen_says_why_py_evm_runs_where_the_compiled_one_cannot(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("BYLINE_NO_EXTENSIONS", "1")
    engines.why_not_fast.cache_clear()
    try:
        assert running("pyevm").startswith("pyevm: BYLINE_NO_EXTENSIONS is set")
    finally:
        engines.why_not_fast.cache_clear()
    assert running("fast") == "fast"
