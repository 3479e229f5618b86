"""The page as a browser shows it: asks nothing of anyone, and works by hand, keyboard and paper."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING, Any

import pytest
from browsing import found_by_axe
from every_study import STUDIES

from perequa.cli import main

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, Page

    Solved = Callable[..., Path]
    Studied = Callable[[str], Path]
    Opened = Callable[..., Page]

LANGUAGES = ("en", "fr")
TRANSFER = "rules.moved={kind: transfer, from: pa, to: ph, at_most: 2000000}"
RUNS = {
    "plain": ("ehpad-2004-rule",),
    "whole": ("ehpad-2004-rule", "--whole"),
    "projects": ("camsp-1998",),
    "ceilings": ("dominic-2004",),
    "cascade": ("cascade-2007",),
    "campaign": ("campaign-2004",),
    "years": ("specific-difficulties-2020", "--variant", "five_years"),
    "transfer": (
        *("cascade-2007", "--set", "mode=integrated", "--set", "decide_at=department"),
        *("--set", TRANSFER, "--no-prices"),
    ),
}
"""A run of each kind that a page tells of."""
FAILED = (
    "ehpad-2004-rule --variant infeasible_caps",
    "mas-fdt-1998 --variant infeasible_600",
    "cascade-2007 --set rules.pa.at_most=1",
    'ehpad-2004-rule --whole --set rules.half={"kind":"contingent","equals":900.5}',
)
"""Runs without a plan: rules that clash, projects, a cascade, no whole plan."""


@pytest.fixture
def opened(browser: Browser, solved: Solved, tmp_path: Path) -> Iterator[Opened]:
    """Open the page of a run; whatever it asks for or complains of fails the test at its end."""
    contexts, asked, told = [], [], []

    def page_of(name: str | Path, lang: str = "en", **context: Any) -> Page:
        folder = solved(name) if isinstance(name, str) else name
        file = tmp_path / f"{folder.name}-{lang}.html"
        assert main(["--lang", lang, "report", str(folder), "-o", str(file)]) == 0
        contexts.append(browser.new_context(**context))
        page = contexts[-1].new_page()
        page.on("request", lambda request: asked.append(request.url))
        page.on("console", lambda message: told.append(message.text))
        page.on("pageerror", lambda error: told.append(str(error)))
        page.goto(file.as_uri())
        assert asked.pop(0) == file.as_uri()
        return page

    yield page_of
    for context in contexts:
        context.close()
    # what is saved is made in the page itself
    assert [url for url in asked if not url.startswith("blob:")] == []
    assert told == []


def nothing_stands_in_the_way(page: Page) -> None:
    """Check a page on a telephone, on paper, and by axe-core in both themes."""
    # a page as narrow as a telephone scrolls its tables, not itself
    page.set_viewport_size({"width": 390, "height": 800})
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.emulate_media(media="print")
    # A4 less its margins, in pixels of 1/96 inch
    page.set_viewport_size({"width": 680, "height": 1000})
    assert page.evaluate("document.documentElement.scrollWidth") <= 680
    page.emulate_media(media="screen")
    assert found_by_axe(page) == []


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("kind", RUNS)
def test_nothing_stands_in_the_way_of_a_run(
    opened: Opened, solved: Solved, kind: str, lang: str
) -> None:
    nothing_stands_in_the_way(opened(solved(*RUNS[kind]), lang))


@pytest.mark.parametrize("asked", FAILED)
def test_nothing_stands_in_the_way_of_a_run_without_a_plan(
    opened: Opened, tmp_path: Path, asked: str
) -> None:
    folder = tmp_path / "failed"
    assert main(["solve", *asked.split(), "-o", str(folder), "--quiet"]) == 4
    for lang in LANGUAGES:
        nothing_stands_in_the_way(opened(folder, lang))


def test_nothing_stands_in_the_way_of_a_comparison(opened: Opened, tmp_path: Path) -> None:
    folder = tmp_path / "compared"
    other = "ehpad-2004-rule@by_territory+no_caps"
    assert main(["compare", "ehpad-2004-rule", other, "-o", str(folder)]) == 0
    for lang in LANGUAGES:
        nothing_stands_in_the_way(opened(folder, lang))


@pytest.mark.parametrize("kind", STUDIES)
def test_nothing_stands_in_the_way_of_a_study(opened: Opened, studied: Studied, kind: str) -> None:
    for lang in LANGUAGES:
        nothing_stands_in_the_way(opened(studied(kind), lang))


def test_the_theme_is_that_of_the_reader(opened: Opened) -> None:
    page = opened("ehpad-2004-rule")
    paper = "getComputedStyle(document.body).backgroundColor"
    nothing = "getComputedStyle(document.querySelector('.c0, .plot')).color"
    seen = []
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme, media="screen")
        seen.append((page.evaluate(paper), page.evaluate(nothing)))
    assert seen[0][0] == "rgb(255, 255, 255)"
    assert seen[0] != seen[1]
    # ink on paper stays ink on paper
    page.emulate_media(color_scheme="dark", media="print")
    assert page.evaluate(paper) == "rgb(255, 255, 255)"


def test_axe_would_find_something(opened: Opened) -> None:
    page = opened("ehpad-2004-rule")
    page.evaluate("document.querySelector('#allocation-table-tools label').remove()")
    assert [v.split(":")[0] for v in found_by_axe(page, "light")] == ["label"]


def first_column(page: Page, table: str) -> list[str]:
    """Return the names of the rows that can be seen, from top to bottom."""
    rows = page.locator(f"#{table} tbody tr:not([hidden]) th")
    return [text.strip() for text in rows.all_text_contents()]


def allocation_rows(run: Path) -> list[dict[str, str]]:
    with (run / "allocation.csv").open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def test_a_column_sorts_both_ways(opened: Opened, solved: Solved) -> None:
    page = opened("ehpad-2004-rule")
    rows = sorted(allocation_rows(solved("ehpad-2004-rule")), key=lambda r: float(r["places"]))
    head = page.locator("#allocation-table thead th", has_text="Places").first
    head.get_by_role("button").click()
    assert head.get_attribute("aria-sort") == "ascending"
    shown = first_column(page, "allocation-table")
    assert shown[-1] == rows[-1]["territory_name"]
    places = {r["territory_name"]: float(r["places"]) for r in rows}
    assert [places[name] for name in shown] == [float(r["places"]) for r in rows]
    head.get_by_role("button").click()
    assert head.get_attribute("aria-sort") == "descending"
    assert [places[n] for n in first_column(page, "allocation-table")] == [
        float(r["places"]) for r in reversed(rows)
    ]
    assert page.locator("#allocation-table tfoot tr").count() == 4
    name = page.locator("#allocation-table thead th").first
    name.get_by_role("button").click()
    assert page.locator("#allocation-table thead th[aria-sort]").count() == 1
    alphabet = first_column(page, "allocation-table")
    assert alphabet[0] == "Auvergne-Rhône-Alpes"
    # an accent does not send a name to the end
    assert alphabet.index("Île-de-France") < alphabet.index("La Réunion")


@pytest.mark.parametrize(
    ("lang", "count", "separator", "mark"),
    [
        ("en", "rows shown: 3 of 18", ",", "."),
        ("fr", "lignes affichées\u00a0: 3 sur 18", ";", ","),
    ],
)
def test_the_rows_shown_are_saved_as_shown(
    opened: Opened, solved: Solved, lang: str, count: str, separator: str, mark: str
) -> None:
    page = opened("ehpad-2004-rule", lang)
    # neither accents nor capitals count
    page.fill("#allocation-table-filter", "ILE")
    assert first_column(page, "allocation-table") == ["Île-de-France"]
    page.fill("#allocation-table-filter", "ma")
    assert page.locator("#allocation-table-count").text_content() == count
    page.locator("#allocation-table thead button").nth(4).click()
    shown = first_column(page, "allocation-table")
    assert shown == ["Normandie", "Mayotte", "Martinique"]
    with page.expect_download() as download:
        page.click("#allocation-table-save")
    assert download.value.suggested_filename == "ehpad-2004-rule-allocation.csv"
    text = download.value.path().read_bytes().decode()
    assert text.startswith("\ufeff")
    assert text.count("\r\n") == 4
    saved = list(csv.reader(io.StringIO(text[1:]), delimiter=separator))
    plan = {r["territory_name"]: r for r in allocation_rows(solved("ehpad-2004-rule"))}
    assert [row[0] for row in saved[1:]] == shown
    for row in saved[1:]:
        expected = plan[row[0]]
        assert row[1] == expected["territory"]
        assert row[3:6] == [
            expected["year"],
            *(expected[k].replace(".", mark) for k in ("places", "credits")),
        ]


def test_a_word_is_saved_as_a_word(opened: Opened) -> None:
    page = opened("ehpad-2004-rule")
    page.evaluate(
        """document.querySelector("#allocation-table tbody th").textContent = '=1+1, "x"'"""
    )
    with page.expect_download() as download:
        page.click("#allocation-table-save")
    text = download.value.path().read_bytes().decode()
    assert text.split("\r\n")[1].startswith('"\'=1+1, ""x""",01,')


