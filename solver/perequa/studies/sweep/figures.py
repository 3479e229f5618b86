"""Figures as points of a sweep: what a scenario says times a factor, checked and solved again."""

from __future__ import annotations

import copy
import math
from dataclasses import dataclass, replace
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
    from collections.abc import Callable, Iterator, Sequence

    from perequa.checks.plain import Plain, Sheet
    from perequa.studies.prepared import Floats, Prepared


@dataclass(frozen=True, slots=True, kw_only=True)
class Range:
    """A figure and the factors it is multiplied by.

    Attributes
    ----------
    figure
        A column of the tables, or the path of a number in the scenario (with dots, as in --set).
    low, high
        Least and greatest factor.
    """

    figure: str
    low: float
    high: float


def read_range(text: str) -> Range:
    """Read ``FIGURE=LOW..HIGH``.

    Raises
    ------
    UsageError
        When it is not written so, or the factors are not above 0 and in order.
    """
    figure, _, ends = text.rpartition("=")
    low, dots, high = ends.partition("..")
    try:
        found = Range(figure=figure.strip(), low=float(low), high=float(high))
    except ValueError:
        found = Range(figure="", low=math.nan, high=math.nan)
    if not (dots and found.figure and 0.0 < found.low < found.high < math.inf):
        message = (
            f"--vary {text}: two factors above 0 are needed, the smaller first "
            "(accepted: FIGURE=LOW..HIGH, e.g. pop_75p=0.95..1.05 or measures.ehpad.cost=0.9..1.2)"
        )
        raise UsageError(message)
    return found


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


def uniform(ranges: Sequence[Range], count: int, seed: int) -> Design:
    """Draw factors evenly between their ends, each on its own."""
    low, high = (np.array([getattr(r, end) for r in ranges]) for end in ("low", "high"))
    points = np.random.default_rng(seed).uniform(low, high, size=(count, len(ranges)))
    return Design(varied="factor", names=tuple(r.figure for r in ranges), points=points)


@dataclass(frozen=True, slots=True, kw_only=True)
class Perturbed:
    """One scenario a point: its figures multiplied, then checked, compiled and solved again.

    Attributes
    ----------
    prepared
        The scenario as it is.
    figures
        (D,) what each factor multiplies.
    plan
        How the plan of a scenario is found.
    """

    chunk: ClassVar[int] = 10
    prepared: Prepared
    figures: tuple[str, ...]
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
            scenario = multiplied(plain, dict(zip(self.figures, factors, strict=True)))
            found = prepare(check(as_scenario(scenario)), Clock())
            return told(found, self.plan(found))
        except InvalidScenario:
            return nothing(INVALID, self.prepared)
        except Infeasible:
            return nothing(INFEASIBLE, self.prepared)
        except NotProven:
            return nothing(NOT_PROVEN, self.prepared)


def untied_plan(prepared: Prepared) -> Quantities:
    """Return the optimum the solver ends at.

    Raises
    ------
    Infeasible, NotProven
        When there is none, or none is proven.
    """
    shape = prepared.instance.shape
    costs = prepared.priorities.weights @ prepared.program.costs
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


def multiplied(plain: Plain, factors: dict[str, float]) -> Plain:
    """Return a scenario with figures multiplied, each by its factor.

    A column is multiplied in every row, at every level at which it is stated.
    """
    data = copy.deepcopy(plain.data)
    sheets = dict(plain.sheets)
    for figure, factor in factors.items():
        holders = [name for name, sheet in sheets.items() if figure in sheet.columns]
        for name in holders:
            sheets[name] = _times(sheets[name], figure, factor)
        if not holders:
            *path, last = figure.split(".")
            at: Any = data
            for step in path:
                at = at[step]
            at[last] = at[last] * float(factor)
    return replace(plain, data=data, sheets=sheets)


def _times(sheet: Sheet, column: str, factor: float) -> Sheet:
    cells = tuple(_cell_times(text, factor) for text in sheet.columns[column])
    return replace(sheet, columns={**sheet.columns, column: cells})


def _cell_times(text: str, factor: float) -> str:
    number = None if is_missing(text) else parse_number(text)
    return text if number is None else repr(number * float(factor))


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
