"""How far a long command is: a line for whatever lasts, a bar where somebody is looking."""

from __future__ import annotations

import math
import sys
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from perequa.cli.console import settings
from perequa.words import told, words_in

if TYPE_CHECKING:
    from collections.abc import Iterator

    from perequa.studies.sweep.study import Watch

SOLVING = "perequa-solving"
"""How the names of threads begin in which HiGHS may still work."""
PATIENCE = 2.0
"""Seconds after which what is under way is told."""


@contextmanager
def told_if_long(stage: str) -> Iterator[None]:
    """Say on stderr what is under way, once it has lasted for more than two seconds.

    Parameters
    ----------
    stage
        A stage of a run, as ``run.json`` records it, or a command.
    """
    # imported here: commands that draw nothing do not pay for it
    from perequa.words import words_in
    from perequa.words.terms import under_way

    asked = settings()
    if asked.quiet or math.inf == PATIENCE:
        yield
        return
    words = words_in(asked.lang)
    line = words.phrase("still at work: {what}", what=under_way(words)[stage])
    # in the timer's thread nothing knows the language any more
    timer = threading.Timer(PATIENCE, click.echo, [line], {"err": True})
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


@contextmanager
def watched() -> Iterator[Watch]:
    """Draw a bar on stderr where it is a terminal; only tell what happened where it is not."""
    # imported here: commands that draw nothing do not pay for it
    from perequa.studies.sweep.study import Watch

    if settings().quiet:
        yield Watch()
        return
    if not sys.stderr.isatty():
        yield Watch(said=_say)
        return
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TimeRemainingColumn,
    )

    columns = (BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    console = Console(stderr=True)
    with Progress(*columns, console=console, transient=True) as bar:
        points = bar.add_task("points", total=None)
        yield Watch(
            said=lambda sentence: console.print(_told(sentence), markup=False, highlight=False),
            done=lambda done, total: bar.update(points, completed=done, total=total),
        )


def _say(sentence: str) -> None:
    click.echo(_told(sentence), err=True)


def _told(sentence: str) -> str:
    return told(sentence, words_in(settings().lang))
