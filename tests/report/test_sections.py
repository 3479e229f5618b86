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
from perequa.report.page.lorenz import Lorenz, lorenz_points
from perequa.report.page.projects import projects
from perequa.report.page.whole_plan import whole_plan
from perequa.saved import read_run
from perequa.words import words_in

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Solved = Callable[[str], Path]

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
    curve, table = list(lorenz_blocks(run, ENGLISH))
    assert isinstance(curve, Lorenz)
    assert [c.told for c in curve.curves] == ["before", "after"]
    assert table.rows[0][0].text == "Mayotte"
    for column in (1, 2, 3):
        assert sum(float(row[column].exact) for row in table.rows) == pytest.approx(100.0)
    assert list(lorenz_blocks(replace(run, people={}), ENGLISH)) == []


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
