"""The workbook of a run: its figures, formulas that come to them, text that stays text."""

from __future__ import annotations

import csv
import io
import math
import re
import shutil
import subprocess
import sys
import zipfile
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import openpyxl
import pytest
from libreoffice import saved_again, with_libreoffice
from python_calamine import CalamineWorkbook

from perequa.cli import main
from perequa.interpret.tables import Table
from perequa.io import xlsx
from perequa.io.shipped import shipped_names
from perequa.report.workbook import WorkbookRun, above_in, sheets, workbook_of
from perequa.saved import read_run, run_tree
from perequa.words import words_in
from perequa.words.seen import seen

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Solved = Callable[[str], Path]

NAMES = {
    "en": ["Read me", "Allocation", "Totals", "Rates", "Equity", "Rules", "Prices", "Parameters",
           "Reference"],
    "fr": ["Lisez-moi", "Répartition", "Totaux", "Taux", "Équité", "Règles", "Prix", "Paramètres",
           "Référence"],
}  # fmt: skip
CELL = re.compile(r'<c r="([A-Z]+[0-9]+)"[^>]*>(.*?)</c>', re.DOTALL)
FORMULA = re.compile(r"<f>(.*?)</f><v>(.*?)</v>")
RANGE = r"\$[A-Z]+\$[0-9]+:\$[A-Z]+\$[0-9]+"
THERE = f"'Allocation'!{RANGE}"
SUM = re.compile(rf"SUBTOTAL\(109,{RANGE}\)|SUMIFS\({THERE}(,{THERE},\$[A-Z]+[0-9]+)+\)")


def read(folder: Path) -> WorkbookRun:
    return WorkbookRun(run=read_run(folder), above=above_in(run_tree(folder)))


def rows_of(book: bytes, sheet: str) -> list[list[Any]]:
    """Rows of a sheet by calamine, which computes nothing: cached values alone."""
    opened = CalamineWorkbook.from_filelike(io.BytesIO(book))
    return opened.get_sheet_by_name(sheet).to_python(skip_empty_area=False)


def table_of(book: bytes, sheet: str, first: str) -> list[dict[str, Any]]:
    """Rows below the headings, of which `first` is one."""
    rows = rows_of(book, sheet)
    at = next(i for i, row in enumerate(rows) if first in row)
    return [dict(zip(rows[at], row, strict=True)) for row in rows[at + 1 :]]


def csv_of(folder: Path, name: str) -> list[dict[str, str]]:
    with (folder / f"{name}.csv").open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def formulas_of(book: bytes) -> dict[str, dict[str, tuple[str, str]]]:
    """Formula and cached value of each cell that has one, by part and place."""
    found: dict[str, dict[str, tuple[str, str]]] = {}
    with zipfile.ZipFile(io.BytesIO(book)) as packed:
        for part in packed.namelist():
            if part.startswith("xl/worksheets/"):
                for place, body in CELL.findall(packed.read(part).decode()):
                    if "<f" in body:
                        formula, value = FORMULA.fullmatch(body).groups()  # type: ignore[union-attr] # no match, no test
                        found.setdefault(part, {})[place] = (formula, value)
    return found


def figure(text: str) -> float | str:
    return float(text) if text else ""


@pytest.mark.parametrize("lang", ["en", "fr"])
@pytest.mark.parametrize("name", shipped_names())
def test_the_figures_are_those_of_the_run(solved: Solved, name: str, lang: str) -> None:
    folder = solved(name)
    book = workbook_of(read(folder), words_in(lang))
    held = CalamineWorkbook.from_filelike(io.BytesIO(book)).sheet_names
    assert [sheet for sheet in held if sheet not in ("Projects", "Projets")] == NAMES[lang]
    money, code = {"en": ("Credits", "Code"), "fr": ("Crédits", "Code")}[lang]
    plan, wanted = table_of(book, NAMES[lang][1], code), csv_of(folder, "allocation")
    # equal, not close: every digit is there
    assert [row[money] for row in plan] == [float(row["credits"]) for row in wanted]
    assert [row[code] for row in plan] == [row["territory"] for row in wanted]
    totals, wanted = table_of(book, NAMES[lang][2], money), csv_of(folder, "totals")
    assert [row[money] for row in totals] == [figure(row["credits"]) for row in wanted]
    rates, wanted = table_of(book, NAMES[lang][3], code), csv_of(folder, "indicators")
    assert [list(row.values())[-1] for row in rates] == [float(r["gap_after"]) for r in wanted]
    rules = table_of(book, NAMES[lang][5], code)
    assert len(rules) == len(csv_of(folder, "rules"))


