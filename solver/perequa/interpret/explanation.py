"""Why a plan is what it is: what moves a rule, what holds a territory."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from perequa_models.keys import RowKey

if TYPE_CHECKING:
    from collections.abc import Mapping

    from perequa.interpret.moves import Move
    from perequa.interpret.run import Solved
    from perequa_models.instance import Floats
    from perequa_models.tree import Indices, Territory


@dataclass(frozen=True, slots=True, kw_only=True)
class MovePrice:
    """The price of a whole move at one priority, whatever plan achieves it.

    Attributes
    ----------
    priority, objectives, unit
        The priority, the objectives it adds up, and the unit of its value.
    effect
        Change of its value by the move at that price; infinite where no plan is left.
    holds
        Share of the move for which the price holds; more than 1 where it goes on holding.
    exact
        Whether it is proven to hold no further.
    """

    priority: int
    objectives: tuple[str, ...]
    unit: str
    effect: float
    holds: float
    exact: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class AmountMoved:
    """Limits moved by an amount that was asked.

    Attributes
    ----------
    again
        The scenario solved again after the move.
    at_the_price
        What the move would do if the plan followed at its present rate all along; None where the
        rate is not known, or no plan is left however small the move.
    farthest
        How many times the move can be made before no plan is left.
    prices
        The price of the move at each priority.
    """

    again: Move
    at_the_price: Move | None
    farthest: float
    prices: tuple[MovePrice, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleExplained:
    """What moving the rows of some rules does.

    Attributes
    ----------
    lines
        Their lines of ``shadow_prices.csv``, every priority.
    alone
        For each row the plan meets, the dearest first: its limit raised, then lowered, by a step.
    together
        All rows raised, then lowered, by one step of their unit; empty where there is one.
    amount
        What was asked with an amount.
    """

    lines: tuple[Mapping[str, str], ...]
    alone: tuple[Move, ...]
    together: tuple[Move, ...]
    amount: AmountMoved | None


@dataclass(frozen=True, slots=True, kw_only=True)
class OneMore:
    """What it takes for a territory to get one more of a measure.

    Attributes
    ----------
    measure, step
        The measure, and how much more: one place, or a round sum of money.
    move
        How the plan changes; None where no plan gives it.
    blocked_by
        Positions of the rule rows that together forbid it.
    """

    measure: str
    step: float
    move: Move | None
    blocked_by: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """What a territory gets of a measure over all years, and what it could get among ties.

    Attributes
    ----------
    measure, unit
        The measure and what it is counted in.
    planned, credits, reference
        The published plan, its credits, the reference (NaN without one).
    least, most
        The ends among the plans that are optimal at every priority.
    """

    measure: str
    unit: str
    planned: float
    credits: float
    reference: float
    least: float
    most: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """An equipment rate of the territory in the last year."""

    indicator: str
    per: float
    before: float
    after: float
    target: float


@dataclass(frozen=True, slots=True, kw_only=True)
class TerritoryExplained:
    """Why a territory gets what it gets.

    Attributes
    ----------
    territory
        Who.
    shares, rates
        What it gets, measure by measure; its rates.
    own, shared
        Lines of the binding rows that speak of it alone, and of those it shares with others.
    gives
        Moves of one limit by one step after which it gets more, the largest first; places and
        money apart.
    one_more
        What it would take to get one more.
    """

    territory: Territory
    shares: tuple[Share, ...]
    rates: tuple[Rate, ...]
    own: tuple[Mapping[str, str], ...]
    shared: tuple[Mapping[str, str], ...]
    gives: tuple[Move, ...]
    one_more: tuple[OneMore, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """An explanation of a run.

    Attributes
    ----------
    run
        The run, without prices of its own: those told are the folder's.
    lines
        All lines of ``shadow_prices.csv``, the first of each row, by position of the row.
    rule, territory
        What was asked.
    """

    run: Solved
    lines: Mapping[int, Mapping[str, str]]
    rule: RuleExplained | None
    territory: TerritoryExplained | None


def price_size(line: Mapping[str, str]) -> float:
    """Return the size of the larger effect of a line of ``shadow_prices.csv``."""
    cells = (line["effect_of_one_more"], line["effect_of_one_less"])
    return max((abs(float(cell)) for cell in cells if cell), default=0.0)


def cells_below(run: Solved, node: int) -> Indices:
    """Return the positions of the decision territories that stand at or below a node."""
    return run.instance.tree.below(node, run.instance.level)


def rows_touching(run: Solved, territories: Indices) -> tuple[Indices, Indices]:
    """Return the rule rows that speak of some territories alone, and those they share.

    A row speaks of a territory when one of its decisions stands in it with a coefficient.
    """
    t, m, y = run.instance.shape
    cells = t * m * y
    inside = np.zeros((t, m, y), dtype=np.bool_)
    inside[territories] = True
    matrix = run.program.matrix[:, :cells]
    held = np.repeat(np.arange(matrix.shape[0]), np.diff(matrix.indptr))
    mine = np.zeros(matrix.shape[0], dtype=np.bool_)
    others = np.zeros(matrix.shape[0], dtype=np.bool_)
    is_mine = inside.ravel()[matrix.indices]
    mine[held[is_mine]] = True
    others[held[~is_mine]] = True
    rules = np.array([isinstance(key, RowKey) for key in run.program.row_keys])
    return np.flatnonzero(rules & mine & ~others), np.flatnonzero(rules & mine & others)


def gained(move: Move, territories: Indices) -> Floats:
    """What some territories gain by a move, by measure, all years together, (M,)."""
    total: Floats = move.changes[territories].sum(axis=(0, 2))
    return total
