"""CSV tables made sheets of one workbook, and back: nothing is lost, whatever cells hold."""

from __future__ import annotations

import io
import shutil
from pathlib import Path

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from libreoffice import saved_again, with_libreoffice
from python_calamine import CalamineWorkbook

from perequa.cli import main
from perequa.io import table_workbook
from perequa.io.csv_text import write_csv
from perequa.io.findings import InvalidInput
from perequa.io.shipped import shipped_folder, shipped_names
from perequa.io.table_cells import figure_in, text_shown, written
from perequa.io.table_files import InputFile
from perequa.io.table_workbook import tables_workbook, typed_rows
from perequa.io.tables import RawTable, read_table

SHIPPED = shipped_folder()
assert SHIPPED is not None


def files_of(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def everything_said(folder: Path) -> str:
    return "".join(path.read_text("utf-8") for path in sorted(folder.rglob("*.yaml")))


def table(content: bytes, name: str = "t.csv", sheet: str | None = None) -> RawTable:
    return read_table(InputFile(key=name, path=Path(name), content=content), name, sheet, "supply")


def there_and_back(content: bytes) -> tuple[RawTable, bytes]:
    """The sheet of a CSV table, and the CSV table of that sheet."""
    book = tables_workbook({"t": table(content)}, ())
    sheet = table(book, "t.xlsx", "t")
    return sheet, write_csv([sheet.header, *typed_rows(sheet, book)])


class TestShippedScenarios:
    @pytest.mark.parametrize("name", shipped_names())
    def test_come_back_byte_for_byte(self, tmp_path: Path, name: str) -> None:
        book, back = tmp_path / "book", tmp_path / "back"
        assert main(["convert", name, "-o", str(book)]) == 0
        assert not list(book.rglob("*.csv"))
        assert main(["validate", str(book)]) == 0
        assert main(["convert", str(book), "-o", str(back)]) == 0
        # a table that the scenario does not name is not its own: the source of one that it does
        shipped, named = files_of(SHIPPED / name), everything_said(SHIPPED / name)
        own = {f for f in shipped if not f.endswith(".csv") or Path(f).name in named}
        assert files_of(back) == {f: shipped[f] for f in own}
        again = tmp_path / "again"
        assert main(["convert", str(back), "-o", str(again)]) == 0
        assert files_of(again) == files_of(book)

    @pytest.mark.parametrize("name", ["ehpad-2004-rule", "camsp-1998", "cascade-2007"])
    def test_have_the_same_plan_and_prices(self, tmp_path: Path, name: str) -> None:
        book = tmp_path / "book"
        assert main(["convert", name, "-o", str(book)]) == 0
        runs = []
        for source, folder in ((name, tmp_path / "one"), (str(book), tmp_path / "other")):
            assert main(["solve", source, "-o", str(folder)]) == 0
            runs.append({k: v for k, v in files_of(folder).items() if k.endswith(".csv")
                         and "inputs/" not in k})  # fmt: skip
        assert runs[0] == runs[1]
        assert main(["verify", str(tmp_path / "other")]) == 0

    @with_libreoffice
    @pytest.mark.parametrize("name", ["camsp-1998", "convergence-2013"])
    def test_come_back_from_a_spreadsheet_that_saved_them(self, tmp_path: Path, name: str) -> None:
        book, back = tmp_path / "book", tmp_path / "back"
        assert main(["convert", name, "-o", str(book)]) == 0
        path = book / "tables.xlsx"
        path.write_bytes(saved_again(path.read_bytes(), tmp_path / "office"))
        assert main(["convert", str(book), "-o", str(back)]) == 0
        assert files_of(back) == files_of(SHIPPED / name)

    def test_codes_are_text_and_figures_are_numbers(self, tmp_path: Path) -> None:
        assert main(["convert", "ehpad-2004-rule", "-o", str(tmp_path / "book")]) == 0
        path = tmp_path / "book" / "tables.xlsx"
        rows = CalamineWorkbook.from_path(path).get_sheet_by_name("caps").to_python()
        assert rows[1] == ["region", "01", 128.9, 144.6]
        cells = openpyxl.load_workbook(path)["supply"]
        assert {cells.cell(2, 1).number_format, cells.cell(2, 2).number_format} == {"@"}
        assert cells.cell(2, 3).value == 6104

    def test_zeros_behind_are_the_format_of_the_cell(self, tmp_path: Path) -> None:
        assert main(["convert", "camsp-1998", "-o", str(tmp_path / "book")]) == 0
        cells = openpyxl.load_workbook(tmp_path / "book" / "tables.xlsx")["projects"]
        shares = [row[7] for row in cells.iter_rows(min_row=2)]
        assert {(cell.value, cell.number_format) for cell in shares} == {(0.2, "0.00")}

    def test_comments_stay(self, tmp_path: Path) -> None:
        assert main(["convert", "ehpad-2004-rule", "-o", str(tmp_path / "book")]) == 0
        said = (tmp_path / "book" / "scenario.yaml").read_text(encoding="utf-8").splitlines()
        stated = (SHIPPED / "ehpad-2004-rule" / "scenario.yaml").read_text(encoding="utf-8")
        changed = [new for new, old in zip(said, stated.splitlines(), strict=True) if new != old]
        assert changed == [
            "territories: {file: tables.xlsx, sheet: territories, levels: [region, department]}",
            "supply: {file: tables.xlsx, sheet: supply, level: department}",
            "  - {file: tables.xlsx, sheet: caps}                # synthetic, see SOURCES.md",
        ]


SCENARIO = """\
# a comment
format: 1
name: mine
years: [2004]
territories:
  # where they are
  file: "tables/all, of them.csv"  # quoted
  levels: [region, department]
decide_at: department
measures: {ssiad: {cost: 10500}}
supply: {level: department,
  file: supply.csv  # supply
  }
indicators:
  rate: {measures: ssiad, population: pop, per: 1000}
rules:
  envelope: {kind: envelope, at_most: 900000}
  caps:
    kind: cap
    by: [department, measure]
    at_most:
      file: '2004.csv'
objectives:
  converge: {kind: shortfall, indicator: rate, level: department}
variants:
  fewer: {supply.file: fewer.csv, rules.caps.active: false}
  other:
    rules.caps.at_most.file: yes.csv   # tight
    rules.more: {kind: cap, by: [department, measure], at_most: {file: 2004.csv}}
  none: {rules.caps.active: false}
"""
TABLES = {
    "tables/all, of them.csv": "level,code,name,parent,pop\nregion,01,\"A, b\",,\n"
    "department,2A,=1+1,01,1 000\ndepartment,10,nc,01,2e3\n",
    "supply.csv": "territory,measure,installed\n2A,ssiad,10\n10,ssiad,20.50\n",
    "fewer.csv": "territory,measure,installed\n2A,ssiad,5\n10,ssiad,2\n",
    "2004.csv": "department,measure,limit\n2A,ssiad,30\n10,ssiad,40\n",
    "yes.csv": "department,measure,limit\n2A,ssiad,3\n10,ssiad,4\n",
}  # fmt: skip


@pytest.fixture
def mine(tmp_path: Path) -> Path:
    folder = tmp_path / "mine"
    (folder / "tables").mkdir(parents=True)
    (folder / "scenario.yaml").write_text(SCENARIO, encoding="utf-8", newline="")
    for name, text in TABLES.items():
        (folder / name).write_text(text, encoding="utf-8", newline="")
    return folder


def allocations(source: Path, tmp_path: Path, name: str) -> list[bytes]:
    found = []
    for variant in ((), ("fewer",), ("other",), ("none", "fewer")):
        folder = tmp_path / f"{name}-{'-'.join(variant)}"
        arguments = [part for v in variant for part in ("--variant", v)]
        assert main(["solve", str(source), *arguments, "-o", str(folder)]) == 0
        found.append((folder / "allocation.csv").read_bytes())
    return found


class TestScenarioFiles:
    def test_every_way_of_naming_a_table(self, mine: Path, tmp_path: Path) -> None:
        book, back = tmp_path / "book", tmp_path / "back"
        assert main(["convert", str(mine), "-o", str(book)]) == 0
        said = (book / "scenario.yaml").read_text(encoding="utf-8")
        assert sorted(path.name for path in book.iterdir()) == ["scenario.yaml", "tables.xlsx"]
        for line in (
            '  file: tables.xlsx\n  sheet: "all, of them"  # quoted\n',
            "  file: tables.xlsx, sheet: supply  # supply\n  }\n",
            '      file: tables.xlsx\n      sheet: "2004"\nobjectives',
            "  fewer: {supply.file: tables.xlsx, supply.sheet: fewer, rules.caps.active: false}\n",
            "    rules.caps.at_most.file: tables.xlsx\n"
            '    rules.caps.at_most.sheet: "yes"   # tight\n',
            'at_most: {file: tables.xlsx, sheet: "2004"}}\n',
        ):
            assert line in said
        assert main(["convert", str(book), "-o", str(back)]) == 0
        # the folder of one table is gone: sheets have no folders
        moved = SCENARIO.replace('"tables/all, of them.csv"', '"all, of them.csv"')
        moved = moved.replace("'2004.csv'", '"2004.csv"').replace(
            "{file: 2004.csv", '{file: "2004.csv"'
        )
        assert (back / "scenario.yaml").read_text(encoding="utf-8") == moved
        tables = {Path(name).name: text.encode() for name, text in TABLES.items()}
        assert {k: v for k, v in files_of(back).items() if k != "scenario.yaml"} == tables
        plans = allocations(mine, tmp_path, "mine")
        assert len(set(plans)) > 2
        assert allocations(book, tmp_path, "book") == plans
        assert allocations(back, tmp_path, "back") == plans

    @pytest.mark.usefixtures("mine")
    def test_what_another_scenario_states_comes_along(self, tmp_path: Path) -> None:
        other = tmp_path / "other"
        other.mkdir()
        (other / "limits.csv").write_text("department,measure,limit\n2A,ssiad,1\n10,ssiad,2\n")
        (other / "scenario.yaml").write_text(
            "format: 1\nname: other\nextends: ../mine\n"
            "rules: {caps: {at_most: {file: limits.csv}}}\n"
        )
        assert main(["convert", str(other), "-o", str(tmp_path / "book")]) == 0
        assert not list((tmp_path / "book").glob("*.csv"))
        runs = []
        for source in (other, tmp_path / "book"):
            assert main(["solve", str(source), "-o", str(tmp_path / f"run-{source.name}")]) == 0
            runs.append((tmp_path / f"run-{source.name}" / "allocation.csv").read_bytes())
        assert runs[0] == runs[1]

    def test_tables_of_a_step_have_a_workbook_beside_it(self, tmp_path: Path) -> None:
        """A region's own limits stand in the folder of its file, where it may name them."""
        source = tmp_path / "source"
        assert main(["new", str(source), "--from", "cascade-2007"]) == 0
        lines = (source / "territories.csv").read_text(encoding="utf-8").splitlines()
        codes = [text.split(",")[1] for text in lines if text.split(",")[3] == "53"]
        assert len(codes) == 4
        limits = "department,limit\n" + "".join(f"{code},2000000.5\n" for code in codes)
        (source / "regions" / "limits.csv").write_text(limits)
        with (source / "regions" / "bretagne.yaml").open("a") as stream:
            stream.write(
                "rules:\n  most: # each\n    {kind: cap, by: department, in: credits, "
                "at_most: {file: limits.csv}}\n"
            )
        book, back = tmp_path / "book", tmp_path / "back"
        assert main(["convert", str(source), "-o", str(book)]) == 0
        said = (book / "regions" / "bretagne.yaml").read_text(encoding="utf-8")
        assert "most: # each" in said
        assert "at_most: {file: tables.xlsx, sheet: limits}" in said
        assert sorted(p.relative_to(book).as_posix() for p in book.rglob("*.xlsx")) == [
            "regions/tables.xlsx",
            "tables.xlsx",
        ]
        assert main(["convert", str(book), "-o", str(back)]) == 0
        assert files_of(back) == files_of(source)
        runs = []
        for folder in (source, book):
            assert main(["solve", str(folder), "-o", str(tmp_path / f"run-{folder.name}")]) == 0
            runs.append((tmp_path / f"run-{folder.name}" / "allocation.csv").read_bytes())
        assert runs[0] == runs[1]

    def test_tables_of_both_kinds_become_one_workbook(self, mine: Path, tmp_path: Path) -> None:
        made = openpyxl.Workbook()
        made.active.title = "places"
        for line in TABLES["supply.csv"].splitlines():
            made.active.append(
                [float(c) if c[-1] == "0" and c != "10" else c for c in line.split(",")]
            )
        made.save(mine / "stock.xlsx")
        text = SCENARIO.replace("file: supply.csv", "file: stock.xlsx, sheet: places")
        (mine / "scenario.yaml").write_text(text, encoding="utf-8")
        assert main(["convert", str(mine), "-o", str(tmp_path / "book")]) == 0
        assert "file: tables.xlsx, sheet: places" in (
            tmp_path / "book" / "scenario.yaml"
        ).read_text(encoding="utf-8")
        assert main(["convert", str(tmp_path / "book"), "-o", str(tmp_path / "back")]) == 0
        assert (tmp_path / "back" / "places.csv").read_text() == TABLES["supply.csv"].replace(
            "20.50", "20.5"
        )

    def test_windows_line_ends_and_a_mark(self, mine: Path, tmp_path: Path) -> None:
        text = SCENARIO.replace("\n", "\r\n")
        (mine / "scenario.yaml").write_bytes(b"\xef\xbb\xbf" + text.encode())
        assert main(["convert", str(mine), "-o", str(tmp_path / "book")]) == 0
        said = (tmp_path / "book" / "scenario.yaml").read_bytes().decode()
        assert said.count("\r\n") == said.count("\n")
        assert main(["validate", str(tmp_path / "book")]) == 0

    def test_french_csv_is_read(self, mine: Path, tmp_path: Path) -> None:
        french = "\ufeffterritory;measure;installed\r\n2A;ssiad;10\r\n10;ssiad;20,50\r\n"
        (mine / "supply.csv").write_text(french, encoding="utf-8", newline="")
        assert main(["convert", str(mine), "-o", str(tmp_path / "book")]) == 0
        assert main(["convert", str(tmp_path / "book"), "-o", str(tmp_path / "back")]) == 0
        back = (tmp_path / "back" / "supply.csv").read_bytes()
        assert back == b'territory,measure,installed\n2A,ssiad,10\n10,ssiad,"20,50"\n'


class TestRefusals:
    def test_nothing_is_overwritten(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        monkeypatch.chdir(tmp_path)
        assert main(["convert", "ssiad-2004"]) == 0
        before = files_of(tmp_path)
        assert main(["convert", "ssiad-2004"]) == 2
        assert main(["convert", "ssiad-2004-workbook", "-o", "ssiad-2004-workbook"]) == 2
        assert "exists" in capsys.readouterr().err
        assert files_of(tmp_path) == before
        assert main(["convert", "ssiad-2004-workbook"]) == 0
        assert (tmp_path / "ssiad-2004-csv").is_dir()

    @pytest.mark.parametrize(
        ("old", "new", "code"),
        [
            ("file: '2004.csv'", "file: >-\n        2004.csv", "one line"),
            ("{rules.caps.active: false}\n", "{supply.sheet: a}\n", "name both"),
        ],
    )
    def test_what_cannot_be_edited_is_told_with_its_line(
        self, mine: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], old: str, new: str,
        code: str,
    ) -> None:  # fmt: skip
        text = SCENARIO.replace(old, new)
        assert text != SCENARIO
        (mine / "scenario.yaml").write_text(text, encoding="utf-8")
        assert main(["convert", str(mine), "-o", str(tmp_path / "book")]) == 3
        told = capsys.readouterr().err
        assert code in told
        assert f"{mine / 'scenario.yaml'}:" in told
        assert not (tmp_path / "book").exists()
        assert sorted(p.name for p in tmp_path.iterdir()) == ["mine"]

    def test_what_no_sheet_holds(
        self, mine: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
        capsys: pytest.CaptureFixture[str],
    ) -> None:  # fmt: skip
        (mine / "supply.csv").write_text(
            f"territory,measure,installed\n2A,ssiad,1\n10,ssiad,{'x' * 32_768}\n"
        )
        assert main(["convert", str(mine), "-o", str(tmp_path / "book")]) == 3
        assert f"{mine / 'supply.csv'}:3:3: error: the text is longer" in capsys.readouterr().err
        (mine / "supply.csv").write_text(TABLES["supply.csv"])
        monkeypatch.setattr(table_workbook, "MOST_ROWS", 4)
        assert main(["convert", str(mine), "-o", str(tmp_path / "book")]) == 0
        monkeypatch.setattr(table_workbook, "MOST_ROWS", 3)
        assert main(["convert", str(mine), "-o", str(tmp_path / "book2")]) == 3
        assert "larger than a sheet" in capsys.readouterr().err

    def test_no_such_scenario(self, tmp_path: Path) -> None:
        assert main(["convert", "nowhere", "-o", str(tmp_path / "book")]) == 3


def test_names_of_sheets_that_a_workbook_refuses(mine: Path, tmp_path: Path) -> None:
    """Too long, forbidden characters, the same but for the case of letters, kept by Excel."""
    names = {
        "supply.csv": f"{'x' * 40}.csv",
        "2004.csv": f"{'X' * 40}.csv",
        "fewer.csv": "history.csv",
        "yes.csv": "[a]'?*.csv",
    }
    text = SCENARIO.replace("'2004.csv'", "2004.csv")
    for old, new in names.items():
        quoted = f'"{new}"' if "[" in new else new
        text = text.replace(f": {old}", f": {quoted}")
        shutil.move(mine / old, mine / new)
    (mine / "scenario.yaml").write_text(text, encoding="utf-8")
    assert main(["convert", str(mine), "-o", str(tmp_path / "book")]) == 0
    held = CalamineWorkbook.from_path(tmp_path / "book" / "tables.xlsx").sheet_names
    assert sorted(held) == sorted(["all, of them", "x" * 31, f"{'X' * 29}_2", "history_", "_a_'__"])
    assert main(["convert", str(tmp_path / "book"), "-o", str(tmp_path / "back")]) == 0
    assert allocations(tmp_path / "back", tmp_path, "back") == allocations(mine, tmp_path, "mine")


def test_a_table_named_like_the_scenario_keeps_its_name(mine: Path, tmp_path: Path) -> None:
    text = SCENARIO.replace("file: supply.csv", "file: scenario.csv")
    (mine / "scenario.yaml").write_text(text, encoding="utf-8")
    shutil.move(mine / "supply.csv", mine / "scenario.csv")
    assert main(["convert", str(mine), "-o", str(tmp_path / "book")]) == 0
    assert main(["convert", str(tmp_path / "book"), "-o", str(tmp_path / "back")]) == 0
    assert (tmp_path / "back" / "scenario.csv").read_text() == TABLES["supply.csv"]


CELL = st.one_of(
    st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\0\ufffe\uffff")),
    st.floats(allow_nan=False, allow_infinity=False).map(repr),
    st.integers(-(10**20), 10**20).map(str),
    st.decimals(allow_nan=False, allow_infinity=False, places=3).map(lambda d: f"{d:f}"),
    st.from_regex(r"-?[0-9]{1,6}\.?[0-9]{0,4}0*", fullmatch=True),
    st.sampled_from(["", "nc", "-", "01", "2A", "0.20", "694230.0", "=1+1", "12,5 %", "1e5", "TRUE",
                     "-0", "_x0041_", "#N/A", "2004-01-01", "1 234,5", "+5", "inf",
                     "<r>a&b</r>", "<r></r>"]),
).map(str.strip)  # fmt: skip


@settings(deadline=None, max_examples=300)
@given(
    st.lists(CELL, min_size=1, max_size=12),
    st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1, max_size=12),
    st.sampled_from(["territory", "figure"]),
)
def test_any_cells_come_back(texts: list[str], figures: list[float], name: str) -> None:
    """The same text where the file was in canonical form, which is what `write_csv` writes."""
    height = max(len(texts), len(figures))
    texts += ["x"] * (height - len(texts))
    figures += [0.5] * (height - len(figures))
    rows = [(name, "number", "key")]
    rows += [(t, repr(f), f"k{i}") for i, (t, f) in enumerate(zip(texts, figures, strict=True))]
    content = write_csv(rows)
    sheet, back = there_and_back(content)
    assert back == content
    assert table(back).rows == table(content).rows
    # a program that knows nothing of formats reads the same numbers
    assert [float(row[1]) for row in sheet.rows] == figures


