"""Names that attack whoever opens what they stand in, from the scenario to every document made."""

from __future__ import annotations

import csv
import io
import re
from typing import TYPE_CHECKING, Any

import openpyxl
import pytest
from campaigns import MONEY, SCENARIO, SUPPLY, written
from libreoffice import saved_again, with_libreoffice
from python_calamine import CalamineWorkbook
from reading_pages import HOSTILE, check_whole

from perequa.cli import main
from perequa.words.seen import UNSEEN, seen

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser

NAMES = (
    *HOSTILE,
    "+1+1",
    "-2+3",
    "@SUM(1)",
    "'\"&amp;&#x3C;",
    "\u200ea\u2066b\u2069",
    "_x0041_",
    "<r>rich & marked</r>",
    "é" * 500,
    "Name, with \"quotes\"; and 'more'",
)
CODES = [f"{i:02}" for i in range(10, 10 + len(NAMES))]
DOCUMENTS = ("report", "compare", "margins", "weights", "limit")
ARITHMETIC = re.compile(r"=([-+*/(),:=A-Z0-9]|\$(?=[A-Z0-9])|'[^']*'!)+")


def table(rows: list[list[str]]) -> str:
    out = io.StringIO(newline="")
    csv.writer(out, lineterminator="\n").writerows(rows)
    return out.getvalue()


def named(i: int) -> str:
    return NAMES[i % len(NAMES)]


