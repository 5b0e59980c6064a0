"""The compiled kernels: every `_*_c.pyx` of the four parts is the module of its path.

Everything else about the distribution stands in pyproject.toml.

Environment: BYLINE_KERNELS="trie keccak" builds only modules whose path holds one of the
words; BYLINE_SANITIZE=1 builds with the address and undefined-behaviour sanitizers.
"""

from __future__ import annotations

import os
from pathlib import Path

from Cython.Build import cythonize
from setuptools import Extension, setup

ROOT = Path(__file__).parent
PARTS = ("derivation", "node", "precompiles", "rpc")
IMPORT_ROOT = ROOT / "build" / "import-root"
SANITIZE = ["-fsanitize=address,undefined", "-fno-omit-frame-pointer", "-g", "-O1"]
FLAGS = SANITIZE if os.environ.get("BYLINE_SANITIZE") else ["-O3"]
WANTED = os.environ.get("BYLINE_KERNELS", "").split()


def link_parts() -> None:
    """Make the folders importable as byline.X, which is how one kernel names another."""
    package = IMPORT_ROOT / "byline"
    package.mkdir(parents=True, exist_ok=True)
    for part in PARTS:
        link = package / part
        if not link.is_symlink():
            link.symlink_to(Path("..", "..", "..", part))


def kernels() -> list[Extension]:
    """Return one extension for each kernel's source."""
    sources = sorted(path for part in PARTS for path in Path(part).rglob("_*_c.pyx"))
    return [
        Extension(
            ".".join(("byline", *source.with_suffix("").parts)),
            [str(source)],
            extra_compile_args=FLAGS,
            extra_link_args=FLAGS if FLAGS is SANITIZE else [],
            # Without a compiler the references do the work; tests say what is loaded.
            optional=True,
        )
        for source in sources
        if not WANTED or any(word in str(source) for word in WANTED)
    ]


os.chdir(ROOT)
link_parts()
setup(
    ext_modules=cythonize(
        kernels(),
        include_path=[str(IMPORT_ROOT)],
        nthreads=os.cpu_count() or 1,
        compiler_directives={"language_level": 3},
        quiet=True,
    )
)
