"""Why a territory gets what it gets, and what it would take to get more."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from perequa.engine.plan_moves import plan_moves
from perequa.engine.what_if import least_and_most, one_more
from perequa.interpret.explanation import (
    OneMore,
    Rate,
    Share,
    TerritoryExplained,
    cells_below,
    gained,
    rows_touching,
)
from perequa.interpret.moves import Move, solved_again
from perequa.interpret.sentences import PER
from perequa_models.errors import UsageError

if TYPE_CHECKING:
    from perequa.explaining.subject import Subject
    from perequa_models.tree import Indices

MOST_FOLLOWED = 400
"""Binding rows followed to see which would give a territory more."""
SHOWN_GIVING = 5
SMALL = 1e-7


def explain_territory(subject: Subject, node: int) -> TerritoryExplained:
    """Say what a territory gets, what holds it there and what would give it more.

    Raises
    ------
    UsageError
        When nothing is decided at or below the territory.
    """
    run = subject.run
    inside = cells_below(run, node)
    if not len(inside):
        raise UsageError(
            f"--territory {run.instance.tree.nodes[node].id}: places are decided at level "
            f"{run.instance.level}, above it: name a territory of that level"
        )
    own, shared = rows_touching(run, inside)
    bound = subject.at.low | subject.at.high
    own, shared = own[bound[own]], shared[bound[shared]]
    return TerritoryExplained(
        territory=run.instance.tree.nodes[node],
        shares=_shares(subject, inside),
        rates=_rates(subject, node),
        own=tuple(subject.lines[int(i)] for i in own),
        shared=tuple(subject.lines[int(i)] for i in shared),
        gives=_gives(subject, inside),
        one_more=tuple(_one_more(subject, inside, m) for m in range(len(run.instance.measures))),
    )


def _columns(subject: Subject, inside: Indices, m: int) -> Indices:
    shape = subject.run.instance.shape
    positions = np.arange(int(np.prod(shape)), dtype=np.intp).reshape(shape)
    columns: Indices = positions[inside, m].ravel()
    return columns


def _shares(subject: Subject, inside: Indices) -> tuple[Share, ...]:
    run, instance = subject.run, subject.run.instance
    groups = [_columns(subject, inside, m) for m in range(len(instance.measures))]
    ends = least_and_most(subject.base, groups)
    shares = []
    for m, measure in enumerate(instance.measures):
        reference = run.reference.credits if instance.is_money[m] else run.reference.places
        told = reference[inside, m]
        shares.append(
            Share(
                measure=measure,
                unit=instance.scenario.currency if instance.is_money[m] else "place",
                planned=float(run.x[inside, m].sum()),
                credits=float(run.plan.credits[inside, m].sum()),
                reference=float("nan") if np.isnan(told).all() else float(np.nansum(told)),
                least=ends[m][0],
                most=ends[m][1],
            )
        )
    return tuple(shares)


def _rates(subject: Subject, node: int) -> tuple[Rate, ...]:
    run = subject.run
    rates = []
    for name, indicator in run.instance.indicators.items():
        people = float(indicator.population[node, -1]) / indicator.per
        nodes = np.array([node])
        before = float(run.nothing.numerator(indicator, nodes)[0, -1])
        after = float(run.plan.numerator(indicator, nodes)[0, -1])
        rates.append(
            Rate(
                indicator=name,
                per=indicator.per,
                before=before / people,
                after=after / people,
                target=indicator.target,
            )
        )
    return tuple(rates)


def _gives(subject: Subject, inside: Indices) -> tuple[Move, ...]:
    """Return the moves of one limit that give some territories more, the largest first."""
    bound = [i for i in subject.lines if subject.at.low[i] or subject.at.high[i]]
    if len(bound) > MOST_FOLLOWED or subject.optimum.published.method != "exact":
        return ()
    at, tie_y = subject.at, subject.optimum.published.y
    nothing = np.zeros((0, len(at.plan)))
    rates = plan_moves(at, tie_y, bound, nothing, subject.options).rates
    moves = []
    for (i, sign), rate in rates.items():
        step = subject.step(i)
        if rate is None:
            continue
        move = Move(
            name=subject.named(i, sign),
            direction={i: sign * step},
            possible=True,
            effects={},
            changes=(rate * step)[: subject.run.x.size].reshape(subject.run.x.shape),
            holds=float("nan"),
        )
        if gained(move, inside).sum() > SMALL:
            moves.append(move)
    moves.sort(key=lambda move: (-gained(move, inside).sum(), move.name))
    money = subject.optimum.program.row_is_money
    apart = [[m for m in moves if money[min(m.direction)] == unit] for unit in (False, True)]
    return tuple(move for some in apart for move in some[:SHOWN_GIVING])


def _one_more(subject: Subject, inside: Indices, m: int) -> OneMore:
    instance = subject.run.instance
    step = PER if instance.is_money[m] else 1.0
    found = one_more(subject.base, _columns(subject, inside, m), step)
    measure = instance.measures[m]
    if isinstance(found, tuple):
        return OneMore(measure=measure, step=step, move=None, blocked_by=found)
    move = solved_again(subject.run, f"one more {measure}", {}, found)
    return OneMore(measure=measure, step=step, move=move, blocked_by=())
