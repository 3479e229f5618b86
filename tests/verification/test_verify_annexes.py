"""`verify` reads what annexes print: figures beside the run's own, sums beside what is printed."""

from __future__ import annotations

import re
import shutil
from typing import TYPE_CHECKING, Any

import pytest
from campaigns import SCENARIO, written
from changed_cells import changed
from python_calamine import CalamineWorkbook

from perequa.cli import main
from perequa.verification.verdict import verify_run

if TYPE_CHECKING:
    from pathlib import Path

ANNEXES = 16
BOOK = "reports/annexes-en.xlsx"
SHEET = "Construction pa 2004"
LATER = "Construction pa 2005"


def solved(folder: Path, **sections: Any) -> Path:
    made = folder / "run"
    scenario = written(folder / "scenario", **sections)
    assert main(["solve", scenario, "-o", str(made), "--no-prices", "--quiet"]) == 0
    for lang in ("en", "fr"):
        assert main(["--lang", lang, "annexes", str(made)]) == 0
    return made


@pytest.fixture(scope="module")
def run_with_annexes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return solved(tmp_path_factory.mktemp("annexes"))


@pytest.fixture
def copy(run_with_annexes: Path, tmp_path: Path) -> Path:
    shutil.copytree(run_with_annexes, tmp_path / "run")
    return tmp_path / "run"


def found(run: Path) -> tuple[str, list[str]]:
    verdict = verify_run(run)
    (check,) = [c for c in verdict.checks if c.number == ANNEXES]
    assert verdict.holds == (check.verdict == "ok")
    return str(check.what), [str(d) for d in check.disagreements]


def place_of(run: Path, sheet: str, heading: str, first: str) -> tuple[str, float]:
    """Cell of a column in the row that begins with a code, or is called so."""
    book = CalamineWorkbook.from_path(run / BOOK)
    rows = book.get_sheet_by_name(sheet).to_python(skip_empty_area=False)
    j = rows[3].index(heading)
    (i,) = [i for i, row in enumerate(rows) if first in row[:2] and i > 3]
    assert j < 26
    return f"{chr(ord('A') + j)}{i + 1}", float(rows[i][j])


def test_annexes_of_both_languages_agree_with_the_run(copy: Path) -> None:
    said, wrong = found(copy)
    assert wrong == []
    assert re.fullmatch(r"\d+ figures printed in 2 annexes", said)
    assert int(said.split()[0]) > 100


def test_a_run_without_annexes_has_no_such_line(copy: Path) -> None:
    shutil.rmtree(copy / "reports")
    assert ANNEXES not in {c.number for c in verify_run(copy).checks}


@pytest.mark.parametrize(
    ("sheet", "heading", "row"),
    [
        (SHEET, "Indexing", "11"),
        (SHEET, "Renewed base", "01"),
        (SHEET, "Savings: saved", "11"),
        (SHEET, "Envelope 2004", "11"),
        (LATER, "Indexing", "11"),
        ("home 2004", "Places 2004", "11"),
        ("home 2004", "Credits 2004 (4 months)", "01"),
    ],
)
def test_a_figure_a_unit_away_is_found(copy: Path, sheet: str, heading: str, row: str) -> None:
    cell, value = place_of(copy, sheet, heading, row)
    # an envelope holds as many roundings as lines
    changed(copy / BOOK, sheet, cell, value + (20 if heading.startswith("Envelope") else 2))
    _, wrong = found(copy)
    assert any(sheet in one and heading.split(" (", maxsplit=1)[0] in one for one in wrong), wrong


@pytest.mark.parametrize("row", ["Total", "Sub-total overseas"])
def test_a_sum_that_is_none_is_found(copy: Path, row: str) -> None:
    cell, value = place_of(copy, SHEET, "Indexing", row)
    changed(copy / BOOK, SHEET, cell, value + 1)
    _, wrong = found(copy)
    assert any("sum of what is printed" in one and row in one for one in wrong), wrong


def test_the_row_outside_the_capital_is_read(tmp_path: Path) -> None:
    """Auvergne-Rhône-Alpes instead of Guadeloupe: no sub-total, and a row that no total counts."""
    folder = tmp_path / "scenario"
    written(folder)
    for table in ("territories", "supply", "money"):
        path = folder / f"{table}.csv"
        text = path.read_text(encoding="utf-8")
        path.write_text(re.sub(r"\b01,", "84,", text), encoding="utf-8")
    run = tmp_path / "run"
    assert main(["solve", str(folder), "-o", str(run), "--no-prices", "--quiet"]) == 0
    assert main(["annexes", str(run)]) == 0
    assert found(run)[1] == []
    cell, value = place_of(run, SHEET, "Indexing", "of which outside Île-de-France")
    assert value == place_of(run, SHEET, "Indexing", "84")[1]
    changed(run / BOOK, SHEET, cell, value + 1)
    _, wrong = found(run)
    assert any("outside Île-de-France: sum of what is printed" in one for one in wrong), wrong


def test_figures_that_are_not_whole_are_found(copy: Path) -> None:
    cell, value = place_of(copy, SHEET, "Indexing", "11")
    changed(copy / BOOK, SHEET, cell, value + 0.25)
    _, wrong = found(copy)
    assert any("rounded figure" in one for one in wrong)


def test_annexes_of_another_run_are_found(copy: Path, tmp_path: Path) -> None:
    other = solved(tmp_path / "other", title="Another")
    shutil.copy(other / BOOK, copy / BOOK)
    _, wrong = found(copy)
    assert wrong == [f"{BOOK}: are annexes of another run"]
    assert main(["verify", str(copy)]) == 6


def test_what_is_no_workbook_is_found(copy: Path) -> None:
    (copy / BOOK).write_text("plain", encoding="utf-8")
    _, wrong = found(copy)
    assert any(BOOK in one for one in wrong)


def test_names_that_are_the_same_are_added_up(tmp_path: Path) -> None:
    measures = {k: {**m, "title": "The same"} for k, m in SCENARIO["measures"].items()}
    _, wrong = found(solved(tmp_path, measures=measures))
    assert wrong == []
