"""`perequa formulation SCENARIO`: the mathematics of this very scenario, rendered."""

from __future__ import annotations

from pathlib import Path

import click

from perequa.cli.console import print_findings


@click.command("formulation")
@click.argument("scenario", metavar="SCENARIO")
@click.option("--variant", "variants", metavar="NAME", multiple=True, help="Apply a variant.")
@click.option("--set", "sets", metavar="PATH=VALUE", multiple=True, help="Change one value.")
@click.option("--format", "form", type=click.Choice(["md", "tex"]), default="md")
@click.option("-o", "--output", type=click.Path(path_type=Path), help="Folder or file to write to.")
def formulation(
    scenario: str,
    *,
    variants: tuple[str, ...],
    sets: tuple[str, ...],
    form: str,
    output: Path | None,
) -> None:
    """Write the mathematics of SCENARIO, as Markdown with LaTeX or a LaTeX file; solve nothing.

    Sets, data, variables, one equation per rule and objective with its rows and its limit.
    """
    # imported here so that `perequa --help` does not pay for numpy and pydantic
    from perequa.checks import load
    from perequa.cli.progress import told_if_long
    from perequa.report.mathematics import mathematics

    with told_if_long("read and check"):
        loaded = load(scenario, variants, sets)
    print_findings(loaded.findings)
    with told_if_long("formulate"):
        text = mathematics(loaded.instance, loaded.reference, loaded.raw.column_name, form)
    if output is None:
        click.echo(text, nl=False)
    else:
        from perequa.reporting import file_named, replace_file

        name = f"{loaded.raw.column_name}.{form}"
        replace_file(file_named(output, name), text.encode())
