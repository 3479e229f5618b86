"""The proofs of the prices of rows that move together."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from perequa.verification.direction import Point, Sparse, dense, parts
from perequa.verification.duals import (
    SIGN,
    allowed_gap,
    multipliers,
    note_signs,
    proven_bound,
)
from perequa.verification.folder import read_arrays
from perequa.verification.orders import REVERSED
from perequa.verification.outcome import Unreadable
from perequa.words import saying

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from perequa.verification.folder import Arrays, RunFolder
    from perequa.verification.orders import Orders
    from perequa.verification.outcome import Notebook
    from perequa.verification.sparse import Floats

FILE = "joint.npz"
ENTRIES = ("move", "side", "stage", "price", "T")
ARRAYS = (
    *ENTRIES,
    *("move_ptr", "move_row", "move_rate", "dual_lam"),
    *("chord_ptr", "chord_col", "chord_val", "dual_ptr", "dual_row", "dual_val"),
)
RELATIVE = 1e-9
"""A proof gives the price to this share of it."""
ROOM = 1e-8
"""Share of an earlier priority's price by which a later priority's proof may miss it."""
CANCELS = 1e-12
"""Share of the size of a sum that its rounding may reach."""


@dataclass(frozen=True)
class JointEvidence:
    """The moves of ``joint.npz``, one entry for each move, side and priority."""

    folder: RunFolder
    arrays: Arrays

    @cached_property
    def moves(self) -> list[dict[int, float]]:
        """Rate of each row in each move."""
        return [
            dict(zip(rows.tolist(), rates.tolist(), strict=True))
            for rows, rates in self._parts(("move_ptr", "move_row", "move_rate"), row=True)
        ]

    @cached_property
    def chords(self) -> list[Sparse]:
        """Change of the plan per unit of each entry's move."""
        return self._parts(("chord_ptr", "chord_col", "chord_val"), row=False)

    @cached_property
    def duals(self) -> list[Sparse]:
        """Dual of each entry less its priority's own; the ray itself of an infinite price."""
        return self._parts(("dual_ptr", "dual_row", "dual_val"), row=True)

    @cached_property
    def entry_at(self) -> dict[tuple[int, int, int], int]:
        """Position of the entry of a move, a side and a priority."""
        keys = zip(*(self.arrays[name].tolist() for name in ("move", "side", "stage")), strict=True)
        return {key: e for e, key in enumerate(keys)}

    def price(self, move: int, side: int, stage: int) -> float:
        """Price of a move; NaN where nothing proves one."""
        e = self.entry_at.get((move, side, stage))
        return np.nan if e is None else float(self.arrays["price"][e])

    def _parts(self, names: tuple[str, str, str], *, row: bool) -> list[Sparse]:
        program = self.folder.program
        most = len(program.row_ids) if row else len(program.col_ids)
        return parts(self.arrays, FILE, names, most)


def joint_evidence(folder: RunFolder) -> JointEvidence | None:
    """Open the proofs; None where no rows move together.

    Raises
    ------
    Unreadable
        When the arrays do not fit together.
    """
    if not folder.has(FILE):
        return None
    arrays = read_arrays(folder.path / FILE, ARRAYS)
    count = len(arrays["price"])
    shapes = {arrays[name].shape for name in ENTRIES}
    lengths = {len(arrays[f"{name}_ptr"]) for name in ("chord", "dual")}
    if shapes != {(count,)} or lengths != {count + 1}:
        raise Unreadable(FILE, "the arrays have not one value for each entry")
    stages = len(folder.program.arrays["stage_priority"])
    if arrays["dual_lam"].shape != (count, stages) or not (arrays["dual_lam"] >= 0).all():
        raise Unreadable(FILE, "dual_lam has not one row above 0 for each entry")
    return JointEvidence(folder, arrays)


def check_joint_proofs(notes: Notebook, evidence: JointEvidence, orders: Orders) -> None:
    """Check that every joint price is proven from both sides, or by a ray."""
    for key, e in evidence.entry_at.items():
        proof = _Proof(evidence, e, *key)
        if proof.infinite:
            proof.check_ray(notes)
        else:
            proof.check_chord(notes)
            if orders.reversed_along(proof.point.x, proof.chord, proof.reach):
                notes.wrong(FILE, proof.label, REVERSED)
            proof.check_dual(notes)


