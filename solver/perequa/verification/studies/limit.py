"""`sensitivity limit`: multipliers that are optimal between two scales are a line below the curve.

The curve of a priority is straight between two neighbouring scales of the table. A plan that
reaches the line at both ends proves that the curve lies on it all the way.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from perequa.verification.duals import multipliers, note_signs, proven_bound
from perequa.verification.folder import Program
from perequa.verification.outcome import Notebook, Unreadable
from perequa.verification.studies.plans import check_credits, check_kept, weighted
from perequa.verification.studies.proofs import check_served, sampled
from perequa.words import saying

if TYPE_CHECKING:
    from perequa.verification.outcome import Check
    from perequa.verification.sparse import Floats
    from perequa.verification.studies.opened import Study
    from perequa.verification.studies.proofs import Sample
    from perequa.verification.tables import Table

FILE = "curve.csv"
SHARES = "shares.csv"
EVIDENCE = "evidence.npz"
MIDDLE, REACHED, LEAST, GREATEST = range(4)
"""What a question of the evidence proves: a stretch, a plan at a scale, an end."""
SAME = 1e-12
NEAR = 1e-9


@dataclass(frozen=True)
class Curve:
    """The value of every priority while some limits are scaled.

    Attributes
    ----------
    study
        The study.
    """

    study: Study

    @cached_property
    def table(self) -> Table:
        """The bends."""
        return self.study.folder.table(FILE)

    @cached_property
    def scales(self) -> list[float]:
        """Every scale of the table, in order."""
        return sorted(set(self.table.numbers("scale")))

    @cached_property
    def moved(self) -> Floats:
        """Whether each rule row is one of those moved, in the order of the study's rows."""
        named = set(self.study.record["rows"])
        unknown = named - {row.id for row in self.study.rows}
        if unknown or not named:
            raise Unreadable("study.json", f"rows names no rule row: {sorted(unknown)[:1]}")
        return np.array([row.id in named for row in self.study.rows], dtype=float)

    def limits(self, scale: float) -> Floats:
        """Limit of every rule row at a scale."""
        return self.study.limits * np.where(self.moved > 0, scale, 1.0)

    def program(self, scale: float) -> Program:
        """Return the program at a scale."""
        arrays = dict(self.study.program.arrays)
        more = np.zeros(len(arrays["row_lower"]))
        for name in self.study.record["rows"]:
            i = self.study.program.row_at[name]
            more[i] = (scale - 1.0) * arrays["row_limit"][i]
        arrays["row_lower"] = arrays["row_lower"] + more
        arrays["row_upper"] = arrays["row_upper"] + more
        return Program(arrays)

    @cached_property
    def plans(self) -> dict[float, Floats]:
        """The published plan at each scale, where the study tells them."""
        if not self.study.folder.has(SHARES):
            return {}
        return {float(s): plan for s, plan in self.study.plans(SHARES, "scale").items()}


def check_plans(study: Study) -> Check:
    """Compare the plan at every scale with the rules there and with the value of the curve."""
    notes = Notebook(3, "plan")
    curve = Curve(study)
    if not curve.plans:
        return notes.skip(saying("the study tells no plans"))
    if sorted(curve.plans) != curve.scales:
        notes.wrong(SHARES, "scale", saying("are not the scales of curve.csv"))
    for scale, places in curve.plans.items():
        check_kept(notes, study, (SHARES, f"scale {scale:g}"), places, curve.limits(scale))
    check_credits(notes, study, SHARES, "scale")
    worth = {scale: study.values(places) for scale, places in curve.plans.items()}
    for scale, priority, value in _rows(curve.table):
        weights = study.stages()[priority]
        expected = weighted(worth[scale], weights)
        notes.near(
            (FILE, f"scale {scale:g}, priority {priority}", "value"),
            value,
            expected,
            tolerance=_room(study, weights, value),
        )
    return notes.close(
        saying(
            "{plans} plans against {rows} rule rows, their credits and the value of the curve",
            plans=len(curve.plans),
            rows=len(study.rows),
        )
    )


def _check_named(notes: Notebook, curve: Curve) -> None:
    """Compare what names the limits moved with the rows: a cell is empty where they differ."""
    tree = curve.study.model.tree
    told = []
    for row, moved in zip(curve.study.rows, curve.moved.tolist(), strict=True):
        if moved:
            node = tree.index.get(row.group.label, -1)
            name = tree.names[node] if node >= 0 else ""
            year = "" if row.group.year is None else str(row.group.year)
            cells = (row.rule, row.kind, row.group.label[1], name, row.group.measure, year)
            told.append(cells)
    same = [values[0] if len({*values}) == 1 else "" for values in zip(*told, strict=True)]
    columns = ("rule", "kind", "territory", "territory_name", "measure", "year")
    named = curve.study.record.get("named")
    if named != dict(zip(columns, same, strict=True)):
        notes.wrong(
            "study.json", "named", saying("names other limits"), str(named), ", ".join(same)
        )


def check_optima(study: Study) -> Check:
    """Prove the curve along a sample of its stretches, and that no plan is beyond its ends."""
    notes = Notebook(4, "optimum")
    curve = Curve(study)
    _check_named(notes, curve)
    sample = study.sample
    stretches = list(pairwise(curve.scales)) or [(curve.scales[0], curve.scales[0])]
    chosen = [stretches[i] for i in sampled(len(stretches))]
    for ends in chosen:
        _check_stretch(notes, curve, sample, ends)
    _check_ends(notes, curve, sample)
    return notes.close(
        saying(
            "least value proven along {proven} of {count} stretches, at every priority; no plan "
            "beyond the ends",
            proven=len(chosen),
            count=len(stretches),
        )
    )


