"""The public face: what `__all__` offers is there, and a room's list names what is in it."""

from __future__ import annotations

import ast
import importlib
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PARTS = ("derivation", "node", "precompiles", "rpc")
PACKAGES = sorted(
    str(path.parent.relative_to(ROOT))
    for part in PARTS
    for path in ROOT.glob(f"{part}/**/__init__.py")
)


def offered(text: str) -> list[str] | None:
    """Return the names in the `__all__` of a module, or `None` when it has none."""
    for item in ast.parse(text).body:
        if isinstance(item, ast.Assign) and any(
            isinstance(target, ast.Name) and target.id == "__all__" for target in item.targets
        ):
            return [str(name) for name in ast.literal_eval(item.value)]
    return None


def modules_with_all() -> list[str]:
    return sorted(
        str(path.relative_to(ROOT))
        for part in PARTS
        for path in ROOT.glob(f"{part}/**/*.py")
        if offered(path.read_text()) is not None
    )


def module_name(path: str) -> str:
    return "byline." + path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def front(package: str) -> str:
    """Return the `__init__.py` of a package: its docstring, or a table of modules below it."""
    return (ROOT / package / "__init__.py").read_text()


def docstring(package: str) -> str:
    return ast.get_docstring(ast.parse(front(package))) or ""


def contents(folder: Path) -> set[str]:
    """Return the modules of a package, without `.py`, and the packages in it."""
    files = {path.stem for path in folder.glob("*.py*") if path.suffix in (".py", ".pyx")}
    rooms = {path.parent.name for path in folder.glob("*/__init__.py")}
    return (files | rooms) - {"__init__", "__main__"}


def unnamed(folder: Path, text: str) -> set[str]:
    """Return what is in a package and not named in `text`."""
    return {name for name in contents(folder) if not re.search(rf"(?<![\w-]){name}\b", text)}


def listed(text: str) -> list[str]:
    """Return the first column of a list of files in a docstring."""
    row = re.compile(r"^ *(?:\d+\. )?([a-z_0-9]\w*(?:/\w+)*(?:\.pyx?|/)?) {2,}\S", re.MULTILINE)
    return row.findall(text)


def absent(folder: Path, text: str) -> set[str]:
    """Return the rows of the list in `text` for which there is no file or folder."""
    return {
        row
        for row in listed(text)
        if not any((folder / name).exists() for name in (row, f"{row}.py", f"{row}.pyx"))
    }


def test_modules_with_a_public_list_were_found() -> None:
    assert "precompiles/__init__.py" in modules_with_all()


@pytest.mark.parametrize("path", modules_with_all())
def test_every_name_that_a_module_offers_is_there(path: str) -> None:
    names = offered((ROOT / path).read_text())
    assert names
    module = importlib.import_module(module_name(path))
    missing = [name for name in names if not hasattr(module, name)]
    assert not missing, f"{path}: __all__ names {missing}, which the module does not have"
    assert len(names) == len(set(names)), f"{path}: __all__ names something twice"


def test_entry_points_are_there() -> None:
    main = importlib.import_module("byline.node.cli").main
    assert callable(main)


@pytest.mark.parametrize("package", PACKAGES)
def test_the_front_of_a_room_names_all_that_is_in_it(package: str) -> None:
    missing = unnamed(ROOT / package, front(package))
    assert not missing, (
        f"{package}/__init__.py does not name {sorted(missing)}: say in a line of its docstring "
        "what each is for, where it belongs in the order of reading"
    )


@pytest.mark.parametrize("package", PACKAGES)
def test_the_docstring_of_a_room_names_nothing_that_is_gone(package: str) -> None:
    gone = absent(ROOT / package, docstring(package))
    assert not gone, f"{package}/__init__.py: its docstring lists {sorted(gone)}, not there"


def test_the_guards_see_what_is_missing_and_what_is_gone(tmp_path: Path) -> None:
    for name in ("__init__.py", "one.py", "two.pyx"):
        (tmp_path / name).touch()
    (tmp_path / "room").mkdir()
    (tmp_path / "room" / "__init__.py").touch()

    assert unnamed(tmp_path, "one.py  this\nroom/  that\n") == {"two"}
    assert unnamed(tmp_path, "someone.py  this, two.pyx and room") == {"one"}
    assert absent(tmp_path, "one.py  x\ntwo  y\nroom/  z\nthree.py  w\nno row") == {"three.py"}
    assert offered("__all__ = ['a', 'b']") == ["a", "b"]
    assert offered("x = ['a']") is None
