"""The projects taken, and the waiting list of those that are not, for a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from perequa.interpret.project_sentences import (
    one_more_statement,
    project_named,
    project_statement,
)
from perequa.interpret.tables import written
from perequa.words.terms import amount

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from perequa.explaining.project import ProjectExplained
    from perequa.interpret.tables import Table
    from perequa.words import Words

SHOWN = 12
"""Projects and limits told one by one; the tables have them all."""


def project_text(answer: ProjectExplained, words: Words) -> str:
    """Say why a project is taken or not, then who waits."""
    return "\n".join([project_statement(answer.line, words), *_waiting(answer.waiting, words)])


def projects_text(projects: Table, words: Words) -> str:
    """Say who waits, in the order of service, and what each lacks."""
    lines = list(written(projects.columns, projects.rows))
    waiting = [line for line in lines if line["taken"] == "false"]
    taken = words.plural(
        "{count} project taken", "{count} projects taken", len(lines) - len(waiting)
    )
    freed = sum(float(line["frees"] or 0.0) for line in lines if line["taken"] == "true")
    if freed:
        more = words.phrase("places freed elsewhere: {count}", count=words.number(freed))
        taken = f"{taken}; {more}"
    return "\n".join([taken, *_waiting(waiting, words)])


def one_more_text(moves: Table, words: Words) -> str:
    """Say what one more of each limit brings, where it brings other projects."""
    lines = list(written(moves.columns, moves.rows))
    worth = [
        line
        for line in lines
        if line["projects_in"] and float(line["moved_limit"]) > float(line["limit"])
    ]
    told = dict.fromkeys(one_more_statement(line, words) for line in worth)
    title = words.phrase("One more of a limit, the scenario solved again:")
    nothing = words.phrase("one more of no limit brings in another project")
    return "\n".join([title, *(f"  {line}" for line in list(told)[:SHOWN] or [nothing])])


def _waiting(lines: Iterable[Mapping[str, str]], words: Words) -> list[str]:
    listed = list(lines)
    if not listed:
        return [words.phrase("No project waits.")]
    told = [words.phrase("Waiting, in the order of service:")]
    for line in listed[:SHOWN]:
        lacks = ""
        if line["missing_credits"]:
            more = amount(float(line["missing_credits"]), line["currency"], words)
            lacks = words.phrase(", taken with {amount} more of envelope", amount=more)
            if line["missing_credits_are"] == "enough":
                lacks = words.phrase(", taken with {amount} more of envelope or less", amount=more)
        name = project_named(line["project"], line["title"])
        if line["territory_name"] not in line["title"]:
            name = f"{name}, {line['territory_name']}"
        merit = words.number(float(line["merit"]))
        said = words.phrase(
            "{project}, merit {merit}{lacks}", project=name, merit=merit, lacks=lacks
        )
        told.append(f"  {line['waiting_rank']}. {said}")
    if len(listed) > SHOWN:
        more = words.phrase(
            "and {count} more in {file}", count=len(listed) - SHOWN, file="projects.csv"
        )
        told.append(f"  {more}")
    return told
