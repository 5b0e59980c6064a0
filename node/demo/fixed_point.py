"""The logarithms of `byline.node.attribution`."""

from __future__ import annotations

from byline.node.attribution.fixed_point import FRACTION_BITS, log2_q16

__all__ = ["FRACTION_BITS", "log2_q16"]
