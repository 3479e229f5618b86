"""Every rule row with its limit, its activity and its price on both sides."""

from __future__ import annotations

from math import isfinite, isnan
from typing import TYPE_CHECKING

from perequa.interpret.common_unit import units_per_100k
from perequa.interpret.same_rows import full_statement, same_cells
from perequa.interpret.tables import Cells, Table, Value
from perequa.weighting import objective_value
from perequa_models.keys import RowKey

if TYPE_CHECKING:
    from perequa.engine.prices import Side
    from perequa.interpret.run import Solved
    from perequa.words import Words

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
RULES = (*IDENTITY, "limit", "activity", "slack", "binding")
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


def rules_table(run: Solved) -> Table:
    """One row per rule row of the program, and one per group whose delivery is withheld."""
    rows: list[tuple[Value, ...]] = []
    for i, identity in rule_rows(run).items():
        limit, activity = float(run.program.row_limit[i]), float(run.activity[i])
        slack = abs(limit - activity)
        binding = slack <= BINDING * max(1.0, abs(limit))
        rows.append((*identity, limit, activity, slack, binding))
    for listed in run.instance.withheld:
        amount = float(run.plan.credits.ravel()[listed.cells].sum())
        identity = _identity(run, listed.key, "withhold", run.instance.scenario.currency)
        rows.append((*identity, None, amount, None, False))
    return Table(RULES, tuple(rows))


def prices_table(run: Solved, words: Words) -> Table:
    """One line per rule row and priority: a vector of prices under strict priorities."""
    rows: list[tuple[Value, ...]] = []
    levels = [{(side.row, side.sign): side for side in level.sides} for level in run.levels]
    per_100k = units_per_100k(run.instance, run.program)
    names = {i: str(key) for i, key in enumerate(run.program.row_keys) if isinstance(key, RowKey)}
    currency = run.instance.scenario.currency
    minimised = [_objective(run, p) for p in range(len(levels))]
    for i, identity in rule_rows(run).items():
        limit = float(run.program.row_limit[i])
        for p, sides in enumerate(levels):
            shown = _price(limit, sides[i, 1], sides[i, -1], float(per_100k[i]), currency)
            priority = run.weighting.priorities[p]
            same = same_cells(run.standing, names, i, p, limit)
            line = (*identity, limit, priority, *shown, *minimised[p], *same)
            rows.append((*line, full_statement(Cells(PRICES, line), words)))
    return Table(PRICES, tuple(rows))


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
                objective_value(run.instance, name, run.plan, run.reference),
                float(run.weighting.initial[k]),
                run.alone.get(name),
            )
        )
    return Table(OBJECTIVES, tuple(rows))


def rule_rows(run: Solved) -> dict[int, tuple[Value, ...]]:
    """Identifying columns of every rule row, by its position in the program."""
    currency = run.instance.scenario.currency
    rows = {row.key: row for row in run.instance.rows}
    return {
        i: _identity(run, key, rows[key].kind, unit_of_limit(rows[key].unit, currency))
        for i, key in enumerate(run.program.row_keys)
        if isinstance(key, RowKey)
    }


def unit_of_limit(unit: str, currency: str) -> str:
    """Name what a limit counts, as the tables do: money by its currency."""
    return currency if unit == "money" else unit


def _identity(run: Solved, key: RowKey, kind: str, unit: str) -> tuple[Value, ...]:
    node = run.instance.tree.index.get((key.level, key.territory))
    name = run.instance.tree.nodes[node].name if node is not None else ""
    where = (key.level, key.territory, name, key.measure, key.year)
    return (run.name, str(key), key.rule, kind, *where, unit, key.side)
