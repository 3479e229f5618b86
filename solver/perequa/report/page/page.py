"""The page: its sections in order, written as one file that asks nothing of anyone."""

from __future__ import annotations

import base64
import hashlib
import re
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from perequa.report.page.allocation import allocation
from perequa.report.page.ceilings import ceilings
from perequa.report.page.decided import decided
from perequa.report.page.envelopes import envelopes
from perequa.report.page.equity import equity
from perequa.report.page.origins import choices, origins
from perequa.report.page.prices import prices
from perequa.report.page.projects import projects
from perequa.report.page.rates import rates
from perequa.report.page.rules import rules
from perequa.report.page.whole_plan import whole_plan
from perequa.words.seen import seen

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from perequa.report.page.blocks import Section
    from perequa.report.page.borders import Borders
    from perequa.report.page.reading import PageRun
    from perequa.words import Words

COMMAND = re.compile(r"`(perequa [a-z]+)`")
TEMPLATES = Path(__file__).parent / "templates"
SECTIONS: tuple[Callable[[PageRun, Words], Section | None], ...] = (
    decided,
    rules,
    envelopes,
    allocation,
    whole_plan,
    projects,
    ceilings,
    rates,
    equity,
    prices,
    choices,
    origins,
)
"""In the order of the page; one that has nothing to say is left out."""


def page_of(run: PageRun, words: Words) -> str:
    """Write a run as one HTML file.

    Its content security policy lets nothing be fetched, and only the style and the script of the
    page itself, by their hashes. Whatever the scenario names is text: markup in it is shown as it
    was typed.

    Parameters
    ----------
    run
        The run, which has a plan.
    words
        Language of the page.
    """
    title = str(run.scenario.get("title") or run.name)
    return framed(title, [section(run, words) for section in SECTIONS], run.borders, words)


def framed(
    title: str,
    sections: Iterable[Section | None],
    borders: Mapping[str, Borders],
    words: Words,
) -> str:
    """Write sections as one HTML file; those that have nothing to say are left out."""
    style, script = _file("page.css"), _file("page.js")
    return (
        _environment()
        .get_template("page.html")
        .render(
            lang=words.lang,
            title=title,
            sections=[section for section in sections if section is not None],
            policy=_policy(style, script),
            style=Markup(style),
            script=Markup(script),
            told=_told(words),
            shapes=[s for drawn in borders.values() for s in drawn.shapes.values()],
        )
    )


def _told(words: Words) -> dict[str, str]:
    """Words of the frame, and those that the script needs."""
    return {
        "skip": words.phrase("Skip to the content"),
        "contents": words.phrase("Contents"),
        "filter": words.phrase("Show only rows that hold"),
        "save": words.phrase("Save the rows shown (CSV)"),
        # the script puts its figures where the places are
        "count": words.phrase("rows shown: {shown} of {all}", shown="{shown}", all="{all}"),
        "sort": words.phrase("sort by this column"),
        "behind": words.phrase("Table of these figures"),
        "separator": ";" if words.figures.decimal == "," else ",",
        "decimal": words.figures.decimal,
    }


def _policy(style: str, script: str) -> str:
    return (
        f"default-src 'none'; style-src '{_hash(style)}'; script-src '{_hash(script)}'; "
        "base-uri 'none'; form-action 'none'"
    )


def _hash(text: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"


def _file(name: str) -> str:
    return (TEMPLATES / name).read_text(encoding="utf-8")


def _said(text: str) -> Markup:
    """Write a sentence in which the names of commands stand between backticks."""
    return Markup(COMMAND.sub(r"<code>\1</code>", str(escape(seen(text)))))


def _seen(value: Any) -> Any:  # noqa: ANN401 - whatever a template writes
    """Show a replacement mark where a name holds what cannot be seen."""
    if isinstance(value, str) and not isinstance(value, Markup):
        return seen(value)
    if isinstance(value, float):
        # places in pictures: a tenth of a pixel, and no decimals of nothing
        return f"{round(value, 1):g}"
    return value


@cache
def _environment() -> Environment:
    made = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_seen,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters["said"] = _said
    return made
