"""Tables are read as text, from CSV files and from sheets of workbooks."""

from __future__ import annotations

import contextlib
import datetime
import io
import zipfile
from pathlib import Path

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from perequa.io import limits, table_files, workbooks
from perequa.io.findings import InvalidInput, column_letters
from perequa.io.scenario_files import read_scenario
from perequa.io.table_files import InputFile
from perequa.io.tables import RawTable, read_table


def read(content: bytes, name: str = "t.csv", sheet: str | None = None) -> RawTable:
    file = InputFile(key=name, path=Path(name), content=content)
    return read_table(file, f"shown/{name}", sheet, "supply")


Place = tuple[object, ...]


def refused(content: bytes, name: str = "t.csv", sheet: str | None = None) -> list[Place]:
    with pytest.raises(InvalidInput) as caught:
        read(content, name, sheet)
    return [(f.code, f.line, f.column) for f in caught.value.findings]


def book(rows: dict[str, list[list[object]]]) -> bytes:
    made = openpyxl.Workbook()
    made.remove(made.worksheets[0])
    for name, lines in rows.items():
        sheet = made.create_sheet(name)
        for line in lines:
            sheet.append(line)
    stream = io.BytesIO()
    made.save(stream)
    return stream.getvalue()


@pytest.mark.parametrize("start", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
def test_csv_with_and_without_mark(start: bytes, end: bytes) -> None:
    table = read(start + end.join([b"code, name", b"01,\xc3\x89tel", b"", b"2A, x ", b""]))
    assert table.header == ("code", "name")
    assert table.rows == (("01", "Étel"), ("2A", "x"))
    assert (table.header_line, table.lines) == (1, (2, 4))
    assert (table.key, table.sheet) == ("t.csv", "")


def test_semicolons_are_read_when_the_header_has_no_comma() -> None:
    table = read(b"code;rate\n01;1,5\n")
    assert (table.header, table.rows) == (("code", "rate"), (("01", "1,5"),))
    assert read(b"code,a;b\n01,2\n").header == ("code", "a;b")


def test_lines_of_quoted_cells_are_counted() -> None:
    table = read(b'code,note\n1,"two\nlines"\n2,x\n')
    assert table.lines == (2, 4)
    assert table.finding("c", "m", 1, "note").place == "shown/t.csv:4:2"
    assert table.finding("c", "m", None, "note").place == "shown/t.csv:1:2"


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (b"\n \n", [("empty_file", None, None)]),
        (b"a,a\n1,2\n", [("repeated_column", 1, 2)]),
        (b"a,\n1,2\n", [("unnamed_column", 1, 2)]),
        (b"a,b\n1\n2,3\n4,5,6\n", [("ragged_row", 2, 1), ("ragged_row", 4, 3)]),
        (b'a,b\n1,"x\n', [("csv_syntax", 2, 1)]),
        (b'a,b\n1,"x"y\n', [("csv_syntax", 2, 1)]),
        (b"a\nb\xff\n", [("not_utf8", 2, 2)]),
        (b"a\n1\x002\n", [("binary_file", 2, 2)]),
        (b"a\n" + b"x" * 200_000 + b"\n", [("csv_syntax", 2, 1)]),
    ],
)
def test_what_is_not_a_table(content: bytes, found: list[tuple[object, ...]]) -> None:
    assert refused(content) == found


def test_a_column_left_empty_is_ignored() -> None:
    assert read(b"a,,b,\n1,,2,\n").header == ("a", "b")
    assert read(b"a,,b,\n1,,2,\n").finding("c", "m", 0, "b").column == 3


def test_cells_of_a_sheet_are_text_and_have_addresses() -> None:
    content = book(
        {
            "other": [["x"], [1]],
            "supply": [[None, "code", "n", "r", "d"], [],
                       [None, "01", 2, 1.5, datetime.date(2004, 8, 30)],
                       [None, 2, True, None, "x"]],
        }
    )  # fmt: skip
    table = read(content, "book.xlsx")
    assert (table.key, table.sheet) == ("book.xlsx#supply", "supply")
    assert table.header == ("code", "n", "r", "d")
    assert table.rows == (("01", "2", "1.5", "2004-08-30"), ("2", "true", "", "x"))
    assert table.finding("c", "m", 1, "r").place == "shown/book.xlsx:supply!D4"


def test_sheets_by_name_by_section_then_first() -> None:
    content = book({"first": [["a"], [1]], "second": [["b"], [1]]})
    assert read(content, "b.xlsx").header == ("a",)
    assert read(content, "b.xlsx", "second").header == ("b",)
    assert refused(content, "b.xlsx", "secnd") == [("unknown_sheet", None, None)]
    assert refused(b"a\n1\n", "b.csv", "second") == [("not_a_workbook", None, None)]


def test_formulas_without_their_result_are_found() -> None:
    content = book({"supply": [["a", "b"], [1, "=A2*2"], ["=A2", 3]]})
    assert refused(content, "b.xlsx") == [
        ("formula_not_calculated", 2, 2),
        ("formula_not_calculated", 3, 1),
    ]


def test_formulas_with_their_result_are_read() -> None:
    content = book({"supply": [["a", "b"], [1, "=A2*2"]]})
    calculated = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(calculated, "w") as new:
        for name in old.namelist():
            new.writestr(name, old.read(name).replace(b"<v></v>", b"<v>2</v>").replace(
                b"<v />", b"<v>2</v>").replace(b"<v/>", b"<v>2</v>"))  # fmt: skip
    assert read(calculated.getvalue(), "b.xlsx").rows == (("1", "2"),)


@pytest.mark.parametrize(
    "content", [b"PK\x03\x04", b"not a workbook", b"\xd0\xcf\x11\xe0" + b"x" * 600]
)
@pytest.mark.parametrize("name", ["b.xlsx", "b.ods", "b.xls"])
def test_a_broken_workbook_is_a_finding(content: bytes, name: str) -> None:
    assert refused(content, name) == [("unreadable_workbook", None, None)]


def test_a_workbook_that_unpacks_too_large_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workbooks, "TABLE_BYTES", 500)
    assert refused(book({"supply": [["a"], [1]]}), "b.xlsx") == [("file_too_large", None, None)]


def test_a_table_over_the_limit_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(table_files, "TABLE_BYTES", 10)
    (tmp_path / "scenario.yaml").write_text("supply: {file: s.csv}\n")
    (tmp_path / "s.csv").write_text("a,b\n1,2\n3,4\n")
    raw = read_scenario(str(tmp_path))
    assert [(f.code, f.file) for f in raw.findings] == [("file_too_large", str(tmp_path / "s.csv"))]
    assert limits.TABLE_BYTES == 256_000_000


def test_letters_of_columns() -> None:
    assert [column_letters(n) for n in (1, 26, 27, 52, 703)] == ["A", "Z", "AA", "AZ", "AAA"]


@settings(max_examples=60)
@given(st.binary(max_size=200) | st.text(max_size=200).map(lambda t: t.encode(errors="replace")))
def test_any_bytes_are_a_table_or_findings(content: bytes) -> None:
    try:
        table = read(content)
    except InvalidInput:
        return
    assert all(len(row) == len(table.header) for row in table.rows)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 4000), st.binary(min_size=1, max_size=30))
def test_a_spoiled_workbook_is_a_table_or_findings(position: int, piece: bytes) -> None:
    content = bytearray(BOOK)
    at = position % len(content)
    content[at : at + len(piece)] = piece
    with contextlib.suppress(InvalidInput):
        read(bytes(content), "b.xlsx")


BOOK = book({"supply": [["a", "b"], [1, "x"], [2, "y"]]})
