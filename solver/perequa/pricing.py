"""What a plan costs and owes: prices, their ranges, moves of the plan, ranges of weights."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from perequa.engine.exact_ranges import exact_ranges
from perequa.engine.plan_moves import optimal_moves, plan_moves
from perequa.engine.prices import Pricing
from perequa.engine.standing import ALL_ALONE, Standing, standing_of
from perequa.interpret.printed import printed_rows
from perequa.interpret.weights import stable_weights

if TYPE_CHECKING:
    from collections.abc import Collection

    from perequa.compilation import CompiledProgram
    from perequa.engine.plan_moves import PlanMoves
    from perequa.engine.prices import Prices
    from perequa.engine.session import SolverOptions
    from perequa.engine.stages import Staged
    from perequa.engine.weight_range import WeightRange
    from perequa.optimum import Clock, Optimum

Ranges = Literal["printed", "all", "none"]
"""Rows whose ranges are made exact."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What is computed beside the plan."""

    prices: bool
    ranges: Ranges
    weights_up_to: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Priced:
    """What the plan costs and owes; nothing where no prices were asked."""

    levels: tuple[Prices, ...] = ()
    moves: PlanMoves | None = None
    standing: Standing = ALL_ALONE
    weight_ranges: tuple[WeightRange, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Begun:
    """What can be priced before a plan is chosen: that of any optimal plan."""

    pricing: Pricing
    standing: Standing


def begun_prices(
    program: CompiledProgram, staged: Staged, options: SolverOptions, clock: Clock
) -> Begun:
    """Price what does not wait for the published plan.

    Raises
    ------
    NotProven
        When the solver does not prove a price.
    """
    with clock.stage("prices"):
        return Begun(
            pricing=Pricing(program, staged, options),
            standing=standing_of(program, staged, options),
        )


def priced_of(
    found: Optimum, begun: Begun, asked: Asked, options: SolverOptions, clock: Clock
) -> Priced:
    """Price a published plan, as far as was asked.

    Raises
    ------
    NotProven
        When the solver does not prove a price.
    """
    program, staged, plan = found.program, found.staged, found.published.plan
    with clock.stage("prices"):
        levels = begun.pricing.completed(plan)
    if asked.ranges != "none":
        with clock.stage("ranges"):
            first = _ranged(found, levels[0], asked.ranges, options)
            levels = (first, *levels[1:])
    with clock.stage("by objective"):
        moves = _moves(found, levels, options)
    with clock.stage("weights"):
        weights = stable_weights(
            found.instance,
            program,
            staged,
            plan,
            found.weighting,
            options,
            most=asked.weights_up_to,
        )
    return Priced(levels=levels, moves=moves, standing=begun.standing, weight_ranges=weights)


def _ranged(found: Optimum, prices: Prices, wanted: Ranges, options: SolverOptions) -> Prices:
    """Make exact the ranges of the rows wanted."""
    if wanted == "all":
        rows: Collection[int] = np.flatnonzero(found.program.is_rule).tolist()
    else:
        rows = printed_rows(found.instance, found.program, found.published.plan, prices)
    return exact_ranges(found.staged, prices, rows, options)


def _moves(found: Optimum, levels: tuple[Prices, ...], options: SolverOptions) -> PlanMoves:
    """Follow the plan along the limits that are printed.

    A plan published by steps is not followed itself: what all optimal plans share is told.
    """
    plan, program = found.published.plan, found.program
    printed = {i for level in levels for i in printed_rows(found.instance, program, plan, level)}
    at, rows = found.active(), sorted(printed)
    if found.published.method == "exact":
        return plan_moves(at, found.published.y, rows, program.costs, options)
    return optimal_moves(at, levels, rows, program.costs, options)
