"""The even tie-break as a quadratic program: hand cases, and random ones against Clarabel."""

from __future__ import annotations

import cvxpy
import numpy as np
import pytest
from programs import EFFORT
from scipy import sparse

from perequa.engine.convex import Quadratic
from perequa.engine.interior_point import Ordered
from perequa.engine.quadratic import solve_quadratic
from perequa.engine.session import SolverOptions

OPTIONS = SolverOptions()


def random_quadratic(rng: np.random.Generator) -> Quadratic:
    """Weights over four orders of magnitude, dependent rows, many limits met at once."""
    n, m = int(rng.integers(3, 50)), int(rng.integers(1, 30))
    A = rng.integers(-3, 4, (m, n)) * (rng.random((m, n)) < 0.4).astype(float)
    x = np.maximum(0, rng.normal(0, 3, n)).round()
    activity = A @ x
    tight = rng.random((2, m)) < 0.4
    low = np.where(
        tight[0], activity, np.where(rng.random(m) < 0.5, activity - rng.integers(0, 3, m), -np.inf)
    )
    up = np.where(
        tight[1], activity, np.where(rng.random(m) < 0.5, activity + rng.integers(0, 4, m), np.inf)
    )
    equal = rng.random(m) < 0.2
    return Quadratic(
        d=rng.random(n) * 10 ** rng.uniform(-4, 0, n) + 1e-5,
        g=np.where(rng.random(n) < 0.2, -rng.random(n), 0.0),
        matrix=sparse.csr_array(A),
        row_lower=np.where(equal, activity, low),
        row_upper=np.where(equal, activity, up),
        lower=np.zeros(n),
        upper=np.where(rng.random(n) < 0.3, x + rng.integers(0, 3, n), np.inf),
    )


def by_clarabel(q: Quadratic) -> np.ndarray:
    v = cvxpy.Variable(len(q.d))
    kept = [v >= q.lower]
    for matrix, low, up in (
        (q.matrix.toarray(), q.row_lower, q.row_upper),
        (np.eye(len(q.d)), q.lower, q.upper),
    ):
        for i in range(len(low)):
            if np.isfinite(low[i]):
                kept.append(matrix[i] @ v >= low[i])
            if np.isfinite(up[i]):
                kept.append(matrix[i] @ v <= up[i])
    value = 0.5 * cvxpy.sum(cvxpy.multiply(q.d, cvxpy.square(v))) + q.g @ v
    problem = cvxpy.Problem(cvxpy.Minimize(value), kept)
    for near in (1e-11, 1e-9):
        try:
            problem.solve(solver="CLARABEL", tol_gap_abs=near, tol_gap_rel=near, tol_feas=near)
        except cvxpy.error.SolverError:
            continue  # it gives up on a few at the finer one
        break
    assert problem.status in {"optimal", "optimal_inaccurate"}
    return np.asarray(v.value)


def value(q: Quadratic, v: np.ndarray) -> float:
    return float(0.5 * (q.d * v**2).sum() + q.g @ v)


@pytest.mark.parametrize("seed", range(5 * EFFORT))
def test_optimum_of_random_programs(seed: int) -> None:
    rng = np.random.default_rng(seed)
    for trial in range(8):
        q = random_quadratic(rng)
        found = solve_quadratic(q, OPTIONS)
        assert found is not None, (seed, trial)
        check_conditions(q, found.v, found.y)
        other = by_clarabel(q)
        assert value(q, found.v) == pytest.approx(value(q, other), rel=1e-6, abs=1e-6)


