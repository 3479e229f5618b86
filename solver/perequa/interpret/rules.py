"""Every rule row with its limit, its activity and its price on both sides."""

from __future__ import annotations

from math import isfinite, isnan
from typing import TYPE_CHECKING

import numpy as np

from perequa.interpret.common_unit import units_per_100k
from perequa.interpret.same_rows import full_statement, same_cells
from perequa.interpret.tables import Table, Value, written
from perequa.weighting import objective_value
from perequa_models.keys import RowKey

if TYPE_CHECKING:
    from perequa.engine.prices import Side
    from perequa.interpret.run import Solved
    from perequa.words import Words
    from perequa_models.instance import Flags, Floats

IDENTITY = (
    "scenario",
    "row",
    "rule",
    "kind",
    "level",
    "territory",
    "territory_name",
    "measure",
    "year",
    "unit",
    "side",
)
RULES = (*IDENTITY, "limit", "activity", "slack", "binding", "continuous_activity")
PRICES = (
    *IDENTITY,
    "limit",
    "priority",
    "effect_of_one_more",
    "effect_of_one_less",
    "effect_per_100k_more",
    "effect_per_100k_less",
    "currency",
    "holds_up_to",
    "holds_down_to",
    "range",
    "unique",
    "objective",
    "objective_kind",
    "objective_unit",
    "same_as",
    "same_how",
    "joint_effect_of_one_more",
    "joint_effect_of_one_less",
    "joint_holds_up_to",
    "joint_holds_down_to",
    "statement",
)
OBJECTIVES = (
    "scenario",
    "priority",
    "objective",
    "kind",
    "unit",
    "weight",
    "value",
    "initial_value",
    "optimum_alone",
)
BINDING = 1e-9
"""Share of a limit, of a place or of a thousand of money within which the limit is met."""
THOUSAND = 1000.0
COUNTED = ("place", "project")
"""Units of limits that are not money."""


def rules_table(run: Solved) -> Table:
    """One row per rule row of the program, and one per group whose delivery is withheld."""
    rows: list[tuple[Value, ...]] = []
    for i, identity in run.rule_rows.items():
        limit, activity = float(run.program.row_limit[i]), float(run.handed_out_activity[i])
        binding = bool(meets(limit, activity, money=run.program.row_is_money[i]))
        continuous = None if run.whole is None else float(run.activity[i])
        rows.append((*identity, limit, activity, abs(limit - activity), binding, continuous))
    for listed in run.instance.withheld:
        amount = float(run.handed_out.credits.ravel()[listed.cells].sum())
        identity = run.identity(listed.key, "withhold", run.instance.scenario.currency)
        rows.append((*identity, None, amount, None, False, None))
    return Table(RULES, tuple(rows))


def priced_as_binding(rules: Table) -> set[tuple[Value, Value]]:
    """Steps (of a cascade) and rows whose limit the priced plan meets.

    Where whole places are handed out, the priced plan is the continuous one.
    """
    found: set[tuple[Value, Value]] = set()
    for row in rules.records():
        limit, continuous = row["limit"], row["continuous_activity"]
        binds = row["binding"]
        if isinstance(limit, float) and isinstance(continuous, float):
            binds = bool(meets(limit, continuous, money=row["unit"] not in COUNTED))
        if binds:
            found.add((row.get("step"), row["row"]))
    return found


def meets(limit: Floats | float, activity: Floats | float, *, money: Flags | bool) -> Flags:
    """Whether limits are met but for rounding.

    A limit of nothing on credits is met by a millionth: hundreds of millions stand on both sides.
    """
    size = np.maximum(np.where(money, THOUSAND, 1.0), np.abs(limit))
    return np.asarray(np.abs(np.subtract(limit, activity)) <= BINDING * size)


def prices_table(run: Solved, words: Words) -> Table:
    """One line per rule row and priority: a vector of prices under strict priorities."""
    rows: list[tuple[Value, ...]] = []
    levels = [{(side.row, side.sign): side for side in level.sides} for level in run.levels]
    per_100k = units_per_100k(run.instance, run.program)
    names = {i: str(key) for i, key in enumerate(run.program.row_keys) if isinstance(key, RowKey)}
    currency = run.instance.scenario.currency
    minimised = [_objective(run, p) for p in range(len(levels))]
    for i, identity in run.rule_rows.items():
        limit = float(run.program.row_limit[i])
        for p, sides in enumerate(levels):
            shown = _price(limit, sides[i, 1], sides[i, -1], float(per_100k[i]), currency)
            priority = run.weighting.priorities[p]
            same = same_cells(run.standing, names, i, p, limit)
            rows.append((*identity, limit, priority, *shown, *minimised[p], *same))
    said = [full_statement(row, words) for row in written(PRICES[:-1], rows)]
    return Table(PRICES, tuple((*row, one) for row, one in zip(rows, said, strict=True)))


def _objective(run: Solved, stage: int) -> tuple[str, str, str]:
    """Name, kind and unit of what a priority minimises."""
    served = run.weighting.served(stage)
    kinds = (run.instance.scenario.objectives[name].kind for name in served)
    return ";".join(served), ";".join(kinds), run.weighting.units[stage]


def _price(
    limit: float, more: Side, less: Side, per_100k: float, currency: str
) -> tuple[Value, ...]:
    up, down = more.price, less.price
    finite = isfinite(up) and isfinite(down)
    return (
        up,
        down,
        None if isnan(per_100k) else up * per_100k,
        None if isnan(per_100k) else down * per_100k,
        currency,
        _snapped(limit + more.reach, limit) if isfinite(up) else limit,
        _snapped(limit - less.reach, limit) if isfinite(down) else limit,
        "exact" if more.exact and less.exact else "inner",
        bool(finite and abs(up + down) <= 1e-9 * max(abs(up), abs(down), 1e-300)),
    )


def _snapped(end: float, limit: float) -> float:
    """Write an end that is zero to rounding as zero."""
    return 0.0 if abs(end) <= 1e-12 * max(1.0, abs(limit)) else end


def objectives_table(run: Solved) -> Table:
    """Value of every objective, recomputed from the published plan by its definition."""
    from perequa_models.catalogue import OBJECTIVE_KINDS  # noqa: PLC0415

    rows: list[tuple[Value, ...]] = []
    for k, name in enumerate(run.weighting.names):
        spec = run.instance.scenario.objectives[name]
        rows.append(
            (
                run.name,
                spec.priority,
                name,
                spec.kind,
                OBJECTIVE_KINDS[spec.kind].unit(run.instance, spec),
                spec.weight,
                objective_value(run.instance, name, run.handed_out, run.reference),
                float(run.weighting.initial[k]),
                run.alone.get(name),
            )
        )
    return Table(OBJECTIVES, tuple(rows))
