"""Check 7: where a range is called exact, the price changes right at its end."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from perequa.verification.duals import multipliers, proven_bound, wrong_signs
from perequa.verification.optimum import GAP
from perequa.verification.outcome import Notebook
from perequa.verification.price_table import TABLE
from perequa.verification.prices import dual_vector, evidence_of, name_of
from perequa.words import saying

if TYPE_CHECKING:
    from perequa.verification.evidence import Evidence
    from perequa.verification.folder import RunFolder
    from perequa.verification.outcome import Check

WORSE = 1e-9
"""Share of a price by which the price beyond the range must exceed it."""


def check_ranges(folder: RunFolder) -> Check:
    """Check the dual that takes over at the end of each range marked exact."""
    notes = Notebook(7, "ranges")
    if not folder.has(TABLE):
        return notes.skip(saying("no prices were asked of this run"))
    evidence = evidence_of(folder, 0)
    ends = np.flatnonzero(evidence.arrays["end_dual"] >= 0)
    for e in ends:
        _check_end(notes, folder, evidence, int(e))
    marked = _check_marks(notes, folder, evidence)
    return notes.close(
        saying(
            "{exact} ranges marked exact, {duals} duals at their ends",
            exact=marked,
            duals=len(ends),
        )
    )


def _check_end(notes: Notebook, folder: RunFolder, evidence: Evidence, e: int) -> None:
    """Check a dual feasible beyond the range, meeting the line there, with a worse price."""
    program = evidence.program
    cost = program.stage_cost[0]
    y = dual_vector(folder.solution["y"][0], evidence, int(evidence.arrays["end_dual"][e]))
    dual = multipliers(program, cost, y)
    name = name_of(evidence, e)
    row, side, reach = int(evidence.row[e]), float(evidence.side[e]), float(evidence.reach[e])
    if (
        wrong_signs(dual.y, dual.y_size, (program.lower, program.upper)).any()
        or wrong_signs(dual.z, dual.z_size, (program.least, program.most)).any()
    ):
        notes.wrong(
            evidence.file, name, saying("the dual at the end of the range has a wrong sign")
        )
        return
    price, beyond = float(evidence.price[e]), side * float(y[row])
    here = float(cost @ evidence.x)
    # The bound is linear in the limit: its value at the moved limit follows from its slope.
    there = proven_bound(program, dual) + beyond * reach
    expected = here + price * reach
    allowed = GAP * max(1.0, abs(expected), abs(beyond * reach))
    notes.near(
        (evidence.file, name, "value at the end of the range"), there, expected, tolerance=allowed
    )
    if not beyond > price + WORSE * abs(price):
        notes.wrong(evidence.file, name, saying("price beyond the range"), beyond, f"> {price}")


def _check_marks(notes: Notebook, folder: RunFolder, evidence: Evidence) -> int:
    """Check that a range called exact has an end that is proven, or none."""
    table = folder.table(TABLE)
    first = str(int(folder.program.arrays["stage_priority"][0]))
    proven = {
        (evidence.program.row_ids[row], float(side)): bool(
            evidence.arrays["end_dual"][e] >= 0
            or math.isinf(evidence.reach[e])
            or math.isinf(evidence.price[e])
        )
        for e, (row, side) in enumerate(zip(evidence.row, evidence.side, strict=True))
    }
    marked = 0
    lines = zip(table.column("row"), table.column("priority"), table.column("range"), strict=True)
    for name, priority, said in lines:
        if priority != first:
            continue
        if said not in ("exact", "inner"):
            notes.wrong(TABLE, name, "range", said, "exact or inner")
        if said == "exact":
            marked += 1
            if not (proven.get((name, 1.0)) and proven.get((name, -1.0))):
                notes.wrong(TABLE, name, "range", "exact", saying("inner: an end is not proven"))
    return marked
