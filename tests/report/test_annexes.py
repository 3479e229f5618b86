"""The annexes of a run: rows that add up as printed, text that stays text, a form that returns."""

from __future__ import annotations

import csv
import math
import re
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import openpyxl
import pytest
from campaigns import SCENARIO, written
from hypothesis import given
from hypothesis import strategies as st
from python_calamine import CalamineWorkbook

from perequa.annexes import read_annex_run, write_annexes
from perequa.cli import main
from perequa.report.annexes.rounding import rounded
from perequa.words import words_in
from perequa_models.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

    Solved = Callable[..., Path]

RUNS = {
    "campaign": ["campaign-2004"],
    "ssiad": ["ssiad-2004"],
    "reserve": ["scm-ssad-1998"],
    "whole": ["ehpad-2004-rule", "--whole"],
    "departments": ["ehpad-2004-rule", "--set", "decide_at=department", "--no-prices"],
    "projects": ["camsp-1998"],
    "homes": ["dominic-2004", "--no-prices"],
}
SUM = r"SUM\([A-Z]+\d+:[A-Z]+\d+\)"
ADDITION = re.compile(rf"[A-Z]+\d+([+-][A-Z]+\d+)*|{SUM}(\+{SUM})*")
PART = re.compile(r"([A-Z]+)(\d+)")


@pytest.fixture(scope="module")
def solved(tmp_path_factory: pytest.TempPathFactory) -> Solved:
    made: dict[str, Path] = {}

    def run(name: str) -> Path:
        if name not in made:
            made[name] = tmp_path_factory.mktemp("annexes") / name
            arguments = ["solve", *RUNS[name], "-o", str(made[name]), "--quiet"]
            assert main(arguments) == 0
        return made[name]

    return run


def rows_of(book: Path, sheet: str) -> list[list[Any]]:
    """Rows by calamine, which computes nothing: what stands in the file."""
    opened = CalamineWorkbook.from_path(str(book))
    return opened.get_sheet_by_name(sheet).to_python(skip_empty_area=False)


def table_of(book: Path, sheet: str) -> list[dict[str, Any]]:
    rows = rows_of(book, sheet)
    at = next(i for i, row in enumerate(rows) if row[0] in ("Code", "level"))
    return [dict(zip(rows[at], row, strict=True)) for row in rows[at + 1 :]]


def annexes(run: Path, to: Path, lang: str = "en") -> Path:
    return write_annexes(run, to / f"{run.name}-{lang}.xlsx", words_in(lang))


def csv_of(run: Path, name: str) -> list[dict[str, str]]:
    with (run / f"{name}.csv").open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


@given(st.lists(st.floats(-1e9, 1e9, allow_nan=False), min_size=1, max_size=30))
def test_rounded_figures_add_up_and_stay_near(values: list[float]) -> None:
    found = rounded(values)
    assert abs(sum(found) - sum(values)) <= 0.5 + 1e-5
    assert all(abs(a - v) < 1 + 1e-5 for a, v in zip(found, values, strict=True))
    # the same figures in another order give each figure that stands alone the same whole number
    if len(set(values)) == len(values) and len({v % 1 for v in values}) == len(values):
        back = rounded(values[::-1])[::-1]
        assert back == found


def test_rounded_by_hand() -> None:
    assert rounded([2.4, 2.4, 2.4]) == [3, 2, 2]
    assert rounded([10.0, 0.2, 0.2]) == [10, 0, 0]
    assert rounded([2.9999999999, 1.0]) == [3, 1]
    assert rounded([-0.6, 1.6]) == [-1, 2]
    assert rounded([]) == []


