"""Writes synthetic scenarios of national size, as folders like those a planner writes.

`national` has 101 departments in 18 regions, 10 measures and 5 years, with figures that nowhere
coincide; authorised places alone are whole, as authorisations are. `degenerate` is the same
country in whole numbers: one national tariff for each measure, regional envelopes inside a
national one, floors, yearly caps, and a third of the regional envelopes equal to the cost of every
authorised place, so that money and authorisations run out together. Nothing in either is real, and
their titles say so.

Run ``python benchmarks/instances.py degenerate FOLDER`` to write one.
"""

from __future__ import annotations

import argparse
import csv
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import yaml

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

Kind = Literal["national", "degenerate"]
Array = np.ndarray[Any, np.dtype[np.float64]]

FIRST_YEAR = 2025
CATEGORIES = (
    # measure, envelope, population, places per 1 000 people, cost of a place, opening months
    ("ehpad", "pa", "pop_75p", 96.0, 15600.0, 12),
    ("ssiad", "pa", "pop_75p", 20.0, 13200.0, 4),
    ("day_care", "pa", "pop_75p", 4.0, 10800.0, 4),
    ("temporary", "pa", "pop_75p", 3.0, 10200.0, 8),
    ("night_care", "pa", "pop_75p", 2.0, 14400.0, 6),
    ("ime", "ph", "pop_0_59", 2.4, 42000.0, 12),
    ("sessad", "ph", "pop_0_59", 1.9, 19200.0, 4),
    ("mas", "ph", "pop_0_59", 1.1, 84000.0, 12),
    ("eam", "ph", "pop_0_59", 1.0, 30000.0, 9),
    ("samsah", "ph", "pop_0_59", 0.6, 16800.0, 6),
)


@dataclass(frozen=True, kw_only=True)
class Size:
    """How many of each."""

    regions: int = 18
    departments: int = 101
    measures: int = len(CATEGORIES)
    years: int = 5


@dataclass(frozen=True, kw_only=True)
class Figures:
    """What the tables state.

    Attributes
    ----------
    region
        (D,) position of the region of each department.
    population
        (2, D, Y): people aged 75 and over, people under 60.
    installed, authorised, cost
        (D, M).
    months
        (M,) months paid in the opening year.
    envelope, national
        (R, Y), (Y,) money.
    floor, yearly
        (D,), (D, Y) places.
    """

    region: np.ndarray[Any, np.dtype[np.intp]]
    population: Array
    installed: Array
    authorised: Array
    cost: Array
    months: np.ndarray[Any, np.dtype[np.intp]]
    envelope: Array
    national: Array
    floor: Array
    yearly: Array


def write_scenario(kind: Kind, folder: Path, size: Size | None = None, seed: int = 2024) -> Path:
    """Write a scenario and its tables into a new folder; the same seed writes the same bytes."""
    size = size or Size()
    draw = np.random.default_rng([seed, size.departments, size.measures, size.years])
    figures = _degenerate(draw, size) if kind == "degenerate" else _national(draw, size)
    folder.mkdir(parents=True)
    for name, rows in _tables(kind, figures, size):
        with (folder / name).open("w", newline="", encoding="utf-8") as stream:
            csv.writer(stream, lineterminator="\n").writerows(rows)
    text = yaml.safe_dump(_scenario(kind, figures, size), sort_keys=False, allow_unicode=True)
    path = folder / "scenario.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def _national(draw: np.random.Generator, size: Size) -> Figures:
    """Draw figures with decimals: costs by department, populations that grow, no coincidence.

    Nobody is authorised 12.3 places: what lies after the point could be used by no whole plan.
    """
    d, m, y = size.departments, size.measures, size.years
    region = np.arange(d) % size.regions
    growth = np.cumprod(draw.uniform(1.005, 1.03, (2, d, y)), axis=2)
    population = np.round(_people(draw, d)[:, :, None] * growth / growth[:, :, :1])
    rate = _base_rates(size) * draw.lognormal(0.0, 0.25, (d, m))
    installed = np.round(rate * _served(population, size) / 1000.0, 1)
    authorised = np.ceil(installed * draw.uniform(0.02, 0.25, (d, m)))
    cost = np.round(_base_costs(size) * draw.uniform(0.9, 1.1, (d, m)), 2)
    share = draw.uniform(0.3, 0.8, (size.regions, y)) / y
    envelope = np.round(share * _by_region(authorised * cost, region, size)[:, None], 2)
    return Figures(
        region=region,
        population=population,
        installed=installed,
        authorised=authorised,
        cost=cost,
        months=np.array([c[5] for c in CATEGORIES[:m]]),
        envelope=envelope,
        national=envelope.sum(axis=0),
        floor=np.round(0.2 * authorised.sum(axis=1), 1),
        yearly=np.round(np.repeat(authorised.sum(axis=1)[:, None], y, axis=1) * 1.5 / y, 1),
    )


