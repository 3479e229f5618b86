"""Pages laid out for the site: those of `docs/`, what stands beside it, and what is generated."""

from __future__ import annotations

import re
import shutil
from typing import TYPE_CHECKING

from docsite.format import format_page
from docsite.mathematics import mathematics_page
from perequa.checks.json_schema import json_schema

if TYPE_CHECKING:
    from pathlib import Path

BESIDE = {
    "ARCHITECTURE.md": "architecture.md",
    "CHANGELOG.md": "changelog.md",
    "benchmarks/README.md": "benchmarks.md",
}
"""Pages that stand elsewhere in the repository, and their names on the site."""
STYLE = "site.css"
SETTINGS = "zensical.toml"
LINK = re.compile(r"\[([^\]\n]+)\]\(((?:\.\./)+[^)\s#]+)\)")
INFO = re.compile(r"^(```\w+) [^\n`]+$", re.MULTILINE)
"""A fence whose words after the language are for the tests."""
TO_FOLDER = re.compile(r"\[([^\]\n]+)\]\((rules|objectives)\)")


def stage(top: Path, folder: Path) -> None:
    """Write what the site is made of: its settings, and its pages anew in `docs`.

    Parameters
    ----------
    top
        The repository.
    folder
        Where they go.
    """
    pages = folder / "docs"
    shutil.rmtree(pages, ignore_errors=True)
    pages.mkdir(parents=True)
    for page in sorted((top / "docs").rglob("*.md")):
        name = page.relative_to(top / "docs")
        (pages / name).parent.mkdir(exist_ok=True)
        up = "../" * (len(name.parts) - 1)
        (pages / name).write_text(led(page.read_text(encoding="utf-8"), up), encoding="utf-8")
    for source, on_site in BESIDE.items():
        text = (top / source).read_text(encoding="utf-8")
        (pages / on_site).write_text(re.sub(r"\]\((\.\./)?docs/", "](", text), encoding="utf-8")
    made = {
        "mathematics.md": mathematics_page(top / "docs"),
        "format.md": format_page(top / "docs", json_schema()),
    }
    for on_site, text in made.items():
        (pages / on_site).write_text(text, encoding="utf-8")
    shutil.copyfile(top / "docsite" / STYLE, pages / STYLE)
    shutil.copyfile(top / SETTINGS, folder / SETTINGS)


def led(text: str, up: str) -> str:
    """Make a page one of the site: links out of `docs/` lead to pages of it, or lose their link.

    Parameters
    ----------
    text
        A page.
    up
        Way from the page's folder to the top of the site.
    """

    def lead(found: re.Match[str]) -> str:
        words, target = found[1], found[2]
        if (on_site := BESIDE.get(target.removeprefix(up).removeprefix("../"))) is not None:
            return f"[{words}]({up}{on_site})"
        leads_within = target.count("../") * 3 <= len(up)
        return found[0] if leads_within else words

    led_text = TO_FOLDER.sub(r"[\1](mathematics.md#\2)", LINK.sub(lead, text))
    return INFO.sub(r"\1", led_text)
