"""`perequa report RUN`: a run as a page to read, print and hand on, and as a workbook."""

from __future__ import annotations

from pathlib import Path

import click

from perequa.cli.console import say, settings


@click.command("report", short_help="write a run as an HTML page and a workbook")
@click.argument("run", type=click.Path(path_type=Path))
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    help="A .html or a .xlsx file to write that one alone, else a folder for both.",
)
@click.option(
    "--boundaries",
    type=click.Path(path_type=Path, dir_okay=False),
    help="GeoJSON or TopoJSON file: real borders on the maps.",
)
def report(run: Path, output: Path | None, boundaries: Path | None) -> None:
    """Write RUN, a run folder, as an HTML page and as an Excel workbook.

    By default reports/report-<lang>.html and .xlsx inside the run folder, which `verify` leaves
    aside. The page needs nothing else and asks nothing of anyone.
    """
    # imported here so that `perequa --help` does not pay for numpy
    from perequa.cli.progress import told_if_long  # noqa: PLC0415
    from perequa.reporting import write_report  # noqa: PLC0415
    from perequa.words import words_in  # noqa: PLC0415

    words = words_in(settings().lang)
    with told_if_long("report"):
        places = write_report(run, output, words, boundaries)
    for place in places:
        say(words.phrase("saved in {folder}", folder=place))
