"""Which change did what, on scenarios whose every combination is solved by hand."""

from __future__ import annotations

import csv
import json
import math
from typing import TYPE_CHECKING, Any

import pytest
from compared import SUPPLY, TERRITORIES, cap, floor, scenario, written
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from perequa.comparison.attribution import Effort
from perequa.comparison.study import Comparison, compare

if TYPE_CHECKING:
    from pathlib import Path


def shares(
    found: Comparison, quantity: str = "places", scenario: str = "b"
) -> dict[tuple[str, str], float]:
    """Contribution by territory and change."""
    return {
        (str(row["territory"]), str(row["change"])): float(row["contribution"] or 0.0)
        for row in found.tables["attribution"].records()
        if row["quantity"] == quantity and row["scenario"] == scenario
    }


def compared(
    folder: Path, first: dict[str, Any], other: dict[str, Any], **effort: Any
) -> Comparison:
    one, two = written(folder / "a", first), written(folder / "b", other)
    return compare([one, two], folder / "out", Effort(**effort))


def test_hand_solved(tmp_path: Path) -> None:
    # places of regions 1 and 2: 10, 20; with the cap 4, 26; with 36 places 12, 24; both 4, 32
    richer = {"kind": "envelope", "at_most": 360000}
    found = compared(tmp_path, scenario("a"), scenario("b", {"envelope": richer, "low": cap(4)}))
    assert shares(found) == pytest.approx(
        {
            ("1", "rules.low"): -7.0,  # ½ (4 - 10) + ½ (4 - 12)
            ("1", "rules.envelope"): 1.0,  # ½ (12 - 10) + ½ (4 - 4)
            ("2", "rules.low"): 7.0,
            ("2", "rules.envelope"): 5.0,
        },
        abs=1e-9,
    )
    assert shares(found, "credits") == pytest.approx(
        {key: 10000 * value for key, value in shares(found).items()}, abs=1e-4
    )
    # the gap of 80 places is closed by every place given
    objective = shares(found, "objective")
    assert objective == pytest.approx(
        {("", "rules.low"): 0.0, ("", "rules.envelope"): -6.0}, abs=1e-9
    )
    # the circular's formula (half each) follows the envelope alone
    assert shares(found, "reference_places") == pytest.approx(
        {
            ("1", "rules.low"): 0.0,
            ("1", "rules.envelope"): 3.0,
            ("2", "rules.low"): 0.0,
            ("2", "rules.envelope"): 3.0,
        },
        abs=1e-9,
    )
    assert {row["method"] for row in found.tables["attribution"].records()} == {"exact"}


def test_it_adds_up_to_what_the_tables_show(tmp_path: Path) -> None:
    other = scenario(
        "b",
        {
            "low": cap(4),
            "high": floor(27, "2"),
            "envelope": {"kind": "envelope", "at_most": 333333},
        },
        measures={"home": {"cost": 9000}},
    )
    compared(tmp_path, scenario("a"), other)
    with (tmp_path / "out" / "shares.csv").open(encoding="utf-8") as stream:
        shown = {
            (row["territory"], row["quantity"]): float(row["difference"])
            for row in csv.DictReader(stream)
            if row["scenario"] == "b" and row["difference"]
        }
    sums: dict[tuple[str, str], list[float]] = {}
    with (tmp_path / "out" / "attribution.csv").open(encoding="utf-8") as stream:
        for row in csv.DictReader(stream):
            key = (row["territory"], row["quantity"])
            sums.setdefault(key, []).append(float(row["contribution"]))
            assert math.isfinite(float(row["standard_error"]))
    for quantity in ("places", "credits", "reference_credits"):
        for territory in ("1", "2"):
            key = (territory, quantity)
            assert len(sums[key]) == 4
            assert math.fsum(sums[key]) == pytest.approx(shown[key], rel=1e-12, abs=1e-9)


