from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from byline.node.attribution.corpus import engine_id
from byline.node.attribution.dataset import Dataset, Document
from byline.node.attribution.folder import save_dataset
from byline.node.attribution.holdings import MOST_LOADED, Holdings, NotHeld
from byline.node.attribution.index.index import Index
from byline.node.attribution.index.rows import DatasetRow, ModelRow
from byline.node.attribution.proof.faults import Reason
from byline.node.attribution.states import Mode
from byline.node.config import NodeConfig
from tests.attribution_index import SETTINGS

OWNER = b"\x31" * 20


def made(number: int, text: str = "rain falls on the roof") -> Dataset:
    return Dataset.build(number, [Document(text, OWNER)])


def row(dataset: Dataset, number: int | None = None) -> DatasetRow:
    roots = dataset.roots
    return DatasetRow(
        dataset.id if number is None else number,
        OWNER,
        roots.documents,
        roots.tokens,
        roots.suffixes,
        roots.owners,
        len(dataset),
        len(dataset.ranges),
        "",
        "",
    )


def index(rows: list[DatasetRow], engine: bytes) -> Index:
    found = Index(SETTINGS)
    ids = tuple(one.id for one in rows)
    total = sum(one.tokens for one in rows)
    found.registry.datasets.update({one.id: one for one in rows})
    found.registry.models[1] = ModelRow(
        id=1,
        owner=OWNER,
        operator=OWNER,
        fallback_to=OWNER,
        kind=0,
        fee_policy=1,
        engine_id=engine,
        method=0,
        mode=Mode.PUSH,
        tokens=total,
        datasets=ids,
        uri="",
    )
    return found


def test_a_dataset_is_found_by_its_roots_whatever_its_folder_is_called(tmp_path: Path) -> None:
    dataset = made(7)
    save_dataset(dataset, tmp_path / "some name")
    save_dataset(made(1, "another text"), tmp_path / "dataset-7")
    found = Holdings(tmp_path).held(row(dataset))
    assert found.dataset.roots == dataset.roots
    assert (found.dataset.id, found.faults) == (7, ())


def test_contents_get_the_number_that_they_were_registered_under(tmp_path: Path) -> None:
    dataset = made(0)
    save_dataset(dataset, tmp_path / "set")
    holdings = Holdings(tmp_path)
    assert [holdings.held(row(dataset, number)).dataset.id for number in (3, 4)] == [3, 4]
    corpus = holdings.corpus(index([row(dataset, 3), row(dataset, 4)], engine_id(2)), 1)
    assert [one.id for one in corpus.datasets] == [3, 4]
    assert (corpus.min_length, corpus.fallback) == (2, OWNER)


def test_folders_of_something_else_are_passed_over(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b.txt").write_text("no folder")
    for name, text in (("c", "{"), ("d", "[]"), ("e", '{"roots": [5]}'), ("f", "\x00")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "dataset.json").write_text(text)
    dataset = made(1)
    save_dataset(dataset, tmp_path / "z")
    assert Holdings(tmp_path).held(row(dataset)).dataset.id == 1


@pytest.mark.parametrize("folder", [None, Path("/nowhere/at/all")])
def test_what_is_not_held_is_named_by_all_its_roots(folder: Path | None) -> None:
    dataset = made(1)
    holdings = Holdings(folder)
    with pytest.raises(NotHeld, match="dataset 1 is not held here") as caught:
        holdings.held(row(dataset))
    roots = dataset.roots
    for root in (roots.documents, roots.tokens, roots.suffixes, roots.owners):
        assert root.hex() in str(caught.value)
    assert holdings.states([row(dataset)]) == [("absent", str(caught.value))]


def test_a_wrong_suffix_array_is_told_and_never_looked_into(tmp_path: Path) -> None:
    honest = made(1)
    wrong = replace(honest, suffix_array=honest.suffix_array[::-1].copy())
    save_dataset(wrong, tmp_path / "wrong")
    holdings = Holdings(tmp_path)
    assert holdings.states([row(wrong)]) == [("held", None)]  # nobody has looked into it yet
    assert holdings.held(row(wrong)).faults[0].reason is Reason.SUFFIXES_UNORDERED
    assert [state for state, _ in holdings.states([row(wrong), row(honest)])] == [
        "faulty",
        "absent",
    ]
    with pytest.raises(NotHeld, match="dataset 1 is faulty"):
        holdings.corpus(index([row(wrong)], engine_id(2)), 1)
    with pytest.raises(NotHeld, match="dataset 1 is not held"):
        holdings.held(row(honest))


def test_a_model_of_another_engine_has_no_corpus(tmp_path: Path) -> None:
    with pytest.raises(NotHeld, match=r"model 1: engine id 0x0707.* is none of"):
        Holdings(tmp_path).corpus(index([], b"\x07" * 32), 1)


def test_only_so_many_datasets_stay_in_memory(tmp_path: Path) -> None:
    dataset = made(1)
    save_dataset(dataset, tmp_path / "set")
    holdings = Holdings(tmp_path)
    first = holdings.held(row(dataset))
    assert holdings.held(row(dataset)) is first
    for number in range(2, MOST_LOADED + 2):
        holdings.held(row(dataset, number))
    assert holdings.held(row(dataset)) is not first


def test_contents_are_looked_for_in_the_data_folder_unless_told(tmp_path: Path) -> None:
    assert NodeConfig().attribution_folder is None
    assert NodeConfig(data_dir=tmp_path).attribution_folder == tmp_path / "attribution"
    other = NodeConfig(data_dir=tmp_path, attribution_data=tmp_path / "other")
    assert other.attribution_folder == tmp_path / "other"
