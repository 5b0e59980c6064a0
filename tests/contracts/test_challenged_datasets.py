"""A dataset that nothing can be proven against is condemned; a good one stands."""

from __future__ import annotations

from typing import Any

import pytest

from byline.node.attribution.corpus import Corpus
from byline.node.attribution.dataset import Dataset, Document, OwnerRange
from byline.node.attribution.proof.challenges import (
    BadDataset,
    DatasetFault,
)
from byline.node.contracts.attribution_predeploys import Backend
from tests.contracts.attribution_family import refused, told
from tests.contracts.challenging import (
    judged,
)
from tests.contracts.ledger_world import (
    BOND,
    FALLBACK,
    FOX,
    OWNERS,
    PAYERS,
    PENALTY,
    WATCHER,
    World,
    answer,
    corpus,
    register,
    world,
)

STRANGER = b"\x0d" * 20
MADE_OF = corpus()
TRUE = answer(MADE_OF)


@pytest.fixture(params=Backend, ids=lambda backend: backend.value)
def backend(request: pytest.FixtureRequest) -> Backend:
    chosen: Backend = request.param
    return chosen


@pytest.fixture
def chain(backend: Backend) -> World:
    return world(MADE_OF, backend)


def with_parts(dataset: Dataset, **parts: Any) -> Dataset:
    """Return a dataset that commits to other parts."""
    values: dict[str, Any] = {
        "id": dataset.id,
        "documents": dataset.documents,
        "tokens": dataset.tokens,
        "suffix_array": dataset.suffix_array,
        "ranges": dataset.ranges,
    }
    return Dataset(**values | parts)


LONG = Dataset.build(
    3,
    [
        Document(" ".join(f"{word}{n}" for n in range(150) for word in ("a", "b")), OWNERS[0]),
        Document(FOX, OWNERS[1]),
        Document(" ".join(["again"] * 200), OWNERS[2]),
    ],
)
"""Three chunks of tokens, and suffixes that are equal for more than 64 tokens."""


def swapped(at: int) -> Dataset:
    order = LONG.suffix_array.copy()
    order[[at, at + 1]] = order[[at + 1, at]]
    return with_parts(LONG, suffix_array=order)


def outside(at: int) -> Dataset:
    order = LONG.suffix_array.copy()
    order[at] = len(order) + 5
    return with_parts(LONG, suffix_array=order)


def ranges(*changed: tuple[int, int]) -> Dataset:
    made = tuple(
        OwnerRange(start, end, one.owner)
        for (start, end), one in zip(changed, LONG.ranges, strict=True)
    )
    return with_parts(LONG, ranges=made)


def order_shown(dataset: Dataset, at: int) -> BadDataset:
    size = len(dataset)
    left, right = (int(dataset.suffix_array[one]) for one in (at, min(at + 1, size - 1)))
    opening = dataset.open_suffix(at, min(2, size - at))
    if left >= size or right >= size:
        return BadDataset(DatasetFault.ORDER, at, opening)
    return BadDataset(
        DatasetFault.ORDER,
        at,
        opening,
        dataset.open_tokens(left, min(64, size - left)),
        dataset.open_tokens(right, min(64, size - right)),
    )


SIZE = len(LONG)
END_1, END_2, _ = [one.end for one in LONG.ranges]
EQUAL = next(
    at
    for at in range(SIZE - 1)
    if LONG.token_bytes[4 * LONG.suffix_array[at] :][:256]
    == LONG.token_bytes[4 * LONG.suffix_array[at + 1] :][:256]
)

BAD: dict[str, tuple[Dataset, BadDataset]] = {
    "order": (swapped(100), order_shown(swapped(100), 100)),
    "order over a chunk's end": (swapped(255), order_shown(swapped(255), 255)),
    "equal ones by position": (swapped(EQUAL), order_shown(swapped(EQUAL), EQUAL)),
    "out of range": (outside(30), order_shown(outside(30), 30)),
    "the next out of range": (outside(31), order_shown(outside(31), 30)),
    "the last out of range": (outside(SIZE - 1), order_shown(outside(SIZE - 1), SIZE - 1)),
}
for name, spans, index, count in (
    ("gap", ((0, END_1 - 1), (END_1, END_2), (END_2, SIZE)), 0, 2),
    ("overlap", ((0, END_1), (END_1 - 1, END_2), (END_2, SIZE)), 0, 2),
    ("late start", ((1, END_1), (END_1, END_2), (END_2, SIZE)), 0, 1),
    ("early end", ((0, END_1), (END_1, END_2), (END_2, SIZE - 1)), 2, 1),
    ("beyond the end", ((0, END_1), (END_1, END_2), (END_2, SIZE + 1)), 1, 2),
    ("empty", ((0, 0), (0, END_2), (END_2, SIZE)), 0, 1),
):
    one = ranges(*spans)
    BAD[name] = (one, BadDataset(DatasetFault.OWNERS, owners=one.open_range(index, count)))