def test_all_can_be_done_from_the_keyboard(opened: Opened) -> None:
    page = opened("ehpad-2004-rule")
    page.keyboard.press("Tab")
    skip = page.locator(".skip")
    assert skip.evaluate("e => e === document.activeElement")
    box = skip.bounding_box()
    assert box is not None
    assert box["x"] >= 0
    page.keyboard.press("Enter")
    assert page.evaluate("location.hash") == "#content"
    page.focus("#allocation-table-filter")
    page.keyboard.type("mart")
    assert first_column(page, "allocation-table") == ["Martinique"]
    page.keyboard.press("Tab")
    assert page.locator("#allocation-table-save").evaluate("e => e === document.activeElement")
    page.keyboard.press("Tab")
    # the table itself can be reached, to be scrolled
    assert page.evaluate("document.activeElement.className") == "wide"
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert page.locator("#allocation-table thead th").first.get_attribute("aria-sort")
    page.keyboard.press("Space")
    head = page.locator("#allocation-table thead th").first
    assert head.get_attribute("aria-sort") == "descending"


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_page_is_printed(opened: Opened, lang: str) -> None:
    page = opened("ehpad-2004-rule", lang)
    page.emulate_media(media="print")
    assert not page.locator("nav").is_visible()
    assert not page.locator("#allocation-table-save").is_visible()
    assert page.locator("#allocation-table").is_visible()
    # A4 less its margins, in pixels of 1/96 inch: nothing is cut off on the right
    page.set_viewport_size({"width": 680, "height": 1000})
    assert page.evaluate("document.documentElement.scrollWidth") <= 680
    printed = page.pdf(prefer_css_page_size=True)
    assert printed.startswith(b"%PDF-")
    assert printed.count(b"/Type /Page\n") >= 3


def test_without_script_the_page_reads_the_same(opened: Opened) -> None:
    page = opened("ehpad-2004-rule", java_script_enabled=False)
    assert page.locator("#allocation-table tbody tr").count() == 18
    assert not page.locator("#allocation-table-save").is_visible()
    assert page.locator("thead button").count() == 0
