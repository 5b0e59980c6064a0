"""The small model: what it says stands in the texts, and it says it every time."""

from __future__ import annotations

import subprocess
import sys

import pytest

from byline.node.demo.corpus import Document, documents, tokenize
from byline.node.demo.model import MAX_SENTENCES, NO_ANSWER, Model, model
from byline.node.demo.questions import QUESTIONS


def toy(**texts: str) -> Model:
    return Model([Document(topic, text, tokenize(text)) for topic, text in texts.items()])


TOY = toy(
    cats="""Cats
****

A cat sleeps through most of the day. The cat purrs when somebody strokes it.""",
    dogs="""Dogs
****

A dog barks when somebody strange comes by. It sleeps at night, as people do.""",
    code="""Code
****

   >>> cat = purrs(cat, cat, "a cat purrs and purrs and purrs.")

   cat ::= purrs cat | cat purrs and cat purrs and cat purrs.

Plain words end this text here today.""",
)


def test_the_sentence_about_the_question_is_the_answer() -> None:
    assert TOY.answer("When does my cat purr?").startswith("The cat purrs when somebody strokes")
    assert TOY.answer("Why is the dog barking?").startswith("A dog barks when")


def test_code_is_no_answer() -> None:
    answer = TOY.answer("cat purrs cat")
    assert ">>>" not in answer
    assert "::=" not in answer


@pytest.mark.parametrize("question", ["", "?", "What is it?", "zyzzyva quetzal"])
def test_a_model_that_has_read_nothing_about_it_says_so(question: str) -> None:
    assert TOY.answer(question) == NO_ANSWER


def test_a_model_without_texts_says_so_too() -> None:
    assert Model([]).answer("What is a cat?") == NO_ANSWER


def words(text: str) -> str:
    return " ".join(token.word for token in tokenize(text))


@pytest.mark.parametrize("question", QUESTIONS)
def test_every_question_of_the_demo_is_answered_in_words_of_the_texts(question: str) -> None:
    answer = model().answer(question)
    assert answer != NO_ANSWER
    everything = [words(document.text) for document in documents()]
    rest = words(answer)
    sentences = 0
    while rest:
        # Cut off the longest beginning that stands in a text: a sentence or more.
        pieces = rest.split()
        end = next(
            n
            for n in range(len(pieces), 0, -1)
            if any(" ".join(pieces[:n]) in t for t in everything)
        )
        assert end >= 6
        rest = " ".join(pieces[end:])
        sentences += 1
    assert sentences <= MAX_SENTENCES


def test_answers_do_not_depend_on_the_order_of_hashes() -> None:
    script = (
        "from byline.node.demo.attribution import attribute\n"
        "from byline.node.demo.evidence import evidence_root\n"
        "from byline.node.demo.questions import QUESTIONS\n"
        "print([evidence_root(attribute(q)).hex() for q in QUESTIONS[:8]])"
    )
    outputs = {
        subprocess.run(
            [sys.executable, "-c", script],
            env={"PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(outputs) == 1
