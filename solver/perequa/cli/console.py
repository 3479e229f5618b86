"""What is printed, and where: results to stdout; progress, warnings and errors to stderr."""

from __future__ import annotations

import io
import json
import os
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, TextIO

import click

from perequa import __version__
from perequa.words import SOURCE, words_in

if TYPE_CHECKING:
    from collections.abc import Iterable

    from perequa.io.findings import Finding

SCHEMA_VERSION = 1
CSV_FORMS = ("csv", "csv-fr")
FORMS = ("table", *CSV_FORMS, "json")
"""Forms in which tables are printed; ``csv-fr`` is for a French spreadsheet."""
MOST_PRINTED = 200
"""Findings printed; a table whose every row is wrong is not read further than this."""


def use_utf8() -> None:
    """Make stdout and stderr UTF-8: a redirected console in cp1252 cannot print ``→`` or U+202F.

    One that was closed before the program began is sent nowhere. It takes the number it had, lest
    the first file written be the one that libraries in C print into.
    """
    if sys.stdout is None:
        sys.stdout = _nowhere()
    if sys.stderr is None:
        sys.stderr = _nowhere()
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")


def _nowhere() -> TextIO:
    return os.fdopen(os.open(os.devnull, os.O_WRONLY), "w", encoding="utf-8")


def say(text: str, *, err: bool = False) -> None:
    """Print what a person reads: drawn on a terminal, plain text anywhere else.

    ``TERM=dumb`` is not drawn on; ``NO_COLOR`` is drawn on without colours.
    """
    stream = sys.stderr if err else sys.stdout
    if not stream.isatty() or os.environ.get("TERM", "").lower() in {"dumb", "unknown"}:
        click.echo(text, err=err)
        return
    # imported here: what nobody looks at does not pay for it
    from perequa.cli.screen import draw

    draw(text, stream)


def print_findings(findings: Iterable[Finding]) -> None:
    """Print findings on stderr, one a line; ``--quiet`` keeps the errors."""
    kept = [f for f in findings if f.severity == "error" or not settings().quiet]
    for finding in kept[:MOST_PRINTED]:
        say(str(finding), err=True)
    if len(kept) > MOST_PRINTED:
        words = words_in(settings().lang)
        more = words.phrase(
            "and {count} more (--format json lists all)", count=len(kept) - MOST_PRINTED
        )
        say(more, err=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What the options common to all commands say; every command finds it in ``context.obj``."""

    quiet: bool = False
    debug: bool = False
    lang: str = SOURCE


def settings() -> Settings:
    """Return what the common options of the current command say."""
    found = click.get_current_context().find_object(Settings)
    return found if found is not None else Settings()


def document(
    command: str, exit_code: int, status: str, findings: Iterable[Finding] = (), **more: object
) -> str:
    """Write the one JSON document of a command.

    Parameters
    ----------
    command
        Its name.
    exit_code, status
        How it ended.
    findings
        Everything found.
    more
        What the command adds, plain data.
    """
    content = {
        "schema_version": SCHEMA_VERSION,
        "command": command,
        "perequa": __version__,
        "exit_code": exit_code,
        "status": status,
        "findings": [finding.as_record() for finding in findings],
        **more,
    }
    return json.dumps(content, ensure_ascii=False, indent=2, allow_nan=False)
