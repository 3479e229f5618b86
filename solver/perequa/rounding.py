"""From a published plan to the nearest one in whole places (scenario reference, section 12)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
from scipy import sparse

from perequa.engine.scaling import THOUSAND, scale
from perequa.engine.whole_places import GAP, Question, broken_least, distance, nearest_whole
from perequa.words import saying
from perequa_models.errors import NotProven, NoWholePlan
from perequa_models.keys import OWN_AMOUNTS
from perequa_models.whole import (
    WHOLE,
    ceilings,
    floors,
    largest_remainder,
    least_openings,
    totals,
    whole_measures,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from perequa.compilation import CompiledProgram
    from perequa.engine.scaling import ScaledProgram
    from perequa.engine.session import SolverOptions
    from perequa.interpret.run import Solved
    from perequa_models.instance import Flags, Floats, Instance
    from perequa_models.tree import Indices

ALLOWED_PLACE, ALLOWED_MONEY = 1e-6, 0.01
"""How far a rule may be passed: a millionth of a place, a cent."""
NAMED = 5
"""Most rules named where no whole plan exists."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WholePlan:
    """A plan in whole places and how near it is to the continuous one.

    Attributes
    ----------
    plan
        (n,) decisions and what reserves hold back, natural units; NaN on columns of objectives.
    method
        ``integer_program``, or ``largest_remainder`` where the search found nothing in time.
    moved
        Places moved by rounding: Σ |whole − continuous|, a thousand of money counting as a place.
    bound
        No whole plan that keeps as much moves less, by the solver's word.
    nodes
        Nodes the solver looked at.
    proven
        Whether the distance is within `GAP` of the bound, and no search was cut short.
    remainder
        (n,) the same columns by the method of largest remainders, rules not looked at.
    remainder_moved, remainder_breaks
        Its distance, and the positions of the rule rows it breaks.
    """

    plan: Floats
    method: Literal["integer_program", "largest_remainder"]
    moved: float
    bound: float
    nodes: int
    proven: bool
    remainder: Floats
    remainder_moved: float
    remainder_breaks: tuple[int, ...]

    @property
    def gap(self) -> float:
        """Share of the distance that is not proven; none where a millionth of a place is left."""
        return _unproven(self.moved, self.bound)


class RulesStop(NoWholePlan):
    """No whole plan keeps the rules, and what the search found instead.

    Parameters
    ----------
    run
        The continuous plan, which keeps every rule.
    plan
        (n,) the whole plan that passes the rules least, 0 on columns of objectives; None when the
        search found none in time.
    passed
        By how much it passes each rule row it does not keep, by position, natural units.
    """

    def __init__(self, run: Solved, plan: Floats | None, passed: Mapping[int, float]) -> None:
        self.run, self.plan, self.passed = run, plan, passed
        self.said = _what_stops(run, list(passed))
        super().__init__(self.said)


def whole_plan(run: Solved, options: SolverOptions) -> WholePlan:
    """Find the whole plan nearest to the published one.

    Raises
    ------
    RulesStop
        When no whole plan keeps the rules, by the solver's word.
    NotProven
        When the search found none in time and largest remainders break a rule.
    """
    scaled = scale(run.program)
    columns = _columns(run.instance, run.program)
    rows = np.flatnonzero(run.program.is_rule)
    question = _question(run, scaled, columns, rows)
    found = nearest_whole(question, options)
    if found.outcome == "none":
        raise _stopped(run, question, broken_least(question, options), (scaled, columns, rows))
    remainder = _by_remainder(run, question, scaled, columns)
    breaks = rows[_broken(question, remainder, run.program.row_is_money[rows])]
    x = found.x
    if found.outcome == "limit":
        if breaks.size:
            raise NotProven(
                f"no whole plan was found within {found.nodes} nodes, and largest remainders break "
                f"{run.program.row_keys[int(breaks[0])]}"
            )
        x = remainder
    moved = distance(question, x)
    bound = found.bound if found.outcome == "found" else 0.0
    return WholePlan(
        plan=_laid_out(scaled, columns, x),
        method="integer_program" if found.outcome == "found" else "largest_remainder",
        moved=moved,
        bound=bound,
        nodes=found.nodes,
        proven=found.proven and _unproven(moved, bound) <= GAP,
        remainder=_laid_out(scaled, columns, remainder),
        remainder_moved=distance(question, remainder),
        remainder_breaks=tuple(int(i) for i in breaks),
    )


def _unproven(moved: float, bound: float) -> float:
    """Share of the distance that is not proven; what makes no figure less whole is no distance."""
    left = moved - bound
    return left / moved if left > WHOLE else 0.0


def _columns(instance: Instance, program: CompiledProgram) -> Indices:
    """Columns of the decisions (they come first), of reserves and transfers, of projects."""
    cells = int(np.prod(instance.shape))
    reserves = {row.key.rule for row in instance.rows if row.held}
    held = [
        j
        for j in range(cells, len(program.column_keys))
        if getattr(program.column_keys[j], "role", "") in OWN_AMOUNTS
        and getattr(program.column_keys[j], "owner", "") in reserves
    ]
    return np.array([*range(cells), *held, *np.flatnonzero(program.whole)], dtype=np.intp)


