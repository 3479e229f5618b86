"""What `follow-up` prints: what is wrong with the returns, and how much of the plan was done."""

from __future__ import annotations

from typing import TYPE_CHECKING

from perequa.report.layout import aligned, figure, headed, word

if TYPE_CHECKING:
    from collections.abc import Mapping

    from perequa.interpret.tables import Table, Value
    from perequa.words import Words

SHOWN = 20
"""Findings printed; the file has them all."""


def follow_up_text(
    name: str, next_year: int, tables: Mapping[str, Table], folder: str, words: Words
) -> str:
    """Write a follow-up for a terminal."""
    told = list(tables["findings"].records())
    errors = sum(row["severity"] == "error" for row in told)
    lines = [
        words.phrase(
            "{name}: in the returns, errors {errors}, warnings {warnings}",
            name=name,
            errors=errors,
            warnings=len(told) - errors,
        )
    ]
    stated = [row for row in told if row["file"]]
    stated.sort(key=lambda row: row["severity"] != "error")
    lines.extend(f"  {_said(row, words)}" for row in stated[:SHOWN])
    if len(stated) > SHOWN:
        more = words.phrase(
            "and {count} more in {file}", count=len(stated) - SHOWN, file="findings.csv"
        )
        lines.append(f"  {more}")
    silent = len(tables["missing"].rows)
    if silent:
        said = words.plural(
            "{count} planned cell without a return, counted as nothing: missing.csv",
            "{count} planned cells without a return, counted as nothing: missing.csv",
            silent,
        )
        lines.append(f"  {said}")
    saved = words.phrase("{year} starts from {folder}", year=next_year, folder=folder)
    return "\n\n".join(["\n".join(lines), _rates(tables["realisation"], words), saved])


def _said(row: Mapping[str, Value], words: Words) -> str:
    """One finding: where, what, and both figures where there are two."""
    file = word(row["file"])
    place = f"{file}:{word(row['line'])}: " if file else ""
    who = f"{word(row['level'])}:{word(row['territory'])}"
    where = ", ".join(part for part in (who, word(row["measure"]), word(row["year"])) if part)
    severity = {
        "error": words.term("severity", "error"),
        "warning": words.term("severity", "warning"),
    }[word(row["severity"])]
    line = words.phrase(
        "{place}{severity} {code}: {where}: {message}",
        place=place,
        severity=severity,
        code=row["code"],
        where=where,
        message=row["message"],
    )
    planned, returned = row["planned"], row["returned"]
    if isinstance(planned, float) and isinstance(returned, float):
        both = words.phrase(
            "returned {returned}, at most {planned}",
            returned=words.number(returned),
            planned=words.number(planned),
        )
        line = words.phrase("{one} ({other})", one=line, other=both)
    return line


def _rates(table: Table, words: Words) -> str:
    """Realisation of the whole nation, by measure and year."""
    header = ["measure", "year", "planned", "funded", "opened", "realisation_rate"]
    rows = [
        [
            word(row["measure"]),
            word(row["year"]),
            *(figure(row[name], words) for name in header[2:5]),
            _percent(row["realisation_rate"], words),
        ]
        for row in table.records()
        if row["level"] == "nation"
    ]
    return aligned(headed(header, words), rows, left=2)


def _percent(value: Value, words: Words) -> str:
    return words.figures.percent(value, 3) if isinstance(value, float) else ""
