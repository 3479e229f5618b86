"""Tables of establishments: who stands above a ceiling, who comes down to one and how far."""

from __future__ import annotations

from typing import TYPE_CHECKING

from perequa.interpret.tables import Table, Value
from perequa_models.calendars import CALENDARS
from perequa_models.rules.converge import Converge

if TYPE_CHECKING:
    from perequa.interpret.run import Solved
    from perequa_models.instance import Convergence, Overrun

OVERRUNS = (
    *("scenario", "territory", "name", "department"),
    *("base", "ceiling", "overrun", "exception", "justified", "deducted"),
)
CONVERGENCE = (
    *("scenario", "rule", "level", "territory", "name", "measure", "year"),
    *("ceiling", "budget", "gap", "freed", "handed_over", "returned", "closed_in"),
)
CLOSED = 1e-9
"""Share of its ceiling by which a budget may exceed it and count as having reached it."""


def overruns_table(run: Solved) -> Table:
    """Establishments above their ceiling before the plan, and what later delegations lose."""
    rows: list[tuple[Value, ...]] = []
    for over in run.instance.overruns:
        figures = (over.base, over.ceiling, over.base - over.ceiling)
        said = (over.exception, over.justified, float(over.due.sum()))
        rows.append((run.name, *_named(run, over), *figures, *said))
    return Table(OVERRUNS, tuple(rows))


def _named(run: Solved, over: Overrun) -> tuple[str, str, str]:
    """Code, name and what stands just above; that is empty where budgets stand below several."""
    tree = run.instance.tree
    nodes = run.instance.nodes[over.members] if over.node is None else [over.node]
    above = {int(tree.parent[node]) for node in nodes}
    only = above.pop() if len(above) == 1 else -1
    name = "" if over.node is None else tree.nodes[over.node].name
    return over.label, name, tree.nodes[only].code if only >= 0 else ""


def convergence_table(run: Solved) -> Table:
    """Every year of every establishment in convergence, and where the money freed goes."""
    instance = run.instance
    freed = run.plan.freed.ravel()
    activity = dict(zip(run.program.row_keys, run.activity.tolist(), strict=True))
    closed = _closed_in(run)
    years = len(instance.years)
    rows: list[tuple[Value, ...]] = []
    for c in instance.convergence:
        spec = instance.scenario.rules[c.row.rule]
        assert isinstance(spec, Converge)
        budget, taken = float(activity[c.row]), float(freed[c.cell])
        handed = taken * spec.stays
        t = c.cell // (instance.shape[1] * years)
        who = (c.row.level, c.row.territory, instance.territories[t].name, c.row.measure)
        figures = (c.ceiling, budget, budget - c.ceiling, taken, handed, taken - handed)
        rows.append((run.name, c.row.rule, *who, c.row.year, *figures, closed[c.cell // years]))
    return Table(CONVERGENCE, tuple(rows))


def _closed_in(run: Solved) -> dict[int, int | None]:
    """Year in which each establishment reaches its ceiling, by territory and measure.

    In the plan where a limit says so, else in the year its calendar ends; None where it never does.
    """
    instance = run.instance
    fixed = instance.fixed_budget.ravel()
    found: dict[int, int | None] = {}
    for c in instance.convergence:
        pair = c.cell // len(instance.years)
        found.setdefault(pair, _end_of_calendar(run, c))
        reached = fixed[c.cell] - c.ceiling <= CLOSED * c.ceiling
        before = found[pair]
        if reached and c.row.year is not None and (before is None or before > c.row.year):
            found[pair] = c.row.year
    return found


def _end_of_calendar(run: Solved, coming: Convergence) -> int | None:
    spec = run.instance.scenario.rules[coming.row.rule]
    assert isinstance(spec, Converge)
    stated = CALENDARS[spec.calendar] if isinstance(spec.calendar, str) else spec.calendar
    later = [y for y, part in stated.items() if part == 1.0 and y > run.instance.years[-1]]
    return min(later, default=None)
