"""The plans of a study: each keeps every rule, and is worth what the tables say."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from perequa.verification.compare import RELATIVE, compare_column
from perequa.verification.outcome import Notebook
from perequa.verification.published_rules import VIOLATION
from perequa.words import saying

if TYPE_CHECKING:
    from collections.abc import Sequence

    from perequa.verification.outcome import Check
    from perequa.verification.sparse import Floats
    from perequa.verification.studies.opened import Study
    from perequa.verification.tables import Table

PLANS = "plans.csv"


def check_kept(
    notes: Notebook, study: Study, where: tuple[str, str], places: Floats, limits: Floats
) -> None:
    """Note every rule that a plan breaks, and every cell that may not be funded.

    Parameters
    ----------
    where
        The file, and how the plan is called.
    places
        (T, M, Y).
    limits
        Limit of every rule row, in their order.
    """
    file, named = where
    closed = study.model.supply.closed_pairs[:, :, None]
    if not (places >= -VIOLATION["place"]).all():
        notes.wrong(file, named, saying("a cell is below zero"), float(places.min()), "≥ 0")
    if np.any(np.where(closed, places, 0.0) > VIOLATION["place"]):
        notes.wrong(file, named, saying("a closed pair may be funded"))
    activity = study.activities(places, limits)
    sides = np.array([row.side for row in study.rows])
    allowed = np.array([VIOLATION[row.unit] for row in study.rows])
    over, under = activity - limits, limits - activity
    passed = np.where(sides == "at_most", over, np.where(sides == "at_least", under, np.abs(over)))
    for i in np.flatnonzero(~(passed <= allowed)):
        notes.wrong(
            file,
            f"{named}, {study.rows[i].id}",
            saying("the plan breaks the rule by {excess}", excess=float(passed[i])),
            float(activity[i]),
            float(limits[i]),
        )


def check_credits(notes: Notebook, study: Study, file: str, mark: str) -> None:
    """Compare the credits of every line of a table of plans with its places."""
    table = study.folder.table(file)
    plans = study.plans(file, mark)
    position = {name: i for i, name in enumerate(study.model.cell_ids)}
    paid = {each: study.credits_of(places).ravel() for each, places in plans.items()}
    columns = [table.column(name) for name in (mark, "level", "territory", "measure", "year")]
    named = [
        (each, f"x/{level}:{code}/{measure}/{year}")
        for each, level, code, measure, year in zip(*columns, strict=True)
    ]
    expected = np.array([paid[each][position[cell]] for each, cell in named])
    compare_column(
        notes, table, "credits", expected, [f"{mark} {each}, {cell}" for each, cell in named]
    )


def check_described(study: Study, file: str, mark: str) -> Check:
    """Compare every plan with the rules, and each line of a table with what its plan is worth.

    Parameters
    ----------
    file, mark
        The table that describes the plans, and its column that names them.
    """
    notes = Notebook(3, "plan")
    table = study.folder.table(file)
    plans = study.plans(PLANS, mark)
    for name, places in plans.items():
        check_kept(notes, study, (PLANS, f"{mark} {name}"), places, study.limits)
    check_credits(notes, study, PLANS, mark)
    names = table.column(mark)
    values = [study.values(plans[name]) for name in names]
    compare_values(notes, study, table, values, [f"{mark} {name}" for name in names])
    return notes.close(
        saying(
            "{plans} plans against {rows} rule rows, their credits and objectives",
            plans=len(plans),
            rows=len(study.rows),
        )
    )


def objective_columns(names: Sequence[str], header: Sequence[str]) -> dict[str, str]:
    """Column of each objective in a table, by name."""
    return {
        name: f"objective_{name}" if f"objective_{name}" in header else name
        for name in names
        if name in header
    }


def compare_values(
    notes: Notebook,
    study: Study,
    table: Table,
    values: Sequence[Floats],
    labels: Sequence[str],
) -> None:
    """Compare the objectives of each line of a table with what its plan is worth.

    Parameters
    ----------
    values
        (K,) of each line.
    """
    initial = study.values(np.zeros(study.model.shape))
    for name, column in objective_columns(study.names, table.header).items():
        k = study.names.index(name)
        compare_column(
            notes,
            table,
            column,
            np.array([own[k] for own in values]),
            labels,
            scale=max(1.0, abs(float(initial[k]))),
        )


def close_to(found: float, expected: float, size: float = 0.0) -> bool:
    """Whether two figures agree to rounding, relative to the larger of 1 and `size`."""
    return abs(found - expected) <= RELATIVE * max(1.0, size, abs(expected))


def weighted(values: Floats, weights: Floats) -> float:
    """Σ weights · values, over those that weigh."""
    some = np.flatnonzero(weights)
    return float(weights[some] @ values[some])
