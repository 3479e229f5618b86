"""Least value of each objective on its own.

The auxiliary rows and columns of an objective only say what it is worth: every plan satisfies them
with some value of its columns. The program of one objective therefore leaves out those of all the
others; with twenty objectives it is several times smaller than the whole.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TYPE_CHECKING

import numpy as np
from scipy import sparse

from perequa.engine.choosing import NODES
from perequa.engine.scaling import scale
from perequa.engine.session import Session, WholeSession
from perequa.engine.termination import Termination
from perequa_models.errors import Infeasible, NotProven
from perequa_models.keys import AuxiliaryKey

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from numpy.typing import NDArray

    from perequa.compilation import CompiledProgram
    from perequa.engine.session import Outcome, SolverOptions, WholeOutcome
    from perequa.engine.stages import Indices


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
        self._scaled = scale(program)
        self._matrix = sparse.csr_array(self._scaled.matrix)
        self._whole = program.whole
        names = frozenset(program.objective_names)
        self._row_owners = owners(program.row_keys, names)
        self._column_owners = owners(program.column_keys, names)
        self._found: dict[int, float] = {}

    @contextmanager
    def meanwhile(self) -> Iterator[Callable[[], dict[str, float]]]:
        """Solve every objective in another thread while the block runs.

        HiGHS lets Python go on while it works. Each program has a solver of its own, so that
        nothing depends on which thread is ahead.

        Yields
        ------
        callable
            Waits for the least value of every objective, by name; raises as `least` does.
        """
        pool = ThreadPoolExecutor(max_workers=1)
        try:
            names = self._program.objective_names
            found = [pool.submit(self.least, k) for k in range(len(names))]
            yield lambda: {name: f.result() for name, f in zip(names, found, strict=True)}
        finally:
            pool.shutdown(cancel_futures=True)

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

    def _solve(self, k: int) -> float:
        name, scaled = self._program.objective_names[k], self._scaled
        rows, columns = _kept(self._row_owners, name), _kept(self._column_owners, name)
        bounds = (
            scaled.row_lower[rows],
            scaled.row_upper[rows],
            scaled.column_lower[columns],
            scaled.column_upper[columns],
        )
        cost, factor = scaled.cost(self._program.costs[k])
        matrix, whole = sparse.csc_array(self._matrix[rows][:, columns]), self._whole
        outcome: Outcome | WholeOutcome
        if whole.any():
            search = WholeSession(matrix, *bounds, self._options, whole=whole[columns], nodes=NODES)
            search.set_cost(cost[columns])
            outcome = search.solve_whole()
        else:
            session = Session(matrix, *bounds, self._options)
            session.set_cost(cost[columns])
            outcome = session.solve(presolve=False)
        if outcome.termination is Termination.INFEASIBLE:
            raise Infeasible("no plan satisfies every rule")
        if outcome.termination is not Termination.OPTIMAL:
            message = f"objective {name} on its own ended {outcome.termination.value}"
            raise NotProven(message)
        return float(cost[columns] @ outcome.x) / factor + float(self._program.offsets[k])


def owners(keys: Sequence[object], objectives: frozenset[str]) -> NDArray[np.str_]:
    """Name the objective each row or column belongs to; empty for decisions, rules, reserves."""
    return np.array(
        [
            k.owner
            if isinstance(k, AuxiliaryKey) and k.owner in objectives and k.role != "held_back"
            else ""
            for k in keys
        ]
    )


def _kept(owners: NDArray[np.str_], name: str) -> Indices:
    return np.flatnonzero((owners == "") | (owners == name))