def _question(run: Solved, scaled: ScaledProgram, columns: Indices, rows: Indices) -> Question:
    instance, program = run.instance, run.program
    cells = int(np.prod(instance.shape))
    is_cell = columns < cells
    lower, upper = _limits(run, scaled, rows)
    around = (run.published.plan / scaled.column)[columns]
    places = ~is_cell & ~program.column_is_money[columns]
    around[places] = ceilings(around[places])
    kept = totals(instance)
    sizes = [len(total.cells) for total in kept]
    where = [total.cells for total in kept]
    summed = sparse.csr_array(
        (
            np.ones(sum(sizes)),
            (
                np.repeat(np.arange(len(kept)), sizes),
                np.concatenate(where) if where else np.zeros(0, dtype=np.intp),
            ),
        ),
        shape=(len(kept), len(columns)),
    )
    wanted = np.asarray(summed @ around)
    return Question(
        matrix=sparse.csr_array(sparse.csr_array(scaled.matrix)[rows][:, columns]),
        row_lower=lower,
        row_upper=upper,
        around=around,
        most=program.column_upper[columns] / scaled.column[columns],
        whole=_over(instance, whole_measures(instance), columns) > 0,
        opening=_over(instance, least_openings(instance), columns),
        # projects stay as they were chosen, and so do their places
        weight=_over(instance, ~instance.by_projects, columns),
        totals=summed,
        total_lower=floors(wanted),
        total_upper=ceilings(wanted),
        depth=np.array([total.depth for total in kept], dtype=np.intp),
    )


def _over(instance: Instance, values: Floats | Flags, columns: Indices) -> Floats:
    """Lay a figure of each measure over the columns; 0 on those that are no decision."""
    cells = np.broadcast_to(values[None, :, None], instance.shape).ravel()
    return np.concatenate([cells, np.zeros(len(columns) - len(cells))])


def _limits(run: Solved, scaled: ScaledProgram, rows: Indices) -> tuple[Floats, Floats]:
    """Return what the rules become: money that must be spent may be left, reserves round up."""
    program = run.program
    lower, upper = scaled.row_lower[rows].copy(), scaled.row_upper[rows].copy()
    held = {row.key for row in run.instance.rows if row.held}
    for at, i in enumerate(rows.tolist()):
        key = program.row_keys[i]
        if program.row_is_money[i]:
            if lower[at] == upper[at] and key not in held:
                lower[at] = -np.inf
        elif key in held:
            lower[at] = upper[at] = ceilings(upper[at : at + 1])[0]
    return lower, upper


def _by_remainder(
    run: Solved, question: Question, scaled: ScaledProgram, columns: Indices
) -> Floats:
    """Round by largest remainders, in the units of the solver."""
    x = question.around.copy()
    cells = int(np.prod(run.instance.shape))
    rounded = largest_remainder(run.instance, run.x)
    x[:cells] = rounded.ravel() / scaled.column[columns][:cells]
    return x


def _broken(question: Question, x: Floats, is_money: np.ndarray) -> Indices:
    allowed = np.where(is_money, ALLOWED_MONEY / THOUSAND, ALLOWED_PLACE)
    return np.flatnonzero(_passed(question, x) > allowed)


def _passed(question: Question, x: Floats) -> Floats:
    """How far each rule is passed, in the units of the solver; negative where it is kept."""
    activity = np.asarray(question.matrix @ x)
    return np.asarray(np.maximum(activity - question.row_upper, question.row_lower - activity))


def _laid_out(scaled: ScaledProgram, columns: Indices, x: Floats) -> Floats:
    plan = np.full(len(scaled.column), np.nan)
    plan[columns] = x * scaled.column[columns]
    return plan


def _stopped(
    run: Solved, question: Question, x: Floats, where: tuple[ScaledProgram, Indices, Indices]
) -> RulesStop:
    """Say which rules a whole plan passes, and by how much in their own units."""
    scaled, columns, rows = where
    if not x.size:
        return RulesStop(run, None, {})
    passed = _passed(question, x) / scaled.row[rows]
    broken = _broken(question, x, run.program.row_is_money[rows])
    plan = np.nan_to_num(_laid_out(scaled, columns, x))
    return RulesStop(run, plan, {int(rows[at]): float(passed[at]) for at in broken})


def _what_stops(run: Solved, rows: Sequence[int]) -> str:
    """Say which rules keep every whole plan from existing, as far as it was found."""
    none = saying("a plan satisfies every rule, but none in whole places")
    if run.choice is not None:
        none = saying(
            "a plan satisfies every rule, but none in whole places beside the projects chosen"
        )
    if not rows:
        return saying("{none}; change a rule, or solve without whole places", none=none)
    named: str = ", ".join(str(run.program.row_keys[i]) for i in rows[:NAMED])
    if len(rows) > NAMED:
        named = saying("{reason} (and {count} more)", reason=named, count=len(rows) - NAMED)
    return saying(
        "{none}: {rules} would have to give; change it, or solve without whole places",
        none=none,
        rules=named,
    )
