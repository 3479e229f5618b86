"""Commitments, payments and decisions in the annexes: a plan whose every cell is stated."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import yaml
from changed_cells import changed
from python_calamine import CalamineWorkbook

from perequa.cli import main
from perequa.verification.verdict import verify_run

if TYPE_CHECKING:
    from pathlib import Path

TERRITORIES = """\
level,code,name,parent,pop
region,11,Île-de-France,,2000
region,84,Auvergne-Rhône-Alpes,,1000
"""
SUPPLY = """\
territory,measure,installed,base,carried
11,home,60,0,700
84,home,10,0,0
11,works,,0,0
84,works,,0,0
11,school,10,0,0
84,school,5,0,0
"""
PLAN = """\
territory,measure,year,stated
11,home,2010,3
11,home,2011,2
11,home,2012,0
11,home,2013,1
84,home,2010,1
84,home,2011,0
84,home,2012,4
84,home,2013,0
11,works,2010,5000
11,works,2011,15000
11,works,2012,30000
11,works,2013,50000
84,works,2010,8000
84,works,2011,0
84,works,2012,0
84,works,2013,0
11,school,2010,2
11,school,2011,0
11,school,2012,0
11,school,2013,0
84,school,2010,0
84,school,2011,1
84,school,2012,0
84,school,2013,0
"""
SCENARIO: dict[str, Any] = {
    "format": 1,
    "name": "committed",
    "years": [2010, 2011, 2012, 2013],
    "territories": {"file": "territories.csv", "levels": ["region"]},
    "decide_at": "region",
    "envelopes": {"pa": {"title": "Elderly"}, "ph": {}},
    "measures": {
        "home": {"cost": 9000, "opening_months": 4, "envelope": "pa"},
        "works": {"unit": "money", "recurrent": False, "envelope": "pa"},
        "school": {"cost": 1000, "envelope": "ph"},
    },
    "supply": {"file": "supply.csv"},
    "columns": [{"file": "plan.csv"}],
    "indicators": {"homes": {"measures": ["home"], "population": "pop", "per": 100}},
    "rules": {
        "stated": {
            "kind": "contingent",
            "by": ["region", "measure", "year"],
            "equals": {"column": "stated"},
        },
        "works": {
            "kind": "milestones",
            "by": "region",
            "measure": "works",
            "territories": ["region:11"],
            # investment aid as it is paid: 5, 15, 30 and 50 %
            "paid": {2010: 0.05, 2011: 0.2, 2012: 0.5, 2013: 1},
        },
        "late": {"kind": "withhold", "territories": ["region:84"], "measure": "school"},
    },
    "objectives": {"homes": {"kind": "shortfall", "indicator": "homes", "level": "region"}},
}
BOOK = "reports/annexes-{lang}.xlsx"


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return solved(tmp_path_factory.mktemp("committed"))


def solved(folder: Path, **sections: Any) -> Path:
    scenario = folder / "scenario"
    scenario.mkdir()
    text = yaml.safe_dump(SCENARIO | sections, allow_unicode=True, sort_keys=False)
    (scenario / "scenario.yaml").write_text(text, encoding="utf-8")
    for name, table in (("territories", TERRITORIES), ("supply", SUPPLY), ("plan", PLAN)):
        (scenario / f"{name}.csv").write_text(table, encoding="utf-8")
    made = folder / "run"
    arguments = ["solve", str(scenario), "-o", str(made), "--no-prices", "--quiet"]
    assert main(arguments) == 0
    for lang in ("en", "fr"):
        assert main(["--lang", lang, "annexes", str(made)]) == 0
    return made


def book(run: Path, lang: str = "en") -> CalamineWorkbook:
    return CalamineWorkbook.from_path(str(run / BOOK.format(lang=lang)))


def rows(run: Path, sheet: str, lang: str = "en") -> list[list[Any]]:
    return book(run, lang).get_sheet_by_name(sheet).to_python(skip_empty_area=False)


def figures(run: Path, sheet: str, lang: str = "en") -> dict[str, dict[str, float]]:
    """Figures of a table by what its row is called, then by heading."""
    lines = rows(run, sheet, lang)
    found: dict[str, dict[str, float]] = {}
    for line in lines[4:]:
        if not any(line):
            break
        found[str(line[1])] = dict(zip(lines[3][2:], line[2:], strict=True))
    return found


def test_what_is_committed_and_when_it_is_paid(run: Path) -> None:
    """By hand: 9 000 a place, a third of it in the first year; 100 000 of works awarded at once."""
    table = figures(run, "Commitments pa")
    assert table["Île-de-France"] == {
        "Committed before 2010, still to pay": 700,
        # 3 places and all of the works; 2 places; none; 1 place
        "Commitments (AE) 2010": 27_000 + 100_000,
        "Commitments (AE) 2011": 18_000,
        "Commitments (AE) 2012": 0,
        "Commitments (AE) 2013": 9_000,
        "Payments (CP) 2010": 700 + 9_000 + 5_000,
        "Payments (CP) 2011": 18_000 + 6_000 + 15_000,
        "Payments (CP) 2012": 12_000 + 30_000,
        "Payments (CP) 2013": 3_000 + 50_000,
        "Payments (CP) 2014": 6_000,
        "Left to pay at the end of 2010": 18_000 + 95_000,
        "Left to pay at the end of 2011": 12_000 + 80_000,
        "Left to pay at the end of 2012": 50_000,
        "Left to pay at the end of 2013": 6_000,
    }
    # the rule of milestones names Île-de-France alone: works elsewhere are committed year by year
    other = table["Auvergne-Rhône-Alpes"]
    assert (other["Commitments (AE) 2010"], other["Payments (CP) 2010"]) == (17_000, 11_000)
    assert (other["Commitments (AE) 2012"], other["Payments (CP) 2013"]) == (36_000, 24_000)
    total = table["Total"]
    assert total["Payments (CP) 2011"] == 39_000 + 6_000
    committed = sum(v for h, v in total.items() if h.startswith("Commit"))
    assert committed == sum(v for h, v in total.items() if h.startswith("Payments"))


def test_an_envelope_that_pays_what_it_commits_has_a_sentence(run: Path) -> None:
    assert "Commitments ph" not in book(run).sheet_names
    said = [line[1] for line in rows(run, "Contents of the annexes")]
    assert any(s.startswith("ph: Every year pays") and "(AE = CP)" in s for s in said)
    assert not any(s.startswith("Elderly: Every year") for s in said)


def test_decisions_have_a_column_for_each_envelope(run: Path) -> None:
    """The elderly and the disabled never on one total; what is withheld is told apart."""
    assert figures(run, "Decision 2010") == {
        "Île-de-France": {"Elderly (1)": 14_700, "ph (2)": 2_000},
        "Auvergne-Rhône-Alpes": {"Elderly (1)": 11_000, "ph (2)": 0},
        "of which outside Île-de-France": {"Elderly (1)": 11_000, "ph (2)": 0},
        "Total": {"Elderly (1)": 25_700, "ph (2)": 2_000},
    }
    later = figures(run, "Decision 2011")["Auvergne-Rhône-Alpes"]
    assert later == {"Elderly (1)": 6_000, "ph (2)": 1_000, "of which withheld (2)": 1_000}
    notes = [line[0] for line in rows(run, "Decision 2010")[-2:]]
    assert notes[0].startswith("(1) Elderly: home 12\u202f700; works 13\u202f000")
    assert notes[1] == "(2) ph: school 2\u202f000"
    # the plan ends in 2013: nobody is granted anything of the schools in 2012
    assert list(figures(run, "Decision 2012")["Total"]) == ["Elderly (1)"]


def test_in_french(run: Path) -> None:
    table = figures(run, "AE et CP pa", "fr")
    assert table["Île-de-France"]["Engagements (AE) 2010"] == 127_000
    assert table["Île-de-France"]["Reste à payer fin 2013"] == 6_000
    assert "dont métropole hors Île-de-France" in table
    notes = rows(run, "Décision 2010", "fr")
    assert notes[-1][0] == "(2) ph\u00a0: school 2\u202f000"


def wrong(run: Path) -> list[str]:
    (check,) = [c for c in verify_run(run).checks if c.number == 16]
    return [str(one) for one in check.disagreements]


def test_verify_reads_both(run: Path) -> None:
    assert wrong(run) == []


@pytest.mark.parametrize(
    ("sheet", "row", "heading", "by", "said"),
    [
        ("Commitments pa", "11", "Commitments (AE) 2010", 40, "rounded figure"),
        ("Commitments pa", "84", "Payments (CP) 2012", 40, "rounded figure"),
        # within what rounding may do, and yet more is paid than is committed
        ("Commitments pa", "11", "Payments (CP) 2011", 1, "what is left to pay"),
        ("Commitments pa", "11", "Left to pay at the end of 2012", 1, "what is left to pay"),
        ("Commitments pa", "Total", "Commitments (AE) 2011", 1, "sum of what is printed"),
        ("Decision 2010", "11", "Elderly (1)", 10, "rounded figure"),
        ("Decision 2011", "84", "of which withheld (2)", 10, "rounded figure"),
        ("Decision 2010", "Total", "ph (2)", 1, "sum of what is printed"),
    ],
)
def test_a_changed_figure_is_found(
    sheet: str, row: str, heading: str, by: int, said: str, run: Path
) -> None:
    path = run / BOOK.format(lang="en")
    kept = path.read_bytes()
    lines = rows(run, sheet)
    j = lines[3].index(heading)
    (i,) = [i for i, line in enumerate(lines) if i > 3 and row in line[:2]]
    try:
        changed(path, sheet, f"{chr(ord('A') + j)}{i + 1}", lines[i][j] + by)
        assert any(said in one and sheet in one for one in wrong(run)), wrong(run)
    finally:
        path.write_bytes(kept)
    assert wrong(run) == []


def test_figures_in_fractions_add_up_all_the_same(tmp_path: Path) -> None:
    """A cost that months do not divide: each cell rounds, every balance and sum is exact."""
    measures = {
        name: spec | ({"cost": 1234.567} if name == "home" else {})
        for name, spec in SCENARIO["measures"].items()
    }
    run = solved(tmp_path, measures=measures)
    for who, line in figures(run, "Commitments pa").items():
        committed = sum(v for h, v in line.items() if h.startswith("Commit"))
        assert committed == sum(v for h, v in line.items() if h.startswith("Payments")), who
        assert all(v == int(v) for v in line.values())
    own = figures(run, "Commitments pa")["Île-de-France"]
    # 3 places at 1 234.567, a third of it in the year
    assert own["Payments (CP) 2010"] == pytest.approx(700 + 1234.567 + 5_000, abs=1)
    home = figures(run, "home 2010")["Île-de-France"]
    assert own["Commitments (AE) 2010"] == home["Credits over a full year"] + 100_000
    assert wrong(run) == []
