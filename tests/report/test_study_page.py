"""The page of a study: its picture and its tables are those it saved."""

from __future__ import annotations

import csv
import re
from typing import TYPE_CHECKING

import pytest
from every_study import STUDIES
from reading_pages import check_whole

from perequa.report.page import study_page
from perequa.report.page.allocation import MOST_ROWS
from perequa.report.page.studied import PICTURES
from perequa.saved import read_study
from perequa.words import words_in

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from reading_pages import Read

    Studied = Callable[[str], Path]


def page_of(folder: Path, lang: str = "en") -> tuple[str, Read]:
    page = study_page(read_study(folder), words_in(lang))
    return page, check_whole(page, lang)


def rows_of(file: Path) -> list[dict[str, str]]:
    with file.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


@pytest.mark.parametrize("kind", STUDIES)
def test_no_code_stands_where_a_word_does(studied: Studied, kind: str) -> None:
    for lang, level in (("en", "region"), ("fr", "région")):
        _, read = page_of(studied(kind), lang)
        assert not [text for text in read.inside["th"] if "_" in text]
        assert not [text for text in read.inside["figcaption"] if "_" in text]
        cells = {text.strip() for text in read.inside["td"]}
        assert not cells & {"at_most", "at_least"}
        if "level" in read_study(studied(kind)).tables[kind].columns:
            assert level in {*cells, *(text.strip() for text in read.inside["th"])}


def test_columns_are_headed_by_objectives_in_their_own_tables_alone(studied: Studied) -> None:
    # an objective may have the name of a column
    _, read = page_of(studied("breakpoints"))
    assert "distance to the reference (distance)" in {text.strip() for text in read.inside["th"]}
    _, read = page_of(studied("implied"))
    assert "distance to optimality" in {text.strip() for text in read.inside["th"]}


def test_every_study_has_a_picture() -> None:
    assert set(STUDIES) == set(PICTURES)


@pytest.mark.parametrize("kind", STUDIES)
def test_it_holds_what_was_printed_and_every_table(studied: Studied, kind: str) -> None:
    folder = studied(kind)
    study = read_study(folder)
    assert next(iter(study.tables)) == kind
    for lang in ("en", "fr"):
        page, read = page_of(folder, lang)
        assert len(read.all("figcaption")) >= 1
        assert study.fingerprint in page
        ids = {a.get("id") for a in read.all("table")}
        assert {f"table-{name}" for name in study.tables} <= ids
        exact = {a["data-v"] for a in [*read.all("td"), *read.all("th")] if a.get("data-v")}
        stated = {
            repr(v) for t in study.tables.values() for row in t.rows[:MOST_ROWS] for v in row
            if type(v) is float
        }  # fmt: skip
        assert stated <= exact


def test_segments_are_as_long_as_their_weights(studied: Studied) -> None:
    folder = studied("breakpoints")
    _, read = page_of(folder)
    wide = [float(str(a["width"])) for a in read.all("rect") if a.get("class") == "range"]
    long = [float(r["to"]) - float(r["from"]) for r in rows_of(folder / "breakpoints.csv")]
    # the picture has a tenth of a pixel
    assert wide == pytest.approx([420.0 * x for x in long], abs=0.11)


def test_parts_of_the_triangle_have_the_areas_of_the_table(studied: Studied) -> None:
    folder = studied("triangle")
    page, _ = page_of(folder)
    areas = []
    for path in re.findall(r'class="[snp][0-9] part" d="M([^z]*)z"', page):
        points = [tuple(map(float, point.split())) for point in path.split("L")]
        areas.append(abs(sum(
            a[0] * b[1] - b[0] * a[1]
            for a, b in zip(points, points[1:] + points[:1], strict=True)
        )) / 2)  # fmt: skip
    whole = 440.0**2 * 3**0.5 / 4
    stated = [float(r["area"]) for r in rows_of(folder / "triangle.csv")]
    # corners have a tenth of a pixel
    assert [a / whole for a in areas] == pytest.approx(stated, abs=6e-4)
    assert sum(areas) == pytest.approx(whole, rel=1e-3)


@pytest.mark.parametrize("kind", ["curve", "frontier"])
def test_a_line_bends_where_the_table_does(studied: Studied, kind: str) -> None:
    folder = studied(kind)
    _, read = page_of(folder)
    listed = rows_of(folder / f"{kind}.csv")
    names = ("scale", "value") if kind == "curve" else ("shortfall", "distance")
    dots = [
        (float(str(a["cx"])), float(str(a["cy"])))
        for a in read.all("circle") if a.get("class") == "last"
    ]  # fmt: skip
    assert len(dots) == len(listed)
    # pixels are the figures moved and scaled: the ends fix both, the points between must follow
    for priority in dict.fromkeys(r.get("priority") for r in listed):
        own = [i for i, r in enumerate(listed) if r.get("priority") == priority]
        for axis, name in enumerate(names):
            values, pixels = [float(listed[i][name]) for i in own], [dots[i][axis] for i in own]
            scale = (pixels[-1] - pixels[0]) / (values[-1] - values[0])
            # more is further right, and further up, where pixels count downwards
            assert scale * (1 - 2 * axis) > 0
            expected = [pixels[0] + scale * (v - values[0]) for v in values]
            assert pixels == pytest.approx(expected, abs=0.3)


def test_margins_hold_the_plan(studied: Studied) -> None:
    _, read = page_of(studied("margins"))
    bars = [a for a in read.all("rect") if a.get("class") == "range"]
    dots = [a for a in read.all("circle") if a.get("class") == "last"]
    assert len(bars) == len(dots) == 18
    for bar, dot in zip(bars, dots, strict=True):
        left, wide = float(str(bar["x"])), float(str(bar["width"]))
        assert left - 0.2 <= float(str(dot["cx"])) <= left + wide + 0.2
