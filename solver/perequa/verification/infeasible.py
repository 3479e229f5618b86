"""Check 9: a run that found no plan proves that there is none, and that its repairs make one."""

from __future__ import annotations

import itertools
import math
from typing import TYPE_CHECKING

import numpy as np

from perequa.verification.duals import wrong_signs
from perequa.verification.feasibility import row_tolerance
from perequa.verification.folder import read_arrays
from perequa.verification.outcome import Notebook
from perequa.words import saying

if TYPE_CHECKING:
    from perequa.verification.folder import Arrays, Program, RunFolder
    from perequa.verification.outcome import Check
    from perequa.verification.sparse import Floats, Indices
    from perequa.verification.tables import Table

    Proof = tuple[Floats, tuple[float, float]]

FILE = "farkas.npz"
CONFLICTS = "conflicts.csv"
REPAIRS = "repairs.csv"
PLANS = "repairs.npz"
_LEAVES = ("conflict_ptr", "conflict_row", "conflict_val")
LEAF = -1
ZERO = 1e-9
"""Share of the size of its own sum below which a combined coefficient counts as zero."""
NEAR = 1e-9
"""Share of the sums of a proof by which their difference may differ, added in another order."""
PLAN = 1e-6
"""How far rounding may carry the plan of a repair past a limit, in places or currency units."""


def check_infeasible(folder: RunFolder) -> Check:
    """Combine rows by Farkas vectors: the sum demands more than any plan can give.

    Each conflict has a vector of its own, whose rule rows are those listed; each repair has a
    plan under the limits it moves. Where projects are chosen a conflict has a tree that branches
    on them, with a vector at each leaf.
    """
    notes = Notebook(9, "infeasible")
    program = folder.program
    projects = project_columns(program)
    if projects.size:
        told = _no_selection(notes, folder, projects)
    else:
        y = read_arrays(folder.path / FILE, ["y"])["y"]
        if y.shape != (program.matrix.rows,) or not np.isfinite(y).all():
            notes.wrong(FILE, "y", "shape", y.shape, (program.matrix.rows,))
            return notes.close(saying("Farkas vector"))
        told = _no_plan(notes, folder, y)
    if folder.has(REPAIRS):
        repairs = _check_repairs(notes, folder, projects)
        planned = saying("{count} repairs each with a plan", count=repairs)
        told = saying("{one}; {other}", one=told, other=planned)
    return notes.close(told)


def project_columns(program: Program) -> Indices:
    """Columns that are a project, taken or not."""
    return np.flatnonzero([name.startswith("z/") for name in program.col_ids])


def _no_plan(notes: Notebook, folder: RunFolder, y: Floats) -> str:
    """Check the proof that a linear program has no plan, and that of each conflict."""
    program = folder.program
    box = program.least, program.most
    demanded, possible = _contradiction(notes, program, y, box)
    used = int((y != 0).sum())
    what = saying(
        "{rows} rows combined demand {demanded} where at most {possible} is possible",
        rows=used,
        demanded=demanded,
        possible=possible,
    )
    if not folder.has(CONFLICTS):
        return what
    stored = read_arrays(folder.path / FILE, _LEAVES)
    each = [(one, _contradiction(notes, program, one, box)) for one in _vectors(program, stored)]
    conflicts = _check_conflicts(notes, folder, [[one] for one in each])
    proven = saying("{count} conflicts each with its own proof", count=conflicts)
    return saying("{one}; {other}", one=what, other=proven)


def _no_selection(notes: Notebook, folder: RunFolder, projects: Indices) -> str:
    """Check the tree of each conflict: whatever is taken, the rows of a leaf cannot be kept."""
    program = folder.program
    stored = read_arrays(folder.path / FILE, [*_LEAVES, "tree_ptr", "node_branch"])
    vectors, ends = _vectors(program, stored), stored["tree_ptr"].tolist()
    trees: list[list[Proof]] = []
    at = 0
    for k, (start, end) in enumerate(itertools.pairwise(ends), start=1):
        branches = stored["node_branch"][start:end].tolist()
        mine = vectors[at : (at := at + branches.count(LEAF))]
        boxes = _leaf_boxes(program, projects, branches)
        if boxes is None or len(boxes) != len(mine):
            notes.wrong(FILE, f"conflict {k}", saying("its tree does not prove it"))
        found = zip(mine, boxes or [], strict=False)
        trees.append([(y, _contradiction(notes, program, y, box)) for y, box in found])
    conflicts = _check_conflicts(notes, folder, trees)
    return saying(
        "no whole projects satisfy {count} conflicts, proven by {leaves} leaves",
        count=conflicts,
        leaves=len(vectors),
    )


