"""Check 7: where a range is called exact, the price changes right at its end."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from perequa.verification.duals import multipliers, note_signs
from perequa.verification.folder import evidence_file
from perequa.verification.outcome import Notebook
from perequa.verification.price_table import TABLE
from perequa.verification.prices import RELATIVE, dual_vector, evidence_of, name_of, ray_vector
from perequa.words import saying

if TYPE_CHECKING:
    from collections.abc import Callable

    from perequa.verification.duals import Multipliers
    from perequa.verification.evidence import Evidence
    from perequa.verification.folder import RunFolder
    from perequa.verification.outcome import Check
    from perequa.verification.sparse import Floats

WORSE = 1e-9
"""Share of a price by which the price beyond the range must exceed it."""
END = 1e-8
"""Share of a range by which the end that its proof gives may differ."""
ZERO = 1e-12
"""Share of the size of its own sum below which a reduced cost is rounding."""
ROUNDING = 1e-14
"""Share of the size of a sum that its rounding reaches."""


def check_ranges(folder: RunFolder) -> Check:
    """Check what takes over at the end of each range marked exact.

    The chord of a price proves that it holds up to T (check 6). That it holds no further is proven
    by a dual with a steeper price, or by a ray that leaves no plan: each draws a line under the
    value, and the lines meet at T.
    """
    notes = Notebook(7, "ranges")
    if not folder.has(TABLE):
        return notes.skip(saying("no prices were asked of this run"))
    evidence = evidence_of(folder, 0)
    program, y = evidence.program, folder.solution["y"][0]
    cost, nothing = program.stage_cost[0], np.zeros(len(program.col_ids))
    duals = _check_ends(
        notes,
        evidence,
        "end_dual",
        lambda d: multipliers(program, cost, dual_vector(y, evidence, d)),
    )
    rays = _check_ends(
        notes,
        evidence,
        "end_ray",
        lambda k: multipliers(program, nothing, ray_vector(evidence, k)),
    )
    marked = _check_marks(notes, folder)
    return notes.close(
        saying(
            "{exact} ranges marked exact, {duals} ends proven by a dual and {rays} by a ray",
            exact=marked,
            duals=duals,
            rays=rays,
        )
    )


def _check_ends(
    notes: Notebook, evidence: Evidence, name: str, opened: Callable[[int], Multipliers]
) -> int:
    """Check the ends proven by one kind of multipliers; return how many there are."""
    ends = evidence.positions(name)
    entries = np.flatnonzero(ends >= 0)
    for k in np.unique(ends[entries]):
        found = opened(int(k))
        note_signs(notes, evidence.program, found, (evidence.file, f"{name} {k}"))
        mine = entries[ends[entries] == k]
        # a ray says nothing of the value: its line is steeper than any price
        price = evidence.price[mine] if name == "end_dual" else np.zeros(len(mine))
        beyond = evidence.side[mine] * found.y[evidence.row[mine]]
        left, rounding = _left(evidence, found)
        for e, here, steeper in zip(mine.tolist(), price, beyond, strict=True):
            label = name_of(evidence, e)
            if not steeper > here + WORSE * abs(here):
                notes.wrong(
                    evidence.file, label, saying("price beyond the range"), steeper, f"> {here}"
                )
                continue
            reach = float(evidence.reach[e])
            notes.near(
                (evidence.file, label, saying("end of the range")),
                reach,
                left / (steeper - here),
                tolerance=END * abs(reach) + rounding / (steeper - here),
            )
    return len(entries)


def _left(evidence: Evidence, found: Multipliers) -> tuple[float, float]:
    """Distance of the multipliers' bound from the value at the vertex, and its rounding.

    Each multiplier times the distance of the vertex from the bound it pushes to: what is active
    adds nothing, so that little is lost where the range is short beside the value.
    """
    program, x = evidence.program, evidence.x
    margin = RELATIVE * np.maximum(1.0, np.abs(x))
    z = np.where(np.abs(found.z) <= found.z_size * (ZERO / RELATIVE), 0.0, found.z)
    rows = _distances(
        found.y, evidence.activity[0], (program.lower, program.upper), evidence.tolerance[0]
    )
    columns = _distances(z, x, (program.least, program.most), margin)
    terms = np.concatenate([found.y * rows, z * columns])
    sizes = np.concatenate([evidence.tolerance[0], margin]) / RELATIVE
    apart = np.concatenate([rows, columns]) != 0
    total = np.abs(np.concatenate([found.y, z])[apart]) @ sizes[apart]
    return math.fsum(terms[apart].tolist()), ROUNDING * float(total)


def _distances(
    multiplier: Floats, at: Floats, bounds: tuple[Floats, Floats], tolerance: Floats
) -> Floats:
    """How far each figure stands from the bound its multiplier pushes to; 0 where it is met."""
    bound = np.where(multiplier > 0, *bounds)
    used = (multiplier != 0) & np.isfinite(bound)
    away = np.where(used, at - np.where(used, bound, 0.0), 0.0)
    return np.where(np.abs(away) <= tolerance, 0.0, away)


def _check_marks(notes: Notebook, folder: RunFolder) -> int:
    """Check that ranges are called exact where both ends are proven, and nowhere else."""
    table = folder.table(TABLE)
    proven: dict[tuple[str, str], bool] = {}
    for p, priority in enumerate(folder.program.arrays["stage_priority"]):
        if not folder.has(evidence_file(p)):
            continue
        evidence = evidence_of(folder, p)
        for row, ended in zip(evidence.row.tolist(), evidence.ended.tolist(), strict=True):
            line = (evidence.program.row_ids[row], str(int(priority)))
            proven[line] = proven.get(line, True) and ended
    marked = 0
    lines = zip(table.column("row"), table.column("priority"), table.column("range"), strict=True)
    for name, priority, said in lines:
        # a line without proof is for the check of the prices
        exact = proven.get((name, priority))
        marked += said == "exact"
        if exact is not None and said != ("exact" if exact else "inner"):
            why = "exact" if exact else saying("inner: an end is not proven")
            notes.wrong(TABLE, name, "range", said, why)
    return marked
