"""Four scenarios on real figures: what was computed once elsewhere, and by filling up from below.

With one kind of money or places, a least and a most for each region and rates compared whatever
they are, the leximin is the level λ at which ``min(most, max(least, λ·people))`` adds up.
"""

from __future__ import annotations

import csv
import json
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pytest
from scipy.optimize import brentq

from perequa.cli import main
from perequa.io.scenario_files import read_scenario

if TYPE_CHECKING:
    from collections.abc import Callable

SCENARIOS = Path(__file__).parents[2] / "scenarios"
NAMES = ("specific-difficulties-2020", "disability-2025", "ehpad-ageing", "ehpad-departments")
ALL_VARIANTS = [
    (name, variant) for name in NAMES for variant in (None, *read_scenario(name).data["variants"])
]
Floats = np.ndarray


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


@pytest.fixture(scope="module")
def solved(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """Solve a scenario once, in French."""
    known: dict[tuple[str, str | None], Path] = {}

    def run(name: str, variant: str | None = None) -> Path:
        if (name, variant) not in known:
            folder = tmp_path_factory.mktemp("runs") / "run"
            chosen = ["--variant", variant] if variant else []
            arguments = ["solve", name, *chosen, "-o", str(folder), "--lang", "fr", "--quiet"]
            assert main([*arguments, "--jobs", "1"]) == 0
            known[name, variant] = folder
        return known[name, variant]

    return run


@pytest.mark.parametrize(("name", "variant"), ALL_VARIANTS)
def test_every_variant_verifies_in_french(
    solved: Callable[..., Path], name: str, variant: str | None
) -> None:
    folder = solved(name, variant)
    assert json.loads((folder / "run.json").read_text(encoding="utf-8"))["lang"] == "fr"
    assert main(["verify", str(folder), "--lang", "fr"]) == 0


class Regions(NamedTuple):
    """Figures of the regions of a scenario, by code."""

    codes: list[str]
    people: Floats
    base: Floats


def per_head(name: str) -> Regions:
    listed = rows(SCENARIOS / name / "territories.csv")
    base = {r["territory"]: float(r["base"]) for r in rows(SCENARIOS / name / "supply.csv")}
    codes = [r["code"] for r in listed]
    people = np.array([float(r["people"]) for r in listed])
    return Regions(codes, people, np.array([base[code] for code in codes]))


def filled(total: float, people: Floats, least: Floats, most: Floats) -> Floats:
    """The level at which what everyone holds adds up to a total, and what each holds there."""

    def held(level: float) -> Floats:
        return np.clip(level * people, least, most)

    top = float((most / people).max())
    level = brentq(lambda v: held(v).sum() - total, 0.0, top, xtol=1e-12 * top, rtol=1e-14)
    return held(float(level))


def received(folder: Path, codes: list[str], column: str = "credits") -> Floats:
    given: dict[str, float] = defaultdict(float)
    for row in rows(folder / "allocation.csv"):
        given[row["territory"]] += float(row[column])
    return np.array([given[code] for code in codes])


def test_the_envelopes_of_2020_add_up_to_a_euro_more_than_printed() -> None:
    regions = per_head("specific-difficulties-2020")
    assert len(regions.codes) == 18
    # the total printed is 727 812 846
    assert regions.base.sum() == 727_812_847
    a_head = regions.base / regions.people
    assert (round(a_head.min(), 1), round(a_head.max(), 1)) == (5.5, 47.9)
    assert regions.codes[int(a_head.argmin())] == "06"
    assert regions.codes[int(a_head.argmax())] == "03"
    assert round(regions.base.sum() / regions.people.sum(), 1) == 10.8


@pytest.mark.parametrize(
    ("variant", "money", "least", "most"),
    [
        (None, 21_834_385, 0.0, 0.10),
        ("more_2_percent", 14_556_257, 0.0, 0.10),
        ("more_5_percent", 36_390_642, 0.0, 0.10),
        ("pace_0_5", 21_834_385, 0.0, 0.05),
        ("pace_1_6", 21_834_385, 0.01, 0.06),
    ],
)
def test_specific_difficulties_are_filled_up_from_the_least_endowed(
    solved: Callable[..., Path], variant: str | None, money: float, least: float, most: float
) -> None:
    codes, people, base = per_head("specific-difficulties-2020")
    budget = filled(base.sum() + money, people, (1 + least) * base, (1 + most) * base)
    plan = received(solved("specific-difficulties-2020", variant), codes)
    np.testing.assert_allclose(plan, budget - base, atol=0.01)


def test_the_objective_decides_between_the_regions_that_are_left(
    solved: Callable[..., Path],
) -> None:
    """3 % of new money, 0 to 10 % of growth: five at the ceiling, eleven at the floor."""
    codes, _, base = per_head("specific-difficulties-2020")
    growth = {
        variant: dict(
            zip(
                codes, received(solved("specific-difficulties-2020", variant), codes) / base,
                strict=True,
            )
        )
        for variant in (None, "by_territory")
    }  # fmt: skip
    shares = np.array(list(growth[None].values()))
    assert (np.isclose(shares, 0.10).sum(), np.isclose(shares, 0.0).sum()) == (5, 11)
    assert growth[None]["84"] == pytest.approx(0.10)
    assert growth[None]["44"] == pytest.approx(0.0)
    # counted by territory a euro closes less of a gap a head where more people live: the two most
    # populated of the regions under the mean share what the others leave
    assert growth["by_territory"]["84"] == pytest.approx(0.0494, abs=5e-5)
    assert growth["by_territory"]["44"] == pytest.approx(0.0527, abs=5e-5)
    assert np.isclose(list(growth["by_territory"].values()), 0.10).sum() == 6


def test_the_same_limits_year_after_year(solved: Callable[..., Path]) -> None:
    """Each year has its own envelope, and what nobody may take in a year is not for the next."""
    codes, people, base = per_head("specific-difficulties-2020")
    table = rows(solved("specific-difficulties-2020", "five_years") / "allocation.csv")
    budget = dict(zip(codes, base, strict=True))
    for year in range(2021, 2026):
        given = {r["territory"]: float(r["credits"]) for r in table if r["year"] == str(year)}
        assert sum(given.values()) == pytest.approx(21_834_385)
        for code in codes:
            assert -0.01 <= given[code] <= 0.10 * budget[code] + 0.01
            budget[code] += given[code]
    # five years at 10 % at most, and the level that all the money reaches
    wanted = filled(base.sum() + 5 * 21_834_385, people, base, 1.1**5 * base)
    np.testing.assert_allclose([budget[code] for code in codes], wanted, rtol=1e-8)


@pytest.mark.parametrize(
    ("variant", "millions"), [(None, 41.9), ("key_population", 49.6), ("key_missing", 126.5)]
)
def test_keys_for_ile_de_france(
    solved: Callable[..., Path], variant: str | None, millions: float
) -> None:
    plan = received(solved("disability-2025", variant), ["11"], "reference_credits")
    assert round(plan[0] / 1e6, 1) == millions


@pytest.mark.parametrize(
    ("variant", "least", "most", "millions"),
    [
        (None, 0.005, 0.03, 76.2),
        ("at_most_2", 0.005, 0.02, 50.8),
        ("at_most_5", 0.005, 0.05, 127.0),
        ("no_pace", 0.0, 9.0, 177.2),
    ],
)
def test_disability_is_filled_up_from_the_least_endowed(
    solved: Callable[..., Path], variant: str | None, least: float, most: float, millions: float
) -> None:
    codes, people, base = per_head("disability-2025")
    assert (len(codes), base.sum()) == (12, 14_634_000_000)
    assert round(base.sum() / people.sum()) == 309
    budget = filled(base.sum() + 241_400_000, people, (1 + least) * base, (1 + most) * base)
    plan = received(solved("disability-2025", variant), codes)
    np.testing.assert_allclose(plan, budget - base, atol=0.05)
    assert round(plan[codes.index("11")] / 1e6, 1) == millions
    if variant is None:
        shares = plan / base
        assert (np.isclose(shares, most).sum(), np.isclose(shares, least).sum()) == (5, 6)


class Ageing:
    """Places, people and limits of `ehpad-ageing`, by region."""

    def __init__(self, people: str) -> None:
        folder = SCENARIOS / "ehpad-ageing"
        listed = rows(folder / "territories.csv")
        self.codes = [r["code"] for r in listed]
        self.rate = np.array([float(r["rate_2021"]) for r in listed])
        self.places = self._by_code(folder / "supply.csv", "installed")
        self.opened = self._by_code(folder / "caps.csv", "opened_a_year")
        table = rows(folder / "population.csv")
        self.people = {
            year: np.array([
                float(r[people])
                for code in self.codes
                for r in table
                if r["territory"] == code and r["year"] == str(year)
            ])
            for year in range(2021, 2025)
        }  # fmt: skip

    def _by_code(self, path: Path, column: str) -> Floats:
        found = {r["territory"]: float(r[column]) for r in rows(path)}
        return np.array([found[code] for code in self.codes])


def test_standing_still_takes_43_973_places() -> None:
    figures = Ageing("central")
    people = {year: figures.people[year].sum() for year in (2021, 2023)}
    assert people == {2021: 6_390_917, 2023: 6_849_764}
    places = figures.places.sum()
    assert round(places * (people[2023] / people[2021] - 1)) == 43_973
    np.testing.assert_allclose(
        figures.rate, 1000 * figures.places / figures.people[2021], atol=5e-5
    )


def test_the_three_projections_part_after_2023() -> None:
    low, central, high = (Ageing(name).people for name in ("low", "central", "high"))
    observed = rows(SCENARIOS / "ehpad-ageing" / "observed.csv")
    codes = Ageing("low").codes
    for year in (2021, 2022, 2023):
        told = [float(r["people_75p"]) for r in observed if r["year"] == str(year)]
        np.testing.assert_array_equal(low[year], told)
        np.testing.assert_array_equal(low[year], high[year])
    at = {(r["territory"], r["year"]): int(r["people_75p"]) for r in observed}
    slow = np.array([(at[c, "2021"] / at[c, "2018"]) ** (1 / 3) for c in codes])
    fast = np.array([(at[c, "2023"] / at[c, "2021"]) ** (1 / 2) for c in codes])
    np.testing.assert_allclose(low[2024], slow * low[2023], atol=0.51)
    np.testing.assert_allclose(high[2024], fast * low[2023], atol=0.51)
    np.testing.assert_allclose(central[2024], (slow + fast) / 2 * low[2023], atol=0.51)


@pytest.mark.parametrize(
    ("variant", "people", "growth"),
    [
        (None, "central", 0.001),
        ("population_low", "low", 0.001),
        ("population_high", "high", 0.001),
        ("more_growth", "central", 0.003),
        ("keep_rates", "central", 0.001),
        ("opening_4_months", "central", 0.001),
    ],
)
def test_ageing_is_filled_up_from_the_least_equipped(
    solved: Callable[..., Path], variant: str | None, people: str, growth: float
) -> None:
    figures = Ageing(people)
    last = figures.people[2024]
    least = (1 + growth) ** 4 * figures.places
    if variant == "keep_rates":
        kept = 0.92 * figures.rate * last / 1000
        least = np.maximum(least, kept)
        assert (kept > 1.001**4 * figures.places).sum() > 5
    most = figures.places + 4 * figures.opened
    wanted = filled(figures.places.sum() + 10_000, last, least, most) - figures.places
    plan = received(solved("ehpad-ageing", variant), figures.codes, "places")
    np.testing.assert_allclose(plan, wanted, atol=1e-3)


def test_a_place_paid_from_september_costs_a_third_this_year(solved: Callable[..., Path]) -> None:
    """Credits of a year: a third for what opens, two thirds for what opened the year before."""
    cost = 24_100_000 / 3_600
    places: dict[int, float] = defaultdict(float)
    money: dict[int, float] = defaultdict(float)
    due: dict[int, float] = defaultdict(float)
    for row in rows(solved("ehpad-ageing", "opening_4_months") / "allocation.csv"):
        year = int(row["year"])
        places[year] += float(row["places"])
        money[year] += float(row["credits"])
        due[year] += float(row["due_after"])
    for year in range(2021, 2025):
        before = places.get(year - 1, 0.0)
        assert money[year] == pytest.approx(cost * (places[year] + 2 * before) / 3)
    assert sum(money.values()) + due[2024] == pytest.approx(cost * 10_000)


def test_3600_places_the_first_year_go_where_there_is_room(solved: Callable[..., Path]) -> None:
    """2 % of the places a year hold back the regions furthest behind: others open more."""
    figures = Ageing("central")
    table = rows(solved("ehpad-ageing", "first_year_3600") / "allocation.csv")
    first = {r["territory"]: float(r["places"]) for r in table if r["year"] == "2021"}
    assert sum(first.values()) == pytest.approx(3_600)
    held = [c for c, most in zip(figures.codes, figures.opened, strict=True)
            if first[c] >= most - 1e-6]  # fmt: skip
    assert {"11", "93", "01", "02", "03", "04", "94"} <= set(held)


class Departments(NamedTuple):
    """What a run of `ehpad-departments` gives: by department, and by region."""

    places: dict[str, float]
    by_region: dict[str, float]
    rates: Floats
    people: Floats


def departments(folder: Path) -> Departments:
    listed = [r for r in rows(SCENARIOS / "ehpad-departments" / "territories.csv")
              if r["level"] == "department"]  # fmt: skip
    installed = {r["territory"]: float(r["installed"])
                 for r in rows(SCENARIOS / "ehpad-departments" / "supply.csv")}  # fmt: skip
    places: dict[str, float] = {}
    for row in rows(folder / "allocation.csv"):
        if row.get("step") != "nation":
            places[row["territory"]] = float(row["places"])
    region: dict[str, float] = defaultdict(float)
    for row in listed:
        region[row["parent"]] += places[row["code"]]
    people = np.array([float(r["pop_75p"]) for r in listed])
    held = np.array([installed[r["code"]] + places[r["code"]] for r in listed])
    return Departments(places, region, 1000 * held / people, people)


def gini(rates: Floats, people: Floats, mean: float) -> float:
    apart = np.abs(rates[:, None] - rates[None, :]) * people[:, None] * people[None, :]
    return float(apart.sum() / (2 * people.sum() ** 2 * mean))


def test_who_is_hidden_in_a_regional_mean(solved: Callable[..., Path]) -> None:
    cascade = departments(solved("ehpad-departments"))
    at_once = departments(solved("ehpad-departments", "integrated"))
    assert round(cascade.rates.min(), 1) == 45.0
    assert round(at_once.rates.min(), 1) == 50.3
    for run, paris, ile_de_france, la_reunion in (
        (cascade, 612, 612, 1_112),
        (at_once, 1_533, 1_533, 853),
    ):
        assert round(run.places["75"]) == paris
        assert round(run.by_region["11"]) == ile_de_france
        assert round(run.by_region["04"]) == la_reunion
    # over the national rate before, as the objective of that name
    mean = 1000 * 612_470 / 6_390_917
    before = at_once.rates - 1000 * np.array(list(at_once.places.values())) / at_once.people
    assert gini(before, at_once.people, mean) == pytest.approx(0.1288, abs=5e-5)
    assert gini(cascade.rates, cascade.people, mean) == pytest.approx(0.1234, abs=5e-5)
    assert gini(at_once.rates, at_once.people, mean) == pytest.approx(0.1233, abs=5e-5)


@pytest.mark.parametrize(("capped", "changing"), [("", 921), ("with_caps", 632)])
def test_places_that_change_region_when_the_nation_decides_all(
    solved: Callable[..., Path], capped: str, changing: int
) -> None:
    steps = departments(solved("ehpad-departments", capped or None))
    whole = f"{capped}_integrated" if capped else "integrated"
    at_once = departments(solved("ehpad-departments", whole))
    moved = sum(abs(steps.by_region[r] - at_once.by_region[r]) for r in steps.by_region) / 2
    assert round(moved) == changing


def test_the_price_of_decentralisation_is_told(solved: Callable[..., Path]) -> None:
    folder = solved("ehpad-departments")
    (told,) = rows(folder / "decentralisation.csv")
    mean = 1000 * 612_470 / 6_390_917
    lowest = departments(folder).rates.min()
    assert float(told["cascade"]) == pytest.approx(mean - lowest)
    assert float(told["difference"]) == pytest.approx(50.2723 - 44.9744, abs=1e-3)
    assert not rows(folder / "unkept.csv")
