"""Shares, winners and losers, equity and prices, on figures worked out by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from compared import SUPPLY, cap, scenario, written

from perequa.comparison.attribution import Effort
from perequa.comparison.study import Comparison, compare
from perequa.comparison.winners import NAMES, Standing
from perequa.report.comparison import _general
from perequa.words import words_in

if TYPE_CHECKING:
    from pathlib import Path

    from perequa.interpret.tables import Value


@pytest.fixture
def found(tmp_path: Path) -> Comparison:
    """10 and 20 places against 4 and 26."""
    one = written(tmp_path / "a", scenario("a"))
    two = written(tmp_path / "b", scenario("b", {"low": cap(4)}))
    return compare([one, two], tmp_path / "out", Effort())


def rows(found: Comparison, table: str, **wanted: Value) -> list[dict[str, Value]]:
    return [
        row
        for row in found.tables[table].records()
        if all(row[key] == value for key, value in wanted.items())
    ]


def test_shares_by_hand(found: Comparison) -> None:
    shown = {
        (row["scenario"], row["quantity"]): (row["value"], row["difference"])
        for row in rows(found, "shares", territory="1")
    }
    expected = {
        "places": (10.0, 4.0),
        "credits": (100000.0, 40000.0),
        "weight": (1 / 3, 4 / 30),
        "per_head": (100.0, 40.0),
        "index_100": (100.0, 40.0),  # a third of the people, then 4 / 30 of the money
        "rank_before": (2.0, 2.0),  # 1 and 3 places per 100
        "rank_after": (2.0, 2.0),
        "reference_places": (15.0, 15.0),
        "reference_credits": (150000.0, 150000.0),
    }
    assert {quantity for _, quantity in shown} == set(expected)
    for quantity, (first, other) in expected.items():
        assert shown["a", quantity] == (pytest.approx(first, abs=1e-6), 0.0)
        assert shown["b", quantity] == pytest.approx((other, other - first), abs=1e-4)


def test_winners_by_hand(found: Comparison) -> None:
    (first,) = rows(found, "winners", scenario="b", against="first", territory="1")
    assert first["value"] == pytest.approx(40000)
    assert first["yardstick"] == pytest.approx(100000)
    assert first["difference"] == pytest.approx(-60000)
    assert first["percent"] == pytest.approx(-60)
    assert first["base"] == pytest.approx(100000)  # its 10 places at 10 000
    assert first["percent_of_base"] == pytest.approx(-60)
    assert first["per_head"] == pytest.approx(-60)
    assert first["index_100"] == pytest.approx(40)
    assert (first["rank_before"], first["rank_after"]) == (2, 2)
    assert first["band"] == "loses more than 50 %"
    yardsticks = {"population": 100000, "reference": 150000, "last_year": 300000 * 10 / 70}
    for against, amount in yardsticks.items():
        (row,) = rows(found, "winners", scenario="b", against=against, territory="1")
        assert row["yardstick"] == pytest.approx(amount)
        both = rows(found, "winners", scenario="b", against=against)
        assert sum(float(r["difference"] or 0) for r in both) == pytest.approx(0, abs=1e-6)


def test_bands_by_hand(found: Comparison) -> None:
    bands = {row["band"]: row for row in rows(found, "bands", scenario="b", against="first")}
    assert set(bands) == {"loses more than 50 %", "gains 10 to 50 %"}
    gains = bands["gains 10 to 50 %"]  # 200 000 to 260 000
    assert (gains["territories"], gains["population"]) == (1, 2000)
    assert gains["population_share"] == pytest.approx(2 / 3)
    assert gains["difference"] == pytest.approx(60000)
    assert gains["percent_of_base"] == pytest.approx(10)
    assert gains["per_head"] == pytest.approx(30)
    assert gains["index_100"] == pytest.approx(130)
    assert (gains["largest"], bands["loses more than 50 %"]["largest"]) == ("Deux", "Un")


@pytest.mark.parametrize(
    ("value", "yardstick", "band"),
    [(49, 100, 0), (50, 100, 1), (89, 100, 1), (90, 100, 2), (98.9, 100, 2), (99, 100, 3),
     (100, 100, 3), (101, 100, 3), (101.1, 100, 4), (110, 100, 4), (111, 100, 5), (150, 100, 5),
     (151, 100, 6), (1, 0, 6), (0, 0, 3)],
)  # fmt: skip
def test_the_edges_of_bands(value: float, yardstick: float, band: int) -> None:
    standing = Standing(
        scenario="a", against="first", level="region", territory="1", name="", measure="m",
        population=None, value=value, yardstick=yardstick, base=None, index=None, ranks=None,
    )  # fmt: skip
    assert standing.band == band
    assert NAMES[band] == NAMES[standing.band]


def test_base_is_the_renewed_credits_where_they_are_stated(tmp_path: Path) -> None:
    supply = "territory,measure,installed,base\n1,home,10,500000\n2,home,60,900000\n"
    one = written(tmp_path / "a", scenario("a"), supply=supply)
    two = written(tmp_path / "b", scenario("b", {"low": cap(4)}), supply=supply)
    found = compare([one, two], tmp_path / "out", Effort())
    (row,) = rows(found, "winners", scenario="b", against="last_year", territory="1")
    assert row["base"] == 500000
    assert row["yardstick"] == pytest.approx(300000 * 5 / 14)


def test_prices_row_by_row(found: Comparison) -> None:
    def told(row: str, quantity: str) -> tuple[Any, ...]:
        (line,) = rows(found, "prices", scenario="b", row=row, quantity=quantity)
        return line["value"], line["first"], line["status"]

    envelope = "envelope/-/home/2004/at_most"
    assert told(envelope, "effect_of_one_more") == (
        pytest.approx(-1e-4), pytest.approx(-1e-4), "same",
    )  # fmt: skip
    low = "low/region:1/home/2004/at_most"
    assert told(low, "limit") == (4.0, None, "only_here")
    assert {row["status"] for row in rows(found, "prices", scenario="a")} == {"first"}


def test_a_row_that_is_gone_is_told(tmp_path: Path) -> None:
    one = written(tmp_path / "a", scenario("a", {"low": cap(4)}))
    two = written(tmp_path / "b", scenario("b"))
    found = compare([one, two], tmp_path / "out", Effort())
    lines = rows(found, "prices", scenario="b", rule="low")
    assert {(line["status"], line["value"]) for line in lines} == {("absent", None)}
    assert {line["first"] for line in lines if line["quantity"] == "limit"} == {4.0}


def test_figures_of_another_unit_are_not_subtracted(tmp_path: Path) -> None:
    one = written(tmp_path / "a", scenario("a"))
    stated = scenario("b")
    stated["objectives"]["gap"]["weighting"] = "territory"
    stated["indicators"]["rate"]["per"] = 1000
    stated["objectives"]["gap"]["target"] = 50.0
    found = compare([one, written(tmp_path / "b", stated)], tmp_path / "out", Effort())
    effects = rows(found, "prices", scenario="b", quantity="effect_of_one_more")
    assert {(row["status"], row["difference"]) for row in effects} == {("other_basis", None)}
    equity = rows(found, "equity", scenario="b")
    assert {row["status"] for row in equity} == {"other_definition"}
    quantities = {row["quantity"] for row in rows(found, "attribution")}
    assert "objective" not in quantities


def test_equity_and_objectives(found: Comparison) -> None:
    (row,) = rows(found, "equity", scenario="b", moment="after", quantity="min")
    assert (row["first"], row["value"]) == pytest.approx((2.0, 1.4))
    assert row["difference"] == pytest.approx(-0.6)
    (before,) = rows(found, "equity", scenario="b", moment="before", quantity="gini")
    assert (before["status"], before["difference"]) == ("same", 0.0)
    (gap,) = rows(found, "objectives", scenario="b", quantity="value")
    assert (gap["value"], gap["first"]) == pytest.approx((50.0, 50.0))


def test_territories_of_one_side_are_told(tmp_path: Path) -> None:
    one = written(tmp_path / "a", scenario("a"))
    two = written(
        tmp_path / "b",
        scenario("b"),
        territories="level,code,name,parent,pop\nregion,1,Un,,1000\nregion,3,Trois,,2000\n",
        supply=SUPPLY.replace("2,home", "3,home"),
    )
    found = compare([one, two], tmp_path / "out", Effort())
    assert "territory 3: in b, not in a" in found.notes
    assert "territory 2: in a, not in b" in found.notes
    places = rows(found, "shares", scenario="b", quantity="places")
    assert {(r["territory"], r["first"] is None) for r in places} == {("1", False), ("3", True)}
    (attribution,) = rows(found, "scenarios", scenario="b")
    assert attribution["attribution"] == "waterfall"  # neither table fits the other's
    moved = {row["territory"] for row in rows(found, "attribution", quantity="places")}
    assert moved == {"1"}


def test_amounts_are_written_whole_not_as_powers_of_ten() -> None:
    english, french = words_in("en"), words_in("fr")
    assert _general(33_333.3, english) == "33\u202f333"
    figures = (78.25, 0.4809, 0, None)
    assert [_general(v, english) for v in figures] == ["78.25", "0.4809", "0", ""]
    assert [_general(v, french) for v in figures] == ["78,25", "0,4809", "0", ""]
