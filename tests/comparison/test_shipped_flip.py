"""Île-de-France or Provence: the flip of the shipped example, and the decisions that make it."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import pytest

from perequa.comparison.attribution import Effort
from perequa.comparison.study import Comparison, compare

if TYPE_CHECKING:
    from pathlib import Path

NAME = "ehpad-2004-rule"
IDF, PACA = "11", "93"
WEIGHTING, NUMERATOR = "choices.weighting", "choices.numerator"


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> Comparison:
    folder = tmp_path_factory.mktemp("flip")
    sources = [
        NAME,
        f"{NAME}@by_territory",
        f"{NAME}@by_territory+all_establishments+idf_inside_14_1",
        f"{NAME}@infeasible_caps",
    ]
    return compare(sources, folder / "out", Effort())


def shares(found: Comparison, scenario: str, quantity: str) -> dict[tuple[str, str], float]:
    return {
        (str(row["territory"]), str(row["change"])): float(row["contribution"] or 0.0)
        for row in found.tables["attribution"].records()
        if (row["scenario"], row["quantity"]) == (scenario, quantity)
    }


def test_the_weighting_flips_the_two_regions(found: Comparison) -> None:
    places = {
        (row["scenario"], row["territory"]): float(row["value"] or 0.0)
        for row in found.tables["shares"].records()
        if row["quantity"] == "places"
    }
    # planning figures: 612 and 2 085 places under the sum of gaps by territory
    assert places[NAME, IDF] > places[NAME, PACA]
    assert places[f"{NAME}-by_territory", IDF] == pytest.approx(612.4, abs=0.1)
    assert places[f"{NAME}-by_territory", PACA] == pytest.approx(2085, abs=1)
    moved = shares(found, f"{NAME}-by_territory", "places")
    assert moved[IDF, WEIGHTING] == pytest.approx(612.4 - places[NAME, IDF], abs=0.1)
    assert {change for _, change in moved} == {WEIGHTING}


def test_each_silence_has_its_part(found: Comparison) -> None:
    scenario = f"{NAME}-by_territory+all_establishments+idf_inside_14_1"
    places = shares(found, scenario, "places")
    # both lead away from Île-de-France and towards Provence; where the 4.1 M€ sit moves no place
    assert places[IDF, WEIGHTING] < -100
    assert places[IDF, NUMERATOR] < -100
    assert places[PACA, WEIGHTING] > 100
    assert places[PACA, NUMERATOR] > 10
    assert {v for (_, change), v in places.items() if change == "choices.idf"} == {0.0}
    # it moves the circular's own formula, as the numerator does, and the weighting does not
    formula = shares(found, scenario, "reference_credits")
    assert formula[IDF, "choices.idf"] > 1e6
    assert formula[IDF, NUMERATOR] < -1e6
    assert {v for (_, change), v in formula.items() if change == WEIGHTING} == {0.0}
    for kind in (places, formula):
        for territory in (IDF, PACA, "76"):
            own = [v for (code, _), v in kind.items() if code == territory]
            rows = found.tables["shares"].records()
            quantity = "places" if kind is places else "reference_credits"
            (total,) = [
                float(row["difference"] or 0.0)
                for row in rows
                if (row["scenario"], row["territory"], row["quantity"])
                == (scenario, territory, quantity)
            ]
            assert math.fsum(own) == pytest.approx(total, rel=1e-12, abs=1e-9)


def test_the_largest_loser_is_named(found: Comparison) -> None:
    rows = [
        row
        for row in found.tables["bands"].records()
        if row["scenario"] == f"{NAME}-by_territory" and row["against"] == "first"
    ]
    (worst,) = [row for row in rows if row["band"] == "loses more than 50 %"]
    assert worst["largest"] == "Île-de-France"
    assert sum(int(row["territories"] or 0) for row in rows) == 18
    assert sum(float(row["population_share"] or 0.0) for row in rows) == pytest.approx(1.0)


def test_the_one_without_a_plan_is_a_row(found: Comparison) -> None:
    (row,) = [
        row
        for row in found.tables["scenarios"].records()
        if row["scenario"] == f"{NAME}-infeasible_caps"
    ]
    assert (row["status"], row["exit_code"]) == ("infeasible", 4)
    assert "caps of Guyane" in str(row["reason"])
    assert row["changes"] == 1
    differing = {
        row["path"] for row in found.tables["inputs"].records() if row["change"] == "choices.caps"
    }
    assert "rules.caps.at_most.times" in differing


def test_regions_and_departments_meet_at_the_regions(tmp_path: Path) -> None:
    found = compare([f"{NAME}@by_department", NAME], tmp_path / "out", Effort())
    assert found.level == "region"
    assert any("not all decide at the same level" in note for note in found.notes)
    levels = set(found.tables["shares"].column("level"))
    assert levels == {"region"}
    places = shares(found, NAME, "places")
    assert len(places) == 18
    assert math.fsum(places.values()) == pytest.approx(0.0, abs=1e-6)