@given(st.floats(allow_nan=False, allow_infinity=False), st.integers(0, 35))
def test_a_figure_is_what_its_text_says(value: float, decimals: int) -> None:
    for text in (repr(value), written(value), f"{value:.{decimals}f}"):
        found = figure_in(text)
        if found is not None:
            number, shown = found
            assert number == float(text)
            again = written(number)
            assert (again if shown is None else text_shown(again, shown)) == text
    assert figure_in(written(value)) is not None or value == 0.0 or abs(value) >= 2**53 or len(
        written(value)
    ) > 11  # fmt: skip


def test_a_cell_changed_by_a_planner_is_read_as_it_is() -> None:
    """A format that shows fewer decimals than the number now has cuts nothing off."""
    book = tables_workbook({"t": table(b"territory,share\n01,0.20\n02,12.50\n")}, ())
    opened = openpyxl.load_workbook(io.BytesIO(book))
    opened["t"]["B2"] = 0.253
    saved = io.BytesIO()
    opened.save(saved)
    sheet = table(saved.getvalue(), "t.xlsx", "t")
    assert [row[1] for row in typed_rows(sheet, saved.getvalue())] == ["0.253", "12.50"]


def test_what_no_workbook_can_hold_is_told_with_its_cell() -> None:
    with pytest.raises(InvalidInput) as caught:
        tables_workbook({"t": table("a,b\n1,x\ufffe\n".encode())}, ())
    (finding,) = caught.value.findings
    assert (finding.code, finding.line, finding.column) == ("bad_character", 2, 2)
