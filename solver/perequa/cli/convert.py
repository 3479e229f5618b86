"""`perequa convert SCENARIO`: its CSV tables as one workbook, or the sheets as CSV files."""

from __future__ import annotations

from pathlib import Path

import click

from perequa.cli.console import settings


@click.command("convert", short_help="make CSV tables one workbook, or a workbook CSV tables")
@click.argument("scenario", metavar="SCENARIO")
@click.option("-o", "--output", type=click.Path(path_type=Path), help="Folder to write to.")
def convert(scenario: str, output: Path | None) -> None:
    """Copy SCENARIO with its tables in the other form.

    CSV tables become the sheets of one workbook, tables.xlsx; where no table is CSV, sheets become
    CSV files. The scenario file keeps its comments and names the new tables. By default in the
    folder NAME-workbook or NAME-csv; one that exists is refused, and SCENARIO itself is never
    touched.
    """
    # imported here so that `perequa --help` does not pay for the workbook reader and writer
    from perequa.cli.progress import told_if_long
    from perequa.io.converting import convert_scenario
    from perequa.words import words_in

    with told_if_long("convert"):
        folder = convert_scenario(scenario, output)
    click.echo(words_in(settings().lang).phrase("saved in {folder}", folder=folder))
