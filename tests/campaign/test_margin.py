"""The regional margin: the envelope less what is renewed, due, ring-fenced or pledged."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from campaigns import SCENARIO, amount, lines_of, written
from python_calamine import CalamineWorkbook

from perequa.annexes import write_annexes
from perequa.cli import main
from perequa.verification.verdict import verify_run
from perequa.words import words_in

if TYPE_CHECKING:
    from pathlib import Path

PLAN = 3
SECTIONS: dict[str, Any] = {
    "measures": {
        **SCENARIO["measures"],
        "school": {**SCENARIO["measures"]["school"], "ring_fenced": True},
        "home": {**SCENARIO["measures"]["home"], "opening_months": 12},
    },
    "columns": [{"file": "money.csv"}, {"file": "opens.csv"}],
    "rules": {
        # 20 homes (60 000 €) in Île-de-France, 10 in Guadeloupe, in 2004; none in 2005
        "homes": {
            "kind": "floor",
            "by": ["region", "year"],
            "measure": "home",
            "in": "places",
            "equals": {"column": "homes"},
        },
        "schools": {
            "kind": "floor",
            "by": ["region", "year"],
            "measure": "school",
            "in": "places",
            "equals": {"column": "schools"},
        },
        "meanwhile": {
            "kind": "until_opening",
            "by": ["region", "year"],
            "measure": "home",
            "opens": {"column": "opens"},
            "one_off": "training",
            "at_most": {"column": "earlier"},
        },
        "training": {
            "kind": "floor",
            "by": ["region", "year"],
            "measure": "training",
            "in": "credits",
            "equals": {"column": "trained"},
        },
    },
}
OPENS = """\
territory,opens,earlier
01,2004,0
11,2005,500
"""
PLANNED = """\
territory,year,granted,moved,saved,homes,schools,trained
01,2004,30000,1000,500,10,2,0
01,2005,0,0,0,0,0,0
11,2004,60000,2000,700,20,3,900
11,2005,12000,0,0,4,1,0
"""


def made(folder: Path, **sections: Any) -> Path:
    scenario = written(folder / "scenario", **SECTIONS | sections)
    (folder / "scenario" / "opens.csv").write_text(OPENS, encoding="utf-8")
    (folder / "scenario" / "money.csv").write_text(PLANNED, encoding="utf-8")
    run = folder / "run"
    assert main(["solve", scenario, "-o", str(run), "--no-prices", "--quiet"]) == 0
    return run


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return made(tmp_path_factory.mktemp("margin"))


def figure(run: Path, where: str, envelope: str, year: int, line: str) -> float:
    return float(amount(lines_of(run), where, envelope, year, line)[1])


def test_by_hand(run: Path) -> None:
    # Île-de-France, elderly, 2004: 60 000 of homes that open in 2005 are pledged, 900 of training
    # is one-off, 700 is saved and 400 frozen: new + one-off − savings − reserve − pledged.
    where = ("region:11", "pa", 2004)
    assert figure(run, *where, "pledged") == 60_000
    assert figure(run, *where, "margin") == pytest.approx(60_000 + 900 - 700 - 400 - 60_000)
    # 60 000 delegated and 500 of earlier plans may serve as one-off money
    assert figure(run, *where, "until_opening") == 60_500
    # in 2005 they are open: 4 more homes are nobody's pledge
    later = ("region:11", "pa", 2005)
    assert figure(run, *later, "pledged") == 0
    assert figure(run, *later, "margin") == pytest.approx(12_000)
    assert figure(run, *later, "until_opening") == 500
    # in Guadeloupe places are open at once
    overseas = ("region:01", "pa", 2004)
    assert figure(run, *overseas, "pledged") == 0
    assert figure(run, *overseas, "margin") == pytest.approx(30_000 - 500)


def test_what_is_ring_fenced_is_no_margin(run: Path) -> None:
    where = ("region:11", "ph", 2004)
    assert figure(run, *where, "ring_fenced") == 3_000
    assert figure(run, *where, "margin") == pytest.approx(0.0, abs=1e-9)
    # no measure of the elderly is
    rows = lines_of(run)
    assert {r["envelope"] for r in rows if r["line"] == "ring_fenced"} == {"ph"}
    # the nation adds up its regions
    assert figure(run, "nation:", "ph", 2004, "ring_fenced") == 5_000
    assert figure(run, "nation:", "pa", 2004, "until_opening") == 60_500


def test_verify_holds(run: Path) -> None:
    assert verify_run(run).holds


@pytest.mark.parametrize("line", ["ring_fenced", "pledged", "margin", "until_opening"])
def test_verify_finds_a_changed_line(tmp_path: Path, tiny: Any, line: str) -> None:
    run = made(tmp_path)
    path = run / "construction.csv"
    texts = path.read_text(encoding="utf-8").splitlines()
    at = next(
        i for i, text in enumerate(texts) if f",2004,{line},," in text and "region,11" in text
    )
    cells = texts[at].split(",")
    cells[-2] = str(float(cells[-2]) + 1)
    texts[at] = ",".join(cells)
    path.write_text("\n".join(texts) + "\n", encoding="utf-8")
    tiny.seal(run)
    found = [str(d) for c in verify_run(run).checks if c.number == PLAN for d in c.disagreements]
    assert any(line in one for one in found), found


def test_a_rule_across_territories_tells_no_territory(tmp_path: Path) -> None:
    rules = SECTIONS["rules"]
    both = {**rules["meanwhile"], "by": ["year"], "at_most": 500}
    run = made(tmp_path, rules={**rules, "meanwhile": both})
    rows = lines_of(run)
    assert not [r for r in rows if r["line"] == "until_opening"]
    # what is pledged is known place by place all the same
    assert figure(run, "region:11", "pa", 2004, "pledged") == 60_000
    assert verify_run(run).holds


def test_annexes_print_it(run: Path, tmp_path: Path) -> None:
    book = CalamineWorkbook.from_path(str(write_annexes(run, tmp_path / "a.xlsx", words_in("en"))))
    table = table_of(book, "Construction pa 2004")
    capital = next(row for row in table if row["Code"] == "11")
    assert capital["of which pledged to places not open"] == 60_000
    assert capital["Regional margin"] == 60_000 + 900 - 700 - 400 - 60_000
    assert capital["Reserved until opening, free as one-off money"] == 60_500
    # all but 900 of one year, less the 400 kept back, which the next year renews
    assert capital["of which not renewed"] == 900 - 400
    assert capital["Growth, amount"] == capital["Envelope 2004"] - capital["Renewed base"]
    disabled = table_of(book, "Construction ph 2004")
    assert [row["of which ring-fenced"] for row in disabled][-1] == 5_000
    assert disabled[-1]["Regional margin"] == 0
    page = book.get_sheet_by_name("11 Île-de-France").to_python()
    assert ["Regional margin", -200.0] in [row[:2] for row in page]


def table_of(book: CalamineWorkbook, sheet: str) -> list[dict[str, Any]]:
    rows = book.get_sheet_by_name(sheet).to_python(skip_empty_area=False)
    at = next(i for i, row in enumerate(rows) if row[0] == "Code")
    return [dict(zip(rows[at], row, strict=True)) for row in rows[at + 1 :]]
