"""Builds the contracts: `python -m byline.node.contracts.build [--check]`.

Every `l1/*.vy`, `l2/*.vy` and `attribution/*.vy` is compiled by Vyper and every
`assembly/*.evm` assembled; what comes out is `artifacts/NAME.json`.  Files whose name begins
with `_`, and those in folders below, are modules that others import.

Of `attribution/`, and of the precompiles, `interfaces/` gets a file for Solidity and one for
Vyper, each made from the source (module `interface_sources`).

Sources declare the errors that they raise with `raw_revert`, the events that they emit with
`raw_log` and the functions that they answer in `__default__`, in a comment line each (module
`declarations` has the grammar), because Vyper leaves those out of the ABI:

    # error NotDepositor()

The outcome depends on the sources and on the compiler's version alone, not on where the
repository lies: code carries no metadata, and paths are relative to `node/contracts`.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
import warnings
from collections.abc import Iterator, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

from byline.node.contracts.assembler import assemble
from byline.node.contracts.declarations import AbiEntry, parse, signature
from byline.node.contracts.interface_files import SUFFIXES
from byline.node.contracts.interface_model import Interface
from byline.node.contracts.interface_sources import contract_interface, native_interfaces
from byline.node.contracts.interface_text import solidity, vyper

ROOT: Final = Path(__file__).resolve().parent
VYPER_VERSION: Final = "0.4.3"
EVM_VERSION: Final = "prague"
_VYPER_FOLDERS: Final = ("l1", "l2", "attribution")
_KINDS: Final = ("function", "event", "error")
_DECLARED: Final = re.compile(r"^# ((?:error|event|function) \w+\(.*)$", re.MULTILINE)
_RAISED: Final = re.compile(r'raw_revert\([^"]*"(\w+\([^"]*\))"')
_FORMATS: Final = ("abi", "bytecode", "bytecode_runtime", "layout")


class BuildProblem(Exception):
    """A contract that cannot be built; the message says which and why."""


def sources(root: Path = ROOT) -> list[Path]:
    """Return the path of every source that becomes an artefact, relative to `root`."""
    found = [path for folder in _VYPER_FOLDERS for path in (root / folder).glob("*.vy")]
    found += (root / "assembly").glob("*.evm")
    paths = sorted(path.relative_to(root) for path in found if not path.name.startswith("_"))
    twice = {path.stem for path in paths if sum(p.stem == path.stem for p in paths) > 1}
    if twice:
        raise BuildProblem(f"two sources of one name: {', '.join(sorted(twice))}")
    return paths


def build(path: Path, root: Path = ROOT) -> dict[str, Any]:
    """Return the artefact of the source at `path` (relative to `root`) as a JSON object.

    Raises `BuildProblem` naming the source, with what the compiler or assembler said.
    """
    if path.suffix == ".evm":
        return _assembled(path, root)
    if version("vyper") != VYPER_VERSION:
        raise BuildProblem(
            f"vyper {version('vyper')} is installed, want {VYPER_VERSION}: "
            f"pip install vyper=={VYPER_VERSION}"
        )
    return _compiled(path, root)


def _document(path: Path, compiler: str, **rest: Any) -> dict[str, Any]:
    return {"contractName": path.stem, "source": path.as_posix(), "compiler": compiler, **rest}


def _assembled(path: Path, root: Path) -> dict[str, Any]:
    try:
        program = assemble((root / path).read_text("utf-8"))
    except ValueError as exc:
        raise BuildProblem(f"{path}: {exc}") from exc
    return _document(
        path,
        "byline assembler",
        abi=list(program.abi),
        bytecode="0x" + program.initcode.hex(),
        runtime="0x" + program.code.hex(),
        storage={},
    )


def _compiled(path: Path, root: Path) -> dict[str, Any]:
    output = _vyper(path, root)
    return _document(
        path,
        f"vyper {VYPER_VERSION}, {EVM_VERSION}",
        abi=output["abi"] + _declared(path, root),
        bytecode=output["bytecode"],
        runtime=output["bytecode_runtime"],
        storage=dict(_slots(output["layout"].get("storage_layout", {}))),
    )


def _vyper(path: Path, root: Path) -> dict[str, Any]:
    # Imported here: only who builds needs the compiler, and loading it takes a second.
    from vyper.compiler import compile_from_file_input
    from vyper.compiler.input_bundle import FilesystemInputBundle
    from vyper.compiler.settings import Settings
    from vyper.exceptions import VyperException

    bundle = FilesystemInputBundle([root])
    with warnings.catch_warnings():
        # An array as large as storage is how Solidity's mapping slots are reached.
        warnings.filterwarnings("ignore", message="Use of large arrays")
        try:
            output = compile_from_file_input(
                bundle.load_file(path),
                input_bundle=bundle,
                settings=Settings(evm_version=EVM_VERSION),
                output_formats=_FORMATS,
                no_bytecode_metadata=True,
            )
        except VyperException as exc:
            raise BuildProblem(f"{path}: {exc}") from exc
    return dict(output)


def _slots(layout: dict[str, Any], prefix: str = "") -> Iterator[tuple[str, int]]:
    """Yield name and slot of each variable; those of imported modules as `module.name`."""
    for name, entry in layout.items():
        if isinstance(entry.get("slot"), int):
            yield prefix + name, entry["slot"]
        else:
            yield from _slots(entry, f"{prefix}{name}.")


def _declared(path: Path, root: Path) -> list[AbiEntry]:
    """Return what the source and the modules that it imports declare in comments.

    Raises `BuildProblem` for an error that is raised but not declared.
    """
    texts = [(root / module).read_text("utf-8") for module in _modules(path, root)]
    try:
        declared = [parse(line) for text in texts for line in _DECLARED.findall(text)]
    except ValueError as exc:
        raise BuildProblem(f"{path}: {exc}") from exc
    entries = {(_KINDS.index(entry["type"]), signature(entry)): entry for entry in declared}
    raised = {name for text in texts for name in _RAISED.findall(text)}
    if missing := sorted(raised - {name for _, name in entries}):
        raise BuildProblem(
            f"{path}: raises {', '.join(missing)} without declaring it: "
            f"add a line '# error {missing[0]}'"
        )
    return [entries[key] for key in sorted(entries)]


def _modules(path: Path, root: Path) -> list[Path]:
    """Return `path` and every Vyper module below `root` that it imports, directly or not."""
    known: list[Path] = []
    waiting = [path]
    while waiting:
        module = waiting.pop()
        if module in known:
            continue
        known.append(module)
        waiting += _imports(module, root)
    return known


def _imports(path: Path, root: Path) -> Iterator[Path]:
    text = (root / path).read_text("utf-8")
    for match in re.finditer(r"^(?:from (\S+) )?import (\S+)", text, re.MULTILINE):
        package, name = match[1] or "", match[2]
        folder = root / path.parent if package.startswith(".") else root
        parts = [part for part in (*package.split("."), *name.split(".")) if part]
        target = folder.joinpath(*parts).with_suffix(".vy")
        if target.is_file():
            yield target.relative_to(root)


def interfaces(root: Path = ROOT, names: Sequence[str] = ()) -> dict[str, str]:
    """Return the text of each interface file by its name; with `names`, of those alone.

    Raises `BuildProblem` naming the source, with what the compiler said.
    """
    paths = {path.stem: path for path in sources(root) if path.parent.name == "attribution"}
    if not paths:
        return {}
    found = native_interfaces()
    for name in paths.keys() - found.keys():
        if not names or name in names:
            found[name] = _interface(paths[name], root)
    texts: dict[str, str] = {}
    for name, interface in sorted(found.items()):
        if not names or name in names:
            texts |= {f"I{name}.sol": solidity(interface), f"{name}.vyi": vyper(interface)}
    return texts


def _interface(path: Path, root: Path) -> Interface:
    from vyper.exceptions import VyperException

    texts = [(root / module).read_text("utf-8") for module in _modules(path, root)]
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Use of large arrays")
        try:
            return contract_interface(path, root, _declared(path, root), texts)
        except VyperException as exc:
            raise BuildProblem(f"{path}: {exc}") from exc


def render(document: dict[str, Any]) -> str:
    """Return the text of an artefact file."""
    return json.dumps(document, indent=1, ensure_ascii=True) + "\n"


def differences(root: Path = ROOT) -> list[str]:
    """Rebuild everything and return a line for each artefact that is not as committed."""
    wanted = {f"{path.stem}.json": path for path in sources(root)}
    folder = root / "artifacts"
    lines = [
        f"{file.name}: has no source: delete it"
        for file in sorted(folder.glob("*.json"))
        if file.name not in wanted
    ]
    for name, path in wanted.items():
        if not (folder / name).is_file():
            lines.append(f"{name}: missing, built from {path}")
        elif (folder / name).read_text("utf-8") != render(build(path, root)):
            lines.append(f"{name}: differs from what {path} builds now")
    return lines + _differences_of_interfaces(root)


def _differences_of_interfaces(root: Path) -> list[str]:
    wanted = interfaces(root)
    there = {
        file.name: file.read_text("utf-8")
        for file in (root / "interfaces").glob("*")
        if file.suffix in SUFFIXES
    }
    return [
        f"interfaces/{name}: " + ("is of no contract: delete it" if name not in wanted else why)
        for name in sorted(wanted.keys() | there.keys())
        for why in ["missing" if name not in there else "differs from what is built now"]
        if there.get(name) != wanted.get(name)
    ]


def main(arguments: Sequence[str] | None = None, root: Path = ROOT) -> int:
    """Build every contract below `root`, or with `--check` compare; return the exit status."""
    parser = argparse.ArgumentParser(prog="byline.node.contracts.build")
    parser.add_argument("--check", action="store_true", help="compare, write nothing")
    parser.add_argument("names", nargs="*", help="build only these contracts (default: all)")
    options = parser.parse_args(arguments)
    try:
        return _check(root) if options.check else _write(options.names, root)
    except BuildProblem as exc:
        print(f"error: {exc}", file=sys.stderr)
        return 1


def _check(root: Path) -> int:
    lines = differences(root)
    for line in lines:
        print(line, file=sys.stderr)
    if lines:
        print("run: make contracts", file=sys.stderr)
    return 1 if lines else 0


def _write(names: Sequence[str], root: Path) -> int:
    chosen = [path for path in sources(root) if not names or path.stem in names]
    if unknown := set(names) - {path.stem for path in chosen}:
        raise BuildProblem(f"no source is called {', '.join(sorted(unknown))}")
    (root / "artifacts").mkdir(exist_ok=True)
    for path in chosen:
        document = build(path, root)
        (root / "artifacts" / f"{path.stem}.json").write_text(render(document), "utf-8")
        print(f"{path.stem}: {len(document['runtime']) // 2 - 1} bytes")
    for name, text in interfaces(root, names).items():
        (root / "interfaces").mkdir(exist_ok=True)
        (root / "interfaces" / name).write_text(text, "utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
