"""What the client makes of evidence that anybody may have published."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from types import SimpleNamespace
from typing import Any, cast

import pytest

from byline.node.attribution.client import batches
from byline.node.attribution.client.calls import Contracts
from byline.node.attribution.client.values import AnsweredRecord
from byline.node.attribution.encoding import RecordLeaf, encode_evidence
from byline.node.errors import NodeError
from tests.contracts.ledger_world import FALLBACK, FEE, PAYERS, Answer, answer, corpus

TRUE = answer(corpus())


def shown(one: Answer, patch: pytest.MonkeyPatch) -> AnsweredRecord | None:
    """Return what the client reads of the only record of a batch."""
    root = bytes(32)
    leaf = RecordLeaf(PAYERS[0], root, root, root, root, FEE, 3, len(one.output), 1)
    fields = {"output": one.tokens, "evidence": encode_evidence(one.leaves)}

    async def logs(*_: Any) -> list[Any]:
        return [SimpleNamespace(fields=fields)]

    def answers(value: Any) -> Any:
        async def found(*_: Any) -> Any:
            return value

        return found

    patch.setattr(batches, "records_of", answers([leaf]))
    patch.setattr(batches, "batch_of", answers(SimpleNamespace(model=1)))
    patch.setattr(batches, "model_of", answers(SimpleNamespace(fallback_to=FALLBACK)))
    contracts = cast(Contracts, SimpleNamespace(logs=logs))
    return asyncio.run(batches.published(contracts, 1, 0))


def test_evidence_gives_points(monkeypatch: pytest.MonkeyPatch) -> None:
    found = shown(TRUE, monkeypatch)
    assert found is not None
    assert found.points == TRUE.points


@pytest.mark.parametrize(("weight", "total"), [(0, 0), (2**64 - 1, 4 * (2**64 - 1))])
def test_evidence_that_nothing_can_be_divided_by_is_named(
    monkeypatch: pytest.MonkeyPatch, weight: int, total: int
) -> None:
    lie = replace(TRUE, leaves=tuple(replace(leaf, weight=weight) for leaf in TRUE.leaves))
    with pytest.raises(NodeError, match=f"batch 1, record 0: .* add up to {total}, want 1 to"):
        shown(lie, monkeypatch)
