"""Figures of the shipped scenarios checked against an independent computation.

They come from the texts themselves, or were computed once by another program from the same tables.
"""

from __future__ import annotations

import csv
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from shipped import one_program

from perequa.checks import load
from perequa.io.scenario_files import read_scenario
from perequa_models.problems import Problems
from perequa_models.reference.allocation import reference_allocation

if TYPE_CHECKING:
    from perequa_models.instance import Instance
    from perequa_models.reference.reference import Reference

SCENARIOS = Path(__file__).parents[2] / "scenarios"


def instance_of(name: str, *variants: str) -> Instance:
    return load(str(SCENARIOS / name), variants).instance


def reference_of(name: str, *variants: str) -> tuple[Instance, Reference]:
    instance = instance_of(name, *variants)
    problems = Problems()
    reference = reference_allocation(instance, problems)
    assert problems.found == []
    return instance, reference


def by_code(instance: Instance, values: np.ndarray) -> dict[str, float]:
    return {t.code: float(v) for t, v in zip(instance.territories, values, strict=True)}


@pytest.fixture(scope="module")
def ehpad_tables() -> tuple[dict[str, str], dict[str, int], list[dict[str, str]]]:
    """Region and population of each department, and the rows of its places."""
    folder = SCENARIOS / "ehpad-2004-rule"
    with (folder / "territories.csv").open(encoding="utf-8") as lines:
        departments = [r for r in csv.DictReader(lines) if r["level"] == "department"]
    with (folder / "supply.csv").open(encoding="utf-8") as lines:
        supply = list(csv.DictReader(lines))
    region = {row["code"]: row["parent"] for row in departments}
    people = {row["code"]: int(row["pop_75p"]) for row in departments}
    return region, people, supply


@pytest.mark.parametrize(
    ("column", "level", "missing", "below"),
    [
        ("installed", "department", 54_564, 42),
        ("installed", "region", 39_438, 9),
        ("establishments", "department", 60_780, 48),
        ("establishments", "region", 43_332, 9),
    ],
)
def test_places_missing_to_the_national_rate(
    ehpad_tables: tuple[dict[str, str], dict[str, int], list[dict[str, str]]],
    column: str,
    level: str,
    missing: int,
    below: int,
) -> None:
    region, people, supply = ehpad_tables
    places: dict[str, int] = defaultdict(int)
    population: dict[str, int] = defaultdict(int)
    for row in supply:
        code = row["territory"] if level == "department" else region[row["territory"]]
        places[code] += int(row[column])
        population[code] += people[row["territory"]]
    rate = sum(places.values()) / sum(population.values())
    gaps = [max(0.0, rate * population[c] - places[c]) for c in places]
    assert round(sum(gaps)) == missing
    assert sum(g > 0 for g in gaps) == below


ALL_VARIANTS = [
    (name, variant)
    for name in one_program()
    for variant in (None, *read_scenario(name).data["variants"])
]
"""Every shipped scenario, bare and with each of its variants."""


@pytest.mark.parametrize(("name", "variant"), ALL_VARIANTS)
def test_every_variant_loads_without_other_findings(name: str, variant: str | None) -> None:
    loaded = load(name, [variant] if variant else [])
    intended = {
        "by_territory": {"least_populated_first"},
        # a higher ceiling leaves a home with an exception below it
        "ceiling_45": {"exception_not_needed"},
    }.get(variant or "", set())
    assert {finding.code for finding in loaded.findings} == intended


def test_the_formula_of_2004_in_places() -> None:
    instance, reference = reference_of("ehpad-2004-rule")
    places = by_code(instance, reference.places[:, 0, 0])
    expected = {
        "06": 28, "03": 37, "04": 172, "01": 126, "02": 116, "94": 118, "11": 1_101, "93": 690,
        "76": 283,
    }  # fmt: skip
    assert {code: round(places[code]) for code in expected} == expected
    # the nine regions above the mean, row by row
    assert sum(round(v) for c, v in places.items() if c not in expected) == 928
    assert sum(places.values()) == pytest.approx(3_600, rel=1e-9)
    assert sum(p.at_floor for p in reference.parts) == 6


@pytest.mark.parametrize(
    ("variant", "millions"),
    [
        ((), 7.37),
        (("all_establishments",), 3.62),
        (("target_163",), 3.74),
        (("idf_inside_14_1",), 9.70),
        (("idf_inside_10",), 10.90),
    ],
)
def test_readings_of_the_formula_for_ile_de_france(
    variant: tuple[str, ...], millions: float
) -> None:
    instance, reference = reference_of("ehpad-2004-rule", *variant)
    money = by_code(instance, reference.credits[:, 0, 0])
    assert round(money["11"] / 1e6, 2) == millions
    assert sum(money.values()) == pytest.approx(24_100_000, rel=1e-9)
    assert min(money.values()) >= 100_000


def test_paying_the_floor_first_moves_up_to_95_thousand_euros() -> None:
    _, scaled = reference_of("ehpad-2004-rule")
    _, first = reference_of("ehpad-2004-rule", "floor_first")
    assert round(np.abs(scaled.credits - first.credits).max() / 1000) == 95


