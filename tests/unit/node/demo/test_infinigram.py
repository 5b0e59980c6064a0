"""The language model: every token has a source, and the same question the same answer."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from byline.node.attribution.corpus import Corpus
from byline.node.attribution.dataset import Dataset, Document
from byline.node.attribution.tokens import tokenize, words_of
from byline.node.demo.infinigram import MOST_TOKENS, InfiniGram, Written

OWNERS = (b"\x01" * 20, b"\x02" * 20)
FOX = "The quick brown fox jumps over the lazy dog near the river bank."
HARE = "A quick brown fox jumps over the frozen pond near the old mill."
COOK = "Simmer the onions slowly until golden, then stir in (a little) cream."


def model(*texts: tuple[str, str]) -> tuple[Corpus, InfiniGram]:
    datasets = tuple(
        Dataset.build(at + 1, [Document(text, OWNERS[at % 2])])
        for at, (_, text) in enumerate(texts)
    )
    corpus = Corpus(datasets)
    return corpus, InfiniGram(corpus, [[title] for title, _ in texts])


def sources_are_true(corpus: Corpus, written: Written) -> bool:
    found = []
    for place in written.sources:
        dataset = corpus.dataset(place.dataset)
        assert dataset is not None
        found.append(int(dataset.tokens[place.pos]))
    return tuple(found) == written.tokens


def test_an_answer_goes_over_from_one_text_to_another() -> None:
    corpus, found = model(("fox", FOX), ("hare", HARE))
    written = found.answer("What does the quick brown fox do?")
    assert sources_are_true(corpus, written)
    assert {place.dataset for place in written.sources} == {1, 2}


def test_a_question_chooses_the_text_it_is_about() -> None:
    corpus, found = model(("fox", FOX), ("sauce", COOK))
    written = found.answer("How long do the onions of a sauce simmer?")
    assert written.text == COOK.casefold()
    assert {place.dataset for place in written.sources} == {2}
    assert sources_are_true(corpus, written)


def test_where_no_text_is_about_the_question_there_is_no_answer() -> None:
    _, found = model(("fox", FOX))
    assert found.answer("Colourless ideas?") == Written("", (), ())
    assert found.answer("") == Written("", (), ())


def test_another_question_may_draw_another_way() -> None:
    _, found = model(("fox", FOX), ("hare", HARE))
    ways = {found.answer(f"quick brown fox {number}").text for number in range(12)}
    assert len(ways) > 1


WORDS = st.sampled_from(["alpha", "beta", "gamma", "delta", ",", ".", "(", ")", "'", '"', "-"])


@settings(max_examples=60, deadline=None)
@given(
    texts=st.lists(st.lists(WORDS, min_size=1, max_size=40), min_size=1, max_size=3),
    question=st.lists(WORDS, max_size=5),
)
def test_every_answer_is_made_of_the_texts_and_reads_back(
    texts: list[list[str]], question: list[str]
) -> None:
    corpus, found = model(*(("alpha", " ".join(words)) for words in texts))
    asked = " ".join(question)
    written = found.answer(asked)
    assert sources_are_true(corpus, written)
    assert len(written.tokens) <= MOST_TOKENS
    assert 0 not in written.tokens
    assert tokenize(written.text) == written.tokens
    assert found.answer(asked) == written


def test_one_title_is_wanted_for_each_text() -> None:
    corpus, _ = model(("fox", FOX))
    with pytest.raises(ValueError, match="shorter"):
        InfiniGram(corpus, [[]])


def test_the_words_of_an_answer_are_casefolded_words_of_the_texts() -> None:
    _, found = model(("fox", FOX), ("sauce", COOK))
    answer = found.answer("onions")
    assert set(words_of(answer.text)) <= set(words_of(FOX + COOK))