@pytest.mark.parametrize("name", list(RUNS))
def test_every_sum_is_that_of_the_figures_printed(
    name: str, solved: Solved, tmp_path: Path
) -> None:
    """Formulas are evaluated here over the cached values of the cells they name."""
    book = annexes(solved(name), tmp_path)
    formulas = openpyxl.load_workbook(book)
    values = openpyxl.load_workbook(book, data_only=True)
    checked = 0
    for sheet in formulas.sheetnames:
        held = values[sheet]
        for row in formulas[sheet].iter_rows():
            for cell in row:
                if not (isinstance(cell.value, str) and cell.value.startswith("=")):
                    continue
                text = cell.value[1:]
                if not ADDITION.fullmatch(text):
                    assert "/" in text, (sheet, cell.coordinate, text)
                    continue
                assert _value(text, held) == held[cell.coordinate].value, (sheet, cell.coordinate)
                checked += 1
    assert checked > 3


def _value(text: str, held: Any) -> float:
    if text.startswith("SUM("):
        cells = [
            c.value
            for run in re.findall(r"SUM\(([^)]*)\)", text)
            for (c,) in held[run]
            if c.value is not None
        ]
        return float(sum(cells))
    total = 0.0
    for sign, cell in re.findall(r"([+-]?)([A-Z]+\d+)", text):
        total += (-1 if sign == "-" else 1) * (held[cell].value or 0)
    return total


@pytest.mark.parametrize("name", list(RUNS))
def test_figures_printed_are_whole_and_those_of_the_run(
    name: str, solved: Solved, tmp_path: Path
) -> None:
    run = solved(name)
    book = annexes(run, tmp_path)
    totals: dict[tuple[str, str], list[float]] = {}
    for row in csv_of(run, "allocation"):
        held = totals.setdefault((row["measure"], row["year"]), [0.0, 0.0, 0.0])
        for i, column in enumerate(("places", "credits", "withheld")):
            held[i] += float(row[column] or 0)
    sheets = CalamineWorkbook.from_path(str(book)).sheet_names
    for (measure, year), (places, money, withheld) in totals.items():
        if not places and not money:
            continue
        assert f"{measure} {year}" in sheets
        table = table_of(book, f"{measure} {year}")
        total = table[-1]
        assert total["Territory"] == "Total"
        kept = {
            row["Territory"]: row
            for row in table
            if row["Territory"] in ("National reserve", "Not distributed")
        }
        apart = [_figure(row.get(f"Places {year}", "")) for row in kept.values()]
        if places:
            assert total[f"Places {year}"] == round(places + sum(apart), 0)
        (heading,) = [h for h in total if h.startswith(f"Credits {year}")]
        apart = [_figure(row[heading]) for row in kept.values()]
        assert total[heading] == pytest.approx(money + sum(apart), abs=1.0)
        said = [row for row in table if row["Territory"] == "Withheld (data missing)"]
        assert bool(said) == (withheld >= 0.5)
        if said:
            assert said[0][heading] == pytest.approx(withheld, abs=0.5)
        for row in table:
            for column in (f"Places {year}", heading):
                if row.get(column, "") != "":
                    assert row[column] == int(row[column])


def _figure(value: object) -> float:
    return float(value) if isinstance(value, int | float) else 0.0


def test_circular_of_2004_as_printed(solved: Solved, tmp_path: Path) -> None:
    """Circular of 30 August 2004: every total to the euro, whatever the plan's fractions."""
    book = annexes(solved("campaign"), tmp_path)
    total = table_of(book, "Construction elderly 2004")[-1]
    assert total["New measures: Tripartite agreements"] == 115_700_000
    assert total["New measures: EHPAD place"] == 24_100_000
    home = ("SSIAD place", "Day-care place", "Temporary place")
    assert sum(total[f"New measures: {name}"] for name in home) == 10_700_000
    assert total["Not distributed"] == 5_300_000
    assert total["Second delegation (30 August 2004)"] == 150_500_000 - 17_580_000
    assert total["of which withheld"] == 17_580_000
    assert total["Still to notify"] == 17_580_000 + 5_300_000
    later = table_of(book, "Construction elderly 2005")
    assert later[-1]["Full-year extension"] == 21_400_000
    # what is printed as renewed is the base printed a year later, region by region
    now = table_of(book, "Construction elderly 2004")
    renewed = {r["Code"]: r["of which renewed in 2005"] for r in now if r["Code"]}
    assert {r["Code"]: r["Renewed base"] for r in later if r["Code"]} == renewed
    places = table_of(book, "ehpad 2004")
    assert places[-1]["Places 2004"] == 3600
    names = [row["Territory"] for row in places]
    assert names[-2:] == ["Sub-total overseas", "Total"]
    assert names.index("Sub-total metropolitan France") == 22
    agreements = table_of(book, "agreements 2004")
    delivered = [r["Credits 2004"] for r in agreements if r["Territory"].startswith("Sub-total")]
    assert sum(delivered) == 98_120_000


