"""Figures as points of a sweep: what a scenario says times a factor, checked and solved again."""

from __future__ import annotations

import copy
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from perequa.checks import check
from perequa.checks.numbers import is_missing, parse_number
from perequa.checks.plain import as_scenario, lay_out
from perequa.engine.plans_left import stop_unless_optimal
from perequa.engine.stages import solve_stages
from perequa.optimum import Clock
from perequa.studies.prepared import infeasible_is_proven, prepare
from perequa.studies.sweep.asking import (
    INFEASIBLE,
    INVALID,
    NOT_PROVEN,
    Found,
    nothing,
    told,
)
from perequa.studies.sweep.design import Design
from perequa_models.errors import Infeasible, InvalidScenario, NotProven, UsageError
from perequa_models.problems import nearest
from perequa_models.quantities import Quantities

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from perequa.checks.plain import Plain
    from perequa.studies.prepared import Floats, Prepared
    from perequa.studies.sweep.varied import Varied


def check_figures(prepared: Prepared, figures: Sequence[str], option: str) -> None:
    """Refuse what is no figure of the scenario.

    Raises
    ------
    UsageError
        With the nearest name there is.
    """
    if len(set(figures)) < len(figures):
        message = f"{option}: a figure is named twice ({', '.join(figures)})"
        raise UsageError(message)
    plain = lay_out(prepared.loaded.raw)
    known = [*_columns(plain), *_numbers(plain.data)]
    for figure in figures:
        if figure not in known:
            close = nearest(figure, known)
            hint = f"; did you mean {close}?" if close else ""
            message = (
                f"{option} {figure}: no such figure{hint} (accepted: an objective's weight in a "
                f"design, a column: {', '.join(_columns(plain))}; or the path of a number)"
            )
            raise UsageError(message)


def check_choices(prepared: Prepared, choices: Mapping[str, Sequence[str]], option: str) -> None:
    """Refuse columns that cannot take the place of another.

    Raises
    ------
    UsageError
        When one does not stand in every table that holds the column it replaces.
    """
    plain = lay_out(prepared.loaded.raw)
    for figure, columns in choices.items():
        holders = [sheet for sheet in plain.sheets.values() if figure in sheet.columns]
        if not holders:
            message = f"{option} {figure}: columns take the place of a column, this is a number"
            raise UsageError(message)
        for sheet in holders:
            for column in columns:
                if column not in sheet.columns:
                    close = nearest(column, sheet.columns)
                    hint = f"; did you mean {close}?" if close else ""
                    message = (
                        f"{option} {figure}: no column {column} beside it in {sheet.file}{hint} "
                        f"(columns: {', '.join(sheet.columns)})"
                    )
                    raise UsageError(message)


def draws(varied: Sequence[Varied], count: int, seed: int) -> Design:
    """Draw figures by their distributions, each on its own."""
    return quantiles(varied, np.random.default_rng(seed).random((count, len(varied))))