def _degenerate(draw: np.random.Generator, size: Size) -> Figures:
    """Draw whole numbers in which limits coincide."""
    d, m, y = size.departments, size.measures, size.years
    region = np.arange(d) % size.regions
    exact = region % 3 == 0
    population = np.repeat(np.round(_people(draw, d), -2)[:, :, None], y, axis=2)
    served = _served(population, size)
    poor = np.where(exact[:, None], draw.uniform(0.5, 0.7, (d, m)), draw.uniform(0.8, 1.3, (d, m)))
    installed = np.round(poor * _base_rates(size) * served / 1000.0)
    missing = served * installed.sum(axis=0) / served.sum(axis=0) - installed
    # where envelopes are exact every authorised place serves a gap that stays open
    tranche = np.maximum(1.0, np.floor(draw.uniform(0.2, 0.8, (d, m, y)) * missing[:, :, None] / y))
    other = np.maximum(1.0, np.floor(installed * draw.uniform(0.02, 0.25, (d, m))))
    authorised = np.where(exact[:, None], tranche.sum(axis=2), other)
    cost = np.broadcast_to(_base_costs(size), (d, m))
    tight = np.stack([_by_region(tranche[:, :, k] * cost, region, size) for k in range(y)], axis=1)
    share = draw.uniform(0.3, 0.8, (size.regions, y)) / y
    loose = np.floor(share * _by_region(authorised * cost, region, size)[:, None])
    envelope = np.where((np.arange(size.regions) % 3 == 0)[:, None], tight, loose)
    coincides = np.arange(y) % 3 == 0
    each_year = np.ceil(1.5 * authorised.sum(axis=1) / y)
    half = exact & (np.arange(d) % 2 == 0)
    return Figures(
        region=region,
        population=population,
        installed=installed,
        authorised=authorised,
        cost=cost,
        months=np.full(m, 12),
        envelope=envelope,
        national=np.floor(envelope.sum(axis=0) * np.where(coincides, 1.0, 1.01)),
        floor=np.floor(0.2 * authorised.sum(axis=1)),
        yearly=np.where(
            half[:, None],
            tranche.sum(axis=1),
            np.where(exact[:, None], 2.0 * tranche.sum(axis=1), each_year[:, None]),
        ),
    )


def _people(draw: np.random.Generator, departments: int) -> Array:
    """Draw the people aged 75 and over, and those under 60, of each department."""
    old = draw.lognormal(10.8, 0.6, departments)
    return np.stack([old, old * draw.uniform(5.0, 10.0, departments)])


def _served(population: Array, size: Size) -> Array:
    """Population of reference of each measure in the first year, (D, M)."""
    which = [0 if c[2] == "pop_75p" else 1 for c in CATEGORIES[: size.measures]]
    return np.stack([population[k, :, 0] for k in which], axis=1)


