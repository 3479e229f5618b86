"""Points of a sweep: how they are drawn, laid on a lattice, put in order and cut."""

from __future__ import annotations

import math

import numpy as np
import pytest

from perequa.studies.sweep.design import drawn, lattice
from perequa.studies.sweep.ordering import BLOCK, chunks, nearest_to_nearest
from perequa.studies.sweep.weights import weighed
from perequa_models.errors import UsageError

ABC = ("a", "b", "c")


def test_draws_cover_the_weightings_evenly() -> None:
    points = drawn(ABC, 20_000, 3).points
    assert points.sum(axis=1) == pytest.approx(np.ones(20_000))
    assert (points >= 0).all()
    assert points.mean(axis=0) == pytest.approx([1 / 3] * 3, abs=0.01)
    # of three weights evenly spread, one is above 1/2 in a quarter of the triangle each
    assert (points > 0.5).mean(axis=0) == pytest.approx([0.25] * 3, abs=0.02)
    assert (drawn(ABC, 50, 3).points == points[:50]).all()
    assert not (drawn(ABC, 50, 4).points == points[:50]).any()


@pytest.mark.parametrize(
    ("most", "count", "steps"), [(3, 3, 1), (9, 6, 2), (10, 10, 3), (66, 66, 10)]
)
def test_a_lattice_is_the_finest_that_fits(most: int, count: int, steps: int) -> None:
    points = lattice(ABC, most).points
    assert len(points) == count == math.comb(steps + 2, 2)
    whole = np.round(points * steps)
    assert whole == pytest.approx(points * steps)
    assert (whole.sum(axis=1) == steps).all()
    assert len({tuple(row) for row in whole}) == count


def test_a_lattice_holds_its_corners() -> None:
    with pytest.raises(UsageError, match="at least 3 points"):
        lattice(ABC, 2)


@pytest.mark.parametrize("count", [1, 49, 50, 99, 100, 1049, BLOCK + 60])
def test_every_point_is_in_one_chunk(count: int) -> None:
    points = drawn(ABC, count, 1).points
    cut = chunks(points, 50)
    assert sorted(np.concatenate(cut)) == list(range(count))
    assert all(len(chunk) >= min(50, count) for chunk in cut)
    again = chunks(points.copy(), 50)
    assert all((one == other).all() for one, other in zip(cut, again, strict=True))


def test_each_step_goes_to_the_nearest_left() -> None:
    points = np.random.default_rng(5).random((60, 3))
    points[10] = points[20]
    walked = nearest_to_nearest(points)
    for step in range(59):
        away = [math.dist(points[walked[step]], points[i]) for i in walked[step + 1 :]]
        assert away[0] == min(away)


def test_a_column_that_stands_still_does_no_harm() -> None:
    points = np.column_stack([np.ones(60), np.arange(60.0)[::-1]])
    assert (np.concatenate(chunks(points, 50)) == np.arange(60)).all()


class Spec:
    def __init__(self, priority: int) -> None:
        self.priority = priority


class Asked:
    """As much of a scenario as says which weights vary."""

    def __init__(self, vary: tuple[str, ...], **priorities: int) -> None:
        self.objectives = {name: Spec(p) for name, p in priorities.items()}
        self.sensitivity = self
        self.weights = self if vary else None
        self.vary = vary


@pytest.mark.parametrize(
    ("vary", "named", "found"),
    [
        ((), (), ("b", "c")),
        (("a", "b"), (), ("a", "b")),
        (("a", "b"), ("b", "c", "b"), ("b", "c")),
    ],
)
def test_which_objectives_are_weighed(vary: tuple, named: tuple, found: tuple) -> None:
    assert weighed(Asked(vary, a=1, c=2, b=2), named) == found


@pytest.mark.parametrize("named", [(), ("a",), ("a", "a")])
def test_one_objective_is_not_weighed_against_itself(named: tuple) -> None:
    with pytest.raises(UsageError, match="Two objectives"):
        weighed(Asked((), a=1, b=2), named)
