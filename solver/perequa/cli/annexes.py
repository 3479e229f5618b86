"""`perequa annexes RUN`: the tables of a circular, as a workbook."""

from __future__ import annotations

from pathlib import Path

import click

from perequa.cli.console import settings


@click.command("annexes", short_help="write the tables of a circular, as a workbook")
@click.argument("run", type=click.Path(path_type=Path))
@click.option(
    "-o", "--output", type=click.Path(path_type=Path), help="Folder or .xlsx file to write to."
)
@click.option(
    "--notifications",
    type=click.Path(path_type=Path, dir_okay=False),
    help="A .csv file: the sums that delegations notify, for payment systems; no annexes then.",
)
def annexes(run: Path, output: Path | None, notifications: Path | None) -> None:
    """Write the annexes of a circular from RUN, a run folder: an Excel workbook.

    The table of a decision, the construction of each envelope, one table a measure, what is
    committed and when it is paid, one page a territory, the form to return for `perequa follow-up`;
    rounded once, so that printed rows add up. By default reports/annexes-<lang>.xlsx inside the run
    folder, where `verify` compares what they print with the run.
    """
    # imported here so that `perequa --help` does not pay for numpy
    from perequa.annexes import write_annexes, write_notifications
    from perequa.cli.progress import told_if_long
    from perequa.words import words_in

    words = words_in(settings().lang)
    with told_if_long("annexes"):
        if notifications is not None:
            place = write_notifications(run, notifications)
        else:
            place = write_annexes(run, output, words)
    click.echo(words.phrase("saved in {folder}", folder=place))
