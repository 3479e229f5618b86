"""Contributions against their definition: the mean over every order, written naively."""

from __future__ import annotations

import itertools
import math
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from perequa.comparison.shapley import Undefined, exact_shares, sampled_shares, waterfall

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

FIGURES = st.floats(-1e8, 1e8, allow_nan=False, width=64)


def game(table: list[float]) -> Callable[[int], Floats | None]:
    return lambda taken: np.array([table[taken]])


@st.composite
def games(draw: st.DrawFn) -> tuple[int, list[float]]:
    n = draw(st.integers(1, 5))
    return n, draw(st.lists(FIGURES, min_size=1 << n, max_size=1 << n))


def over_every_order(n: int, table: list[float]) -> list[float]:
    shares = [0.0] * n
    orders = list(itertools.permutations(range(n)))
    for order in orders:
        taken = 0
        for i in order:
            shares[i] += table[taken | 1 << i] - table[taken]
            taken |= 1 << i
    return [share / len(orders) for share in shares]


def size(table: list[float]) -> float:
    return max(1.0, *map(abs, table))


@given(games())
def test_it_is_the_mean_over_every_order(drawn: tuple[int, list[float]]) -> None:
    n, table = drawn
    found = exact_shares(n, game(table))
    expected = over_every_order(n, table)
    # figures nearer than 1e-9 of the largest are one figure
    assert found.contributions[:, 0] == pytest.approx(expected, abs=3e-9 * size(table) * n)
    assert found.groups == tuple(1 << i for i in range(n))
    assert not found.standard_error.any()


@given(games())
def test_shares_add_up(drawn: tuple[int, list[float]]) -> None:
    n, table = drawn
    for found in (
        exact_shares(n, game(table)),
        sampled_shares(n, game(table), orders=8, seed=1),
        waterfall(n, game(table)),
    ):
        total = table[-1] - table[0]
        assert math.fsum(found.contributions[:, 0]) == pytest.approx(
            total, rel=1e-12, abs=1e-15 * size(table)
        )


@given(st.lists(st.integers(-1000, 1000), min_size=8, max_size=8), st.floats(-1e-8, 1e-8))
def test_a_change_that_changes_nothing_has_no_share(drawn: list[int], rounding: float) -> None:
    rounding *= max(1, *map(abs, drawn)) / 100
    noisy = [*map(float, drawn), *(value + rounding for value in drawn)]  # that of two solves
    noisy[-1] = float(drawn[-1])
    assert exact_shares(4, game(noisy)).contributions[3, 0] == 0.0
    assert sampled_shares(4, game(noisy), orders=6, seed=0).contributions[3, 0] == 0.0
    assert waterfall(4, game(noisy)).contributions[3, 0] == 0.0


@given(games(), st.integers(0, 3), st.integers(0, 3))
def test_identical_changes_have_the_same_share(
    drawn: tuple[int, list[float]], i: int, j: int
) -> None:
    n, table = drawn
    i, j = i % n, j % n

    def swapped(taken: int) -> int:
        has_i, has_j = taken >> i & 1, taken >> j & 1
        return taken & ~(1 << i) & ~(1 << j) | has_j << i | has_i << j

    same = [(table[s] + table[swapped(s)]) / 2 for s in range(1 << n)]
    found = exact_shares(n, game(same)).contributions[:, 0]
    assert found[i] == pytest.approx(found[j], rel=1e-12, abs=1e-12 * size(same))


def test_a_sample_states_its_error_and_its_seed_decides() -> None:
    rng = np.random.default_rng(5)
    table = rng.normal(size=1 << 8).tolist()
    exact = exact_shares(8, game(table)).contributions[:, 0]
    one = sampled_shares(8, game(table), orders=400, seed=3)
    again = sampled_shares(8, game(table), orders=400, seed=3)
    other = sampled_shares(8, game(table), orders=400, seed=4)
    assert (one.contributions == again.contributions).all()
    assert (one.contributions != other.contributions).any()
    error = one.standard_error[:, 0]
    assert (error > 0).all()
    # of 16 estimates, none stands beyond four standard errors and most within two
    off = np.abs(one.contributions[:, 0] - exact) / error
    more = np.abs(other.contributions[:, 0] - exact) / other.standard_error[:, 0]
    assert max(*off, *more) < 4
    assert np.mean([*(off < 2), *(more < 2)]) > 0.7


def test_additive_changes_are_sampled_without_error() -> None:
    found = sampled_shares(7, lambda taken: np.array([float(taken), 0.0]), orders=4, seed=0)
    assert found.contributions[:, 0] == pytest.approx([2.0**i for i in range(7)])
    assert found.standard_error == pytest.approx(np.zeros((7, 2)), abs=1e-12)


def test_without_a_plan_there_is_no_fair_share_but_a_waterfall() -> None:
    known = {0b000: 10.0, 0b001: 4.0, 0b111: 1.0, 0b110: 2.0}

    def values(taken: int) -> Floats | None:
        return np.array([known[taken]]) if taken in known else None

    with pytest.raises(Undefined) as raised:
        exact_shares(3, values)
    assert raised.value.taken == 0b010
    found = waterfall(3, values)
    assert found.groups == (0b001, 0b110)  # the second alone has no plan: it waits for the third
    assert found.contributions[:, 0].tolist() == [-6.0, -3.0]
    assert np.isnan(found.standard_error).all()


def test_a_figure_that_a_combination_lacks_has_no_share() -> None:
    def values(taken: int) -> Floats | None:
        return np.array([float(taken), np.nan if taken == 1 else 1.0])

    for found in (exact_shares(2, values), sampled_shares(2, values, orders=4, seed=0)):
        assert found.contributions[:, 0] == pytest.approx([1.0, 2.0])
        assert np.isnan(found.contributions[:, 1]).any()
