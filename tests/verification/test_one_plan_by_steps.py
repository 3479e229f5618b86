"""The steps and the neutral cost leave one plan: what counts as a price, and as nothing."""

from __future__ import annotations

import numpy as np
import pytest

from perequa.verification.folder import Program
from perequa.verification.outcome import Notebook
from perequa.verification.stepped import _check_neutral, _priced

IDS = ("x/territory:01/home/2025", "x/territory:02/home/2025")
LARGE = 1e4
"""Coefficient by which both places stand in their row: the row's multiplier is 1e-4 of a cost."""


def two_places(second: float) -> Program:
    """Two decisions in one row that holds: LARGE·x₁ + second·x₂ = LARGE."""
    return Program(
        {
            "a_data": np.array([LARGE, second]),
            "a_indices": np.array([0, 1]),
            "a_indptr": np.array([0, 2]),
            "row_id": np.array(["envelope/nation/-/2025/at_most"]),
            "col_id": np.array(IDS),
            "row_is_rule": np.array([True]),
            "row_lower": np.array([LARGE]),
            "row_upper": np.array([LARGE]),
            "row_limit": np.array([LARGE]),
            "col_lower": np.zeros(2),
            "col_upper": np.full(2, 5.0),
            "tie_cost": np.ones(2),
            "objective_name": np.array(["spend"]),
            "stage_weight": np.array([[1.0]]),
        }
    )


@pytest.mark.parametrize(
    ("share", "one"), [(0.0, False), (1e-13, False), (4e-9, True), (1e-6, True)]
)
def test_a_neutral_cost_next_to_nothing_is_not_nothing(share: float, one: bool) -> None:
    """The second decision costs a share of its own sum more than the first: it stays at its bound.

    Without a difference, or with one that is rounding, either may give way to the other.
    """
    costs = two_places(LARGE).neutral
    y = costs[0] / LARGE
    # costs[1] − y·second = share·(costs[1] + y·second)
    program = two_places(costs[1] * (1.0 - share) / (1.0 + share) / y)
    solution = {"plan": np.array([1.0, 0.0]), "neutral_y": np.array([y])}
    notes = Notebook(5, "uniqueness")
    face = (np.array([True]), np.zeros(2), np.full(2, 5.0))
    _check_neutral(notes, program, solution, face)
    assert (not notes.found) == one


def test_the_price_of_a_euro_counts_as_that_of_the_places_it_pays() -> None:
    """A row of euros, 40 000 a place, beside one of places: 4e-9 of its price, not 1e-13."""
    program = Program(
        {
            "a_data": np.array([40_000.0, 1.0]),
            "a_indices": np.array([0, 0]),
            "a_indptr": np.array([0, 1, 2]),
            "col_id": np.array(IDS[:1]),
        }
    )
    assert _priced(program, np.array([1e-13, 1.0])).tolist() == [True, True]
    assert _priced(program, np.array([0.0, 1.0])).tolist() == [False, True]
    assert _priced(program, np.array([1e-16, 1.0])).tolist() == [False, True]
