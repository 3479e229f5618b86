"""Sections that a run has or has not: Lorenz curves, whole places, projects, ceilings."""

from __future__ import annotations

import csv
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from perequa.cli import main
from perequa.report.page.ceilings import ceilings
from perequa.report.page.concentration import lorenz_blocks
from perequa.report.page.decided import decided
from perequa.report.page.envelopes import envelopes
from perequa.report.page.lorenz import Lorenz, lorenz_points
from perequa.report.page.projects import projects
from perequa.report.page.rates import in_the_end, people_of, rates
from perequa.report.page.whole_plan import whole_plan
from perequa.saved import read_run
from perequa.words import words_in

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Solved = Callable[..., Path]

ENGLISH = words_in("en")


def rows_of(file: Path) -> list[dict[str, str]]:
    with file.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def gini(points: np.ndarray) -> float:
    """Twice the area between the diagonal and a curve, by trapezes."""
    below = np.sum(np.diff(points[:, 0]) * (points[1:, 1] + points[:-1, 1]) / 2)
    return 1.0 - 2.0 * float(below)


def test_a_curve_by_hand() -> None:
    # one person in four has nothing; two have 10 each, one 20
    points = lorenz_points([10.0, 0.0, 20.0], [2.0, 1.0, 1.0])
    assert points.tolist() == [[0, 0], [0.25, 0], [0.75, 0.5], [1, 1]]
    assert lorenz_points([0.0, 0.0], [1.0, 3.0]).tolist() == [[0, 0], [0.25, 0.25], [1, 1]]


@pytest.mark.parametrize("name", ["ehpad-2004-rule", "ssiad-2004"])
def test_the_area_is_the_gini_index_of_the_run(solved: Solved, name: str) -> None:
    folder = solved(name)
    run = read_run(folder)
    stated = rows_of(folder / "equity.csv")
    checked = 0
    for moment in ("before", "after"):
        for row in stated:
            if row["moment"] != moment:
                continue
            rates = [
                (float(r[moment]), run.people[r["indicator"], r["level"], r["territory"],
                                              int(r["year"])])
                for r in rows_of(folder / "indicators.csv")
                if (r["indicator"], r["level"], r["year"])
                == (row["indicator"], row["level"], row["year"])
            ]  # fmt: skip
            points = lorenz_points(*zip(*rates, strict=True))
            assert gini(points) == pytest.approx(float(row["gini"]), abs=1e-9)
            checked += 1
    assert checked >= 2


def test_curves_are_drawn_from_the_lowest_rate_up(solved: Solved) -> None:
    run = read_run(solved("ehpad-2004-rule"))
    (curve,) = lorenz_blocks(run, ENGLISH)
    assert isinstance(curve, Lorenz)
    assert [c.told for c in curve.curves] == ["before", "after"]
    (table,) = (b for b in rates(run, ENGLISH).blocks if getattr(b, "key", "") == "rates-1")
    assert curve.caption.behind == table.key
    assert table.rows[0][0].text == "Mayotte"
    for name in ("People, %", "What they have before, %", "What they have after, %"):
        column = table.columns.index(name)
        assert sum(float(row[column].exact) for row in table.rows) == pytest.approx(100.0, abs=1e-4)
    assert list(lorenz_blocks(replace(run, people={}), ENGLISH)) == []


def test_territories_of_a_cascade_stand_once(solved: Solved) -> None:
    """The nation decides for its regions and each says what it makes of that: the last counts."""
    folder = solved("cascade-2007")
    run = read_run(folder)
    tables = [b for b in rates(run, ENGLISH).blocks if getattr(b, "key", "").startswith("rates-")]
    assert [len(table.rows) for table in tables] == [7, 7, 29, 29]
    aquitaine = next(row for row in tables[0].rows if row[0].text == "Aquitaine")
    stated = [
        r["after"] for r in rows_of(folder / "indicators.csv")
        if (r["indicator"], r["level"], r["territory"]) == ("pa_per_head", "region", "72")
    ]  # fmt: skip
    # a part of what it received is not spent
    assert float(stated[1]) < float(stated[0])
    assert aquitaine[2].exact == stated[1]
    assert [c.caption.key for c in lorenz_blocks(run, ENGLISH)] == [
        "lorenz-1", "lorenz-2", "lorenz-3", "lorenz-4"
    ]  # fmt: skip
    # before anyone decides, all steps see the same regions
    (row,) = (
        r for r in rows_of(folder / "equity.csv")
        if (r["step"], r["indicator"], r["moment"]) == ("nation", "pa_per_head", "before")
    )  # fmt: skip
    _, groups = in_the_end(run)
    regions = groups["pa_per_head", "region"]
    people = people_of(run, regions)
    assert people is not None
    points = lorenz_points([float(r["before"] or 0) for r in regions], people)
    assert gini(points) == pytest.approx(float(row["gini"]), abs=1e-9)


