"""The influence engines by name, with their parameters and ids."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from byline.derivation.hashing import keccak256
from byline.node.attribution.influence.knn import knn_values
from byline.node.attribution.influence.logistic import Logistic
from byline.node.attribution.influence.scores import DAMPING_DIVISOR, datainf, exact_influence
from byline.node.attribution.influence.table import Floats, Table

NEIGHBOURS: Final = 5

Scores = Callable[[Logistic, Table, Table], Floats]
"""Model, training rows, one query -> a score for each row."""


@dataclass(frozen=True, slots=True)
class Engine:
    """A way to score training rows."""

    name: str
    parameters: tuple[tuple[str, int], ...]
    scores: Scores

    @property
    def description(self) -> str:
        """Name and parameters in one line: all that its results depend on but the data."""
        values = ", ".join(f"{name}={value}" for name, value in self.parameters)
        return f"byline influence v1: {self.name}({values})"

    @property
    def id(self) -> bytes:
        """32 bytes: the hash of name and parameters, as a model names its engine."""
        return keccak256(self.description.encode())


EXACT_INFLUENCE: Final = Engine("exact influence", (), exact_influence)
DATAINF: Final = Engine("DataInf", (("lambda_divisor", DAMPING_DIVISOR),), datainf)
KNN_SHAPLEY: Final = Engine(
    "KNN-Shapley",
    (("k", NEIGHBOURS),),
    lambda _model, train, query: knn_values(train, query, NEIGHBOURS),
)

ENGINES: Final = (EXACT_INFLUENCE, DATAINF, KNN_SHAPLEY)
"""All engines that are measured."""
