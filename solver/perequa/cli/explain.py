"""`perequa explain RUN`: why this territory gets this much, and who pays when a limit moves."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from perequa.cli.console import document, say, settings

if TYPE_CHECKING:
    from perequa.explaining.project import ProjectExplained
    from perequa.interpret.explanation import Explanation
    from perequa.words import Words


@click.command("explain", short_help="say why a territory gets this much, and who pays")
@click.argument("run", type=click.Path(path_type=Path))
@click.option("--territory", default="", metavar="CODE", help="A territory, or rows of a rule.")
@click.option("--project", default="", metavar="CODE", help="A project: why it, why not.")
@click.option("--rule", "rules", multiple=True, metavar="NAME", help="A rule whose limits move.")
@click.option("--measure", default="", metavar="NAME", help="Rows of one measure only.")
@click.option("--year", type=int, metavar="YEAR", help="Rows of one year only.")
@click.option("--by", type=float, multiple=True, metavar="AMOUNT", help="How far limits move.")
@click.option("--step", default="", metavar="NAME", help="Of a cascade: nation, region-84 …")
@click.option("--linked", is_flag=True, help="Limits computed from the rule's move with it.")
@click.option("--format", "form", type=click.Choice(["table", "json"]), default="table")
def explain(
    run: Path,
    territory: str,
    project: str,
    rules: tuple[str, ...],
    measure: str,
    year: int | None,
    by: tuple[float, ...],
    step: str,
    *,
    linked: bool,
    form: str,
) -> None:
    """Explain RUN, a run folder: what a rule costs and who pays, or what holds a territory.

    With --rule: its price, who gains and who loses when its limits move, each alone and all
    together; with --by, the scenario solved again after the move. With --territory alone: what it
    gets, what holds it there, what would give it one more. With --project: whether it is taken,
    and what it lacks when it is not.
    """
    # imported here so that `perequa --help` does not pay for the solver
    from perequa.cli.progress import told_if_long
    from perequa.explaining import Question, explain_project, explain_run
    from perequa.report.explanation import explanation_text
    from perequa.report.waiting_list import project_text
    from perequa.words import words_in
    from perequa_models.errors import UsageError

    words = words_in(settings().lang)
    if project:
        if territory or rules or measure or year is not None or by or linked:
            raise UsageError("--project stands alone: ask of a territory or a rule apart")
        answer = explain_project(run, project)
        if form == "json":
            click.echo(_project_document(run, answer, words))
        else:
            say(project_text(answer, words))
        return
    question = Question(
        territory=territory, rules=rules, measure=measure, year=year, by=by, linked=linked
    )
    with told_if_long("explain"):
        told = explain_run(run, question, step=step)
    if form == "json":
        click.echo(_document(run, told, words))
    else:
        say(explanation_text(told, words))


def _project_document(run: Path, answer: ProjectExplained, words: Words) -> str:
    from perequa.report.waiting_list import project_text

    return document(
        "explain",
        0,
        "optimal",
        run=str(run),
        scenario=answer.scenario,
        project=dict(answer.line),
        waiting=[dict(line) for line in answer.waiting],
        statements=project_text(answer, words).splitlines(),
    )


def _document(run: Path, told: Explanation, words: Words) -> str:
    from perequa.report.explanation import explanation_text
    from perequa.report.explanation_record import explanation_record

    return document(
        "explain",
        0,
        "optimal",
        run=str(run),
        scenario=told.run.name,
        **explanation_record(told),
        statements=explanation_text(told, words).splitlines(),
    )