def quantiles(varied: Sequence[Varied], shares: Floats) -> Design:
    """Return the points whose figures are quantiles, at shares (N, D) between 0 and 1."""
    points = [v.distribution.at(shares[:, d]) for d, v in enumerate(varied)]
    return Design(
        varied="factor",
        names=tuple(v.figure for v in varied),
        points=np.column_stack(points),
        choices={v.figure: v.distribution.columns for v in varied if v.distribution.columns},
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Perturbed:
    """One scenario a point: its figures multiplied, then checked, compiled and solved again.

    Attributes
    ----------
    prepared
        The scenario as it is.
    figures, choices
        (D,) what each factor multiplies; the columns to choose from where one takes the place of a
        figure, its position being the factor.
    plan
        How the plan of a scenario is found.
    """

    chunk: ClassVar[int] = 10
    prepared: Prepared
    figures: tuple[str, ...]
    choices: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    plan: Callable[[Prepared], Quantities]

    def own(self) -> Quantities:
        """Return the plan of the scenario with all factors 1."""
        return self.plan(self.prepared)

    def answer(self, points: Floats) -> Found:
        """Answer the factors (n, D) of one chunk."""
        plain = lay_out(self.prepared.loaded.raw)
        return Found.of([self._one(plain, factors) for factors in points])

    def _one(self, plain: Plain, factors: Floats) -> tuple[int, Floats, Floats]:
        try:
            scenario = changed(plain, self._changes(factors))
            found = prepare(check(as_scenario(scenario)), Clock())
            return told(found, self.plan(found))
        except InvalidScenario:
            return nothing(INVALID, self.prepared)
        except Infeasible:
            return nothing(INFEASIBLE, self.prepared)
        except NotProven:
            return nothing(NOT_PROVEN, self.prepared)

    def _changes(self, factors: Floats) -> dict[str, float | str]:
        return {
            figure: self.choices[figure][int(factor)] if figure in self.choices else float(factor)
            for figure, factor in zip(self.figures, factors, strict=True)
        }


def untied_plan(prepared: Prepared) -> Quantities:
    """Return the optimum the solver ends at.

    Raises
    ------
    Infeasible, NotProven
        When there is none, or none is proven.
    """
    shape = prepared.instance.shape
    costs = prepared.program.weighed(prepared.priorities.weights)
    with infeasible_is_proven(prepared.program):
        staged = solve_stages(
            prepared.program, prepared.priorities.numbers, costs, prepared.options
        )
        stop_unless_optimal(staged.termination)
    x = staged.stages[-1].x[: int(np.prod(shape))].reshape(shape)
    return Quantities(prepared.instance, x)


def published_plan(prepared: Prepared) -> Quantities:
    """Return the plan that is published."""
    with infeasible_is_proven(prepared.program):
        return prepared.plan(prepared.priorities)


def changed(plain: Plain, changes: Mapping[str, float | str]) -> Plain:
    """Return a scenario with figures multiplied by a factor, or replaced by another column.

    A column is changed in every row, at every level at which it is stated.
    """
    data = copy.deepcopy(plain.data)
    sheets = dict(plain.sheets)
    for figure, change in changes.items():
        holders = [name for name, sheet in plain.sheets.items() if figure in sheet.columns]
        for name in holders:
            if isinstance(change, str):
                # as read, whatever becomes of the other column in this point
                cells = plain.sheets[name].columns[change]
            else:
                cells = tuple(_cell_times(c, change) for c in plain.sheets[name].columns[figure])
            sheets[name] = replace(sheets[name], columns={**sheets[name].columns, figure: cells})
        if not holders:
            *path, last = figure.split(".")
            at: Any = data
            for step in path:
                at = at[step]
            at[last] = at[last] * change
    return replace(plain, data=data, sheets=sheets)


def _cell_times(text: str, factor: float) -> str:
    number = None if is_missing(text) else parse_number(text)
    return text if number is None else repr(number * factor)


def _columns(plain: Plain) -> list[str]:
    """Columns that hold a figure somewhere."""
    return [
        column
        for sheet in plain.sheets.values()
        for column, cells in sheet.columns.items()
        if any(not is_missing(text) and parse_number(text) is not None for text in cells)
    ]


def _numbers(data: Any, path: tuple[str, ...] = ()) -> Iterator[str]:  # noqa: ANN401 - plain data
    """Paths of the numbers a scenario states, with dots; whole numbers that count are left out."""
    if isinstance(data, dict):
        for key, value in data.items():
            if isinstance(key, str) and (*path, key) not in COUNTS and key not in ORDERS:
                yield from _numbers(value, (*path, key))
    elif isinstance(data, int | float) and not isinstance(data, bool):
        yield ".".join(path)


COUNTS = frozenset({("format",), ("years",), ("variants",), ("sensitivity",)})
"""Sections that hold no figure of the plan."""
ORDERS = frozenset({"priority", "year", "years", "opening_months"})
"""Keys whose whole numbers name or order something."""
