"""`sensitivity implied`: what is lost at the weights found, and that no weights lose less.

What is lost is the room between what the allocation is worth and the dual bound. A plan that is
better than the allocation in every objective by as much proves that no weights do better: at any
weights it is better by as much.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from perequa.verification.compare import RELATIVE, compare_column, compare_words
from perequa.verification.folder import Program
from perequa.verification.outcome import Notebook, Unreadable
from perequa.verification.studies.plans import weighted
from perequa.verification.studies.proofs import Goal, check_least, goal_of
from perequa.verification.tables import number, read_csv
from perequa.words import saying

if TYPE_CHECKING:
    from perequa.verification.outcome import Check
    from perequa.verification.sparse import Floats
    from perequa.verification.studies.opened import Study
    from perequa.verification.tables import Table

FILE = "implied.csv"
VIOLATIONS = "violations.csv"
EVIDENCE = "evidence.npz"
ALLOCATION = "inputs/allocation"
AT_WEIGHTS, BETTER = 0.0, 1.0
TOLD = {"place": 1e-6, "money": 0.01}
"""Violations up to this are rounding."""
NEAR = 1e-9


@dataclass(frozen=True)
class Given:
    """An allocation somebody made, and the program that lets it stand.

    Attributes
    ----------
    study
        The study.
    """

    study: Study

    @cached_property
    def table(self) -> Table:
        """The weights found."""
        return self.study.folder.table(FILE)

    @cached_property
    def questions(self) -> dict[float, int]:
        """Where each question stands in the sample."""
        return {float(one[0]): q for q, one in enumerate(self.study.sample.asked)}

    @cached_property
    def places(self) -> Floats:
        """The allocation, (T, M, Y)."""
        at = self.questions.get(AT_WEIGHTS)
        if at is None or at not in self.study.sample.plans:
            raise Unreadable(EVIDENCE, "has no allocation")
        return self.study.laid_out(self.study.sample.plans[at])

    @cached_property
    def values(self) -> Floats:
        """What it is worth, (K,)."""
        return self.study.values(self.places)

    @cached_property
    def columns(self) -> Floats:
        """Decisions, and amounts held back, over the columns of the program; 0 elsewhere."""
        program = self.study.program
        columns = np.zeros(len(program.least))
        at = [program.column_at[name] for name in self.study.model.cell_ids]
        columns[at] = self.places.ravel()
        amounts = self.study.amounts(self.places, self.study.limits)
        for name, amount in amounts.items():
            index, _ = program.matrix.row(program.row_at[name])
            columns[index] = amount
        return columns

    @cached_property
    def allowing(self) -> Program:
        """The program whose rules stand where the allocation violates them."""
        program = self.study.program
        activity = program.matrix.times(self.columns)
        rule = program.is_rule
        arrays = dict(program.arrays)
        arrays["row_lower"] = np.where(rule, np.minimum(program.lower, activity), program.lower)
        arrays["row_upper"] = np.where(rule, np.maximum(program.upper, activity), program.upper)
        arrays["col_upper"] = np.maximum(program.most, self.columns)
        return Program(arrays)

    @cached_property
    def names(self) -> list[str]:
        """Objectives weighed, in the order of the table."""
        return self.table.column("objective")

    @cached_property
    def sizes(self) -> Floats:
        """What each of them is divided by; 1 for one that stands alone."""
        if len(self.names) == 1:
            return np.ones(1)
        sizes = self.study.sizes(self.names)
        return sizes[[self.study.names.index(name) for name in self.names]]

    @cached_property
    def own(self) -> Floats:
        """Value of each of them at the allocation."""
        return self.values[[self.study.names.index(name) for name in self.names]]

    @cached_property
    def earlier(self) -> list[tuple[Goal, float]]:
        """The priorities that rivals serve at least as well, and the value that they keep."""
        served = int(self.study.record["priority"])
        before = [w for number, w in self.study.stages().items() if number < served]
        goals = [goal_of(self.study.program, weights) for weights in before]
        values = [weighted(self.values, weights) for weights in before]
        return [
            (goal, value + NEAR * max(1.0, abs(value - goal.offset)))
            for goal, value in zip(goals, values, strict=True)
        ]


def check_allocation(study: Study) -> Check:
    """Compare the allocation with what was given, its values and the rules it breaks."""
    notes = Notebook(3, "plan")
    given = Given(study)
    expected = _given(study)
    found = given.places.ravel()
    for j in np.flatnonzero(~(np.abs(found - expected) <= RELATIVE * np.maximum(1.0, expected))):
        notes.wrong(EVIDENCE, study.model.cell_ids[j], "allocation", found[j], float(expected[j]))
    initial = study.values(np.zeros(study.model.shape))
    scale = max(1.0, float(np.abs(initial).max()))
    compare_column(notes, given.table, "value", given.own, given.names, scale=scale)
    broken = _check_violations(notes, given)
    return notes.close(
        saying(
            "{cells} cells of the allocation, {objectives} objectives, {rules} limits it violates",
            cells=len(found),
            objectives=len(given.names),
            rules=broken,
        )
    )


def check_optima(study: Study) -> Check:
    """Prove what is lost at the weights found, and that no weights lose less."""
    notes = Notebook(4, "optimum")
    given = Given(study)
    weights = np.array(given.table.numbers("weight"))
    distance = float(given.table.numbers("distance")[0])
    laid = np.zeros(len(study.names))
    laid[[study.names.index(name) for name in given.names]] = weights / given.sizes
    value = weighted(given.values, laid) - distance
    proof = study.sample.proofs[given.questions[AT_WEIGHTS]].get(len(given.earlier))
    goal = goal_of(study.program, laid)
    check_least(notes, given.allowing, FILE, (goal, value), proof, given.earlier)
    if distance > 0.0:
        _check_better(notes, given, distance)
    return notes.close(
        saying(
            "what is lost at the weights found, {distance}; no weights lose less", distance=distance
        )
    )


def check_tables(study: Study) -> Check:
    """Check that weights add up to one and stand between their ends."""
    notes = Notebook(11, "study")
    given = Given(study)
    columns = ("weight", "least_weight", "most_weight", "distance")
    weight, least, most, distance = (np.array(given.table.numbers(name)) for name in columns)
    notes.near((FILE, "", saying("sum of the weights")), float(weight.sum()), 1.0, tolerance=NEAR)
    for i, name in enumerate(given.names):
        if not least[i] - 1e-7 <= weight[i] <= most[i] + 1e-7:
            notes.wrong(FILE, name, saying("the weight is not between its ends"), weight[i])
        if distance[i] != distance[0]:
            notes.wrong(FILE, name, "distance", distance[i], distance[0])
    stated = [float(study.specs[name].get("weight", 1.0)) for name in given.names]
    compare_column(notes, given.table, "scenario_weight", np.array(stated), given.names)
    return notes.close(saying("{count} weights, which add up to 1", count=len(given.names)))


def _check_better(notes: Notebook, given: Given, distance: float) -> None:
    """Check a plan that is better in every objective by what is lost."""
    study, at = given.study, given.questions.get(BETTER)
    if at is None or at not in study.sample.plans:
        notes.wrong(EVIDENCE, FILE, saying("the proof is missing"))
        return
    places = study.laid_out(study.sample.plans[at])
    worth = study.values(places)
    for name, size, own in zip(given.names, given.sizes, given.own, strict=True):
        value = float(worth[study.names.index(name)])
        if not value <= own - size * distance + 10 * NEAR * max(1.0, abs(own)):
            notes.wrong(
                EVIDENCE, name, saying("other weights may lose less"), value, own - size * distance
            )
    for priority, weights in study.stages().items():
        if priority < int(study.record["priority"]):
            limit, value = weighted(given.values, weights), weighted(worth, weights)
            if not value <= limit + 10 * NEAR * max(1.0, abs(limit)):
                notes.wrong(
                    EVIDENCE, FILE, saying("the plan gives up more than it may"), value, limit
                )
    _check_allowed(notes, given, places)


def _check_allowed(notes: Notebook, given: Given, places: Floats) -> None:
    """Note rules that a plan breaks further than the allocation does."""
    study = given.study
    at_given = study.activities(given.places, study.limits)
    found = study.activities(places, study.limits)
    for row, stood, reached in zip(study.rows, at_given, found, strict=True):
        over = reached - max(row.limit, stood)
        under = min(row.limit, stood) - reached
        passed = {"at_most": over, "at_least": under}.get(row.side, max(over, under))
        if not passed <= TOLD[row.unit]:
            notes.wrong(
                EVIDENCE,
                row.id,
                saying("the plan breaks the rule by {excess}", excess=float(passed)),
                float(reached),
                row.limit,
            )
    closed = np.maximum(0.0, np.where(study.model.supply.closed_pairs[:, :, None], places, 0.0))
    if (closed > given.places + TOLD["place"]).any() or places.min() < -TOLD["place"]:
        notes.wrong(EVIDENCE, FILE, saying("a closed pair may be funded"))


def _check_violations(notes: Notebook, given: Given) -> int:
    """Compare ``violations.csv`` with the rules at the allocation."""
    study = given.study
    table = study.folder.table(VIOLATIONS)
    told = dict(zip(table.column("row"), table.numbers("violation"), strict=True))
    activity = study.activities(given.places, study.limits)
    expected = {}
    tree = study.model.tree
    kinds: dict[str, str] = {}
    for row, reached in zip(study.rows, activity, strict=True):
        over = reached - row.limit
        by = {"at_most": over, "at_least": -over}.get(row.side, abs(over))
        if by > TOLD[row.unit]:
            expected[row.id] = float(by)
            kinds[row.id] = row.kind
    closed = np.broadcast_to(study.model.supply.closed_pairs[:, :, None], study.model.shape)
    funded = np.flatnonzero((closed & (given.places > 0)).ravel())
    expected |= {study.model.cell_ids[j]: float(given.places.flat[j]) for j in funded}
    keys = table.column("row")
    compare_words(notes, table, "kind", [kinds.get(key, "closed") for key in keys], keys)
    where = zip(table.column("level"), table.column("territory"), strict=True)
    at = [tree.index.get(pair, -1) for pair in where]
    names = [tree.names[node] if node >= 0 else "" for node in at]
    compare_words(notes, table, "territory_name", names, keys)
    for name in sorted(told.keys() | expected.keys()):
        found = told.get(name, 0.0)
        size = max(1.0, abs(expected.get(name, 0.0)))
        # between the two tolerances either is right
        notes.near((VIOLATIONS, name, "violation"), found, expected.get(name, 0.0),
                   tolerance=1e-6 * size)  # fmt: skip
    return len(told)


def _given(study: Study) -> Floats:
    """Read the allocation that was given, flat; cells it says nothing of are 0."""
    if study.record["allocation"] == "reference":
        if study.reference is None:
            raise Unreadable("study.json", "there is no reference at the level that decides")
        return np.nan_to_num(study.reference).ravel()
    [path] = sorted((study.path / ALLOCATION).iterdir())
    table = read_csv(path, f"{ALLOCATION}/{path.name}")
    model = study.model
    position = {name: i for i, name in enumerate(model.cell_ids)}
    found = np.zeros(len(position))
    for row in table.rows:
        cell = dict(zip(table.header, row, strict=True))
        code, level = cell["territory"], cell.get("level") or model.tree.decide_at
        node = model.tree.find(code if ":" in code else f"{level}:{code}")
        measure = cell.get("measure") or model.measures[0]
        year = cell.get("year") or str(model.years[0])
        money = study.model.supply.is_money[model.measures.index(measure)]
        name = f"x/{':'.join(model.tree.key[node])}/{measure}/{year}"
        amount = number(cell["credits" if money else "places"], table.file, name)
        found[position[name]] = 0.0 if np.isnan(amount) else amount
    return found
