"""The page of a run: well formed, closed to the world, in both languages, whatever names hold."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from reading_pages import HOSTILE, Read, check_whole

from perequa.cli import main
from perequa.interpret.tables import Table
from perequa.io.shipped import shipped_names
from perequa.report.page import page_of
from perequa.saved import read_run
from perequa.words import words_in

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from perequa.report.page import PageRun

    Solved = Callable[[str], Path]


@pytest.mark.parametrize("name", shipped_names())
def test_every_shipped_scenario_has_its_page_in_both_languages(solved: Solved, name: str) -> None:
    run = read_run(solved(name))
    for lang in ("en", "fr"):
        page = page_of(run, words_in(lang))
        check_whole(page, lang)
        assert run.fingerprint in page


def test_the_page_says_the_prices_of_the_folder(solved: Solved) -> None:
    run = read_run(solved("ehpad-2004-rule"))
    read = check_whole(page_of(run, words_in("en")), "en")
    statements = [
        str(r["statement"])
        for r in run.tables["shadow_prices"].records()
        if r["rule"] == "floor" and r["effect_of_one_more"]
    ]
    assert len(statements) == 9
    assert set(statements) <= {text.strip() for text in read.inside["li"]}


def test_cells_hold_the_figures_of_the_plan(solved: Solved) -> None:
    run = read_run(solved("ehpad-2004-rule"))
    read = Read(page_of(run, words_in("fr")))
    exact = {a["data-v"] for a in read.all("td") if a.get("data-v")}
    assert {repr(v) for v in run.tables["allocation"].column("places")} <= exact
    assert {repr(v) for v in run.tables["indicators"].column("gap_after")[:18]} <= exact


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names_are_text(solved: Solved, name: str) -> None:
    # half of the regions keep their names, so that the map is still drawn
    run = read_run(solved("ehpad-2004-rule"))
    tables = {
        key: Table(
            table.columns,
            tuple(
                tuple(
                    name if column == "territory_name" and "" < str(value) < "L" else value
                    for column, value in zip(table.columns, row, strict=True)
                )
                for row in table.rows
            ),
        )
        for key, table in run.tables.items()
    }
    scenario = {
        **run.scenario,
        "title": name,
        "sources": [name],
        "choices": {name: {"value": name}},
    }
    record = {**run.record, "scenario": scenario, "name": name}
    plain = check_whole(page_of(run, words_in("en")), "en")
    hostile = replace(run, record=record, tables=tables)
    page = page_of(hostile, words_in("en"))
    read = check_whole(page, "en")
    tags = Counter(tag for tag, _ in read.tags)
    expected = Counter(tag for tag, _ in plain.tags)
    for tag in ("script", "style", "img", "table", "svg", "section"):
        assert tags[tag] == expected[tag]
    shown = re.sub("[\u200f\u202e\u2067]", "\ufffd", name)
    assert read.inside["h1"] == [shown]
    assert any(shown == text.strip() for text in read.inside["th"])
    assert not re.search("[\u200f\u202e\u2067]", page)


def test_a_hundred_and_one_departments_fit(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    status = main(
        ["solve", "ehpad-2004-rule", "--set", "decide_at=department", "--set",
         "rules.caps.active=false", "--set", "rules.floor.by=region", "-o", str(folder)]
    )  # fmt: skip
    assert status == 0
    run = read_run(folder)
    assert len(run.tables["allocation"].rows) == 101
    check_whole(page_of(run, words_in("en")), "en")
    several = over_five_years(run, "ehpad", "ssiad", "day_care", "temporary")
    # one more than are laid out: nothing leads to what is not there
    whole = re.sub("(?<=<tbody>).*?(?=</tbody>)", "", page_of(several, words_in("en")), flags=re.S)
    check_whole(whole, "en")
    several = over_five_years(run, "ehpad", "ssiad", "day_care")
    assert len(several.tables["allocation"].rows) == 101 * 15
    page = page_of(several, words_in("fr"))
    check_whole(page, "fr")
    # what a minister's office can send on
    assert len(page.encode()) < 500_000


def over_five_years(run: PageRun, *measures: str) -> PageRun:
    """The same figures for each measure, indicator and year: as many lines, without a solve."""
    years = range(2021, 2026)
    tables = dict(run.tables)
    for name in ("allocation", "totals", "indicators", "equity"):
        table = run.tables[name]
        listed = []
        for row in table.records():
            for of in measures:
                for year in years:
                    own = {"year": year, "measure": of, "indicator": f"{of}_rate"}
                    listed.append(tuple((row | own)[c] for c in table.columns))
        tables[name] = Table(table.columns, tuple(listed))
    people = {
        (f"{of}_rate", level, code, year): heads
        for (_, level, code, _), heads in run.people.items()
        for of in measures
        for year in years
    }
    return replace(run, tables=tables, people=people)


def test_refusals(solved: Solved, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = tmp_path / "run"
    shutil.copytree(solved("ehpad-2004-rule"), run)
    assert main(["report", str(run), "-o", str(run / "page.html")]) == 2
    assert "only reports/" in capsys.readouterr().err
    assert main(["report", str(tmp_path)]) == 3
    assert main(["report", str(run)]) == 0
    assert main(["verify", str(run)]) == 0
    capsys.readouterr()
    with (run / "allocation.csv").open("a") as stream:
        stream.write("\n")
    assert main(["report", str(run)]) == 6
    assert "perequa verify" in capsys.readouterr().err


def test_the_page_needs_no_solver() -> None:
    code = (
        "import sys, perequa.reporting; "
        "print([m for m in ('highspy', 'pyomo', 'click') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
