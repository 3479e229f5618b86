"""The multipliers of ``evidence.npz``, and the bound each proves."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from perequa.verification.duals import multipliers, note_signs, proven_bound
from perequa.verification.folder import read_arrays
from perequa.verification.outcome import Unreadable
from perequa.words import saying

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from perequa.verification.folder import Program
    from perequa.verification.outcome import Notebook
    from perequa.verification.sparse import Floats

FILE = "evidence.npz"
ARRAYS = (
    *("asked", "question", "stage", "dual_lam", "dual_ptr", "dual_row", "dual_val"),
    *("plan_of", "plan"),
)
MOST = 24
"""Questions of a study that are proven, at most."""
GAP = 1e-9
"""Largest distance between a value and the bound that proves it, relative."""
TRACE = 1e-10
"""Share of the largest cost below which a reduced cost is none: it moves no bound by 1e-9."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Goal:
    """What is minimised: ``cost @ x + offset``, (n,) and a constant."""

    cost: Floats
    offset: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """Multipliers of the rows and of the earlier priorities."""

    y: Floats
    lam: Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """The questions that are proven.

    Attributes
    ----------
    asked
        (Q, k) which questions: what the figures are depends on the study.
    proofs
        For each question, its proof at each priority, from 0 in the order of service.
    plans
        For some questions the decisions of a plan, flat.
    """

    asked: Floats
    proofs: tuple[dict[int, Proof], ...]
    plans: dict[int, Floats]


def sampled(count: int, most: int = MOST) -> list[int]:
    """Which of `count` questions must be proven: all, or `most` evenly spread, both ends in."""
    step = (count - 1) / max(1, min(count, most) - 1)
    return sorted({int(np.round(i * step)) for i in range(min(count, most))})


def goal_of(program: Program, weights: Floats) -> Goal:
    """Add up the objectives of a program, each times its weight (K,)."""
    return Goal(
        cost=weights @ program.arrays["objective_cost"],
        offset=float(weights @ program.arrays["objective_offset"]),
    )


def read_sample(path: Path, program: Program, cells: int) -> Sample:
    """Read the proofs of a study.

    Raises
    ------
    Unreadable
        When an array is absent, or has not the shape it must have.
    """
    arrays = read_arrays(path / FILE, ARRAYS)
    asked, question, pointer = arrays["asked"], arrays["question"], arrays["dual_ptr"]
    count, m = len(question), program.matrix.rows
    rows, values = arrays["dual_row"], arrays["dual_val"]
    if (
        asked.ndim != 2
        or pointer.shape != (count + 1,)
        or arrays["stage"].shape != (count,)
        or len(arrays["dual_lam"]) != count
        or rows.shape != values.shape
        or (count and (question.min() < 0 or question.max() >= len(asked)))
        or (len(rows) and (rows.min() < 0 or rows.max() >= m))
        or arrays["plan"].shape not in {(len(arrays["plan_of"]), cells), (0, 0)}
    ):
        raise Unreadable(FILE, "arrays do not fit together")
    for name in ("asked", "dual_lam", "dual_val", "plan"):
        if not np.isfinite(arrays[name]).all():
            raise Unreadable(FILE, f"{name} holds a value that is not finite")
    proofs: tuple[dict[int, Proof], ...] = tuple({} for _ in asked)
    for d in range(count):
        part = slice(int(pointer[d]), int(pointer[d + 1]))
        y = np.zeros(m)
        y[rows[part]] = values[part]
        at = proofs[int(question[d])]
        at[int(arrays["stage"][d])] = Proof(y=y, lam=arrays["dual_lam"][d])
    plans = {int(q): p for q, p in zip(arrays["plan_of"], arrays["plan"], strict=True)}
    return Sample(asked=asked, proofs=proofs, plans=plans)


def check_served(
    notes: Notebook,
    program: Program,
    named: str,
    values: Floats,
    stages: Sequence[Floats],
    proofs: dict[int, Proof],
    first: int = 0,
) -> None:
    """Note each priority at which a plan is not proven the best among those best before.

    Parameters
    ----------
    named
        What the plan is called.
    values
        (K,) its objectives.
    stages
        Weights (K,) of each priority, in the order of service.
    proofs
        A proof for each priority from `first` on; the earlier are taken as the plan has them.
    """
    earlier: list[tuple[Goal, float]] = []
    for p, weights in enumerate(stages):
        some = np.flatnonzero(weights)
        found = goal_of(program, weights), float(weights[some] @ values[some])
        if p >= first:
            where = f"{named}, {p + 1}" if len(stages) > 1 else named
            check_least(notes, program, where, found, proofs.get(p), earlier)
        earlier.append(found)


def check_least(
    notes: Notebook,
    program: Program,
    named: str,
    found: tuple[Goal, float],
    proof: Proof | None,
    earlier: Sequence[tuple[Goal, float]] = (),
) -> None:
    """Note a value that its multipliers do not prove to be the least there is.

    Parameters
    ----------
    named
        What the value is called.
    found
        The goal and its value at a plan.
    proof
        Its multipliers.
    earlier
        Goal of each earlier priority and the value beyond which no rival goes.
    """
    if proof is None:
        notes.wrong(FILE, named, saying("the proof is missing"))
        return
    goal, value = found
    lam = proof.lam[: len(earlier)]
    if (proof.lam < 0).any() or proof.lam[len(earlier) :].any():
        notes.wrong(FILE, named, saying("multipliers of earlier priorities are not all ≥ 0 below"))
        return
    carried = goal.cost + sum(
        (times * each.cost for times, (each, _) in zip(lam, earlier, strict=True)),
        np.zeros_like(goal.cost),
    )
    dual = multipliers(program, carried, proof.y)
    # what weighs nothing leaves columns whose whole sum is rounding
    trace = TRACE * float(np.abs(carried).max(initial=0.0))
    dual = replace(dual, z_size=np.maximum(dual.z_size, trace))
    note_signs(notes, program, dual, (FILE, named))
    taken = [
        float(times) * (limit - each.offset)
        for times, (each, limit) in zip(lam, earlier, strict=True)
    ]
    bound = proven_bound(program, dual) - math.fsum(taken) + goal.offset
    size = max(1.0, abs(value), *(abs(term) for term in taken), abs(goal.offset))
    notes.near(
        (FILE, named, saying("value against the proven bound")),
        value,
        bound,
        tolerance=GAP * size,
    )
