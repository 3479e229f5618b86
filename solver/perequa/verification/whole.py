"""Check 11: the whole plan is whole, keeps what it must, and is as near as it says.

That rules hold is part of check 3. What cannot be checked without a solver is said: the bound on
the distance is the solver's word. Two bounds are proven here: no cell can move less than to the
nearer of its two whole numbers, and no whole plan does better than the continuous optimum.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from perequa.verification.compare import compare_column, compare_keys, compare_words
from perequa.verification.outcome import Notebook, Unreadable
from perequa.verification.published_rules import VIOLATION, activities, activities_at, passed
from perequa.verification.recompute.objectives import objective_value
from perequa.verification.recompute.transfers import with_amounts
from perequa.verification.recompute.whole import (
    NEAR,
    above,
    below,
    by_largest_remainders,
    kept_between,
    least_openings,
    totals,
    whole_cells,
)
from perequa.words import saying

if TYPE_CHECKING:
    from collections.abc import Iterator

    from perequa.verification.outcome import Check
    from perequa.verification.plan import Published
    from perequa.verification.sparse import Floats

FILE = "whole.csv"
THOUSAND = 1000.0
GAP = 1e-4
"""Share of the distance that may be unproven in a run that ended well."""

Figures = tuple[float, float, float]
"""Wanted, kept, and what largest remainders give."""


@dataclass(frozen=True)
class Rounded:
    """The three plans that are compared, each of shape (T, M, Y)."""

    published: Published

    @cached_property
    def continuous(self) -> Floats:
        """The plan that is rounded."""
        return self.published.continuous

    @cached_property
    def whole(self) -> Floats:
        """The plan handed out."""
        return self.published.places

    @cached_property
    def remainder(self) -> Floats:
        """The continuous plan rounded by largest remainders."""
        return by_largest_remainders(self.published.model, self.continuous)

    @cached_property
    def rule_activities(self) -> tuple[dict[str, float], dict[str, float]]:
        """Activity of every rule row at the whole plan and by largest remainders."""
        published = self.published
        held = {
            row.id: kept_between(row)[1]
            for row in published.rows
            if row.held and row.side == "equals"
        }
        # what transfers move stays where the continuous plan has it
        solution = published.folder.solution["plan"]
        continuous = activities_at(published, self.continuous, solution)
        held |= {r.id: continuous[r.id] for r in published.rows if r.kind == "transfer"}
        taken = published.model.taken
        beside = {
            row.id: with_amounts(row, row.activity(self.remainder, taken), held)
            for row in published.rows
        }
        return activities(published), beside

    def moved(self, x: Floats) -> float:
        """Σ |x − continuous|, a thousand of money counting as a place."""
        money = self.published.model.supply.is_money[None, :, None]
        return math.fsum((np.abs(x - self.continuous) / np.where(money, THOUSAND, 1.0)).ravel())


def check_whole(published: Published) -> Check:
    """Check the plan in whole places, its table and what ``run.json`` says of it."""
    notes = Notebook(11, "whole")
    rounded = Rounded(published)
    _check_cells(notes, rounded)
    _check_table(notes, rounded)
    return notes.close(_check_record(notes, rounded))


def _check_cells(notes: Notebook, rounded: Rounded) -> None:
    model = rounded.published.model
    x, whole, least = rounded.whole, whole_cells(model), least_openings(model)
    wrong = {
        saying("is not whole"): whole & (x != np.round(x)),
        saying("is under the least opening"): (x != 0) & (x < least - NEAR),
        saying("is under zero"): x < 0,
        saying("is funded where nothing can be"): (x != 0) & model.supply.closed_pairs[:, :, None],
    }
    for what, where in wrong.items():
        for cell in np.flatnonzero(where.ravel()):
            notes.wrong("solution.npz", model.cell_ids[cell], what, float(x.ravel()[cell]))


def _check_table(notes: Notebook, rounded: Rounded) -> None:
    table = rounded.published.folder.table(FILE)
    names = [
        "/".join(pair) for pair in zip(table.column("about"), table.column("row"), strict=True)
    ]
    lines = {f"{about}/{row}": (unit, found) for about, row, unit, found in _expected(rounded)}
    if not compare_keys(notes, FILE, names, list(lines)):
        return
    figures = np.array([lines[name][1] for name in names]).reshape(-1, 3)
    size = np.maximum(1.0, np.abs(figures).max(axis=1, initial=1.0))
    wanted, kept, remainder = figures.T
    for column, expected in (
        ("wanted", wanted),
        ("kept", kept),
        ("difference", kept - wanted),
        ("largest_remainder", remainder),
    ):
        compare_column(notes, table, column, expected, names, scale=size)
    compare_words(notes, table, "unit", [lines[name][0] for name in names], names)
    compare_words(notes, table, "scenario", [rounded.published.name] * len(names), names)


def _expected(rounded: Rounded) -> Iterator[tuple[str, str, str, Figures]]:
    """Yield every line that must stand in ``whole.csv``: about, row, unit, figures."""
    moved = (0.0, rounded.moved(rounded.whole), rounded.moved(rounded.remainder))
    yield "distance", "", "place", moved
    yield from _objectives(rounded)
    yield from _rules(rounded)
    cells = rounded.published.model.cell_ids
    least = least_openings(rounded.published.model)
    small = (rounded.continuous > NEAR) & (rounded.continuous < least - NEAR)
    plans = [plan.ravel() for plan in (rounded.continuous, rounded.whole, rounded.remainder)]
    for cell in np.flatnonzero(small.ravel()):
        wanted, kept, beside = (float(plan[cell]) for plan in plans)
        yield "opening", cells[cell], "place", (wanted, kept, beside)
    for name, inside in totals(rounded.published.model).items():
        wanted, kept, beside = (math.fsum(plan[inside]) for plan in plans)
        if not below(wanted) - NEAR <= kept <= above(wanted) + NEAR:
            yield "total", name, "place", (wanted, kept, beside)


def _objectives(rounded: Rounded) -> Iterator[tuple[str, str, str, Figures]]:
    published = rounded.published
    units = published.folder.table("objectives.csv")
    unit_of = dict(zip(units.column("objective"), units.column("unit"), strict=True))
    for name in published.model.scenario["objectives"]:
        wanted, kept, beside = (
            objective_value(published.model, name, x, published.reference)
            for x in (rounded.continuous, rounded.whole, rounded.remainder)
        )
        yield "objective", name, unit_of.get(name, ""), (wanted, kept, beside)


def _rules(rounded: Rounded) -> Iterator[tuple[str, str, str, Figures]]:
    kept, beside = rounded.rule_activities
    currency = str(rounded.published.model.scenario.get("currency", "EUR"))
    for row in rounded.published.rows:
        unit = currency if row.unit == "money" else row.unit
        figures = (row.limit, kept[row.id], beside[row.id])
        if passed(row, beside[row.id], whole=True) > VIOLATION[row.unit]:
            yield "rule", row.id, unit, figures
        exact = row.side == "equals" and not row.held
        at_most = row.kind == "envelope" and row.side == "at_most"
        if row.unit == "money" and (exact or at_most):
            yield "money", row.id, unit, figures
        if row.held and row.unit == "place" and above(row.limit) - row.limit > NEAR:
            yield "reserve", row.id, unit, figures


def _check_record(notes: Notebook, rounded: Rounded) -> str:
    """Compare what ``run.json`` says, and say what is proven of it."""
    folder = rounded.published.folder
    said = folder.run.get("whole")
    if not isinstance(said, dict):
        raise Unreadable("run.json", "says nothing of the whole plan")
    moved, bound = rounded.moved(rounded.whole), float(said["bound"])
    gap = (moved - bound) / moved if moved - bound > NEAR else 0.0
    loosened = folder.table(FILE).column("about").count("total")
    broken = folder.table(FILE).column("about").count("rule")
    beside = said["largest_remainder"]
    for name, found, expected in (
        ("distance", float(said["distance"]), moved),
        ("gap", float(said["gap"]), gap),
        ("totals_loosened", float(said["totals_loosened"]), float(loosened)),
        ("rules_broken", float(beside["rules_broken"]), float(broken)),
    ):
        tolerance = 1e-9 * max(1.0, moved)
        notes.near(("run.json", "whole", name), found, expected, tolerance=tolerance)
    ended_well = folder.exit_code == 0
    if ended_well and not (said["proven"] is True and gap <= GAP):
        notes.wrong("run.json", "whole", saying("the run ended well without proof"), gap, GAP)
    model = rounded.published.model
    fraction = np.abs(rounded.continuous - np.round(rounded.continuous))
    nearest = math.fsum(fraction[whole_cells(model)])
    if nearest > moved + 1e-6 * max(1.0, moved):
        notes.wrong("run.json", "whole", "distance", moved, nearest)
    return saying(
        "{count} cells whole, {moved} places moved; at least {nearest} must move: proven; "
        "at least {bound}: the solver's word",
        count=int(whole_cells(model).sum()),
        moved=moved,
        nearest=nearest,
        bound=bound,
    )
