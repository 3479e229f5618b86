"""`--format csv-fr`: what `--format csv` prints, as a French spreadsheet opens it."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

import pytest

from perequa.cli import main
from perequa.interpret.tables import Table
from perequa.report.printed_csv import printed_csv

if TYPE_CHECKING:
    from pathlib import Path

SOLVE = ["solve", "ehpad-2004-rule"]
COMPARE = ["compare", "ehpad-2004-rule", "ehpad-2004-rule@no_caps"]
LIMIT = ["sensitivity", "limit", "ehpad-2004-rule", "--rule", "floor"]


def printed(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> str:
    capsys.readouterr()
    assert main(arguments) == 0
    return capsys.readouterr().out


def french_rows(text: str) -> list[list[str]]:
    assert text.startswith("\ufeff")
    assert text.count("\ufeff") == 1
    return list(csv.reader(io.StringIO(text[1:], newline=""), delimiter=";", strict=True))


def as_number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def check_same(french: str, plain: str) -> None:
    """The same cells, but for the decimal mark of figures."""
    one, other = french_rows(french), list(csv.reader(io.StringIO(plain, newline="")))
    assert one[0] == other[0]
    assert len(one) == len(other) > 1
    marked = 0
    for row, wanted in zip(one[1:], other[1:], strict=True):
        for text, plain_text in zip(row, wanted, strict=True):
            if text != plain_text:
                assert "." not in text
                assert as_number(text.replace(",", ".")) == as_number(plain_text) is not None
                marked += 1
    assert marked


@pytest.mark.parametrize("arguments", [SOLVE, COMPARE])
def test_the_same_cells(
    arguments: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = [*arguments, "-o", str(tmp_path / "out")]
    plain = printed([*asked, "--format", "csv"], capsys)
    assert "\ufeff" not in plain
    check_same(printed([*asked, "--format", "csv-fr"], capsys), plain)
    if arguments[0] == "compare":
        shown = printed(["show", str(tmp_path / "out"), "--format", "csv-fr"], capsys)
        check_same(shown, printed(["show", str(tmp_path / "out"), "--format", "csv"], capsys))
        assert printed(["show", str(tmp_path / "out"), "--format", "csv"], capsys) == (
            tmp_path / "out" / "shares.csv"
        ).read_text(encoding="utf-8")


def test_studies_and_follow_up(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    study = [*LIMIT, "-o", str(tmp_path / "study")]
    plain = printed([*study, "--format", "csv"], capsys)
    check_same(printed([*study, "--format", "csv-fr"], capsys), plain)
    run = str(tmp_path / "run")
    printed([*SOLVE, "-o", run], capsys)
    (tmp_path / "returns.csv").write_text(
        "level,territory,measure,year,authorised,funded,opened,opening_date,closed,comment\n"
        "region,93,ehpad,2021,0,2000.5,2000.5,2021-12-01,0,\n"
    )
    follow_up = ["follow-up", run, str(tmp_path / "returns.csv"), "-o", str(tmp_path / "f")]
    text = {}
    for form in ("csv", "csv-fr"):
        main([*follow_up[:-1], str(tmp_path / form), "--format", form])
        text[form] = capsys.readouterr().out
    check_same(text["csv-fr"], text["csv"])


def test_several_scenarios_have_one_mark(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["solve", "ehpad-2004-rule", "scm-ssad-1998", "-o", str(tmp_path)]
    rows = french_rows(printed([*arguments, "--format", "csv-fr"], capsys))
    assert [row[0] for row in rows].count("scenario") == 2


def test_texts_that_are_no_formulas() -> None:
    table = Table(
        ("name", "figure", "said"),
        (("=cmd()|'!A0", -1.5, 'a;"b"'), ("+1", 1e-07, "a\rb"), ("01", None, True), ("@x", 3, "-")),
    )
    assert printed_csv(table, "csv-fr") == (
        "\ufeffname;figure;said\n"
        '\'=cmd()|\'!A0;-1,5;"a;""b"""\n'
        '\'+1;1e-07;"a\rb"\n'
        "01;;true\n"
        "'@x;3;'-\n"
    )


def test_no_plan_goes_to_stderr(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = [*SOLVE, "--variant", "infeasible_caps", "-o", str(tmp_path / "run")]
    assert main([*arguments, "--format", "csv-fr"]) == 4
    told = capsys.readouterr()
    assert told.out == ""
    assert "floor" in told.err