class _Proof:
    """One entry, written out in full."""

    def __init__(self, evidence: JointEvidence, e: int, move: int, side: int, stage: int) -> None:
        arrays, folder = evidence.arrays, evidence.folder
        if side not in (-1, 1) or not 0 <= stage < len(folder.program.stage_cost):
            raise Unreadable(FILE, f"entry {e} has no side or no priority")
        self.program, self.stage = folder.program, stage
        self.price, self.reach = float(arrays["price"][e]), float(arrays["T"][e])
        self.lam: Floats = arrays["dual_lam"][e][:stage]
        self.infinite = not np.isfinite(self.price)
        self.label = f"move {move}, side {side}, priority {stage + 1}"
        self.earlier = np.array([evidence.price(move, side, k) for k in range(stage)])
        self.rate = np.zeros(len(self.program.row_ids))
        for row, rate in evidence.moves[move].items():
            self.rate[row] = side * rate
        self.chord = dense(evidence.chords[e], len(self.program.col_ids))
        self.dual = dense(evidence.duals[e], len(self.program.row_ids))
        if not self.infinite:
            self.dual = self.dual + folder.solution["y"][stage]
        self.point = Point(self.program, folder.solution["x"][-1])

    def check_chord(self, notes: Notebook) -> None:
        """c·Δ is the price, here and before, and x + T·Δ keeps the limits moved by T."""
        program = self.program
        for k, wanted in enumerate([*self.earlier, self.price]):
            terms = program.stage_cost[k] * self.chord
            share = RELATIVE if k == self.stage else ROOM
            least = 0.0 if k == self.stage else 1.0
            room = share * max(abs(wanted), least) + float(np.abs(terms).sum()) * (
                CANCELS if k == self.stage else share
            )
            where = (
                FILE,
                self.label,
                saying("change of priority {priority} by its chord", priority=k + 1),
            )
            notes.near(where, float(terms.sum()), float(wanted), tolerance=room)
        if not self.reach > 0:
            notes.wrong(FILE, self.label, saying("reach"), self.reach, saying("above 0"))
            return
        for name in self.point.left_along(self.chord, self.rate, self.reach):
            notes.wrong(
                FILE, self.label, saying("the chord leaves {name} before its reach", name=name)
            )

    def check_dual(self, notes: Notebook) -> None:
        """The dual is optimal for the present limits and gives the price."""
        program, stage = self.program, self.stage
        costs = program.stage_cost
        cost = costs[stage] + self.lam @ costs[:stage]
        found = multipliers(program, cost, self.dual)
        note_signs(notes, program, found, (FILE, self.label))
        value, bound = float(cost @ self.point.x), proven_bound(program, found)
        tolerance = allowed_gap(program, found, value)
        notes.near(
            (FILE, self.label, saying("value of the dual")), bound, value, tolerance=tolerance
        )
        given = float(self.dual @ self.rate - self.lam @ self.earlier)
        size = float(np.abs(self.dual) @ np.abs(self.rate) + self.lam @ np.abs(self.earlier))
        moved = self.rate != 0
        zero = float(found.y_size[moved] @ np.abs(self.rate[moved]))
        tolerance = RELATIVE * abs(self.price) + zero
        tolerance += ROOM * (size + float(self.lam.sum())) if stage else 0.0
        where = (FILE, self.label, saying("price by its dual"))
        notes.near(where, given, self.price, tolerance=tolerance)

    def check_ray(self, notes: Notebook) -> None:
        """The ray forbids the move: it pushes only where something holds, and against the move."""
        program, ray = self.program, self.dual
        pull = program.matrix.transposed.times(ray)
        zero = SIGN * program.matrix.transposed.size.times(np.abs(ray))
        at = self.point
        rows = (ray, at.activity, (program.lower, program.upper), at.tolerance)
        wrong_rows = _pushes_at_nothing(*rows, np.zeros(len(ray)))
        columns = (-pull, at.x, (program.least, program.most), at.margin)
        wrong_columns = _pushes_at_nothing(*columns, zero)
        names = [program.row_ids[i] for i in np.flatnonzero(wrong_rows)]
        names += [program.col_ids[j] for j in np.flatnonzero(wrong_columns)]
        for name in names:
            notes.wrong(
                FILE, self.label, saying("the ray pushes {name}, where nothing holds", name=name)
            )
        if not (self.price > 0 and float(ray @ self.rate) > 0):
            notes.wrong(FILE, self.label, saying("the ray does not speak of this move"))


def _pushes_at_nothing(
    push: Floats, at: Floats, bounds: tuple[Floats, Floats], tolerance: Floats, zero: Floats
) -> NDArray[np.bool_]:
    """Where a multiplier above zero is not at a lower bound, or one below not at an upper one."""
    up = (push > zero) & ~(at <= bounds[0] + tolerance)
    down = (push < -zero) & ~(at >= bounds[1] - tolerance)
    return np.asarray(up | down)
