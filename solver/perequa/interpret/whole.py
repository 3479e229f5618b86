"""What whole places cost: each objective, money left, totals loosened, the largest remainders."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from perequa.interpret.run import unit_of_limit
from perequa.interpret.tables import Table, Value
from perequa.weighting import objective_value
from perequa_models.keys import RowKey
from perequa_models.quantities import Quantities
from perequa_models.whole import (
    WHOLE,
    ceilings,
    floors,
    least_openings,
    totals,
    whole_measures,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from perequa.interpret.run import Solved
    from perequa.rounding import WholePlan
    from perequa_models.instance import RuleRow

WHOLE_COLUMNS = (
    "scenario",
    "about",
    "row",
    "unit",
    "wanted",
    "kept",
    "difference",
    "largest_remainder",
)

Line = tuple[Value, ...]


def whole_table(run: Solved, whole: WholePlan) -> Table:
    """One line for each thing that whole places change, beside what largest remainders give.

    About ``distance``: places moved. ``objective``: its value. ``money``: what is spent of an
    envelope, or of a sum that had to be spent whole. ``reserve``: rounded up to a place.
    ``opening``: cells that the least opening moves. ``total``: sums that are not kept. ``rule``:
    rules that largest remainders break.
    """
    remainder = Quantities(run.instance, run.cells_of(whole.remainder), taken=run.taken)
    lines = [
        _line("distance", "", "place", (0.0, whole.moved, whole.remainder_moved)),
        *_objectives(run, remainder),
        *_rules(run, whole),
        *_openings(run, remainder),
        *_totals(run, remainder),
    ]
    return Table(WHOLE_COLUMNS, tuple((run.name, *line) for line in lines))


def whole_record(run: Solved, whole: WholePlan) -> dict[str, Any]:
    """Say in ``run.json`` how the whole plan was found and how near it is proven to be."""
    table = whole_table(run, whole)
    return {
        "method": whole.method,
        "distance": whole.moved,
        "bound": whole.bound,
        "gap": whole.gap,
        "proven": whole.proven,
        "nodes": whole.nodes,
        "totals_loosened": sum(about == "total" for about in table.column("about")),
        "largest_remainder": {
            "distance": whole.remainder_moved,
            "rules_broken": len(whole.remainder_breaks),
        },
    }


def _line(about: str, row: str, unit: str, figures: tuple[float, float, float]) -> Line:
    wanted, kept, remainder = (float(figure) for figure in figures)
    return about, row, unit, wanted, kept, kept - wanted, remainder


def _objectives(run: Solved, remainder: Quantities) -> Iterator[Line]:
    from perequa_models.catalogue import OBJECTIVE_KINDS  # noqa: PLC0415 - brings in every kind

    for name in run.weighting.names:
        spec = run.instance.scenario.objectives[name]
        unit = OBJECTIVE_KINDS[spec.kind].unit(run.instance, spec)
        wanted, kept, beside = (
            objective_value(run.instance, name, plan, run.reference)
            for plan in (run.plan, run.handed_out, remainder)
        )
        yield _line("objective", name, unit, (wanted, kept, beside))


def _rules(run: Solved, whole: WholePlan) -> Iterator[Line]:
    """Money left, reserves rounded, and rules that largest remainders break."""
    rows = {row.key: row for row in run.instance.rows}
    currency = run.instance.scenario.currency
    limit, kept = run.program.row_limit, run.handed_out_activity
    beside = run.activity_at(whole.remainder)
    for i, key in enumerate(run.program.row_keys):
        if not isinstance(key, RowKey):
            continue
        unit = unit_of_limit(rows[key].unit, currency)
        if i in whole.remainder_breaks:
            yield _line("rule", str(key), unit, (limit[i], kept[i], beside[i]))
        if _spends(rows[key]):
            yield _line("money", str(key), unit, (limit[i], kept[i], beside[i]))
        if rows[key].fixes and abs(kept[i] - limit[i]) > WHOLE:
            yield _line("reserve", str(key), unit, (limit[i], kept[i], beside[i]))


def _spends(row: RuleRow) -> bool:
    """Whether a row says how much money is to be spent: an envelope, or any sum stated exactly."""
    if row.unit != "money" or row.held:
        return False
    return row.key.side == "equals" or (row.kind == "envelope" and row.key.side == "at_most")


def _openings(run: Solved, remainder: Quantities) -> Iterator[Line]:
    """Cells that would be opened by less than the least opening."""
    least = np.broadcast_to(least_openings(run.instance)[None, :, None], run.instance.shape)
    small = (run.x > WHOLE) & (run.x < least - WHOLE)
    for cell in np.flatnonzero(small.ravel()).tolist():
        figures = (plan.ravel()[cell] for plan in (run.x, run.handed_out.x, remainder.x))
        wanted, kept, beside = map(float, figures)
        yield _line("opening", str(run.program.column_keys[cell]), "place", (wanted, kept, beside))


def _totals(run: Solved, remainder: Quantities) -> Iterator[Line]:
    """Totals that lie beyond the whole numbers around the continuous one."""
    if not whole_measures(run.instance).any():
        return
    for total in totals(run.instance):
        wanted, kept, beside = (
            float(plan.ravel()[total.cells].sum())
            for plan in (run.x, run.handed_out.x, remainder.x)
        )
        low, high = floors(np.array([wanted]))[0], ceilings(np.array([wanted]))[0]
        if not low - WHOLE <= kept <= high + WHOLE:
            yield _line("total", str(total), "place", (wanted, kept, beside))
