"""Care homes that do not exist, drawn so that their totals are those that are published."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from perequa.country import Country, Floats, Whole, apportioned
from perequa.synthetic.published import (
    CARE_PER_PLACE,
    MEAN_GMP,
    MEAN_PMP,
    SPREAD_OF_CAPACITY,
    STATUSES,
    TARIFFS,
)
from perequa_models.tariffs import gmps_ceiling

if TYPE_CHECKING:
    from numpy.typing import NDArray

CEILING_YEAR = 2013
"""Year of the values of the point of GMPS."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Homes:
    """Synthetic care homes, department by department.

    Attributes
    ----------
    department
        (H,) position of the department of each.
    places
        Permanent places; by department they add up to what is published, in proportion to the
        homes drawn.
    gmp, pmp
        Whole points; their means over places are those that are published, to half a point.
    status, tariff, pharmacy
        Words, in the shares that are published.
    base
        Care credits renewed, in hundreds of euros a home; a place has what is published on average.
    temporary
        Temporary places installed, in as many homes of a department as is published.
    """

    department: Whole
    places: Whole
    gmp: Floats
    pmp: Floats
    status: NDArray[np.str_]
    tariff: NDArray[np.str_]
    pharmacy: NDArray[np.str_]
    base: Floats
    temporary: Whole


def draw_homes(draw: np.random.Generator, country: Country, count: int) -> Homes:
    """Draw care homes.

    Parameters
    ----------
    draw
        Where chance comes from.
    country
        The departments and their totals.
    count
        How many homes, shared out between departments in proportion to those that are there.
    """
    homes = apportioned(count, country.homes)
    department = np.repeat(np.arange(len(homes)), homes)
    places = _capacities(draw, country, homes)
    gmp = _around(draw, MEAN_GMP, 60.0, places)
    pmp = _around(draw, MEAN_PMP, 35.0, places)
    options = [*TARIFFS]
    chosen = draw.choice(len(options), size=count, p=_shares(TARIFFS.values()))
    tariff, pharmacy = (np.array([option[k] for option in options])[chosen] for k in (0, 1))
    words = zip(
        gmp, pmp, places, tariff, pharmacy, country.overseas[department].tolist(), strict=True
    )
    ceiling = np.array(
        [
            gmps_ceiling(
                gmp=float(g),
                pmp=float(p),
                places=float(n),
                tariff=t,
                pharmacy=inside == "yes",
                overseas=far,
                year=CEILING_YEAR,
            )
            for g, p, n, t, inside, far in words
        ]
    )
    raw = ceiling * np.clip(draw.normal(1.0, 0.09, count), 0.7, 1.3)
    base = np.round(raw * (CARE_PER_PLACE * places.sum() / raw.sum()), -2)
    return Homes(
        department=department,
        places=places,
        gmp=gmp,
        pmp=pmp,
        status=draw.choice([*STATUSES], size=count, p=_shares(STATUSES.values())),
        tariff=tariff,
        pharmacy=pharmacy,
        base=base,
        temporary=_temporary(draw, country, homes),
    )


def _capacities(draw: np.random.Generator, country: Country, homes: Whole) -> Whole:
    """Draw the places of each home; a department's homes have its mean capacity."""
    there = np.maximum(country.homes, 1)
    capacities = []
    for drawn, all_, places in zip(homes, there, country.places, strict=True):
        size = draw.lognormal(0.0, SPREAD_OF_CAPACITY, drawn)
        if drawn:
            # a home has a place at least
            total = round(float(places * drawn / all_))
            capacities.append(1 + apportioned(total - int(drawn), size))
    return np.concatenate(capacities)


def _around(draw: np.random.Generator, mean: float, spread: float, places: Whole) -> Floats:
    """Draw whole points whose mean over places is `mean`, to half a point."""
    points = np.clip(draw.normal(mean, spread, len(places)), mean - 4 * spread, mean + 4 * spread)
    moved: Floats = np.round(points + mean - np.average(points, weights=places))
    return moved


def _temporary(draw: np.random.Generator, country: Country, homes: Whole) -> Whole:
    """Draw temporary places, in the share of the homes of each department that have some."""
    installed = []
    for drawn, all_, with_some in zip(
        homes, np.maximum(country.homes, 1), country.temporary_homes, strict=True
    ):
        own = np.zeros(drawn, dtype=np.int64)
        chosen = draw.permutation(drawn)[: round(float(with_some * drawn / all_))]
        own[chosen] = draw.integers(1, 7, len(chosen))
        installed.append(own)
    return np.concatenate(installed)


def _shares(counts: Any) -> Floats:  # noqa: ANN401 - the values of a mapping
    values = np.array([*counts], dtype=np.float64)
    shares: Floats = values / values.sum()
    return shares