def test_envelopes_built_add_up(solved: Solved) -> None:
    folder = solved("campaign-2004")
    section = envelopes(read_run(folder), ENGLISH)
    assert section is not None
    first, second = section.blocks
    assert len(first.rows) == len(second.rows) == 26
    listed = rows_of(folder / "construction.csv")
    head = dict(zip(first.columns, zip(*first.rows, strict=True), strict=True))
    for row in first.rows:
        cells = dict(zip(first.columns, row, strict=True))
        parts = ("Renewed base", "Indexing", "New measures")
        total = sum(float(cells[k].exact) for k in parts)
        assert total == pytest.approx(float(cells["Envelope"].exact), abs=0.02)
    stated = {
        r["territory_name"]: float(r["planned"]) for r in listed
        if (r["level"], r["year"], r["line"]) == ("region", "2004", "envelope")
    }  # fmt: skip
    pairs = zip(head["Territory"], head["Envelope"], strict=True)
    shown = {name.text: float(value.exact) for name, value in pairs}
    assert shown == pytest.approx(stated, abs=0.01)
    assert [row[0].text for row in first.foot] == ["Metropolitan France", "Overseas", "In all"]


def test_objectives_stand_in_the_order_in_which_they_are_served(solved: Solved) -> None:
    run = read_run(solved("specific-difficulties-2020", "--variant", "five_years"))
    (table,) = (b for b in decided(run, ENGLISH).blocks if getattr(b, "key", "") == "objectives")
    priority = table.columns.index("Priority")
    served = [int(row[priority].text) for row in table.rows]
    assert served == sorted(served)
    assert len(served) > 10
    assert table.rows[9][0].text == "worst-off first (converge), level 10"


def test_a_continuous_plan_without_projects_has_none_of_these(solved: Solved) -> None:
    run = read_run(solved("ehpad-2004-rule"))
    assert (whole_plan(run, ENGLISH), projects(run, ENGLISH), ceilings(run, ENGLISH)) == (
        None, None, None
    )  # fmt: skip


def test_whole_places_say_what_is_lost(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    assert main(["solve", "ehpad-2004-rule", "--whole", "-o", str(folder)]) == 0
    section = whole_plan(read_run(folder), ENGLISH)
    assert section is not None
    said, table = section.blocks
    listed = rows_of(folder / "whole.csv")
    (distance,) = (r for r in listed if r["about"] == "distance")
    assert ENGLISH.number(float(distance["kept"])) in said.text
    assert len(table.rows) == len(listed) - 1
    assert {row[4].exact for row in table.rows} == {
        r["kept"] for r in listed if r["about"] != "distance"
    }
    # what the rounding of a solve leaves of an envelope reads as nothing
    assert next(row for row in table.rows if row[0].text.startswith("money"))[5].text == "0.0"


def test_projects_taken_and_waiting(solved: Solved) -> None:
    folder = solved("camsp-1998")
    section = projects(read_run(folder), ENGLISH)
    assert section is not None
    said, taken, waiting, _, why, *_ = section.blocks
    listed = rows_of(folder / "projects.csv")
    for table, flag in ((taken, "true"), (waiting, "false")):
        expected = [r for r in listed if r["taken"] == flag]
        assert [row[1].text for row in table.rows] == [r["project"] for r in expected]
        assert [row[9].text for row in table.rows] == [r["rank"] for r in expected]
        assert [row[7].text for row in table.rows] == [r["class"] for r in expected]
    assert list(why.items) == [r["statement"] for r in listed if r["taken"] == "false"]
    assert said.text == f"{len(taken.rows)} projects taken; {len(waiting.rows)} projects wait"
    french = projects(read_run(folder), words_in("fr"))
    assert french is not None
    assert "n'est pas retenu" in french.blocks[4].items[0]


@pytest.mark.parametrize(
    ("name", "files"),
    [("dominic-2004", ["overruns"]), ("convergence-2013", ["overruns", "convergence"])],
)
def test_who_is_above_a_ceiling(solved: Solved, name: str, files: list[str]) -> None:
    folder = solved(name)
    section = ceilings(read_run(folder), ENGLISH)
    assert section is not None
    present = [file for file in ("overruns", "convergence") if (folder / f"{file}.csv").is_file()]
    assert [table.key for table in section.blocks] == present
    for table in section.blocks:
        listed = rows_of(folder / f"{table.key}.csv")
        assert len(table.rows) == len(listed)
        assert [row[1].text for row in table.rows] == [r["territory"] for r in listed]
    assert set(files) <= {*present, "overruns"}
