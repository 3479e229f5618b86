"""The compiled program is what Pyomo's own compiler makes of the same model, entry by entry."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pyomo.environ as pyo
import pytest
from by_pyomo import check_compilation, formulation_of, standard_form
from drawn import QUICK, cases
from hypothesis import given
from hypothesis import strategies as st
from shipped import one_program
from small import small

from perequa.checks import load
from perequa.compilation import compile_program
from perequa.linear_forms import Columns, read_linear
from perequa_models.errors import InternalError
from perequa_models.keys import AuxiliaryKey

if TYPE_CHECKING:
    from collections.abc import Callable

    from pricing import Case

    from perequa_models.formulation import Formulation

NUMBERS = st.integers(-8, 8).map(lambda n: n / 4)
"""Quarters: sums and products come out exact, whatever their order."""


@pytest.mark.parametrize("name", one_program())
def test_every_shipped_scenario_and_its_variants(name: str) -> None:
    for variant in ((), *((v,) for v in load(name).raw.data.get("variants") or {})):
        check_compilation(load(name, variant).instance)


@given(cases())
@QUICK
def test_random_scenarios(case: Case) -> None:
    check_compilation(case.instance())


def variables(count: int) -> Any:
    model = pyo.ConcreteModel()
    model.x = pyo.Var(range(count))
    model.p = pyo.Param(initialize=2.5, mutable=True)
    return model


@st.composite
def expressions(draw: Callable[..., Any], model: Any, depth: int = 4) -> Any:
    """Linear expressions as Python writes them: sums in sums, products, repeated variables."""
    leaves = st.one_of(st.sampled_from(list(model.x.values())), NUMBERS, st.just(model.p))
    kind = draw(st.sampled_from(["leaf", "sum", "flat", "product", "minus", "divided"]))
    if depth == 0 or kind == "leaf":
        return draw(leaves)
    if kind == "flat":
        terms = draw(st.lists(st.tuples(NUMBERS, st.sampled_from(list(model.x.values())))))
        return sum(a * x for a, x in terms) + draw(NUMBERS)
    inner = draw(expressions(model, depth - 1))
    if kind == "sum":
        return inner + draw(expressions(model, depth - 1))
    if kind == "minus":
        return draw(leaves) - inner
    return inner / 4 if kind == "divided" else draw(NUMBERS) * inner


@given(st.data())
@QUICK
def test_random_expressions(data: st.DataObject) -> None:
    """Constants, repeated variables, zero coefficients, parameters, sums that are not flat."""
    model = variables(4)
    bodies = data.draw(st.lists(expressions(model), min_size=1, max_size=6))
    # Pyomo leaves out a row without variables: each has one of its own
    model.own = pyo.Var(range(len(bodies)))
    bodies = [body + model.own[i] for i, body in enumerate(bodies)]
    model.rows = pyo.Constraint(range(len(bodies)), rule=lambda _, i: (None, bodies[i], 0.0))
    columns = [*model.x.values(), *model.own.values()]
    wanted = standard_form(model, list(model.rows.values()), columns)
    found = read_linear(bodies, Columns(columns))
    np.testing.assert_array_equal(found.matrix.toarray(), wanted.matrix)
    assert found.matrix.nnz == np.count_nonzero(wanted.matrix)
    np.testing.assert_array_equal(-found.constant, wanted.upper)


def test_a_flat_sum_by_hand() -> None:
    model = variables(3)
    x, y, z = model.x.values()
    found = read_linear(
        [2.0 * x + y + 3 + 0.5 * x + 0.0 * z - 1.0, y, 4.0 * z, 7.0], Columns([z, y, x])
    )
    np.testing.assert_array_equal(
        found.matrix.toarray(), [[0.0, 1.0, 2.5], [0.0, 1.0, 0.0], [4.0, 0.0, 0.0], [0.0] * 3]
    )
    np.testing.assert_array_equal(found.constant, [2.0, 0.0, 0.0, 7.0])
    assert found.matrix.nnz == 4


def with_row(body: Callable[[Any], Any], lower: float | None, upper: float | None) -> Formulation:
    """A formulation with one more row, written from its first variable."""
    made = formulation_of(small({"cap": {"kind": "cap", "at_most": 10}}).instance())
    expression = body(made.columns[0][1])
    made.model.more = pyo.Constraint(expr=(lower, expression, upper))
    key = AuxiliaryKey("more", "row", "", "", "", None)
    return replace(made, rows=(*made.rows, (key, made.model.more)))


def test_one_more_row_is_read() -> None:
    program = compile_program(with_row(lambda x: 2.0 * x + 1.0, None, 5.0))
    assert program.row_upper[-1] == 4.0
    assert program.row_lower[-1] == -np.inf
    assert program.matrix[-1, 0] == 2.0


FOREIGN = variables(1)


@pytest.mark.parametrize(
    ("body", "lower", "upper", "message"),
    [
        (lambda x: x + 1.0, 0.0, 1.0, "two limits"),
        (lambda x: x - x, 0.0, None, "no variable"),
        (lambda x: 0.0 * x + 1.0, 0.0, None, "no variable"),
        (lambda x: x * x, None, 1.0, "not linear"),
        (lambda x: x + FOREIGN.x[0], None, 1.0, "without a column"),
        (lambda x: x + float("inf") * x, None, 1.0, "not finite"),
        (lambda x: x + float("nan"), None, 1.0, "not finite"),
    ],
)
def test_what_cannot_be_held_is_refused(
    body: Callable[[Any], Any], lower: float | None, upper: float | None, message: str
) -> None:
    with pytest.raises(InternalError, match=message):
        compile_program(with_row(body, lower, upper))


def test_a_fixed_variable_is_refused() -> None:
    made = formulation_of(small({"cap": {"kind": "cap", "at_most": 10}}).instance())
    made.columns[0][1].fix(1.0)
    with pytest.raises(InternalError, match="fixed"):
        compile_program(made)
