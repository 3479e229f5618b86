"""Check 12: every territory of a leximin is settled at a level where nobody could do better for it.

A multiplier of its row at that priority proves that it stands at the level's value in every plan
that is optimal so far. The values themselves are those of check 4.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from perequa.verification.outcome import Notebook
from perequa.verification.recompute.levels import level_name, levels_of
from perequa.verification.recompute.objectives import nodes_compared, years_compared
from perequa.words import saying

if TYPE_CHECKING:
    from perequa.verification.folder import RunFolder
    from perequa.verification.outcome import Check
    from perequa.verification.recompute.levels import Settled
    from perequa.verification.recompute.model import Model

SETTLES = 1e-9
"""Share of the largest multiplier of its level above which one settles a territory."""
CLOSED = 1e-6
"""Shortfall of a level at which everybody has what they miss."""


def check_levels(folder: RunFolder, model: Model) -> Check:
    """Check who is settled where."""
    notes = Notebook(12, "levels")
    count, settlings = 0, 0
    stated = [
        name
        for name, spec in folder.stated.get("objectives", {}).items()
        if spec["kind"] == "leximin" and float(spec.get("weight", 1.0)) > 0
    ]
    levels = levels_of(folder.run)
    if sorted(stated) != sorted(levels):
        notes.wrong("run.json", "levels", "objectives", sorted(levels), sorted(stated))
        return notes.close(saying("the levels of every leximin"))
    for name, settled in levels.items():
        _check_partition(notes, model, name, settled)
        for k, done in enumerate(settled):
            closed = k == len(settled) - 1 and _value(folder, level_name(name, k)) <= CLOSED
            if not closed:
                _check_settled(notes, folder, model, level_name(name, k), done)
            settlings += len(done)
        count += len(settled)
    return notes.close(
        saying("{count} territories settled at {levels} levels", count=settlings, levels=count)
    )


def _check_partition(notes: Notebook, model: Model, name: str, settled: Settled) -> None:
    """Every territory compared is settled once."""
    wanted = sorted(
        ":".join(model.tree.key[int(n)])
        for n in nodes_compared(model, model.scenario["objectives"][name])
    )
    found = sorted(territory for done in settled for territory in done)
    if found != wanted:
        odd = sorted(set(found) ^ set(wanted)) or found
        notes.wrong("run.json", f"levels.{name}", saying("territories settled once"), odd[0])


def _check_settled(
    notes: Notebook, folder: RunFolder, model: Model, name: str, done: list[str]
) -> None:
    """Every territory of a level has a multiplier at its priority."""
    program, spec = folder.program, model.scenario["objectives"][name]
    (stage,) = np.flatnonzero(program.arrays["stage_priority"] == int(spec.get("priority", 1)))
    y = folder.solution["y"][stage]
    (year,) = years_compared(model, spec)
    own = [i for i, row in enumerate(program.row_ids) if row.startswith(f"{name}/gap/")]
    size = float(np.abs(y[own]).max(initial=0.0))
    for territory in done:
        row = f"{name}/gap/{territory}/-/{model.years[int(year)]}"
        found = float(y[program.row_at[row]]) if row in program.row_at else 0.0
        if not found > SETTLES * size:
            notes.wrong("solution.npz", row, saying("has no multiplier that settles it"), found)


def _value(folder: RunFolder, name: str) -> float:
    table = folder.table("objectives.csv")
    return table.numbers("value")[table.column("objective").index(name)]
