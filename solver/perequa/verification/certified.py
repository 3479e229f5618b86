"""What `certificate.json` tells of the proof in figures: residuals, complementarity, gaps."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from perequa.verification.folder import read_record
from perequa.verification.optimum import bound_of, check_optimum, stages_of
from perequa.verification.outcome import Notebook

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from perequa.verification.folder import Arrays, Program, RunFolder
    from perequa.verification.optimum import Stage
    from perequa.verification.outcome import Check
    from perequa.verification.sparse import Floats

FILE = "certificate.json"
PROVEN = "proven"
AGREE = 1e-9
"""Largest difference between a figure told and the same one worked out again, relative."""


def proof_figures(program: Program, solution: Arrays) -> dict[str, Any]:
    """Measure how near the published plan and its multipliers come to a proof.

    Returns
    -------
    dict
        ``residuals``: the most by which the plan passes a row or a column's bound, in its own
        unit, and the largest multiplier against a bound that does not exist. ``complementarity``
        and ``duality_gap``: the largest of ``priorities``, where both are shares of the value
        that was minimised, or of 1 where that is less.
    """
    plan = solution["plan"]
    activity = program.matrix.times_exactly(plan)
    stages = stages_of(program, solution)
    told = [
        _stage_figures(program, solution, stages[: p + 1], plan, activity)
        for p in range(len(stages))
    ]
    return {
        "residuals": {
            "rows": _passed(activity, program.lower, program.upper),
            "columns": _passed(plan, program.least, program.most),
            "multipliers": max((_unbounded(program, stage) for stage in stages), default=0.0),
        },
        "complementarity": max((each["complementarity"] for each in told), default=0.0),
        "duality_gap": max((each["duality_gap"] for each in told), default=0.0),
        "priorities": told,
    }


def check_certified(folder: RunFolder, *, exact: bool) -> Check:
    """Check 4 of a folder: the optimum, and that the certificate tells it as the arrays have it.

    Raises
    ------
    Unreadable
        When the certificate is not a JSON record.
    """
    proven = check_optimum(folder, exact=exact)
    notes = Notebook(proven.number, proven.name, list(proven.disagreements))
    record = read_record(folder.path / FILE)
    if record["verdict"] != PROVEN:
        notes.wrong(FILE, "verdict", "", record["verdict"], PROVEN)
    told = dict(_figures_in(record))
    expected = dict(_figures_in(proof_figures(folder.program, folder.solution)))
    for name, figure in expected.items():
        found = told.get(name, float("nan"))
        notes.near((FILE, name, "figure"), found, figure, tolerance=AGREE * max(1.0, abs(figure)))
    return notes.close(proven.what)


def _stage_figures(
    program: Program, solution: Arrays, stages: list[Stage], plan: Floats, activity: Floats
) -> dict[str, Any]:
    """Give the figures of the last of `stages`."""
    stage = stages[-1]
    bound = bound_of(program, solution, stages)
    size = max(1.0, abs(stage.value))
    rows = _unmet(stage.dual.y, activity, program.lower, program.upper)
    columns = _unmet(stage.dual.z, plan, program.least, program.most)
    return {
        "priority": stage.priority,
        "value": stage.value,
        "bound": bound,
        "duality_gap": abs(stage.value - bound) / size,
        "complementarity": max(rows, columns) / size,
    }


def _pushed_to(multiplier: Floats, lower: Floats, upper: Floats) -> Floats:
    """Return the bound to which each multiplier pushes; infinite where there is none."""
    return np.where(multiplier > 0, lower, upper)


def _unmet(multiplier: Floats, activity: Floats, lower: Floats, upper: Floats) -> float:
    """Return the largest product of a multiplier and the distance to its bound."""
    bound = _pushed_to(multiplier, lower, upper)
    at = (multiplier != 0) & np.isfinite(bound)
    return float((np.abs(multiplier[at]) * np.abs(activity[at] - bound[at])).max(initial=0.0))


def _unbounded(program: Program, stage: Stage) -> float:
    """Return the largest multiplier against a bound that does not exist."""
    dual = stage.dual
    sides = (
        (dual.y, program.lower, program.upper),
        (dual.z, program.least, program.most),
    )
    return max(
        float(np.abs(value[~np.isfinite(_pushed_to(value, low, high))]).max(initial=0.0))
        for value, low, high in sides
    )


def _passed(activity: Floats, lower: Floats, upper: Floats) -> float:
    """Return the most by which a bound is passed."""
    return float(np.maximum(lower - activity, activity - upper).max(initial=0.0))


def _figures_in(record: Mapping[str, Any]) -> Iterator[tuple[str, float]]:
    """Yield every figure of a certificate under a name that says where it stands."""
    for name, figure in record["residuals"].items():
        yield f"residuals.{name}", float(figure)
    for name in ("complementarity", "duality_gap"):
        yield name, float(record[name])
    for each in record["priorities"]:
        for name, figure in each.items():
            yield f"priority {each['priority']}, {name}", float(figure)