def test_a_change_that_changes_nothing_has_exactly_zero(tmp_path: Path) -> None:
    more = {"wide": cap(39), "low": cap(4)}
    found = compared(tmp_path, scenario("a"), scenario("b", more, title="Another title"))
    nothing = [
        row["contribution"]
        for row in found.tables["attribution"].records()
        if row["change"] in {"rules.wide", "title"}
    ]
    assert nothing
    assert set(nothing) == {0.0}
    assert shares(found)["1", "rules.low"] == pytest.approx(-6.0)


def test_identical_changes_share_alike(tmp_path: Path) -> None:
    found = compared(tmp_path, scenario("a"), scenario("b", {"low": cap(4), "too": cap(4)}))
    places = shares(found)
    assert places["1", "rules.low"] == pytest.approx(-3.0, abs=1e-9)
    assert places["1", "rules.too"] == pytest.approx(-3.0, abs=1e-9)


LIMITS = st.sampled_from([2.0, 5.0, 11.0, 26.0, 45.0])


@settings(
    max_examples=5, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    caps=st.lists(LIMITS, min_size=2, max_size=2),
    money=st.sampled_from([100000, 300000, 450000]),
    cost=st.sampled_from([10000, 8000]),
)
def test_properties_on_drawn_scenarios(
    caps: list[float], money: int, cost: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("drawn")
    rules: dict[str, Any] = {f"cap_{i}": cap(limit) for i, limit in enumerate(caps)}
    rules["twin"] = rules["cap_0"]
    rules["envelope"] = {"kind": "envelope", "at_most": money}
    other = scenario("b", rules, measures={"home": {"cost": cost}})
    found = compared(folder, scenario("a"), other)
    places = shares(found)
    totals = {
        str(row["territory"]): float(row["difference"] or 0.0)
        for row in found.tables["shares"].records()
        if row["scenario"] == "b" and row["quantity"] == "places"
    }
    for territory, total in totals.items():
        own = [value for (code, _), value in places.items() if code == territory]
        assert math.fsum(own) == pytest.approx(total, abs=1e-9)
        twin, like = places[territory, "rules.twin"], places[territory, "rules.cap_0"]
        assert twin == pytest.approx(like, abs=1e-9)
    # a cap above all that region 1 could ever get, alone or with the other changes
    if 45.0 in caps and max(money, 300000) / min(cost, 10000) / 3 < 45:
        assert places["1", f"rules.cap_{caps.index(45.0)}"] == pytest.approx(0.0, abs=1e-9)


def test_the_waterfall_where_a_combination_has_no_plan(tmp_path: Path) -> None:
    # 25 + 10 places cost more than 300 000: the floors need the larger envelope
    rules = {
        "first": floor(25, "1"),
        "second": floor(10, "2"),
        "envelope": {"kind": "envelope", "at_most": 400000},
    }
    other = scenario("b")
    other["rules"] = rules  # this order is that of the lines
    found = compared(tmp_path, scenario("a"), other)
    (line,) = [r for r in found.tables["scenarios"].records() if r["scenario"] == "b"]
    assert line["attribution"] == "waterfall"
    assert (
        line["note"]
        == "rules.first + rules.second alone has no plan (envelope, first, second clash)"
    )
    assert shares(found) == pytest.approx(
        {
            ("1", "rules.first"): 15.0,  # 10, 20 → 25, 5 → (no plan) → 25, 15
            ("2", "rules.first"): -15.0,
            ("1", "rules.second + rules.envelope"): 0.0,
            ("2", "rules.second + rules.envelope"): 10.0,
        },
        abs=1e-9,
    )
    other["rules"] = {name: rules[name] for name in ("envelope", "first", "second")}
    found = compared(tmp_path, scenario("a"), other)
    assert shares(found)["2", "rules.second"] == 0.0
    assert shares(found)["1", "rules.envelope"] == pytest.approx(10 / 3)


def test_an_invalid_combination_is_told(tmp_path: Path) -> None:
    # half of another kind of place: the measure alone has no supply, the supply alone no measure
    other = scenario("b", measures={"home": {"cost": 10000}, "day": {"cost": 5000}}, reference=[])
    one = written(tmp_path / "a", scenario("a", reference=[]))
    supply = SUPPLY + "1,day,0\n2,day,0\n"
    two = written(tmp_path / "b", other, supply=supply)
    found = compare([one, two], tmp_path / "out", Effort())
    (line,) = [r for r in found.tables["scenarios"].records() if r["scenario"] == "b"]
    assert line["attribution"] == "waterfall"
    assert "is not valid" in str(line["note"])
    assert "measure day: in b, not in a" in found.notes
    assert all(math.isfinite(value) for value in shares(found).values())


def test_figures_of_tables_are_changes_column_by_column(tmp_path: Path) -> None:
    one = written(tmp_path / "a", scenario("a"))
    two = written(
        tmp_path / "b",
        scenario("b"),
        # the same rows in another order, written as a French spreadsheet would
        supply="territory;measure;installed\n2;home;45,0\n1;home;10,0\n",
        territories=TERRITORIES.replace("2000", "1900"),
    )
    found = compare([one, two], tmp_path / "out", Effort())
    rows = list(found.tables["inputs"].records())
    assert {(r["change"], r["path"], r["territory"]) for r in rows} == {
        ("supply.installed", "supply.installed", "2"),
        ("territories.pop", "territories.pop", "2"),
    }
    pop = [
        (r["scenario"], r["value"], r["file"], r["line"]) for r in rows if "pop" in str(r["path"])
    ]
    assert pop == [("a", "2000", "territories.csv", 3), ("b", "1900", "territories.csv", 3)]
    # region 2 still misses more than it can get: installed places do not matter, people do
    assert shares(found) == pytest.approx(
        {
            ("1", "supply.installed"): 0.0,
            ("2", "supply.installed"): 0.0,
            ("1", "territories.pop"): 30 / 2.9 - 10,
            ("2", "territories.pop"): 10 - 30 / 2.9,
        },
        abs=1e-9,
    )


def test_beyond_six_changes_orders_are_drawn(tmp_path: Path) -> None:
    rules: dict[str, Any] = {f"cap_{i}": cap(4 + i) for i in range(6)}
    rules["envelope"] = {"kind": "envelope", "at_most": 360000}
    sampled = compared(tmp_path, scenario("a"), scenario("b", rules), orders=20, seed=7)
    rows = list(sampled.tables["attribution"].records())
    assert {row["method"] for row in rows} == {"sampled"}
    assert any(float(row["standard_error"] or 0.0) > 0 for row in rows)
    exact = compared(tmp_path, scenario("a"), scenario("b", rules), exact=True)
    assert {row["method"] for row in exact.tables["attribution"].records()} == {"exact"}
    record = json.loads((tmp_path / "out" / "study.json").read_text(encoding="utf-8"))
    assert record["attribution"][0]["combinations_solved"] == 2**7 - 2
    for key, value in shares(exact).items():
        error = next(
            float(r["standard_error"] or 0.0)
            for r in rows
            if (r["territory"], r["change"]) == key and r["quantity"] == "places"
        )
        assert abs(shares(sampled)[key] - value) <= 5 * error + 1e-9
    for territory, total in (("1", -6.0), ("2", 12.0)):
        drawn = [v for (code, _), v in shares(sampled).items() if code == territory]
        assert math.fsum(drawn) == pytest.approx(total, abs=1e-9)


def test_the_same_scenario_twice_under_two_names(tmp_path: Path) -> None:
    found = compared(tmp_path, scenario("a"), scenario("b"))
    assert list(found.tables["inputs"].records()) == []
    assert list(found.tables["attribution"].records()) == []
    differences = found.tables["shares"].column("difference")
    assert set(differences) == {0.0}
