"""Prints the path of the module for viem."""

from __future__ import annotations

from importlib.resources import files

print(files("byline.node.bridge") / "viem.mjs")
