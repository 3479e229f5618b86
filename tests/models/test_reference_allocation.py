"""The circulars' formulas on a small country, solved by hand.

Regions A, B, C; 1 000, 2 000, 3 000 people; 10, 40, 100 places: rates 10, 20, 33.3 for 25
nationally, so 15 and 10 places are missing in A and B. Region A has two departments.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from perequa_models.assembly import assemble
from perequa_models.columns import Column
from perequa_models.problems import Problems
from perequa_models.reference.allocation import reference_allocation
from perequa_models.scenario import Scenario
from perequa_models.tree import Territory, Tree

if TYPE_CHECKING:
    from perequa_models.reference.reference import Reference

REGIONS = ("A", "B", "C")
DEPARTMENTS = {"A1": "A", "A2": "A", "B1": "B", "C1": "C"}
FIGURES: dict[str, list[Any]] = {
    "installed": [4, 6, 40, 100],
    "people": [400, 600, 2000, 3000],
    "unfunded": [3, 9, 20, 60],
    "spending": [5, 5, 40, 50],
    "wealth": [0, 10, 10, 80],
    "rural": ["yes", "yes", "no", "yes"],
}


def country(
    reference: Any,
    figures: dict[str, list[Any]] | None = None,
    **changed: Any,
) -> tuple[Reference, Problems]:
    """Compute a reference over the small country; figures are those of the departments."""
    tree = Tree.of(
        ("region", "department"),
        [Territory("region", code, f"Region {code}", "") for code in REGIONS]
        + [Territory("department", d, f"Department {d}", r) for d, r in DEPARTMENTS.items()],
    )
    merged = {
        "format": 1,
        "name": "small",
        "years": [2004],
        "territories": {"file": "t.csv", "levels": ["region", "department"]},
        "decide_at": "region",
        "measures": {"ssiad": {"cost": 1000}},
        "supply": {"file": "supply.csv"},
        "indicators": {"rate": {"measures": ["ssiad"], "population": "people"}},
        "rules": {"contingent": {"kind": "contingent", "equals": 100}},
        "objectives": {"spend": {"kind": "spend", "normalise": "none"}},
        "reference": reference,
        **changed,
    }
    scenario = Scenario.model_validate(merged)
    columns = {
        name: _column(name, values, tree) for name, values in {**FIGURES, **(figures or {})}.items()
    }
    problems = Problems()
    instance = assemble(scenario, tree, columns, problems)
    assert instance is not None, problems.found
    return reference_allocation(instance, problems), problems


def _column(name: str, values: list[Any], tree: Tree) -> Column:
    is_text = isinstance(values[0], str)
    held = np.full((len(tree.nodes), 1, 1), None if is_text else np.nan, dtype=object)
    rows = np.full(held.shape, -1, dtype=np.intp)
    for i, (code, value) in enumerate(zip(DEPARTMENTS, values, strict=True)):
        node = tree.index["department", code]
        held[node, 0, 0] = value
        rows[node, 0, 0] = i
    if not is_text:
        held = held.astype(float)
    return Column(name=name, table="supply.csv", values=held, rows=rows, is_text=is_text)


def part(**options: Any) -> dict[str, Any]:
    return {"name": "one", "share": 1.0, "basis": {"column": "people"}, **options}


def block(*parts: dict[str, Any], **options: Any) -> dict[str, Any]:
    named = [{**p, "name": f"part{i}"} for i, p in enumerate(parts)]
    return {"of": "contingent", "parts": named, **options}


def places(reference: Any, figures: Any = None, **changed: Any) -> list[float]:
    made, problems = country(reference, figures, **changed)
    assert problems.found == []
    return [float(v) for v in made.places[:, 0, 0]]


HALF = {"column": "unfunded", "times": 0.5}

BY_RATE = part(share=0.6, basis="missing_places", indicator="rate")
BY_PEOPLE = part(share=0.4)


def test_sixty_forty() -> None:
    """Circular of 30 August 2004, 3 B: 60 by missing places 15:10, 40 by people 1:2:3."""
    made, problems = country(block(BY_RATE, BY_PEOPLE))
    assert problems.found == []
    assert made.places[:, 0, 0] == pytest.approx([36 + 40 / 6, 24 + 80 / 6, 20])
    assert made.credits == pytest.approx(made.places * 1000)
    assert made.amounts == (100,)
    assert made.unplaced == ()
    first = made.parts[0]
    assert (first.part, first.level, first.territory) == ("part0", "region", "A")
    assert (first.basis, first.amount, first.unit) == (15, 36, "places")
    assert [p.amount for p in made.parts if p.part == "part1"] == pytest.approx(
        [40 / 6, 80 / 6, 20]
    )


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        ([part(basis="equal")], [100 / 3] * 3),
        ([part(amount=30, share=None), part(rest=True, share=None, basis="equal")],
         [5 + 70 / 3, 10 + 70 / 3, 15 + 70 / 3]),
        # towards 30 per 1 000: 20 and 20 places missing
        ([part(basis="missing_places", indicator="rate", target=30)], [50, 50, 0]),
        ([part(eligible={"below": "national_initial"}, indicator="rate")],
         [100 / 3, 200 / 3, 0]),
        ([part(eligible={"territories": ["region:C", "A"]})], [25, 0, 75]),
        ([part(floor=20, basis="missing_places", indicator="rate")], [44, 36, 20]),
        ([part(floor=20, financed="scale")], [20, 32, 48]),
        ([part(cap=40)], [20, 40, 40]),
        ([part(cap={"column": "unfunded"}, floor=10)], [12, 20, 60]),
        # the second part may only fill what the first left of 12 : 20 : 60 unfunded places
        ([part(share=0.5), part(share=0.5, cap={"column": "unfunded"}, cap_over="block")],
         [12, 20, 60]),
        # 50 by people 8.3, 16.7, 25, then 50 by people again, stopped at 12 and 20 by themselves
        ([part(share=0.5), part(share=0.5, cap={"column": "unfunded"})],
         [50 / 6 + 25 / 3, 50 / 3 + 50 / 3, 50]),
        # 50 to A by name, stopped at 12; the 38 that remain join the second part
        ([part(share=0.5, eligible={"territories": ["A"]}, cap={"column": "unfunded"},
               freed="next"), part(share=0.5)], [12 + 88 / 6, 88 / 3, 44]),
    ],
)  # fmt: skip
def test_by_hand(parts: list[dict[str, Any]], expected: list[float]) -> None:
    parts = [{k: v for k, v in p.items() if v is not None} for p in parts]
    made, problems = country(block(*parts))
    assert problems.found == []
    assert made.places[:, 0, 0] == pytest.approx(expected)
    lost = sum(u.amount for u in made.unplaced)
    assert sum(expected) + lost == pytest.approx(100)


def test_what_cannot_be_placed_is_said() -> None:
    made, _ = country(block(part(cap={"column": "unfunded"}, freed="keep")))
    # 16.7, 33.3, 50 by people; caps 12, 20, 60
    assert made.places[:, 0, 0] == pytest.approx([12, 20, 50])
    (lost,) = made.unplaced
    assert (lost.part, lost.measure, lost.year, lost.unit) == ("part0", "ssiad", 2004, "places")
    assert lost.amount == pytest.approx(18)
    assert [p.at_cap for p in made.parts] == [True, True, False]


RESERVE = {
    "contingent": {"kind": "contingent", "equals": 100},
    "reserve": {"kind": "reserve", "of": "contingent", "share": 0.10},
}


def test_reserve_before_and_after_the_parts() -> None:
    capped = part(cap={"column": "unfunded"}, freed="keep")
    # before: 90 by people is 15, 30, 45, cut to 12 and 20
    assert places(block(capped, reserve="before"), rules=RESERVE) == pytest.approx([12, 20, 45])
    # after: 100 by people, cut to 12, 20, 50, then a tenth off each
    made, _ = country(block(capped, reserve="after"), rules=RESERVE)
    assert made.places[:, 0, 0] == pytest.approx([10.8, 18, 45])
    assert made.amounts == pytest.approx((90,))
    total = sum(p.amount for p in made.parts) + sum(u.amount for u in made.unplaced)
    assert total == pytest.approx(90)


def test_mix_with_a_negative_weight() -> None:
    """CASF, annexe 2-10 in form: shares of national sums, negatives to 0, capped, refilled."""
    mix = {
        "mix": [{"column": "spending", "weight": 1.5}, {"column": "wealth", "weight": -1}],
        "times": 2,
    }
    # spending 10:40:50, wealth 10:10:80 → 2 × (0.05, 0.50, −0.05) → 0.10, 1.00, 0, rescaled to 1
    made, problems = country(block(part(basis=mix)))
    assert problems.found == []
    assert [p.basis for p in made.parts] == pytest.approx([1 / 11, 10 / 11, 0])
    assert made.places[:, 0, 0] == pytest.approx([100 / 11, 1000 / 11, 0])
    kept = places(block(part(basis=mix, negative="keep")))
    assert kept == pytest.approx([10, 100, -10])
    capped = places(block(part(basis=mix, cap=60)))
    assert capped == pytest.approx([40, 60, 0])


def test_amount_in_credits_becomes_places_at_the_cost() -> None:
    made, problems = country({"amount": 60000, "in": "credits", "parts": [part()]})
    assert problems.found == []
    assert made.credits[:, 0, 0] == pytest.approx([10000, 20000, 30000])
    assert made.places[:, 0, 0] == pytest.approx([10, 20, 30])
    assert made.parts[0].unit == "credits"


def test_envelope_in_money() -> None:
    rules = {"contingent": {"kind": "envelope", "at_most": 60000}}
    assert places(block(part()), rules=rules) == pytest.approx([10, 20, 30])


def test_block_above_the_level_that_decides_fills_its_own_table() -> None:
    made, problems = country(block(part(), level="region"), decide_at="department")
    assert problems.found == []
    assert np.isnan(made.places).all()
    assert made.places.shape == (4, 1, 1)
    assert list(made.above) == ["region"]
    assert made.above["region"].places[:, 0, 0] == pytest.approx([100 / 6, 100 / 3, 50])
    assert made.above["region"].credits[:, 0, 0] == pytest.approx([1e5 / 6, 1e5 / 3, 5e4])


def test_department_named_by_its_region() -> None:
    reference = block(part(eligible={"territories": ["region:A"]}))
    assert places(reference, decide_at="department") == pytest.approx([40, 60, 0, 0])


def test_column_of_words_chooses_who_is_eligible() -> None:
    reference = block(part(eligible={"column": "rural", "equals": "yes"}))
    made = places(reference, decide_at="department")
    assert made == pytest.approx([10, 15, 0, 75])


def test_money_has_credits_and_no_places() -> None:
    made, problems = country(
        {"amount": 600, "in": "credits", "parts": [part()]},
        {"base": [1, 1, 1, 1]},
        measures={"care": {"unit": "money"}},
        indicators={},
        rules={},
    )
    assert problems.found == []
    assert made.credits[:, 0, 0] == pytest.approx([100, 200, 300])
    assert np.isnan(made.places).all()


def test_years_and_measures_of_their_own() -> None:
    measures = {"ssiad": {"cost": 1000}, "ehpad": {"cost": 2000}}
    rules = {
        "contingent": {"kind": "contingent", "by": ["measure", "year"], "equals": 60},
    }
    both = [
        block(part(), measure="ehpad", year=2005),
        {"amount": 6, "in": "places", "measure": "ssiad", "year": 2004, "parts": [part()]},
    ]
    made, problems = country(
        both,
        measures=measures,
        rules=rules,
        years=[2004, 2005],
    )
    assert problems.found == []
    assert made.places[:, 0, 1] == pytest.approx([10, 20, 30])  # ehpad comes first: names sorted
    assert made.credits[:, 0, 1] == pytest.approx([20000, 40000, 60000])
    assert made.places[:, 1, 0] == pytest.approx([1, 2, 3])
    assert np.isnan(made.places[:, 0, 0]).all()


def test_several_blocks_of_one_measure_add_up() -> None:
    more = {"amount": 30, "in": "places", "parts": [part(basis="equal")]}
    assert places([block(part()), more]) == pytest.approx([100 / 6 + 10, 100 / 3 + 10, 60])


@pytest.mark.parametrize(
    ("reference", "code", "path"),
    [
        (block(part(share=0.6), part(share=0.5)), "parts_do_not_add_up", ("parts",)),
        (block({**part(), "share": None, "amount": 99.0}), "parts_do_not_add_up", ("parts",)),
        (block({**part(), "rest": True, "share": None}, part()), "rest_not_last",
         ("parts", 0, "rest")),
        (block(part(), {**part(), "rest": True, "share": None}, part()), "rest_not_last",
         ("parts", 1, "rest")),
        (block(part(freed="next")), "no_next_part", ("parts", 0, "freed")),
        (block(part(floor=34)), "floors_above_amount", ("parts", 0, "floor")),
        (block(part(floor=10, cap=9)), "floor_above_cap", ("parts", 0, "floor")),
        (block(part(negative="keep", cap=9)), "negative_with_bounds", ("parts", 0, "negative")),
        (block(part(basis={"column": "peopel"})), "unknown_column",
         ("parts", 0, "basis", "column")),
        (block(part(basis="missing_places", indicator="rat")), "unknown_indicator",
         ("parts", 0, "indicator")),
        (block(part(eligible={"below": 20})), "unknown_indicator", ("parts", 0, "indicator")),
        (block(part(eligible={"territories": ["region:Z"]})), "unknown_territory",
         ("parts", 0, "eligible", "territories", 0)),
        (block(part(), of="contingnet"), "unknown_rule", ("of",)),
        (block(part(), of="off"), "rule_not_active", ("of",)),
        (block(part(), of="several"), "several_rows", ("of",)),
        (block(part(), of="stock"), "not_handed_out", ("of",)),
        (block(part(), measure="ehpad"), "matches_nothing", ("of",)),
        (block(part(), level="department"), "unknown_level", ("level",)),
        ({"amount": 1, "in": "places", "year": 2010, "parts": [part()]}, "unknown_year",
         ("year",)),
        (block(part(basis={"column": "debt"})), "negative_key", ("parts", 0, "basis")),
        (block(part(basis={"column": "debts"}, negative="keep")), "negative_key",
         ("parts", 0, "basis")),
        (block(part(), of="held"), "nothing_to_share", ("of",)),
        (block(part(eligible={"column": "rural", "equals": "perhaps"})), "matches_nothing",
         ("parts", 0, "eligible")),
        (block(part(basis={"column": "holes"})), "missing_value",
         ("parts", 0, "basis", "column")),
    ],
)  # fmt: skip
def test_what_is_wrong_is_noted_where_it_is(
    reference: dict[str, Any], code: str, path: tuple[str | int, ...]
) -> None:
    for p in reference["parts"]:
        if p.get("share", 0) is None:
            del p["share"]
    rules = {
        "contingent": {"kind": "contingent", "measure": "ssiad", "equals": 100},
        "off": {"kind": "contingent", "equals": 100, "active": False},
        "several": {"kind": "cap", "by": "region", "at_most": 100},
        "stock": {"kind": "cap", "in": "stock", "at_most": 1000},
        "held": {"kind": "contingent", "at_most": 10},
        "holder": {"kind": "reserve", "of": "held", "amount": 11},
    }
    figures = {"debt": [-5, 1, 2, 3], "debts": [-5, -5, 2, 3], "holes": [1, float("nan"), 2, 3]}
    made, problems = country(reference, figures, rules=rules)
    assert [p.code for p in problems.errors] == [code]
    assert problems.errors[0].path == ("reference", *path)
    assert np.isnan(made.places).all()


def test_plan_of_several_years_needs_the_year_of_a_block() -> None:
    _, problems = country(block(part()), years=[2004, 2005])
    assert [p.code for p in problems.errors] == ["year_needed"]


def test_second_block_is_named_by_its_position() -> None:
    _, problems = country([block(part()), block(part(share=0.5))])
    assert [p.path for p in problems.errors] == [("reference", 1, "parts")]


@settings(max_examples=25, deadline=None)
@given(
    people=st.lists(st.integers(1, 5000), min_size=4, max_size=4),
    unfunded=st.lists(st.integers(0, 80), min_size=4, max_size=4),
    order=st.permutations(range(4)),
)
def test_permuting_territories_permutes_the_result(
    people: list[int], unfunded: list[int], order: list[int]
) -> None:
    capped = part(share=0.5, cap={"column": "unfunded"}, cap_over="block", freed="next")
    scaled = part(share=0.5, floor=2, financed="scale")
    reference = block(capped, scaled)
    figures = {"people": people, "unfunded": unfunded}
    straight, _ = country(reference, figures, decide_at="department")
    total = sum(p.amount for p in straight.parts) + sum(u.amount for u in straight.unplaced)
    assert total == pytest.approx(100, rel=1e-9)
    moved = {name: [values[i] for i in order] for name, values in figures.items()}
    permuted, _ = country(reference, moved, decide_at="department")
    assert permuted.places[:, 0, 0] == pytest.approx(straight.places[order, 0, 0], rel=1e-12)


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        # people × 25 ÷ rate, for rates of 10, 20 and 33.3: 2 500, 2 500 and 2 250
        ([part(basis="inverse_rate", indicator="rate")],
         [100 * 2500 / 7250, 100 * 2500 / 7250, 100 * 2250 / 7250]),
        # half of 12 : 20 : 60 first, the 54 that remain by people
        ([part(floor=HALF)], [6 + 9, 10 + 18, 30 + 27]),
        # the others pay for the 60 of C: 40 by 1:2
        ([part(floor={"column": "unfunded"}, financed="scale")], [40 / 3, 80 / 3, 60]),
        # at most 12, 20 and 60 times a half, the rest to nobody
        ([part(cap=HALF)], [6, 10, 30]),
        # the first part brings A to 40 per 1 000: B alone is still under 25
        ([part(share=0.3, eligible={"territories": ["A"]}),
          part(share=0.7, eligible={"below": "national_initial"}, indicator="rate",
               at="earlier_parts")], [30, 70, 0]),
        ([part(share=0.3, eligible={"territories": ["A"]}),
          part(share=0.7, eligible={"below": "national_initial"}, indicator="rate")],
         [30 + 70 / 3, 140 / 3, 0]),
        # by people 8.3, 16.7, 25: A has 18.3 of its 25, B more than its 50
        ([part(share=0.5), part(share=0.5, basis="missing_places", indicator="rate",
                                at="earlier_parts")], [25 / 3 + 50, 50 / 3, 25]),
    ],
)  # fmt: skip
def test_rates_and_bounds_by_hand(parts: list[dict[str, Any]], expected: list[float]) -> None:
    assert places(block(*parts)) == pytest.approx(expected)


def test_earlier_parts_in_credits_count_as_places() -> None:
    halves = [
        part(share=0.5),
        part(share=0.5, basis="missing_places", indicator="rate", at="earlier_parts"),
    ]
    named = [{**p, "name": f"part{i}"} for i, p in enumerate(halves)]
    assert places({"amount": 100_000, "in": "credits", "parts": named}) == pytest.approx(
        [25 / 3 + 50, 50 / 3, 25]
    )


def test_a_reserve_taken_after_is_not_there_when_the_rate_is_looked_at() -> None:
    """Of 100 places 50 are kept: the first part leaves A at 20 per 1 000, under 25."""
    rules = {
        "contingent": {"kind": "contingent", "equals": 100},
        "kept": {"kind": "reserve", "of": "contingent", "share": 0.5},
    }
    parts = [
        part(share=0.2, eligible={"territories": ["A"]}),
        part(share=0.8, eligible={"below": "national_initial"}, indicator="rate",
             at="earlier_parts"),
    ]  # fmt: skip
    # A: 10 + 20 × ½ = 20 < 25, so A takes part; without the reserve it would have 30
    given = places(block(*parts, reserve="after"), rules=rules)
    assert given == pytest.approx([0.5 * (20 + 80 / 3), 0.5 * 160 / 3, 0])


def test_the_pch_key_stops_at_a_share_of_what_is_spent() -> None:
    """CASF, concours of the PCH: a mix with fiscal wealth against it, at most a share of spending.

    Keys .7 × (1:2:3)/6 + .6 × (.1, .4, .5) − .3 × (.1, .1, .8) = .1467, .4433, .41: of 50 that is
    7.33, 22.17 and 20.5. Caps of .6 × (10, 40, 50): A is stopped at 6, the others take 1.33.
    """
    mix = [("people", 0.7), ("spending", 0.6), ("wealth", -0.3)]
    key = {"mix": [{"column": c, "weight": w} for c, w in mix]}
    one = {"name": "pch", "share": 1.0, "basis": key, "cap": {"column": "spending", "times": 0.6}}
    made, problems = country({"amount": 50, "in": "places", "parts": [one]})
    assert problems.found == []
    b, c = 0.7 / 3 + 0.24 - 0.03, 0.35 + 0.3 - 0.24
    assert made.places[:, 0, 0] == pytest.approx([6, 44 * b / (b + c), 44 * c / (b + c)])
    (stopped,) = made.stopped
    assert (stopped.part, stopped.goes_to, stopped.unit) == ("pch", "same", "places")
    assert stopped.amount == pytest.approx(50 * (0.7 / 6 + 0.06 - 0.03) - 6)


@pytest.mark.parametrize(
    ("freed", "destinations"),
    [
        # without caps 16.7, 33.3 and 50 : 4.7 and 13.3 over 12 and 20; C takes 10, up to 60
        ("same", {"same": 10, "nobody": 8}),
        ("keep", {"nobody": 18}),
        ("next", {"part1": 18}),
    ],
)
def test_what_caps_stop_is_named_with_where_it_goes(
    freed: str, destinations: dict[str, float]
) -> None:
    capped = part(cap={"column": "unfunded"}, freed=freed)
    more = [part(share=0.0)] if freed == "next" else []
    made, problems = country(block(capped, *more))
    assert problems.found == []
    found = {s.goes_to: s.amount for s in made.stopped}
    assert found == pytest.approx(destinations)
    assert sum(u.amount for u in made.unplaced) == pytest.approx(destinations.get("nobody", 0.0))


def test_no_rate_has_no_inverse() -> None:
    _, problems = country(
        block(part(basis="inverse_rate", indicator="rate")), {"installed": [0, 0, 40, 100]}
    )
    assert [p.code for p in problems.errors] == ["no_rate"]


@pytest.mark.parametrize(
    "wrong",
    [
        part(basis="inverse_rate"),
        part(at="earlier_parts"),
        part(cap={"column": "unfunded", "times": -1}),
        part(floor=-5),
    ],
)
def test_grammar_of_parts(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"indicator|greater than or equal to 0"):
        Scenario.model_validate({"reference": block(wrong)})
