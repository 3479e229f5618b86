from __future__ import annotations

import pytest
from golden import check_golden
from pricing import Case, check_every_price, check_price, first_value, places
from small import CONTENTED, small


def case(envelope: dict[str, object] | None = None, **fence: object) -> Case:
    """Region 2 misses nothing; what is ring-fenced for it closes no gap."""
    return small(
        {
            "envelope": {"kind": "envelope", "at_most": 400_000} | (envelope or {}),
            "fence": {"kind": "ring_fence", "territories": ["region:2"]} | fence,
        },
        CONTENTED,
    )


def test_hand_solved_money_that_must_be_spent_there() -> None:
    # 100 000 must go to region 2: 300 000 are left for the 40 places region 1 misses
    solved = case(at_least=100_000).solved()
    assert first_value(solved) == pytest.approx(10)
    assert places(solved) == pytest.approx({"region:1/home/2004": 30, "region:2/home/2004": 10})


def test_price_of_money_that_must_be_spent_there() -> None:
    prices = check_every_price(case(at_least=100_000), "fence", step=1.0)
    price = prices["fence/region:2/home/2004/at_least"]
    assert (price.more, price.less) == pytest.approx((1e-4, -1e-4))


def test_hand_solved_money_that_may_go_only_there_stays_unspent() -> None:
    # others share 400 000 − 100 000; region 2 needs nothing, so its 100 000 are not spent
    aside = case(set_aside=100_000, of="envelope")
    solved = aside.solved()
    assert first_value(solved) == pytest.approx(10)
    assert places(solved) == pytest.approx({"region:1/home/2004": 30, "region:2/home/2004": 0})
    price = check_price(aside, "fence/-/home/2004/at_most", step=1.0)
    assert price.limit == 300_000
    assert (price.more, price.less) == pytest.approx((-1e-4, 1e-4))
    assert check_price(aside, "envelope/-/home/2004/at_most", step=1.0).more == 0


def test_price_of_the_envelope_leaves_the_sum_set_aside_alone() -> None:
    # the fence's limit is stated from the envelope as written, so it stays when the envelope moves
    both = case({"adjust": [{"plus": 50_000}]}, set_aside=100_000, of="envelope")
    limits = {str(r.key): r.limit for r in both.instance().rows}
    assert limits["fence/-/home/2004/at_most"] == 300_000
    assert limits["envelope/-/home/2004/at_most"] == 450_000


def test_set_aside_of_a_rule_with_a_row_per_year_bounds_each_year() -> None:
    yearly = case({"by": "year"}, set_aside=100_000, of="envelope").with_sections(
        years=[2004, 2005]
    )
    limits = {str(r.key): r.limit for r in yearly.instance().rows if r.key.rule == "fence"}
    assert limits == {
        "fence/-/home/2004/at_most": 300_000,
        "fence/-/home/2005/at_most": 300_000,
    }


@pytest.mark.parametrize("territories", [["region:1"], ["region:2"]])
def test_set_aside_is_from_those_who_share_one_limit(territories: list[str]) -> None:
    # a region's own envelope holds nobody else: there is nobody to keep the money from
    apart = case({"by": "region"}, set_aside=100_000, of="envelope", territories=territories)
    with pytest.raises(AssertionError, match="from nobody"):
        apart.instance()


def test_golden() -> None:
    check_golden(case(at_least=100_000).instance(), "rules/ring_fence")
    check_golden(case(set_aside=100_000, of="envelope").instance(), "rules/ring_fence_set_aside")
