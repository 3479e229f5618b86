"""Check 9 of a run without a whole plan: what can be checked of it, and what cannot be.

That no whole plan keeps every rule is the integer solver's word, and is said so. Checked are the
continuous plan, which keeps every rule, and the whole one, which passes those listed and no other.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from perequa.verification.feasibility import check_feasible
from perequa.verification.folder import read_arrays
from perequa.verification.infeasible import CONFLICTS, REPAIRS, check_limits, project_columns
from perequa.verification.outcome import Notebook
from perequa.verification.published_rules import VIOLATION
from perequa.verification.recompute.all_rows import expected_rows
from perequa.verification.recompute.whole import (
    NEAR,
    is_asked,
    kept_between,
    least_openings,
    whole_cells,
)
from perequa.words import saying

if TYPE_CHECKING:
    from perequa.verification.folder import Program, RunFolder
    from perequa.verification.outcome import Check
    from perequa.verification.recompute.model import Model
    from perequa.verification.sparse import Floats

FILE = "unrounded.npz"


def check_unrounded(folder: RunFolder, model: Model) -> Check:
    """Check both plans, and the rules that the whole one passes."""
    notes = Notebook(9, "infeasible")
    program, table = folder.program, folder.table(CONFLICTS)
    if not is_asked(model):
        notes.wrong("run.json", "", saying("the scenario asks for no whole places"))
    for row in {*table.column("conflict")} - {""}:
        notes.wrong(CONFLICTS, row, saying("a cause that nothing proves"))
    if folder.has(REPAIRS) and folder.table(REPAIRS).column("menu"):
        notes.wrong(REPAIRS, "", saying("a repair that nothing proves"))
    check_limits(notes, program, table, CONFLICTS)
    stored = read_arrays(folder.path / FILE, ["plan", "whole"])
    plan, whole = stored["plan"], stored["whole"]
    if plan.shape != (program.matrix.columns,) or not np.isfinite(plan).all():
        notes.wrong(FILE, "plan", saying("shape of the plan"), plan.shape, program.matrix.columns)
    else:
        check_feasible(notes, program, plan, program.matrix.times(plan), "plan", FILE)
    told = saying(
        "not proven: that no whole plan keeps every rule is the integer solver's word; "
        "a continuous plan keeps them"
    )
    listed = dict(zip(table.column("row"), table.numbers("passed_by"), strict=True))
    if not whole.size:
        for row in listed:
            notes.wrong(CONFLICTS, row, saying("no whole plan breaks it"))
        return notes.close(told)
    if whole.shape != (program.matrix.columns,) or not np.isfinite(whole).all():
        notes.wrong(FILE, "whole", saying("shape of the plan"), whole.shape, program.matrix.columns)
        return notes.close(told)
    _check_cells(notes, program, model, whole)
    _check_passed(notes, program, model, whole, listed)
    passed = saying("a whole plan keeps all but {count} of them", count=len(listed))
    return notes.close(saying("{one}; {other}", one=told, other=passed))


def _check_cells(notes: Notebook, program: Program, model: Model, whole: Floats) -> None:
    """Note cells not whole, under the least opening or beyond their bounds; projects in part."""
    cells = int(np.prod(model.shape))
    x, least = whole[:cells], least_openings(model).ravel()
    wrong = {
        saying("is not whole"): whole_cells(model).ravel() & (x != np.round(x)),
        saying("is under the least opening"): (x != 0) & (x < least - NEAR),
        saying("bound of the column"): (x < program.least[:cells] - NEAR)
        | (x > program.most[:cells] + NEAR),
    }
    for what, where in wrong.items():
        for cell in np.flatnonzero(where):
            notes.wrong(FILE, model.cell_ids[cell], what, float(x[cell]))
    projects = project_columns(program)
    for j in projects[~np.isin(whole[projects], (0.0, 1.0))]:
        notes.wrong(FILE, program.col_ids[j], saying("a project is taken in part"))


def _check_passed(
    notes: Notebook, program: Program, model: Model, whole: Floats, listed: dict[str, float]
) -> None:
    """Compare by how much each rule is passed with what is listed; at least one must be."""
    activity = program.matrix.times(whole)
    if not listed:
        notes.wrong(CONFLICTS, "", saying("a whole plan keeps every rule"))
    for row in expected_rows(model):
        i = program.row_at[row.id]
        bound = program.upper[i] if math.isfinite(program.upper[i]) else program.lower[i]
        constant = float(program.limit[i] - bound)
        least, most = kept_between(row)
        reached = float(activity[i]) + constant
        excess = max(reached - most, least - reached, 0.0)
        found = listed.get(row.id, 0.0)
        notes.near(
            (CONFLICTS, row.id, "passed_by"), found, excess, tolerance=2 * VIOLATION[row.unit]
        )
