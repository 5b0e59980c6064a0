"""Folders for the time that a process lives, and the end of those whose process is gone.

A process that is killed cannot clean up, so whoever needs such a folder next removes what
others left.  Whether a folder is still in use the lock of the LevelDB in it tells, which
the kernel lets go with its process, whatever container that ran in.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import tempfile
import time
from pathlib import Path
from typing import Final

PREFIX: Final = "byline-chains-"
UNLOCKED_SECONDS: Final = 3_600.0
"""A folder without a lock may be one that is just being made; after so long it is not."""
_ours: Final[set[Path]] = set()
"""In use by this process, for which its own locks do not count."""


def make_folder(parent: Path | None = None) -> Path:
    """Make an empty folder in `parent` (the system's for temporary files) that is ours."""
    folder = Path(tempfile.mkdtemp(prefix=PREFIX, dir=parent))
    _ours.add(folder)
    return folder


def remove_folder(folder: Path) -> None:
    """Remove a folder that `make_folder` made, as far as the system lets us."""
    shutil.rmtree(folder, ignore_errors=True)
    _ours.discard(folder)


def remove_abandoned(parent: Path | None = None) -> list[Path]:
    """Remove the folders whose process is gone; return them."""
    where = Path(tempfile.gettempdir()) if parent is None else parent
    found = []
    with contextlib.suppress(OSError):
        for folder in where.glob(f"{PREFIX}*"):
            if folder not in _ours and _is_abandoned(folder):
                shutil.rmtree(folder, ignore_errors=True)
                found.append(folder)
    return found


def _is_abandoned(folder: Path) -> bool:
    try:
        lock = os.open(folder / "LOCK", os.O_RDWR)
    except FileNotFoundError:
        return time.time() - folder.stat().st_mtime > UNLOCKED_SECONDS
    except OSError:
        return False
    try:
        fcntl.lockf(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    finally:
        os.close(lock)
    return True
