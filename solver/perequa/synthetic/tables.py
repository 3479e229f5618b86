"""Tables that both synthetic scenarios share: what stands above establishments, envelopes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from perequa.country import Country, Floats, Whole

Rows = list[tuple[object, ...]]
NEW_MONEY = 0.012
"""New money of a year, as a share of what is renewed (an assumption)."""


def codes(count: int) -> list[str]:
    """Codes of establishments that do not exist: an S no directory uses, and a number."""
    return [f"S{i + 1:05d}" for i in range(count)]


def territories_above(country: Country, department: Whole, own: Sequence[str]) -> Rows:
    """Write the header, the regions and the departments of ``territories.csv``.

    Parameters
    ----------
    country
        The departments; those without an establishment are left out.
    department
        (H,) department of each establishment.
    own
        Columns of establishments, left empty here.
    """
    blank = [""] * len(own)
    kept = np.unique(department).tolist()
    rows: Rows = [("level", "code", "name", "parent", *own)]
    for code in sorted({country.regions[d] for d in kept}):
        rows.append(("region", code, country.region_names[code], "", *blank))
    for d in kept:
        rows.append(("department", country.codes[d], country.names[d], country.regions[d], *blank))
    return rows


def envelopes(
    draw: np.random.Generator,
    country: Country,
    department: Whole,
    base: Floats,
    years: Sequence[int],
) -> Rows:
    """Draw the new money of each region and year: 0.6 to 1.4 times the same share of its base.

    Parameters
    ----------
    draw
        Where chance comes from.
    country
        The departments.
    department, base
        (H,): department of each establishment, money renewed there.
    years
        Years of the plan.
    """
    codes = sorted({country.regions[d] for d in np.unique(department).tolist()})
    of = np.array([codes.index(country.regions[d]) for d in department.tolist()])
    renewed = np.bincount(of, weights=base, minlength=len(codes))
    share = NEW_MONEY * draw.uniform(0.6, 1.4, (len(codes), len(years)))
    rows: Rows = [("territory", "year", "limit")]
    for i, code in enumerate(codes):
        for k, year in enumerate(years):
            rows.append((code, year, f"{share[i, k] * renewed[i]:.0f}"))
    return rows
