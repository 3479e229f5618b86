"""Check 9: a run that found no plan proves that there is none, and that its repairs make one."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from perequa.verification.duals import wrong_signs
from perequa.verification.feasibility import row_tolerance
from perequa.verification.folder import read_arrays
from perequa.verification.outcome import Notebook
from perequa.words import saying

if TYPE_CHECKING:
    from perequa.verification.folder import Program, RunFolder
    from perequa.verification.outcome import Check
    from perequa.verification.sparse import Floats
    from perequa.verification.tables import Table

FILE = "farkas.npz"
CONFLICTS = "conflicts.csv"
REPAIRS = "repairs.csv"
PLANS = "repairs.npz"
ZERO = 1e-9
"""Share of the size of its own sum below which a combined coefficient counts as zero."""
PLAN = 1e-6
"""How far rounding may carry the plan of a repair past a limit, in places or currency units."""


def check_infeasible(folder: RunFolder) -> Check:
    """Combine rows by Farkas vectors: the sum demands more than any plan can give.

    Each conflict has a vector of its own, whose rule rows are those listed; each repair has a
    plan under the limits it moves.
    """
    notes = Notebook(9, "infeasible")
    program = folder.program
    y = read_arrays(folder.path / FILE, ["y"])["y"]
    if y.shape != (program.matrix.rows,) or not np.isfinite(y).all():
        notes.wrong(FILE, "y", "shape", y.shape, (program.matrix.rows,))
        return notes.close(saying("Farkas vector"))
    demanded, possible = _contradiction(notes, program, y)
    used = int((y != 0).sum())
    what = saying(
        "{rows} rows combined demand {demanded} where at most {possible} is possible",
        rows=used,
        demanded=demanded,
        possible=possible,
    )
    if folder.has(CONFLICTS):
        conflicts = _check_conflicts(notes, folder)
        proven = saying("{count} conflicts each with its own proof", count=conflicts)
        what = saying("{one}; {other}", one=what, other=proven)
    if folder.has(REPAIRS):
        repairs = _check_repairs(notes, folder)
        planned = saying("{count} repairs each with a plan", count=repairs)
        what = saying("{one}; {other}", one=what, other=planned)
    return notes.close(what)


def _contradiction(notes: Notebook, program: Program, y: Floats) -> tuple[float, float]:
    """Note why rows combined by y do not prove that there is no plan; return both sides."""
    nothing = np.zeros_like(y)
    for i in np.flatnonzero(wrong_signs(y, nothing, (program.lower, program.upper))):
        notes.wrong(
            FILE, program.row_ids[i], saying("multiplier against a bound that does not exist"), y[i]
        )
    combined = program.matrix.transposed.times(y)
    size = program.matrix.transposed.size.times(np.abs(y))
    combined = np.where(np.abs(combined) <= ZERO * size, 0.0, combined)
    bound = np.where(combined > 0, program.most, program.least)
    for j in np.flatnonzero((combined != 0) & ~np.isfinite(bound)):
        notes.wrong(
            FILE,
            program.col_ids[j],
            saying("a column without bound takes part"),
            float(combined[j]),
            0.0,
        )
    possible = math.fsum((combined * _finite(bound, combined)).tolist())
    limit = np.where(y > 0, program.lower, program.upper)
    demanded = math.fsum((y * _finite(limit, y)).tolist())
    if not demanded > possible:
        notes.wrong(
            FILE, "", saying("the combined rows are not contradictory"), demanded, f"> {possible}"
        )
    return demanded, possible


def _check_conflicts(notes: Notebook, folder: RunFolder) -> int:
    """Prove each conflict by its own rows; return their number."""
    program, table = folder.program, folder.table(CONFLICTS)
    stored = read_arrays(folder.path / FILE, ["conflict_ptr", "conflict_row", "conflict_val"])
    ends = stored["conflict_ptr"]
    numbers = table.column("conflict")
    ids = table.column("row")
    _check_limits(notes, program, table, CONFLICTS)
    listed = sorted({int(number) for number in numbers})
    if listed != list(range(1, len(ends))):
        notes.wrong(CONFLICTS, "", "conflicts", listed, f"1 to {len(ends) - 1}")
        return 0
    for k in listed:
        part = slice(int(ends[k - 1]), int(ends[k]))
        y = np.zeros(program.matrix.rows)
        y[stored["conflict_row"][part]] = stored["conflict_val"][part]
        _contradiction(notes, program, y)
        named = {row for row, number in zip(ids, numbers, strict=True) if int(number) == k}
        proven = {program.row_ids[i] for i in np.flatnonzero((y != 0) & program.is_rule)}
        for row in sorted(named ^ proven):
            known = "listed but not proven to clash" if row in named else "clashes but not listed"
            notes.wrong(CONFLICTS, row, f"conflict {k}: {known}")
    return len(listed)


def _check_repairs(notes: Notebook, folder: RunFolder) -> int:
    """Check that the plan of each repair keeps every row under the moved limits."""
    program, table = folder.program, folder.table(REPAIRS)
    menus = table.column("menu")
    if not menus:
        return 0
    _check_limits(notes, program, table, REPAIRS)
    stored = read_arrays(folder.path / PLANS, ["menu", "plan"])
    plans = {str(name): plan for name, plan in zip(stored["menu"], stored["plan"], strict=True)}
    ids, changes = table.column("row"), table.numbers("change")
    limits, moved = table.numbers("limit"), table.numbers("new_limit")
    for name in sorted(set(menus) ^ set(plans)):
        notes.wrong(REPAIRS, name, saying("a repair without a plan, or a plan without a repair"))
    shifts = {name: np.zeros(program.matrix.rows) for name in plans}
    for menu, row, change, old, new in zip(menus, ids, changes, limits, moved, strict=True):
        notes.near((REPAIRS, f"{menu}, {row}", "new_limit"), new, old + change, tolerance=1e-9)
        if menu in shifts and row in program.row_at:
            shifts[menu][program.row_at[row]] = change
    for name, plan in plans.items():
        _check_plan(notes, program, name, plan, shifts[name])
    return len(plans)


def _check_plan(notes: Notebook, program: Program, name: str, plan: Floats, shift: Floats) -> None:
    """Note rows and columns that the plan of a repair breaks."""
    if plan.shape != (program.matrix.columns,) or not np.isfinite(plan).all():
        notes.wrong(PLANS, name, saying("shape of the plan"), plan.shape, (program.matrix.columns,))
        return
    activity = program.matrix.times(plan)
    lower, upper = program.lower + shift, program.upper + shift
    allowed = np.maximum(row_tolerance(program, plan), PLAN)
    for i in np.flatnonzero((activity < lower - allowed) | (activity > upper + allowed)):
        bound = lower[i] if activity[i] < lower[i] else upper[i]
        notes.wrong(PLANS, f"{name}, {program.row_ids[i]}", "limit", activity[i], bound)
    for j in np.flatnonzero((plan < program.least - PLAN) | (plan > program.most + PLAN)):
        notes.wrong(PLANS, f"{name}, {program.col_ids[j]}", saying("bound of the column"), plan[j])


def _check_limits(notes: Notebook, program: Program, table: Table, file: str) -> None:
    """Compare the limits listed with those of the program."""
    for row, limit in zip(table.column("row"), table.numbers("limit"), strict=True):
        if row not in program.row_at:
            notes.wrong(file, row, saying("no such row in the program"))
            continue
        expected = float(program.limit[program.row_at[row]])
        notes.near((file, row, "limit"), limit, expected, tolerance=0.0)


def _finite(bound: Floats, multiplier: Floats) -> Floats:
    """Bounds that take part; those that do not exist have been noted already."""
    return np.where((multiplier != 0) & np.isfinite(bound), bound, 0.0)