def check_tables(study: Study) -> Check:
    """Compare limits with scales and slopes with values, and that the first curve is convex."""
    notes = Notebook(11, "study")
    curve = Curve(study)
    table = curve.table
    total = math.fsum(study.limits[curve.moved > 0].tolist())
    own = total if curve.moved.sum() == 1.0 else math.nan
    columns = (
        *("scale", "limit", "value", "slope_below", "slope_above"),
        *("slope_below_per_unit", "slope_above_per_unit"),
    )
    figures = np.array([table.numbers(name) for name in columns]).T
    priorities = np.array([int(p) for p in table.column("priority")])
    first = min(study.stages())
    for priority in dict.fromkeys(priorities.tolist()):
        rows = figures[priorities == priority]
        weights = study.stages()[priority]
        for i, (scale, limit, value, below, above, *per_unit) in enumerate(rows):
            where = f"scale {scale:g}, priority {priority}"
            notes.near((FILE, where, "limit"), limit, scale * total, tolerance=NEAR * abs(total))
            for name, slope, unit in zip(columns[5:], (below, above), per_unit, strict=True):
                expected = slope / own if math.isfinite(slope) else slope * np.sign(own)
                if not (np.isnan(unit) and np.isnan(expected)):
                    notes.near((FILE, where, name), unit, expected, tolerance=NEAR * abs(expected))
            if i + 1 < len(rows):
                step, rise = rows[i + 1][0] - scale, rows[i + 1][2] - value
                room = _room(study, weights, value) + NEAR * abs(rise)
                for name, slope in (("slope_above", above), ("slope_below", rows[i + 1][3])):
                    notes.near((FILE, where, name), slope * step, rise, tolerance=room)
                if priority == first and below > above + NEAR * max(1.0, abs(below)):
                    notes.wrong(FILE, where, saying("the curve is not convex"), below, above)
    return notes.close(
        saying("{count} points of the curve: limits, slopes, convexity", count=len(figures))
    )


def _check_stretch(
    notes: Notebook, curve: Curve, sample: Sample, ends: tuple[float, float]
) -> None:
    study, middle = curve.study, 0.5 * (ends[0] + ends[1])
    at = _asked(sample, MIDDLE, middle)
    if at is None:
        notes.wrong(EVIDENCE, f"scale {middle:g}", saying("the proof is missing"))
        return
    for scale in dict.fromkeys(ends):
        places = curve.plans.get(scale)
        if places is None:
            reached = _asked(sample, REACHED, scale)
            if reached is None or reached not in sample.plans:
                notes.wrong(EVIDENCE, f"scale {scale:g}", saying("the proof is missing"))
                continue
            places = study.laid_out(sample.plans[reached])
            check_kept(notes, study, (EVIDENCE, f"scale {scale:g}"), places, curve.limits(scale))
        values = study.values(places)
        named = f"scale {scale:g} by {middle:g}"
        stages = list(study.stages().values())
        check_served(notes, curve.program(scale), named, values, stages, sample.proofs[at])
        _check_told(notes, curve, scale, values)


def _check_told(notes: Notebook, curve: Curve, scale: float, values: Floats) -> None:
    """Compare a point of the table with what the plan there is worth."""
    for told, priority, value in _rows(curve.table):
        if told == scale:
            weights = curve.study.stages()[priority]
            notes.near(
                (FILE, f"scale {scale:g}, priority {priority}", "value"),
                value,
                weighted(values, weights),
                tolerance=_room(curve.study, weights, value),
            )


def _check_ends(notes: Notebook, curve: Curve, sample: Sample) -> None:
    """Combine rows so that beyond an end they ask for more than any plan can give."""
    record = curve.study.record
    asked = float(record["asked"]["from"]), float(record["asked"]["to"])
    found = float(record["feasible_from"]), float(record["feasible_to"])
    for kind, end, limit, name in (
        (LEAST, found[0], asked[0], "feasible_from"),
        (GREATEST, found[1], asked[1], "feasible_to"),
    ):
        if end == limit:
            continue
        at = next((q for q, one in enumerate(sample.asked) if one[0] == kind), None)
        proof = None if at is None else sample.proofs[at].get(0)
        if proof is None:
            notes.wrong(EVIDENCE, name, saying("the proof is missing"))
            continue
        nothing = np.zeros(len(curve.study.program.least))
        beyond = end - 1.0 if kind == LEAST else end + 1.0
        demanded = []
        for scale in (end, beyond):
            program = curve.program(scale)
            dual = multipliers(program, nothing, proof.y)
            note_signs(notes, program, dual, (EVIDENCE, name))
            demanded.append(proven_bound(program, dual))
        rise = demanded[1] - demanded[0]
        # demanded is straight in the scale: nothing at the end, more than possible beyond it
        if not (rise > 0.0 and abs(demanded[0]) <= 10 * NEAR * rise * max(1.0, abs(end))):
            notes.wrong(EVIDENCE, name, saying("plans are not proven to end there"), end)


def _asked(sample: Sample, kind: int, scale: float) -> int | None:
    return next(
        (
            q
            for q, one in enumerate(sample.asked)
            if one[0] == kind and abs(one[1] - scale) <= SAME * max(1.0, abs(scale))
        ),
        None,
    )


def _rows(table: Table) -> list[tuple[float, int, float]]:
    """Scale, priority and value of each line."""
    priorities = [int(p) for p in table.column("priority")]
    return list(zip(table.numbers("scale"), priorities, table.numbers("value"), strict=True))


def _room(study: Study, weights: Floats, value: float) -> float:
    """How far two figures of one value may stand apart: rounding of it and of where it began."""
    initial = weighted(study.values(np.zeros(study.model.shape)), weights)
    return NEAR * max(1.0, abs(value), abs(initial))