@pytest.mark.parametrize("seed", range(10 * EFFORT))
def test_the_way_of_large_programs_comes_to_the_same_optimum(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    rng = np.random.default_rng(1000 + seed)
    for trial in range(8):
        q = random_quadratic(rng)
        small = solve_quadratic(q, OPTIONS)
        with monkeypatch.context() as patched:
            patched.setattr("perequa.engine.interior_point.LARGE", 0)
            large = solve_quadratic(q, OPTIONS)
        assert small is not None
        assert large is not None, (seed, trial)
        check_conditions(q, large.v, large.y)
        np.testing.assert_allclose(large.v, small.v, rtol=1e-8, atol=1e-8)


def test_a_large_program_keeps_its_system_in_an_order_found_once() -> None:
    """The factors solve [[−D, Aᵀ], [A, E]], whatever the order inside."""
    rng = np.random.default_rng(3)
    A = sparse.csr_array(rng.integers(-3, 4, (6, 9)).astype(float))
    ordered = Ordered(A)
    for _ in range(3):
        D, E = rng.uniform(1e-6, 1e3, 9), rng.uniform(1e-6, 1e3, 6)
        factors = ordered.factor(np.concatenate([-D, E]))
        assert factors is not None
        right = rng.normal(size=15)
        system = np.block([[np.diag(-D), A.toarray().T], [A.toarray(), np.diag(E)]])
        np.testing.assert_allclose(system @ factors.solve(right), right, atol=1e-9)


def check_conditions(q: Quadratic, v: np.ndarray, y: np.ndarray) -> None:
    """Feasible, stationary where free, and every multiplier of the right sign and at its limit."""
    activity = q.matrix @ v
    size = 1e-8 * (1 + np.abs(activity))
    assert (activity >= q.row_lower - size).all()
    assert (activity <= q.row_upper + size).all()
    assert (v >= q.lower - 1e-9).all()
    assert (v <= q.upper + 1e-9).all()
    z = q.d * v + q.g - q.matrix.T @ y
    near = 1e-8 * (1 + np.abs(v))
    small = 1e-8 * max(1.0, float(np.abs(q.g).max()))
    assert (np.abs(z)[(v > q.lower + near) & (v < q.upper - near)] <= small).all()
    assert (z[v > q.lower + near] <= small).all()
    assert (z[v < q.upper - near] >= -small).all()
    inside = (activity > q.row_lower + size) & (activity < q.row_upper - size)
    assert (np.abs(y)[inside] <= small).all()
    assert (y[activity > q.row_lower + size] <= small).all()
    assert (y[activity < q.row_upper - size] >= -small).all()


def test_a_point_rounded_onto_a_limit_on_the_way_is_no_division_by_zero() -> None:
    rng = np.random.default_rng(69)
    for _ in range(8):
        q = random_quadratic(rng)
        found = solve_quadratic(q, OPTIONS)
        assert found is not None
        check_conditions(q, found.v, found.y)


def sharing(total: float, basis: list[float], most: list[float] | None = None) -> np.ndarray:
    """Σ v = total, as even as possible per unit of the basis."""
    n = len(basis)
    q = Quadratic(
        d=2.0 / np.array(basis),
        g=np.zeros(n),
        matrix=sparse.csr_array(np.ones((1, n))),
        row_lower=np.array([total]),
        row_upper=np.array([total]),
        lower=np.zeros(n),
        upper=np.full(n, np.inf) if most is None else np.array(most),
    )
    found = solve_quadratic(q, OPTIONS)
    assert found is not None
    return found.v


def test_shares_are_proportional_to_the_basis() -> None:
    assert sharing(60, [1, 2, 3]) == pytest.approx([10, 20, 30], abs=1e-9)


def test_two_identical_territories_get_the_same() -> None:
    shares = sharing(10, [7, 7, 7, 21])
    assert shares[0] == shares[1] == shares[2]
    assert shares[3] == pytest.approx(3 * shares[0])


def test_what_a_cap_stops_goes_to_the_others_in_proportion() -> None:
    assert sharing(60, [1, 2, 3], [4, np.inf, np.inf]) == pytest.approx([4, 22.4, 33.6], abs=1e-9)


def test_nothing_is_handed_out_without_a_reason() -> None:
    assert sharing(0, [1, 2, 3]) == pytest.approx([0, 0, 0], abs=1e-12)


def test_bases_over_six_orders_of_magnitude() -> None:
    shares = sharing(1000, [1e-3, 1.0, 1e3])
    assert shares == pytest.approx(1000 * np.array([1e-3, 1, 1e3]) / 1001.001, rel=1e-9)