@pytest.mark.parametrize(
    ("name", "sheet", "column", "capital"),
    [
        ("campaign", "Construction elderly 2004", "Envelope 2004", ["11"]),
        ("campaign", "ehpad 2004", "Places 2004", ["11"]),
        (
            "departments",
            "ehpad 2021",
            "Places 2021",
            ["75", "77", "78", "91", "92", "93", "94", "95"],
        ),
    ],
)
def test_metropolitan_france_outside_the_capital_has_its_row(
    name: str, sheet: str, column: str, capital: list[str], solved: Solved, tmp_path: Path
) -> None:
    """Its sum is that of the rows, department 11 included, and no total counts it."""
    table = table_of(annexes(solved(name), tmp_path), sheet)
    names = [row["Territory"] for row in table]
    at = names.index("of which outside Île-de-France")
    assert names[at - 1] == "Sub-total metropolitan France"
    own = {row["Code"]: row[column] for row in table[: at - 1]}
    assert all(own)
    assert sum(own[code] for code in capital) > 0
    assert table[at][column] == sum(own.values()) - sum(own[code] for code in capital)
    apart = sum(row[column] for row in table if row["Territory"] == "Not distributed")
    assert table[-1][column] == sum(own.values()) + apart + sum(
        row[column] for row in table[at + 1 :] if row["Code"]
    )
    if "Growth" in table[at]:
        rates = [table[at][c] / table[-1][c] for c in (column, "Renewed base")]
        assert table[at]["Weight"] == pytest.approx(rates[0])
        assert 1 + table[at]["Growth"] == pytest.approx(
            table[at][column] / table[at]["Renewed base"]
        )


def test_a_country_without_the_capital_has_no_such_row(tmp_path: Path) -> None:
    """Guadeloupe and Île-de-France alone: nothing of metropolitan France is outside it."""
    run = tmp_path / "run"
    scenario = written(tmp_path / "scenario")
    assert main(["solve", scenario, "-o", str(run), "--no-prices", "--quiet"]) == 0
    names = [row["Territory"] for row in table_of(annexes(run, tmp_path), "home 2004")]
    assert not [name for name in names if name.startswith("of which")]


def test_notes_of_a_decision_add_up_to_it(solved: Solved, tmp_path: Path) -> None:
    """Circular of 30 August 2004: 10.7 M€ for three measures, 5.3 M€ not distributed."""
    book = annexes(solved("campaign"), tmp_path)
    rows = rows_of(book, "Decision 2004")
    (note,) = [row[0] for row in rows if str(row[0]).startswith("(1)")]
    amounts = [
        int(text.replace("\u202f", "")) for text in re.findall(r" ([\d\u202f]+)(?:;|$)", note)
    ]
    assert {115_700_000, 24_100_000, 5_300_000} < {*amounts}
    (total,) = [row for row in rows if row[1] == "Total"]
    assert sum(amounts) == total[2]
    table = table_of(book, "Construction elderly 2004")
    assert total[2] == table[-1]["Envelope 2004"]
    assert total[3] == table[-1]["of which withheld"] == 17_580_000


def test_commitments_of_2004_as_announced(solved: Solved, tmp_path: Path) -> None:
    """Circular of 30 August 2004, 3: 10.7 M€ now on four months, 21.4 M€ of extension in 2005."""
    lines = rows_of(annexes(solved("campaign"), tmp_path), "Commitments elderly")
    total = dict(zip(lines[3], lines[-1], strict=True))
    now = 115_700_000 + 54_000_000 + 24_100_000 + 10_700_000
    assert total["Payments (CP) 2004"] == now
    assert total["Payments (CP) 2005"] == 21_400_000
    assert total["Commitments (AE) 2004"] == now + 21_400_000
    assert total["Left to pay at the end of 2004"] == 21_400_000


