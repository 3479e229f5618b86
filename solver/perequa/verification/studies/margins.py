"""`sensitivity margins`: ends of a sample of lines, each reached by a plan and proven."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from perequa.verification.compare import RELATIVE, compare_column
from perequa.verification.outcome import Notebook, Unreadable
from perequa.verification.studies.plans import check_kept, weighted
from perequa.verification.studies.proofs import Goal, check_least, check_served, goal_of, sampled
from perequa.words import saying

if TYPE_CHECKING:
    from perequa.verification.outcome import Check
    from perequa.verification.sparse import Floats
    from perequa.verification.studies.opened import Study
    from perequa.verification.tables import Table

FILE = "margins.csv"
EVIDENCE = "evidence.npz"
PLAN = -1.0
"""Number of the plan itself among the questions."""
LINES = 12
"""Lines of which both ends must be proven."""
ZERO = 1e-9
"""Share of its initial value up to which an optimum counts as zero."""
ROUNDING = 1e-9
"""Share of an optimum left to rounding where another priority may give something up."""
NEAR = 1e-7
"""How far a plan may be beyond what it may give up, relative: the end it reaches moves as far."""


@dataclass(frozen=True)
class Margins:
    """The plans that are nearly optimal, and what each line of the table sums.

    Attributes
    ----------
    study
        The study.
    """

    study: Study

    @cached_property
    def table(self) -> Table:
        """The lines."""
        return self.study.folder.table(FILE)

    @cached_property
    def planned(self) -> Floats:
        """The published plan, (T, M, Y)."""
        at = next((q for q, one in enumerate(self.study.sample.asked) if one[0] == PLAN), None)
        if at is None or at not in self.study.sample.plans:
            raise Unreadable(EVIDENCE, "has no plan")
        return self.study.laid_out(self.study.sample.plans[at])

    @cached_property
    def optima(self) -> Floats:
        """Value of each priority at the plan, (P,)."""
        worth = self.study.values(self.planned)
        return np.array([weighted(worth, weights) for weights in self.study.stages().values()])

    @cached_property
    def room(self) -> Floats:
        """How much worse each priority may be, (P,)."""
        nothing = self.study.values(np.zeros(self.study.model.shape))
        initial = np.array([abs(weighted(nothing, w)) for w in self.study.stages().values()])
        zero = np.abs(self.optima) <= ZERO * np.maximum(1.0, initial)
        within = float(self.study.record["within"])
        return np.asarray(within * np.where(zero, initial, np.abs(self.optima)))

    @cached_property
    def goals(self) -> list[tuple[Goal, float]]:
        """Each priority, and the value it may not exceed."""
        goals = [goal_of(self.study.program, w) for w in self.study.stages().values()]
        if not self.room.any():
            return list(zip(goals, self.optima.tolist(), strict=True))
        return [
            (goal, float(best + max(more, ROUNDING * abs(best - goal.offset))))
            for goal, best, more in zip(goals, self.optima, self.room, strict=True)
        ]

    @cached_property
    def coefficients(self) -> list[Floats]:
        """What each line sums, (T, M, Y); for credits the constant is left out."""
        model = self.study.model
        columns = ("level", "territory", "measure", "year")
        found = []
        for level, code, measure, year in zip(*map(self.table.column, columns), strict=True):
            t = [model.tree.key[node] for node in model.tree.deciding].index((level, code))
            taken = np.zeros(model.shape)
            if measure:
                years = [model.years.index(int(year))] if year else slice(None)
                taken[t, model.measures.index(measure), years] = 1.0
            else:
                matrix, _ = model.supply.quantities["credits"]
                taken[t] = matrix[t].sum(axis=1)
            found.append(taken)
        return found

    @cached_property
    def constants(self) -> list[float]:
        """What each line adds whatever the plan: credits still due for earlier places."""
        _, constant = self.study.model.supply.quantities["credits"]
        return [
            0.0 if measure else float(constant[taken.any(axis=(1, 2))].sum())
            for measure, taken in zip(self.table.column("measure"), self.coefficients, strict=True)
        ]

    def goal(self, line: int, sign: float) -> Goal:
        """Return what is least at one end of a line: its sum, or less than nothing of it."""
        cost = np.zeros(len(self.study.program.least))
        at = [self.study.program.column_at[name] for name in self.study.model.cell_ids]
        cost[at] = sign * self.coefficients[line].ravel()
        return Goal(cost=cost, offset=sign * self.constants[line])


def check_plans(study: Study) -> Check:
    """Compare the plan with the rules, and every line with what it gets."""
    notes = Notebook(3, "plan")
    margins = Margins(study)
    check_kept(notes, study, (EVIDENCE, "plan"), margins.planned, study.limits)
    labels = _labels(margins.table)
    expected = [
        float((taken * margins.planned).sum()) + constant
        for taken, constant in zip(margins.coefficients, margins.constants, strict=True)
    ]
    compare_column(notes, margins.table, "planned", np.array(expected), labels, scale=1.0)
    least, planned, most = (
        np.array(margins.table.numbers(name)) for name in ("least", "planned", "most")
    )
    for i in np.flatnonzero(~((least <= planned) & (planned <= most))):
        notes.wrong(FILE, labels[i], saying("the plan is not between the least and the most"))
    for name, own in (("optima", margins.optima), ("room", margins.room)):
        stated = [float(v) for v in study.record[name].values()]
        for p, (one, other) in enumerate(zip(stated, own, strict=True)):
            notes.near(
                ("study.json", f"{name}, priority {p + 1}", saying("value")),
                one,
                float(other),
                tolerance=RELATIVE * max(1.0, abs(other)),
            )
    return notes.close(
        saying(
            "the plan against {rows} rule rows and {lines} lines, what may be given up",
            rows=len(study.rows),
            lines=len(labels),
        )
    )


def check_optima(study: Study) -> Check:
    """Prove the optimum of every priority, and both ends of a sample of lines."""
    notes = Notebook(4, "optimum")
    margins = Margins(study)
    sample = study.sample
    known = {(one[0], one[1]): q for q, one in enumerate(sample.asked.tolist())}
    stages = list(study.stages().values())
    values = study.values(margins.planned)
    proofs = sample.proofs[known[PLAN, 0.0]]
    check_served(notes, study.program, "plan", values, stages, proofs)
    labels = _labels(margins.table)
    lines = sampled(len(labels), LINES)
    proven = 0
    for line in lines:
        for column, sign in (("least", 1.0), ("most", -1.0)):
            figure = margins.table.numbers(column)[line]
            if np.isinf(figure):
                continue
            proven += 1
            where = f"{labels[line]}, {column}"
            at = known.get((float(line), sign))
            if at is None or at not in sample.plans:
                notes.wrong(EVIDENCE, where, saying("the proof is missing"))
                continue
            places = study.laid_out(sample.plans[at])
            _check_near(notes, margins, where, places)
            reached = float((margins.coefficients[line] * places).sum()) + margins.constants[line]
            notes.near((FILE, where, column), figure, reached,
                       tolerance=NEAR * max(1.0, abs(reached)))  # fmt: skip
            proof = sample.proofs[at].get(len(stages))
            goal = margins.goal(line, sign)
            check_least(notes, study.program, where, (goal, sign * reached), proof, margins.goals)
    return notes.close(
        saying(
            "optimum of {priorities} priorities; {proven} ends of {lines} of {count} lines, each "
            "reached and proven",
            priorities=len(stages),
            proven=proven,
            lines=len(lines),
            count=len(labels),
        )
    )


def _check_near(notes: Notebook, margins: Margins, where: str, places: Floats) -> None:
    """Note a plan that breaks a rule, or gives up more than it may."""
    study = margins.study
    check_kept(notes, study, (EVIDENCE, where), places, study.limits)
    worth = study.values(places)
    stages = study.stages()
    for (priority, weights), (_, limit) in zip(stages.items(), margins.goals, strict=True):
        value = weighted(worth, weights)
        if not value <= limit + RELATIVE * max(1.0, abs(limit)) * 10:
            notes.wrong(
                EVIDENCE,
                f"{where}, {priority}",
                saying("the plan gives up more than it may"),
                value,
                limit,
            )


def _labels(table: Table) -> list[str]:
    columns = ("level", "territory", "measure", "year")
    return [
        f"{level}:{code}/{measure or '-'}/{year or '-'}"
        for level, code, measure, year in zip(*map(table.column, columns), strict=True)
    ]
