"""Why this project and not that one, and what one more of a limit changes, in words.

Each sentence is made from the row's own cells and a language alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from perequa.words.terms import (
    amount,
    limit_named,
    objective_named,
    row_named,
    signed_amount,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from perequa.words import Words

BLOCKED_BY = ("blocked_by_kinds", "blocked_by_names")
"""Cells that name what keeps a project out, one part for each row of ``blocked_by``."""


def project_statement(row: Mapping[str, str], words: Words) -> str:
    """Say whether a project is taken and, when it is not, what keeps it out.

    Parameters
    ----------
    row
        Cells of a row of ``projects.csv``, as text.
    words
        Language of the sentence.
    """
    name = _named(row)
    if row["taken"] == "true":
        return words.phrase(
            "{project} is taken: number {rank} in the order of service.", **_of(row, name)
        )
    told = [
        words.phrase(
            "{project} is not taken: number {rank} in the order of service.", **_of(row, name)
        )
    ]
    if row["blocked_by"]:
        told.append(
            words.phrase("Added to the plan it would break {rows}.", rows=_broken(row, words))
        )
    told.append(_lost(row, words))
    told.append(_envelope(row, words))
    return " ".join(part for part in told if part)


def listed(names: Iterable[str]) -> str:
    """Put names in one cell, where a semicolon parts them and stands in none of them."""
    return ";".join(name.replace(";", ",") for name in names)


def project_named(code: str, title: str) -> str:
    """Name a project by its title, with the code that commands take where the title lacks it."""
    if not title:
        return code
    return title if code in title else f"{title} ({code})"


def _named(row: Mapping[str, str]) -> str:
    return project_named(row["project"], row["title"])


def _broken(row: Mapping[str, str], words: Words) -> str:
    """Name the rows that the plan would break with a project."""
    cells = (row[name].split(";") for name in ("blocked_by", *BLOCKED_BY))
    # cells of a folder that somebody changed may not pair: `verify` says so
    triples = zip(*cells, strict=False)
    return ", ".join(_row_named(key, kind, name, words) for key, kind, name in triples)


def _row_named(key: str, kind: str, name: str, words: Words) -> str:
    """Name a row by its identifier, what it is, and whom it is about."""
    if kind == "requires":
        return words.phrase("the project that it requires ({project})", project=name)
    if kind == "group":
        return words.phrase("one project alone of {group}", group=name)
    rule, _, rest = key.partition("/")
    measure, year = ("-", "-", *rest.split("/"))[-3:-1]
    stated = {"measure": measure, "year": year}
    told = {column: "" if part == "-" else part for column, part in stated.items()}
    row = {"rule": rule, "kind": kind, "territory": "", "territory_name": name, **told}
    return row_named(row, words)


def _of(row: Mapping[str, str], name: str) -> dict[str, str]:
    return {"project": name, "rank": row["rank"]}


def _lost(row: Mapping[str, str], words: Words) -> str:
    """Say what taking it instead of others would cost."""
    at = row["lost_at"]
    alone = {
        "rules": words.phrase("No plan that keeps every rule takes it, whatever it is worth."),
        "code": words.phrase("It ties with what is taken: the order of the codes leaves it out."),
    }
    if at in alone:
        return alone[at]
    if at.startswith("first "):
        return words.phrase(
            "In its place fewer projects of class {name} would be served.", name=at[6:]
        )
    if at.startswith("prefer "):
        return words.phrase(
            "It ties in merit with what is taken, and is less preferred ({name}).", name=at[7:]
        )
    if row["missing_merit"] and float(row["missing_merit"]) > 0:
        return words.phrase(
            "To take it instead of others it lacks {merit} of merit.",
            merit=words.number(float(row["missing_merit"])),
        )
    if at.startswith("priority "):
        return words.phrase("In its place priority {priority} would be worse.", priority=at[9:])
    return words.phrase("In its place less merit would be served.")


def _envelope(row: Mapping[str, str], words: Words) -> str:
    if not row["missing_credits_are"]:
        return ""  # not looked for
    if row["missing_credits_are"] == "none":
        return words.phrase("No extra envelope alone was found with which it would be taken.")
    more = amount(float(row["missing_credits"]), row["currency"], words)
    if row["missing_credits_are"] == "enough":
        return words.phrase(
            "With {amount} more of envelope it would be taken; less may be enough.", amount=more
        )
    return words.phrase("With {amount} more of envelope it would be taken.", amount=more)


def one_more_statement(row: Mapping[str, str], words: Words) -> str:
    """Say what a limit moved by one changes.

    Parameters
    ----------
    row
        Cells of a row of ``one_more.csv``, as text.
    words
        Language of the sentence.
    """
    subject = limit_named(row, words)
    moved = words.number(float(row["moved_limit"]))
    if row["possible"] == "false":
        return words.phrase(
            "{subject}, moved to {limit}: no selection keeps every rule.",
            subject=subject,
            limit=moved,
        )
    objective = objective_named(row["objective"], row["objective_kind"], words)
    effect = signed_amount(float(row["change"]), row["objective_unit"], words)
    if not (row["projects_in"] or row["projects_out"]):
        return words.phrase(
            "{subject}, moved to {limit}: the same projects; {objective}: {effect}.",
            subject=subject,
            limit=moved,
            objective=objective,
            effect=effect,
        )
    nobody = words.phrase("none")
    return words.phrase(
        "{subject}, moved to {limit}: in {projects_in}, out {projects_out}; {objective}: {effect}.",
        subject=subject,
        limit=moved,
        projects_in=_projects(row, "in") or nobody,
        projects_out=_projects(row, "out") or nobody,
        objective=objective,
        effect=effect,
    )


def _projects(row: Mapping[str, str], way: str) -> str:
    """Name the projects that come in or go out."""
    if not row[f"projects_{way}"]:
        return ""
    cells = (row[f"{column}_{way}"].split(";") for column in ("projects", "titles"))
    return ", ".join(project_named(*pair) for pair in zip(*cells, strict=False))
