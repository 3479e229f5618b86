"""`perequa compare RUN|SCENARIO…`: side by side, and which change did what."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from perequa.cli.console import CSV_FORMS, FORMS, document, print_findings, say, settings
from perequa.cli.solve import ORDER
from perequa.words import words_in

if TYPE_CHECKING:
    from perequa.comparison.study import Comparison


@click.command("compare", short_help="set runs or scenarios side by side")
@click.argument("sources", nargs=-1, required=True, metavar="RUN|SCENARIO[@VARIANT+…]…")
@click.option("--exact", is_flag=True, help="Combine up to ten changes exactly (usually six).")
@click.option(
    "--orders",
    type=click.IntRange(min=4),
    default=100,
    show_default=True,
    help="Orders of the changes drawn when they are too many.",
)
@click.option("--seed", type=int, default=0, show_default=True, help="Seed of those orders.")
@click.option("-o", "--output", type=click.Path(path_type=Path), help="Folder to write to.")
@click.option("--format", "form", type=click.Choice(FORMS), default="table")
@click.pass_context
def compare(
    context: click.Context,
    sources: tuple[str, ...],
    *,
    exact: bool,
    orders: int,
    seed: int,
    output: Path | None,
    form: str,
) -> None:
    """Compare runs and scenarios with the first of them that has a plan.

    A run folder is read from its files alone. A scenario (a file, a folder, the name of a shipped
    one, with its variants: mine@by_territory+no_caps) is solved in memory. Prints and saves
    (default results/FIRST-compare) what differs in the inputs, in shares, equity and prices, who
    wins and loses, and how much of each difference comes from which change.
    """
    # imported here so that `perequa --help` does not pay for the solver
    from perequa.cli.progress import told_if_long
    from perequa.comparison.attribution import Effort
    from perequa.comparison.study import compare as compared

    effort = Effort(exact=exact, orders=orders + orders % 2, seed=seed)
    with told_if_long("compare"):
        found = compared(sources, output, effort, settings().lang)
    code = next(code for code in ORDER if any(side.exit_code == code for side in found.sides))
    if form == "json":
        click.echo(_document(found, code))
    else:
        _say(found, form)
    context.exit(code)


def _say(found: Comparison, form: str) -> None:
    from perequa.report.comparison import comparison_text
    from perequa.report.printed_csv import printed_csv

    print_findings(finding for side in found.sides for finding in side.findings)
    if form in CSV_FORMS:
        click.echo(printed_csv(found.tables["shares"], form), nl=False)
    else:
        words = words_in(settings().lang)
        say(comparison_text(found.record, found.tables, words))
        say("\n" + words.phrase("saved in {folder}", folder=found.folder))
        say(words.phrase("fingerprint {fingerprint}", fingerprint=found.fingerprint))


def _document(found: Comparison, code: int) -> str:
    from perequa.interpret.tables import json_rows

    status = next(side.status for side in found.sides if side.exit_code == code)
    rows = {name: json_rows(table) for name, table in found.tables.items()}
    return document(
        "compare",
        code,
        status,
        [finding for side in found.sides for finding in side.findings],
        compared_with=found.base.name,
        level=found.level or None,
        notes=list(found.notes),
        folder=str(found.folder),
        fingerprint=found.fingerprint,
        **rows,
    )
