"""Check 10: within the printed ranges of weights the plan stays optimal, and beyond it does not.

At either end a dual proves the plan optimal; the cost being linear in the weight, it is optimal
between them. A direction that costs nothing at the end and is better beyond proves that the end
is one. That the optimal face, hence the plan that the tie-break chooses in it, is the same at every
weight strictly between follows from this (docs/run-folder.md); nothing more is checked.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from perequa.verification.compare import compare_keys
from perequa.verification.direction import Point, Sparse, dense, parts
from perequa.verification.duals import (
    allowed_gap,
    bound_size,
    multipliers,
    note_signs,
    proven_bound,
)
from perequa.verification.folder import read_arrays
from perequa.verification.orders import REVERSED, orders_of
from perequa.verification.outcome import Notebook, Unreadable
from perequa.verification.recompute.stages import size_of
from perequa.words import saying

if TYPE_CHECKING:
    from perequa.verification.duals import Multipliers
    from perequa.verification.folder import Arrays, Program, RunFolder
    from perequa.verification.outcome import Check
    from perequa.verification.recompute.model import Model
    from perequa.verification.sparse import Floats

TABLE, FILE = "weight_ranges.csv", "weights.npz"
ENTRIES = ("stage", "objective", "side", "weight", "T")
ARRAYS = (
    *ENTRIES,
    *("dual_lam", "chord_ptr", "chord_col", "chord_val", "dual_ptr", "dual_row", "dual_val"),
)
SAME = 1e-9
"""A printed end is the proven one; a direction changes its objective by one: relative."""
ROOM = 1e-8
"""Share of the size of its own sum by which a direction may cost an earlier priority something."""
ROUNDED = 1e-12
"""Share of a present weight within which an end is known; it leaves that much of its costs."""
LOWEST, HIGHEST = -1, 1


@dataclass(frozen=True, slots=True)
class End:
    """One end as ``weights.npz`` states it."""

    stage: int
    objective: int
    side: int
    weight: float
    reach: float
    lam: Floats
    chord: Sparse
    dual: Sparse

    @property
    def label(self) -> str:
        """What the end is called in messages."""
        which = "lowest" if self.side == LOWEST else "highest"
        return f"objective {self.objective}, priority {self.stage + 1}, {which}"


def has_weights(folder: RunFolder) -> bool:
    """Whether ranges of weights were asked of a run."""
    return folder.has(TABLE) or folder.has(FILE)


def check_weights(folder: RunFolder, model: Model) -> Check:
    """Prove each end that is stored, then compare each printed one with it."""
    notes = Notebook(10, "weights")
    ends = _ends(folder) if folder.has(FILE) else []
    point = Point(folder.program, folder.solution["plan"])
    orders = orders_of(folder.program, model)
    for end in ends:
        _check_end(notes, folder, point, end)
        if orders.reversed_along(point.x, dense(end.chord, len(point.x)), end.reach):
            notes.wrong(FILE, end.label, REVERSED)
    printed = _check_table(notes, folder, model, ends)
    return notes.close(
        saying("{printed} printed ranges, {ends} ends proven", printed=printed, ends=len(ends))
    )


def _ends(folder: RunFolder) -> list[End]:
    arrays: Arrays = read_arrays(folder.path / FILE, ARRAYS)
    program = folder.program
    count, stages = len(arrays["weight"]), len(program.stage_cost)
    if {arrays[name].shape for name in ENTRIES} != {(count,)}:
        raise Unreadable(FILE, "the arrays have not one value for each entry")
    if arrays["dual_lam"].shape != (count, stages) or not (arrays["dual_lam"] >= 0).all():
        raise Unreadable(FILE, "dual_lam has not one row above 0 for each entry")
    chords = parts(arrays, FILE, ("chord_ptr", "chord_col", "chord_val"), len(program.col_ids))
    duals = parts(arrays, FILE, ("dual_ptr", "dual_row", "dual_val"), len(program.row_ids))
    if not len(chords) == len(duals) == count:
        raise Unreadable(FILE, "the proofs are not one for each entry")
    figures = [arrays[name].tolist() for name in ENTRIES]
    found = []
    for e, (stage, objective, side, weight, reach) in enumerate(zip(*figures, strict=True)):
        known = 0 <= stage < stages and 0 <= objective < len(program.objectives)
        if not known or side not in (LOWEST, HIGHEST) or not weight >= 0:
            raise Unreadable(FILE, f"entry {e} is no end of a range")
        lam = arrays["dual_lam"][e]
        found.append(End(stage, objective, side, weight, reach, lam, chords[e], duals[e]))
    return found


def _check_end(notes: Notebook, folder: RunFolder, point: Point, end: End) -> None:
    program = folder.program
    own = program.arrays["objective_cost"][end.objective]
    now = float(program.arrays["stage_weight"][end.stage, end.objective])
    earlier = program.stage_cost[: end.stage]
    dual = dense(end.dual, len(program.row_ids))
    if math.isinf(end.weight):
        # optimal for the objective alone as well as at the present weight, hence at any larger
        cost, terms = own, np.zeros_like(own)
        cancelled = np.zeros_like(dual)
    else:
        present = folder.solution["y"][end.stage]
        cost, terms = _cost_at(program, end), np.abs((end.weight - now) * own)
        cancelled = np.minimum(np.abs(dual), np.abs(present))
        dual = dual + present
    outside = end.weight > now if end.side == LOWEST else end.weight < now
    if outside:
        notes.wrong(
            FILE,
            end.label,
            saying("weight"),
            end.weight,
            saying("the present {now} within", now=now),
        )
    carried = cost + end.lam[: end.stage] @ earlier
    found = _rounded(program, multipliers(program, carried, dual), terms, cancelled)
    note_signs(notes, program, found, (FILE, end.label))
    value, bound = float(carried @ point.x), proven_bound(program, found)
    where = (FILE, end.label, saying("value of the dual"))
    # the dual is stored as a difference from the present one, and known to the rounding of both
    stored = replace(found, y=np.copysign(cancelled, found.y), z=np.zeros_like(found.z))
    allowed = allowed_gap(program, found, value, bound_size(program, stored))
    notes.near(where, bound, value, tolerance=allowed)
    if end.weight not in (0.0, math.inf) or (end.side == HIGHEST and end.weight == 0.0):
        _check_beyond(notes, point, end, (cost, terms), own, earlier)


def _cost_at(program: Program, end: End) -> Floats:
    """Cost of the priority at the end: a small weight is added, a large one not taken off."""
    weights: Floats = program.arrays["stage_weight"][end.stage].copy()
    weights[end.objective] = end.weight
    costs: Floats = program.arrays["objective_cost"]
    return weights @ costs


def _rounded(program: Program, found: Multipliers, terms: Floats, cancelled: Floats) -> Multipliers:
    """Count as zero what is left where a weight takes off most of a cost, and a dual of a dual.

    A cost off by a share of a weight is that of an end off by the same share.
    """
    size = terms + program.matrix.transposed.size.times(cancelled)
    with np.errstate(divide="ignore"):
        of_rows = float(size.max(initial=0.0)) / program.matrix.largest_in_row
    return replace(
        found, y_size=found.y_size + ROUNDED * of_rows, z_size=found.z_size + ROUNDED * size
    )


def _check_beyond(
    notes: Notebook,
    point: Point,
    end: End,
    at_end: tuple[Floats, Floats],
    own: Floats,
    earlier: Floats,
) -> None:
    """A way to a plan that is better as soon as the weight is beyond the end.

    `at_end` is the cost there, and the size of what was added to the present one for it.
    """
    cost, terms = at_end
    chord = dense(end.chord, len(point.x))
    if not end.reach > 0:
        notes.wrong(FILE, end.label, saying("reach"), end.reach, saying("above 0"))
        return
    change = float(own @ chord)
    where = (FILE, end.label, saying("change of the objective by the direction"))
    notes.near(where, change, -float(end.side), tolerance=SAME + SAME * _size(own, chord))
    where = (FILE, end.label, saying("cost of the direction at the end"))
    allowed = SAME * _size(cost, chord) + ROUNDED * _size(terms, chord)
    notes.near(where, float(cost @ chord), 0.0, tolerance=allowed)
    for before in earlier:
        if float(before @ chord) > ROOM * _size(before, chord):
            notes.wrong(
                FILE, end.label, saying("the direction costs an earlier priority something")
            )
    for name in point.left_along(chord, np.zeros(len(point.activity)), end.reach):
        notes.wrong(
            FILE, end.label, saying("the direction leaves {name} before its reach", name=name)
        )


def _size(cost: Floats, chord: Floats) -> float:
    return float(np.abs(cost) @ np.abs(chord))


def _check_table(notes: Notebook, folder: RunFolder, model: Model, ends: list[End]) -> int:
    table = folder.table(TABLE)
    priorities, names = table.column("priority"), table.column("objective")
    weights, proofs = table.numbers("weight"), table.column("proof")
    figures = {LOWEST: table.numbers("lowest"), HIGHEST: table.numbers("highest")}
    served = [int(p) for p in folder.program.arrays["stage_priority"]]
    specs = model.scenario["objectives"]
    standing = [
        [name for name in sorted(specs) if int(specs[name].get("priority", 1)) == priority]
        for priority in served
    ]
    wanted = [f"{p}/{n}" for p, at in zip(served, standing, strict=True) for n in at]
    labels = [f"{p}/{n}" for p, n in zip(priorities, names, strict=True)]
    compare_keys(notes, TABLE, labels, wanted)
    proven = {(end.stage, end.objective, end.side): end.weight for end in ends}
    for i, label in enumerate(labels):
        if label not in wanted:
            continue
        stage, name = served.index(int(priorities[i])), names[i]
        stated = float(specs[name].get("weight", 1.0))
        notes.near((TABLE, label, "weight"), weights[i], stated, tolerance=0.0)
        if len(standing[stage]) == 1:
            expected, proof = {LOWEST: 0.0, HIGHEST: math.inf}, "alone"
        elif proofs[i] == "":
            expected, proof = {LOWEST: math.nan, HIGHEST: math.nan}, ""
        else:
            unit = _unit(folder, model, stage, name)
            k = folder.program.objectives.index(name)
            expected = {s: unit * proven.get((stage, k, s), math.nan) for s in (LOWEST, HIGHEST)}
            proof = "proven"
        if proofs[i] != proof:
            notes.wrong(TABLE, label, "proof", proofs[i], proof)
        for side, column in ((LOWEST, "lowest"), (HIGHEST, "highest")):
            found, figure = figures[side][i], expected[side]
            if math.isnan(found) and math.isnan(figure) and proof != "proven":
                continue
            if math.isnan(figure):
                notes.wrong(
                    TABLE,
                    label,
                    saying("{column} has no proof in {file}", column=column, file=FILE),
                )
            notes.near((TABLE, label, column), found, figure, tolerance=SAME * abs(figure))
    return len(labels)


def _unit(folder: RunFolder, model: Model, stage: int, name: str) -> float:
    """Weight of the scenario for one unit of weight of the stage."""
    program = folder.program
    weights = program.arrays["stage_weight"][stage]
    first = int(np.flatnonzero(weights)[0])
    served = program.objectives[first]
    stated = float(model.scenario["objectives"][served].get("weight", 1.0))
    whole = stated / (float(weights[first]) * size_of(folder, model, served))
    return whole * size_of(folder, model, name)
