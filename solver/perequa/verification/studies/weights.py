"""`sensitivity weights`: every plan between two weightings is optimal at both ends of its stretch.

The least value is a concave function of the way. A plan that is optimal at two shares of the way is
optimal at every share between, so that proofs at the breakpoints prove the whole way.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from perequa.verification.outcome import Notebook
from perequa.verification.studies.plans import (
    check_credits,
    check_kept,
    close_to,
    compare_values,
    objective_columns,
    weighted,
)
from perequa.verification.studies.proofs import check_served, sampled
from perequa.words import saying

if TYPE_CHECKING:
    from collections.abc import Mapping

    from perequa.verification.outcome import Check
    from perequa.verification.sparse import Floats
    from perequa.verification.studies.opened import Study
    from perequa.verification.studies.proofs import Sample
    from perequa.verification.tables import Table

FILE = "breakpoints.csv"
PLANS = "plans.csv"
GAINS = "gains.csv"
SAME = 1e-12
"""Shares of the way within which two are one."""


@dataclass(frozen=True)
class Between:
    """The stretches of a way between two weightings.

    Attributes
    ----------
    study
        The study.
    """

    study: Study

    @cached_property
    def table(self) -> Table:
        """The stretches."""
        return self.study.folder.table(FILE)

    @cached_property
    def ends(self) -> tuple[Floats, Floats]:
        """Where each stretch starts and ends."""
        return np.array(self.table.numbers("from")), np.array(self.table.numbers("to"))

    @cached_property
    def plans(self) -> list[Floats] | None:
        """The plan of each stretch; None where they are left out."""
        if not self.study.folder.has(PLANS):
            return None
        plans = self.study.plans(PLANS, "plan")
        return [plans[name] for name in self.table.column("plan")]

    @cached_property
    def values(self) -> list[Floats]:
        """Every objective at each stretch; NaN where neither a plan nor the table tells it."""
        if self.plans is not None:
            return [self.study.values(places) for places in self.plans]
        columns = objective_columns(self.study.names, self.table.header)
        figures = np.array([self.table.numbers(columns[name]) for name in self.study.names])
        return list(figures.T)

    @cached_property
    def weights(self) -> tuple[Floats, Floats]:
        """Weights of both ends over the objectives, each divided by its size."""
        record = self.study.record
        sizes = self.study.sizes([*record["from_weights"], *record["to_weights"]])

        def over(weights: Mapping[str, float]) -> Floats:
            return np.array([float(weights.get(n, 0.0)) for n in self.study.names]) / sizes

        return over(record["from_weights"]), over(record["to_weights"])

    @property
    def priority(self) -> int:
        """Whose weights are replaced."""
        return int(self.study.record["priority"])

    @cached_property
    def questions(self) -> list[float]:
        """Shares of the way that must be proven."""
        start, end = self.ends
        bends = np.append(start[:1], end)
        asked = [float(bends[i]) for i in sampled(len(bends))]
        later = any(number > self.priority for number in self.study.stages())
        if self.plans is not None and later:
            asked += [float(0.5 * (start[i] + end[i])) for i in sampled(len(start))]
        return asked

    def minimised(self, share: float) -> list[tuple[int, Floats]]:
        """Weights (K,) of each priority at a share of the way, in the order of service."""
        first, last = self.weights
        stages = self.study.stages() | {self.priority: (1.0 - share) * first + share * last}
        return sorted(stages.items())


def check_plans(study: Study) -> Check:
    """Compare every plan with the rules, and every objective with its definition."""
    notes = Notebook(3, "plan")
    between = Between(study)
    if between.plans is None:
        return notes.skip(saying("the study tells no plans"))
    names = between.table.column("plan")
    for name, places in zip(names, between.plans, strict=True):
        check_kept(notes, study, (PLANS, f"plan {name}"), places, study.limits)
    check_credits(notes, study, PLANS, "plan")
    compare_values(notes, study, between.table, between.values, [f"plan {n}" for n in names])
    _check_gains(notes, between)
    return notes.close(
        saying(
            "{plans} plans against {rows} rule rows, their credits and objectives, who gains "
            "and loses",
            plans=len(names),
            rows=len(study.rows),
        )
    )


def _check_gains(notes: Notebook, between: Between) -> None:
    """Compare ``gains.csv`` with the differences of neighbouring plans."""
    study, plans = between.study, between.plans or []
    table = study.folder.table(GAINS)
    columns = [table.column(n) for n in ("breakpoint", "level", "territory", "measure", "year")]
    places, paid = table.numbers("places"), table.numbers("credits")
    told = {
        (int(k), f"x/{level}:{code}/{measure}/{year}"): i
        for i, (k, level, code, measure, year) in enumerate(zip(*columns, strict=True))
    }
    for k in range(1, len(plans)):
        before, after = plans[k - 1].ravel(), plans[k].ravel()
        due = study.credits_of(plans[k - 1]).ravel(), study.credits_of(plans[k]).ravel()
        for j, cell in enumerate(study.model.cell_ids):
            row = told.pop((k, cell), None)
            found = (0.0, 0.0) if row is None else (places[row], paid[row])
            for name, figure, (one, other) in zip(
                ("places", "credits"),
                found,
                ((before[j], after[j]), (due[0][j], due[1][j])),
                strict=True,
            ):
                # empty where a measure hands out money
                if not np.isnan(figure) and not close_to(figure, other - one, one + other):
                    notes.wrong(GAINS, f"{k}, {cell}", name, figure, float(other - one))
    for k, cell in told:
        notes.wrong(GAINS, f"{k}, {cell}", saying("no plan changes there"))


def check_optima(study: Study) -> Check:
    """Prove the least value at a sample of shares of the way, for the plans on both sides."""
    notes = Notebook(4, "optimum")
    between = Between(study)
    sample = study.sample
    proven = sample.asked[:, 0].tolist()
    for share in between.questions:
        at = next((q for q, other in enumerate(proven) if abs(other - share) <= SAME), None)
        if at is None:
            notes.wrong("evidence.npz", f"{share:g}", saying("the proof is missing"))
            continue
        _check_at(notes, between, sample, at, share)
    return notes.close(
        saying(
            "least value proven at {proven} of {count} breakpoints and ends",
            proven=len(sampled(len(between.ends[0]) + 1)),
            count=len(between.ends[0]) + 1,
        )
    )


def _check_at(notes: Notebook, between: Between, sample: Sample, at: int, share: float) -> None:
    """Prove every plan whose stretch holds a share of the way to be the least there."""
    study, (start, end) = between.study, between.ends
    touching = np.flatnonzero((start <= share + SAME) & (share <= end + SAME))
    reached = [(f"plan {between.table.column('plan')[i]}", between.values[i]) for i in touching]
    if at in sample.plans:
        places = study.laid_out(sample.plans[at])
        check_kept(notes, study, ("evidence.npz", f"at {share:g}"), places, study.limits)
        own = study.values(places)
        # what the table does not tell is not weighed, but by the earlier priorities
        reached = [(name, np.where(np.isnan(values), own, values)) for name, values in reached]
        reached.append(("evidence", own))
    minimised = between.minimised(share)
    # the later priorities choose inside a stretch; where two meet each has its own plan
    inside = ((start + SAME < share) & (share < end - SAME)).any()
    stages = [weights for number, weights in minimised if inside or number <= between.priority]
    first = [number for number, _ in minimised].index(between.priority)
    for name, values in reached:
        named = f"{name} at {share:g}"
        check_served(notes, study.program, named, values, stages, sample.proofs[at], first)


def check_tables(study: Study) -> Check:
    """Check that stretches follow one another, and that their values meet where they do."""
    notes = Notebook(11, "study")
    between = Between(study)
    start, end = between.ends
    if start[0] != 0.0 or end[-1] != 1.0 or (start[1:] != end[:-1]).any() or (end < start).any():
        notes.wrong(FILE, "", saying("stretches do not go from 0 to 1, one after another"))
    first, last = between.weights
    lines = np.array([[weighted(v, first), weighted(v, last)] for v in between.values])
    for i in range(1, len(lines)):
        lost, gained = lines[i] - lines[i - 1]
        near = 1e-9 * max(1.0, *np.abs(lines[i]))
        if lost < -near or gained > near:
            notes.wrong(
                FILE, f"plan {i + 1}", saying("is not worse at the start and better at the end")
            )
        at = [(1.0 - start[i]) * line[0] + start[i] * line[1] for line in lines[i - 1 : i + 1]]
        notes.near((FILE, f"plan {i + 1}", saying("value where it takes over")), at[1], at[0],
                   tolerance=near)  # fmt: skip
    return notes.close(saying("{count} stretches that meet, from 0 to 1", count=len(start)))