def scenario(folder: Path) -> str:
    """The campaign in which every region, and whatever has a name in full, has a hostile one."""
    texts = iter(range(10_000))

    def titled(entries: dict[str, Any]) -> dict[str, Any]:
        return {k: {**entry, "title": named(next(texts))} for k, entry in entries.items()}

    campaign = SCENARIO["campaign"]
    lines = {
        name: {**line, "source": named(next(texts)), "because": named(next(texts))}
        for name, line in titled(campaign["lines"]).items()
    }
    delegations = {
        name: {**one, "date": named(next(texts))}
        for name, one in titled(campaign["delegations"]).items()
    }
    path = written(
        folder,
        title=HOSTILE[0],
        sources=list(NAMES),
        envelopes=titled(SCENARIO["envelopes"]),
        measures=titled(SCENARIO["measures"]),
        campaign={**campaign, "lines": lines, "delegations": delegations},
        indicators=titled(SCENARIO["indicators"]),
        rules=titled(SCENARIO["rules"]),
        objectives=titled(SCENARIO["objectives"]),
        choices={
            "one": {"value": HOSTILE[0], "alternatives": [HOSTILE[1]], "because": HOSTILE[2]},
        },
        variants={"less": {"choices.one.value": HOSTILE[4], "rules.training.at_most": 10}},
    )
    people = [[code, name] for code, name in zip(CODES, NAMES, strict=True)]
    head = ["level", "code", "name", "parent", "pop"]
    (folder / "territories.csv").write_text(
        table([head, *(["region", c, n, "", str(1000 + 100 * i)] for i, (c, n) in
                       enumerate([*people, ["11", NAMES[1]]]) if c != "11" or i == len(people)),
               ["region", "01", HOSTILE[0], "", "900"]]),
        encoding="utf-8", newline="",
    )  # fmt: skip
    others = [c for c in CODES if c != "11"]
    supply = SUPPLY + "".join(
        f"{c},{m},{'' if m == 'training' else 10},1000,0\n"
        for c in others for m in ("home", "training", "school")
    )  # fmt: skip
    (folder / "supply.csv").write_text(supply, encoding="utf-8")
    money = MONEY + "".join(f"{c},{y},5000,10,20\n" for c in others for y in (2004, 2005))
    (folder / "money.csv").write_text(money, encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Every document, in the folder returned."""
    root = tmp_path_factory.mktemp("hostile")
    mine = scenario(root / "scenario")
    out = root / "out"
    out.mkdir()
    assert main(["solve", mine, "-o", str(root / "run"), "--quiet"]) == 0
    assert main(["compare", mine, f"{mine}@less", "-o", str(root / "compare")]) == 0
    studies = {
        "margins": ["margins", mine, "--within", "1%"],
        "weights": ["weights", mine, "--from", "homes=1,schools=0", "--to", "homes=0,schools=1"],
        "limit": ["limit", mine, "--rule", "training", "--set", "rules.training.at_most=10"],
    }
    for name, asked in studies.items():
        assert main(["sensitivity", *asked, "-o", str(root / name)]) == 0
    for lang in ("en", "fr"):
        for name in DOCUMENTS:
            source = root / ("run" if name == "report" else name)
            page = out / f"{name}-{lang}.html"
            assert main(["--lang", lang, "report", str(source), "-o", str(page)]) == 0
        for command in ("report", "annexes"):
            book = out / f"{command}-{lang}.xlsx"
            assert main(["--lang", lang, command, str(root / "run"), "-o", str(book)]) == 0
    return out


@pytest.mark.parametrize("lang", ["en", "fr"])
@pytest.mark.parametrize("name", DOCUMENTS)
def test_pages_show_names_and_do_nothing_else(made: Path, name: str, lang: str) -> None:
    page = (made / f"{name}-{lang}.html").read_text(encoding="utf-8")
    read = check_whole(page, lang)
    assert not UNSEEN.search(page)
    assert not any(k.startswith("on") for _, given in read.tags for k in given)
    assert not read.all("img")
    # names of regions are there, as they were typed
    words = {text.strip() for tag in ("th", "td", "text") for text in read.inside.get(tag, [])}
    assert seen(HOSTILE[0]) in words or any(HOSTILE[0] in text for text in words)


@pytest.mark.parametrize("lang", ["en", "fr"])
@pytest.mark.parametrize("name", ["report", "annexes"])
def test_workbooks_hold_names_as_text(made: Path, name: str, lang: str) -> None:
    opened = openpyxl.load_workbook(made / f"{name}-{lang}.xlsx")
    texts = set()
    for sheet in opened:
        assert not sheet._hyperlinks
        for row in sheet.iter_rows():
            for cell in row:
                if cell.data_type == "f":
                    assert ARITHMETIC.fullmatch(cell.value), cell.value
                    assert "cmd" not in cell.value
                elif isinstance(cell.value, str):
                    texts.add(cell.value)
    assert not any(UNSEEN.search(text.replace("\n", "")) for text in texts)
    plain = CalamineWorkbook.from_path(str(made / f"{name}-{lang}.xlsx"))
    held = {
        cell
        for sheet in plain.sheet_names
        for row in plain.get_sheet_by_name(sheet).to_python()
        for cell in row
        if isinstance(cell, str)
    }
    assert {seen(n) for n in NAMES} <= held | {"+1+1"}


@with_libreoffice
@pytest.mark.parametrize("name", ["report", "annexes"])
def test_libreoffice_reads_the_same_names(made: Path, name: str, tmp_path: Path) -> None:
    book = (made / f"{name}-en.xlsx").read_bytes()
    back = saved_again(book, tmp_path)
    for one, other in zip(sheets_of(book), sheets_of(back), strict=True):
        assert len(one) == len(other)
        for line, again in zip(one, other, strict=True):
            # LibreOffice keeps fifteen digits
            assert line == [
                pytest.approx(c, rel=1e-12, abs=1e-9) if isinstance(c, float) else c for c in again
            ]


def sheets_of(book: bytes) -> Iterator[list[list[Any]]]:
    opened = CalamineWorkbook.from_filelike(io.BytesIO(book))
    for name in opened.sheet_names:
        yield opened.get_sheet_by_name(name).to_python()


@pytest.mark.parametrize("name", DOCUMENTS)
def test_a_browser_runs_nothing(browser: Browser, made: Path, name: str) -> None:
    context = browser.new_context()
    page = context.new_page()
    asked: list[str] = []
    told: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: told.append(message.text))
    page.on("pageerror", lambda error: told.append(str(error)))
    page.on("dialog", lambda dialog: (told.append(dialog.message), dialog.dismiss()))
    file = made / f"{name}-en.html"
    page.goto(file.as_uri())
    assert asked == [file.as_uri()]
    assert told == []
    context.close()
