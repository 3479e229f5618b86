"""`perequa directory`: a public directory of establishments made the tables of a scenario."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import click

from perequa.cli.console import print_findings, say, settings
from perequa.words import words_in

if TYPE_CHECKING:
    from perequa.directory import Directory


@click.command("directory")
@click.argument(
    "paths", metavar="FILE...", nargs=-1, required=True, type=click.Path(path_type=Path)
)
@click.option(
    "-o", "--output", required=True, type=click.Path(path_type=Path), help="New folder to write."
)
@click.option(
    "--category", "categories", multiple=True, metavar="CODE", help="Keep this category of FINESS."
)
@click.option(
    "--measure", default="ehpad", show_default=True, help="Measure whose places they have."
)
def directory(
    paths: tuple[Path, ...], *, output: Path, categories: tuple[str, ...], measure: str
) -> None:
    """Make the directory in FILE, as downloaded, the tables of a scenario.

    Reads the directory of the CNSA, any table with FINESS numbers, or the extraction of FINESS
    (establishments, and the file of equipment for their places). Writes territories.csv and
    supply.csv to the new folder.
    """
    # imported here so that `perequa --help` does not pay for reading files
    from perequa.cli.progress import told_if_long
    from perequa.directory import read_directories, tables
    from perequa.io.copying import check_new, write_new

    check_new(output)
    with told_if_long("directory"):
        found = read_directories(paths, categories)
        write_new(output, tables(found, measure))
    print_findings(found.findings)
    say(_summary(found, output))


def _summary(found: Directory, output: Path) -> str:
    ones = found.establishments.values()
    departments = Counter(one.department for one in ones)
    places = sum(one.capacity or 0.0 for one in ones)
    words = words_in(settings().lang)
    return words.phrase(
        "{count} establishments in {departments} departments, {places} places: {folder}",
        count=words.number(len(found.establishments)),
        departments=len(departments),
        places=words.number(round(places)),
        folder=output,
    )
