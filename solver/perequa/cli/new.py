"""`perequa new`: a scenario of one's own, started from another or drawn."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from perequa.synthetic import Kind

STARTED_FROM = "ehpad-2004-rule"


@click.command("new")
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@click.option(
    "--from",
    "source",
    metavar="NAME",
    help=f"Name of a shipped scenario, or path of another (default: {STARTED_FROM}).",
)
@click.option(
    "--synthetic",
    type=click.Choice(["establishments", "all-services"]),
    help="Draw establishments that do not exist, calibrated on published totals.",
)
@click.option(
    "--count",
    type=click.IntRange(200, 100_000),
    help="How many establishments (default: 7500 care homes, 40000 services).",
)
@click.option("--seed", type=click.IntRange(0, 2**32 - 1), help="Another draw (default: 1).")
def new(
    folder: Path,
    *,
    source: str | None,
    synthetic: Kind | None,
    count: int | None,
    seed: int | None,
) -> None:
    """Write a scenario and all its tables to the new folder DIR, where they stand alone.

    Copies another (--from), or draws one of national size (--synthetic).
    """
    # imported here so that `perequa --help` does not pay for reading files
    from perequa.cli.progress import told_if_long
    from perequa.io.copying import check_new, copy_scenario, write_new
    from perequa.synthetic import COUNTS, synthetic_files
    from perequa_models.errors import UsageError

    if synthetic is None:
        if count is not None or seed is not None:
            raise UsageError("--count and --seed say what to draw: name it with --synthetic")
        copy_scenario(source or STARTED_FROM, folder)
    else:
        if source is not None:
            raise UsageError("--from and --synthetic exclude each other")
        check_new(folder)
        number = count or COUNTS[synthetic]
        with told_if_long("new"):
            write_new(folder, synthetic_files(synthetic, number, 1 if seed is None else seed))
    click.echo(str(folder))
