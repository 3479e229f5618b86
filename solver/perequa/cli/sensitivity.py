"""`perequa sensitivity STUDY SCENARIO`: what the answer owes to weights, limits and tolerance."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from perequa.cli.console import settings
from perequa.cli.group import common_options
from perequa.cli.study import carry_out, scenario_options
from perequa.cli.sweep import sweep

if TYPE_CHECKING:
    from collections.abc import Callable

    from perequa.studies.prepared import Prepared
    from perequa.studies.study import Answer


class StudyGroup(click.Group):
    """A group whose commands take the options common to all."""

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return a study with the common options added."""
        command = super().get_command(ctx, cmd_name)
        if command is not None:
            present = {name for parameter in command.params for name in parameter.opts}
            command.params.extend(o for o in common_options() if not present & set(o.opts))
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the study; an unknown one is told with the names there are."""
        if args and args[0] not in self.commands and not args[0].startswith("-"):
            ctx.fail(f"no study {args[0]!r}: {', '.join(self.commands)}")
        return super().resolve_command(ctx, args)


@click.group("sensitivity", cls=StudyGroup, short_help="study weights, limits, margins")
def sensitivity() -> None:
    """Study how much the plan owes to its weights and limits, exactly.

    Each study compiles the scenario once, solves it as often as needed and saves a folder
    (default results/NAME-STUDY) with study.json and its tables.
    """


@sensitivity.command("weights", short_help="exact breakpoints between two weightings")
@scenario_options
@click.option("--from", "start", metavar="A=1,B=0", help="The first weighting.")
@click.option("--to", "end", metavar="A=0,B=1", help="The second weighting.")
@click.option("--triangle", nargs=3, metavar="A B C", help="All weights of three objectives.")
@click.option("--plans/--no-plans", default=None, help="Publish plans (default: up to 100).")
def weights(
    start: str | None,
    end: str | None,
    triangle: tuple[str, str, str] | None,
    *,
    plans: bool | None,
    **common: Any,  # noqa: ANN401
) -> None:
    """Find every plan between two weightings, and who gains and loses where it changes.

    The weightings replace that of their priority; objectives of it that are not named weigh
    nothing. Without --from and --to they are those of the scenario's sensitivity.weights.vary.
    With --triangle, every plan over all weights of three objectives, and its share of them.
    """
    from perequa.studies.weightings import read_weights
    from perequa.studies.weights import Between, triangle_study, weights_study

    if triangle is not None:
        if start is not None or end is not None:
            raise click.UsageError("--triangle goes without --from and --to")
        if plans is False:
            raise click.UsageError("--triangle publishes the plan of every part")
        ask = functools.partial(triangle_study, names=triangle)
        _carry_out("weights", {"triangle": list(triangle)}, ask, **common)
        return
    if (start is None) != (end is None):
        raise click.UsageError("--from and --to go together")
    between = None
    if start is not None and end is not None:
        between = Between(start=read_weights(start, "--from"), end=read_weights(end, "--to"))
    ask = functools.partial(weights_study, between=between, publish=plans)
    _carry_out("weights", {"from": start, "to": end, "plans": plans}, ask, **common)


@sensitivity.command("limit", short_help="exact value curve of a limit")
@scenario_options
@click.option("--rule", required=True, metavar="NAME", help="The rule whose limits move.")
@click.option("--territory", metavar="CODE", help="Only the rows of this territory (level:code).")
@click.option("--measure", metavar="NAME", help="Only the rows of this measure.")
@click.option("--year", type=int, metavar="YEAR", help="Only the rows of this year.")
@click.option("--from", "low", type=float, default=0.5, help="Least scale (default 0.5).")
@click.option("--to", "high", type=float, default=1.5, help="Greatest scale (default 1.5).")
@click.option("--shares/--no-shares", default=None, help="Publish plans (default: up to 100).")
def limit(
    rule: str,
    territory: str | None,
    measure: str | None,
    year: int | None,
    low: float,
    high: float,
    *,
    shares: bool | None,
    **common: Any,  # noqa: ANN401
) -> None:
    """Follow the optimum while the limits of a rule are scaled together.

    Every breakpoint with its slope on both sides, where plans exist, and each territory's share
    along the way. Limits computed from those moved stay where they are.
    """
    from perequa.studies.limit import Moved, limit_study

    moved = Moved(rule=rule, territory=territory, measure=measure, year=year, low=low, high=high)
    asked: dict[str, object] = {"rule": rule, "territory": territory, "measure": measure}
    asked |= {"year": year, "from": low, "to": high, "shares": shares}
    _carry_out(
        "limit", asked, functools.partial(limit_study, moved=moved, shares=shares),
        **common,
    )  # fmt: skip


@sensitivity.command("frontier", short_help="exact trade-off between two objectives")
@scenario_options
@click.option("--objectives", required=True, nargs=2, metavar="A B", help="The two objectives.")
def frontier(objectives: tuple[str, str], **common: Any) -> None:  # noqa: ANN401
    """Find every extreme point of the trade-off between two objectives of the scenario.

    Over all plans that keep the rules: priorities and weights play no part.
    """
    from perequa.studies.frontier import frontier_study

    first, second = objectives
    ask = functools.partial(frontier_study, first=first, second=second)
    _carry_out("frontier", {"objectives": [first, second]}, ask, **common)


@sensitivity.command("margins", short_help="least and most among nearly optimal plans")
@scenario_options
@click.option("--within", required=True, metavar="X%", help="How far from the optimum, e.g. 1%.")
@click.option("--by-year", is_flag=True, help="Years apart instead of added up.")
@click.option("--jobs", type=click.IntRange(min=1), metavar="N", help="Threads (default: all).")
def margins(within: str, jobs: int | None, *, by_year: bool, **common: Any) -> None:  # noqa: ANN401
    """Find the least and the most each territory gets among plans that are nearly optimal.

    Nearly optimal: every priority within X % of its optimum, or of its initial value where the
    optimum is zero. 0% leaves the optimal plans themselves.
    """
    from perequa.studies.margins import margins_study, read_within

    share = read_within(within)
    ask = functools.partial(margins_study, within=share, by_year=by_year, jobs=jobs)
    _carry_out("margins", {"within": within, "by_year": by_year}, ask, **common)


@sensitivity.command("implied", short_help="the weights a given allocation implies")
@scenario_options
@click.option("--allocation", required=True, metavar="FILE", help="A table, a run, or: reference.")
@click.option("--priority", type=int, metavar="N", help="Whose objectives (default: the first).")
def implied(allocation: str, priority: int | None, **common: Any) -> None:  # noqa: ANN401
    """Find the weights under which an allocation is optimal, or the nearest and what is lost.

    FILE is a table with territory, measure, year and places, a run folder, or the word
    `reference`: the circular's own allocation.
    """
    from perequa.studies.implied import implied_study

    ask = functools.partial(implied_study, written=allocation, priority=priority)
    _carry_out("implied", {"allocation": allocation, "priority": priority}, ask, **common)


sensitivity.add_command(sweep)


def _carry_out(
    study: str,
    asked: dict[str, object],
    ask: Callable[[Prepared], Answer],
    *,
    scenario: str,
    variants: tuple[str, ...],
    sets: tuple[str, ...],
    output: Path | None,
    form: str,
) -> None:
    """Carry out a study and print what it found."""
    from perequa.cli.progress import told_if_long
    from perequa.studies.study import Source, run_study

    source = Source(scenario=scenario, variants=variants, sets=sets, lang=settings().lang)

    def place(name: str) -> Path:
        return output or Path("results") / f"{name}-{study}"

    with told_if_long("sensitivity"):
        carry_out(study, source, form, place, lambda: run_study(study, source, asked, ask, place))
