"""`perequa list`: scenarios shipped with the package."""

from __future__ import annotations

import click

from perequa.cli.console import document, say


@click.command("list")
@click.option("--format", "form", type=click.Choice(["table", "json"]), default="table")
def list_shipped(*, form: str) -> None:
    """List the scenarios shipped with the package, a line each."""
    # imported here so that `perequa --help` does not pay for reading files
    from perequa.io.scenario_files import read_title
    from perequa.io.shipped import shipped_names

    titles = {name: read_title(name) for name in shipped_names()}
    if form == "json":
        rows = [{"name": name, "title": title} for name, title in titles.items()]
        click.echo(document("list", 0, "valid", scenarios=rows))
        return
    width = max((len(name) for name in titles), default=0)
    for name, title in titles.items():
        say(f"{name:<{width}}  {title}".rstrip())
