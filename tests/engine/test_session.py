"""What goes into HiGHS is checked, and nothing comes out that it does not vouch for."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import highspy
import numpy as np
import pytest
from scipy import sparse

from perequa.engine.session import _MEANING, DUAL, PRIMAL, Session, SolverOptions, WholeSession
from perequa.engine.termination import Termination
from perequa_models.errors import InternalError, NotProven


def session(**changes: Any) -> Session:
    """Two columns, x + y ≥ 1 and x ≤ 4, unless changed."""
    given: dict[str, Any] = {
        "matrix": sparse.csc_array(np.array([[1.0, 1.0], [1.0, 0.0]])),
        "row_lower": np.array([1.0, -np.inf]),
        "row_upper": np.array([np.inf, 4.0]),
        "column_lower": np.zeros(2),
        "column_upper": np.full(2, np.inf),
        "options": SolverOptions(),
    }
    return Session(**(given | changes))


def test_every_status_of_highs_has_a_meaning() -> None:
    known = set(highspy.HighsModelStatus.__members__) - {"kMin", "kMax"}
    assert {status.name for status in _MEANING} == known


@pytest.mark.parametrize(
    ("status", "meaning"),
    [
        ("kOptimal", Termination.OPTIMAL),
        ("kInfeasible", Termination.INFEASIBLE),
        ("kUnbounded", Termination.UNBOUNDED),
        ("kUnboundedOrInfeasible", Termination.FAILED),
        ("kTimeLimit", Termination.LIMIT),
        ("kIterationLimit", Termination.LIMIT),
        ("kUnknown", Termination.FAILED),
        ("kNotset", Termination.FAILED),
    ],
)
def test_only_what_is_proven_is_called_so(status: str, meaning: Termination) -> None:
    assert _MEANING[highspy.HighsModelStatus.__members__[status]] is meaning


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("row_lower", np.zeros(1)),
        ("row_upper", np.zeros(3)),
        ("column_lower", np.zeros(0)),
        ("column_upper", np.zeros((2, 1))),
        ("row_lower", np.array([np.nan, 0.0])),
        ("column_upper", np.array([1.0, np.nan])),
        ("matrix", sparse.csc_array(np.array([[1.0, np.inf], [1.0, 0.0]]))),
        ("matrix", sparse.csc_array(np.array([[np.nan, 1.0], [1.0, 0.0]]))),
    ],
)
def test_wrong_shapes_and_figures_are_refused(name: str, value: Any) -> None:
    with pytest.raises(InternalError):
        session(**{name: value})


@pytest.mark.parametrize(
    "cost", [np.zeros(1), np.zeros(3), np.array([np.nan, 1.0]), np.array([np.inf, 1.0])]
)
def test_wrong_costs_are_refused(cost: np.ndarray) -> None:
    with pytest.raises(InternalError):
        session().set_cost(cost)


@pytest.mark.parametrize("call", ["set_row_bounds", "set_column_bounds"])
@pytest.mark.parametrize(
    ("which", "lower", "upper"),
    [
        ([0], [0.0, 1.0], [1.0]),
        ([0, 0], [0.0, 0.0], [1.0, 1.0]),
        ([2], [0.0], [1.0]),
        ([-1], [0.0], [1.0]),
        ([0], [np.nan], [1.0]),
    ],
)
def test_wrong_bounds_are_refused(call: str, which: Any, lower: Any, upper: Any) -> None:
    with pytest.raises(InternalError):
        getattr(session(), call)(np.array(which), np.array(lower), np.array(upper))


def test_outcome_of_a_program_without_a_plan_is_empty() -> None:
    impossible = session(column_upper=np.full(2, 0.25))
    outcome = impossible.solve(presolve=False)
    assert outcome.termination is Termination.INFEASIBLE
    assert outcome.x.size == outcome.y.size == 0
    assert np.isnan(outcome.objective)
    ray = impossible.dual_ray()
    assert ray is not None
    assert ray.shape == (2,)


def test_unbounded_is_not_called_optimal() -> None:
    open_below = session()
    open_below.set_cost(np.array([0.0, -1.0]))
    assert open_below.solve(presolve=False).termination is Termination.UNBOUNDED


def test_time_limit_is_a_limit() -> None:
    rng = np.random.default_rng(0)
    n = 60
    big = Session(
        sparse.csc_array(rng.random((n, n))),
        np.full(n, -np.inf),
        np.ones(n),
        np.zeros(n),
        np.full(n, np.inf),
        SolverOptions(time_limit=0.0, presolve=False),
    )
    big.set_cost(-rng.random(n))
    assert big.solve().termination is Termination.LIMIT


def test_duals_are_the_change_of_the_optimum_per_unit_of_the_limit() -> None:
    both = session()
    both.set_cost(np.array([2.0, 3.0]))
    outcome = both.solve()
    assert outcome.x == pytest.approx([1, 0])
    # one more required costs 2; room under the cap is worth nothing
    assert outcome.y == pytest.approx([2, 0])
    both.set_cost(np.array([-1.0, 3.0]))
    outcome = both.solve()
    # one more allowed is worth 1
    assert outcome.x == pytest.approx([4, 0])
    assert outcome.y == pytest.approx([0, -1])


def test_basis_of_another_size_is_refused() -> None:
    other = Session(
        sparse.csc_array(np.ones((1, 1))),
        np.zeros(1),
        np.ones(1),
        np.zeros(1),
        np.ones(1),
        SolverOptions(),
    )
    other.solve()
    mine = session()
    with pytest.raises(NotProven, match="basis"):
        mine.set_basis(other.basis())


def test_same_answer_by_either_simplex_and_after_forgetting_the_basis() -> None:
    held = session()
    held.set_cost(np.array([2.0, 3.0]))
    values = []
    for strategy in (DUAL, PRIMAL, DUAL):
        values.append(held.solve(strategy=strategy).objective)
        held.forget_basis()
    assert values == pytest.approx([2, 2, 2])


class GivesUpOnce:
    """HiGHS, saying "Unknown" after its first run (as it does from some bases)."""

    def __init__(self, highs: Any) -> None:
        self._highs, self.runs = highs, 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._highs, name)

    def run(self) -> Any:
        self.runs += 1
        return self._highs.run()

    def getModelStatus(self) -> Any:  # noqa: N802 - HiGHS's own name
        if self.runs == 1:
            return highspy.HighsModelStatus.kUnknown
        return self._highs.getModelStatus()


def test_a_solve_that_gives_up_is_tried_again_from_scratch() -> None:
    held = session(options=SolverOptions(strategy=PRIMAL))
    held.set_cost(np.array([2.0, 3.0]))
    held._highs = GivesUpOnce(held._highs)
    outcome = held.solve()
    assert outcome.termination is Termination.OPTIMAL
    assert outcome.objective == pytest.approx(2)
    assert held._highs.runs == 2
    # and the options are those of before
    assert held._highs.getOptionValue("simplex_strategy")[1] == PRIMAL
    assert held._highs.getOptionValue("presolve")[1] == "on"


def test_nothing_is_printed_while_solving() -> None:
    code = """
