"""The page of a comparison: drawn from its tables, as they are."""

from __future__ import annotations

import csv
import re
from dataclasses import replace
from pathlib import Path

import pytest
from reading_pages import HOSTILE, Read, check_whole

from perequa.cli import main
from perequa.interpret.tables import Table
from perequa.report.page import comparison_page
from perequa.report.page.bars import GAIN, LOSS, SUM, waterfall
from perequa.report.page.compared_prices import compared_prices
from perequa.saved import read_study
from perequa.words import words_in

LANGUAGES = ("en", "fr")
WORDS = words_in("en")


@pytest.fixture(scope="module")
def compared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("comparison") / "compared"
    other = "ehpad-2004-rule@by_territory+no_caps"
    assert main(["compare", "ehpad-2004-rule", other, "-o", str(folder)]) == 0
    return folder


def rows_of(file: Path) -> list[dict[str, str]]:
    with file.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


@pytest.mark.parametrize("lang", LANGUAGES)
def test_it_holds_the_figures_of_the_tables(compared: Path, lang: str) -> None:
    study = read_study(compared)
    read = check_whole(comparison_page(study, words_in(lang)), lang)
    exact = {a["data-v"] for a in read.all("td") if a.get("data-v")}
    base = study.record["compared_with"]
    places = [
        r for r in rows_of(compared / "shares.csv")
        if r["quantity"] == "places" and r["scenario"] != base
    ]  # fmt: skip
    assert len(places) == 18
    assert {r[k] for r in places for k in ("value", "first", "difference")} <= exact
    moved = [r for r in rows_of(compared / "attribution.csv") if r["quantity"] == "places"]
    assert {r["contribution"] for r in moved if abs(float(r["total"])) > 1} <= exact
    assert {r["largest_difference"] for r in rows_of(compared / "bands.csv")} <= exact
    (uses,) = ({a.get("class") for a in read.all("g")},)
    assert {"n3", "c0", "p3"} <= uses


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names_are_text(compared: Path, name: str) -> None:
    study = read_study(compared)
    tables = {
        key: Table(
            table.columns,
            tuple(
                tuple(
                    name if column in ("change", "path", "value") and isinstance(value, str)
                    else name if column == "territory_name" and "" < str(value) < "L"
                    else value
                    for column, value in zip(table.columns, row, strict=True)
                )
                for row in table.rows
            ),
        )
        for key, table in study.tables.items()
    }  # fmt: skip
    record = {**study.record, "notes": [name]}
    hostile = replace(study, tables=tables, record=record)
    read = check_whole(comparison_page(hostile, words_in("en")), "en")
    plain = check_whole(comparison_page(study, words_in("en")), "en")
    for tag in ("script", "style", "img", "table"):
        assert len(read.all(tag)) == len(plain.all(tag))
    shown = re.sub("[\u200f\u202e\u2067]", "\ufffd", name)
    assert shown in [text.strip() for text in read.inside["li"]]


def test_prices_that_differ_stand_side_by_side(compared: Path) -> None:
    study = read_study(compared)
    columns = study.tables["prices"].columns
    held = [dict(zip(columns, row, strict=True)) for row in study.tables["prices"].rows]
    other = next(r["scenario"] for r in held if r["scenario"] != study.record["compared_with"])

    def priced(rule: str, unit: str, first: float, value: float, status: str) -> list[dict]:
        row = {"scenario": other, "row": f"{rule}/-/ehpad/2021/at_most", "rule": rule,
               "kind": "cap", "level": "", "territory": "", "territory_name": "",
               "measure": "ehpad", "year": 2021, "side": "at_most", "priority": 1, "unit": unit,
               "objective": "shortfall", "objective_unit": "place",
               "difference": value - first}  # fmt: skip
        limit = row | {"quantity": "limit", "value": 10.0, "first": 10.0, "status": "same"}
        return [limit, *(
            row | {"quantity": f"effect_of_one_{way}", "value": sign * value,
                   "first": sign * first, "status": status}
            for way, sign in (("more", 1.0), ("less", -1.0))
        )]  # fmt: skip

    made = [*priced("dear", "place", -1.0, -3.0, "changed"),
            *priced("money", "EUR", -1e-4, -2e-4, "changed"),
            *priced("other", "place", -5.0, -6.0, "other_basis")]  # fmt: skip
    table = Table(columns, tuple(tuple(row[c] for c in columns) for row in made))
    section = compared_prices(replace(study, tables={**study.tables, "prices": table}), WORDS)
    assert section is not None
    money, places, listed = section.blocks[2:]
    # what is in another unit has no dot, a price of money is that of 100 000
    assert [[line.label for line in p.lines] for p in (places, money)] == [
        ["cap dear (ehpad, 2021)"], ["cap money (ehpad, 2021)"]
    ]  # fmt: skip
    assert [line.figure for line in money.lines] == ["-20.00"]
    assert {row[0].text for row in listed.rows} == {
        f"cap {name} (ehpad, 2021)" for name in ("dear", "money", "other")
    }
    assert {p.behind for p in (places, money)} == {listed.key}
    (line,) = places.lines
    assert line.last < line.first


def test_a_waterfall_ends_where_its_total_does() -> None:
    fall = waterfall([("a", 5.0, "+5"), ("b", -7.0, "-7"), ("c", 1.0, "+1")], ("all", -1.0, "-1"))
    assert [(b.low, b.high, b.style) for b in fall] == [
        (0.0, 5.0, GAIN), (5.0, -2.0, LOSS), (-2.0, -1.0, GAIN), (0.0, -1.0, SUM)
    ]  # fmt: skip


def test_several_runs_are_compared_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["solve", "ssiad-2004", "-o", "one"]) == 0
    assert main(["solve", "ssiad-2004", "--variant", "total_rate", "-o", "two"]) == 0
    capsys.readouterr()
    assert main(["report", "one", "two"]) == 0
    place = Path("results/ssiad-2004-compare/reports/report-en.html")
    assert str(place) in capsys.readouterr().out
    (title,) = Read(place.read_text(encoding="utf-8")).inside["h1"]
    assert title == "Comparison: ssiad-2004, ssiad-2004-total_rate"


def test_a_comparison_that_was_changed_is_refused(compared: Path, tmp_path: Path) -> None:
    assert main(["report", str(compared), "-o", str(compared / "page.html")]) == 2
    assert main(["report", str(compared)]) == 0
    assert main(["verify", str(compared)]) == 0
    page = (compared / "reports" / "report-en.html").read_text(encoding="utf-8")
    assert "Winners and losers" in page
    with (compared / "bands.csv").open("a", encoding="utf-8") as stream:
        stream.write("\n")
    assert main(["report", str(compared), "-o", str(tmp_path / "page.html")]) == 6
