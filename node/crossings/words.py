"""A line of the log for each deposit and withdrawal.

What users chose freely, the reason of a revert and the symbol of a token, is shortened and
stripped of everything but printable ASCII: a line stays one line, and a terminal is not told
what to do.
"""

from __future__ import annotations

from typing import Final

from byline.node.crossings.calls import Crossing, Kind
from byline.node.crossings.events import Deposit, Finalized, Place, Proven, Withdrawal
from byline.node.hexes import checksum
from byline.rpc.errors import revert_reason

MOST_REASON: Final = 100
"""Characters of a revert's reason that are shown."""
MOST_SYMBOL: Final = 16


def deposit_line(deposit: Deposit, symbol: str, reason: str | None = None) -> str:
    """Return the line for a deposit; `reason` is why it failed, where that is known."""
    kind = "native mint" if deposit.crossing.kind is Kind.NATIVE else deposit.crossing.kind.value
    parts = [f"deposit ({kind}): {_crossing(deposit.crossing, symbol)}"]
    if deposit.created is not None:
        parts.append(f"new contract {checksum(deposit.created)}")
    if deposit.failed:
        parts.append("FAILED on the L2" + (f": {reason}" if reason else ""))
        if deposit.mint:
            parts.append(f"its sender keeps the minted {amount(deposit.mint, symbol)}")
    elif deposit.mint != deposit.crossing.value and deposit.mint:
        parts.append(f"{amount(deposit.mint, symbol)} minted")
    if deposit.relay_failed:
        parts.append("the message FAILED on the L2, relayMessage there tries it again")
    return "; ".join([*parts, _place("L1", deposit.l1), _place("L2", deposit.l2)])


def withdrawal_line(event: Withdrawal | Proven | Finalized, symbol: str) -> str:
    """Return the line for a step of a withdrawal."""
    known = f"withdrawal 0x{event.hash.hex()}"
    match event:
        case Withdrawal(crossing=crossing, l2=place):
            what = f"withdrawal ({crossing.kind.value}): {_crossing(crossing, symbol)}"
            return f"{what}; {_place('L2', place)}; {known}"
        case Proven(sender=sender, target=target, l1=place):
            who = f"from {checksum(sender)} to {checksum(target)}"
            return f"withdrawal proven: {who}; {_place('L1', place)}; {known}"
        case Finalized(succeeded=succeeded, l1=place):
            what = "" if succeeded else " its call FAILED on the L1 and is not made again;"
            return f"withdrawal finalized:{what} {_place('L1', place)}; {known}"


def amount(wei: int, symbol: str) -> str:
    """Return wei in whole coins of 18 decimals, exactly."""
    whole, rest = divmod(wei, 10**18)
    decimals = f".{rest:018}".rstrip("0") if rest else ""
    return f"{whole}{decimals} {symbol}"


def why(output: bytes, error: str | None, *, reverted: bool) -> str:
    """Return in a few safe words why a call failed, from what it returned."""
    if not reverted:
        return safe(error or "execution failed", MOST_REASON)
    reason = revert_reason(output)
    if reason is not None:
        return safe(reason, MOST_REASON)
    return f"reverted with error 0x{output[:4].hex()}" if output else "reverted without a reason"


def safe(text: str, most: int) -> str:
    """Return at most `most` characters of `text` in printable ASCII, others as `?`."""
    shown = "".join(letter if " " <= letter <= "~" else "?" for letter in text[:most])
    return shown + "..." if len(text) > most else shown


def _crossing(crossing: Crossing, symbol: str) -> str:
    to = "" if crossing.to is None else f" to {checksum(crossing.to)}"
    way = f"from {checksum(crossing.sender)}{to}"
    value = amount(crossing.value, symbol)
    if crossing.kind is Kind.NATIVE:
        return f"{value} {way}"
    if crossing.token is not None:
        return f"{crossing.units} units of {checksum(crossing.token)} {way}"
    return f"{way} with {value} and {crossing.size} bytes of data"


def _place(chain: str, place: Place) -> str:
    return f"{chain} block {place.number} 0x{place.hash.hex()}"
