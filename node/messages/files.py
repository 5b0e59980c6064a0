"""ABI files as compilers and frameworks write them.

    [...]                              an ABI alone
    {"abi": [...], ...}                forge's `out/`, Hardhat's `artifacts/`, Truffle's, Ape's
    {"contracts": {...}}               solc's --combined-json and standard JSON output
    {"a.vy": {"abi": [...]}, ...}      vyper's combined_json

Sources: Solidity documentation, "Compiler Input and Output JSON Description"; the books of
foundry and Hardhat; Vyper documentation, "Compiling a contract"; EIP-2678 (Ape).
"""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import orjson

from byline.node.messages.abi import Contract, contract_of
from byline.node.messages.code_pattern import CodePattern, pattern_of

LOG = logging.getLogger("byline.messages")

MOST_FILES: Final = 20_000
"""Of one folder that are read."""
MOST_FILE_BYTES: Final = 64 * 1024 * 1024
MOST_NESTING: Final = 4
"""Objects within objects in which contracts are looked for."""
PASSED_OVER: Final = frozenset({"build-info", "cache", "node_modules"})
"""Folders beside artifacts that hold none; those whose name begins with a dot neither."""
_CODE_KEYS: Final = ("deployedBytecode", "runtimeBytecode", "bytecode_runtime", "bin-runtime")
_HEX_KEYS: Final = ("object", "bytecode")


def json_files(path: Path) -> Iterator[Path]:
    """Yield `path`, or the JSON files below it, at most `MOST_FILES` of them."""
    if not path.is_dir():
        yield path
        return
    count = 0
    for folder, inner, names in os.walk(path):
        inner[:] = sorted(
            name for name in inner if name not in PASSED_OVER and not name.startswith(".")
        )
        for name in sorted(names):
            if name.endswith(".json") and not name.endswith(".dbg.json"):
                count += 1
                if count > MOST_FILES:
                    LOG.warning("%s: more than %d files, the others are left out", path, count - 1)
                    return
                yield Path(folder) / name


def contracts_in(path: Path) -> tuple[Contract, ...]:
    """Return the contracts that a JSON file describes; raises `ValueError` or `OSError`."""
    size = path.stat().st_size
    if size > MOST_FILE_BYTES:
        raise ValueError(f"{size} bytes, want at most {MOST_FILE_BYTES}")
    document = orjson.loads(path.read_bytes())
    name = path.name.removesuffix(".json").partition(".")[0]
    return tuple(_contracts(name, document, MOST_NESTING))


def _contracts(name: str, document: Any, left: int) -> Iterator[Contract]:
    if isinstance(document, list):
        yield contract_of(name, document)
    elif isinstance(document, dict) and "abi" in document:
        abi = document["abi"]
        if isinstance(abi, str):
            abi = orjson.loads(abi)
        if isinstance(abi, list):
            told = document.get("contractName")
            pattern = _pattern(document)
            yield contract_of(told if isinstance(told, str) else name, abi, pattern)
    elif isinstance(document, dict) and left:
        for key, inner in document.items():
            if isinstance(inner, dict):
                yield from _contracts(_short(key), inner, left - 1)


def _short(key: str) -> str:
    """Return the contract's name from `src/Token.sol:Token`, `Token` or `src/token.vy`."""
    return key.rpartition(":")[2].rpartition("/")[2].removesuffix(".vy")


def _pattern(document: Mapping[str, Any]) -> CodePattern | None:
    places = _references(document.get("immutableReferences"))
    evm = document.get("evm")
    for holder in (document, evm if isinstance(evm, dict) else {}):
        for key in _CODE_KEYS:
            code = holder.get(key)
            if isinstance(code, dict):
                places = places or _references(code.get("immutableReferences"))
                code = next((code[name] for name in _HEX_KEYS if name in code), None)
            if isinstance(code, str) and code not in ("", "0x"):
                return pattern_of(code, places)
    return None


def _references(found: Any) -> list[tuple[int, int]]:
    """Return start and length of immutables, by solc's object of lists."""
    if not isinstance(found, dict):
        return []
    return [
        (place["start"], place["length"])
        for places in found.values()
        if isinstance(places, list)
        for place in places
        if isinstance(place, dict)
        and isinstance(place.get("start"), int)
        and isinstance(place.get("length"), int)
    ]
