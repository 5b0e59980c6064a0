"""The reference of `spans`: where an output repeats documents, word for word.

The rule: from the first token on, take the longest piece of at most 64 tokens that some
document holds.  Where it has `min_len` tokens it is a span, and the search goes on behind it;
else at the next token.  The search ends with the output, or with the span with which there are
more than 240 leaves: a span counts as one for each place where it stands, at most four.

A document's token 0 separates and matches nothing, and no piece runs from one document into
the next.

Every cell of the table (output position, document position) is filled once, from the end:
the piece that begins there is one longer than that which begins a token later in both.  So the
work depends on the sizes alone, however often tokens repeat.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from byline.precompiles.evidence.refusals import zero_token
from byline.precompiles.evidence.span import Span

TOKEN: Final = 4
"""Bytes of a token."""
MAX_SPAN: Final = 64
"""Tokens of the longest span."""
LEAVES_OF_A_SPAN: Final = 4
ENOUGH_LEAVES: Final = 240


@dataclass(frozen=True, slots=True)
class Longest:
    """The longest piece that begins at one place of the output."""

    length: int
    """Tokens; 0 where no document has even the first."""
    first: int
    """The lowest of the places in the documents where it stands."""
    places: int
    """How many they are."""


def spans(output: bytes, documents: Sequence[bytes], min_len: int) -> bytes:
    """Return the spans of `output` as entries (`span.Span`), from the left.

    `output` and `documents` are whole tokens of 4 bytes.  Raises `ZeroToken` for an output
    with a token 0, which no word has.
    """
    given = tokens(output)
    if 0 in given:
        raise zero_token(given.index(0))
    text: list[int] = []
    starts: list[int] = []
    for document in documents:
        starts.append(len(text))
        text += [*tokens(document), 0]
    entries = []
    found = longest_pieces(given, text)
    leaves = place = 0
    while place < len(found) and leaves <= ENOUGH_LEAVES:
        piece = found[place]
        if piece.length < min_len:
            place += 1
            continue
        index = bisect_right(starts, piece.first) - 1
        span = Span(place, piece.length, index, piece.first - starts[index])
        entries.append(span.encode())
        leaves += min(piece.places, LEAVES_OF_A_SPAN)
        place += piece.length
    return b"".join(entries)


def tokens(data: bytes) -> list[int]:
    """Return the tokens in `data`, whose size is a multiple of 4."""
    return [int.from_bytes(data[at : at + TOKEN], "big") for at in range(0, len(data), TOKEN)]


def longest_pieces(output: Sequence[int], text: Sequence[int]) -> list[Longest]:
    """Return the longest piece of `text` at each place of `output`."""
    where: dict[int, list[int]] = {}
    for place, token in enumerate(text):
        where.setdefault(token, []).append(place)
    found: list[Longest] = []
    later: dict[int, int] = {}
    for token in reversed(output):
        lengths = {
            place: min(later.get(place + 1, 0) + 1, MAX_SPAN) for place in where.get(token, ())
        }
        found.append(_longest(lengths))
        later = lengths
    return found[::-1]


def _longest(lengths: dict[int, int]) -> Longest:
    """Choose among the pieces by place, which come in ascending order."""
    length = max(lengths.values(), default=0)
    places = [place for place, here in lengths.items() if here == length]
    return Longest(length, places[0] if places else 0, len(places))
