"""A national campaign of every kind of service: money renewed, its ceilings, two publics."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from perequa.country import Country, Floats, Whole, apportioned, read_country
from perequa.synthetic.tables import NEW_MONEY, Rows, codes, envelopes, territories_above

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

LAST_PRICE = 1.02
"""Mean of the reference amount over what is renewed (an assumption)."""


class Category(NamedTuple):
    """A kind of service. Its share of all services and its mean amount are assumptions."""

    name: str
    public: str
    share: float
    amount: float


CATEGORIES = (
    Category("ehpad", "pa", 0.19, 1_050_000.0),
    Category("ssiad", "pa", 0.05, 600_000.0),
    Category("day_care", "pa", 0.05, 130_000.0),
    Category("ime", "ph", 0.03, 2_400_000.0),
    Category("sessad", "ph", 0.05, 700_000.0),
    Category("mas", "ph", 0.02, 3_500_000.0),
    Category("eam", "ph", 0.03, 900_000.0),
    Category("esat", "ph", 0.04, 900_000.0),
    Category("samsah", "ph", 0.02, 400_000.0),
    Category("other", "ph", 0.52, 250_000.0),
)


def services(count: int, years: Sequence[int], seed: int) -> Mapping[str, Any]:
    """Draw a scenario of services of all kinds: its tables and its statement, as plain data."""
    draw = np.random.default_rng([seed, count])
    country = read_country()
    kind, department = _placed(country, count)
    amounts = np.array([category.amount for category in CATEGORIES])[kind]
    base = np.round(amounts * draw.lognormal(-0.125, 0.5, count), -2) + 10_000.0
    reference = np.round(base * LAST_PRICE * draw.normal(1.0, 0.08, count).clip(0.7, 1.3), -2)
    renewed = np.array([base[_of_public(kind, public)].sum() for public in ("pa", "ph")])
    share = NEW_MONEY * draw.uniform(0.7, 0.95, (2, len(years)))
    return {
        "territories.csv": _territories(country, kind, department, reference),
        "supply.csv": [
            ("territory", "measure", "base"),
            *((code, "care", f"{base[i]:.0f}") for i, code in enumerate(codes(count))),
        ],
        "envelopes.csv": envelopes(draw, country, department, base, years),
        **{
            f"{public}.csv": [
                ("year", "limit"),
                *((year, f"{share[p, k] * renewed[p]:.0f}") for k, year in enumerate(years)),
            ]
            for p, public in enumerate(("pa", "ph"))
        },
        "scenario.yaml": _scenario(count, years, seed),
    }


def _placed(country: Country, count: int) -> tuple[Whole, Whole]:
    """Kind and department of each service: those for old people follow them, as the others do."""
    wanted = apportioned(count, np.array([category.share for category in CATEGORIES]))
    kinds, departments = [], []
    for k, (category, number) in enumerate(zip(CATEGORIES, wanted.tolist(), strict=True)):
        people = country.people[0 if category.public == "pa" else 1]
        shares = apportioned(number, people)
        kinds.append(np.full(number, k))
        departments.append(np.repeat(np.arange(len(shares)), shares))
    return np.concatenate(kinds), np.concatenate(departments)


def _of_public(kind: Whole, public: str) -> Any:  # noqa: ANN401 - a mask
    return np.array([category.public == public for category in CATEGORIES])[kind]


def _territories(country: Country, kind: Whole, department: Whole, reference: Floats) -> Rows:
    rows = territories_above(country, department, ("category", "public", "reference_amount"))
    for i, code in enumerate(codes(len(kind))):
        category = CATEGORIES[kind[i]]
        parent = country.codes[department[i]]
        words = (category.name, category.public, f"{reference[i]:.0f}")
        rows.append(("establishment", code, f"Synthetic service {code[1:]}", parent, *words))
    return rows


def _scenario(count: int, years: Sequence[int], seed: int) -> dict[str, Any]:
    return {
        "format": 1,
        "name": "all-services-synthetic",
        "title": f"{count} services over {len(years)} years: every service is synthetic",
        "sources": [
            f"Synthetic services: perequa new --synthetic all-services --count {count} "
            f"--seed {seed}; see SOURCES.md"
        ],
        "years": list(years),
        "territories": {
            "file": "territories.csv",
            "levels": ["region", "department", "establishment"],
        },
        "decide_at": "establishment",
        "measures": {"care": {"title": "Credits of services", "unit": "money", "rate": 0.005}},
        "supply": {"file": "supply.csv"},
        "indicators": {
            "care_rate": {
                "title": "Credits per 100 € of the reference amount",
                "measures": ["care"],
                "in": "budget",
                "population": "reference_amount",
                "per": 100,
            },
        },
        "rules": {
            "envelope": {
                "kind": "envelope",
                "title": "New money of each region and year (synthetic)",
                "by": ["region", "year"],
                "at_most": {"file": "envelopes.csv"},
            },
            **{
                public: {
                    "kind": "envelope",
                    "title": f"New money of each year for one public ({public}, synthetic)",
                    "territories": {"column": "public", "equals": public},
                    "by": ["year"],
                    "at_most": {"file": f"{public}.csv"},
                }
                for public in ("pa", "ph")
            },
            "ceiling": {
                "kind": "ceiling",
                "title": "No service ends above its reference amount; those above get nothing new",
                "year": years[-1],
                "by": ["territory", "year"],
                "at_most": {"column": "reference_amount"},
                "above": "freeze",
            },
        },
        "objectives": {
            "care_gap": {
                "kind": "shortfall",
                "title": "Credits missing to the reference amount",
                "indicator": "care_rate",
                "level": "establishment",
                "target": 100,
                "years": "all",
            },
        },
        "tie_break": {"toward": "population"},
    }
