"""`perequa schema`: JSON Schema of the scenario format, for editors."""

from __future__ import annotations

import json

import click


@click.command("schema")
def schema() -> None:
    """Print the JSON Schema of the scenario format."""
    # imported here so that `perequa --help` does not pay for pydantic
    from perequa.checks.json_schema import json_schema

    click.echo(json.dumps(json_schema(), ensure_ascii=False, indent=2))
