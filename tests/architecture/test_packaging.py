"""What pyproject.toml says is what the folders hold."""

from __future__ import annotations

import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[2]
PARTS = ("derivation", "node", "precompiles", "rpc")


def test_every_package_is_listed() -> None:
    config = tomllib.loads((ROOT / "pyproject.toml").read_text())
    on_disk = {
        "byline." + ".".join(init.parent.relative_to(ROOT).parts)
        for part in PARTS
        for init in (ROOT / part).rglob("__init__.py")
    }

    assert on_disk == set(config["tool"]["setuptools"]["packages"])


def test_every_folder_with_code_is_a_package() -> None:
    for part in PARTS:
        for path in (ROOT / part).rglob("*.py"):
            assert (path.parent / "__init__.py").is_file(), f"{path.parent} lacks __init__.py"


def test_every_part_is_typed() -> None:
    for part in PARTS:
        assert (ROOT / part / "py.typed").is_file(), f"{part} lacks py.typed"


def test_no_part_is_imported_under_its_bare_name() -> None:
    assert not set(PARTS) & {name.partition(".")[0] for name in sys.modules}
