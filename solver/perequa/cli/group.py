"""The commands, loaded only when called: ``perequa --help`` imports none of them."""

from __future__ import annotations

import importlib
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import click

from perequa import __version__
from perequa.cli.console import Settings
from perequa.words import LANGUAGES, SOURCE
from perequa_models.problems import nearest

if TYPE_CHECKING:
    from collections.abc import Mapping

COMMANDS: Mapping[str, tuple[str, str]] = {
    "list": ("perequa.cli.list_shipped:list_shipped", "Scenarios shipped with the package."),
    "new": ("perequa.cli.new:new", "Copy a scenario to start from, or draw one."),
    "directory": ("perequa.cli.directory:directory", "A public directory made tables."),
    "validate": ("perequa.cli.validate:validate", "Read and check everything, solve nothing."),
    "solve": ("perequa.cli.solve:solve", "Solve, print and save plans, with prices."),
    "compare": ("perequa.cli.compare:compare", "Side by side: shares, prices, what did what."),
    "diagnose": ("perequa.cli.diagnose:diagnose", "Rules that clash, and the cheapest repair."),
    "explain": ("perequa.cli.explain:explain", "Why a territory gets this much, and who pays."),
    "sensitivity": ("perequa.cli.sensitivity:sensitivity", "What the plan owes to its weights."),
    "show": ("perequa.cli.show:show", "Print a saved study again, without solving."),
    "verify": ("perequa.cli.verify:verify", "Re-check a run folder without a solver."),
    "report": ("perequa.cli.report:report", "A run as a page to print, and a workbook."),
    "annexes": ("perequa.cli.annexes:annexes", "The tables of a circular, as a workbook."),
    "figures": ("perequa.cli.figures:figures", "The pictures of a run, for a note."),
    "follow-up": ("perequa.cli.follow_up:follow_up", "Check returns; start the next year."),
    "convert": ("perequa.cli.convert:convert", "CSV tables made one workbook, or back."),
    "formulation": ("perequa.cli.formulation:formulation", "The mathematics of a scenario."),
    "schema": ("perequa.cli.schema:schema", "JSON Schema of the scenario format."),
}
"""Name of each command: where it is, and what it does."""


LANG_FROM = "PEREQUA_LANG"
"""Read before the name of the command alone, so that an option given there is stronger."""


class LazyGroup(click.Group):
    """A group whose commands are imported when they are called."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """Return the names, in the order of the table."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """Import one command, and give it the options common to all."""
        if cmd_name not in COMMANDS:
            return None
        module, _, attribute = COMMANDS[cmd_name][0].partition(":")
        command: click.Command = getattr(importlib.import_module(module), attribute)
        present = {name for parameter in command.params for name in parameter.opts}
        for option in common_options():
            if not present & set(option.opts):
                command.params.append(option)
        return command

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Read ``help solve`` and ``-h solve`` as ``solve -h``."""
        asked = [*args[1:2], "--help"] if args[:1] in (["help"], ["-h"], ["--help"]) else args
        return super().parse_args(ctx, asked)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command; an unknown one is told with the names there are."""
        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            close = nearest(args[0], COMMANDS)
            meant = f" (did you mean {close}?)" if close else ""
            ctx.fail(f"no command {args[0]!r}{meant}: {', '.join(COMMANDS)}")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """List the commands without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, words) for name, (_, words) in COMMANDS.items()])


def common_options(lang_from: str | None = None) -> list[click.Option]:
    """Return the options accepted before and after the name of every command.

    Parameters
    ----------
    lang_from
        Environment variable that gives the language where no option does.
    """
    return [
        click.Option(
            ["--quiet"], is_flag=True, expose_value=False, callback=_keep, help="Print no warnings."
        ),
        click.Option(
            ["--debug"],
            is_flag=True,
            expose_value=False,
            callback=_keep,
            help="Print the traceback of an error.",
        ),
        click.Option(
            ["--lang"],
            type=click.Choice(LANGUAGES),
            expose_value=False,
            callback=_keep,
            envvar=lang_from,
            help=f"Language of what is printed (default: {LANG_FROM}, else {SOURCE}).",
        ),
        click.Option(
            ["--version"],
            is_flag=True,
            is_eager=True,
            expose_value=False,
            callback=_version,
            help="Print the version and stop.",
        ),
    ]


def _keep(ctx: click.Context, parameter: click.Parameter, value: Any) -> None:  # noqa: ANN401
    """Keep what an option says where every command finds it."""
    stated = ctx.ensure_object(Settings)
    if value and parameter.name is not None:
        ctx.obj = replace(stated, **{parameter.name: value})


def _version(ctx: click.Context, _parameter: click.Parameter, value: Any) -> None:  # noqa: ANN401
    if value:
        click.echo(f"perequa {__version__}")
        ctx.exit()


perequa = LazyGroup(
    name="perequa",
    help="Share medico-social money and places between territories, with a price on every rule.",
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Start: perequa new mine, perequa solve mine, perequa report results/ehpad-2004-rule. "
    "`perequa COMMAND -h` says more of each.",
    params=list(common_options(lang_from=LANG_FROM)),
    subcommand_metavar="COMMAND [ARGS]...",
)
