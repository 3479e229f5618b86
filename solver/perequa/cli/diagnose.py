"""`perequa diagnose SCENARIO`: why no plan exists, and the cheapest ways out."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from perequa.cli.console import CSV_FORMS, document, print_findings, say, settings

if TYPE_CHECKING:
    from collections.abc import Mapping

    from perequa.running import FinishedRun

TABLES = ("conflicts", "menus", "repairs")


@click.command("diagnose", short_help="say which rules clash, and the cheapest repair")
@click.argument("scenario", metavar="SCENARIO")
@click.option("--variant", "variants", multiple=True, metavar="NAME", help="Apply a variant.")
@click.option("--set", "sets", multiple=True, metavar="KEY=VALUE", help="Change one value.")
@click.option("--protect", "protected", multiple=True, metavar="RULE", help="Never move a rule.")
@click.option("-o", "--output", type=click.Path(path_type=Path), help="Folder to write to.")
@click.option("--format", "form", type=click.Choice(["table", "json"]), default="table")
@click.pass_context
def diagnose(
    context: click.Context,
    scenario: str,
    variants: tuple[str, ...],
    sets: tuple[str, ...],
    protected: tuple[str, ...],
    output: Path | None,
    form: str,
) -> None:
    """Say which rules of an infeasible SCENARIO clash, and what would make a plan possible.

    Ends with 0 when a plan exists (nothing is written), with 4 when none does: the diagnosis is
    printed and saved (default results/NAME-diagnose), with a scenario file for each way out.
    """
    # imported here so that `perequa --help` does not pay for the solver
    from perequa.cli.progress import told_if_long
    from perequa.running import diagnose_scenario

    run = diagnose_scenario(
        scenario,
        lambda name: output or Path("results") / f"{name}-diagnose",
        variants=variants,
        sets=sets,
        protected=protected,
        lang=settings().lang,
        watch=told_if_long,
    )
    tell_diagnosis(run, form, "diagnose")
    context.exit(run.exit_code)


def tell_diagnosis(run: FinishedRun, form: str, command: str, **more: object) -> None:
    """Print a diagnosis in the form asked for: where a CSV table was, it goes to stderr.

    Parameters
    ----------
    command, more
        The command that was given, and what else its JSON document says.
    """
    if form == "json":
        click.echo(_document(run, command, more))
    else:
        _say(run, err=form in CSV_FORMS)


def _say(run: FinishedRun, *, err: bool) -> None:
    from perequa.report.terminal import failure_text
    from perequa.words import words_in

    # what the text says of units is not said twice
    print_findings(f for f in run.findings if f.code != "suspected_unit")
    say(failure_text(run, words_in(settings().lang)), err=err)


def _document(run: FinishedRun, command: str, more: Mapping[str, object]) -> str:
    from perequa.interpret.tables import json_rows

    rows = {name: json_rows(run.tables[name]) for name in TABLES if name in run.tables}
    return document(
        command,
        run.exit_code,
        run.status,
        run.findings,
        **more,
        scenario=run.name,
        message=run.message,
        folder=None if run.folder is None else str(run.folder),
        fingerprint=run.fingerprint or None,
        **{name: rows.get(name, []) for name in TABLES},
    )
