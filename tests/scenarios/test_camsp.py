"""Annexe I of the circular of 1998: 22 departments, two projects a region."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from scipy.optimize import Bounds, LinearConstraint, milp
from selecting import moves, taken, told

from perequa.checks import load
from perequa.pipeline import Success, solve_instance

if TYPE_CHECKING:
    from collections.abc import Callable

TABLES = Path(__file__).parents[2] / "scenarios" / "camsp-1998"


def rows(name: str) -> list[dict[str, str]]:
    with (TABLES / name).open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


@pytest.fixture(scope="module")
def solved() -> Callable[..., Success]:
    known: dict[tuple[str, ...], Success] = {}

    def run(*variants: str) -> Success:
        if variants not in known:
            found = solve_instance(load("camsp-1998", variants).instance, "test")
            assert isinstance(found, Success)
            known[variants] = found
        return known[variants]

    return run


def by_scipy(
    money: float, two: float, third: str = "", *, counting: bool = True
) -> tuple[int, float]:
    """Number of projects and merit, by scipy's own interface and the tables alone."""
    projects = rows("projects.csv")
    region = {row["code"]: row["parent"] for row in rows("territories.csv") if row["parent"]}
    merit = np.array([float(row["under_20"]) for row in projects])
    charged = np.array([float(row["cost"]) * 0.8 for row in projects])
    regions = sorted(set(region.values()))
    inside = np.array(
        [[region[p["territory"].partition(":")[2]] == r for p in projects] for r in regions]
    )
    most = [two + (r == third) for r in regions]
    limits = [LinearConstraint(charged, -np.inf, money), LinearConstraint(inside, -np.inf, most)]
    each, whole = np.ones(len(merit)), Bounds(0, 1)
    count = milp(-each, constraints=limits, integrality=each, bounds=whole)
    limits.append(LinearConstraint(each, round(-count.fun) if counting else 0, np.inf))
    best = milp(-merit, constraints=limits, integrality=each, bounds=whole)
    return round(float(best.x.sum())), float(merit.sum() + best.fun)


def test_the_list_of_annexe_i() -> None:
    """22 departments in 12 regions, as many in each as the circular prints."""
    parents = [row["parent"] for row in rows("territories.csv") if row["parent"]]
    counts = {region: parents.count(region) for region in set(parents)}
    assert len(parents) == 22
    assert len(counts) == 12
    assert sorted(counts.values()) == [1, 1, 1, 1, 1, 1, 2, 2, 2, 2, 3, 5]
    assert (counts["73"], counts["41"]) == (5, 3)  # Midi-Pyrénées, Lorraine
    assert sum(int(row["cost"]) for row in rows("projects.csv")) == 25_000_000


def test_at_most_18_of_22_can_be_served_at_two_a_region(solved: Callable[..., Success]) -> None:
    found = solved()
    assert len(taken(found)) == 18
    waiting = [code for code, line in told(found).items() if not line["taken"]]
    assert waiting == ["camsp-55", "camsp-82", "camsp-65", "camsp-32"]
    count, left = by_scipy(20e6, 2)
    assert count == 18
    assert found.run.plan.credits.sum() < 20e6
    assert sum(told(found)[code]["merit"] for code in waiting) == pytest.approx(left)


def test_what_a_third_project_in_midi_pyrenees_is_worth(solved: Callable[..., Success]) -> None:
    row = "two_a_region/region:73/camsp/1998/at_most"
    (line,) = [m for m in moves(solved()) if m["row"] == row and m["moved_limit"] == 3]
    assert (line["projects_in"], line["projects_out"]) == ("camsp-82", "")
    assert (line["titles_in"], line["titles_out"]) == ("CAMSP Tarn-et-Garonne", "")
    assert "moved to 3: in CAMSP Tarn-et-Garonne (camsp-82), out none;" in line["statement"]
    assert line["change"] == pytest.approx(-48_527)
    assert by_scipy(20e6, 2, "73")[1] - by_scipy(20e6, 2)[1] == pytest.approx(-48_527)
    assert taken(solved("third_in_midi_pyrenees")) - taken(solved()) == {"camsp-82"}


def test_all_22_take_the_20_millions_exactly(solved: Callable[..., Success]) -> None:
    found = solved("envelope_alone")
    assert len(taken(found)) == 22
    assert found.run.plan.credits.sum() == pytest.approx(20e6)


def test_the_council_pays_a_fifth(solved: Callable[..., Success]) -> None:
    found = solved()
    costs = {row["project"]: float(row["cost"]) for row in rows("projects.csv")}
    for code, line in told(found).items():
        assert line["credits"] == pytest.approx(0.8 * costs[code])


def test_less_money_is_shared_as_scipy_says(solved: Callable[..., Success]) -> None:
    found = solved("twelve_millions")
    count, left = by_scipy(12e6, 2)
    assert len(taken(found)) == count
    lines = told(found).values()
    assert sum(line["merit"] for line in lines if not line["taken"]) == pytest.approx(left)
    # the envelope that is enough: the project is taken with it, and not with a franc less
    least = [line for line in lines if line["missing_credits_are"] == "least"]
    assert least
    for line in least:
        limit = 12e6 + line["missing_credits"]
        assert line["project"] in with_money(limit)
        assert line["project"] not in with_money(limit - 1.0)


def with_money(limit: float) -> set[str]:
    sets = [f"rules.insurance.at_most={limit!r}"]
    found = solve_instance(load("camsp-1998", (), sets).instance, "test", prices=False)
    assert isinstance(found, Success)
    return taken(found)
