"""`perequa verify RUN`: re-checks a run folder without a solver."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from perequa import __version__

if TYPE_CHECKING:
    from perequa.verification.outcome import Check, Disagreement
    from perequa.verification.verdict import Verdict

SHOWN = 20
"""Disagreements of one check printed in the table; JSON has them all."""
WORDS = {"ok": "ok", "wrong": "WRONG", "not_applicable": "not applicable"}


@click.command("verify", short_help="re-check a run folder without a solver")
@click.argument("run", type=click.Path(path_type=Path))
@click.option("--exact", is_flag=True, help="Make the sums of the optimality check in fractions.")
@click.option("--format", "form", type=click.Choice(["table", "json"]), default="table")
def verify(run: Path, *, exact: bool, form: str) -> None:
    """Re-check RUN, a run folder: files, inputs, plan, optimum, prices, sentences.

    Needs no solver. Ends with 0 and the run's fingerprint when everything holds, with 6 when
    anything does not.
    """
    # imported here so that `perequa --help` does not pay for numpy
    from perequa.verification.verdict import verify_run  # noqa: PLC0415

    verdict = verify_run(run, exact=exact)
    click.echo(_document(run, verdict) if form == "json" else _lines(verdict))
    if not verdict.holds:
        raise SystemExit(6)


def _lines(verdict: Verdict) -> str:
    lines = []
    for check in verdict.checks:
        lines.append(f"{check.number}. {check.name}: {WORDS[check.verdict]} ({check.what})")
        lines.extend(f"   {found}" for found in check.disagreements[:SHOWN])
        more = len(check.disagreements) - SHOWN
        if more > 0:
            lines.append(f"   and {more} more (--format json lists all)")
    if verdict.fingerprint:
        lines.append(f"fingerprint {verdict.fingerprint}")
    lines.append("the run holds" if verdict.holds else "the run is WRONG")
    return "\n".join(lines)


def _document(run: Path, verdict: Verdict) -> str:
    document = {
        "schema_version": 1,
        "command": "verify",
        "perequa": __version__,
        "exit_code": 0 if verdict.holds else 6,
        "status": verdict.status if verdict.holds else "error",
        "findings": [
            _finding(check, found) for check in verdict.checks for found in check.disagreements
        ],
        "run": str(run),
        "fingerprint": verdict.fingerprint,
        "checks": [
            {"number": c.number, "name": c.name, "verdict": c.verdict, "what": c.what}
            for c in verdict.checks
        ],
    }
    return json.dumps(document, ensure_ascii=False, indent=2)


def _finding(check: Check, found: Disagreement) -> dict[str, object]:
    return {
        "code": f"verify_{check.name}",
        "severity": "error",
        "file": found.file,
        "sheet": "",
        "line": None,
        "column": None,
        "key": found.row,
        "received": found.found,
        "accepted": found.expected,
        "nearest": "",
        "remedy": "solve the scenario again, or restore the folder as it was written",
        "message": str(found),
    }
