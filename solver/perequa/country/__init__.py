"""The departments of France and what is published of each: names, regions, totals."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import numpy as np
from numpy.typing import NDArray

Whole = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Country:
    """The 101 departments, in the order of their codes.

    Attributes
    ----------
    codes, names, regions
        Code and name of each department, code of its region.
    region_names
        Name of each region by code.
    homes, places, temporary_homes
        Care homes (EHPAD), their permanent places, those with temporary places.
    people
        (2, 101): people aged 75 and over, people under 60.
    """

    codes: tuple[str, ...]
    names: tuple[str, ...]
    regions: tuple[str, ...]
    region_names: dict[str, str]
    homes: Whole
    places: Whole
    temporary_homes: Whole
    people: Whole

    @property
    def overseas(self) -> NDArray[np.bool_]:
        """Whether each department is overseas."""
        return np.array([code.startswith("97") for code in self.codes])


@cache
def read_country() -> Country:
    """Read the totals that come with the package; SOURCES.md beside them says whose they are."""
    text = (files("perequa.country") / "departments.csv").read_text(encoding="utf-8")
    rows = list(csv.DictReader(text.splitlines()))

    def figures(*columns: str) -> Any:  # noqa: ANN401 - one array or several, as asked
        return np.array([[int(row[column]) for row in rows] for column in columns])

    homes, places, temporary = figures("homes", "places", "temporary_homes")
    return Country(
        codes=tuple(row["code"] for row in rows),
        names=tuple(row["name"] for row in rows),
        regions=tuple(row["region"] for row in rows),
        region_names={row["region"]: row["region_name"] for row in rows},
        homes=homes,
        places=places,
        temporary_homes=temporary,
        people=figures("pop_75p", "pop_0_59"),
    )


def apportioned(total: int, weights: Floats | Whole) -> Whole:
    """Share out a whole number in proportion to weights, by largest remainder; first come on ties.

    Where the weights are whole and add up to `total`, they come back unchanged.
    """
    exact = np.asarray(weights, dtype=np.float64) * (total / float(np.sum(weights)))
    shares = np.floor(exact + 1e-9).astype(np.int64)
    left = total - int(shares.sum())
    order = np.argsort(shares - exact, kind="stable")
    shares[order[:left]] += 1
    return shares
