"""Logistic regression with an L2 penalty, fitted by Newton's method: no chance in it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from byline.node.attribution.influence.table import Floats, Labels, Table

MOST_STEPS: Final = 100
TOLERANCE: Final = 1e-10
"""The fit ends where no parameter moves further than this."""


@dataclass(frozen=True, slots=True, eq=False)
class Logistic:
    """A fitted model: P(label = 1) = 1 / (1 + exp(-x . theta)), x with a 1 behind it."""

    theta: Floats
    """Shape (features + 1,); the last is the intercept."""
    strength: float
    """The inverse of the penalty on all but the intercept (the `C` of other libraries)."""

    def losses(self, table: Table) -> Floats:
        """Return the log loss of each row."""
        return np.logaddexp(0.0, -_signs(table.labels) * (_with_one(table) @ self.theta))

    def gradients(self, table: Table) -> Floats:
        """Return the gradient of each row's loss; shape (rows, features + 1)."""
        rows = _with_one(table)
        return (_sigmoid(rows @ self.theta) - table.labels)[:, None] * rows

    def hessian(self, table: Table) -> Floats:
        """Return the second derivative of the loss over `table`, penalty included."""
        rows = _with_one(table)
        chances = _sigmoid(rows @ self.theta)
        curvature = (rows * (chances * (1 - chances))[:, None]).T @ rows
        return curvature + np.diag(_penalties(len(self.theta), self.strength))


def fit(table: Table, strength: float = 1.0, start: Floats | None = None) -> Logistic:
    """Return the model that minimises the sum of losses and |theta|**2 / (2 strength).

    start: parameters to begin with, by default zeros; the minimum is the same.
    Raises `ValueError` for an empty table, and where no minimum is reached: rows of a single
    class have none.
    """
    classes = set(table.labels.tolist())
    if classes != {0, 1}:
        raise ValueError(f"rows of the classes {sorted(classes)} only: want both 0 and 1")
    theta = np.zeros(table.features.shape[1] + 1) if start is None else start
    for _ in range(MOST_STEPS):
        model = Logistic(theta, strength)
        slope = model.gradients(table).sum(axis=0)
        slope += _penalties(len(theta), strength) * theta
        step = np.linalg.solve(model.hessian(table), slope)
        theta = _lower(table, model, step)
        if np.abs(theta - model.theta).max() < TOLERANCE:
            return Logistic(theta, strength)
    raise ValueError(
        f"no minimum after {MOST_STEPS} steps: use a smaller strength than {strength}"
    )


def _lower(table: Table, model: Logistic, step: Floats) -> Floats:
    """Return where a full step leads, or half, a quarter, .. of it, so that the loss falls."""
    before = _objective(table, model)
    for halvings in range(40):
        theta: Floats = model.theta - step / 2**halvings
        if _objective(table, Logistic(theta, model.strength)) <= before:
            return theta
    return model.theta


def _objective(table: Table, model: Logistic) -> float:
    penalty = _penalties(len(model.theta), model.strength) * model.theta**2
    return float(model.losses(table).sum() + penalty.sum() / 2)


def _penalties(parameters: int, strength: float) -> Floats:
    return np.append(np.full(parameters - 1, 1 / strength), 0.0)


def _with_one(table: Table) -> Floats:
    return np.hstack((table.features, np.ones((len(table), 1))))


def _signs(labels: Labels) -> Labels:
    return 2 * labels - 1


def _sigmoid(numbers: Floats) -> Floats:
    return np.exp(-np.logaddexp(0.0, -numbers))
