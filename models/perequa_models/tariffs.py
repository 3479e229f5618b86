"""Tariff formulas of care homes, each with the text it comes from. One establishment at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Sequence

Tariff = Literal["partial", "global"]

GIR_POINTS = (1000.0, 840.0, 660.0, 420.0, 250.0, 70.0)
"""Points of a resident of GIR 1 … 6 (CASF, annexe 3-6, column of the GMP)."""

DOMINIC_VALUE: dict[Tariff, float] = {"partial": 5.69, "global": 6.31}
"""Euros a point, by tariff option (circular of 30 August 2004, 1 B)."""

DOMINIC_POINTS = {False: 250.0, True: 430.0}
"""Points added to the GMP, without and with an in-house pharmacy (same circular, 1 B)."""

GMPS_VALUE: dict[int, dict[tuple[Tariff, bool], float]] = {
    2009: {
        ("global", False): 12.08,
        ("global", True): 12.83,
        ("partial", False): 9.20,
        ("partial", True): 9.89,
    },
    2011: {
        ("global", False): 12.44,
        ("global", True): 13.10,
        ("partial", False): 9.55,
        ("partial", True): 10.10,
    },
    2012: {
        ("global", False): 12.44,
        ("global", True): 13.10,
        ("partial", False): 9.62,
        ("partial", True): 10.18,
    },
    2013: {
        ("global", False): 12.44,
        ("global", True): 13.10,
        ("partial", False): 9.75,
        ("partial", True): 10.32,
    },
}
"""Euros a point of GMPS by year, tariff option and in-house pharmacy: orders of 2009 and of 25 May
2011, frozen then raised for the partial option in 2012 and 2013 (as reported by ASH no. 2601 and
2815, Weka)."""

OCCUPANCY_THRESHOLD = {2018: 0.90, 2019: 0.91, 2020: 0.92, 2021: 0.93, 2022: 0.94, 2023: 0.95}
"""Occupancy below which care money falls, for homes that receive 90 % or more, and less than all,
of their tariff equation (order of 28 September 2017)."""

FULL_THRESHOLD = 0.95
"""The same for homes that receive their whole tariff equation, and for every home from 2024 on
(same order)."""


def gmp(residents: Sequence[float]) -> float:
    """Weighted mean dependency of the residents: Σ points·residents ÷ Σ residents.

    Source: CASF, annexe 3-6 (version in force on 1 January 2009).

    Parameters
    ----------
    residents
        Residents of GIR 1 … 6.

    Returns
    -------
    float
        Points, between 70 and 1000.

    Raises
    ------
    ValueError
        When a number is negative or nobody lives there.
    """
    if any(r < 0 for r in residents):
        raise ValueError("a number of residents is negative")
    total = sum(residents)
    if total == 0:
        raise ValueError("no resident in any GIR")
    return sum(p * r for p, r in zip(GIR_POINTS, residents, strict=True)) / total


def dominic_2004_applies(
    *, gmp: float, residents: float, gir1: float, gir2: float, alzheimer: bool
) -> bool:
    """Whether the formula of 2004 is for this establishment.

    Source: circular of 30 August 2004, 1 B: GMP above 700, at least half of the residents in GIR 1
    or 2, and a share of residents with Alzheimer's disease that the inspecting doctor finds
    significant. The others keep the formula of the circular of 10 April 2002.
    """
    return gmp > 700 and gir1 + gir2 >= 0.5 * residents and alzheimer


def dominic_2004(*, gmp: float, residents: float, tariff: Tariff, pharmacy: bool) -> float:
    """Care allocation of reference of 2004: ``v·(GMP + a)·residents``, in euros.

    Source: circular of 30 August 2004, 1 B; v = 5.69 or 6.31 € (partial, global tariff), a = 250
    or 430 points (without, with an in-house pharmacy).
    """
    return DOMINIC_VALUE[tariff] * (gmp + DOMINIC_POINTS[pharmacy]) * residents


def gmps_ceiling(
    *,
    gmp: float,
    pmp: float,
    places: float,
    tariff: Tariff,
    pharmacy: bool,
    overseas: bool,
    year: int,
) -> float:
    """Ceiling of the care tariff: ``v·(GMP + 2.59·PMP)·places``, in euros.

    Source: orders fixing the ceilings of article L.314-3 CASF for 2009, 2011, 2012 and 2013 (values
    in `GMPS_VALUE`); overseas the value of the point is 20 % higher, rounded to the cent as the
    order of 2013 prints it (14.93, 15.72, 11.70, 12.38 €).

    Raises
    ------
    KeyError
        When no value is known for `year`.
    """
    value = GMPS_VALUE[year][tariff, pharmacy]
    if overseas:
        value = round(1.20 * value, 2)
    return value * (gmp + 2.59 * pmp) * places


def occupancy_threshold(*, allocation: float, year: int) -> float:
    """Occupancy below which the care allocation is cut; 0 where it never is.

    Source: order of 28 September 2017 fixing the threshold of article R.314-160 CASF. It knows no
    difference between public and private homes.

    Parameters
    ----------
    allocation
        What the home receives for permanent care, as a share of its tariff equation.
    year
        2018 or later; the threshold of 2024 holds from then on.

    Raises
    ------
    KeyError
        When the order says nothing of `year`.
    """
    if year >= 2024:
        return FULL_THRESHOLD
    threshold = OCCUPANCY_THRESHOLD[year]
    if allocation >= 1.0:
        return FULL_THRESHOLD
    return threshold if allocation >= 0.9 else 0.0


def occupancy_modulation(*, allocation: float, occupancy: float, year: int) -> float:
    """Factor on the care allocation of a home that is not full, between 0.5 and 1.

    Source: article R.314-160 CASF (decree no. 2016-1814 of 21 December 2016): the allocation falls
    by half of the difference between the threshold and the occupancy rate. At 91 % for a threshold
    of 95 %, 2 % are taken off. The authority may waive it in exceptional situations: where it
    does, leave the column out.

    Parameters
    ----------
    allocation, occupancy
        Shares: 0.97 of the tariff equation, 0.91 of the days of the places financed.
    year
        As for `occupancy_threshold`.
    """
    threshold = occupancy_threshold(allocation=allocation, year=year)
    return 1.0 - max(0.0, threshold - occupancy) / 2.0


def activity_cost(*, activity: float, unit_cost: float) -> float:
    """What an activity costs at the value of a cost indicator, in the indicator's currency.

    Source: articles R.314-28 to R.314-33-1 CASF: services are compared by indicators of their cost
    (a day, a session, a child followed), and those that exceed the mean or median by more than a
    band may be brought down to it. The band is the `band` of a rule, or `times` of its ceiling.
    """
    return activity * unit_cost