@pytest.mark.parametrize("fault", BAD)
def test_a_bad_dataset_is_condemned_and_costs_its_registrant_what_is_free(
    chain: World, fault: str
) -> None:
    dataset, challenge = BAD[fault]
    registrant = PAYERS[2]
    bond = chain.family.bond
    assert bond.send("bond", sender=registrant, value=7 * BOND).success
    register(chain.family, dataset, registrant)
    outcome = chain.challenge(3, challenge)
    assert outcome.success, chain.ledger.error(outcome)
    assert chain.family.registry.read("dataset", 3)[9] == 3
    assert chain.bond(registrant) == (0, 0, PENALTY)
    assert chain.bond(WATCHER)[0] == 7 * BOND // 2
    assert told(chain.ledger, outcome)[0] == {
        "": "Challenged",
        "subject": 3,
        "kind": 5,
        "challenger": "0x" + WATCHER.hex(),
    }
    again = chain.challenge(3, challenge)
    refused(chain.ledger, again, "UnknownDataset(uint64)", 3)


def test_a_good_dataset_stands(chain: World) -> None:
    register(chain.family, LONG)
    shown = [order_shown(LONG, at) for at in (0, 100, 255, EQUAL, SIZE - 2)]
    shown += [
        BadDataset(DatasetFault.ORDER, SIZE - 1, LONG.open_suffix(SIZE - 1)),
        BadDataset(DatasetFault.ORDER, SIZE),
        *(BadDataset(DatasetFault.OWNERS, owners=LONG.open_range(at)) for at in range(3)),
        *(BadDataset(DatasetFault.OWNERS, owners=LONG.open_range(at, 2)) for at in range(2)),
        *(
            BadDataset(DatasetFault.TOKENS_SHAPE, left=LONG.open_tokens(at))
            for at in (0, 300, SIZE - 1)
        ),
        *(
            BadDataset(DatasetFault.SUFFIXES_SHAPE, suffix=LONG.open_suffix(at))
            for at in (0, 300, SIZE - 1)
        ),
    ]
    for challenge in shown:
        outcome = chain.challenge(3, challenge)
        refused(chain.ledger, outcome, "NotProven(uint8)", 5)
    assert chain.family.registry.read("dataset", 3)[9] == 1


@pytest.mark.parametrize(("tokens", "owners"), [(SIZE - 1, 3), (SIZE + 300, 3), (SIZE, 4)])
def test_numbers_that_do_not_fit_the_roots_condemn_a_dataset(
    chain: World, tokens: int, owners: int
) -> None:
    roots = LONG.roots
    assert chain.family.registry.send(
        "registerDataset", roots.documents, roots.tokens, roots.suffixes, roots.owners,
        tokens, owners, "", "MIT",
    ).success  # fmt: skip
    last = SIZE - 1
    shape = BadDataset(DatasetFault.TOKENS_SHAPE, left=LONG.open_tokens(last))
    order = BadDataset(DatasetFault.SUFFIXES_SHAPE, suffix=LONG.open_suffix(last))
    whose = BadDataset(DatasetFault.OWNERS, owners=LONG.open_range(2))
    verdicts = [judged(chain, 3, one) for one in (shape, order, whose)]
    assert verdicts == [tokens != SIZE, tokens != SIZE, True]
    assert chain.challenge(3, whose).success


def test_a_registrant_without_a_bond_loses_its_name(chain: World) -> None:
    dataset, challenge = BAD["order"]
    register(chain.family, dataset, STRANGER)
    assert chain.challenge(3, challenge).success
    assert chain.bond(STRANGER) == (0, 0, PENALTY)
    assert chain.bond(WATCHER)[0] == 0


def test_no_other_dataset_can_be_challenged(chain: World) -> None:
    for number in (0, 9, 2**32, 2**64 - 1):
        outcome = chain.challenge(number, BAD["order"][1])
        refused(chain.ledger, outcome, "UnknownDataset(uint64)", number)


def test_a_model_with_a_condemned_dataset_records_no_more(chain: World) -> None:
    lied = Corpus((replace_dataset(),), 3, FALLBACK)
    alone = world(lied, Backend.PRECOMPILE)
    assert alone.challenge(1, order_shown(lied.datasets[0], 5)).success
    outcome = alone.send_receipts(alone.signed(TRUE).encode())
    refused(alone.ledger, outcome, "DatasetCondemned(uint32)", 1)


def replace_dataset() -> Dataset:
    honest = MADE_OF.datasets[0]
    order = honest.suffix_array.copy()
    order[[5, 6]] = order[[6, 5]]
    return with_parts(honest, suffix_array=order)
