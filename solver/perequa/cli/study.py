"""What the commands of all studies share: the scenario, where to write, in which form to print."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from perequa.cli.console import CSV_FORMS, FORMS, document, print_findings, say, settings
from perequa.cli.diagnose import tell_diagnosis
from perequa.words import words_in

if TYPE_CHECKING:
    from collections.abc import Callable

    from perequa.studies.study import FinishedStudy, Source


def scenario_options(command: Callable[..., None]) -> Callable[..., None]:
    """Give a study the scenario, where to write and in which form."""
    for option in (
        click.option("--format", "form", type=click.Choice(FORMS), default="table"),
        click.option("-o", "--output", type=click.Path(path_type=Path), help="Folder to write to."),
        click.option("--set", "sets", multiple=True, metavar="KEY=VALUE", help="Change one value."),
        click.option("--variant", "variants", multiple=True, metavar="NAME",
                     help="Apply a variant."),
        click.argument("scenario", metavar="SCENARIO"),
    ):  # fmt: skip
        command = option(command)
    return command


def carry_out(
    study: str,
    source: Source,
    form: str,
    destination: Callable[[str], Path],
    ask: Callable[[], FinishedStudy],
) -> None:
    """Carry out a study and print what it found; where there is no plan, say why and save that.

    Parameters
    ----------
    study
        Its name.
    source
        The scenario.
    form
        In which form to print.
    destination
        Gives the folder of a scenario column; a diagnosis takes the place of the study.
    ask
        Carries it out.

    Raises
    ------
    Infeasible
        When it is the question that leaves no plan, not the scenario.
    """
    from perequa.running import diagnose_scenario
    from perequa_models.errors import Infeasible

    try:
        finished = ask()
    except Infeasible:
        run = diagnose_scenario(
            source.scenario,
            destination,
            variants=source.variants,
            sets=source.sets,
            kind=study,
            lang=source.lang,
        )
        if run.exit_code == 0:
            raise
        tell_diagnosis(run, form, "sensitivity", study=study)
        click.get_current_context().exit(run.exit_code)
    _say(finished, form)


def _say(finished: FinishedStudy, form: str) -> None:
    """Print what a study found, in the form asked for."""
    from perequa.report.printed_csv import printed_csv
    from perequa.report.study import study_text

    answer = finished.answer
    if form == "json":
        click.echo(_document(finished))
        return
    print_findings(finished.findings)
    if form in CSV_FORMS:
        click.echo(printed_csv(next(iter(answer.tables.values())), form), nl=False)
        return
    words = words_in(settings().lang)
    say(f"{finished.name}, {finished.study}\n")
    say(study_text(finished.record, answer.tables, words))
    say("\n" + words.phrase("saved in {folder}", folder=finished.folder))


def _document(finished: FinishedStudy) -> str:
    from perequa.interpret.tables import json_rows

    tables = {name: json_rows(table) for name, table in finished.answer.tables.items()}
    return document(
        "sensitivity",
        0,
        "optimal",
        finished.findings,
        study=finished.study,
        scenario=finished.name,
        folder=str(finished.folder),
        fingerprint=finished.fingerprint,
        **finished.answer.facts,
        **tables,
    )
