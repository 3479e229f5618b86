"""Sums written flat are what Pyomo makes of the same parts, told by its own evaluation."""

from __future__ import annotations

import numpy as np
import pyomo.environ as pyo
import pytest
from pyomo.core.expr.numeric_expr import LinearExpression

from perequa_models.sums import added, total


@pytest.fixture
def x() -> list:
    model = pyo.ConcreteModel()
    model.x = pyo.Var(range(3), initialize={0: 2.0, 1: 3.0, 2: 5.0})
    return list(model.x.values())


def test_variables_products_sums_and_numbers_are_one_list_of_terms(x: list) -> None:
    found = total([x[0] + 2.0 * x[1], x[2], 3.0 * x[0], -4.0])
    assert type(found) is LinearExpression
    assert len(found.args) == 5
    assert pyo.value(found) == 2 + 6 + 5 + 6 - 4


def test_sums_inside_a_sum_are_not_changed_by_it(x: list) -> None:
    inner = x[0] + x[1]
    total([inner, x[2]])
    assert pyo.value(inner) == 5
    assert len(inner.args) == 2


def test_what_is_no_plain_sum_is_left_to_pyomo(x: list) -> None:
    found = total([x[0], 2.0 * (x[1] + x[2]), 1.0])
    assert pyo.value(found) == 2 + 16 + 1


def test_numbers_alone_stay_a_number_and_one_part_itself(x: list) -> None:
    assert total([1.0, np.float64(2.5), 3]) == 6.5
    assert total([]) == 0
    assert total([0.0, x[1], 0]) is x[1]


def test_arrays_are_added_place_by_place(x: list) -> None:
    variables = np.array([[x[0]], [x[1]]], dtype=object)
    found = added(variables, np.array([1.0, 0.0]), variables)
    assert found.shape == (2, 2)
    assert [[pyo.value(cell) for cell in row] for row in found] == [[5, 4], [7, 6]]
