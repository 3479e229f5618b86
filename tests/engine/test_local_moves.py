"""Prices by the entries that a limit touches, against re-solves by scipy and the other way."""

from __future__ import annotations

import math
from collections import Counter

import numpy as np
import pytest
from programs import EFFORT, random_program
from scipy import sparse

from perequa.engine import inverse_basis
from perequa.engine.factored_basis import FactoredBasis
from perequa.engine.inverse_basis import gathered, inverse_of
from perequa.engine.local_moves import LocalMoves
from perequa.engine.prices import Pricing, two_sided_prices
from perequa.engine.session import SolverOptions
from perequa.engine.stages import solve_stages, without_rounding
from perequa.engine.vectors import Entries, Vectors

OPTIONS = SolverOptions()
STEP = 1e-4
SEEDS = range(6 * EFFORT)


@pytest.fixture
def answered(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """Make every program large; count what the local walk answered."""
    seen: Counter[str] = Counter()
    cheapest = LocalMoves.cheapest

    def counted(self: LocalMoves, row: int, sign: int) -> object:
        found = cheapest(self, row, sign)
        seen[type(found).__name__] += 1
        return found

    monkeypatch.setattr(LocalMoves, "cheapest", counted)
    monkeypatch.setattr(inverse_basis, "LARGE", 0)
    return seen


def test_prices_are_those_of_a_re_solve_and_of_the_other_way(
    answered: Counter[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for seed in SEEDS:
        rng = np.random.default_rng(70_000 + seed)
        for trial in range(12):
            program = random_program(rng)
            compiled = program.compiled(program.c[None], money=rng.random(len(program.low)) < 0.3)
            staged = solve_stages(compiled, (1,), program.c[None], OPTIONS)
            x = staged.stages[0].x
            (prices,) = two_sided_prices(compiled, staged, x, OPTIONS)
            with monkeypatch.context() as patch:
                patch.setattr(inverse_basis, "LARGE", 10**9)
                (others,) = two_sided_prices(compiled, staged, x, OPTIONS)
            now, _ = program.solved()
            for side, other in zip(prices.sides, others.sides, strict=True):
                where = (seed, trial, side.row, side.sign)
                assert side.price == pytest.approx(other.price, rel=1e-9, abs=1e-9), where
                there, _ = program.moved(side.row, side.sign * STEP).solved()
                if math.isinf(there):
                    assert side.price == math.inf, where
                    assert prices.rays[side.ray][side.row] * side.sign > 0, where
                    continue
                assert (there - now) / STEP == pytest.approx(side.price, rel=1e-4, abs=1e-4), where
                dual = prices.duals[side.dual]
                assert side.sign * dual[side.row] == pytest.approx(side.price, abs=1e-9), where
                if side.price and side.reach > 1e-3:
                    far = min(side.reach, 5.0)
                    there, _ = program.moved(side.row, side.sign * far).solved()
                    assert there - now == pytest.approx(far * side.price, rel=1e-6, abs=1e-6)
    # the walk itself was asked, and settled nearly all of it
    assert answered["LocalMove"] > 20
    assert answered["LocalRay"] > 5
    assert answered["NoneType"] < 0.1 * answered.total()


def test_the_inverse_is_the_inverse(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inverse_basis, "LARGE", 0)
    for seed in range(20):
        program = random_program(np.random.default_rng(80_000 + seed))
        compiled = program.compiled(program.c[None])
        vertex = solve_stages(compiled, (1,), program.c[None], OPTIONS).vertex
        basis = FactoredBasis(vertex)
        inverse = inverse_of(vertex, basis)
        assert inverse is not None
        for k in range(basis.m):
            unit = np.zeros(basis.m)
            unit[k] = 1.0
            for found, wanted in (
                (inverse.answer(k), basis.written(np.array([k]), np.ones(1), [])),
                (inverse.multipliers(k), basis.multipliers(k, [])),
            ):
                whole = np.zeros(basis.m)
                whole[found.places] = found.values
                assert whole == pytest.approx(wanted, abs=1e-9)


@pytest.mark.parametrize("walked", [0, 7, 10_000])
def test_limits_walked_ahead_change_no_price(monkeypatch: pytest.MonkeyPatch, walked: int) -> None:
    """However many are walked before the plan is known."""
    monkeypatch.setattr(inverse_basis, "LARGE", 0)
    ahead = 0
    for seed in range(20):
        program = random_program(np.random.default_rng(85_000 + seed))
        compiled = program.compiled(program.c[None])
        staged = solve_stages(compiled, (1,), program.c[None], OPTIONS)
        x = staged.stages[0].x
        pricing = Pricing(compiled, staged, OPTIONS)
        asked = iter([False] * walked)
        pricing.ahead(lambda asked=asked: next(asked, True))
        ahead += len(pricing.walked)
        (prices,), (others,) = (
            pricing.completed(x),
            two_sided_prices(compiled, staged, x, OPTIONS),
        )
        for side, other in zip(prices.sides, others.sides, strict=True):
            assert (side.price, side.reach, side.dual) == (other.price, other.reach, other.dual)
            assert side.chord_values.tolist() == other.chord_values.tolist()
        assert [list(y) for y in prices.duals] == [list(y) for y in others.duals]
    assert (ahead > 0) == (walked > 0)


@pytest.mark.parametrize("chosen", [0, 1, 2, 30])
def test_few_entries_and_many_are_added_alike(chosen: int, monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(chosen)
    matrix = sparse.random_array((40, 25), density=0.2, rng=rng, format="csr")
    matrix.sort_indices()
    places = rng.choice(40, chosen, replace=False)
    vector = Entries(places, rng.normal(size=chosen))
    whole = np.zeros(25)
    for k, value in zip(places, vector.values, strict=True):
        whole += value * matrix.toarray()[k]
    found = [gathered(matrix, vector)]
    monkeypatch.setattr(inverse_basis, "FEW_ENTRIES", -1)
    found.append(gathered(matrix, vector))
    for entries in found:
        assert entries.places.tolist() == np.unique(matrix[places].indices).tolist()
        assert entries.values == pytest.approx(whole[entries.places])
    assert found[0].values.tolist() == found[1].values.tolist()


def test_an_inverse_with_many_entries_is_not_written_out(monkeypatch: pytest.MonkeyPatch) -> None:
    program = random_program(np.random.default_rng(1))
    compiled = program.compiled(program.c[None])
    vertex = solve_stages(compiled, (1,), program.c[None], OPTIONS).vertex
    assert inverse_of(vertex, FactoredBasis(vertex)) is None  # small
    monkeypatch.setattr(inverse_basis, "LARGE", 0)
    monkeypatch.setattr(inverse_basis, "FEW", 0)
    assert inverse_of(vertex, FactoredBasis(vertex)) is None


def test_vectors_are_whole_or_by_entries() -> None:
    around = np.array([1.0, 2.0, 3.0])
    held = Vectors(around, [around])
    held.append(Entries(np.array([1]), np.array([5.0])))
    held.append(np.array([0.0, 2.0, 3.0]))
    assert [list(v) for v in held] == [[1, 2, 3], [1, 5, 3], [0, 2, 3]]
    assert [held.value(k, 1) for k in range(3)] == [2.0, 5.0, 2.0]
    assert list(held[-1]) == [0, 2, 3]
    copied = held.copy()
    copied.append(around)
    assert (len(held), len(copied)) == (3, 4)
    for first in (around, np.zeros(3)):
        for vector, less in zip(held, held.differences(first), strict=True):
            whole = np.zeros(3)
            whole[less.places] = less.values
            assert list(whole) == list(vector - first)
            assert (less.values != 0).all()


def test_rounding_of_large_costs_is_no_price() -> None:
    """A dual of 4e-11 beside costs of 1e5 is what rounding leaves; beside costs of 1 it is not."""
    y = np.array([4e-11, 1e-7, -4e-11, 2.0])
    large, small = np.array([1.0, 1e5]), np.array([1.0, 2.0])
    assert without_rounding(y, large).tolist() == [0.0, 1e-7, 0.0, 2.0]
    assert without_rounding(y, small).tolist() == y.tolist()
    # nothing that counts as a price is ever left out
    assert without_rounding(np.array([1.1e-8]), np.array([1e30])).tolist() == [1.1e-8]
