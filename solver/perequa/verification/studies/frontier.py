"""`sensitivity frontier`: no plan is below the line between two neighbouring points."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from perequa.verification.outcome import Notebook
from perequa.verification.studies.plans import objective_columns
from perequa.verification.studies.proofs import check_served, sampled
from perequa.words import saying

if TYPE_CHECKING:
    from perequa.verification.outcome import Check
    from perequa.verification.sparse import Floats
    from perequa.verification.studies.opened import Study
    from perequa.verification.tables import Table

FILE = "frontier.csv"
PLANS = "plans.csv"
GINI_POINT = 0.01
NEAR = 1e-7
"""Rates are quotients of differences: relative."""


@dataclass(frozen=True)
class Points:
    """The extreme points of a trade-off.

    Attributes
    ----------
    study
        The study.
    """

    study: Study

    @cached_property
    def table(self) -> Table:
        """The points."""
        return self.study.folder.table(FILE)

    @cached_property
    def names(self) -> list[str]:
        """How each point is called."""
        return self.table.column("point")

    @cached_property
    def chosen(self) -> list[int]:
        """Position of both objectives among all."""
        return [self.study.names.index(name) for name in self.study.record["objectives"]]

    @cached_property
    def plans(self) -> list[Floats]:
        """The plan of each point."""
        plans = self.study.plans(PLANS, "point")
        return [plans[name] for name in self.names]

    @cached_property
    def values(self) -> list[Floats]:
        """Every objective at each point."""
        return [self.study.values(places) for places in self.plans]

    @cached_property
    def told(self) -> Floats:
        """Both objectives of each point as the table has them, (P, 2)."""
        columns = objective_columns(self.study.names, self.table.header)
        pair = [self.table.numbers(columns[name]) for name in self.study.record["objectives"]]
        return np.array(pair).T


def check_optima(study: Study) -> Check:
    """Prove both ends, and that no plan is below the line between two points of a sample."""
    notes = Notebook(4, "optimum")
    points = Points(study)
    count = len(points.names)
    chosen = sampled(count + 1)
    known = {int(one[0]): q for q, one in enumerate(study.sample.asked)}
    for i in chosen:
        weights = np.zeros(len(study.names))
        if i in {0, count}:
            weights[points.chosen[0 if i == 0 else 1]] = 1.0
        else:
            weights[points.chosen] = 1.0 / np.abs(points.told[i] - points.told[i - 1])
        proofs = study.sample.proofs[known[i]] if i in known else {}
        for j in {max(0, i - 1), min(count - 1, i)}:
            where = f"point {points.names[j]}, line {i}"
            check_served(notes, study.program, where, points.values[j], [weights], proofs)
    return notes.close(
        saying(
            "no plan below {proven} of {count} lines: both ends and between neighbours",
            proven=len(chosen),
            count=count + 1,
        )
    )


def check_tables(study: Study) -> Check:
    """Compare rates with the points on both sides, and that the frontier is convex."""
    notes = Notebook(11, "study")
    points = Points(study)
    steps = np.diff(points.told, axis=0)
    if (steps[:, 0] <= 0).any() or (steps[:, 1] >= 0).any():
        notes.wrong(FILE, "", saying("a point is not better in one objective and worse in one"))
    rates = steps[:, 1] / steps[:, 0]
    if (np.diff(rates) < -NEAR * np.abs(rates[1:])).any():
        notes.wrong(FILE, "", saying("the curve is not convex"))
    expected = {"exchange_rate": rates}
    kinds = [study.specs[name]["kind"] for name in study.record["objectives"]]
    if kinds.count("gini") == 1:
        of_index = rates if kinds[0] == "gini" else 1.0 / rates
        expected["price_of_equity"] = -GINI_POINT * of_index
    for name, figures in expected.items():
        for side, own in (
            ("below", [np.nan, *figures]),
            ("above", [*figures, np.nan]),
        ):
            found = points.table.numbers(f"{name}_{side}")
            for point, one, other in zip(points.names, found, own, strict=True):
                if not (np.isnan(one) and np.isnan(other)):
                    where = (FILE, f"point {point}", f"{name}_{side}")
                    notes.near(where, one, float(other), tolerance=NEAR * abs(other))
    return notes.close(saying("{count} points: exchange rates, convexity", count=len(points.names)))
