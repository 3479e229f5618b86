"""`sensitivity sweep`: a sample of points is proven, and every point is counted again.

The points are read from Parquet, for which pyarrow is needed. Where figures are varied each point
is another program: then its points are counted, none is proven.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from dataclasses import dataclass
from functools import cached_property
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import numpy as np

from perequa.verification.outcome import Notebook, Unreadable
from perequa.verification.studies.plans import check_kept, objective_columns, weighted
from perequa.verification.studies.proofs import check_served, sampled
from perequa.words import saying

if TYPE_CHECKING:
    from perequa.verification.outcome import Check
    from perequa.verification.sparse import Floats
    from perequa.verification.studies.opened import Study

FILE = "points.parquet"
COUNTED = "acceptability.csv"
INFLUENCES = "indices.csv"
GIVEN = "given_points"
EVIDENCE = "evidence.npz"
OPTIMAL = "optimal"
HALF = {"places": 0.5e-6, "money": 0.5e-2, "credits": 0.5e-2}
"""Changes up to this are none."""
NEAR = 1e-9


@dataclass(frozen=True)
class Points:
    """The points of a sweep.

    Attributes
    ----------
    study
        The study.
    """

    study: Study

    @cached_property
    def columns(self) -> dict[str, list[Any]]:
        """The table of points, by column."""
        # imported here: only sweeps need it, and it is not installed with the rest
        from pyarrow import ArrowInvalid, parquet  # noqa: PLC0415

        try:
            found = parquet.read_table(self.study.path / FILE).to_pydict()
        except (OSError, ArrowInvalid) as error:
            raise Unreadable(FILE, f"cannot be read: {error}") from None
        order = np.argsort(found["point"], kind="stable").tolist()
        return {name: [values[i] for i in order] for name, values in found.items()}

    @property
    def optimal(self) -> list[int]:
        """Positions of the points that have a plan."""
        return [i for i, status in enumerate(self.columns["status"]) if status == OPTIMAL]

    def figures(self, names: list[str]) -> Floats:
        """Figures of some columns at every point that has a plan, (n, columns)."""
        return np.array([[self.columns[n][i] for n in names] for i in self.optimal], dtype=float)

    @cached_property
    def values(self) -> Floats:
        """Every objective at every point that has a plan, (n, K)."""
        columns = objective_columns(self.study.names, tuple(self.columns))
        return self.figures([columns[name] for name in self.study.names])

    @cached_property
    def weighed(self) -> list[str]:
        """Objectives whose weights vary; none where figures do."""
        return [name[len("weight_") :] for name in self.columns if name.startswith("weight_")]

    def share_column(self, line: dict[str, str]) -> str:
        """Column of what a line of ``acceptability.csv`` counts."""
        who = f"{line['level']}:{line['territory']}"
        return f"{who}|{line['measure']}" if line["measure"] else who


def check_optima(study: Study) -> Check:
    """Prove the least value at a sample of points, at every priority from the one weighed."""
    notes = Notebook(4, "optimum")
    if find_spec("pyarrow") is None:
        return notes.skip(saying("pyarrow is not installed"))
    points = Points(study)
    if not points.weighed:
        return notes.skip(saying("every point is a program of its own"))
    optimal = points.optimal
    chosen = sampled(len(optimal)) if optimal else []
    known = {int(one[0]): q for q, one in enumerate(study.sample.asked)}
    for k in chosen:
        point = int(points.columns["point"][optimal[k]])
        if point not in known or known[point] not in study.sample.plans:
            notes.wrong(EVIDENCE, f"point {point}", saying("the proof is missing"))
            continue
        _check_point(notes, points, k, point, known[point])
    return notes.close(
        saying(
            "least value proven at {proven} of {count} points", proven=len(chosen),
            count=len(optimal),
        )
    )  # fmt: skip


def _check_point(notes: Notebook, points: Points, k: int, point: int, at: int) -> None:
    study, i = points.study, points.optimal[k]
    weights = {name: float(points.columns[f"weight_{name}"][i]) for name in points.weighed}
    priority = int(study.record["priority"])
    stages = dict(sorted((study.stages() | {priority: study.laid(weights)}).items()))
    first = list(stages).index(priority)
    places = study.laid_out(study.sample.plans[at])
    named = f"point {point}"
    check_kept(notes, study, (EVIDENCE, named), places, study.limits)
    worth, told = study.values(places), points.values[k]
    served = list(stages.values())
    check_served(notes, study.program, named, worth, served, study.sample.proofs[at], first)
    for number, own in stages.items():
        found, expected = weighted(told, own), weighted(worth, own)
        size = max(1.0, abs(expected))
        notes.near((FILE, f"{named}, priority {number}", "value"), found, expected,
                   tolerance=10 * NEAR * size)  # fmt: skip
    if len(study.model.years) == 1:
        _check_shares(notes, points, i, told, named)


def _check_shares(notes: Notebook, points: Points, i: int, told: Floats, named: str) -> None:
    """Where there is one year the shares are a plan: compare it with the rules and objectives."""
    study, model = points.study, points.study.model
    keys = [model.tree.key[node] for node in model.tree.deciding]
    places = np.array(
        [
            [points.columns[f"{level}:{code}|{measure}"][i] for measure in model.measures]
            for level, code in keys
        ],
        dtype=float,
    )[:, :, None]
    check_kept(notes, study, (FILE, named), places, study.limits)
    initial = study.values(np.zeros(model.shape))
    worth = study.values(places)
    for name, value, expected, start in zip(study.names, told, worth, initial, strict=True):
        notes.near((FILE, named, name), float(value), float(expected),
                   tolerance=NEAR * max(1.0, abs(expected), abs(start)))  # fmt: skip


def check_counts(study: Study) -> Check:
    """Count again who gains and loses, over all points."""
    notes = Notebook(11, "study")
    if find_spec("pyarrow") is None:
        return notes.skip(saying("pyarrow is not installed"))
    points = Points(study)
    told = study.record["status_of_points"]
    for status, count in told.items():
        found = points.columns["status"].count(status)
        if found != count:
            notes.wrong(FILE, status, saying("points of this status"), found, count)
    table = study.folder.table(COUNTED)
    lines = [dict(zip(table.header, row, strict=True)) for row in table.rows]
    if points.optimal:
        against = _against(study)
        changes = points.figures([points.share_column(line) for line in lines])
        changes -= np.array([against[points.share_column(line)] for line in lines])
        for line, change in zip(lines, changes.T, strict=True):
            _check_line(notes, line, change, points.share_column(line))
    _check_influences(notes, study, points)
    return notes.close(
        saying("{lines} lines counted again over {count} points", lines=len(lines),
               count=len(points.optimal))
    )  # fmt: skip


def _check_line(notes: Notebook, line: dict[str, str], change: Floats, named: str) -> None:
    half = HALF[line["in"]]
    room = 2e-9 * max(1.0, float(np.abs(change).max()))
    for column, moved in (("gains", change), ("loses", -change)):
        # what stands at the edge of the rounding may count or not
        least, most = (float((moved > half + e).mean()) for e in (room, -room))
        if not least - NEAR <= float(line[column]) <= most + NEAR:
            notes.wrong(COUNTED, named, column, float(line[column]), least)
    for column, expected in (
        ("least_change", change.min()),
        ("mean_change", change.mean()),
        ("most_change", change.max()),
    ):
        notes.near((COUNTED, named, column), float(line[column]), float(expected),
                   tolerance=2.0 * half + room)  # fmt: skip


def _check_influences(notes: Notebook, study: Study, points: Points) -> None:
    """Estimate again what each figure explains alone, where no method chose the points."""
    table = study.folder.table(INFLUENCES)
    lines = [dict(zip(table.header, row, strict=True)) for row in table.rows]
    weights = [f"weight_{name}" for name in points.weighed]
    for line in lines if table.rows and lines[0]["method"] == GIVEN else ():
        column = f"weight_{line['figure']}" if weights else f"factor_{line['figure']}"
        if column not in points.columns:
            continue  # columns chosen from: words, which have no order of size here
        figure = [
            round(value / sum(points.columns[name][i] for name in weights or [column]), 12)
            if weights
            else round(value, 12)
            for i, value in enumerate(points.columns[column])
        ]
        named = f"{line['output']}, {line['figure']}"
        expected = _explained(figure, _output(study, points, line["output"]))
        if expected is None or not line["first_order"]:
            if (expected is None) != (not line["first_order"]):
                notes.wrong(INFLUENCES, named, "first_order", line["first_order"], str(expected))
        else:
            where = (INFLUENCES, named, "first_order")
            notes.near(where, float(line["first_order"]), expected, tolerance=1e-6)


def _output(study: Study, points: Points, name: str) -> list[float | None]:
    columns = objective_columns(study.names, tuple(points.columns))
    found: list[float | None] = points.columns[columns.get(name, name)]
    return found


def _explained(figure: list[float], output: list[float | None]) -> float | None:
    """Return the adjusted share of the variance between classes of nearest points."""
    values = [value for value in output if value is not None and math.isfinite(value)]
    count = len(output)
    if len(values) < count:
        return None
    if max(values) - min(values) <= NEAR * max(map(abs, values)):
        return None
    ordered = sorted(figure)
    classes: dict[int, list[float]] = {}
    for at, value in zip(figure, values, strict=True):
        place = math.isqrt(count) * bisect_left(ordered, at) // count
        classes.setdefault(place, []).append(value)
    if len(classes) >= count:
        return None
    within = math.fsum(_squares(members) for members in classes.values())
    share = within / (count - len(classes)) / (_squares(values) / (count - 1))
    return max(0.0, 1.0 - share)


def _squares(values: list[float]) -> float:
    """Return the sum of the squares of the distances to the mean."""
    mean = math.fsum(values) / len(values)
    return math.fsum((value - mean) ** 2 for value in values)


def _against(study: Study) -> dict[str, float]:
    """Shares that those of every point are compared with, by column."""
    if study.record["asked"]["against"] == "reference":
        if study.reference is None:
            raise Unreadable("study.json", "there is no reference at the level that decides")
        places = np.nan_to_num(study.reference)
    else:
        at = next((q for q, one in enumerate(study.sample.asked) if one[0] == 0.0), None)
        if at is None or at not in study.sample.plans:
            raise Unreadable(EVIDENCE, "has no plan")
        places = study.laid_out(study.sample.plans[at])
    model, paid = study.model, study.credits_of(places)
    found = {}
    for t, node in enumerate(model.tree.deciding):
        who = ":".join(model.tree.key[node])
        found[who] = float(paid[t].sum())
        for m, measure in enumerate(model.measures):
            found[f"{who}|{measure}"] = float(places[t, m].sum())
    return found
