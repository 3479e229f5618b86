"""Least value of each objective on its own.

The auxiliary rows and columns of an objective only say what it is worth: every plan satisfies them
with some value of its columns. The program of one objective therefore leaves out those of all the
others; with twenty objectives it is several times smaller than the whole.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from scipy import sparse

from perequa.engine.choosing import NODES
from perequa.engine.ordered_stages import solve_ordered
from perequa.engine.parts import LinearProgram, minimise_apart, one_by_one
from perequa.engine.scaling import scale
from perequa.engine.session import WholeSession
from perequa.engine.termination import Termination
from perequa_models.errors import Infeasible, NotProven
from perequa_models.keys import OWN_AMOUNTS, AuxiliaryKey

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from concurrent.futures import Executor

    from numpy.typing import NDArray

    from perequa.compilation import CompiledProgram
    from perequa.engine.parts import Each, Part, Solve
    from perequa.engine.scaling import ScaledProgram
    from perequa.engine.session import Outcome, SolverOptions, WholeOutcome
    from perequa.engine.stages import Flags, Floats, Indices
    from perequa.ranked_rates import Ranked


class _Enough(Exception):
    """There is no more time for what could wait."""


class Alone:
    """Least value of each objective on its own, solved when asked for and once.

    Parameters
    ----------
    program
        The compiled program.
    options
        How the solver works.
    """

    def __init__(self, program: CompiledProgram, options: SolverOptions) -> None:
        self._program, self._options = program, options
        self._found: dict[int, float] = {}

    @cached_property
    def _scaled(self) -> ScaledProgram:
        return scale(self._program)

    @cached_property
    def _matrix(self) -> sparse.csr_array:
        return sparse.csr_array(self._scaled.matrix)

    @cached_property
    def _owners(self) -> tuple[NDArray[np.str_], NDArray[np.str_]]:
        """Objective that each row and each column belongs to."""
        program = self._program
        names = frozenset(program.objective_names)
        return owners(program.row_keys, names), owners(program.column_keys, names)

    @cached_property
    def _whole(self) -> Flags:
        return self._program.whole

    def ahead(self, weights: Floats, enough: Callable[[], bool]) -> None:
        """Solve as many objectives as there is time for; what goes wrong is told when asked for.

        Parameters
        ----------
        weights
            (K,) weight of every objective in the first priority, which is being solved: what its
            optimum tells is left to it.
        enough
            Asked before each part of each objective.
        """

        def in_time(parts: Iterable[Part], solve: Solve) -> Iterator[tuple[Part, Outcome]]:
            for part in parts:
                if enough():
                    raise _Enough
                yield part, solve(part)

        left = set(range(len(weights))) - {self._told(weights)}
        try:
            for k in sorted(left):
                if k not in self._found:
                    self._found[k] = self._solve(k, in_time)
        except (_Enough, Infeasible, NotProven):
            return

    def asked_of(self, other: Executor) -> Callable[[], dict[str, float]]:
        """Have another thread solve every objective.

        Returns
        -------
        callable
            Waits for the least value of every objective, by name; raises as `least` does.
        """
        names = self._program.objective_names
        found = [other.submit(self.least, k) for k in range(len(names))]
        return lambda: {name: f.result() for name, f in zip(names, found, strict=True)}

    def least(self, k: int) -> float:
        """Least value of the k-th objective, in its own unit.

        Raises
        ------
        Infeasible
            When there is no plan at all.
        NotProven
            When the solver does not prove it.
        """
        if k not in self._found:
            self._found[k] = self._solve(k)
        return self._found[k]

    def told_by(self, x: Floats, weights: Floats) -> None:
        """Learn from the optimum of the first priority, where it serves one objective only.

        Parameters
        ----------
        x
            (n,) an optimal plan, natural units.
        weights
            (K,) weight of every objective in the first priority.
        """
        k = self._told(weights)
        if k is not None:
            value = float(self._program.costs[k] @ x) + float(self._program.offsets[k])
            self._found.setdefault(k, value)

    def _told(self, weights: Floats) -> int | None:
        """Return the objective that a priority serves alone, whose optimum it tells."""
        served = np.flatnonzero(weights)
        return int(served[0]) if len(served) == 1 and self._program.ranked is None else None

    def _solve(self, k: int, each: Each = one_by_one) -> float:
        ranked = self._program.ranked
        if ranked is not None and not ranked.complete:
            own = tuple(group for group in ranked.groups if group.objective == k)
            if own:
                return self._in_order(k, replace(ranked, groups=own))
        name, scaled = self._program.objective_names[k], self._scaled
        rows, columns = (_kept(owned, name) for owned in self._owners)
        program = LinearProgram(
            matrix=sparse.csc_array(self._matrix[rows][:, columns]),
            row_lower=scaled.row_lower[rows],
            row_upper=scaled.row_upper[rows],
            column_lower=scaled.column_lower[columns],
            column_upper=scaled.column_upper[columns],
        )
        cost, factor = scaled.cost(self._program.costs[k])
        whole = self._whole[columns]
        outcome: Outcome | WholeOutcome
        if whole.any():
            outcome = _chosen(program, cost[columns], whole, self._options)
        else:
            plainly = replace(self._options, presolve=False)
            outcome = minimise_apart(program, cost[columns], plainly, each)
        _stop_unless_optimal(name, outcome.termination)
        return float(cost[columns] @ outcome.x) / factor + float(self._program.offsets[k])

    def _in_order(self, k: int, ranked: Ranked) -> float:
        """Least value of an objective that adds up differences, pairs written as needed."""
        names = self._program.objective_names
        weights = np.zeros((1, len(names)))
        weights[0, k] = 1.0
        program = replace(self._program, ranked=ranked)
        solved = solve_ordered(program, (1,), weights, self._options)
        _stop_unless_optimal(names[k], solved.staged.termination)
        cost, offset = solved.program.costs[k], solved.program.offsets[k]
        return float(cost @ solved.staged.stages[0].x + offset)


def _chosen(
    program: LinearProgram, cost: Floats, whole: Flags, options: SolverOptions
) -> WholeOutcome:
    """Minimise a cost where some columns are whole."""
    search = WholeSession(
        program.matrix,
        program.row_lower,
        program.row_upper,
        program.column_lower,
        program.column_upper,
        options,
        whole=whole,
        nodes=NODES,
    )
    search.set_cost(cost)
    return search.choose()


def _stop_unless_optimal(name: str, termination: Termination) -> None:
    if termination is Termination.INFEASIBLE:
        raise Infeasible("no plan satisfies every rule")
    if termination is not Termination.OPTIMAL:
        message = f"objective {name} on its own ended {termination.value}"
        raise NotProven(message)


def owners(keys: Sequence[object], objectives: frozenset[str]) -> NDArray[np.str_]:
    """Name the objective each row or column belongs to; empty for decisions, rules, reserves."""
    return np.array(
        [
            k.owner
            if isinstance(k, AuxiliaryKey) and k.owner in objectives and k.role not in OWN_AMOUNTS
            else ""
            for k in keys
        ]
    )


def _kept(owners: NDArray[np.str_], name: str) -> Indices:
    return np.flatnonzero((owners == "") | (owners == name))