def test_reserve_has_its_row(solved: Solved, tmp_path: Path) -> None:
    # circular of 27 March 1998: 7 000 and 2 000 places, a tenth kept at the national level
    book = annexes(solved("reserve"), tmp_path)
    for sheet, kept, total in (("scm 1998", 700, 7000), ("ssad 1998", 200, 2000)):
        table = table_of(book, sheet)
        (row,) = [r for r in table if r["Territory"] == "National reserve"]
        assert row["Places 1998"] == kept
        assert table[-1]["Places 1998"] == total


def test_parts_of_the_formula_stand_beside_the_plan(solved: Solved, tmp_path: Path) -> None:
    book = annexes(solved("ssiad"), tmp_path)
    total = table_of(book, "ssiad 2004")[-1]
    installed = sum(float(r["installed_before"]) for r in csv_of(solved("ssiad"), "allocation"))
    assert total["Places before the plan"] * 2 + 1825 == pytest.approx(installed)
    # 60 and 40 % of 1 825
    assert (total["Formula: by_rate"], total["Formula: by_population"]) == (1095, 730)
    assert total["Formula: places"] == 1825


def test_page_of_a_territory_prints_what_the_tables_print(solved: Solved, tmp_path: Path) -> None:
    book = annexes(solved("campaign"), tmp_path)
    page = rows_of(book, "22 Picardie")
    lines = {row[0]: row for row in page}
    built = table_of(book, "Construction elderly 2004")
    mine = next(row for row in built if row["Code"] == "22")
    assert (
        lines["Renewed base"][1] == table_of(book, "Construction elderly 2005")[2]["Renewed base"]
    )
    assert lines["Envelope 2004"][1] == mine["Envelope 2004"]
    assert lines["Withheld"][1] == mine["of which withheld"] > 0
    ehpad = next(r for r in table_of(book, "ehpad 2004") if r["Code"] == "22")
    told = lines["EHPAD place"]
    assert (told[2], told[3]) == (ehpad["Places 2004"], ehpad["Credits 2004"])
    capital = rows_of(book, "11 Île-de-France")
    assert any(str(row[0]).startswith("4.1 M€ for Île-de-France") for row in capital)


def test_page_of_a_region_lists_its_departments(solved: Solved, tmp_path: Path) -> None:
    run = solved("departments")
    book = annexes(run, tmp_path)
    page = rows_of(book, "11 Île-de-France")
    at = next(i for i, row in enumerate(page) if row[0] == "Places by territory")
    below = {}
    for row in page[at + 1 :]:
        if row[0] == "":
            break
        below[row[0].split(" ")[0]] = row[1]
    assert len(below) == 8
    table = {r["Code"]: r["Places 2021"] for r in table_of(book, "ehpad 2021")}
    assert below == {code: table[code] for code in below}
    assert table_of(book, "ehpad 2021")[0]["In"] == "Auvergne-Rhône-Alpes"


