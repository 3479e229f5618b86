"""What the commands of all studies share: the scenario, where to write, in which form to print."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from perequa.cli.console import document, print_findings, settings
from perequa.words import words_in

if TYPE_CHECKING:
    from collections.abc import Callable

    from perequa.studies.study import FinishedStudy


def scenario_options(command: Callable[..., None]) -> Callable[..., None]:
    """Give a study the scenario, where to write and in which form."""
    for option in (
        click.option("--format", "form", type=click.Choice(["table", "csv", "json"]),
                     default="table"),
        click.option("-o", "--output", type=click.Path(path_type=Path), help="Folder to write to."),
        click.option("--set", "sets", multiple=True, metavar="KEY=VALUE", help="Change one value."),
        click.option("--variant", "variants", multiple=True, metavar="NAME",
                     help="Apply a variant."),
        click.argument("scenario", metavar="SCENARIO"),
    ):  # fmt: skip
        command = option(command)
    return command


def say(finished: FinishedStudy, form: str) -> None:
    """Print what a study found, in the form asked for."""
    from perequa.report.files import csv_bytes  # noqa: PLC0415
    from perequa.report.study import study_text  # noqa: PLC0415

    answer = finished.answer
    if form == "json":
        click.echo(_document(finished))
        return
    print_findings(finished.findings)
    if form == "csv":
        click.echo(csv_bytes(next(iter(answer.tables.values()))).decode(), nl=False)
        return
    words = words_in(settings().lang)
    click.echo(f"{finished.name}, {finished.study}\n")
    click.echo(study_text(finished.record, answer.tables, words))
    click.echo("\n" + words.phrase("saved in {folder}", folder=finished.folder))


def _document(finished: FinishedStudy) -> str:
    from perequa.interpret.tables import json_value  # noqa: PLC0415

    tables = {
        name: [{k: json_value(v) for k, v in row.items()} for row in table.records()]
        for name, table in finished.answer.tables.items()
    }
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
