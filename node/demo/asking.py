"""Who asks what, and what the models answer."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from byline.node.accounts import DevAccount
from byline.node.demo.desk import Answer, answer
from byline.node.demo.model import Trained
from byline.node.demo.people import UNSIGNED, contributor
from byline.node.demo.plan import Query, Sort, plan
from byline.node.demo.texts import Text
from byline.node.errors import NodeError


@dataclass(frozen=True, slots=True)
class Answered:
    """What the models wrote."""

    answers: tuple[Answer, ...]
    base_answer: Answer
    """Of the base model, paid for by itself."""

    @property
    def payers(self) -> set[bytes]:
        """Addresses of all payers."""
        return {one.query.payer.address for one in self.answers}

    @property
    def owners(self) -> set[bytes]:
        """Addresses of all whose words are in the answers."""
        everything = (*self.answers, self.base_answer)
        return {leaf.owner for one in everything for leaf in one.evidence.leaves}

    @property
    def sponsored(self) -> bytes:
        """Who gets no money for gas: the contributor with words in most answers."""
        counts = Counter(
            owner for one in self.answers for owner in {leaf.owner for leaf in one.evidence.leaves}
        )
        return max(counts, key=lambda owner: (counts[owner], owner))


def questions(trained: Trained, count: int) -> Answered:
    """Plan who asks what, and let the models answer; takes some seconds."""
    washer, question = _washer(trained)
    queries = plan(trained.library.questions, count, washer, question)
    answers = tuple(answer(trained.model, trained.adapter, query) for query in queries)
    first = Query(queries[0].question, queries[0].payer, Sort.EXTERNAL)
    return Answered(answers, answer(trained.base_model, trained.base, first))


def _washer(trained: Trained) -> tuple[DevAccount, str]:
    """Return who asks for its own words, and about which of its texts.

    A contributor of the upper middle, and the longest text that it is paid for when asked.
    """
    given: dict[str, list[Text]] = {}
    for text in trained.library.adapter:
        if text.contributor != UNSIGNED:
            given.setdefault(text.contributor, []).append(text)
    ranked = sorted(given, key=lambda name: (-len(given[name]), name))
    for who in ranked[len(ranked) // 4 :]:
        account = contributor(who)
        for text in sorted(given[who], key=lambda text: (-len(text.text), text.title)):
            query = Query(f"What is {text.title}?", account, Sort.WASH)
            leaves = answer(trained.model, trained.adapter, query).evidence.leaves
            if any(leaf.owner == account.address for leaf in leaves):
                return account, query.question
    raise NodeError("no contributor is paid for an answer about a text of its own")
