"""Check 2: the program is the one that the scenario and its tables state."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from perequa.verification.auxiliary import Auxiliaries
from perequa.verification.orders import check_orders, orders_of
from perequa.verification.outcome import Notebook, Unreadable
from perequa.verification.project_rows import check_project_rows, project_columns
from perequa.verification.recompute.objectives import objective_value
from perequa.verification.recompute.stages import check_stages
from perequa.verification.recompute.tie_break import tie_break_terms
from perequa.words import saying

if TYPE_CHECKING:
    from perequa.verification.folder import Program, RunFolder
    from perequa.verification.outcome import Check
    from perequa.verification.recompute.model import Model
    from perequa.verification.recompute.rules import ExpectedRow
    from perequa.verification.sparse import Floats, Indices

FILE = "program.npz"
EXACT = 1e-12
"""Figures computed twice from the same tables agree to rounding: relative."""
PUBLISHED = 1
"""Which of the plans that objectives are evaluated at is the published one."""
SAMPLES = 3
"""Sets of places, drawn once and for all, at which objectives are evaluated both ways."""


def check_inputs(
    folder: RunFolder, model: Model, rows: list[ExpectedRow], reference: Floats | None
) -> Check:
    """Compare every rule row, every objective and the tie-break with the arrays.

    Parameters
    ----------
    reference
        The circular's own places, shape (T, M, Y), where an objective needs them.
    """
    notes = Notebook(2, "inputs")
    program = folder.program
    cells = _cells(notes, model, program)
    _compare_row_sets(notes, program, rows)
    held = _held_columns(notes, program, rows)
    projects = project_columns(program, model)
    for row in rows:
        if row.id in program.row_at:
            _compare_row(notes, program, row, (cells, projects), held)
    _compare_columns(notes, program, held)
    check_project_rows(notes, model, program, cells)
    amounts = {held[row.id]: row.limit for row in rows if row.id in held}
    values = _compare_objectives(notes, folder, model, (cells, amounts), reference)
    if folder.has("solution.npz"):
        check_stages(notes, folder, model)
        _compare_tie_break(notes, model, program, cells, reference)
        _compare_moved(notes, program, [held[row.id] for row in rows if row.kind == "transfer"])
    return notes.close(
        saying(
            "{rows} rule rows with their limits and coefficients, {objectives} objectives at "
            "{plans} plans, {cells} cells, recomputed from inputs/",
            rows=len(rows),
            objectives=len(program.objectives),
            plans=values,
            cells=len(cells),
        )
    )


def _cells(notes: Notebook, model: Model, program: Program) -> Indices:
    """Column of each cell in flat order, -1 for a pair that is closed.

    Nothing new is funded there, nor where a calendar of convergence fixes the budget.
    """
    at = program.column_at
    cells = np.array([at.get(name, -1) for name in model.cell_ids], dtype=np.intp)
    years = len(model.years)
    # what projects open does not depend on what is there already
    closed_pairs = model.supply.closed_pairs & ~model.supply.apart[None, :]
    closed = np.repeat(closed_pairs.ravel(), years)
    closed[list(model.converging)] = True
    for i in np.flatnonzero((cells < 0) & ~closed):
        notes.wrong(
            FILE, model.cell_ids[i], saying("column of a cell"), saying("absent"), saying("present")
        )
    for i in np.flatnonzero((cells >= 0) & closed):
        if program.most[cells[i]] > 0:
            notes.wrong(FILE, model.cell_ids[i], saying("a closed pair may be funded"))
    known = set(model.cell_ids)
    for name in program.col_ids:
        if name.startswith("x/") and name not in known:
            notes.wrong(FILE, name, saying("column of a cell"), saying("present"), saying("absent"))
    return cells


def _compare_row_sets(notes: Notebook, program: Program, rows: list[ExpectedRow]) -> None:
    stated = {row.id for row in rows}
    written = {program.row_ids[i] for i in np.flatnonzero(program.is_rule)}
    if len(program.row_at) != len(program.row_ids):
        notes.wrong(FILE, "", saying("two rows bear the same identifier"))
    for name in sorted(stated - written):
        notes.wrong(
            FILE,
            name,
            saying("rule row"),
            saying("absent"),
            saying("present: the scenario states it"),
        )
    for name in sorted(written - stated):
        notes.wrong(
            FILE,
            name,
            saying("rule row"),
            saying("present"),
            saying("absent: the scenario states no such row"),
        )


def _held_columns(notes: Notebook, program: Program, rows: list[ExpectedRow]) -> dict[str, int]:
    """Column of the amount that each reserve row holds back."""
    held = {}
    for row in rows:
        if not row.held or row.id not in program.row_at:
            continue
        index, value = program.matrix.row(program.row_at[row.id])
        named = len(index) == 1 and program.col_ids[index[0]].startswith(f"{row.rule}/")
        if not named or value[0] != 1.0:
            notes.wrong(
                FILE, row.id, saying("a reserve fixes one held-back amount, with coefficient 1")
            )
            continue
        held[row.id] = int(index[0])
    return held


def _compare_row(
    notes: Notebook,
    program: Program,
    row: ExpectedRow,
    columns: tuple[Indices, Indices],
    held: dict[str, int],
) -> None:
    i = program.row_at[row.id]
    scale = max(1.0, abs(row.limit), abs(row.constant))
    where = (FILE, row.id)
    notes.near((*where, "limit"), float(program.limit[i]), row.limit, tolerance=EXACT * scale)
    notes.near(
        (*where, "constant"), float(program.constant[i]), row.constant, tolerance=1e-9 * scale
    )
    right = row.limit - row.constant
    lower = right if row.side in {"at_least", "equals"} else -np.inf
    upper = right if row.side in {"at_most", "equals"} else np.inf
    for name, found, expected in (
        ("lower bound", program.lower[i], lower),
        ("upper bound", program.upper[i], upper),
    ):
        notes.near((*where, name), float(found), expected, tolerance=1e-9 * scale)
    _compare_coefficients(notes, program, row, columns, held)


def _compare_coefficients(
    notes: Notebook,
    program: Program,
    row: ExpectedRow,
    columns: tuple[Indices, Indices],
    held: dict[str, int],
) -> None:
    cells, projects = columns
    index, value = program.matrix.row(program.row_at[row.id])
    places = cells[row.cells]
    expected = dict(
        zip(places[places >= 0].tolist(), row.values[places >= 0].tolist(), strict=True)
    )
    counted = np.flatnonzero((row.each != 0) & (projects >= 0))
    expected |= dict(zip(projects[counted].tolist(), row.each[counted].tolist(), strict=True))
    amounts = {row.id: 1.0} if row.held else row.holds
    expected |= {held[name]: share for name, share in amounts.items() if name in held}
    found = dict(zip(index.tolist(), value.tolist(), strict=True))
    if found == expected:
        return
    for j in sorted(found.keys() | expected.keys()):
        a, b = found.get(j, 0.0), expected.get(j, 0.0)
        notes.near(
            (FILE, row.id, f"coefficient of {program.col_ids[j]}"),
            a,
            b,
            tolerance=EXACT * max(abs(a), abs(b)),
        )


def _compare_columns(notes: Notebook, program: Program, held: dict[str, int]) -> None:
    """Places and held-back amounts are only bounded below, by zero: limits are rows."""
    reserves = set(held.values())
    for j, name in enumerate(program.col_ids):
        if not name.startswith("x/") and j not in reserves:
            continue
        if program.least[j] != 0 or program.most[j] not in (0.0, np.inf):
            found = f"[{program.least[j]}, {program.most[j]}]"
            notes.wrong(FILE, name, saying("bounds of the column"), found, "[0, inf]")


def _compare_objectives(
    notes: Notebook,
    folder: RunFolder,
    model: Model,
    columns: tuple[Indices, dict[int, float]],
    reference: Floats | None,
) -> int:
    """Evaluate each objective by definition and by the program's rows, at several plans.

    Parameters
    ----------
    columns
        Column of each cell, and the amount that a row of its own fixes by column.
    """
    program = folder.program
    cells, amounts = columns
    given = np.zeros(len(program.col_ids), dtype=bool)
    given[cells[cells >= 0]] = True
    given[project_columns(program, model)] = True
    own = {f"{name}/" for name in program.objectives}
    for j, name in enumerate(program.col_ids):
        # What a rule needs (a reserve) is given; what an objective needs is searched for.
        given[j] |= not any(name.startswith(prefix) for prefix in own)
    auxiliaries = Auxiliaries(program, given)
    stated = sorted(model.scenario["objectives"])
    if sorted(program.objectives) != stated:
        notes.wrong(FILE, "objective_name", "objectives", program.objectives, stated)
        return 0
    plans = _plans(folder, model, cells)
    for plan in plans:
        plan[list(amounts)] = list(amounts.values())
    orders = orders_of(program, model)
    check_orders(notes, program, orders, plans)
    below = {order.objective for order in orders.found if order.granted.any()}
    for k, name in enumerate(program.objectives):
        size = 1.0  # a gap closed to rounding is judged against what it was with nothing done
        for x in plans:
            places = np.where(cells >= 0, x[cells], 0.0).reshape(model.shape)
            at_plan = model.with_taken(x[project_columns(program, model)])
            try:
                expected = objective_value(at_plan, name, places, reference)
                found = auxiliaries.least_value(k, x)
            except Unreadable as error:
                notes.wrong(error.file, f"objectives.{name}", error.why)
                break
            size = max(size, abs(expected))
            published = folder.has("solution.npz") and x is plans[PUBLISHED]
            if k in below and found < expected and not published and orders.reversed_at(x):
                # pairs without a row leave the program below the definition, never above
                continue
            notes.near(
                (FILE, f"objectives.{name}", saying("value at a plan")),
                found,
                expected,
                tolerance=1e-9 * size,
            )
    return len(plans)


def _plans(folder: RunFolder, model: Model, cells: Indices) -> list[Floats]:
    """Nothing, the plan itself, and plans drawn at the scale of what is installed."""
    n = len(folder.program.col_ids)
    plans = [np.zeros(n)]
    if folder.has("solution.npz"):
        plans.append(folder.solution["plan"].copy())
    draw = np.random.default_rng(20040830)
    scale = np.maximum(model.supply.installed, 1.0)[:, :, None]
    for share in np.geomspace(0.01, 1.0, SAMPLES):
        places = (draw.random(model.shape) * share * scale).ravel()
        x = np.zeros(n)
        x[cells[cells >= 0]] = places[cells >= 0]
        plans.append(x)
    return plans


def _compare_tie_break(
    notes: Notebook, model: Model, program: Program, cells: Indices, reference: Floats | None
) -> None:
    for name, expected in tie_break_terms(model, reference).items():
        if name not in program.arrays:
            # Cost and centre stand there for the stepped tie-break alone.
            continue
        found = program.arrays[name]
        for i in np.flatnonzero(cells >= 0):
            value = float(expected.ravel()[i])
            notes.near(
                (FILE, model.cell_ids[i], name),
                float(found[cells[i]]),
                value,
                tolerance=1e-9 * max(abs(value), 1e-300),
            )


def _compare_moved(notes: Notebook, program: Program, columns: list[int]) -> None:
    """What transfers move, and nothing else, is made least before the tie-break evens out."""
    expected = np.zeros(len(program.col_ids))
    expected[columns] = 1.0
    found = program.arrays.get("tie_moved", np.zeros(len(expected)))
    for j in np.flatnonzero(found != expected).tolist():
        where = (FILE, program.col_ids[j], "tie_moved")
        notes.near(where, float(found[j]), float(expected[j]), tolerance=0.0)
    for name in ("tie_square", "tie_linear", "tie_cost"):
        for j in columns if name in program.arrays else []:
            where = (FILE, program.col_ids[j], name)
            notes.near(where, float(program.arrays[name][j]), 0.0, tolerance=0.0)
