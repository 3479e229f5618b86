"""Rules that no whole selection satisfies together, though parts of projects may.

The proof is a tree that branches on projects: every leaf has a ray that leaves no plan. Where even
parts of projects satisfy nothing it is a tree of one leaf, as in a program without projects.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from perequa.engine.choice_proof import Prover
from perequa.engine.choosing import Change, Choosing, Step
from perequa.engine.infeasibility import Conflict
from perequa_models.errors import NotProven

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from perequa.compilation import CompiledProgram
    from perequa.engine.choice_proof import Proof
    from perequa.engine.session import SolverOptions

NO_MOVES: Mapping[int, float] = {}


class WholeClashes:
    """Looks for clashing rows in a program some of whose columns are whole.

    Parameters
    ----------
    program
        The compiled program, its projects free to be taken or not.
    options
        How the solver works.
    """

    def __init__(self, program: CompiledProgram, options: SolverOptions) -> None:
        self._program, self._options = program, options

    def without(self, left_out: Collection[int]) -> Conflict | None:
        """Return rows that clash although some are left out; None when a selection exists.

        Raises
        ------
        NotProven
            When no tree proves that there is none.
        """
        gone = set(left_out)
        if self._has_plan(gone):
            return None
        return self._reduced(gone)

    def has_plan_without(self, left_out: Collection[int]) -> bool:
        """Whether a selection exists once some rows are left out; that there is none is proven.

        Raises
        ------
        NotProven
            When no tree proves it.
        """
        gone = set(left_out)
        if self._has_plan(gone):
            return True
        self._proof(gone)
        return False

    def has_plan_with(self, moves: Mapping[int, float], *, left_out: Collection[int] = ()) -> bool:
        """Whether a selection exists once some limits are moved and some rows left out."""
        return self._has_plan(set(left_out), moves)

    def _reduced(self, gone: set[int]) -> Conflict:
        """Leave each row out in turn; one that is missed by nobody stays out."""
        proof = self._proof(gone)
        rules = set(np.flatnonzero(self._program.is_rule).tolist())
        suspects = sorted(self._used(proof) & rules)
        needed: set[int] = set()
        while suspects:
            row = suspects.pop(0)
            tried = rules - needed - set(suspects)
            if self._has_plan(tried):
                needed.add(row)
                continue
            proof = self._proof(tried)
            suspects = sorted(self._used(proof) & set(suspects))
        proof = self._proof(rules - needed)
        if self._used(proof) & rules != needed:
            raise NotProven("the rules that whole projects make clash could not be proven to")
        return Conflict(rows=tuple(sorted(needed)), leaves=self._leaves(proof), branch=proof.branch)

    def _used(self, proof: Proof) -> set[int]:
        return {int(i) for leaf in self._leaves(proof) for i in np.flatnonzero(leaf)}

    def _leaves(self, proof: Proof) -> tuple[np.ndarray, ...]:
        m = len(self._program.row_keys)
        return tuple(dual[:m] for dual in proof.duals)

    def _has_plan(self, gone: set[int], moves: Mapping[int, float] = NO_MOVES) -> bool:
        choosing = self._choosing(gone)
        kept = {row: change for row, change in moves.items() if row not in gone}
        return choosing.best(Change(limits=kept, settled=False)) is not None

    def _proof(self, gone: set[int]) -> Proof:
        proof = Prover(self._choosing(gone), None).of_nothing()
        if proof is None:
            raise NotProven("HiGHS found no selection of whole projects, and no tree proves it")
        return proof

    def _choosing(self, gone: set[int]) -> Choosing:
        """Prefer nothing, with some rows left out."""
        rows = sorted(gone)
        lower, upper = self._program.row_lower.copy(), self._program.row_upper.copy()
        lower[rows], upper[rows] = -np.inf, np.inf
        free = replace(self._program, row_lower=lower, row_upper=upper)
        nothing = Step(kind="none", name="", priority=0, cost=np.zeros(len(free.whole)))
        return Choosing(program=free, steps=(nothing,), options=self._options)
