"""Constants of py-evm without py-evm, whose import takes a third of a second."""

from __future__ import annotations

import ast
import importlib.util
from pathlib import Path


def constant_of_pyevm(module: str, name: str) -> bytes:
    """Return the bytes that `module` of py-evm, say `vm.forks.cancun.constants`, calls `name`.

    The source is read and not run.  Raises `LookupError` for a name that it does not give
    to literal bytes, or without py-evm.
    """
    package = importlib.util.find_spec("eth")
    if package is None or package.origin is None:
        raise LookupError("py-evm is not installed: pip install py-evm")
    source = Path(package.origin).parent.joinpath(*module.split(".")).with_suffix(".py")
    for item in ast.parse(source.read_bytes()).body:
        if isinstance(item, ast.Assign) and isinstance(item.value, ast.Constant):
            names = [target.id for target in item.targets if isinstance(target, ast.Name)]
            if name in names and isinstance(item.value.value, bytes):
                return item.value.value
    raise LookupError(f"py-evm's eth.{module} has no bytes named {name}")
