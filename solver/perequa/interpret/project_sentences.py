"""Why this project and not that one, and what one more of a limit changes, in words.

Each sentence is made from the row's own cells and a language alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from perequa.words.terms import amount, limit_named, objective_named, signed_amount

if TYPE_CHECKING:
    from collections.abc import Mapping

    from perequa.words import Words


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
        rows = row["blocked_by"].replace(";", ", ")
        told.append(words.phrase("Added to the plan it would break {rows}.", rows=rows))
    told.append(_lost(row, words))
    told.append(_envelope(row, words))
    return " ".join(part for part in told if part)


def _named(row: Mapping[str, str]) -> str:
    return f"{row['project']} ({row['title']})" if row["title"] else row["project"]


def _of(row: Mapping[str, str], name: str) -> dict[str, str]:
    return {"project": name, "rank": row["rank"]}


def _lost(row: Mapping[str, str], words: Words) -> str:
    """Say what taking it instead of others would cost."""
    at = row["lost_at"]
    if at == "rules":
        return words.phrase("No plan that keeps every rule takes it, whatever it is worth.")
    if at == "code":
        return words.phrase("It ties with what is taken: the order of the codes leaves it out.")
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
    return words.phrase("In its place {name} would be less well served.", name=at)


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
        projects_in=row["projects_in"].replace(";", ", ") or nobody,
        projects_out=row["projects_out"].replace(";", ", ") or nobody,
        objective=objective,
        effect=effect,
    )
