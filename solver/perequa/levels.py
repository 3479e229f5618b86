"""An instance whose leximin objectives are laid out in levels, each settled by a multiplier."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from perequa.engine.joint import JointMoves
from perequa.engine.leximin import CLOSED, SETTLES, levels_of
from perequa.engine.optimum_alone import Alone
from perequa.engine.scaling import scale
from perequa.engine.stages import solve_stages, whole
from perequa.engine.termination import Termination
from perequa.weighting import weigh
from perequa_models.errors import Infeasible, NotProven
from perequa_models.keys import AuxiliaryKey
from perequa_models.levels import compared, in_levels, left_to_the_next, level_name, next_leximin

if TYPE_CHECKING:
    from collections.abc import Callable

    from perequa.compilation import CompiledProgram
    from perequa.engine.session import SolverOptions
    from perequa.engine.stages import Stage, Staged
    from perequa_models.instance import Instance
    from perequa_models.levels import Settled
    from perequa_models.reference.reference import Reference

TRIES = 30
"""Times that levels are laid out anew, because a territory could still be helped at its own."""


def laid_out(
    instance: Instance,
    reference: Reference,
    compiled: Callable[[Instance], CompiledProgram],
    options: SolverOptions,
) -> Instance:
    """Lay every leximin out in its levels; an instance without one is returned as it is.

    The levels are found by successive programs and checked on the chain of strict priorities that a
    run publishes: a territory that no dual of its level settles is left to the next one.

    Raises
    ------
    Infeasible
        When there is no plan at all.
    NotProven
        When a level is not solved to optimality.
    """
    while (name := next_leximin(instance)) is not None:
        settled = _found(instance, name, reference, compiled(instance), options)
        instance = _proven(instance, name, settled, reference, compiled, options)
    return instance


def _proven(
    instance: Instance,
    name: str,
    settled: Settled,
    reference: Reference,
    compiled: Callable[[Instance], CompiledProgram],
    options: SolverOptions,
) -> Instance:
    """Lay a leximin out so that the multipliers of its priorities settle every territory."""
    for _ in range(TRIES):
        made = in_levels(instance, name, settled)
        program = compiled(made)
        staged = _staged(made, reference, program, options)
        doubts = _doubts(made, name, program, staged)
        moves = JointMoves(staged, options) if doubts else None
        helped = [d for d in doubts if moves and moves.one(d.row, 1)[d.stage].price <= SETTLES]
        if not helped:
            return made
        settled = left_to_the_next(settled, [(d.level, d.territory) for d in helped])
    raise NotProven(f"the levels of {name} are not settled after {TRIES} tries")


def _found(
    instance: Instance,
    name: str,
    reference: Reference,
    program: CompiledProgram,
    options: SolverOptions,
) -> Settled:
    """Ask the engine for the levels, among the plans that earlier priorities leave."""
    priority = instance.scenario.objectives[name].priority
    scaled = scale(program)
    weighting = weigh(instance, reference, lambda _k: -np.inf)
    before = [p for p, number in enumerate(weighting.priorities) if number < priority]
    face = whole(scaled)
    if before:
        face = _staged(instance, reference, program, options, until=len(before)).face
    rows = _rows(program, name)
    territories = compared(instance, name)
    (level,) = (
        j
        for j, key in enumerate(program.column_keys)
        if isinstance(key, AuxiliaryKey) and (key.owner, key.role) == (name, "level")
    )
    levels = levels_of(scaled, face, [rows[t] for t in territories], level, options)
    return tuple(tuple(sorted(territories[i] for i in done)) for done in levels.settled)


def _rows(program: CompiledProgram, name: str) -> dict[str, int]:
    """Row of each territory that an objective compares."""
    return {
        f"{key.level}:{key.territory}": i
        for i, key in enumerate(program.row_keys)
        if isinstance(key, AuxiliaryKey) and (key.owner, key.role) == (name, "gap")
    }


def _staged(
    instance: Instance,
    reference: Reference,
    program: CompiledProgram,
    options: SolverOptions,
    until: int | None = None,
) -> Staged:
    weighting = weigh(instance, reference, Alone(program, options).least)
    costs = program.weighed(weighting.weights)[:until]
    staged = solve_stages(program, weighting.priorities[:until], costs, options)
    if staged.termination is not Termination.OPTIMAL:
        raise Infeasible("no plan satisfies every rule")
    return staged


def with_multipliers(
    instance: Instance, program: CompiledProgram, staged: Staged, options: SolverOptions
) -> tuple[Stage, ...]:
    """Give each level of a leximin a dual that settles all its territories.

    A dual that is a vertex settles some of them only. The price of moving another's own row comes
    with an optimal dual that settles that one, and the mean of optimal duals is one.
    """
    duals = [[(stage.y, stage.lam)] for stage in staged.stages]
    doubts = [d for name in instance.levels for d in _doubts(instance, name, program, staged)]
    moves = JointMoves(staged, options) if doubts else None
    for doubt in doubts:
        if moves is not None:
            found = moves.one(doubt.row, 1)[doubt.stage]
            duals[doubt.stage].append((found.dual, found.lam))
    return tuple(
        replace(
            stage,
            y=np.mean([y for y, _ in found], axis=0),
            lam=np.mean([u for _, u in found], axis=0),
        )
        if len(found) > 1
        else stage
        for stage, found in zip(staged.stages, duals, strict=True)
    )


class _Doubt(NamedTuple):
    """A territory that the published dual of its level does not settle."""

    level: int
    stage: int
    territory: str
    row: int


def _doubts(
    instance: Instance, name: str, program: CompiledProgram, staged: Staged
) -> list[_Doubt]:
    """Territories of each level whose row has no multiplier at its priority."""
    at = {stage.priority: p for p, stage in enumerate(staged.stages)}
    settled = instance.levels[name]
    found = []
    for k, done in enumerate(settled):
        own = level_name(name, k)
        p = at[instance.scenario.objectives[own].priority]
        stage, objective = staged.stages[p], program.objective_names.index(own)
        worst = float(program.costs[objective] @ stage.x + program.offsets[objective])
        if k == len(settled) - 1 and worst <= CLOSED:
            break  # nobody left misses anything: nothing to prove
        rows = _rows(program, own)
        size = max(abs(float(stage.y[i])) for i in rows.values())
        found += [
            _Doubt(k, p, territory, rows[territory])
            for territory in done
            if not float(stage.y[rows[territory]]) > SETTLES * size
        ]
    return found
