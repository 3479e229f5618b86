"""Tariff formulas against the figures the texts give or lead to."""

from __future__ import annotations

import pytest

from perequa_models.tariffs import (
    Tariff,
    dominic_2004,
    dominic_2004_applies,
    gmp,
    gmps_ceiling,
    occupancy_modulation,
)


@pytest.mark.parametrize(
    ("tariff", "pharmacy", "euros"),
    [
        ("partial", False, 455_200),
        ("partial", True, 537_136),
        ("global", False, 504_800),
        ("global", True, 595_664),
    ],
)
def test_dominic_of_80_residents_at_gmp_750(tariff: Tariff, pharmacy: bool, euros: float) -> None:
    value = dominic_2004(gmp=750, residents=80, tariff=tariff, pharmacy=pharmacy)
    assert value == pytest.approx(euros, abs=1e-6)


@pytest.mark.parametrize(
    ("gmp", "gir1", "gir2", "alzheimer", "applies"),
    [
        (701, 20, 20, True, True),
        (700, 20, 20, True, False),  # above 700, not at 700
        (701, 20, 19, True, False),  # half at least
        (701, 20, 20, False, False),
    ],
)
def test_the_three_conditions_of_2004(
    gmp: float, gir1: float, gir2: float, alzheimer: bool, applies: bool
) -> None:
    assert (
        dominic_2004_applies(gmp=gmp, residents=80, gir1=gir1, gir2=gir2, alzheimer=alzheimer)
        is applies
    )


def test_gmp_weighs_residents_by_points() -> None:
    assert gmp([1, 0, 0, 0, 0, 0]) == 1000
    assert gmp([1, 1, 1, 1, 1, 1]) == pytest.approx((1000 + 840 + 660 + 420 + 250 + 70) / 6)
    assert gmp([10, 20, 10, 5, 3, 2]) == pytest.approx(
        (10000 + 16800 + 6600 + 2100 + 750 + 140) / 50
    )


def test_gmp_of_nobody_is_refused() -> None:
    with pytest.raises(ValueError, match="no resident"):
        gmp([0, 0, 0, 0, 0, 0])
    with pytest.raises(ValueError, match="negative"):
        gmp([5, -1, 0, 0, 0, 0])


@pytest.mark.parametrize(
    ("year", "tariff", "pharmacy", "point"),
    [
        (2009, "global", False, 12.08),
        (2009, "global", True, 12.83),
        (2009, "partial", False, 9.20),
        (2009, "partial", True, 9.89),
        (2011, "partial", False, 9.55),
        (2012, "partial", True, 10.18),
        (2013, "global", False, 12.44),
        (2013, "global", True, 13.10),
        (2013, "partial", False, 9.75),
        (2013, "partial", True, 10.32),
    ],
)
def test_gmps_ceiling_by_year(year: int, tariff: Tariff, pharmacy: bool, point: float) -> None:
    value = gmps_ceiling(
        gmp=700, pmp=200, places=80, tariff=tariff, pharmacy=pharmacy, overseas=False, year=year
    )
    assert value == pytest.approx(point * (700 + 518) * 80)


@pytest.mark.parametrize(
    ("tariff", "pharmacy", "point"),
    [
        ("global", False, 14.93),
        ("global", True, 15.72),
        ("partial", False, 11.70),
        ("partial", True, 12.38),
    ],
)
def test_gmps_ceiling_overseas_2013(tariff: Tariff, pharmacy: bool, point: float) -> None:
    value = gmps_ceiling(
        gmp=700, pmp=0, places=1, tariff=tariff, pharmacy=pharmacy, overseas=True, year=2013
    )
    assert value == pytest.approx(point * 700)


@pytest.mark.parametrize(
    ("year", "allocation", "occupancy", "factor"),
    [
        (2018, 1.0, 0.91, 0.98),  # the whole equation: half of the 4 points below 95 %
        (2018, 0.9, 0.91, 1.0),  # 90 % of it, the threshold of 2018 is 90 %
        (2018, 0.9, 0.88, 0.99),
        (2021, 0.99, 0.88, 0.975),  # 93 % in 2021
        (2023, 0.99, 0.88, 0.965),  # 95 % for both in 2023
        (2023, 0.89, 0.50, 1.0),  # below 90 % of the equation nothing is cut
        (2024, 0.89, 0.91, 0.98),  # from 2024 on 95 % for every home
        (2026, 0.89, 0.95, 1.0),
        (2018, 1.2, 1.0, 1.0),  # a full home is never paid more
        (2018, 1.2, 0.0, 0.525),
    ],
)
def test_occupancy_modulation(
    year: int, allocation: float, occupancy: float, factor: float
) -> None:
    found = occupancy_modulation(allocation=allocation, occupancy=occupancy, year=year)
    assert found == pytest.approx(factor, abs=1e-12)


def test_the_order_says_nothing_before_2018() -> None:
    with pytest.raises(KeyError):
        occupancy_modulation(allocation=1.0, occupancy=0.9, year=2017)
