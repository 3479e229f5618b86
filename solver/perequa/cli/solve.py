"""`perequa solve SCENARIO…`: the main job."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import TYPE_CHECKING

import click

from perequa import __version__
from perequa.cli.console import CSV_FORMS, FORMS, say

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from perequa.interpret.tables import Value
    from perequa.pricing import Ranges
    from perequa.running import FinishedRun
    from perequa.words import Words

TABLES = ("objectives", "weight_ranges", "allocation", "equity", "whole", "projects", "one_more")
"""Tables that the JSON document holds whole; an empty list where the run has none."""
ORDER = (1, 3, 5, 4, 0)
"""Exit status of several scenarios: the first of these that occurred."""


@click.command("solve", short_help="solve scenarios, print and save their plans")
@click.argument("scenarios", nargs=-1, required=True, metavar="SCENARIO…")
@click.option("--variant", "variants", multiple=True, metavar="NAME", help="Apply a variant.")
@click.option("--set", "sets", multiple=True, metavar="KEY=VALUE", help="Change one value.")
@click.option("-o", "--output", type=click.Path(path_type=Path), help="Folder to write to.")
@click.option("--whole", is_flag=True, help="Whole places, as near as can be.")
@click.option("--no-prices", is_flag=True, help="Leave prices and ranges of weights out.")
@click.option(
    "--ranges",
    type=click.Choice(["printed", "all", "none"]),
    default="printed",
    help="Rules whose prices get exact ranges: those printed (default), all (slow), or none.",
)
@click.option(
    "--weight-ranges", is_flag=True, help="Range every weight, however large the program is."
)
@click.option(
    "--jobs",
    type=click.IntRange(1, 256),
    metavar="N",
    help="Processes that solve the parts of a cascade (default: by size).",
)
@click.option("--format", "form", type=click.Choice(FORMS), default="table")
@click.pass_context
def solve(
    context: click.Context,
    scenarios: tuple[str, ...],
    variants: tuple[str, ...],
    sets: tuple[str, ...],
    output: Path | None,
    *,
    whole: bool,
    no_prices: bool,
    ranges: Ranges,
    weight_ranges: bool,
    jobs: int | None,
    form: str,
) -> None:
    """Solve each SCENARIO: a file, a folder, or the name of a shipped one.

    Prints who gets what, how equal it is and the price of the binding rules; saves a run folder
    (default results/NAME) that `perequa verify` re-checks without a solver.
    """
    # imported here so that `perequa --help` does not pay for the solver
    from perequa.cascade.solving import run_any
    from perequa.cli.progress import told_if_long
    from perequa.interpret.weights import CHEAP
    from perequa.words import words_in
    from perequa_models.errors import UsageError

    if weight_ranges and no_prices:
        message = "--weight-ranges and --no-prices exclude each other"
        raise UsageError(message)
    if no_prices and ranges == "all":
        raise UsageError(
            "--ranges all: there are no ranges with --no-prices; leave one of them out"
        )
    settings = context.obj
    place = _destination(output, several=len(scenarios) > 1)
    _refuse_the_same_folder(scenarios, variants, place)
    finished: list[FinishedRun] = []
    for source in scenarios:
        run = run_any(
            source,
            place,
            variants=variants,
            sets=(*sets, "whole=true") if whole else sets,
            prices=not no_prices,
            ranges=ranges,
            weights_up_to=math.inf if weight_ranges else CHEAP,
            lang=settings.lang,
            jobs=jobs,
            watch=told_if_long,
        )
        begun = any("allocation" in earlier.tables for earlier in finished)
        finished.append(run)
        _say(run, form, words_in(settings.lang), quiet=settings.quiet, begun=begun)
    code = next(code for code in ORDER if any(run.exit_code == code for run in finished))
    if form == "json":
        click.echo(_document(finished, code))
    context.exit(code)


def _destination(output: Path | None, *, several: bool) -> Callable[[str], Path]:
    """Give each scenario its folder."""
    base = Path("results") if output is None else output
    return lambda name: base if output is not None and not several else base / name


def _refuse_the_same_folder(
    scenarios: Sequence[str], variants: Sequence[str], place: Callable[[str], Path]
) -> None:
    """Refuse two scenarios of the same name before either is solved."""
    from perequa.io.findings import InvalidInput
    from perequa.io.scenario_files import read_column_name
    from perequa_models.errors import UsageError

    taken: set[Path] = set()
    for source in scenarios if len(scenarios) > 1 else ():
        try:
            folder = place(read_column_name(source, variants))
        except InvalidInput:
            continue  # told when its turn comes, once the others are solved
        if folder in taken:
            message = f"two scenarios would be written to {folder}: solve them apart"
            raise UsageError(message)
        taken.add(folder)


def _say(run: FinishedRun, form: str, words: Words, *, quiet: bool, begun: bool) -> None:
    """Print results to stdout, of which a byte order mark begins the first; the rest to stderr."""
    from perequa.report.printed_csv import BYTE_ORDER_MARK, printed_csv
    from perequa.report.terminal import run_text

    for finding in run.findings:
        if not quiet or finding.severity == "error":
            say(str(finding), err=True)
    if form == "table" and run.folder is not None:
        say(run_text(run, words))
    elif run.exit_code and run.status != "invalid":
        say(run_text(run, words), err=True)
    elif form in CSV_FORMS and "allocation" in run.tables:
        text = printed_csv(run.tables["allocation"], form)
        click.echo(text.removeprefix(BYTE_ORDER_MARK) if begun else text, nl=False)


def _document(finished: list[FinishedRun], code: int) -> str:
    status = next((run.status for run in finished if run.exit_code == code), "error")
    document = {
        "schema_version": 1,
        "command": "solve",
        "perequa": __version__,
        "exit_code": code,
        "status": status,
        "findings": [f.as_record() for run in finished for f in run.findings],
        "runs": [_record(run) for run in finished if run.folder or run.status == "infeasible"],
    }
    return json.dumps(document, ensure_ascii=False, indent=2, allow_nan=False)


def _record(run: FinishedRun) -> dict[str, object]:
    from perequa.interpret.rules import priced_as_binding

    tables = {name: _rows(run, name) for name in TABLES}
    if "cascade" in run.tables:
        told = ("cascade", "handed_down", "decentralisation", "unkept")
        tables |= {name: _rows(run, name) for name in told}
    binding = priced_as_binding(run.tables["rules"]) if "rules" in run.tables else set()
    source = "shadow_prices" if "shadow_prices" in run.tables else "rules"
    return {
        "scenario": run.name,
        "folder": None if run.folder is None else str(run.folder),
        "fingerprint": run.fingerprint,
        "status": run.status,
        "exit_code": run.exit_code,
        "message": run.message or None,
        **tables,
        "binding_rules": [r for r in _rows(run, source) if (r.get("step"), r["row"]) in binding],
        **{name: _rows(run, name) for name in ("conflicts", "menus", "repairs")},
    }


def _rows(run: FinishedRun, name: str) -> list[dict[str, Value]]:
    from perequa.interpret.tables import json_rows

    return json_rows(run.tables[name]) if name in run.tables else []
