"""Linear forms as Pyomo's own compiler writes them: the oracle of ours.

`standard_form` shares nothing with `perequa.compilation`: the whole model goes through
``LinearStandardFormCompiler``, and its rows and columns are put back in the order written.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from pyomo.repn import generate_standard_repn
from pyomo.repn.plugins.standard_form import LinearStandardFormCompiler

from perequa.compilation import compile_program
from perequa_models.formulation import formulate
from perequa_models.problems import Problems
from perequa_models.reference.allocation import reference_allocation

if TYPE_CHECKING:
    from collections.abc import Sequence

    from perequa_models.formulation import Formulation
    from perequa_models.instance import Instance


@dataclass(frozen=True)
class Standard:
    """Dense arrays: bounds on ``matrix @ x``; objective k is ``costs[k] @ x + offsets[k]``."""

    matrix: np.ndarray
    lower: np.ndarray
    upper: np.ndarray
    costs: np.ndarray
    offsets: np.ndarray


def standard_form(model: Any, rows: Sequence[Any], columns: Sequence[Any]) -> Standard:
    """Compile a model whose active objectives and constraints are all to be found in it."""
    form = LinearStandardFormCompiler().write(model, mixed_form=True, set_sense=None)
    place = {id(row): i for i, row in enumerate(rows)}
    at = [place[id(row.constraint)] for row in form.rows]
    assert sorted(at) == list(range(len(rows)))  # a range would come back twice
    order = {id(column): j for j, column in enumerate(columns)}
    held = [order[id(column)] for column in form.columns]
    matrix = np.zeros((len(rows), len(columns)))
    matrix[np.ix_(at, held)] = form.A.toarray()
    costs = np.zeros((form.c.shape[0], len(columns)))
    costs[:, held] = form.c.toarray()
    lower, upper = np.full(len(rows), -np.inf), np.full(len(rows), np.inf)
    for i, row, limit in zip(at, form.rows, form.rhs, strict=True):
        lower[i] = limit if row.bound_type <= 0 else -np.inf
        upper[i] = limit if row.bound_type >= 0 else np.inf
    return Standard(matrix, lower, upper, costs, np.array(form.c_offset, dtype=float))


def formulation_of(instance: Instance) -> Formulation:
    """Write the program of an instance."""
    return formulate(instance, reference_allocation(instance, Problems()))


def check_compilation(instance: Instance) -> None:
    """Compare the compiled program of an instance with what Pyomo makes of the same model."""
    formulation = formulation_of(instance)
    ours = compile_program(formulation)
    theirs = standard_form(
        formulation.model,
        [data for _, data in formulation.rows],
        [data for _, data in formulation.columns],
    )
    np.testing.assert_array_equal(ours.matrix.toarray(), theirs.matrix)
    assert ours.matrix.nnz == np.count_nonzero(theirs.matrix)
    np.testing.assert_array_equal(ours.row_lower, theirs.lower)
    np.testing.assert_array_equal(ours.row_upper, theirs.upper)
    ranked = sorted({ours.objective_names.index(rates.owner) for rates in formulation.ranked})
    assert not theirs.costs[ranked].any()  # Pyomo holds the rates, not the cost of their order
    costs, offsets = cost_of_orders(formulation)
    tiny = 1e-12 * np.abs(costs).max(initial=0.0)
    np.testing.assert_allclose(ours.costs, theirs.costs + costs, rtol=1e-12, atol=tiny)
    np.testing.assert_allclose(ours.offsets, theirs.offsets + offsets, rtol=1e-12)
    plain = np.setdiff1d(np.arange(len(ours.costs)), ranked)
    np.testing.assert_array_equal(ours.costs[plain], theirs.costs[plain])
    np.testing.assert_array_equal(ours.offsets[plain], theirs.offsets[plain])


def cost_of_orders(formulation: Formulation) -> tuple[np.ndarray, np.ndarray]:
    """Costs and offsets of differences of rates, one pair of the order before the plan by one."""
    names = list(formulation.objectives)
    place = {id(column): j for j, (_, column) in enumerate(formulation.columns)}
    costs, offsets = np.zeros((len(names), len(place))), np.zeros(len(names))
    for rates in formulation.ranked:
        k, order = names.index(rates.owner), np.argsort(rates.before, kind="stable")
        forms = [generate_standard_repn(counted) for counted in rates.counted]
        for i, low in enumerate(order):
            for high in order[i + 1 :]:
                weight = rates.unit * rates.shares[low] * rates.shares[high]
                for t, sign in ((high, 1.0), (low, -1.0)):
                    each = sign * weight / rates.people[t]
                    offsets[k] += each * forms[t].constant
                    for variable, value in zip(
                        forms[t].linear_vars, forms[t].linear_coefs, strict=True
                    ):
                        costs[k, place[id(variable)]] += each * value
    return costs, offsets
