"""`perequa validate`: reads and checks everything, solves nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import click

from perequa.cli.console import document, print_findings, say, settings
from perequa.words import words_in
from perequa_models.errors import InvalidScenario, UsageError

if TYPE_CHECKING:
    from perequa.checks import Loaded
    from perequa.io.findings import Finding

EXIT_CODES = {"valid": 0, "error": 2, "invalid": 3}


class _Checked(NamedTuple):
    """What was found of one scenario."""

    source: str
    status: str
    findings: tuple[Finding, ...]
    loaded: Loaded | None


@click.command("validate")
@click.argument("scenarios", metavar="SCENARIO...", nargs=-1, required=True)
@click.option("--variant", "variants", metavar="NAME", multiple=True, help="Apply a variant.")
@click.option("--set", "sets", metavar="PATH=VALUE", multiple=True, help="Change one value.")
@click.option("--format", "form", type=click.Choice(["table", "json"]), default="table")
def validate(
    scenarios: tuple[str, ...], *, variants: tuple[str, ...], sets: tuple[str, ...], form: str
) -> int:
    """Read and check everything about each SCENARIO, and solve nothing.

    Every problem is told at once, with its file, line, key or column, the value received, what is
    accepted and what to do. Ends with 3 when a scenario is invalid.
    """
    checked = [_check(source, variants, sets) for source in scenarios]
    # what is wrong with the data is told before what this version cannot do
    status = max((c.status for c in checked), key=lambda word: EXIT_CODES[word])
    if form == "json":
        findings = [finding for c in checked for finding in c.findings]
        rows = [_record(c) for c in checked]
        click.echo(document("validate", EXIT_CODES[status], status, findings, scenarios=rows))
    else:
        for c in checked:
            print_findings(c.findings)
            say(_line(c))
    return EXIT_CODES[status]


def _check(source: str, variants: tuple[str, ...], sets: tuple[str, ...]) -> _Checked:
    # imported here so that `perequa --help` does not pay for numpy and pydantic
    from perequa.cascade.validating import check_any
    from perequa.cli.progress import told_if_long
    from perequa.io.findings import Finding, findings_of

    try:
        with told_if_long("read and check"):
            loaded = check_any(source, variants, sets)
    except InvalidScenario as error:
        return _Checked(source, "invalid", findings_of(error), None)
    except UsageError as error:
        told = Finding(code="not_in_this_version", message=str(error), file=source)
        return _Checked(source, "error", (told,), None)
    return _Checked(source, "valid", loaded.findings, loaded)


def _line(checked: _Checked) -> str:
    """Write the result of one scenario in a line."""
    words = words_in(settings().lang)
    errors = sum(finding.severity == "error" for finding in checked.findings)
    told = words.phrase(
        "errors {errors}, warnings {warnings}",
        errors=errors,
        warnings=len(checked.findings) - errors,
    )
    if checked.loaded is not None:
        sizes = words.phrase(
            "territories {territories}, measures {measures}, years {years}, rule rows {rows}",
            **_sizes(checked.loaded),
        )
        told = f"{sizes}; {told}"
    status = {
        "valid": words.term("scenario", "valid"),
        "invalid": words.term("scenario", "invalid"),
        "error": words.term("scenario", "not checked"),
    }[checked.status]
    return words.phrase(
        "{source}: {status} ({told})", source=checked.source, status=status, told=told
    )


def _record(checked: _Checked) -> dict[str, object]:
    name = checked.loaded.raw.column_name if checked.loaded else None
    sizes = _sizes(checked.loaded) if checked.loaded else {}
    return {
        "source": checked.source,
        "scenario": name,
        "status": checked.status,
        "exit_code": EXIT_CODES[checked.status],
        **sizes,
    }


def _sizes(loaded: Loaded) -> dict[str, int]:
    territories, measures, years = loaded.instance.shape
    return {
        "territories": territories,
        "measures": measures,
        "years": years,
        "rows": len(loaded.instance.rows),
    }