def _leaf_boxes(
    program: Program, projects: Indices, branches: list[int]
) -> list[tuple[Floats, Floats]] | None:
    """Bounds of the columns at each leaf; None where the leaves leave a selection out."""
    low, high = program.least.astype(float), program.most.astype(float)
    low[projects], high[projects] = 0.0, 1.0
    waiting, found, known = [(low, high)], [], set(projects.tolist())
    for branch in branches:
        if not waiting:
            return None
        low, high = waiting.pop()
        if branch == LEAF:
            found.append((low, high))
            continue
        if branch not in known:
            return None
        without, with_it = (low, high.copy()), (low.copy(), high)
        without[1][branch], with_it[0][branch] = 0.0, 1.0
        waiting += [with_it, without]
    return None if waiting else found


def _vectors(program: Program, stored: Arrays) -> list[Floats]:
    """Lay out the vectors stored by their entries."""
    found = []
    for start, end in itertools.pairwise(stored["conflict_ptr"].tolist()):
        y = np.zeros(program.matrix.rows)
        y[stored["conflict_row"][start:end]] = stored["conflict_val"][start:end]
        found.append(y)
    return found


def _contradiction(
    notes: Notebook, program: Program, y: Floats, box: tuple[Floats, Floats]
) -> tuple[float, float]:
    """Note why rows combined by y do not prove that a box has no plan; return both sides."""
    nothing = np.zeros_like(y)
    for i in np.flatnonzero(wrong_signs(y, nothing, (program.lower, program.upper))):
        notes.wrong(
            FILE, program.row_ids[i], saying("multiplier against a bound that does not exist"), y[i]
        )
    combined = program.matrix.transposed.times(y)
    size = program.matrix.transposed.size.times(np.abs(y))
    combined = np.where(np.abs(combined) <= ZERO * size, 0.0, combined)
    bound = np.where(combined > 0, box[1], box[0])
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


def _check_conflicts(notes: Notebook, folder: RunFolder, proofs: list[list[Proof]]) -> int:
    """Compare the rule rows listed in each conflict with those of its proof; return their number.

    Parameters
    ----------
    proofs
        The vectors of each conflict, with what the rows they combine demand and what is possible.
    """
    program, table = folder.program, folder.table(CONFLICTS)
    numbers = table.column("conflict")
    ids = table.column("row")
    check_limits(notes, program, table, CONFLICTS)
    listed = sorted({int(number) for number in numbers})
    if listed != list(range(1, len(proofs) + 1)):
        notes.wrong(CONFLICTS, "", "conflicts", listed, f"1 to {len(proofs)}")
        return 0
    for k, vectors in enumerate(proofs, start=1):
        used = np.any([y != 0 for y, _ in vectors], axis=0)
        named = {row for row, number in zip(ids, numbers, strict=True) if int(number) == k}
        proven = {program.row_ids[i] for i in np.flatnonzero(used & program.is_rule)}
        for row in sorted(named ^ proven):
            known = "listed but not proven to clash" if row in named else "clashes but not listed"
            notes.wrong(CONFLICTS, row, f"conflict {k}: {known}")
    _check_least_changes(notes, program, table, proofs)
    return len(listed)


def _check_least_changes(
    notes: Notebook, program: Program, table: Table, proofs: list[list[Proof]]
) -> None:
    """Compare how far each limit must at least move with what its proofs say.

    A limit that moves by d takes d times its multiplier from what a proof demands too much.
    """
    rows, numbers = table.column("row"), table.column("conflict")
    for row, number, least in zip(rows, numbers, table.numbers("least_change"), strict=True):
        if row not in program.row_at:
            continue
        i = program.row_at[row]
        sums = [
            ((demanded - possible) / abs(float(y[i])), (abs(demanded) + abs(possible)) / abs(y[i]))
            for y, (demanded, possible) in proofs[int(number) - 1]
            if y[i] != 0
        ]
        if not sums:
            continue  # told already: it is not proven to clash
        expected, size = min(sums)
        notes.near((CONFLICTS, row, "least_change"), least, expected, tolerance=NEAR * size)


def _check_repairs(notes: Notebook, folder: RunFolder, projects: Indices) -> int:
    """Check that the plan of each repair keeps every row under the moved limits, whole projects."""
    program, table = folder.program, folder.table(REPAIRS)
    menus = table.column("menu")
    if not menus:
        return 0
    check_limits(notes, program, table, REPAIRS)
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
        for j in projects[~np.isin(plan[projects], (0.0, 1.0))]:
            notes.wrong(
                PLANS, f"{name}, {program.col_ids[j]}", saying("a project is taken in part")
            )
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


def check_limits(notes: Notebook, program: Program, table: Table, file: str) -> None:
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
