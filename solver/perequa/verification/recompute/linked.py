"""Rules that look at another rule or at what is already there (scenario reference, section 3)."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from perequa.verification.recompute.figures import equals
from perequa.verification.recompute.groups import groups, selected_cells
from perequa.verification.recompute.limits import adjusted, amounts, limit_of, sum_over
from perequa.verification.recompute.rules import (
    ExpectedRow,
    fixing_row,
    quantity_of,
    row_id,
    row_of,
    summed,
    summing_row,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from perequa.verification.recompute.groups import Group
    from perequa.verification.recompute.model import Model


def ceiling_rows(model: Model, name: str, spec: Mapping[str, Any]) -> list[ExpectedRow]:
    """State G ≤ max(L, base carried), and the two exceptions of the circular."""
    rows = []
    for group in groups(model, spec, selected_cells(model, spec), by_year=True):
        limit = limit_of(model, spec["at_most"], group)
        if limit is None:
            continue
        carried = sum_over(model.bare_supply.base_carried, group.cells)
        exceptions = exceptions_of(model, spec, group)
        alone = len(exceptions) == 1
        validated = _validated(model, spec, group, exceptions)
        if alone and "clapet" in exceptions:
            limit = carried
        elif alone and validated is not None:
            limit = carried + validated
        elif spec.get("above", "freeze") == "freeze":
            limit = max(limit, carried + (validated or 0.0))
        rows.append(summing_row(model, name, spec, group, "at_most", limit))
    return rows


def exceptions_of(model: Model, spec: Mapping[str, Any], group: Group) -> list[str]:
    """Exception to the ceiling of each territory of a group, empty where there is none."""
    if not spec.get("exceptions"):
        return [""] * len(group.territories)
    nodes = model.tree.deciding[group.territories]
    words = [model.figures.word(spec["exceptions"]["column"], int(node)) for node in nodes]
    return [next((k for k in ("clapet", "mecanique") if equals(w, k)), "") for w in words]


@dataclass(frozen=True, slots=True, kw_only=True)
class Over:
    """Who stands above a ceiling before the plan.

    Attributes
    ----------
    rule, group
        The ceiling, and who is under it.
    base, ceiling, exception, justified
        As in ``overruns.csv``.
    due
        What later delegations lose for each decision territory.
    """

    rule: str
    group: Group
    base: float
    ceiling: float
    exception: str
    justified: bool
    due: Mapping[int, float]


def overruns(model: Model) -> list[Over]:
    """Everyone above a ceiling before the plan, in the order of the rules and their groups."""
    found = []
    for name, spec in sorted(model.rules.items()):
        if spec["kind"] != "ceiling":
            continue
        for group in groups(model, spec, selected_cells(model, spec), by_year=True):
            limit = limit_of(model, spec["at_most"], group)
            if group.years[0] == 0 and group.label[1] and limit is not None:
                over = _over(model, name, group, limit)
                found += [] if over is None else [over]
    return found


def _over(model: Model, name: str, group: Group, ceiling: float) -> Over | None:
    by_territory = model.supply.base[np.ix_(group.territories, group.measures)].sum(axis=1)
    base = math.fsum(by_territory)
    if base <= ceiling:
        return None
    known = model.figures.has("overrun_justified")
    said = [
        model.figures.words["overrun_justified"].text[node, 0, 0] if known else ""
        for node in model.tree.deciding[group.territories]
    ]
    justified = all(equals(str(word), True) for word in said)
    words = set(exceptions_of(model, model.rules[name], group)) - {""}
    if not model.converging.keys().isdisjoint(group.cells.tolist()):
        words.add("convergence")
    exception = ";".join(sorted(words))
    owed = 0.0 if justified or exception else base - ceiling
    return Over(
        rule=name,
        group=group,
        base=base,
        ceiling=ceiling,
        exception=exception,
        justified=justified,
        due={
            int(t): owed * float(own) / base
            for t, own in zip(group.territories, by_territory, strict=True)
        },
    )


def _validated(
    model: Model, spec: Mapping[str, Any], group: Group, exceptions: list[str]
) -> float | None:
    """Amounts validated for the territories of a group with an *effet mécanique*."""
    if "mecanique" not in exceptions or not spec["exceptions"].get("amount"):
        return None
    column = model.quantity(spec["exceptions"]["amount"]["column"])
    nodes = model.tree.deciding[group.territories]
    concerned = [n for n, word in zip(nodes, exceptions, strict=True) if word == "mecanique"]
    return math.fsum(float(column[n, 0, 0]) for n in concerned)


def converge_rows(
    model: Model, name: str, spec: Mapping[str, Any], rows: list[ExpectedRow]
) -> list[ExpectedRow]:
    """State the budget of each establishment in convergence, and hand over what it frees.

    Parameters
    ----------
    rows
        All rows so far; those of the rules that receive money come to count it.
    """
    coming = [c for c in model.converging.values() if c.rule == name]
    cells = np.array([c.cell for c in coming], dtype=np.intp)
    t, _, y = np.unravel_index(cells, model.shape)
    freed = spec.get("freed", "returned")
    for other, share in ({} if isinstance(freed, str) else freed).items():
        for i, row in enumerate(rows):
            if row.rule == other:
                inside = np.isin(t, row.group.territories) & np.isin(y, row.group.years)
                rows[i] = _receiving(model, row, cells[inside].tolist(), float(share))
    return [
        ExpectedRow(
            id=row_id(name, c.group, "equals"),
            rule=name,
            kind=spec["kind"],
            side="equals",
            unit="money",
            group=c.group,
            cells=np.zeros(0, dtype=np.intp),
            values=np.zeros(0),
            each=np.zeros(len(model.projects.order)),
            constant=0.0,
            limit=c.limit,
            written=c.written,
            held=True,
        )
        for c in coming
    ]


def _receiving(model: Model, row: ExpectedRow, cells: list[int], share: float) -> ExpectedRow:
    """Take a share of (1 + ρ)·G of the year before + what is due − G off a row's activity."""
    supply = model.supply
    years = len(model.years)
    holds, constant = dict(row.holds), row.constant
    for cell in cells:
        growth = float(supply.growth.ravel()[cell])
        own = fixing_row(model, cell)
        holds[own] = holds.get(own, 0.0) + share
        if cell % years:
            before = fixing_row(model, cell - 1)
            holds[before] = holds.get(before, 0.0) - share * growth
        else:
            pair = cell // years
            renewed = growth * float(supply.base.ravel()[pair])
            constant -= share * (renewed + float(supply.carried.ravel()[pair]))
    return replace(row, holds={k: v for k, v in holds.items() if v != 0}, constant=constant)


