"""`perequa report RUN`: a run as a page to read, print and hand on, and as a workbook."""

from __future__ import annotations

from pathlib import Path

import click

from perequa.cli.console import say, settings


@click.command("report", short_help="write a run as an HTML page and a workbook")
@click.argument("runs", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="RUN…")
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
def report(runs: tuple[Path, ...], output: Path | None, boundaries: Path | None) -> None:
    """Write RUN as an HTML page and as an Excel workbook.

    RUN is the folder of a run, of a comparison (`perequa compare`) or of a study; the last two have
    a page only. Several runs are compared first, as `perequa compare` does, which saves
    results/FIRST-compare. By default reports/report-<lang>.html and .xlsx inside the folder, which
    `verify` leaves aside. The page needs nothing else and asks nothing of anyone.
    """
    # imported here so that `perequa --help` does not pay for numpy
    from perequa.cli.progress import told_if_long
    from perequa.reporting import write_report
    from perequa.words import words_in

    words = words_in(settings().lang)
    folder = runs[0] if len(runs) == 1 else _compared(runs)
    with told_if_long("report"):
        places = write_report(folder, output, words, boundaries)
    for place in places:
        say(words.phrase("saved in {folder}", folder=place))


def _compared(runs: tuple[Path, ...]) -> Path:
    """Compare runs as `perequa compare` does, and return where that is saved."""
    from perequa.cli.progress import told_if_long
    from perequa.comparison.attribution import Effort
    from perequa.comparison.study import compare

    effort = Effort(exact=False, orders=100, seed=0)
    with told_if_long("compare"):
        return compare([str(run) for run in runs], None, effort, settings().lang).folder
