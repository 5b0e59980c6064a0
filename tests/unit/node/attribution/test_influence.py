"""The influence engines: against definitions, against other libraries, against retraining."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from functools import cache
from itertools import permutations
from math import factorial

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from byline.node.attribution.influence.engines import DATAINF, ENGINES, EXACT_INFLUENCE
from byline.node.attribution.influence.fidelity import (
    Fidelity,
    by_owner,
    fidelity,
    spearman_bps,
)
from byline.node.attribution.influence.knn import _recursion, knn_values, shapley
from byline.node.attribution.influence.logistic import fit
from byline.node.attribution.influence.quantise import quantise, weights
from byline.node.attribution.influence.scores import datainf, exact_influence, leave_one_out
from byline.node.attribution.influence.table import Problem, Table, make_problem, read_csv
from byline.precompiles.evidence import knn_shapley

QUERIES = (0, 3, 7, 11)


@cache
def breast_cancer() -> Table:
    from sklearn.datasets import load_breast_cancer

    features, labels = load_breast_cancer(return_X_y=True)
    return Table(features, labels.astype(np.int64))


@cache
def problem() -> Problem:
    return make_problem(breast_cancer(), 400, 8)


@cache
def measured() -> tuple[Fidelity, ...]:
    return fidelity(problem(), QUERIES)


def small(rows: int = 40, features: int = 3) -> Table:
    chance = np.random.default_rng(5)
    numbers = chance.normal(size=(rows, features))
    noise = chance.normal(size=rows)
    return Table(numbers, (numbers[:, 0] + noise > 0).astype(np.int64))


def test_the_fit_is_that_of_another_library() -> None:
    from sklearn.linear_model import LogisticRegression

    train = problem().train
    other = LogisticRegression(C=0.7, max_iter=5000, tol=1e-10).fit(train.features, train.labels)
    ours = fit(train, 0.7)
    np.testing.assert_allclose(ours.theta[:-1], other.coef_[0], atol=1e-4)
    np.testing.assert_allclose(ours.theta[-1], other.intercept_[0], atol=1e-4)


def test_the_minimum_does_not_depend_on_the_start() -> None:
    table = small()
    other = fit(table, start=np.array([5.0, -5.0, 3.0, 8.0]))
    np.testing.assert_allclose(other.theta, fit(table).theta, atol=1e-8)


def test_gradients_and_hessian_are_the_derivatives_of_the_losses() -> None:
    table = small()
    model = fit(table, 2.0)
    step = 1e-5
    for at in range(len(model.theta)):
        moved = np.zeros_like(model.theta)
        moved[at] = step
        above, below = (type(model)(model.theta + s * moved, 2.0) for s in (1, -1))
        slope = (above.losses(table) - below.losses(table)) / (2 * step)
        np.testing.assert_allclose(slope, model.gradients(table)[:, at], atol=1e-7)
        curve = (above.gradients(table) - below.gradients(table)).sum(axis=0) / (2 * step)
        curve[at] += 0.5 if at < len(model.theta) - 1 else 0.0
        np.testing.assert_allclose(curve, model.hessian(table)[:, at], atol=1e-6)


def test_rows_of_one_class_are_refused() -> None:
    with pytest.raises(ValueError, match=r"rows of the classes \[1\] only"):
        fit(Table(np.ones((3, 1)), np.ones(3, np.int64)))


def test_exact_influence_is_the_slope_of_retraining() -> None:
    """Removing one of many rows: the formula is right to first order, sign included."""
    table = small(400)
    query = table.rows(np.array([1]))
    model = fit(table)
    truth = leave_one_out(model, table, query)[0]
    np.testing.assert_allclose(exact_influence(model, table, query), truth, rtol=0.1, atol=1e-4)
    assert np.abs(truth).max() > 1e-3


def test_datainf_is_its_formula_row_by_row() -> None:
    table = small()
    query = table.rows(np.array([2]))
    model = fit(table)
    rows, wanted = model.gradients(table), model.gradients(query)[0]
    damping = (rows**2).mean() / 10
    inverse = np.mean(
        [np.linalg.inv(np.outer(g, g) + damping * np.eye(len(g))) for g in rows], axis=0
    )
    np.testing.assert_allclose(datainf(model, table, query), rows @ inverse @ wanted)


def shapley_by_definition(k: int, label: int, labels: Sequence[int]) -> list[Fraction]:
    """Average over all orders of arrival of what a point adds to the vote."""

    def vote(members: Sequence[int]) -> Fraction:
        return Fraction(sum(labels[one] == label for one in sorted(members)[:k]), k)

    values = [Fraction(0)] * len(labels)
    for order in permutations(range(len(labels))):
        for at, one in enumerate(order):
            values[one] += vote(order[: at + 1]) - vote(order[:at])
    return [value / factorial(len(labels)) for value in values]


@given(k=st.integers(1, 6), labels=st.lists(st.integers(0, 1), min_size=1, max_size=5))
@settings(max_examples=30)
def test_knn_values_are_shapley_values(k: int, labels: list[int]) -> None:
    assert list(shapley(k, 1, labels)) == shapley_by_definition(k, 1, labels)


@given(k=st.integers(1, 50), labels=st.lists(st.integers(0, 3), max_size=42))
@settings(max_examples=40)
def test_the_precompile_and_the_wide_recursion_agree(k: int, labels: list[int]) -> None:
    values, denominator = knn_shapley(k, 1, bytes(labels))
    assert tuple(Fraction(value, denominator) for value in values) == _recursion(k, 1, labels)


def test_values_of_many_rows_add_up_to_the_vote() -> None:
    train, queries = problem().train, problem().queries
    values = knn_values(train, queries.rows(np.array([0])), 5)
    nearest = np.argsort(((train.features - queries.features[0]) ** 2).sum(axis=1))[:5]
    assert values.sum() == pytest.approx((train.labels[nearest] == queries.labels[0]).mean())


def test_the_table_of_fidelities_says_whom_to_believe() -> None:
    """Exact influence ranks rows almost as retraining does, DataInf on its defaults less."""
    rows: dict[str, list[int]] = {engine.description: [] for engine in ENGINES}
    for row in measured():
        rows[row.engine].append(row.rows_bps)
    exact, approximate, _ = rows.values()
    assert all(9_500 <= bps <= 10_000 for bps in exact)
    assert all(5_000 <= bps <= 8_000 for bps in approximate)
    assert [row.query for row in measured()] == [*QUERIES] * len(ENGINES)


def test_a_fidelity_is_the_correlation_with_retraining() -> None:
    from scipy.stats import spearmanr

    train, queries = problem().train, problem().queries
    model, query = fit(train), queries.rows(np.array([3]))
    truth = leave_one_out(model, train, query)[0]
    expected = spearmanr(datainf(model, train, query), truth).statistic
    (row,) = fidelity(problem(), (3,), (DATAINF,))
    assert row.rows_bps == pytest.approx(10_000 * expected, abs=2)
    assert row.engine_id == DATAINF.id


@given(pairs=st.lists(st.tuples(st.integers(-4, 4), st.integers(-4, 4)), max_size=12))
@settings(max_examples=60)
def test_rank_correlation_is_that_of_another_library(pairs: list[tuple[int, int]]) -> None:
    from scipy.stats import spearmanr

    left, right = [one for one, _ in pairs], [other for _, other in pairs]
    if len(set(left)) < 2 or len(set(right)) < 2:
        assert spearman_bps(left, right) == 0
        return
    assert abs(spearman_bps(left, right) - 10_000 * spearmanr(left, right).statistic) < 1.001


def test_lists_of_different_lengths_are_refused() -> None:
    with pytest.raises(ValueError, match="2 values against 1"):
        spearman_bps([1, 2], [1])


def test_quantised_scores_keep_order_sign_and_proportion() -> None:
    scores = np.array([0.5, -0.25, 0.0, 1e-12, -0.125])
    assert quantise(scores) == (2**32, -(2**31), 0, 0, -(2**30))
    assert weights(scores) == (2**32, 0, 0, 0, 0)
    assert quantise(scores * 1e300) == quantise(scores)
    assert quantise(np.zeros(3)) == (0, 0, 0)
    assert quantise(np.array([])) == ()


@pytest.mark.parametrize("score", [np.nan, np.inf, -np.inf])
def test_scores_that_are_no_numbers_are_refused(score: float) -> None:
    with pytest.raises(ValueError, match="a score is not finite"):
        quantise(np.array([1.0, score]))


def test_engines_have_ids_of_their_own() -> None:
    assert len({engine.id for engine in ENGINES}) == len(ENGINES)
    assert DATAINF.description == "byline influence v1: DataInf(lambda_divisor=10)"
    assert len(EXACT_INFLUENCE.id) == 32


def test_sums_by_owner_stand_by_owner() -> None:
    assert by_owner((1, 2, 3, -4), (2, 0, 2, 1)) == (2, -4, 4)


def test_rows_are_dealt_the_same_everywhere() -> None:
    assert problem().owners[:10] == make_problem(breast_cancer(), 400, 8).owners[:10]
    assert set(problem().owners) == set(range(8))
    assert (len(problem().train), len(problem().queries)) == (400, 169)
    np.testing.assert_allclose(problem().train.features.mean(axis=0), 0, atol=1e-12)
    np.testing.assert_allclose(problem().train.features.std(axis=0), 1)


def test_a_table_reads_from_comma_separated_lines() -> None:
    table = read_csv(["a,b,label\n", "1,2.5,0\n", "\n", "3,-4e1,1\n"])
    assert table.features.tolist() == [[1, 2.5], [3, -40]]
    assert table.labels.tolist() == [0, 1]


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        (["a,label"], "want a header"),
        (["a,label", "1,0", "1,2,0"], "want a header"),
        (["a,label", "1,2"], "labels other than 0 and 1"),
        (["a,label", "nan,1"], "not finite"),
        (["a,label", "one,1"], "could not convert"),
    ],
)
def test_what_is_no_table_is_refused(lines: list[str], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        read_csv(lines)


def test_a_split_without_rows_or_queries_is_refused() -> None:
    for train, contributors in ((0, 8), (569, 8), (400, 0)):
        with pytest.raises(ValueError, match="want at least one row to train on"):
            make_problem(breast_cancer(), train, contributors)


def test_the_file_that_the_table_ships_as_reads_back() -> None:
    from importlib.resources import files

    text = files("sklearn.datasets.data").joinpath("breast_cancer.csv").read_text()
    table = read_csv(text.splitlines())
    assert (table.features == breast_cancer().features).all()
    assert (table.labels == breast_cancer().labels).all()
