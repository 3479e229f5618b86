"""`perequa new`: a scenario of one's own, started from another."""

from __future__ import annotations

from pathlib import Path

import click


@click.command("new")
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@click.option(
    "--from",
    "source",
    metavar="NAME",
    default="ehpad-2004-rule",
    show_default=True,
    help="Name of a shipped scenario, or path of another.",
)
def new(folder: Path, *, source: str) -> None:
    """Copy a scenario and all its tables to the new folder DIR, where they stand alone."""
    # imported here so that `perequa --help` does not pay for reading files
    from perequa.io.copying import copy_scenario  # noqa: PLC0415

    copy_scenario(source, folder)
    click.echo(str(folder))
