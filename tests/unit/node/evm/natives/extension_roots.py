"""Square roots in fields of order p and p * p, where p is 3 modulo 4 and i * i = -1."""

from __future__ import annotations


def root(number: int, p: int) -> int | None:
    """Return a square root modulo p, if there is one."""
    found = pow(number, (p + 1) // 4, p)
    return found if (found * found - number) % p == 0 else None


def extension_root(re: int, im: int, p: int) -> tuple[int, int] | None:
    """Return a square root of re + im i, if there is one; `im` is not 0."""
    norm = root(re * re + im * im, p)
    if norm is None:
        return None
    for total in (re + norm, re - norm):
        x = root(total * pow(2, -1, p), p)
        if x:
            return x, im * pow(2 * x, -1, p) % p
    return None
