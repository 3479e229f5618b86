"""The site of the documentation: every page in its menu, generated pages whole, links that lead."""

from __future__ import annotations

import re
import tomllib
from html.parser import HTMLParser
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from browsing import found_by_axe
from docsite.format import format_page, words
from docsite.mathematics import mathematics_page
from docsite.staging import BESIDE, led, stage

from perequa.checks.json_schema import json_schema
from perequa_models.catalogue import OBJECTIVE_KINDS, RULE_KINDS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser

TOP = Path(__file__).parents[2]
DOCS = TOP / "docs"
EXCERPT = re.compile(r"^```python excerpt (\S+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
FETCHED = {"script": "src", "img": "src", "iframe": "src", "link": "href", "source": "src"}


def entries(menu: list[Any]) -> Iterator[str]:
    """Pages of a menu, of all its levels."""
    for entry in menu:
        for target in entry.values() if isinstance(entry, dict) else [entry]:
            if isinstance(target, str):
                yield target
            else:
                yield from entries(target)


def test_every_page_stands_in_the_menu_once() -> None:
    settings = tomllib.loads((TOP / "zensical.toml").read_text(encoding="utf-8"))
    listed = list(entries(settings["project"]["nav"]))
    pages = {page.relative_to(DOCS).as_posix() for page in DOCS.rglob("*.md")}
    assert set(listed) == pages | set(BESIDE.values()) | {"mathematics.md", "format.md"}
    assert len(listed) == len(set(listed))


@pytest.mark.parametrize("kind", [*RULE_KINDS.values(), *OBJECTIVE_KINDS.values()])
def test_the_mathematics_say_everything_the_catalogue_does(kind: Any) -> None:
    page = mathematics_page(DOCS)
    (entry,) = re.findall(rf"^### {kind.name}\n(.*?)(?=^##|\Z)", page, re.MULTILINE | re.DOTALL)
    for said in (kind.words, f"$$\n{kind.equation}\n$$", f"${kind.symbol}$", kind.source):
        assert said in entry
    if kind.name in OBJECTIVE_KINDS:
        assert f"$$\n{kind.linear}\n$$" in entry
        assert "**Unit**: " in entry
    else:
        assert f"in {kind.unit}\n" in entry
        assert "**Price**: " in entry


def test_every_key_of_the_schema_stands_in_its_page() -> None:
    schema = json_schema()
    parts = re.split(r"^###? ", format_page(DOCS, schema), flags=re.MULTILINE)
    page = {part.partition("\n")[0]: part for part in parts}
    common = {name: rows(page[name]) for name in ("Rules", "Objectives")}
    required = schema["anyOf"][-1]["required"]
    nodes = {"The file": {**schema, "required": required}} | schema["$defs"]
    assert len(nodes) > 50
    for name, node in nodes.items():
        keys = node["properties"]
        kind = keys.get("kind", {}).get("const")
        section = "Objectives" if kind in OBJECTIVE_KINDS else "Rules"
        title = f"{section[:-1].lower()} {kind}" if kind else name
        stated = rows(page[title]) | (common[section] if kind else {})
        assert set(stated) == set(keys) - {"kind"}, name
        for key, row in stated.items():
            assert (row[1] == "required") is (key in node.get("required", ())), f"{name}.{key}"
            default = keys[key].get("default")
            if isinstance(default, str | int | float):
                assert row[1].strip("`") in (str(default), str(default).lower()), f"{name}.{key}"
            assert row[2], f"{name}.{key}"


def rows(part: str) -> dict[str, list[str]]:
    """Cells behind each key: what it accepts, its default, its meaning."""
    found = (re.split(r" (?<!\\)\| ", line.strip("| ")) for line in part.splitlines())
    return {r[0].strip("`"): [*r[1:], ""] for r in found if r[0].startswith("`") and len(r) > 2}


@pytest.mark.parametrize(
    ("said", "node"),
    [
        ("number, at least 0", {"anyOf": [{"type": "number", "minimum": 0}, {"type": "null"}]}),
        ("`a`, `b` or `c`", {"enum": ["a", "b", "c"]}),
        ("`a` or `b`; or whole number", {"anyOf": [{"enum": ["a", "b"]}, {"type": "integer"}]}),
        (
            "list of [Mix](#mix), one at least",
            {"type": "array", "items": {"$ref": "#/$defs/Mix"}, "minItems": 1},
        ),
        (
            "list of two: text",
            {"type": "array", "items": {"type": "string"}, "minItems": 2, "maxItems": 2},
        ),
        (
            "mapping of names to flag",
            {"type": "object", "patternProperties": {"x": {"type": "boolean"}}},
        ),
        (r"text like `^a\|b$`", {"type": "string", "pattern": "^a|b$"}),
        ("anything", {}),
    ],
)
def test_what_a_key_accepts_in_words(said: str, node: dict[str, Any]) -> None:
    assert words(node) == said


def test_links_out_of_the_pages_lead_to_the_site_or_nowhere() -> None:
    page = "[a](../../ARCHITECTURE.md) [b](../projects.md) [c](../../x.po) [d](../rules/cap.md)"
    within = "[a](../architecture.md) [b](../projects.md) c [d](../rules/cap.md)"
    assert led(page, "../") == within
    assert led("[a](../ARCHITECTURE.md) [b](../x.po) [c](rules)", "") == (
        "[a](architecture.md) b [c](mathematics.md#rules)"
    )
    assert led("```yaml floor.yaml\nformat: 1\n```", "") == "```yaml\nformat: 1\n```"


def test_excerpts_of_code_are_in_the_code() -> None:
    shown = [found for page in DOCS.rglob("*.md") for found in EXCERPT.findall(page.read_text())]
    assert len(shown) > 4
    for name, text in shown:
        assert text in (TOP / name).read_text(encoding="utf-8"), f"{name} has no longer:\n{text}"


class Fetched(HTMLParser):
    """What a page makes a browser fetch."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found += [value for key, value in attrs if value and key == FETCHED.get(tag)]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the site, strictly."""
    pytest.importorskip("latex2mathml", reason="perequa[docs] is not installed")
    pytest.importorskip("zensical", reason="perequa[docs] is not installed")
    from docsite.zensical import build  # noqa: PLC0415 - only where both are there

    folder = tmp_path_factory.mktemp("site")
    stage(TOP, folder)
    assert build(TOP, folder) == 0
    return folder / "site"


@pytest.mark.parametrize("name", ["index", "tutorial", "report", "rules/cap"])
def test_nothing_stands_in_the_way_of_a_page(site: Path, browser: Browser, name: str) -> None:
    context = browser.new_context()
    page = context.new_page()
    page.goto((site / f"{name}.html").as_uri())
    assert found_by_axe(page, "light") == []
    context.close()


def test_the_site_fetches_nothing(site: Path) -> None:
    pages = sorted(site.rglob("*.html"))
    assert len(pages) > 40
    for page in pages:
        text = page.read_text(encoding="utf-8")
        fetched = Fetched()
        fetched.feed(text)
        assert not [target for target in fetched.found if "//" in target], page.name
        assert not re.search(r"url\(.?(https?:)?//|@import", text), page.name
    cap = (site / "rules" / "cap.html").read_text(encoding="utf-8")
    assert '<math xmlns="http://www.w3.org/1998/Math/MathML" display="block">' in cap
