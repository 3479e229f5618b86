"""How objectives are added up inside a priority (scenario reference, section 5)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from perequa.verification.outcome import Unreadable
from perequa.verification.recompute.objectives import objective_value
from perequa.verification.recompute.reference import reference_places

if TYPE_CHECKING:
    from perequa.verification.folder import RunFolder
    from perequa.verification.outcome import Notebook
    from perequa.verification.recompute.model import Model

FILE = "program.npz"


def check_stages(notes: Notebook, folder: RunFolder, model: Model) -> None:
    """Compare the priorities and the weights of each with the scenario's."""
    program = folder.program
    specs = model.scenario["objectives"]
    served = sorted({int(s.get("priority", 1)) for s in specs.values() if s.get("weight", 1) > 0})
    found = [int(p) for p in program.arrays["stage_priority"]]
    if found != served:
        notes.wrong(FILE, "stage_priority", "priorities", found, served)
        return
    for p, priority in enumerate(served):
        names = [
            name
            for name, spec in specs.items()
            if int(spec.get("priority", 1)) == priority and spec.get("weight", 1) > 0
        ]
        for k, name in enumerate(program.objectives):
            expected = _weight(folder, model, name, alone=len(names) == 1) if name in names else 0.0
            notes.near(
                (FILE, f"priority {priority}, objectives.{name}", "weight"),
                float(program.arrays["stage_weight"][p, k]),
                expected,
                tolerance=1e-9 * abs(expected),
            )


def _weight(folder: RunFolder, model: Model, name: str, *, alone: bool) -> float:
    """Weight over the normaliser; 1 for an objective alone in its priority (natural unit)."""
    if alone:
        return 1.0
    spec = model.scenario["objectives"][name]
    return float(spec.get("weight", 1.0)) / size_of(folder, model, name)


def size_of(folder: RunFolder, model: Model, name: str) -> float:
    """Return what an objective is divided by before it is weighted.

    Raises
    ------
    Unreadable
        When it depends on an optimum that ``objectives.csv`` does not state.
    """
    spec = model.scenario["objectives"][name]
    way = spec.get("normalise", "initial")
    if isinstance(way, int | float):
        return float(way)
    if way == "none":
        return 1.0
    initial = objective_value(model, name, np.zeros(model.shape), reference_places(model))
    if way == "initial":
        return initial
    table = folder.table("objectives.csv")
    alone_at = dict(zip(table.column("objective"), table.numbers("optimum_alone"), strict=True))
    if name not in alone_at:
        raise Unreadable("objectives.csv", f"has no row {name}")
    return initial - alone_at[name]