def test_codes_are_text(solved: Solved) -> None:
    book = workbook_of(read(solved("ehpad-2004-rule")), words_in("en"))
    codes = [row["Code"] for row in table_of(book, "Allocation", "Code")]
    assert "01" in codes
    assert all(isinstance(code, str) for code in codes)
    opened = openpyxl.load_workbook(io.BytesIO(book))
    column = next(cell.column for cell in opened["Allocation"][5] if cell.value == "Code")
    cells = [row[column - 1] for row in opened["Allocation"].iter_rows(min_row=6)]
    assert {(cell.data_type, cell.number_format) for cell in cells} <= {
        ("s", "@"),
        ("inlineStr", "@"),
    }


def test_totals_are_formulas_that_hold_the_figure(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    arguments = ["--variant", "by_department", "--set", "rules.caps.active=false"]
    assert main(["solve", "ehpad-2004-rule", *arguments, "-o", str(folder)]) == 0
    book = workbook_of(read(folder), words_in("en"))
    found = formulas_of(book)
    wanted = csv_of(folder, "totals")
    figures = [float(r["credits"]) for r in wanted if r["level"] in ("region", "zone")]
    formulas = found["xl/worksheets/sheet3.xml"]
    sums = [float(v) for _, v in formulas.values()]
    assert len(figures) == 20
    assert set(figures) <= set(sums)
    assert all(re.fullmatch(r"SUMIFS\('Allocation'!.*\)", text) for text, _ in formulas.values())
    # the sums of the plan: those of the nation, which its rows come to
    above = {v: text for text, v in found["xl/worksheets/sheet2.xml"].values()}
    assert all(text.startswith("SUBTOTAL(109,") for text in above.values())
    nation = next(r for r in wanted if r["level"] == "nation" and not r["territory"])
    assert any(float(v) == pytest.approx(float(nation["credits"]), rel=1e-12) for v in above)


def test_a_total_that_is_no_sum_of_the_plan_is_a_figure(solved: Solved) -> None:
    run = read(solved("ehpad-2004-rule"))
    table = run.tables["totals"]
    at = table.columns.index("credits")
    moved = tuple(
        (*row[:at], row[at] + 1.0 if isinstance(row[at], float) else row[at], *row[at + 1 :])
        for row in table.rows
    )
    other = replace(run.run, tables={**run.tables, "totals": Table(table.columns, moved)})
    book = workbook_of(WorkbookRun(run=other, above=run.above), words_in("en"))
    rows = table_of(book, "Totals", "Credits")
    assert [r["Credits"] for r in rows] == [row[at] if row[at] is not None else "" for row in moved]
    columns = {place[0] for place in formulas_of(book)["xl/worksheets/sheet3.xml"]}
    plain = workbook_of(run, words_in("en"))
    assert len({p[0] for p in formulas_of(plain)["xl/worksheets/sheet3.xml"]} - columns) == 1


@pytest.mark.parametrize("code", ["*", "~?", "<9", "=1", "1e3", "001", "TRUE", "2a"])
def test_codes_that_a_condition_would_misread(tmp_path: Path, code: str) -> None:
    """A sum is a formula only where codes are neither patterns nor the same but for their case."""
    folder = tmp_path / "run"
    copied = tmp_path / "mine"
    assert main(["new", str(copied), "--from", "ehpad-2004-rule"]) == 0
    for table in ("territories.csv", "caps.csv"):
        text = (copied / table).read_text(encoding="utf-8")
        text = re.sub("^region,(93|94)(?=,)", lambda m: "region," + {"93": code, "94": "2A"}[m[1]],
                      text, flags=re.MULTILINE)  # fmt: skip
        text = re.sub("(?<=,)93(?=,[0-9]*$)", code, text, flags=re.MULTILINE)
        text = re.sub("(?<=,)94(?=,[0-9]*$)", "2A", text, flags=re.MULTILINE)
        (copied / table).write_text(text, encoding="utf-8")
    arguments = ["--variant", "by_department", "--set", "rules.caps.active=false"]
    assert main(["solve", str(copied), *arguments, "-o", str(folder)]) == 0
    run = read(folder)
    book = workbook_of(run, words_in("en"))
    wanted = csv_of(folder, "totals")
    rows = table_of(book, "Totals", "Credits")
    assert [row["Credits"] for row in rows] == [figure(row["credits"]) for row in wanted]
    lines = {place[1:] for place in formulas_of(book)["xl/worksheets/sheet3.xml"]}
    misread = {f"region:{code}"} if set(code) & set("*?~<>=") else set()
    misread |= {"region:2a", "region:2A"} if code == "2a" else set()
    for number, row in enumerate(rows, 5):
        if str(row["Identifier"]).startswith("region:"):
            assert (str(number) not in lines) == (row["Identifier"] in misread)


HOSTILE = (
    "<script>alert(1)</script>",
    "\" onload='alert(1)' x=\"",
    "\u202e\u2067right to left\u200f",
    "=cmd()|' /C calc'!A0",
    "+1+1",
    "-2+3",
    "@SUM(A1)",
    "\t=1+1",
    "_x0041_&amp;",
    "\x01\x1f",
    "x" * 500,
    "é" * 40_000,
    "{=1}",
    "&" * 300,
    "&L&9&[File]",
    "http://example.org/",
    "<r>a & b</r>",
)


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names_are_text(solved: Solved, name: str) -> None:
    run = read(solved("ehpad-2004-rule"))
    named = {"territory_name": name, "rule": name, "territory": name}
    tables = {
        key: Table(
            table.columns,
            tuple(
                tuple(named.get(c, v) if v else v for c, v in zip(table.columns, row, strict=True))
                for row in table.rows
            ),
        )
        for key, table in run.tables.items()
    }
    choices = {name: {"value": name}}
    scenario = {**run.scenario, "title": name, "sources": [name], "choices": choices}
    record = {**run.record, "scenario": scenario, "name": name}
    hostile = replace(run.run, record=record, tables=tables)
    book = workbook_of(WorkbookRun(run=hostile, above=run.above), words_in("en"))
    # no formula but those that add up
    assert all(SUM.fullmatch(f) for part in formulas_of(book).values() for f, _ in part.values())
    with zipfile.ZipFile(io.BytesIO(book)) as packed:
        # no link out, no macro
        assert not [part for part in packed.namelist() if "rels/sheet" in part or "vba" in part]
    shown = seen(name)
    shown = shown if len(shown) <= 32_767 else shown[:32_766] + "…"
    assert rows_of(book, "Read me")[0][0] == shown
    assert {row["Territory"] for row in table_of(book, "Allocation", "Code")} == {shown}
    held = "".join(str(c) for n in NAMES["en"] for row in rows_of(book, n) for c in row)
    assert not re.search("[\u200f\u202e\u2067]", held)
    openpyxl.load_workbook(io.BytesIO(book))


def test_the_same_run_gives_the_same_bytes(solved: Solved) -> None:
    folder = solved("ssiad-2004")
    code = (
        "import sys, hashlib, pathlib; from perequa.saved import *; "
        "from perequa.report.workbook import *; from perequa.words import words_in; "
        "p = pathlib.Path(sys.argv[1]); "
        "run = WorkbookRun(run=read_run(p), above=above_in(run_tree(p))); "
        "print(hashlib.sha256(workbook_of(run, words_in('fr'))).hexdigest())"
    )
    done = [
        subprocess.run(
            [sys.executable, "-c", code, str(folder)], capture_output=True, check=True, text=True
        ).stdout
        for _ in range(2)
    ]
    assert done[0] == done[1]


def test_print_set_up_and_panes(solved: Solved) -> None:
    book = openpyxl.load_workbook(
        io.BytesIO(workbook_of(read(solved("ehpad-2004-rule")), words_in("en")))
    )
    for sheet in book:
        assert sheet.page_setup.orientation == "landscape"
        assert (sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight) in ((1, 0), (None, 0))
        assert sheet.sheet_properties.pageSetUpPr.fitToPage
        heading = int(re.search("[0-9]+$", str(sheet.print_title_rows))[0])  # type: ignore[index] # as above
        assert sheet.freeze_panes is not None
        assert int(re.search("[0-9]+$", sheet.freeze_panes)[0]) == heading + 1  # type: ignore[index] # as above
        assert (sheet.auto_filter.ref is not None) == (sheet.title != "Read me")
        assert "&P / &N" in str(sheet.oddFooter.right.text) or sheet.oddFooter.right.text
    money = book["Allocation"]["H6"]
    assert money.number_format == '#,##0 "EUR"'


def test_synthetic_figures_are_told_on_every_sheet(solved: Solved) -> None:
    told = "Some figures of this scenario are synthetic: see the first sheet."
    run = read(solved("ehpad-2004-rule"))
    book = workbook_of(run, words_in("en"))
    for name in NAMES["en"]:
        assert told in [row[0] for row in rows_of(book, name)[:3]]
    said = [row[1] for row in rows_of(book, "Read me") if row[0] == "Synthetic figures"]
    assert said
    assert all("ynthetic" in text for text in said)
    rules = {k: v for k, v in run.scenario["rules"].items() if k != "caps"}
    bare = replace(run.run, record={**run.record, "scenario": {**run.scenario, "rules": rules}})
    other = workbook_of(WorkbookRun(run=bare, above=run.above), words_in("en"))
    assert rows_of(other, "Totals")[1] == [""] * len(rows_of(other, "Totals")[1])


def test_parameters_say_where_each_value_was_stated(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    arguments = ["--variant", "target_163", "--set", "rules.floor.at_least=200000"]
    assert main(["solve", "ehpad-2004-rule", *arguments, "-o", str(folder)]) == 0
    rows = {r["Parameter"]: r for r in table_of(workbook_of(read(folder), words_in("en")),
                                                 "Parameters", "Parameter")}  # fmt: skip
    floor = rows["rules.floor.at_least"]
    assert (floor["Value"], floor["Changed by"]) == (200_000, "--set rules.floor.at_least=200000")
    assert floor["In place of"] == "100000"
    target = rows["objectives.shortfall.target"]
    assert (target["Value"], target["Changed by"]) == (163, "variant target_163")
    assert (rows["currency"]["Value"], rows["currency"]["Line"]) == ("EUR", 7)
    assert rows["rules.ring_fence.territories.0"]["Value"] == "region:11"
    assert not any(path.startswith("variants") for path in rows)


def test_a_table_longer_than_a_sheet_is_told(
    solved: Solved, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sheets, "MOST_ROWS", sheets.HEAD_ROWS + 10)
    book = workbook_of(read(solved("ehpad-2004-rule")), words_in("en"))
    assert "18 rows, more than a sheet can hold: they stand in allocation.csv" in str(
        rows_of(book, "Allocation")
    )
    # totals fit, and are figures: there is nothing to add up
    assert "xl/worksheets/sheet3.xml" not in formulas_of(book)
    found = [row["Credits"] for row in table_of(book, "Totals", "Credits")]
    wanted = csv_of(solved("ehpad-2004-rule"), "totals")
    assert found == [figure(row["credits"]) for row in wanted]


def test_prices_are_said_and_infinities_are_words(solved: Solved) -> None:
    folder = solved("ehpad-2004-rule")
    for lang, words, column in (("en", "holds up to", "In words"), ("fr", "valable", "En mots")):
        book = workbook_of(read(folder), words_in(lang))
        rows = table_of(book, NAMES[lang][6], column)
        assert len(rows) == len(csv_of(folder, "shadow_prices"))
        assert any(words in row[column] for row in rows)
        assert "∞" in [cell for row in rows for cell in row.values()]
    statements = {row["statement"] for row in csv_of(folder, "shadow_prices")}
    english = table_of(workbook_of(read(folder), words_in("en")), "Prices", "In words")
    assert {row["In words"] for row in english} == statements


def test_projects_are_said_as_in_their_tables(solved: Solved) -> None:
    folder = solved("camsp-1998")
    book = workbook_of(read(folder), words_in("en"))
    for sheet, name in (("Projects", "projects"), ("Prices", "one_more")):
        said = [row["In words"] for row in table_of(book, sheet, "In words")]
        assert said == [row["statement"] for row in csv_of(folder, name)]
    ranks = [row["Rank"] for row in table_of(book, "Projects", "Rank")]
    assert ranks == [int(row["rank"]) for row in csv_of(folder, "projects")]


def test_a_run_without_prices_or_reference(tmp_path: Path) -> None:
    copied, folder = tmp_path / "mine", tmp_path / "run"
    assert main(["new", str(copied), "--from", "scm-ssad-1998"]) == 0
    arguments = ["--no-prices", "--set", "reference=[]"]
    assert main(["solve", str(copied), *arguments, "-o", str(folder)]) == 0
    book = workbook_of(read(folder), words_in("en"))
    assert "without prices" in str(rows_of(book, "Prices"))
    assert "no reference" in str(rows_of(book, "Reference"))
    plan = table_of(book, "Allocation", "Code")
    assert "Places, reference" not in plan[0]
    openpyxl.load_workbook(io.BytesIO(book))


def test_whole_places_stand_beside_those_before_rounding(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    assert main(["solve", "ehpad-2004-rule", "--whole", "-o", str(folder)]) == 0
    plan = table_of(workbook_of(read(folder), words_in("en")), "Allocation", "Code")
    wanted = csv_of(folder, "allocation")
    assert [row["Places"] for row in plan] == [float(row["places"]) for row in wanted]
    before = [row["Places before rounding"] for row in plan]
    assert before == [float(row["continuous_places"]) for row in wanted]
    assert before != [row["Places"] for row in plan]


def test_what_is_written_where(solved: Solved, tmp_path: Path) -> None:
    run = tmp_path / "run"
    shutil.copytree(solved("ehpad-2004-rule"), run)
    assert main(["report", str(run), "--lang", "fr"]) == 0
    assert sorted(p.name for p in (run / "reports").iterdir()) == [
        "report-fr.html",
        "report-fr.xlsx",
    ]
    assert main(["verify", str(run)]) == 0
    for name in ("a.xlsx", "b.html"):
        assert main(["report", str(run), "-o", str(tmp_path / name)]) == 0
    assert main(["report", str(run), "-o", str(tmp_path / "new" / "both")]) == 0
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.xlsx", "b.html", "new", "run"]
    assert {p.name for p in (tmp_path / "new" / "both").iterdir()} == {
        "report-en.html",
        "report-en.xlsx",
    }
    assert (tmp_path / "a.xlsx").read_bytes() == (
        tmp_path / "new" / "both" / "report-en.xlsx"
    ).read_bytes()
    assert main(["report", str(run), "-o", str(run / "book.xlsx")]) == 2
    assert main(["report", str(run), "-o", str(run)]) == 2
    (tmp_path / "plain").write_text("")
    assert main(["report", str(run), "-o", str(tmp_path / "plain")]) == 2
    assert main(["report", str(run), "-o", str(tmp_path / "none" / "a.xlsx")]) == 0
    assert (tmp_path / "none" / "a.xlsx").is_file()
    assert main(["verify", str(run)]) == 0


def test_figures_keep_seventeen_digits() -> None:
    values = [0.1 + 0.2, 1e-7, 5e-324, 1.7976931348623157e308, -24099999.999999993, 1e22]

    def fill(book: Any) -> None:
        sheet = book.add_worksheet("s")
        for i, value in enumerate(values):
            sheet.write_number(i, 0, xlsx.Exact(value))

    assert [row[0] for row in rows_of(xlsx.workbook_bytes(fill, "t"), "s")] == values


MARKED = ("<r>a & b</r>", "<r><t>x</t></r>", "<r></r>", " <r>a</r> ")


def test_marks_of_rich_text_are_text() -> None:
    def fill(book: Any) -> None:
        sheet = book.add_worksheet("s")
        for i, text in enumerate(MARKED):
            sheet.write_string(i, 0, text)

    book = xlsx.workbook_bytes(fill, "t")
    assert [row[0] for row in rows_of(book, "s")] == list(MARKED)
    held = openpyxl.load_workbook(io.BytesIO(book))["s"]
    assert [row[0].value for row in held.iter_rows()] == list(MARKED)


def test_help_needs_no_workbook_writer() -> None:
    code = (
        "import sys; from perequa.cli import main; main(['--help']); main(['report', '--help']); "
        "import perequa.reporting; print('xlsxwriter' in sys.modules, 'highspy' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "False False"


@with_libreoffice
@pytest.mark.parametrize("name", ["ehpad-2004-rule", "camsp-1998", "cascade-2007", "ssiad-2004"])
def test_libreoffice_computes_the_figures_of_the_run(
    solved: Solved, tmp_path: Path, name: str
) -> None:
    book = workbook_of(read(solved(name)), words_in("en"))
    # values taken away, so that what comes back was computed
    emptied = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(book)) as packed, zipfile.ZipFile(emptied, "w") as other:
        for part in packed.namelist():
            content = packed.read(part).decode()
            other.writestr(part, re.sub(r"(</f>)<v>[^<]*</v>", r"\1<v>0</v>", content))
    back = saved_again(emptied.getvalue(), tmp_path)
    for sheet in NAMES["en"]:
        wanted, found = rows_of(book, sheet), rows_of(back, sheet)
        assert len(found) == len(wanted)
        for one, other_row in zip(wanted, found, strict=True):
            for a, b in zip(one, other_row, strict=True):
                if isinstance(a, float) and isinstance(b, float):
                    assert math.isclose(a, b, rel_tol=1e-12, abs_tol=1e-9)
                else:
                    assert a == b
                    # true is not shown as 1
                    assert isinstance(a, bool) == isinstance(b, bool)
