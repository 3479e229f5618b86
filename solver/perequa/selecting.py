"""Which projects are taken: the order of service as steps, the choice, its proofs."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from perequa.engine.choice_proof import Prover
from perequa.engine.choosing import Choosing, Step
from perequa_models.errors import Infeasible, NotProven
from perequa_models.projects.order import (
    class_steps,
    merit_step,
    preference_steps,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from perequa.compilation import CompiledProgram
    from perequa.engine.choice_proof import Proof
    from perequa.engine.choosing import Chosen
    from perequa.engine.session import SolverOptions
    from perequa.engine.stages import Stage
    from perequa.weighting import Weighting
    from perequa_models.instance import Floats, Instance
    from perequa_models.projects.order import ServiceStep


SAME = 1e-6
"""Share of a value by which ties among steps may move it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Selected:
    """The projects taken, and why no others.

    Attributes
    ----------
    choosing, chosen
        The steps, and the plan that is best by them.
    proofs
        For each step, then each project: the tree that proves it; None where none was needed, or
        none was found within its size (`proven` says which).
    proven
        For each step, then each project, whether its proof is at hand.
    """

    choosing: Choosing
    chosen: Chosen
    proofs: tuple[Proof | None, ...]
    proven: tuple[bool, ...]

    @property
    def taken(self) -> Floats:
        """(J,) 1 for a project taken, 0 for one that is not."""
        return self.chosen.x[self.choosing.whole]


def steps_of(
    instance: Instance, weighting: Weighting, program: CompiledProgram
) -> tuple[Step, ...]:
    """Return the order of service around the priorities of a scenario.

    Classes go right before the priority that counts merit and preferences right after it; where no
    priority counts it, they all come after the last one.
    """
    assert instance.scenario.projects is not None
    projects, whole = instance.projects, np.flatnonzero(program.whole)
    kinds = {name: spec.kind for name, spec in instance.scenario.objectives.items()}
    merit_at = [
        p
        for p in range(len(weighting.priorities))
        if any(kinds[name] == "unmet_merit" for name in weighting.served(p))
    ]

    def laid(steps: Iterator[ServiceStep]) -> Iterator[Step]:
        for step in steps:
            cost = np.zeros(len(program.whole))
            cost[whole] = step.per_project
            if cost.any():
                yield Step(kind=step.kind, name=step.name, priority=0, cost=cost)

    before, after = class_steps(projects), preference_steps(instance.scenario.projects, projects)
    found: list[Step] = []
    for p, priority in enumerate(weighting.priorities):
        if merit_at and p == merit_at[0]:
            found += laid(before)
        found.append(
            Step(
                kind="priority",
                name=";".join(weighting.served(p)),
                priority=priority,
                cost=weighting.weights[p] @ program.costs,
                offset=float(weighting.weights[p] @ program.offsets),
            )
        )
        if merit_at and p == merit_at[-1]:
            found += laid(after)
    if not merit_at:
        found += [*laid(before), *laid(iter([merit_step(projects)])), *laid(after)]
    return tuple(found)


def select(
    instance: Instance, weighting: Weighting, program: CompiledProgram, options: SolverOptions
) -> Selected:
    """Choose the projects of an instance and prove the choice.

    Raises
    ------
    Infeasible
        When no whole selection satisfies every rule.
    NotProven
        When the search ended without proof.
    """
    choosing = Choosing(
        program=program, steps=steps_of(instance, weighting, program), options=options
    )
    chosen = choosing.best()
    if chosen is None:
        raise Infeasible("no selection of whole projects satisfies every rule")
    prover = Prover(choosing, chosen)
    proofs: list[Proof | None] = []
    proven: list[bool] = []
    for k, step in enumerate(choosing.steps):
        floor = choosing.floor(k)
        at_floor = floor >= step.better(chosen.values[k], program.whole)
        proofs.append(None if at_floor else prover.of_step(k))
        proven.append(at_floor or proofs[-1] is not None)
    for position, column in enumerate(choosing.whole):
        taken = chosen.x[column] > 0.5
        proofs.append(None if taken else prover.of_project(position))
        proven.append(taken or proofs[-1] is not None)
    return Selected(choosing=choosing, chosen=chosen, proofs=tuple(proofs), proven=tuple(proven))


def held_at(program: CompiledProgram, selected: Selected) -> CompiledProgram:
    """Return the program with its projects held as chosen: a linear one, as any other."""
    whole = selected.choosing.whole
    lower, upper = program.column_lower.copy(), program.column_upper.copy()
    lower[whole] = upper[whole] = selected.taken
    return replace(program, column_lower=lower, column_upper=upper)


def check_values(selected: Selected, stages: Sequence[Stage]) -> None:
    """Check that each priority is worth what the choice of projects said.

    Raises
    ------
    NotProven
        When the linear program that is left differs from the integer one by more than ties.
    """
    steps, values = selected.choosing.steps, selected.chosen.values
    said = [v for step, v in zip(steps, values, strict=True) if step.priority]
    for stage, value in zip(stages, said, strict=True):
        found = float(stage.cost @ stage.x)
        if abs(found - value) > SAME * max(1.0, abs(value)):
            message = f"priority {stage.priority} is worth {found:g}, and was chosen at {value:g}"
            raise NotProven(message)
