"""After the settlement: who takes what, what of it was noise, why somebody was paid."""

from __future__ import annotations

from typing import Final

from rich.console import Console

from byline.node.contracts.gas_token import OPEN
from byline.node.demo.chain import Chain
from byline.node.demo.demand import demand
from byline.node.demo.explaining import explanation, most_telling, verified
from byline.node.demo.model import Trained
from byline.node.demo.paying import CREDIT, MAIN, PUSH, ROOT, Payday
from byline.node.demo.people import Cast, short
from byline.node.demo.recording import Books
from byline.node.demo.screen import (
    demand_lines,
    earned_table,
    say,
    show_explanation,
    way_table,
    whole_units,
)
from byline.node.demo.setup import Models

SAME: Final = (PUSH, CREDIT, ROOT)
"""Ways that divide alike.  The accumulator gives whole wei a unit and keeps a remainder; one by
one, each answer's fee is divided by itself."""


async def show_payday(
    console: Console,
    chain: Chain,
    cast: Cast,
    trained: Trained,
    models: Models,
    books: Books,
    sponsored: bytes,
) -> bool:
    """Let everybody claim; print what each way to settle took, and who got what.

    Returns whether the ways that divide alike paid everybody alike.
    """
    payday = Payday(chain, cast, trained, models)
    with console.status("contributors claim what they are owed ..."):
        await payday.pay(books, sponsored)
        others = await payday.pay_others()
    console.print()
    ways = payday.ways(books)
    paid = ways[0].recipients
    say(
        console,
        "settled",
        f"the same list of payouts in every way, with the claims of all {paid}; L1 fees are in",
    )
    console.print(way_table(ways))
    events = await chain.events()
    say(console, "paid", "from the vault's events")
    earned = payday.earned(books, events)
    console.print(earned_table(earned, MAIN))
    same = all(
        len({one.by_way[way] for way in SAME}) == 1
        for one in earned
        if one.address in trained.names
    )
    say(
        console,
        "same",
        f"{', '.join(SAME)} paid every contributor "
        + ("the same, to the wei" if same else "DIFFERENT AMOUNTS"),
    )
    for taken in payday.taken[MAIN]:
        if taken.fee:
            say(
                console,
                "sponsor",
                f"{short(trained.names[taken.who])} had no money for gas: it signed, another "
                f"account sent the claim and kept {taken.fee:,} of {taken.amount:,} wei",
            )
    say(
        console,
        "others",
        ", ".join(f"{name} {whole_units(wei)} {OPEN.symbol}" for name, wei in others.items()),
    )
    return same


async def show_demand(console: Console, chain: Chain, model: int, books: Books) -> bool:
    """Print the demand for the adapter; return whether the noise is what the demo planted."""
    found = await demand(chain, model, books)
    console.print()
    for line in demand_lines(found.metrics):
        say(console, "demand", line)
    places = ", ".join(f"{index} of batch {batch}" for batch, index in sorted(found.marked))
    say(console, "demand", f"marked as noise: {places or 'none'}")
    say(
        console,
        "demand",
        f"of {len(found.planted)} answers that a contributor bought of itself, "
        f"{len(found.planted & found.marked)} are marked, and "
        f"{len(found.marked - found.planted)} others",
    )
    return found.marked == found.planted


async def show_payout(console: Console, chain: Chain, trained: Trained, books: Books) -> bool:
    """Explain one answer's payouts down to the spans; return whether the node finds no fault."""
    settled, signed, index = most_telling(books.main)
    console.print()
    found = await explanation(chain, settled, index)
    show_explanation(console, trained, signed, found)
    with console.status("the node verifies every answer ..."):
        checked, wrong = await verified(chain, books)
    console.print()
    say(
        console,
        "verify",
        f"the node has recomputed {checked} answers with their batches and settlements: "
        + (f"{len(wrong)} FAULTS: {wrong[0]}" if wrong else "no fault"),
    )
    return not wrong and checked == sum(len(batch.signed) for _, batch in books.main)
