"""What differs, gathered into changes, and scenarios mixed from two."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from compared import SUPPLY, cap, floor, scenario, written
from shipped import one_program

from perequa.checks import check
from perequa.checks.plain import Plain, as_scenario, lay_out, same_cell
from perequa.cli import main
from perequa.comparison.changes import Change, changes_between, mixed
from perequa.comparison.differences import differences
from perequa.interpret.allocation import allocation_table
from perequa.io.read_run import read_record, resolved_scenario
from perequa.io.scenario_files import read_scenario
from perequa.pipeline import Success, solve_instance

if TYPE_CHECKING:
    from pathlib import Path

NAME = "ehpad-2004-rule"


def laid_out(source: str, *variants: str, sets: tuple[str, ...] = ()) -> Plain:
    return lay_out(read_scenario(source, variants, sets))


def plan(plain: Plain) -> list[Any]:
    outcome = solve_instance(check(as_scenario(plain)).instance, "x", prices=False)
    assert isinstance(outcome, Success)
    table = allocation_table(outcome.run)
    return [table.column(name) for name in ("territory", "places", "credits", "reference_credits")]


def names(changes: tuple[Change, ...]) -> list[str]:
    return [change.name for change in changes]


def paths(change: Change) -> list[str]:
    return [str(item) for item in change.items]


@pytest.mark.parametrize("name", one_program())
def test_a_scenario_laid_out_says_the_same(name: str) -> None:
    raw = read_scenario(name)
    outcome = solve_instance(check(raw).instance, "x", prices=False)
    assert isinstance(outcome, Success)
    table = allocation_table(outcome.run)
    columns = ("territory", "places", "credits", "reference_credits")
    assert plan(lay_out(raw)) == [table.column(column) for column in columns]


@pytest.mark.parametrize(
    ("name", "first", "other"),
    [
        (NAME, (), ("by_territory", "all_establishments", "idf_inside_10", "floor_first")),
        (NAME, ("by_department",), ("no_caps",)),
        ("ssiad-2004", (), tuple(read_scenario("ssiad-2004").data["variants"])[:1]),
        ("scm-ssad-1998", (), tuple(read_scenario("scm-ssad-1998").data["variants"])[:1]),
        ("dominic-2004", (), tuple(read_scenario("dominic-2004").data["variants"])[:1]),
    ],
)
def test_all_changes_lead_to_the_other_and_none_to_the_first(
    name: str, first: tuple[str, ...], other: tuple[str, ...]
) -> None:
    one, two = laid_out(name, *first), laid_out(name, *other)
    changes = changes_between(one, two)
    assert changes
    assert plan(mixed(one, two, ())) == plan(one)
    assert plan(mixed(one, two, changes)) == plan(two)
    assert changes_between(mixed(one, two, changes), two) == ()
    # in one order or the other, one by one
    step = one
    for change in changes:
        step = mixed(step, two, (change,))
    assert changes_between(step, two) == ()


def test_a_choice_is_all_that_its_variant_states() -> None:
    changes = changes_between(laid_out(NAME), laid_out(NAME, "by_territory", "all_establishments"))
    assert names(changes) == ["choices.weighting", "choices.numerator"]
    assert paths(changes[1]) == [
        "indicators.ehpad_rate.counts",
        "rules.caps.at_most.column",
        "choices.numerator.value",
    ]
    assert not any(change.idle for change in changes)


def test_what_cannot_be_told_apart_is_one_change() -> None:
    # both state the parts of the reference, one of them as a whole
    (change,) = changes_between(laid_out(NAME), laid_out(NAME, "idf_inside_10", "floor_first"))
    assert change.name == "choices.floor + choices.idf"
    # alone, and on lists as long, they are told apart
    (change,) = changes_between(laid_out(NAME), laid_out(NAME, "floor_first"))
    assert (change.name, paths(change)) == (
        "choices.floor",
        ["choices.floor.value", "reference.parts.1.financed"],
    )


def test_amounts_of_the_reference_go_with_what_they_hand_out() -> None:
    sets = ("rules.envelope.at_most=26000000", "reference.parts.1.amount=11900000")
    two = laid_out(NAME, "by_territory", sets=sets)
    assert names(changes_between(laid_out(NAME), two)) == [
        "choices.weighting",
        "reference + rules.envelope",
    ]
    sets = ("reference.parts.0.amount=14000000", "reference.parts.1.amount=10100000")
    two = laid_out(NAME, sets=(*sets, "rules.floor.at_least=90000"))
    assert names(changes_between(laid_out(NAME), two)) == ["reference", "rules.floor"]


def test_the_elements_of_a_file(tmp_path: Path) -> None:
    first = scenario("a", {"low": cap(4), "old": cap(9)})
    other = scenario(
        "b",
        {"low": floor(2), "new": cap(9), "envelope": {"kind": "envelope", "at_most": 310000}},
        measures={"home": {"cost": 9000, "opening_months": 6}},
        title="More",
        choices={"open": {"value": "yes", "because": "nothing follows it"}},
        tie_break={"toward": "installed"},
        decide_at="region",
    )
    other["objectives"] = {
        "gap": {**other["objectives"]["gap"], "weight": 2, "target": 6.0},
        "spent": {"kind": "spend", "priority": 2, "normalise": "none"},
    }
    one = laid_out(written(tmp_path / "a", first))
    two = laid_out(written(tmp_path / "b", other))
    changes = changes_between(one, two)
    assert sorted(names(changes)) == [
        "choices.open",
        "measures.home.cost",
        "measures.home.opening_months",
        "objectives.gap",
        "objectives.gap.weight",
        "objectives.spent",
        "rules.envelope",
        "rules.low",
        "rules.new",
        "rules.old",
        "tie_break",
        "title",
    ]
    assert [c.name for c in changes if c.idle] == ["title", "choices.open"]
    # a rule of another kind is another rule, whole
    assert paths(next(c for c in changes if c.name == "rules.low")) == ["rules.low"]


def test_changes_stand_in_the_order_of_the_file_then_of_the_command(tmp_path: Path) -> None:
    sets = ("rules.floor.at_least=90000", "measures.ehpad.title=Home")
    typed = ["choices.caps", "choices.weighting", "rules.floor", "measures.ehpad.title"]
    turned = [*typed[:2], *typed[:1:-1]]
    two = laid_out(NAME, "no_caps", "by_territory", sets=sets)
    assert names(changes_between(laid_out(NAME), two)) == typed
    two = laid_out(NAME, "no_caps", "by_territory", sets=sets[::-1])
    assert names(changes_between(laid_out(NAME), two)) == turned
    # a run keeps the order in which they were typed
    for order, expected in ((sets, typed), (sets[::-1], turned)):
        call = ["--no-prices", "--variant", "no_caps", "--variant", "by_territory"]
        for text in order:
            call += ["--set", text]
        assert main(["solve", NAME, *call, "-o", str(tmp_path / "run")]) == 0
        record = read_record(tmp_path / "run")
        assert record["sets"] == list(order)
        again = lay_out(resolved_scenario(tmp_path / "run", record))
        assert names(changes_between(laid_out(NAME), again)) == expected


def test_a_title_or_a_name_moves_nothing(tmp_path: Path) -> None:
    one = laid_out(written(tmp_path / "a", scenario("a")))
    rule = {"kind": "envelope", "at_most": 300000, "title": "All", "source": "here"}
    other = written(
        tmp_path / "b",
        scenario("b", {"envelope": rule}),
        territories="level,code,name,parent,pop\nregion,1,One,,1000\nregion,2,Two,,2000\n",
    )
    changes = changes_between(one, laid_out(other))
    assert names(changes) == ["territories.name", "rules.envelope"]
    assert all(change.idle for change in changes)


def test_a_table_of_other_rows_changes_whole(tmp_path: Path) -> None:
    one = laid_out(written(tmp_path / "a", scenario("a")))
    two = laid_out(
        written(
            tmp_path / "b",
            scenario("b"),
            territories="level,code,name,parent,pop\nregion,1,Un,,1000\nregion,3,Trois,,500\n",
            supply=SUPPLY.replace("2,home,60", "3,home,5"),
        )
    )
    assert sorted(names(changes_between(one, two))) == ["supply", "territories"]
    told = {(d.path, d.cell.territory) for d in differences([one, two]) if d.cell is not None}
    assert ("supply.installed", "2") in told
    assert ("supply.installed", "3") in told
    assert ("supply.installed", "1") not in told


def test_a_table_of_limits_is_part_of_its_rule(tmp_path: Path) -> None:
    rule = {"kind": "cap", "by": "region", "in": "places", "at_most": {"file": "limits.csv"}}
    sources = [
        written(tmp_path / n, scenario(n, {"low": rule}), limits=text)
        for n, text in (
            ("a", "region,limit\n1,4\n2,30\n"),
            ("b", "region,limit\n1,6\n2,30\n"),
            ("c", "region,limit\n2,30\n1,4\n"),
        )
    ]
    one, two, same = (laid_out(source) for source in sources)
    assert names(changes_between(one, two)) == ["rules.low"]
    assert changes_between(one, same) == ()
    assert plan(mixed(one, two, changes_between(one, two))) == plan(two)
    (difference,) = differences([one, two])
    shown = [stated.value or "" for stated in difference.stated]
    assert all(text.startswith("limits.csv (") for text in shown)
    assert shown[0] != shown[1]


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("1234.5", "1 234,5", True),
        ("", "nc", True),
        ("0", "", False),
        ("12,5 %", "0.125", True),
        ("2A", "2B", False),
        ("partial", "partial", True),
        ("1,234", "1234", False),  # refused as a figure: it may be an English thousand
    ],
)
def test_cells_say_the_same(one: str, other: str, *, same: bool) -> None:
    assert same_cell(one, other) is same
