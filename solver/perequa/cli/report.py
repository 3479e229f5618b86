"""`perequa report RUN`: a run as one page to read, print and hand on."""

from __future__ import annotations

from pathlib import Path

import click

from perequa.cli.console import say, settings


@click.command("report", short_help="write a run as one HTML page")
@click.argument("run", type=click.Path(path_type=Path))
@click.option(
    "-o", "--output", type=click.Path(path_type=Path, dir_okay=False), help="File to write to."
)
def report(run: Path, output: Path | None) -> None:
    """Write RUN, a run folder, as one HTML file that needs nothing else and asks nothing of anyone.

    By default reports/report-<lang>.html inside the run folder, which `verify` leaves aside.
    """
    # imported here so that `perequa --help` does not pay for numpy
    from perequa.reporting import write_page  # noqa: PLC0415
    from perequa.words import words_in  # noqa: PLC0415

    words = words_in(settings().lang)
    place = write_page(run, output, words)
    say(words.phrase("saved in {folder}", folder=place))