def test_caps_and_floors_of_the_ehpad_scenario() -> None:
    instance = instance_of("ehpad-2004-rule")
    limits = {(r.key.rule, r.key.territory): r.limit for r in instance.rows}
    caps = {code: round(limits["caps", code]) for code in ("06", "03", "04", "01", "02", "94")}
    assert caps == {"06": 60, "03": 60, "04": 146, "01": 129, "02": 165, "94": 194}
    cost = float(instance.cost[0, 0, 0])
    assert cost * 3_600 == pytest.approx(24_100_000, rel=1e-12)
    assert cost * 15 == pytest.approx(100_416.67, abs=0.005)
    assert limits["floor", "06"] / cost == pytest.approx(14.94, abs=0.005)
    tight = instance_of("ehpad-2004-rule", "infeasible_caps")
    assert {r.key.territory: r.limit for r in tight.rows if r.key.rule == "caps"}["06"] == 0


def test_the_formula_by_region_stays_with_the_regions_when_departments_decide() -> None:
    _, by_region = reference_of("ehpad-2004-rule")
    _, by_department = reference_of("ehpad-2004-rule", "by_department")
    assert np.isnan(by_department.places).all()
    assert by_department.above["region"].places == pytest.approx(by_region.places)


def test_sixty_forty_of_1825_places() -> None:
    _, reference = reference_of("ssiad-2004")
    parts: dict[str, float] = defaultdict(float)
    for part in reference.parts:
        parts[part.part] += part.amount
    assert parts == pytest.approx({"by_rate": 1_095, "by_population": 730})


def test_the_population_share_adds_up_to_forty_per_cent() -> None:
    instance = instance_of("ssiad-2004")
    shares = [r.limit for r in instance.rows if r.key.rule == "population_share"]
    assert len(shares) == 26
    assert sum(shares) == pytest.approx(730, rel=1e-9)


@pytest.mark.parametrize(("variant", "millions"), [((), 523.8), (("days_277",), 397.5)])
def test_daily_prices_of_1998(variant: tuple[str, ...], millions: float) -> None:
    instance = instance_of("scm-ssad-1998", *variant)
    scm, ssad = (instance.measures.index(m) for m in ("scm", "ssad"))
    cost = instance.cost[0, :, 0]
    assert round((7_000 * cost[scm] + 2_000 * cost[ssad]) / 1e6, 1) == millions
    if not variant:
        assert cost[scm] == pytest.approx(57_852.50)
        assert cost[ssad] == pytest.approx(59_403.75)


@pytest.mark.parametrize(
    ("variant", "shared"),
    [((), (6_300, 1_800)), (("reserve_after",), (6_300, 1_800)), (("no_reserve",), (7_000, 2_000))],
)
def test_ten_per_cent_are_kept_back(variant: tuple[str, ...], shared: tuple[int, int]) -> None:
    _, reference = reference_of("scm-ssad-1998", *variant)
    assert reference.amounts == pytest.approx(shared)
    assert reference.unplaced == ()
    for block, amount in enumerate(shared):
        parts = [p for p in reference.parts if p.block == block]
        assert sum(p.amount for p in parts) == pytest.approx(amount, rel=1e-9)
        half = sum(p.amount for p in parts if p.part == "by_need")
        assert half == pytest.approx(amount / 2, rel=1e-9)
        # the second half goes to regions under the national rate, within their authorisations
        for part in parts:
            if part.part == "least_equipped" and not part.eligible:
                assert part.amount == 0


def test_what_authorisations_stop_is_unplaced_when_kept() -> None:
    _, reference = reference_of("scm-ssad-1998", "remainder_unspent")
    assert {u.part for u in reference.unplaced} == {"least_equipped"}
    placed = sum(p.amount for p in reference.parts)
    assert placed + sum(u.amount for u in reference.unplaced) == pytest.approx(8_100, rel=1e-9)


def test_dominic_and_its_exceptions() -> None:
    instance = instance_of("dominic-2004")
    assert len(instance.territories) == 60
    names = {instance.tree.nodes[o.node].code: o.exception for o in instance.overruns}
    assert names == {
        "A03": "clapet", "B07": "clapet", "A09": "mecanique", "C04": "mecanique", "B12": "",
        "C10": "",
    }  # fmt: skip
    # one home by hand: 73 300 points of 98 residents, global tariff without pharmacy, so
    # 6.31 × (73 300 + 250 × 98) = 617 118 €
    node = instance.tree.index["establishment", "A06"]
    assert instance.columns["gmp"].values[node, 0, 0] == pytest.approx(73_300 / 98)
    assert instance.columns["dominic"].values[node, 0, 0] == pytest.approx(617_118)
    ceilings = {r.key.territory: r.limit for r in instance.rows if r.key.rule == "ceiling"}
    assert ceilings["A06"] == pytest.approx(1.35 * 617_118)
    withheld = [r for r in instance.rows if r.key.rule == "no_data"]
    assert [r.limit for r in withheld] == [175_800]