def _base_rates(size: Size) -> Array:
    return np.array([c[3] for c in CATEGORIES[: size.measures]])


def _base_costs(size: Size) -> Array:
    return np.array([c[4] for c in CATEGORIES[: size.measures]])


def _by_region(values: Array, region: np.ndarray[Any, Any], size: Size) -> Array:
    """Sum (D, M) figures by region."""
    return np.bincount(region, weights=values.sum(axis=1), minlength=size.regions)


def _tables(
    kind: Kind, figures: Figures, size: Size
) -> Iterator[tuple[str, Iterable[tuple[object, ...]]]]:
    """Yield each table's name and rows, header first."""
    regions = [f"r{i + 1:02d}" for i in range(size.regions)]
    departments = [f"d{i + 1:03d}" for i in range(size.departments)]
    years = [FIRST_YEAR + k for k in range(size.years)]
    measures = [c[0] for c in CATEGORIES[: size.measures]]
    floors = [_number(v) if kind == "degenerate" else "" for v in figures.floor]
    yield (
        "territories.csv",
        [
            ("level", "code", "name", "parent", "floor_places"),
            *(("region", code, f"Region {code[1:]}", "", "") for code in regions),
            *(
                (
                    "department",
                    code,
                    f"Department {code[1:]}",
                    regions[figures.region[i]],
                    floors[i],
                )
                for i, code in enumerate(departments)
            ),
        ],
    )
    yield (
        "population.csv",
        [
            ("territory", "year", "pop_75p", "pop_0_59"),
            *(
                (code, year, *(_number(v) for v in figures.population[:, i, k]))
                for i, code in enumerate(departments)
                for k, year in enumerate(years)
            ),
        ],
    )
    supply = (figures.installed, figures.authorised, figures.cost)
    yield (
        "supply.csv",
        [
            ("territory", "measure", "installed", "authorised_unfunded", "cost"),
            *(
                (code, name, *(_number(column[i, j]) for column in supply))
                for i, code in enumerate(departments)
                for j, name in enumerate(measures)
            ),
        ],
    )
    yield "envelopes.csv", _limits("territory", regions, years, figures.envelope)
    if kind == "degenerate":
        yield "yearly_caps.csv", _limits("territory", departments, years, figures.yearly)
        national = zip(years, figures.national, strict=True)
        yield "national.csv", [("year", "limit"), *((y, _number(v)) for y, v in national)]


def _limits(
    key: str, codes: list[str], years: list[int], limits: Array
) -> list[tuple[object, ...]]:
    rows: list[tuple[object, ...]] = [(key, "year", "limit")]
    for i, code in enumerate(codes):
        rows.extend((code, year, _number(limits[i, k])) for k, year in enumerate(years))
    return rows


def _number(value: float) -> str:
    """Write a figure as a planner would: no decimal point where it is whole."""
    return str(int(value)) if value == int(value) else repr(round(float(value), 2))


def _scenario(kind: Kind, figures: Figures, size: Size) -> dict[str, Any]:
    """State the scenario as plain data."""
    kept = CATEGORIES[: size.measures]
    objectives = _objectives([c[0] for c in kept])
    worst = [name for name in objectives if name.startswith("worst_")]
    return {
        "format": 1,
        "name": f"{kind}-synthetic",
        "title": f"Benchmark instance {kind}: every figure is synthetic",
        "sources": ["Synthetic: drawn by benchmarks/instances.py"],
        "years": [FIRST_YEAR + k for k in range(size.years)],
        "territories": {"file": "territories.csv", "levels": ["region", "department"]},
        "decide_at": "department",
        "envelopes": {"pa": {"title": "Elderly people"}, "ph": {"title": "Disabled people"}},
        "measures": {
            c[0]: {
                "title": f"Place of {c[0]} (synthetic)",
                "cost": {"column": "cost"},
                "opening_months": int(figures.months[j]),
                "envelope": c[1],
            }
            for j, c in enumerate(kept)
        },
        "supply": {"file": "supply.csv"},
        "columns": [{"file": "population.csv"}],
        "indicators": {
            f"{c[0]}_rate": {"measures": [c[0]], "population": c[2], "per": 1000} for c in kept
        },
        "rules": _rules(kind),
        "objectives": objectives,
        "tie_break": {"toward": "population"},
        "reference": [
            _reference(c[0], float(np.round(figures.authorised[:, j].sum() / size.years)))
            for j, c in enumerate(kept)
        ],
        "variants": {"two_priorities": {f"objectives.{name}.priority": 2 for name in worst}}
        | ({"many_rows": _many_rows()} if kind == "degenerate" else {}),
    }


