"""`perequa verify RUN`: re-checks a run folder without a solver."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from perequa import __version__
from perequa.cli.console import say, settings
from perequa.words import told, words_in

if TYPE_CHECKING:
    from perequa.verification.outcome import Check, Disagreement
    from perequa.verification.verdict import Verdict
    from perequa.words import Words
    from perequa_models.errors import InvalidScenario

WRONG = 6
"""Exit status of a run that does not verify."""
SHOWN = 20
"""Disagreements of one check printed in the table; JSON has them all."""


@click.command(
    "verify",
    short_help="re-check a run folder without a solver",
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.argument("run", type=click.Path(path_type=Path))
@click.option("--exact", is_flag=True, help="Make the sums of the optimality check in fractions.")
@click.option("--format", "form", type=click.Choice(["table", "json"]), default="table")
@click.pass_context
def verify(context: click.Context, run: Path, *, exact: bool, form: str) -> None:
    """Re-check RUN, a run folder: files, inputs, plan, optimum, prices, sentences.

    Of the folder of a study: its plans and tables, and a sample of its figures by their proofs.

    Needs no solver. Ends with 0 and the run's fingerprint when everything holds, with 6 when
    anything does not.
    """
    # imported here so that `perequa --help` does not pay for numpy
    from perequa.cli.progress import told_if_long
    from perequa.verification.verdict import verify_run
    from perequa_models.errors import InvalidScenario

    try:
        with told_if_long("verify"):
            verdict = verify_run(run, exact=exact)
    except InvalidScenario as error:
        if form != "json":
            raise
        click.echo(_refusal(run, error))
        context.exit(error.exit_status)
    if form == "json":
        click.echo(_document(run, verdict))
    else:
        say(_lines(verdict, words_in(settings().lang)))
    context.exit(0 if verdict.holds else WRONG)


def _lines(verdict: Verdict, words: Words) -> str:
    lines = []
    for check in verdict.checks:
        lines.append(_line(check, words))
        lines.extend(f"   {found.told(words)}" for found in check.disagreements[:SHOWN])
        more = len(check.disagreements) - SHOWN
        if more > 0:
            left = words.phrase("and {count} more (--format json lists all)", count=more)
            lines.append(f"   {left}")
    if verdict.fingerprint:
        lines.append(words.phrase("fingerprint {fingerprint}", fingerprint=verdict.fingerprint))
    held, wrong = words.phrase("the run holds"), words.phrase("the run is WRONG")
    lines.append(held if verdict.holds else wrong)
    return "\n".join(lines)


def _line(check: Check, words: Words) -> str:
    names = {
        "files": words.term("check", "files"),
        "inputs": words.term("check", "inputs"),
        "plan": words.term("check", "plan"),
        "optimum": words.term("check", "optimum"),
        "uniqueness": words.term("check", "uniqueness"),
        "selection": words.term("check", "selection"),
        "annexes": words.term("check", "annexes"),
        "prices": words.term("check", "prices"),
        "ranges": words.term("check", "ranges"),
        "sentences": words.term("check", "sentences"),
        "infeasible": words.term("check", "infeasible"),
        "weights": words.term("check", "weights"),
        "whole": words.term("check", "whole"),
        "levels": words.term("check", "levels"),
        "study": words.term("check", "study"),
        "follow_up": words.term("check", "follow_up"),
        "steps": words.term("check", "steps"),
        "cascade": words.term("check", "cascade"),
        "decentralisation": words.term("check", "decentralisation"),
    }
    verdicts = {
        "ok": words.term("verdict", "ok"),
        "wrong": words.term("verdict", "WRONG"),
        "not_applicable": words.term("verdict", "not applicable"),
    }
    return words.phrase(
        "{number}. {check}: {verdict} ({what})",
        number=check.number,
        check=names.get(check.name, check.name),
        verdict=verdicts[check.verdict],
        what=told(check.what, words),
    )


def _document(run: Path, verdict: Verdict) -> str:
    return _json(
        run,
        exit_code=0 if verdict.holds else WRONG,
        status=verdict.status if verdict.holds else "error",
        findings=[
            _finding(check, found) for check in verdict.checks for found in check.disagreements
        ],
        fingerprint=verdict.fingerprint,
        checks=[
            {"number": c.number, "name": c.name, "verdict": c.verdict, "what": c.what}
            for c in verdict.checks
        ],
    )


def _refusal(run: Path, error: InvalidScenario) -> str:
    """Say in JSON that a path is not a run folder."""
    findings = [
        _record(
            code=problem.code,
            file=str(run),
            received=problem.received,
            accepted=problem.accepted,
            remedy=problem.remedy,
            message=problem.message,
        )
        for problem in error.problems
    ]
    return _json(
        run,
        exit_code=error.exit_status,
        status="invalid",
        findings=findings,
        fingerprint="",
        checks=[],
    )


def _json(run: Path, **content: object) -> str:
    head = {"schema_version": 1, "command": "verify", "perequa": __version__}
    return json.dumps({**head, **content, "run": str(run)}, ensure_ascii=False, indent=2)


def _finding(check: Check, found: Disagreement) -> dict[str, object]:
    return _record(
        code=f"verify_{check.name}",
        file=found.file,
        key=found.row,
        received=found.found,
        accepted=found.expected,
        remedy="solve the scenario again, or restore the folder as it was written",
        message=str(found),
    )


def _record(**known: str) -> dict[str, object]:
    """One finding with every key of the public form, empty where there is nothing to say."""
    empty = {"sheet": "", "line": None, "column": None, "key": "", "nearest": ""}
    return {"severity": "error", **empty, **known}
