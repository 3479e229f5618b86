"""The optimal value of every priority as one column moves, exactly: every bend and slope.

The least value of the first priority is a convex, piecewise linear function of the column, and any
optimal dual is a line below it: lines meet either on the function, at a bend, or below it, and then
the solve there gives a new line (Eisner and Severance 1976). Along one straight stretch one dual is
optimal all the way, so the plans optimal for the priority are those complementary to it: the next
priority is followed on them, stretch by stretch. Its value is convex on each, not over all.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from perequa.engine.plans_left import copy_of, stop_unless_optimal
from perequa.engine.scaling import scale
from perequa.engine.session import DUAL, PRIMAL, Session
from perequa.engine.stages import restrict, whole
from perequa.engine.termination import Termination
from perequa_models.errors import NotProven

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from perequa.compilation import CompiledProgram
    from perequa.engine.plans_left import Goal
    from perequa.engine.session import SolverOptions
    from perequa.engine.stages import Face

Floats = NDArray[np.float64]

INWARD = (0.0, 1e-9, 1e-7)
"""Shares of a stretch tried from its end inward: a limit may be missed there by rounding."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """A straight part of a curve.

    Attributes
    ----------
    start, end
        Values of the column.
    first, slope
        Value at the start; change per unit of the column.
    """

    start: float
    end: float
    first: float
    slope: float

    @property
    def last(self) -> float:
        """Value at the end."""
        return self.at(self.end)

    def at(self, column: float) -> float:
        """Value at a column, inside the stretch or beyond."""
        return self.first + self.slope * (column - self.start)


@dataclass(frozen=True, slots=True, kw_only=True)
class Curves:
    """What was found.

    Attributes
    ----------
    low, high
        Where plans exist, within what was asked.
    levels
        The stretches of each priority, in order.
    programs_solved
        Linear programs solved.
    """

    low: float
    high: float
    levels: tuple[tuple[Stretch, ...], ...]
    programs_solved: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _Line:
    """The optimum at one value of the column, and a line below the curve that touches it there."""

    column: float
    value: float
    slope: float
    x: Floats
    y: Floats
    z: Floats

    def at(self, column: float) -> float:
        return self.value + self.slope * (column - self.column)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Part:
    """A straight stretch and a line that is optimal all along it."""

    start: float
    end: float
    line: _Line


def value_curves(program: CompiledProgram, goals: Sequence[Goal], options: SolverOptions) -> Curves:
    """Follow the optimum of every priority as the last column goes from one bound to the other.

    Parameters
    ----------
    program
        The program; its last column is the one that moves, between finite bounds.
    goals
        What each priority minimises, in the order of service.
    options
        How the solver works.

    Raises
    ------
    Infeasible
        When no value of the column leaves a plan.
    NotProven
        When the solver does not say.
    """
    return _Following(program, options).run(goals)


class _Following:
    """One solver, asked at one value of the column after another."""

    def __init__(self, program: CompiledProgram, options: SolverOptions) -> None:
        self._scaled = scale(program)
        self._session = Session(self._scaled.matrix, *self._scaled.bounds, options)
        self._last = np.array([self._session.n - 1])
        self._unit = float(self._scaled.column[-1])
        self._bounds = float(program.column_lower[-1]), float(program.column_upper[-1])
        self._solved = 0

    def run(self, goals: Sequence[Goal]) -> Curves:
        low, high = self._feasible()
        faces = [(low, high, whole(self._scaled))]
        levels = []
        for goal in goals:
            cost, factor = self._scaled.cost(goal.cost)
            self._session.set_cost(cost)
            parts: list[_Part] = []
            narrower: list[tuple[float, float, Face]] = []
            for start, end, face in faces:
                self._hold(face)
                found = self._parts(goal, cost, factor, start, end)
                parts.extend(found)
                narrower.extend((p.start, p.end, self._left(face, p.line)) for p in found)
            faces = narrower
            near = goal.near(self._scaled.column, *(part.line.value for part in parts))
            levels.append(tuple(_joined(parts, near)))
        return Curves(low=low, high=high, levels=tuple(levels), programs_solved=self._solved)

    def _feasible(self) -> tuple[float, float]:
        """Least and greatest value of the column for which a plan exists."""
        ends = []
        for sign in (1.0, -1.0):
            cost = np.zeros(self._session.n)
            cost[-1] = sign
            self._session.set_cost(cost)
            outcome = self._session.solve(strategy=PRIMAL, presolve=False)
            self._solved += 1
            stop_unless_optimal(outcome.termination)
            ends.append(float(outcome.x[-1]) * self._unit)
        # rounding may stand a hair outside of what was asked
        low, high = np.clip(ends, *self._bounds)
        return float(low), float(high)

    def _parts(
        self, goal: Goal, cost: Floats, factor: float, start: float, end: float
    ) -> list[_Part]:
        """Straight parts of one goal between two values of the column."""
        ask = _Asking(self, goal, cost, factor)
        reached = ask.near(start, end)
        if end - start <= 1e-12 * max(1.0, abs(start), abs(end)):
            return [_Part(start=start, end=end, line=reached)]
        ahead = [ask.near(end, start)]
        near = goal.near(self._scaled.column, reached.value, ahead[0].value)
        parts: list[_Part] = []
        while ahead:
            right = ahead[-1]
            straight = _straight(reached, right, near)
            if straight is not None:
                parts.append(_Part(start=reached.column, end=right.column, line=straight))
                reached = ahead.pop()
                continue
            meets = _meeting(reached, right)
            between = ask.at(meets)
            if between.value - reached.at(meets) > near:
                ahead.append(between)
                continue
            parts.append(_Part(start=reached.column, end=meets, line=reached))
            parts.append(_Part(start=meets, end=right.column, line=right))
            reached = ahead.pop()
        parts[0] = replace(parts[0], start=start)
        parts[-1] = replace(parts[-1], end=end)
        return [p for p in parts if p.end > p.start]

    def solve_at(self, goal: Goal, cost: Floats, factor: float, column: float) -> _Line | None:
        """Solve at one value of the column; None when there is no plan."""
        at = np.array([column / self._unit])
        self._session.set_column_bounds(self._last, at, at)
        outcome = self._session.solve(strategy=DUAL, presolve=False)
        self._solved += 1
        if outcome.termination is Termination.INFEASIBLE:
            return None
        stop_unless_optimal(outcome.termination)
        z = cost - self._scaled.matrix.T @ outcome.y
        slope = float(z[-1]) / factor / self._unit
        return _Line(
            column=column,
            value=goal.value(self._scaled.natural_x(outcome.x)),
            slope=slope,
            x=outcome.x,
            y=outcome.y,
            z=z,
        )

    def _left(self, face: Face, line: _Line) -> Face:
        """Plans complementary to a line: those optimal along its stretch."""
        left = copy_of(face)
        restrict(left, self._scaled, line.x, line.y, line.z)
        return left

    def _hold(self, face: Face) -> None:
        self._session.set_row_bounds(np.arange(self._session.m), face.row_lower, face.row_upper)
        self._session.set_column_bounds(
            np.arange(self._session.n), face.column_lower, face.column_upper
        )


class _Asking:
    """One goal asked of the solver."""

    def __init__(self, following: _Following, goal: Goal, cost: Floats, factor: float) -> None:
        self._following, self._goal, self._cost, self._factor = following, goal, cost, factor

    def at(self, column: float) -> _Line:
        """Return the line at a column where plans exist."""
        return self.near(column, column)

    def near(self, end: float, other: float) -> _Line:
        """Return the line at an end of a stretch, or a hair inward where rounding misses it."""
        for share in INWARD:
            column = end + share * (other - end)
            line = self._following.solve_at(self._goal, self._cost, self._factor, column)
            if line is not None:
                return line
        message = f"no plan was found at {end:g}, inside a stretch where plans exist"
        raise NotProven(message)


def _straight(left: _Line, right: _Line, near: float) -> _Line | None:
    """Return the line that joins two points of the curve, when one of theirs does."""
    if left.value - right.at(left.column) <= near:
        return right
    if right.value - left.at(right.column) <= near:
        return left
    return None


def _meeting(left: _Line, right: _Line) -> float:
    width = right.column - left.column
    if left.slope >= right.slope:  # parallel but for rounding
        return left.column + 0.5 * width
    step = (right.value - left.value - right.slope * width) / (left.slope - right.slope)
    return left.column + min(max(step, 0.0), width)


def _joined(parts: Sequence[_Part], near: float) -> Iterator[Stretch]:
    """Put together neighbours that are one straight line."""
    open_: Stretch | None = None
    for part in parts:
        made = Stretch(
            start=part.start,
            end=part.end,
            first=part.line.at(part.start),
            slope=part.line.slope,
        )
        if open_ is not None and abs(open_.at(made.end) - made.last) <= near:
            made = Stretch(
                start=open_.start, end=made.end, first=open_.first, slope=_wider(open_, made)
            )
        elif open_ is not None:
            yield open_
        open_ = made
    if open_ is not None:
        yield open_


def _wider(one: Stretch, other: Stretch) -> float:
    """Slope of the longer of two stretches."""
    return one.slope if one.end - one.start >= other.end - other.start else other.slope