def reserve_rows(
    model: Model, name: str, spec: Mapping[str, Any], rows: list[ExpectedRow]
) -> list[ExpectedRow]:
    """State R = s·L or R = amount for each row of the rule it is taken from.

    Parameters
    ----------
    rows
        All rows so far; those of the rule taken from come to hold the reserve.
    """
    held = []
    due = _deducted(model, spec, rows)
    for i, row in enumerate(rows):
        if row.rule != spec["of"]:
            continue
        if spec.get("share") is not None:
            limit = float(spec["share"]) * row.written
        elif isinstance(spec["amount"], dict) and "overruns" in spec["amount"]:
            limit = due[row.id]
        else:
            limit = amounts(model, spec["amount"], row.group)
        reserve = ExpectedRow(
            id=row_id(name, row.group, "equals"),
            rule=name,
            kind=spec["kind"],
            side="equals",
            unit=row.unit,
            group=row.group,
            cells=np.zeros(0, dtype=np.intp),
            values=np.zeros(0),
            each=np.zeros(len(model.projects.order)),
            constant=0.0,
            limit=adjusted(model, spec, row.group, "equals", limit),
            written=limit,
            held=True,
        )
        held.append(reserve)
        rows[i] = replace(row, holds={**row.holds, reserve.id: 1.0})
    return held


def _deducted(model: Model, spec: Mapping[str, Any], rows: list[ExpectedRow]) -> dict[str, float]:
    """Overruns taken off each delegation, the earliest first and none below nothing."""
    amount = spec.get("amount")
    if not isinstance(amount, dict) or "overruns" not in amount:
        return {}
    owed: dict[int, float] = {}
    for over in overruns(model):
        if over.rule == amount["overruns"]:
            for t, money in over.due.items():
                owed[t] = owed.get(t, 0.0) + money
    found = {}
    for row in sorted((r for r in rows if r.rule == spec["of"]), key=lambda r: r.group.year or 0):
        mine = [int(t) for t in row.group.territories if owed.get(int(t), 0.0) > 0]
        total = math.fsum(owed[t] for t in mine)
        found[row.id] = min(total, row.written)
        for t in mine:
            owed[t] -= owed[t] * found[row.id] / total
    return found


def set_aside_rows(
    model: Model, name: str, spec: Mapping[str, Any], rows: list[ExpectedRow]
) -> list[ExpectedRow]:
    """State Σ k outside the selection ≤ L − A for each row of the rule it is set aside in."""
    inside = np.flatnonzero(selected_cells(model, spec))
    found = []
    for row in rows:
        if row.rule != spec["of"]:
            continue
        other = model.rules[row.rule]
        outside = np.setdiff1d(row.group.cells, inside)
        total = summed(model, quantity_of(other), outside)
        limit = row.written - float(spec["set_aside"])
        found.append(row_of(model, name, row.group, "at_most", limit, total, unit=row.unit))
    return found


def withhold_rows(model: Model, name: str, spec: Mapping[str, Any]) -> list[ExpectedRow]:
    """State Σ k = amount where an amount is stated; otherwise no row."""
    if spec.get("amount") is None:
        return []
    return [
        summing_row(model, name, spec, group, "equals", amounts(model, spec["amount"], group))
        for group in groups(model, spec, selected_cells(model, spec))
    ]


def withheld_groups(model: Model) -> list[tuple[str, Group]]:
    """Groups whose credits are shared out but not delivered, with their row in ``rules.csv``."""
    return [
        (row_id(name, group, "held_back"), group)
        for name, spec in model.rules.items()
        if spec["kind"] == "withhold"
        for group in groups(model, spec, selected_cells(model, spec))
    ]