def test_form_comes_back(
    solved: Solved, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The form filled in as planned is read without a finding but for money left in fractions."""
    run = solved("whole")
    book = annexes(run, tmp_path)
    opened = openpyxl.load_workbook(book)
    sheet = opened["returns"]
    header = [cell.value for cell in sheet[1]]
    at = {name: i + 1 for i, name in enumerate(header)}
    for row in range(2, sheet.max_row + 1):
        planned = sheet.cell(row, at["planned"]).value
        for name in ("authorised", "funded", "opened"):
            sheet.cell(row, at[name]).value = planned
        sheet.cell(row, at["opening_date"]).value = "2021-01-01"
        sheet.cell(row, at["closed"]).value = 0
    returned = tmp_path / "returned.xlsx"
    opened.save(returned)
    out = tmp_path / "next"
    assert main(["follow-up", str(run), str(returned), "-o", str(out)]) == 0
    assert csv_of(out, "findings") == []
    planned = sum(float(r["places"]) for r in csv_of(run, "allocation"))
    rate = [r for r in csv_of(out, "realisation") if r["level"] == "nation"]
    assert [float(r["opened"]) for r in rate] == [planned]
    assert main(["verify", str(out)]) == 0
    capsys.readouterr()


@pytest.mark.parametrize("name", ["campaign", "ssiad", "departments", "homes"])
@pytest.mark.parametrize("lang", ["en", "fr"])
def test_form_is_read_as_it_is_given(name: str, lang: str, solved: Solved, tmp_path: Path) -> None:
    """Left empty, every line is a cell of the plan, and says that nothing is known."""
    run = solved(name)
    out = tmp_path / "next"
    form = str(annexes(run, tmp_path, lang))
    assert main(["follow-up", str(run), form, "-o", str(out)]) == 0
    found = csv_of(out, "findings")
    assert {row["code"] for row in found} <= {"missing"}
    assert csv_of(out, "missing") == []
    planned = [
        row
        for row in csv_of(run, "allocation")
        if float(row["places"] or 0) > 0 or (not row["places"] and float(row["credits"]) > 0)
    ]
    assert len(table_of(Path(form), "returns")) == len(planned)


HOSTILE = [
    "=1+1",
    "+cmd|' /C calc'!A0",
    "@SUM(A1)",
    "-2+3",
    "<script>",
    "a\u202eb",
    "[x]:*?/\\",
    "N" * 300,
]


def test_hostile_names_stay_text(tmp_path: Path) -> None:
    territories = "level,code,name,parent,pop\n" + "".join(
        f'region,{code},"{name}",,{pop}\n'
        for code, name, pop in (("01", HOSTILE[0], 1000), ("11", HOSTILE[6], 2000))
    )
    measures = SCENARIO["measures"]
    for i, name in enumerate(HOSTILE):
        folder = tmp_path / str(i)
        hostile = {**measures, "home": measures["home"] | {"title": name}}
        scenario = written(folder / "scenario", measures=hostile, title=name)
        (folder / "scenario" / "territories.csv").write_text(territories, encoding="utf-8")
        run = folder / "run"
        assert main(["solve", scenario, "-o", str(run), "--no-prices", "--quiet"]) == 0
        book = annexes(run, folder)
        opened = openpyxl.load_workbook(book)
        formulas = [
            cell.value
            for sheet in opened
            for row in sheet.iter_rows()
            for cell in row
            if cell.data_type == "f"
        ]
        assert formulas
        for text in formulas:
            assert re.fullmatch(r"=[-+*/(),=$:A-Z0-9]+", text), text
            assert "1+1" not in text
            assert "cmd" not in text
        texts = {
            cell.value
            for sheet in opened
            for row in sheet.iter_rows()
            for cell in row
            if cell.data_type == "s"
        }
        assert any(HOSTILE[0] in text for text in texts)
        assert all(
            len(name) <= 31 and not set(name) & set("[]:*?/\\") for name in opened.sheetnames
        )


def test_same_run_gives_the_same_bytes(solved: Solved, tmp_path: Path) -> None:
    run = solved("ssiad")
    first = annexes(run, tmp_path).read_bytes()
    assert annexes(run, tmp_path).read_bytes() == first


@pytest.mark.parametrize("name", [name for name in RUNS if name != "whole"])
def test_verify_reads_them(name: str, solved: Solved, tmp_path: Path) -> None:
    run = tmp_path / "run"
    shutil.copytree(solved(name), run)
    assert main(["annexes", str(run), "--lang", "fr"]) == 0
    assert (run / "reports" / "annexes-fr.xlsx").is_file()
    assert main(["verify", str(run)]) == 0


def test_french_says_french(solved: Solved, tmp_path: Path) -> None:
    book = annexes(solved("campaign"), tmp_path, "fr")
    names = CalamineWorkbook.from_path(str(book)).sheet_names
    assert names[0] == "Sommaire des annexes"
    rows = rows_of(book, "Construction elderly 2004")
    assert rows[3][:3] == ["Code", "Territoire", "Base reconduite"]
    told = [row[1] for row in rows]
    assert "Sous-total France métropolitaine" in told
    assert "Sous-total outre-mer" in told


@pytest.mark.parametrize(("output", "status"), [("annexes.csv", 2), ("run/allocation.xlsx", 2)])
def test_where_they_may_not_go(output: str, status: int, solved: Solved, tmp_path: Path) -> None:
    run = tmp_path / "run"
    shutil.copytree(solved("ssiad"), run)
    before = sorted(p.name for p in run.iterdir())
    assert main(["annexes", str(run), "-o", str(tmp_path / output)]) == status
    assert sorted(p.name for p in run.iterdir()) == before


@pytest.mark.parametrize("folder", ["new", "new/below", "there.d"])
def test_a_folder_to_write_to(folder: str, solved: Solved, tmp_path: Path) -> None:
    (tmp_path / "there.d").mkdir()
    run, book = solved("ssiad"), tmp_path / folder / "annexes-fr.xlsx"
    assert main(["annexes", str(run), "--lang", "fr", "-o", str(book.parent)]) == 0
    assert [p.name for p in book.parent.iterdir()] == [book.name]
    assert main(["annexes", str(run), "--lang", "fr", "-o", str(tmp_path / "no" / "a.xlsx")]) == 0
    assert (tmp_path / "no" / "a.xlsx").read_bytes() == book.read_bytes()


def test_what_has_no_annexes(tmp_path: Path) -> None:
    assert main(["annexes", str(tmp_path)]) == 3
    failed = tmp_path / "failed"
    arguments = ["ehpad-2004-rule", "--variant", "infeasible_caps", "-o", str(failed)]
    assert main(["solve", *arguments]) == 4
    with pytest.raises(UsageError, match="no plan"):
        write_annexes(failed, None, words_in("en"))


def test_changed_run_is_refused(solved: Solved, tmp_path: Path) -> None:
    run = tmp_path / "run"
    shutil.copytree(solved("ssiad"), run)
    path = run / "allocation.csv"
    path.write_text(path.read_text(encoding="utf-8").replace("2004", "2003", 1), encoding="utf-8")
    assert main(["annexes", str(run)]) == 6
    assert not (run / "reports").exists()


def test_figures_come_from_the_run_alone(solved: Solved) -> None:
    """What the page of a territory sums, summed again from the run's tables."""
    run = read_annex_run(solved("departments"))
    money = [float(row["credits"]) for row in csv_of(solved("departments"), "allocation")]
    assert math.fsum(run.credits.ravel()) == pytest.approx(math.fsum(money))
    full = [
        float(r["places"]) * 6694.444444444444 for r in csv_of(solved("departments"), "allocation")
    ]
    assert run.plan.full_year_credits.sum() == pytest.approx(math.fsum(full))


@pytest.mark.skipif(shutil.which("soffice") is None, reason="LibreOffice is not installed")
def test_libreoffice_computes_the_same(solved: Solved, tmp_path: Path) -> None:
    book = annexes(solved("campaign"), tmp_path)
    command = ["soffice", f"-env:UserInstallation=file://{tmp_path}/profile", "--headless"]
    command += ["--convert-to", "ods", "--outdir", str(tmp_path), str(book)]
    subprocess.run(command, check=True, capture_output=True, timeout=240)
    sheet = "Construction elderly 2004"
    ours = rows_of(book, sheet)
    theirs = CalamineWorkbook.from_path(str(book.with_suffix(".ods"))).get_sheet_by_name(sheet)
    for mine, other in zip(ours, theirs.to_python(skip_empty_area=False), strict=False):
        for a, b in zip(mine, other, strict=False):
            if isinstance(a, float):
                assert b == pytest.approx(a, rel=1e-12, abs=1e-9)
