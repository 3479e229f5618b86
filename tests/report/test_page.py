"""The page of a run: well formed, closed to the world, in both languages, whatever names hold."""

from __future__ import annotations

import base64
import hashlib
import re
import shutil
import subprocess
import sys
from collections import Counter
from dataclasses import replace
from html.parser import HTMLParser
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest

from perequa.cli import main
from perequa.interpret.tables import Table
from perequa.io.shipped import shipped_names
from perequa.report.page import page_of
from perequa.reporting import read_run
from perequa.words import words_in

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Solved = Callable[[str], Path]

HOSTILE = (
    "<script>alert(1)</script>",
    "\" onload='alert(1)' x=\"",
    "</style><img src=x onerror=alert(1)>",
    "\u202e\u2067right to left\u200f",
    "=cmd()|' /C calc'!A0",
    "{{ 7 * 7 }}{% raw %}",
    "x" * 500,
)
VOID = {"meta", "input", "br", "img", "link"}


class Read(HTMLParser):
    """What a page holds, by `html.parser`."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.inside: dict[str, list[str]] = {}
        self.feed(page)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)
            self.inside.setdefault(tag, []).append("")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open:
            self.inside[self.open[-1]][-1] += data

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]


def check_whole(page: str, lang: str) -> Read:
    read = Read(page)
    (html,) = read.all("html")
    assert html["lang"] == lang
    ids = Counter(a["id"] for _, a in read.tags if a.get("id"))
    assert [name for name, count in ids.items() if count > 1] == []
    for _, attributes in read.tags:
        for key in ("aria-labelledby", "aria-describedby", "for"):
            assert attributes.get(key) is None or attributes[key] in ids
        assert not any(key.startswith("on") or key == "style" for key in attributes)
        for key in ("src", "action", "xlink:href"):
            assert key not in attributes
        assert (attributes.get("href") or "#").startswith("#")
        assert (attributes.get("href") or "#")[1:] in {*ids, ""}
    assert read.all("table")
    assert len(read.all("caption")) == len(read.all("table"))
    assert all(a.get("scope") in ("col", "row") for a in read.all("th"))
    levels = [int(tag[1]) for tag, _ in read.tags if re.fullmatch("h[1-6]", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(b <= a + 1 for a, b in pairwise(levels))
    check_policy(read)
    assert len(page.encode()) < 500_000
    return read


def check_policy(read: Read) -> None:
    (policy,) = (a["content"] for a in read.all("meta") if a.get("http-equiv"))
    assert policy is not None
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    for tag in ("style", "script"):
        (content,) = read.inside[tag]
        digest = base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()
        assert f"{tag}-src 'sha256-{digest}'" in policy
        assert "http" not in content


@pytest.mark.parametrize("name", shipped_names())
def test_every_shipped_scenario_has_its_page_in_both_languages(solved: Solved, name: str) -> None:
    run = read_run(solved(name))
    for lang in ("en", "fr"):
        page = page_of(run, words_in(lang))
        check_whole(page, lang)
        assert run.fingerprint in page


def test_the_page_says_the_prices_of_the_folder(solved: Solved) -> None:
    run = read_run(solved("ehpad-2004-rule"))
    read = check_whole(page_of(run, words_in("en")), "en")
    statements = [
        str(r["statement"])
        for r in run.tables["shadow_prices"].records()
        if r["rule"] == "floor" and r["effect_of_one_more"]
    ]
    assert len(statements) == 9
    assert set(statements) <= {text.strip() for text in read.inside["li"]}


def test_cells_hold_the_figures_of_the_plan(solved: Solved) -> None:
    run = read_run(solved("ehpad-2004-rule"))
    read = Read(page_of(run, words_in("fr")))
    exact = {a["data-v"] for a in read.all("td") if a.get("data-v")}
    assert {repr(v) for v in run.tables["allocation"].column("places")} <= exact
    assert {repr(v) for v in run.tables["indicators"].column("gap_after")[:18]} <= exact


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names_are_text(solved: Solved, name: str) -> None:
    # half of the regions keep their names, so that the map is still drawn
    run = read_run(solved("ehpad-2004-rule"))
    tables = {
        key: Table(
            table.columns,
            tuple(
                tuple(
                    name if column == "territory_name" and "" < str(value) < "L" else value
                    for column, value in zip(table.columns, row, strict=True)
                )
                for row in table.rows
            ),
        )
        for key, table in run.tables.items()
    }
    scenario = {
        **run.scenario,
        "title": name,
        "sources": [name],
        "choices": {name: {"value": name}},
    }
    record = {**run.record, "scenario": scenario, "name": name}
    plain = check_whole(page_of(run, words_in("en")), "en")
    hostile = replace(run, record=record, tables=tables)
    page = page_of(hostile, words_in("en"))
    read = check_whole(page, "en")
    tags = Counter(tag for tag, _ in read.tags)
    expected = Counter(tag for tag, _ in plain.tags)
    for tag in ("script", "style", "img", "table", "svg", "section"):
        assert tags[tag] == expected[tag]
    shown = re.sub("[\u200f\u202e\u2067]", "\ufffd", name)
    assert read.inside["h1"] == [shown]
    assert any(shown == text.strip() for text in read.inside["th"])
    assert not re.search("[\u200f\u202e\u2067]", page)


def test_a_hundred_and_one_departments_fit(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    status = main(
        ["solve", "ehpad-2004-rule", "--set", "decide_at=department", "--set",
         "rules.caps.active=false", "--set", "rules.floor.by=region", "-o", str(folder)]
    )  # fmt: skip
    assert status == 0
    run = read_run(folder)
    assert len(run.tables["allocation"].rows) == 101
    check_whole(page_of(run, words_in("en")), "en")


def test_refusals(solved: Solved, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = tmp_path / "run"
    shutil.copytree(solved("ehpad-2004-rule"), run)
    assert main(["report", str(run), "-o", str(run / "page.html")]) == 2
    assert "only reports/" in capsys.readouterr().err
    assert main(["report", str(tmp_path)]) == 3
    assert main(["report", str(run)]) == 0
    assert main(["verify", str(run)]) == 0
    capsys.readouterr()
    with (run / "allocation.csv").open("a") as stream:
        stream.write("\n")
    assert main(["report", str(run)]) == 6
    assert "perequa verify" in capsys.readouterr().err
    failed = str(tmp_path / "failed")
    assert main(["solve", "ehpad-2004-rule", "--variant", "infeasible_caps", "-o", failed]) == 4
    capsys.readouterr()
    assert main(["report", failed]) == 2
    assert "no plan to report" in capsys.readouterr().err


def test_the_page_needs_no_solver() -> None:
    code = (
        "import sys, perequa.reporting; "
        "print([m for m in ('highspy', 'pyomo', 'click') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