import numpy as np
from programs import random_program
from perequa.engine.session import SolverOptions
from perequa.engine.stages import solve_stages
from perequa.engine.prices import two_sided_prices
rng = np.random.default_rng(1)
for presolve in (True, False):
    program = random_program(rng)
    options = SolverOptions(presolve=presolve)
    compiled = program.compiled()
    staged = solve_stages(compiled, (1,), program.c[None], options)
    two_sided_prices(compiled, staged, staged.stages[0].x, options)
"""
    support = str(Path(__file__).parents[1] / "support")
    done = subprocess.run(
        [sys.executable, "-c", f"import sys; sys.path.insert(0, {support!r})\n{code}"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == ""
    assert done.stderr == ""


def knapsack(nodes: int = 1000, **changes: Any) -> WholeSession:
    """Three whole columns of weights 3, 4 and 5 in 8, unless changed."""
    given: dict[str, Any] = {
        "matrix": sparse.csc_array(np.array([[3.0, 4.0, 5.0]])),
        "row_lower": np.array([-np.inf]),
        "row_upper": np.array([8.0]),
        "column_lower": np.zeros(3),
        "column_upper": np.ones(3),
        "options": SolverOptions(),
        "whole": np.ones(3, dtype=bool),
    }
    return WholeSession(nodes=nodes, **(given | changes))


def test_whole_columns_are_whole_and_the_bound_meets_the_value() -> None:
    asked = knapsack()
    asked.set_cost(np.array([-3.0, -4.5, -5.0]))
    found = asked.choose()
    assert found.termination is Termination.OPTIMAL
    assert found.x.tolist() == [1.0, 0.0, 1.0]
    assert found.objective == pytest.approx(-8.0)
    assert found.bound == pytest.approx(-8.0)
    # asked again with another cost and another limit, from scratch
    asked.set_row_bound(0, -np.inf, 7.5)
    assert asked.choose().x.tolist() == [1.0, 1.0, 0.0]


def test_a_column_that_is_not_whole_may_be_a_part() -> None:
    asked = knapsack(whole=np.array([True, True, False]))
    asked.set_cost(np.array([-3.0, -4.0, -5.0]))
    found = asked.choose()
    assert found.objective == pytest.approx(-8.0)
    assert found.x[:2].tolist() == np.round(found.x[:2]).tolist()


def test_no_whole_plan_is_infeasible_and_nodes_that_run_out_are_a_limit() -> None:
    assert knapsack(row_lower=np.array([7.5]), row_upper=np.array([7.8])).choose().x.size == 0
    draw = np.random.default_rng(1)
    weights = draw.integers(1000, 9999, 60).astype(float)
    hard = knapsack(
        nodes=1,
        matrix=sparse.csc_array(np.vstack([weights, draw.permutation(weights)])),
        row_lower=np.full(2, -np.inf),
        row_upper=np.full(2, weights.sum() / 2 - 0.5),
        column_lower=np.zeros(60),
        column_upper=np.ones(60),
        whole=np.ones(60, dtype=bool),
    )
    hard.set_cost(-weights - draw.integers(0, 9, 60))
    assert hard.choose().termination in {Termination.LIMIT, Termination.OPTIMAL}


def test_integrality_of_another_size_is_refused() -> None:
    with pytest.raises(InternalError, match="whole"):
        knapsack(whole=np.ones(2, dtype=bool))
