from __future__ import annotations

import pytest
from build import column
from golden import check_golden
from pricing import Case, check_every_price, check_price, first_value, places
from small import FIGURES, GAP, small

from perequa_models.tree import Territory, Tree

TREE = Tree.of(("region",), [Territory("region", c, f"Region {c}", "") for c in "12"])


def opening_late(**envelope: object) -> Case:
    """Places that cost 12 000 a year and open on 1 October: 3 000 this year, 9 000 the next."""
    return Case(
        sections={
            "years": [2004, 2005],
            "measures": {"home": {"cost": 12_000, "opening_months": 3}},
            "rules": {"envelope": {"kind": "envelope", "by": "year"} | envelope},
            "objectives": {"gap": GAP | {"years": "all"}},
        },
        figures=FIGURES,
        columns={
            "money": column(
                TREE,
                "money",
                {"region:1": [20_000, 60_000], "region:2": [10_000, 90_000]},
                years=(2004, 2005),
            )
        },
    )


def test_hand_solved_credits_of_the_opening_year_and_of_the_next() -> None:
    # 2004: 3 000·a ≤ 30 000, 2005: 3 000·b + 9 000·a ≤ 150 000. The mean shortfall is
    # 80 − a − b/2. Since b ≤ 50 − 3a, a − 3a/2 < 0: no place in 2004, 50 in 2005, mean 55.
    solved = opening_late(at_most={"column": "money"}).solved()
    assert first_value(solved) == pytest.approx(55)
    assert sum(v for k, v in places(solved).items() if k.endswith("2005")) == pytest.approx(50)
    assert sum(v for k, v in places(solved).items() if k.endswith("2004")) == pytest.approx(0)


def test_price_of_an_envelope_that_pays_for_last_years_places() -> None:
    prices = check_every_price(opening_late(at_most={"column": "money"}), "envelope", step=1.0)
    late = prices["envelope/-/home/2005/at_most"]
    # 3 000 euros of 2005 open a place that counts in one year of two
    assert (late.more, late.less) == pytest.approx((-1 / 6000, 1 / 6000))
    early = prices["envelope/-/home/2004/at_most"]
    assert (early.more, early.less) == (0, 0)
    assert early.down_to == pytest.approx(0)


def test_extension_of_earlier_places_counts_against_the_envelope() -> None:
    # 30 000 are due for places funded before: 100 000 − 30 000 pay seven places
    case = small(
        {"envelope": {"kind": "envelope", "at_most": 100_000}},
        {"carried": {"region:1": 30_000, "region:2": 0}},
    )
    assert first_value(case.solved()) == pytest.approx(73)
    price = check_price(case, "envelope/-/home/2004/at_most", step=1.0)
    assert price.limit == 100_000
    assert (price.more, price.less) == pytest.approx((-1e-4, 1e-4))
    assert price.down_to >= 30_000 - 1e-6


def test_envelope_that_includes_the_renewed_base() -> None:
    # base 200 000 renewed at 2 % is 204 000: 46 000 of 250 000 are left, 4.6 places
    case = small(
        {"envelope": {"kind": "envelope", "in": "budget", "at_most": 250_000}},
        {"base": {"region:1": 120_000, "region:2": 80_000}},
    ).with_sections(measures={"home": {"cost": 10_000, "rate": 0.02}})
    assert first_value(case.solved()) == pytest.approx(75.4)
    price = check_price(case, "envelope/-/home/2004/at_most", step=1.0)
    assert price.more == pytest.approx(-1e-4)


def test_golden() -> None:
    check_golden(opening_late(at_most={"column": "money"}).instance(), "rules/envelope")
