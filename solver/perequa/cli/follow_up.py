"""`perequa follow-up RUN RETURNS…`: what territories returned, and where next year starts."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from perequa.cli.console import CSV_FORMS, FORMS, document, print_findings, say, settings

if TYPE_CHECKING:
    from perequa.follow_up import FollowedUp
    from perequa.words import Words


@click.command("follow-up", short_help="check returns against a plan; start the next year")
@click.argument("run", type=click.Path(path_type=Path))
@click.argument("returns", nargs=-1, required=True, metavar="RETURNS...")
@click.option("-o", "--output", type=click.Path(path_type=Path), help="Folder to write to.")
@click.option("--format", "form", type=click.Choice(FORMS), default="table")
@click.pass_context
def follow_up(
    context: click.Context, run: Path, returns: tuple[str, ...], output: Path | None, form: str
) -> None:
    """Check RETURNS against the plan of RUN, a run folder, and write next year's starting point.

    RETURNS are CSV files or workbooks (FILE#SHEET names a sheet) with the columns level, territory,
    measure, year, authorised, funded, opened, opening_date, closed. Ends with 0 when there are
    warnings at most, with 3 when returns contradict themselves; the tables are written either way
    (default results/NAME-follow-up), and nothing is ever overwritten.
    """
    # imported here so that `perequa --help` does not pay for numpy and pydantic
    from perequa.cli.progress import told_if_long
    from perequa.follow_up import follow_up as followed_up
    from perequa.report.printed_csv import printed_csv
    from perequa.words import words_in

    words = words_in(settings().lang)
    with told_if_long("follow-up"):
        done = followed_up(
            run, returns, lambda name: output or Path("results") / f"{name}-follow-up", words
        )
    if form == "json":
        click.echo(_document(done))
    else:
        print_findings(done.doubts)
        if form in CSV_FORMS:
            click.echo(printed_csv(done.tables["findings"], form), nl=False)
        else:
            say(_text(done, words))
    context.exit(done.exit_code)


def _text(done: FollowedUp, words: Words) -> str:
    from perequa.report.follow_up import follow_up_text

    return follow_up_text(done.name, done.next_year, done.tables, str(done.folder), words)


def _document(done: FollowedUp) -> str:
    from perequa.interpret.tables import json_rows

    tables = {name: json_rows(table) for name, table in done.tables.items()}
    returned = tables.pop("findings")
    return document(
        "follow-up",
        done.exit_code,
        "invalid" if done.exit_code else "valid",
        done.doubts,
        scenario=done.name,
        folder=str(done.folder),
        next_year=done.next_year,
        returned=returned,
        **tables,
    )
