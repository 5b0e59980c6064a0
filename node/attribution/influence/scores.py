"""What each training row does for the answer to a query: by retraining, and by formulas.

A score is by how much the loss on the query would rise without the row: above 0 the row
helped.  Every function returns shape (rows,).
"""

from __future__ import annotations

from typing import Final

import numpy as np

from byline.node.attribution.influence.logistic import Logistic, fit
from byline.node.attribution.influence.table import Floats, Table

DAMPING_DIVISOR: Final = 10
"""DataInf's default: lambda is a tenth of the mean square of the gradients' entries."""


def leave_one_out(model: Logistic, train: Table, queries: Table) -> Floats:
    """Return the truth: train once without each row and look.  Shape (queries, rows)."""
    before = model.losses(queries)
    rows = [
        fit(train.without(row), model.strength, model.theta).losses(queries) - before
        for row in range(len(train))
    ]
    return np.array(rows).T


def exact_influence(model: Logistic, train: Table, query: Table) -> Floats:
    """Return the first-order change: g_query . H**-1 . g_row, with the whole Hessian.

    (Koh and Liang, "Understanding black-box predictions via influence functions", 2017.)
    """
    wanted = model.gradients(query).sum(axis=0)
    return model.gradients(train) @ np.linalg.solve(model.hessian(train), wanted)


def datainf(model: Logistic, train: Table, query: Table, divisor: int = DAMPING_DIVISOR) -> Floats:
    """Return DataInf's approximation: each row's own inverse by Sherman-Morrison, averaged.

    With the gradients g_i of n rows, v of the query and lambda = mean(g**2) / divisor

        h = 1/(n lambda) sum_i (v - (v . g_i) / (lambda + |g_i|**2) g_i);  score_k = h . g_k

    (Kwon, Wu, Wu, Zou, "DataInf", ICLR 2024.)  The whole model is one layer here.  The
    paper's influence has the other sign.
    """
    rows, wanted = model.gradients(train), model.gradients(query).sum(axis=0)
    damping = np.mean(rows**2) / divisor
    shares = (rows @ wanted) / (damping + (rows**2).sum(axis=1))
    hvp = (wanted - (shares[:, None] * rows).mean(axis=0)) / damping
    scores: Floats = rows @ hvp
    return scores
