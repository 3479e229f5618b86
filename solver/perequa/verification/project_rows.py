"""The rows and columns that hold projects together, against their table."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from perequa.words import saying

if TYPE_CHECKING:
    from perequa.verification.folder import Program, RunFolder
    from perequa.verification.outcome import Notebook
    from perequa.verification.recompute.model import Model
    from perequa.verification.sparse import Floats, Indices

FILE = "program.npz"
OWNER = "(projects)"


def project_columns(program: Program, model: Model) -> Indices:
    """Column of each project, in the order of the codes; −1 where it has none."""
    at = program.column_at
    return np.array([at.get(f"z/{code}", -1) for code in model.projects.codes], dtype=np.intp)


def taken_in(folder: RunFolder, model: Model) -> Floats:
    """Which projects the published plan takes, (J,)."""
    plan: Floats = folder.solution["plan"]
    return plan[project_columns(folder.program, model)]


def check_project_rows(notes: Notebook, model: Model, program: Program, cells: Indices) -> None:
    """Compare the columns of the projects, and the rows that no rule states."""
    columns = project_columns(program, model)
    stated = {f"z/{code}" for code in model.projects.codes}
    for name in sorted(stated ^ {name for name in program.col_ids if name.startswith("z/")}):
        present = saying("present") if name not in stated else saying("absent")
        wanted = saying("absent") if name not in stated else saying("present")
        notes.wrong(FILE, name, saying("column of a project"), present, wanted)
    for j in columns[columns >= 0]:
        bounds = float(program.least[j]), float(program.most[j])
        # held as chosen once it is known, else anything from 0 to 1
        if bounds not in {(0.0, 0.0), (1.0, 1.0), (0.0, 1.0)}:
            notes.wrong(FILE, program.col_ids[j], saying("bounds of the column"), bounds, "0 or 1")
    expected = _expected(model, columns, cells)
    found = [i for i, name in enumerate(program.row_ids) if name.startswith(f"{OWNER}/")]
    for name in sorted(set(expected) ^ {program.row_ids[i] for i in found}):
        notes.wrong(FILE, name, saying("a row that holds projects together is absent, or too many"))
    for i in found:
        name = program.row_ids[i]
        if name in expected:
            coefficients, bounds = expected[name]
            index, value = program.matrix.row(i)
            same = dict(zip(index.tolist(), value.tolist(), strict=True)) == coefficients
            if not same or (float(program.lower[i]), float(program.upper[i])) != bounds:
                notes.wrong(
                    FILE, name, saying("does not hold projects together as their table says")
                )


Row = tuple[dict[int, float], tuple[float, float]]


def _expected(model: Model, columns: Indices, cells: Indices) -> dict[str, Row]:
    """Coefficients and bounds of every such row."""
    projects, rows = model.projects, {}
    at = np.ravel_multi_index(tuple(projects.cells.T), model.shape) if projects.order else []
    for i, name in enumerate(model.cell_ids):
        _, m, _ = np.unravel_index(i, model.shape)
        if projects.apart[m]:
            inside = [j for j in range(len(at)) if at[j] == i and projects.places[j]]
            row = {int(columns[j]): -float(projects.places[j]) for j in inside}
            row[int(cells[i])] = 1.0
            rows[name.replace("x/", f"{OWNER}/places/", 1)] = (row, (0.0, 0.0))
    groups = projects.texts("group")
    for group in sorted(set(groups) - {""}):
        row = {int(columns[j]): -1.0 for j, own in enumerate(groups) if own == group}
        rows[f"{OWNER}/group/group:{group}/-/-"] = (row, (-1.0, np.inf))
    needs = projects.texts("requires")
    for j, code in enumerate(projects.codes):
        if needs[j]:
            other = projects.codes.index(needs[j])
            row = {int(columns[other]): 1.0, int(columns[j]): -1.0}
            rows[f"{OWNER}/requires/project:{code}/-/-"] = (row, (0.0, np.inf))
    return rows
