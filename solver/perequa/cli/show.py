"""`perequa show FOLDER`: what a study, a comparison or a diagnosis printed, without solving."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from perequa.cli.console import CSV_FORMS, FORMS, document, say, settings
from perequa.words import words_in

if TYPE_CHECKING:
    from collections.abc import Mapping

    from perequa.interpret.tables import Table

OF_ITS_WRITING = frozenset(
    {
        *("schema_version", "perequa", "name", "variants", "lang", "scenario", "origins"),
        *("overwritten", "inputs", "options", "versions", "study", "status", "exit_code"),
        *("hashes", "tables", "timings", "scenarios", "attribution"),
    }
)
"""Keys of ``study.json`` that say how it was written, or that a table holds."""


@click.command("show", short_help="print a saved study again, without solving")
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--format", "form", type=click.Choice(FORMS), default="table")
def show(folder: Path, form: str) -> None:
    """Print again what `perequa sensitivity` or `perequa compare` found, from its FOLDER.

    Of a scenario without a plan, why there is none. Nothing is solved. The files are checked
    first: a folder changed since it was written is refused.
    """
    # imported here so that `perequa --help` does not pay for numpy
    from perequa.interpret.suspicion import suspicion
    from perequa.interpret.tables import Table
    from perequa.io.read_study import diagnosed, read_study_record, read_study_table
    from perequa.report.comparison import comparison_text
    from perequa.report.diagnosis import DIAGNOSED, diagnosis_text
    from perequa.report.printed_csv import printed_csv
    from perequa.report.study import study_text
    from perequa.verification.files import fingerprint, refuse_changed

    undone = diagnosed(folder)
    record = undone or read_study_record(folder)
    refuse_changed(folder)
    tables: dict[str, Table] = {}
    for name in DIAGNOSED if undone else record["tables"]:
        columns, rows = read_study_table(folder, name)
        tables[name] = Table(columns, tuple(rows))
    if form == "json":
        click.echo(_document(folder, record, tables, fingerprint(folder)))
        return
    words = words_in(settings().lang)
    if undone and form not in CSV_FORMS:
        none = words.phrase("no plan satisfies every rule")
        if record["diagnosis"].get("proven") is False:
            none = words.phrase("a plan satisfies every rule, but none in whole places")
        say(words.phrase("{name}: {message}", name=record["name"], message=none))
        suspected = [suspicion(s, words) for s in record["diagnosis"]["suspected_limits"]]
        say(diagnosis_text(tables, suspected, words))
        say(words.phrase("saved in {folder}", folder=folder))
    elif form in CSV_FORMS:
        main = "shares" if record.get("study") == "compare" else next(iter(tables))
        click.echo(printed_csv(tables[main], form), nl=False)
    elif record["study"] == "compare":
        say(comparison_text(record, tables, words))
        say("\n" + words.phrase("saved in {folder}", folder=folder))
        say(words.phrase("fingerprint {fingerprint}", fingerprint=fingerprint(folder)))
    else:
        say(f"{record['name']}, {record['study']}\n")
        say(study_text(record, tables, words))
        say("\n" + words.phrase("saved in {folder}", folder=folder))


def _document(
    folder: Path, record: Mapping[str, Any], tables: Mapping[str, Table], mark: str
) -> str:
    from perequa.interpret.tables import json_rows

    told: dict[str, Any] = {k: v for k, v in record.items() if k not in OF_ITS_WRITING}
    told |= {name: json_rows(table) for name, table in tables.items()}
    return document(
        "show",
        0,
        str(record["status"]),
        study=record.get("study"),
        scenario=record.get("name"),
        folder=str(folder),
        fingerprint=mark,
        **told,
    )