def _many_rows() -> dict[str, Any]:
    """State a cap for every department, measure and year, and one measure that opens later."""
    return {
        "rules.each_cell": {
            "kind": "cap",
            "title": "No year takes more than what is authorised in all",
            "by": ["territory", "measure", "year"],
            "at_most": {"column": "authorised_unfunded"},
        },
        "rules.not_yet": {
            "kind": "cap",
            "title": f"No place of {CATEGORIES[0][0]} in the first year",
            "by": ["territory"],
            "measure": CATEGORIES[0][0],
            "year": FIRST_YEAR,
            "at_most": 0,
        },
    }


def _rules(kind: Kind) -> dict[str, Any]:
    rules: dict[str, Any] = {
        "envelope": {
            "kind": "envelope",
            "title": "Regional envelope of each year",
            "by": ["region", "year"],
            "at_most": {"file": "envelopes.csv"},
        },
        "unfunded": {
            "kind": "cap",
            "title": "No more than the places authorised and not funded",
            "by": ["territory", "measure"],
            "at_most": {"column": "authorised_unfunded"},
        },
    }
    if kind == "degenerate":
        rules["national"] = {
            "kind": "envelope",
            "title": "National envelope of each year",
            "by": ["year"],
            "at_most": {"file": "national.csv"},
        }
        rules["floor"] = {
            "kind": "floor",
            "title": "Places promised to every department",
            "by": ["territory"],
            "at_least": {"column": "floor_places"},
        }
        rules["yearly_cap"] = {
            "kind": "cap",
            "title": "Most places a department can open in a year",
            "by": ["territory", "year"],
            "at_most": {"file": "yearly_caps.csv"},
        }
    return rules


def _objectives(measures: list[str]) -> dict[str, Any]:
    """State one shortfall and one worst gap for each measure, all at the first priority."""
    common = {"level": "department", "years": "all", "priority": 1}
    objectives = {}
    for name in measures:
        gap = {"indicator": f"{name}_rate", **common}
        objectives[f"gap_{name}"] = {"kind": "shortfall", **gap, "weight": 1.0}
        objectives[f"worst_{name}"] = {"kind": "worst", **gap, "weight": 0.1}
    return objectives


def _reference(measure: str, places: float) -> dict[str, Any]:
    """Share a first year's places in the form of 2004: 60 % by places missing, 40 % by people."""
    indicator = f"{measure}_rate"
    population = next(c[2] for c in CATEGORIES if c[0] == measure)
    return {
        "amount": places,
        "in": "places",
        "measure": measure,
        "year": FIRST_YEAR,
        "parts": [
            {"name": "by_rate", "share": 0.6, "basis": "missing_places", "indicator": indicator},
            {"name": "by_population", "share": 0.4, "basis": {"column": population}},
        ],
    }


def main() -> None:
    """Write one instance from the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("kind", choices=("national", "degenerate"))
    parser.add_argument("folder", type=Path, help="a folder that does not exist yet")
    parser.add_argument("--seed", type=int, default=2024)
    given = parser.parse_args()
    print(write_scenario(given.kind, given.folder, seed=given.seed))


if __name__ == "__main__":
    main()
