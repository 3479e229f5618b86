"""`perequa figures RUN`: the pictures of a run's page, for a note."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from perequa.cli.console import say, settings

if TYPE_CHECKING:
    from perequa.report.page.pictures import Form


@click.command("figures", short_help="the pictures of a run, for a note")
@click.argument("run", type=click.Path(path_type=Path))
@click.option(
    "-o", "--output", type=click.Path(path_type=Path, file_okay=False), help="Folder to write to."
)
@click.option(
    "--format",
    "form",
    type=click.Choice(["svg", "png", "pdf"]),
    default="svg",
    help="SVG (default), or PNG or PDF: pip install 'perequa[figures]'.",
)
@click.option(
    "--boundaries",
    type=click.Path(path_type=Path, dir_okay=False),
    help="GeoJSON or TopoJSON file: real borders on the maps.",
)
def figures(run: Path, output: Path | None, form: Form, boundaries: Path | None) -> None:
    """Write every picture of the page of RUN to a file of its own.

    RUN is the folder of a run, of a comparison or of a study. By default in
    reports/figures-<lang> inside it, which `verify` leaves aside.
    """
    # imported here so that `perequa --help` does not pay for numpy
    from perequa.cli.progress import told_if_long
    from perequa.reporting import write_figures
    from perequa.words import words_in

    words = words_in(settings().lang)
    with told_if_long("figures"):
        places = write_figures(run, output, words, form, boundaries)
    for place in places:
        say(words.phrase("saved in {folder}", folder=place))
