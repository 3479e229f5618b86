"""A national campaign of care homes: care credits under their ceilings, temporary places."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from perequa.country import Country, read_country
from perequa.synthetic.homes import CEILING_YEAR, Homes, draw_homes
from perequa.synthetic.tables import Rows, codes, envelopes, territories_above

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

RATE = 0.005
"""Yearly renewal of the care credits (an assumption)."""


def establishments(count: int, years: Sequence[int], seed: int) -> Mapping[str, Any]:
    """Draw a scenario of care homes: its tables and its statement, as plain data."""
    draw = np.random.default_rng([seed, count])
    country = read_country()
    homes = draw_homes(draw, country, count)
    # half of the homes ask for nothing; what is authorised and not funded is a few places
    asked = np.round(homes.base * draw.uniform(0.0, 0.08, count) * draw.integers(0, 2, count), -2)
    authorised = draw.integers(-3, 7, count).clip(min=0)
    return {
        "territories.csv": _territories(country, homes),
        "supply.csv": _supply(homes, asked, authorised),
        "envelopes.csv": envelopes(draw, country, homes.department, homes.base, years),
        "scenario.yaml": _scenario(count, years, seed),
    }


def _territories(country: Country, homes: Homes) -> Rows:
    own = ("status", "places", "gmp", "pmp", "tariff", "pharmacy", "overseas")
    rows = territories_above(country, homes.department, own)
    far = country.overseas
    for i, code in enumerate(codes(len(homes.places))):
        d = homes.department[i]
        rows.append(
            (
                "establishment",
                code,
                f"Synthetic home {code[1:]}",
                country.codes[d],
                homes.status[i],
                homes.places[i],
                f"{homes.gmp[i]:.0f}",
                f"{homes.pmp[i]:.0f}",
                homes.tariff[i],
                homes.pharmacy[i],
                "yes" if far[d] else "no",
            )
        )
    return rows


def _supply(homes: Homes, asked: Any, authorised: Any) -> Rows:  # noqa: ANN401 - arrays
    rows: Rows = [("territory", "measure", "base", "declared_need", "installed", "unfunded")]
    for i, code in enumerate(codes(len(homes.places))):
        rows.append((code, "care", f"{homes.base[i]:.0f}", f"{asked[i]:.0f}", "", ""))
        rows.append((code, "temporary", "", "", homes.temporary[i], authorised[i]))
    return rows


def _scenario(count: int, years: Sequence[int], seed: int) -> dict[str, Any]:
    return {
        "format": 1,
        "name": "establishments-synthetic",
        "title": f"{count} care homes over {len(years)} years: every home is synthetic",
        "sources": [
            f"Synthetic homes: perequa new --synthetic establishments --count {count} "
            f"--seed {seed}; see SOURCES.md"
        ],
        "years": list(years),
        "territories": {
            "file": "territories.csv",
            "levels": ["region", "department", "establishment"],
        },
        "decide_at": "establishment",
        "measures": {
            "care": {"title": "Care credits (soins)", "unit": "money", "rate": RATE},
            "temporary": {
                "title": "Temporary place (hébergement temporaire)",
                "cost": 10600,
                "opening_months": 6,
            },
        },
        "supply": {"file": "supply.csv"},
        "derive": {"gmps": {"formula": "gmps_ceiling", "year": CEILING_YEAR}},
        "indicators": {
            "care_rate": {
                "title": "Care credits per 100 € of the ceiling GMPS",
                "measures": ["care"],
                "in": "budget",
                "population": "gmps",
                "per": 100,
            },
            "temporary_rate": {
                "title": "Temporary places per 100 permanent places",
                "measures": ["temporary"],
                "population": "places",
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
            "ceiling": {
                "kind": "ceiling",
                "title": "No home ends above its ceiling GMPS; those above get nothing new",
                # budgets never shrink: who is below at the end was below in every year before
                "year": years[-1],
                "by": ["territory", "year"],
                "measure": "care",
                "at_most": {"column": "gmps"},
                "above": "freeze",
            },
            "unfunded": {
                "kind": "cap",
                "title": "No more temporary places than are authorised and not funded",
                "by": ["territory"],
                "measure": "temporary",
                "at_most": {"column": "unfunded"},
            },
        },
        "objectives": {
            "care_gap": {
                "kind": "shortfall",
                "title": "Care credits missing to the ceiling",
                "indicator": "care_rate",
                "level": "establishment",
                "target": 100,
                "years": "all",
                "weight": 0.6,
            },
            "requests": {
                "kind": "unmet_need",
                "title": "Care credits asked for and not granted",
                "level": "establishment",
                "measure": "care",
                "need": {"column": "declared_need"},
                "years": "all",
                "weight": 0.2,
            },
            "temporary_gap": {
                "kind": "shortfall",
                "title": "Temporary places missing to the national rate",
                "indicator": "temporary_rate",
                "level": "department",
                "years": "all",
                "weight": 0.2,
            },
        },
        "tie_break": {"toward": "population"},
    }
