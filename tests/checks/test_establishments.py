"""Checks of establishments under a ceiling, and tables that are sheets of a workbook."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import openpyxl
import pytest

from perequa.checks import InvalidInput, load

if TYPE_CHECKING:
    from pathlib import Path

    from perequa.checks import Finding

SCENARIO = """\
format: 1
name: homes
years: [2004]
territories: {file: homes.xlsx}
decide_at: establishment
measures:
  care: {unit: money}
supply: {file: homes.xlsx}
rules:
  envelope: {kind: envelope, at_most: 500}
  ceiling:
    kind: ceiling
    by: territory
    at_most: {column: dominic, times: 1.35}
    exceptions: {column: exception, amount: {column: mechanical_effect}}
objectives:
  spend: {kind: spend, normalise: none}
"""
TERRITORIES = [
    ["level", "code", "name", "dominic", "exception", "mechanical_effect", "overrun_justified"],
    ["establishment", "A1", "One", 100, None, None, None],
    ["establishment", "A2", "Two", 100, "clapet", None, "oui"],
    ["establishment", "A3", "Three", 100, "mecanique", 20, "non"],
]
SUPPLY = [["territory", "base"], ["A1", 90], ["A2", 200], ["A3", 180]]

Write = Callable[..., "tuple[Finding, ...]"]


@pytest.fixture
def found(tmp_path: Path) -> Write:
    """Findings after replacing some cells: ``{"territories!D2": 0}``."""

    def check(cells: dict[str, object] | None = None) -> tuple[Finding, ...]:
        book = openpyxl.Workbook()
        book.remove(book.worksheets[0])
        for name, rows in (("notes", [["x"]]), ("territories", TERRITORIES), ("supply", SUPPLY)):
            sheet = book.create_sheet(name)
            for row in rows:
                sheet.append(row)
        for place, value in (cells or {}).items():
            sheet_name, _, cell = place.partition("!")
            book[sheet_name][cell] = value
        book.save(tmp_path / "homes.xlsx")
        (tmp_path / "scenario.yaml").write_text(SCENARIO, encoding="utf-8")
        try:
            return load(str(tmp_path)).findings
        except InvalidInput as error:
            return error.findings

    return check


def test_a_workbook_makes_an_instance(found: Write, tmp_path: Path) -> None:
    assert found() == ()
    instance = load(str(tmp_path)).instance
    limits = {row.key.territory: row.limit for row in instance.rows if row.key.rule == "ceiling"}
    assert limits == {"A1": 135.0, "A2": 200.0, "A3": 200.0}
    assert [overrun.justified for overrun in instance.overruns] == [True, False]


@pytest.mark.parametrize(
    ("cells", "code", "place", "received"),
    [
        ({"territories!D2": "many"}, "not_a_number", "territories!D2", "many"),
        ({"territories!D2": -1}, "negative_figure", "territories!D2", "-1"),
        ({"territories!G3": "perhaps"}, "not_yes_or_no", "territories!G3", "perhaps"),
        ({"territories!E3": "clape"}, "unknown_exception", "territories!E3", "clape"),
        ({"territories!F4": 0}, "not_positive", "territories!F4", "0"),
        ({"territories!F4": None}, "missing_value", "territories!F4", "nothing"),
        ({"territories!B3": "A1"}, "duplicate_territory", "territories!B3", "A1"),
        ({"territories!B3": 1.5, "supply!A3": 1.5}, None, "", ""),
        ({"supply!A3": "A9"}, "unknown_territory", "supply!A3", "A9"),
        ({"supply!B3": "=1+1"}, "formula_not_calculated", "supply!B3", "a formula in B3"),
    ],
)
def test_a_wrong_cell_has_its_address(
    found: Write, tmp_path: Path, cells: dict[str, object], code: str | None, place: str,
    received: str,
) -> None:  # fmt: skip
    errors = [f for f in found(cells) if f.severity == "error"]
    if code is None:
        assert errors == []
        return
    told = next(f for f in errors if f.code == code)
    assert told.place == f"{tmp_path / 'homes.xlsx'}:{place}"
    assert told.received == received


def test_an_exception_that_nothing_calls_for_is_a_warning(found: Write) -> None:
    (told,) = found({"territories!E2": "clapet"})
    assert (told.code, told.severity, told.line, told.column) == (
        "exception_not_needed", "warning", 2, 5,
    )  # fmt: skip
