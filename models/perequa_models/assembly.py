"""From a scenario and its columns to an instance, with every problem noted on the way."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from perequa_models.campaign.reading import campaign_figures
from perequa_models.catalogue import write_rows
from perequa_models.columns import summed_up
from perequa_models.conversions import closing, converted
from perequa_models.figures.arrays import (
    Source,
    costs,
    indicator_data,
    installed,
    open_pairs,
    quantity,
    rates,
)
from perequa_models.figures.limits import Limits, adjusted
from perequa_models.instance import Instance
from perequa_models.objectives.unmet_merit import UnmetMerit
from perequa_models.objectives.unmet_need import UnmetNeed
from perequa_models.projects.reading import projects_of
from perequa_models.rules.primitive import Work

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from perequa_models.columns import Column
    from perequa_models.conversions import Converted
    from perequa_models.instance import Flags, Floats, RuleRow
    from perequa_models.problems import Problems
    from perequa_models.projects.project import ProjectLine
    from perequa_models.rules.grammar import RuleSpec
    from perequa_models.scenario import Scenario
    from perequa_models.tree import Tree

BUILT = 2
"""Turn of the envelopes that the campaign builds."""


def assemble(
    scenario: Scenario,
    tree: Tree,
    columns: Mapping[str, Column],
    problems: Problems,
    projects: Sequence[ProjectLine] = (),
) -> Instance | None:
    """Give a scenario its figures.

    Parameters
    ----------
    scenario
        Typed choices.
    tree
        All territories.
    columns
        Columns by name, derived ones included; tables of limits under ``@file``.
    problems
        Grows with everything that is wrong.
    projects
        Rows of the table of projects.

    Returns
    -------
    Instance or None
        None when a figure the program needs is wrong.
    """
    source = Source(
        scenario=scenario,
        tree=tree,
        level=scenario.decide_at or tree.levels[0],
        measures=tuple(sorted(scenario.measures)),
        years=scenario.years,
        columns=columns,
        problems=problems,
    )
    pairs = open_pairs(source)
    shape = (len(source.nodes), len(source.measures), len(source.years))
    places = installed(source, pairs)
    base = np.nan_to_num(quantity(source, "base", 0.0, ("supply",))[:, :, 0])
    rate = rates(source)
    data = {
        name: made
        for name, indicator in sorted(scenario.indicators.items())
        if (made := indicator_data(source, name, indicator)) is not None
    }
    cost = costs(source, pairs)
    work = Work(
        source=source,
        indicators=data,
        shape=shape,
        base=base,
        installed=places,
        carried=np.array(quantity(source, "carried", 0.0, ("supply",))[:, :, 0]),
        rate=rate,
        # in the order in which a budget is renewed: a home frozen at its base is so to the last bit
        base_carried=np.cumprod(np.concatenate([base[:, :, None], 1.0 + rate], axis=2), axis=2)[
            :, :, 1:
        ],
        limits=Limits(source),
        projects=projects_of(source, projects, data, cost),
    )
    moved = converted(source, work.limits, scenario.conversions)
    closed = closing(
        source,
        _by_year(quantity(source, "closed", 0.0, ("supply",)), shape),
        places,
        scenario.conversions,
        moved,
    )
    _write_all(work, scenario)
    _check_needs(source)
    _check_merit(source)
    return None if problems.errors else _instance(work, pairs, cost, closed, moved)


def _instance(
    work: Work, pairs: Flags, cost: Floats, closed: Floats, moved: tuple[Converted, ...]
) -> Instance:
    """Gather what was read and written; the remaining figures are read here."""
    source, scenario = work.source, work.source.scenario
    months = [scenario.measures[m].opening_months for m in source.measures]
    return Instance(
        scenario=scenario,
        tree=source.tree,
        level=source.level,
        measures=source.measures,
        years=source.years,
        columns=source.columns,
        open_pairs=pairs,
        installed=work.installed,
        base=work.base,
        carried=work.carried,
        closed=closed,
        cost=cost,
        rate=work.rate,
        opening_months=np.array(months, dtype=np.intp),
        indicators=work.indicators,
        rows=tuple(row for name in sorted(work.rows) for row in work.rows[name]),
        withheld=tuple(work.withheld),
        overruns=tuple(work.overruns),
        convergence=tuple(work.convergence),
        projects=work.projects,
        campaign=work.campaign[0] if work.campaign else None,
        conversions=moved,
    )


def _check_needs(source: Source) -> None:
    """Note needs that an objective counts and no table declares."""
    closed = source.scenario.supply.absent == "closed"
    for name, spec in sorted(source.scenario.objectives.items()):
        if not isinstance(spec, UnmetNeed) or spec.measure not in source.measures:
            continue
        path = ("objectives", name, "need", "column")
        column = source.column(spec.need.column, path)
        if column is None or spec.level not in source.tree.levels:
            continue
        declared = summed_up(column, source.tree, 0.0 if closed else None)
        m = min(source.measures.index(spec.measure), declared.shape[1] - 1)
        for node in source.tree.at(spec.level):
            for year in np.flatnonzero(np.isnan(declared[node, m])):
                source.missing(column, int(node), m, int(year), path)


def _check_merit(source: Source) -> None:
    """Note objectives on the merit of projects in a scenario that names none."""
    if source.scenario.projects is not None:
        return
    for name, spec in sorted(source.scenario.objectives.items()):
        if isinstance(spec, UnmetMerit):
            source.problems.error(
                "missing_section",
                f"objective {name} counts the merit of projects, and the scenario names none",
                path=("objectives", name),
                received="no section projects",
                accepted="projects: {file: projects.csv}",
                remedy="name the table of projects",
            )


def _by_year(values: Floats, shape: tuple[int, int, int]) -> Floats:
    return np.array(np.broadcast_to(values, shape))


def _write_all(work: Work, scenario: Scenario) -> None:
    """Write the rows of every active rule; those that read another rule come after it."""
    active = {name: spec for name, spec in sorted(scenario.rules.items()) if spec.active}
    turns = sorted(active, key=lambda n: (_turn(active[n]), n))
    for name in turns:
        if _turn(active[name]) >= BUILT:
            _read_campaign(work, scenario)
        before = len(work.source.problems.errors)
        work.rows[name] = write_rows(work, name, active[name])
        if len(work.source.problems.errors) == before:
            _check_adjustments(work, name, work.rows[name])
            _check_rows(work, name)
    _read_campaign(work, scenario)


def _read_campaign(work: Work, scenario: Scenario) -> None:
    """Read the campaign once, when convergence is known and before envelopes are built."""
    if scenario.campaign is None or work.campaign:
        return
    figures = campaign_figures(work, scenario.campaign)
    work.campaign.extend([] if figures is None else [figures])


def _turn(spec: RuleSpec) -> int:
    """Place of a rule in the order of writing.

    Money freed or moved enters envelopes before reserves are taken from them; an envelope that the
    campaign builds counts what convergence frees.
    """
    if spec.kind in {"converge", "transfer"}:
        return 1
    if spec.at_most == "built":
        return BUILT
    return 0 if getattr(spec, "of", None) is None else BUILT + 1


def _check_adjustments(work: Work, name: str, rows: list[RuleRow]) -> None:
    adjust = work.source.scenario.rules[name].adjust
    used: set[int] = set()
    for row in rows:
        used.update(adjusted(0.0, adjust, row.key)[1])
    for i in sorted(set(range(len(adjust))) - used):
        work.source.problems.error(
            "matches_nothing",
            f"this adjustment moves no row of {name}",
            path=("rules", name, "adjust", i),
            received=str(adjust[i].model_dump(exclude_none=True)),
            accepted="the territory, measure, year and side of a row",
            remedy=f"name a row, e.g. {rows[0].key}" if rows else "drop the adjustment",
        )


def _check_rows(work: Work, name: str) -> None:
    """Note a rule that writes no row at all (every limit of it skipped)."""
    spec = work.source.scenario.rules[name]
    held_back = any(w.key.rule == name for w in work.withheld)
    if spec.kind == "selection" and not work.projects:
        return  # what is wrong with every project was said
    # that nobody is above a ceiling is news, not a mistake: the rule tells it itself
    if not work.rows[name] and not held_back and spec.kind != "converge":
        work.source.problems.error(
            "matches_nothing",
            f"rule {name} ({spec.kind}) writes no row: every limit it reads is missing",
            path=("rules", name),
            received="0 rows",
            accepted="at least one row",
            remedy="state a limit for one group at least, or state active: false",
        )
