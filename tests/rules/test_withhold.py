from __future__ import annotations

import pytest
from golden import check_golden
from pricing import Case, check_price, first_value, places, row_of
from small import small


def case(**withhold: object) -> Case:
    return small(
        {
            "envelope": {"kind": "envelope", "at_most": 500_000},
            "no_data": {"kind": "withhold", "territories": ["region:2"]} | withhold,
        },
        {"indicative": {"region:1": 0, "region:2": 120_000}},
    )


def test_without_an_amount_the_plan_is_the_same_and_its_delivery_is_not() -> None:
    held, free = case().solved(), case().with_rules(no_data=None).solved()
    assert places(held) == places(free)
    assert [str(k) for k in held.run.program.row_keys] == [
        str(k) for k in free.run.program.row_keys
    ]
    listed = row_of(held, "no_data/region:2/home/2004/held_back")
    assert listed["activity"] == pytest.approx(10_000 * places(held)["region:2/home/2004"])
    assert listed["limit"] is None
    assert listed["binding"] is False


def test_hand_solved_amount_is_held_for_the_selection() -> None:
    # 120 000 for region 2 are 12 places, the other 38 go to region 1: 2 and 28 stay missing
    solved = case(amount=120_000).solved()
    assert first_value(solved) == pytest.approx(30)
    assert places(solved) == pytest.approx({"region:1/home/2004": 38, "region:2/home/2004": 12})


def test_price_of_an_amount_held() -> None:
    amount = case(amount={"column": "indicative"})
    # either region misses places: moving money between them is worth nothing
    price = check_price(amount, "no_data/region:2/home/2004/equals", step=1.0)
    assert price.limit == 120_000
    assert (price.more, price.less) == pytest.approx((0, 0))
    # at 60 000 region 1 has all 40 it misses and money stays over: a euro held closes a gap
    price = check_price(case(amount=60_000), "no_data/region:2/home/2004/equals", step=1.0)
    assert (price.more, price.less) == pytest.approx((-1e-4, 1e-4))


def test_amount_is_money_of_the_year_not_of_a_full_year() -> None:
    # places open in October: 3 months of 10 000, so 30 000 hold 12 places
    late = case(amount=30_000).with_sections(
        measures={"home": {"cost": 10_000, "opening_months": 3}}
    )
    assert places(late.solved())["region:2/home/2004"] == pytest.approx(12)


def national(active: bool = True) -> Case:
    """Ninety-six departments share 115.7 M€ by their requests; sixteen have sent no data.

    Shares are synthetic; those of the sixteen add up to the 17.58 M€ that were kept back.
    """
    codes = [f"region:{i:02d}" for i in range(1, 97)]
    weight = {code: 1.0 + i % 7 for i, code in enumerate(codes)}
    silent = codes[::6]
    rest = sum(w for code, w in weight.items() if code not in silent)
    held = {
        code: 17.58e6 * weight[code] / sum(weight[s] for s in silent)
        if code in silent
        else 98.12e6 * weight[code] / rest
        for code in codes
    }
    no_data = {
        "kind": "withhold",
        "by": "territory",
        "territories": {"column": "data_received", "equals": "no"},
        "amount": {"column": "held_back_amount"},
        "active": active,
    }
    need = {"kind": "unmet_need", "level": "region", "measure": "care", "need": {"column": "asked"}}
    return Case(
        sections={
            "measures": {"care": {"unit": "money"}},
            "indicators": {},
            "rules": {"envelope": {"kind": "envelope", "at_most": 115.7e6}, "no_data": no_data},
            "objectives": {"need": need},
            "tie_break": {"toward": "equal"},
        },
        figures={
            "base": dict.fromkeys(codes, 0),
            "asked": dict.fromkeys(codes, 2000000.0),
            "held_back_amount": held,
            "data_received": {code: "no" if code in silent else "yes" for code in codes},
        },
    )


def test_sixteen_departments_without_data_keep_their_indicative_share() -> None:
    solved = national().solved()
    run = solved.run
    assert len(run.instance.withheld) == 16
    kept = sum(run.plan.credits.ravel()[w.cells].sum() for w in run.instance.withheld)
    assert kept == pytest.approx(17.58e6)
    assert run.plan.credits.sum() - kept == pytest.approx(98.12e6)
    # once the data have arrived the same money is shared like everybody's, and delivered
    arrived = national(active=False).solved().run
    assert arrived.instance.withheld == ()
    assert arrived.plan.credits.sum() == pytest.approx(115.7e6)
    assert arrived.plan.credits.ravel() == pytest.approx([115.7e6 / 96] * 96)


def test_golden() -> None:
    check_golden(case(amount=120_000).instance(), "rules/withhold")
