"""Engines by name, and what runs where the compiled one cannot."""

import logging
from collections.abc import Iterator

import pytest

from byline.node.evm import engines
from byline.node.evm.engines import engine


@pytest.fixture
def without_extensions(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("BYLINE_NO_EXTENSIONS", "1")
    for cached in (engines.why_not_fast, engines._warn_once):
        cached.cache_clear()
    yield
    for cached in (engines.why_not_fast, engines._warn_once):
        cached.cache_clear()


@pytest.mark.parametrize("name", list(engines.ENGINES))
def test_an_engine_is_what_it_was_asked_for_by(name: str) -> None:
    assert engine(name).name == name


def test_the_default_is_the_compiled_one_which_runs_here() -> None:
    assert engine().name == engines.DEFAULT == "fast"
    assert engines.why_not_fast() is None


def test_an_unknown_name_is_refused_with_the_nearest() -> None:
    with pytest.raises(
        ValueError, match="no engine 'fats', want one of fast, pyevm; did you mean"
    ):
        engine("fats")


def test_py_evm_stands_in_with_one_warning_where_nothing_is_compiled(
    without_extensions: None, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        found = [engine("fast").name, engine("fast").name]
    assert found == ["pyevm", "pyevm"]
    assert len(caplog.messages) == 1
    assert "BYLINE_NO_EXTENSIONS" in caplog.messages[0]
