from __future__ import annotations

import io

from rich.console import Console

from byline.node.demo.chain import Cost
from byline.node.demo.paying import AGAIN
from byline.node.demo.screen import Earned, Way, earned_table, way_table

COLUMNS = 100


def lines(shown: object) -> list[str]:
    file = io.StringIO()
    Console(width=250, file=file).print(shown)
    return [line.rstrip() for line in file.getvalue().splitlines()]


def test_what_each_way_took_fits_a_terminal_with_every_digit() -> None:
    cost = Cost(1_000, 9_999_999, 10**16, 987_654_321_000_000_000)
    found = lines(way_table([Way(AGAIN, 500, 4_096, cost, cost, cost, 123_456_789_000_000_000)]))
    assert max(map(len, found)) <= COLUMNS
    (row,) = [line for line in found if AGAIN in line]
    for figure in ("3000", "9,999,999", "59,999", "2.962963", "0.12345679"):
        assert figure in row


def test_what_everybody_earned_fits_a_terminal_to_the_wei() -> None:
    wei = 104_073_999_969_310_033
    earned = [Earned("0000-0002-0736-9199", bytes(20), 500, {"a": wei, "b": wei}, 10**16 + 1)]
    found = lines(earned_table(earned, "a"))
    assert max(map(len, found)) <= COLUMNS
    assert sum(f"{wei:,}" in line and f"{10**16 + 1:,}" in line for line in found) == 2
