"""`sensitivity weights --triangle`: each plan is optimal at every corner of its part.

The least value is a concave function of the weights, so that a plan that is optimal at the corners
of a polygon is optimal all over it. Parts whose areas add up to one leave nothing out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from perequa.verification.outcome import Notebook, Unreadable
from perequa.verification.studies.proofs import check_served, sampled
from perequa.words import saying

if TYPE_CHECKING:
    from perequa.verification.outcome import Check
    from perequa.verification.sparse import Floats
    from perequa.verification.studies.opened import Study

FILE = "triangle.csv"
CORNERS = "corners.csv"
PLANS = "plans.csv"
DIGITS = 12
AREA = 1e-9
"""How far the areas may be from those of the corners."""


def check_optima(study: Study) -> Check:
    """Prove the least value at a sample of corners, for every part that has the corner."""
    notes = Notebook(4, "optimum")
    parts = _parts(study)
    plans = study.plans(PLANS, "plan")
    worth = {name: study.values(places) for name, places in plans.items()}
    first = sum(1 for number in study.stages() if number < int(study.record["priority"]))
    sides: dict[tuple[float, ...], tuple[Floats, set[str]]] = {}
    for name, corners in parts.items():
        for corner in corners:
            sides.setdefault(_rounded(corner), (corner, set()))[1].add(name)
    asked = list(sides)
    known = {_rounded(one): q for q, one in enumerate(study.sample.asked)}
    chosen = sampled(len(asked))
    for i in chosen:
        corner, touching = sides[asked[i]]
        named = ", ".join(f"{weight:g}" for weight in corner)
        if asked[i] not in known:
            notes.wrong("evidence.npz", named, saying("the proof is missing"))
            continue
        proofs = study.sample.proofs[known[asked[i]]]
        laid = study.laid(dict(zip(study.record["objectives"], corner.tolist(), strict=True)))
        stages = [w for p, w in study.stages().items() if p < int(study.record["priority"])]
        for name in sorted(touching):
            where = f"plan {name} at {named}"
            check_served(notes, study.program, where, worth[name], [*stages, laid], proofs, first)
    return notes.close(
        saying(
            "least value proven at {proven} of {count} corners", proven=len(chosen),
            count=len(asked),
        )
    )  # fmt: skip


def check_tables(study: Study) -> Check:
    """Compare areas with corners, and that they leave nothing out."""
    notes = Notebook(11, "study")
    table = study.folder.table(FILE)
    parts = _parts(study)
    areas = dict(zip(table.column("plan"), table.numbers("area"), strict=True))
    for name, corners in parts.items():
        where = (FILE, f"plan {name}", "area")
        notes.near(where, areas[name], _area(corners), tolerance=AREA)
        if not np.allclose(corners.sum(axis=1), 1.0, rtol=0.0, atol=AREA) or corners.min() < 0.0:
            notes.wrong(CORNERS, f"plan {name}", saying("weights do not add up to 1"))
    notes.near((FILE, "", saying("sum of the areas")), sum(areas.values()), 1.0, tolerance=AREA)
    return notes.close(saying("{count} parts that cover the triangle", count=len(areas)))


def _parts(study: Study) -> dict[str, Floats]:
    """Corners of each part, (V, 3)."""
    table = study.folder.table(CORNERS)
    weights = np.array([table.numbers(column) for column in table.header[2:]]).T
    if weights.shape[1] != 3:
        raise Unreadable(CORNERS, "has not three weights")
    names = np.array(table.column("plan"))
    return {str(name): weights[names == name] for name in dict.fromkeys(names.tolist())}


def _rounded(corner: Floats) -> tuple[float, ...]:
    return tuple((np.round(corner, DIGITS) + 0.0).tolist())


def _area(corners: Floats) -> float:
    """Share of the triangle that a polygon covers, by the shoelace formula."""
    u, v = corners[:, 1], corners[:, 2]
    return abs(float(u @ np.roll(v, -1) - v @ np.roll(u, -1)))
