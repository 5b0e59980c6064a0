"""Who paid whom in native tokens: by whom a payer was funded, and over how many transfers."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

MOST_HOPS: Final = 3


@dataclass(frozen=True, slots=True)
class Transfer:
    """Native tokens that one account gave to another."""

    sender: bytes
    to: bytes
    amount: int
    """Wei, above 0."""


@dataclass(frozen=True, slots=True)
class Link:
    """Why an account counts as one of a model's own people."""

    insider: bytes
    hops: int
    """Transfers from the insider; 0 where the account is the insider itself."""


def linked(
    insiders: Iterable[bytes], transfers: Iterable[Transfer], most: int = MOST_HOPS
) -> Mapping[bytes, Link]:
    """Return all accounts that insiders are, or funded over at most `most` transfers.

    Each with the insider that is nearest, of equally near ones that of the lowest address.
    """
    given: defaultdict[bytes, set[bytes]] = defaultdict(set)
    for one in transfers:
        given[one.sender].add(one.to)
    found = {who: Link(who, 0) for who in insiders}
    edge = sorted(found)
    for hops in range(1, most + 1):
        following: list[bytes] = []
        for who in edge:
            for to in sorted(given.get(who, ())):
                if to not in found:
                    found[to] = Link(found[who].insider, hops)
                    following.append(to)
        edge = sorted(following, key=lambda one: (found[one].insider, one))
    return found


def main_source(
    transfers: Iterable[Transfer], payers: Iterable[bytes]
) -> tuple[bytes, int] | None:
    """Return who funded the most of `payers` directly, and how many; `None` for nobody."""
    wanted = set(payers)
    funded: defaultdict[bytes, set[bytes]] = defaultdict(set)
    for one in transfers:
        if one.to in wanted and one.sender != one.to:
            funded[one.sender].add(one.to)
    if not funded:
        return None
    source = min(funded, key=lambda who: (-len(funded[who]), who))
    return source, len(funded[source])
