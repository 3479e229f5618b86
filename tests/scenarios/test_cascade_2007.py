"""`cascade-2007`: its real figures; its steps and price found again by scipy from the tables."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
from scipy.optimize import linprog

from perequa.cli import main

FOLDER = Path(__file__).parents[2] / "scenarios" / "cascade-2007"
MONEY = {"pa": 50e6, "ph": 30e6}
PEOPLE = {"pa": "pop_75p", "ph": "pop_0_59"}
LEAST, MOST, MOST_BELOW = 0.01, 0.07, 0.08


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("runs") / "run"
    arguments = ["solve", "cascade-2007", "-o", str(folder), "--jobs", "1", "--no-prices"]
    assert main([*arguments, "--quiet"]) == 0
    return folder


class Figures:
    """Base, people and region of each department, for one measure."""

    def __init__(self, measure: str) -> None:
        listed = [r for r in rows(FOLDER / "territories.csv") if r["level"] == "department"]
        base = {r["territory"]: float(r["base"]) for r in rows(FOLDER / "supply.csv")
                if r["measure"] == measure}  # fmt: skip
        self.region = np.array([r["parent"] for r in listed])
        self.base = np.array([base[r["code"]] for r in listed])
        self.people = np.array([float(r[PEOPLE[measure]]) for r in listed])
        self.wanted = self.base.sum() / self.people.sum() * self.people - self.base
        self.codes = sorted(set(self.region))

    def by_region(self, values: np.ndarray) -> np.ndarray:
        return np.array([values[self.region == code].sum() for code in self.codes])

    def at_once(self, money: float) -> float:
        """Least that is missing to the mean, departments decided at once, in millions."""
        n = len(self.base)
        inside = np.array([self.region == code for code in self.codes], dtype=float)
        base = self.by_region(self.base)
        nothing = np.zeros_like(inside)
        upper = np.vstack([
            np.hstack([-np.eye(n), -np.eye(n)]),
            np.hstack([np.ones((1, n)), np.zeros((1, n))]),
            np.hstack([inside, nothing]),
            np.hstack([-inside, nothing]),
        ])  # fmt: skip
        limits = np.concatenate([-self.wanted, [money], MOST * base, -LEAST * base]) / 1e6
        low = np.where(self.region == "72", LEAST, 0.0) * self.base / 1e6
        bounds = [*zip(low, MOST_BELOW * self.base / 1e6, strict=True), *[(0, None)] * n]
        found = linprog(np.r_[np.zeros(n), np.ones(n)], upper, limits, bounds=bounds)
        assert found.status == 0
        return float(found.fun) * 1e6


def test_the_real_figures_are_those_of_the_decision() -> None:
    """Sums of the annexe: 1 647 M€ for elderly people, 1 731 M€ for disabled people."""
    assert Figures("pa").base.sum() == 1_647_260_581
    assert Figures("ph").base.sum() == 1_731_079_926
    assert len(Figures("pa").base) == 29
    assert len(Figures("pa").codes) == 7


@pytest.mark.parametrize("measure", ["pa", "ph"])
def test_the_envelopes_never_mix(run: Path, measure: str) -> None:
    """Neither in the nation's step nor in a region's does one envelope pay for the other."""
    told = [r for r in rows(run / "allocation.csv") if r["measure"] == measure]
    nation = {r["territory"]: float(r["credits"]) for r in told if r["step"] == "nation"}
    assert sum(nation.values()) == pytest.approx(MONEY[measure])
    for code, received in nation.items():
        below = [float(r["credits"]) for r in told if r["step"] == f"region-{code}"]
        assert sum(below) <= received + 0.01


@pytest.mark.parametrize("measure", ["pa", "ph"])
def test_the_nation_serves_regions_under_the_mean_within_their_limits(
    run: Path, measure: str
) -> None:
    """Regions miss more than there is money for: those above the mean get their floor alone."""
    figures = Figures(measure)
    missed = np.maximum(figures.by_region(figures.wanted), 0.0)
    base = figures.by_region(figures.base)
    given = {r["territory"]: float(r["credits"]) for r in rows(run / "allocation.csv")
             if r["step"] == "nation" and r["measure"] == measure}  # fmt: skip
    plan = np.array([given[code] for code in figures.codes])
    assert (plan >= LEAST * base - 0.01).all()
    assert (plan <= MOST * base + 0.01).all()
    above = missed == 0
    np.testing.assert_allclose(plan[above], LEAST * base[above], atol=0.01)


@pytest.mark.parametrize("measure", ["pa", "ph"])
def test_the_price_of_decentralisation_is_found_again(run: Path, measure: str) -> None:
    figures = Figures(measure)
    (price,) = [r for r in rows(run / "decentralisation.csv")
                if r["objective"] == f"{measure}_gap"]  # fmt: skip
    assert float(price["integrated"]) == pytest.approx(figures.at_once(MONEY[measure]), rel=1e-6)
    decided = {r["territory"]: float(r["credits"]) for r in rows(run / "allocation.csv")
               if r["step"] != "nation" and r["measure"] == measure}  # fmt: skip
    listed = [r["code"] for r in rows(FOLDER / "territories.csv") if r["level"] == "department"]
    plan = np.array([decided[code] for code in listed])
    left = np.maximum(figures.wanted - plan, 0.0).sum()
    assert float(price["cascade"]) == pytest.approx(left, rel=1e-9)
    assert float(price["difference"]) > 3e5


def test_aquitaine_leaves_what_its_departments_may_not_take(run: Path) -> None:
    assert not rows(run / "unkept.csv")
    left = {r["step"]: float(r["unspent"]) for r in rows(run / "handed_down.csv")
            if r["rule"] == "pa"}  # fmt: skip
    assert left.pop("region-72") == pytest.approx(819_758, abs=1)
    assert max(left.values()) < 0.01


def test_tight_growth_breaks_the_floor_of_the_nation(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    arguments = ["--variant", "tight_growth", "-o", str(folder), "--jobs", "1", "--no-prices"]
    assert main(["solve", "cascade-2007", *arguments, "--quiet"]) == 0
    (missed,) = rows(folder / "unkept.csv")
    assert (missed["rule"], missed["territory"], missed["measure"]) == ("regions", "26", "pa")


def test_it_verifies_and_every_variant_is_valid(run: Path) -> None:
    assert main(["verify", str(run)]) == 0
    for variant in ("pa_only", "ph_only", "seen_as_regions", "one_way_for_all"):
        assert main(["validate", "cascade-2007", "--variant", variant]) == 0
