"""A program solved part by part has the optimum scipy finds for the whole, and duals prove it."""

from __future__ import annotations

import threading
from dataclasses import replace

import numpy as np
import pytest
from programs import EFFORT
from scipy import sparse
from scipy.optimize import linprog

from perequa.engine import parts
from perequa.engine.parts import LinearProgram, minimise_apart, one_by_one, two_at_once
from perequa.engine.session import Outcome, Session, SolverOptions
from perequa.engine.termination import Termination
from perequa_models.errors import NotProven

OPTIONS = SolverOptions()


def falling_apart(rng: np.random.Generator) -> tuple[LinearProgram, np.ndarray]:
    """Several programs side by side, rows and columns shuffled, some columns held."""
    blocks = [
        rng.integers(-2, 4, rng.integers(1, 5, 2)) * (rng.random() < 0.9)
        for _ in range(int(rng.integers(1, 6)))
    ]
    matrix = sparse.block_diag(blocks, format="csr").toarray().astype(float)
    m, n = matrix.shape
    matrix = matrix[rng.permutation(m)][:, rng.permutation(n)]
    lower = rng.integers(0, 3, n).astype(float)
    upper = lower + rng.integers(0, 5, n)
    # a plan is known
    activity = matrix @ (lower + rng.random(n) * (upper - lower))
    low = np.where(rng.random(m) < 0.6, np.floor(activity), -np.inf)
    high = np.where(rng.random(m) < 0.6, np.ceil(activity), np.inf)
    program = LinearProgram(
        matrix=sparse.csc_array(matrix),
        row_lower=low,
        row_upper=high,
        column_lower=lower,
        column_upper=upper,
    )
    return program, rng.integers(-3, 6, n).astype(float)


def by_scipy(program: LinearProgram, cost: np.ndarray) -> float:
    dense = program.matrix.toarray()
    up, low = np.isfinite(program.row_upper), np.isfinite(program.row_lower)
    found = linprog(
        cost,
        A_ub=np.vstack([dense[up], -dense[low]]),
        b_ub=np.concatenate([program.row_upper[up], -program.row_lower[low]]),
        bounds=np.column_stack([program.column_lower, program.column_upper]),
    )
    assert found.status == 0
    return float(found.fun)


def proven(program: LinearProgram, cost: np.ndarray, found: Outcome) -> float:
    """Value that the duals prove no plan is below."""
    z = cost - program.matrix.T @ found.y
    limits = np.where(found.y > 0, program.row_lower, program.row_upper)
    ends = np.where(z > 0, program.column_lower, program.column_upper)
    priced = found.y != 0
    return float(found.y[priced] @ limits[priced] + z @ ends)


@pytest.mark.parametrize("enough", [1, 6, 3000])
@pytest.mark.parametrize("presolve", [True, False])
def test_parts_have_the_optimum_of_the_whole(
    enough: int, presolve: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parts, "ENOUGH", enough)
    rng = np.random.default_rng(5)
    for _ in range(60 * EFFORT):
        program, cost = falling_apart(rng)
        found = minimise_apart(program, cost, replace(OPTIONS, presolve=presolve))
        least = by_scipy(program, cost)
        assert found.termination is Termination.OPTIMAL
        assert found.objective == pytest.approx(least, abs=1e-7)
        assert cost @ found.x == pytest.approx(least, abs=1e-7)
        assert proven(program, cost, found) == pytest.approx(least, abs=1e-6)
        activity = program.matrix @ found.x
        assert (activity >= program.row_lower - 1e-7).all()
        assert (activity <= program.row_upper + 1e-7).all()
        assert (found.x >= program.column_lower - 1e-9).all()
        assert (found.x <= program.column_upper + 1e-9).all()


def test_a_part_without_a_plan_is_told() -> None:
    program = LinearProgram(
        matrix=sparse.csc_array(np.eye(2)),
        row_lower=np.array([0.0, 3.0]),
        row_upper=np.full(2, np.inf),
        column_lower=np.zeros(2),
        column_upper=np.array([5.0, 2.0]),
    )
    found = minimise_apart(program, np.ones(2), OPTIONS)
    assert found.termination is Termination.INFEASIBLE


def test_parts_solved_two_at_once_are_those_solved_one_by_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """To the last bit, and in the same order."""
    monkeypatch.setattr(parts, "LONG", 0)
    monkeypatch.setattr(parts, "ENOUGH", 1)
    rng = np.random.default_rng(7)
    for _ in range(20):
        program, cost = falling_apart(rng)
        one = minimise_apart(program, cost, OPTIONS, one_by_one)
        two = minimise_apart(program, cost, OPTIONS, two_at_once)
        assert (one.x == two.x).all()
        assert (one.y == two.y).all()


def test_two_at_once_really_solves_in_two_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parts, "LONG", 0)
    both = threading.Barrier(2, timeout=10)

    def waits_for_the_other(part: parts.Part) -> Outcome:
        both.wait()
        return Outcome(termination=Termination.OPTIMAL, x=part.columns, y=part.rows, objective=0.0)

    listed = [parts.Part(np.zeros(0), np.array([k]), sparse.csc_array((1, 1))) for k in range(4)]
    found = [out.x.tolist() for _, out in two_at_once(listed, waits_for_the_other)]
    assert found == [[0], [1], [2], [3]]


@pytest.mark.parametrize("error", [NotProven, IndexError])
def test_what_goes_wrong_in_a_part_is_raised_and_the_others_are_left(
    error: type[Exception], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parts, "LONG", 0)
    met = []

    def wrong(part: parts.Part) -> Outcome:
        met.append(part)
        raise error("a part")

    listed = [parts.Part(np.zeros(0), np.zeros(0), sparse.csc_array((1, 1)))] * 50
    with pytest.raises(error, match="a part"):
        list(two_at_once(listed, wrong))
    assert len(met) <= 2


def test_rows_that_hold_and_whom_they_alone_pushed_are_not_solved_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """x + y ≤ 10 holds of itself; then nobody pushes z, and z − x ≥ −5 holds too."""
    solved = []

    def noted(matrix: sparse.csc_array, *rest: object) -> Session:
        solved.append(matrix.shape)
        return Session(matrix, *rest)

    monkeypatch.setattr(parts, "Session", noted)
    program = LinearProgram(
        matrix=sparse.csc_array([[1.0, 1.0, 0.0], [-1.0, 0.0, 1.0], [1.0, 2.0, 0.0]]),
        row_lower=np.array([-np.inf, -5.0, 3.0]),
        row_upper=np.array([10.0, np.inf, np.inf]),
        column_lower=np.zeros(3),
        column_upper=np.array([5.0, 5.0, 5.0]),
    )
    found = minimise_apart(program, np.array([1.0, 1.0, 0.0]), OPTIONS)
    assert solved == [(1, 2)]
    assert found.x == pytest.approx([0.0, 1.5, 0.0])
    assert found.y == pytest.approx([0.0, 0.0, 0.5])
