"""Check 3: the published tables say what the plan of the solution says."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, reduce
from typing import TYPE_CHECKING

import numpy as np

from perequa.verification.allocation import check_allocation
from perequa.verification.construction import check_construction
from perequa.verification.conversions import FILE as CONVERSIONS
from perequa.verification.conversions import check_conversions
from perequa.verification.equity import check_equity, check_indicators
from perequa.verification.establishments import check_convergence, check_overruns
from perequa.verification.notifications import check_notifications, notifies
from perequa.verification.outcome import Notebook, Unreadable
from perequa.verification.published_rules import check_objectives, check_rules
from perequa.verification.recompute.whole import is_asked
from perequa.verification.reference_parts import check_reference
from perequa.verification.totals import check_totals
from perequa.verification.transfers import check_transfers
from perequa.words import saying

if TYPE_CHECKING:
    from perequa.verification.folder import RunFolder
    from perequa.verification.outcome import Check
    from perequa.verification.recompute.model import Model
    from perequa.verification.recompute.rules import ExpectedRow
    from perequa.verification.sparse import Floats


@dataclass(frozen=True)
class Published:
    """The plan of a run, with the scenario it answers.

    Attributes
    ----------
    folder, model, rows
        The run, its scenario, and the rule rows the scenario states.
    reference
        The circular's own places, shape (T, M, Y), None where the run has none.
    """

    folder: RunFolder
    model: Model
    rows: list[ExpectedRow]
    reference: Floats | None

    @cached_property
    def before(self) -> Model:
        """The scenario with no project taken."""
        return self.model.with_taken(None)

    @property
    def name(self) -> str:
        """The ``scenario`` column."""
        return str(self.folder.run.get("name", ""))

    @cached_property
    def is_whole(self) -> bool:
        """Whether what is handed out is another plan than the continuous one."""
        return is_asked(self.model)

    @cached_property
    def laid_out(self) -> Floats:
        """What is handed out over the columns of the program, shape (n,).

        Raises
        ------
        Unreadable
            When whole places are asked for and the run has none.
        """
        if not self.is_whole:
            return self.folder.solution["plan"]
        whole = self.folder.solution.get("whole")
        if whole is None or whole.shape != self.folder.solution["plan"].shape:
            raise Unreadable("solution.npz", "lacks the plan in whole places")
        return np.asarray(whole)

    @cached_property
    def places(self) -> Floats:
        """Places handed out, shape (T, M, Y); 0 where a pair is closed."""
        return self._cells(self.laid_out)

    @cached_property
    def continuous(self) -> Floats:
        """Places of the continuous plan, likewise."""
        return self._cells(self.folder.solution["plan"])

    def _cells(self, plan: Floats) -> Floats:
        at = self.folder.program.column_at
        found = [plan[at[name]] if name in at else 0.0 for name in self.model.cell_ids]
        if not np.isfinite(found).all():
            raise Unreadable("solution.npz", "holds a plan that is not finite")
        return np.array(found).reshape(self.model.shape)


def converts(published: Published) -> bool:
    """Whether places change category, or a table says so."""
    return bool(published.model.scenario.get("conversions")) or published.folder.has(CONVERSIONS)


def _both(one: str, other: str) -> str:
    return saying("{one}, {other}", one=one, other=other)


def check_plan(published: Published) -> Check:
    """Recompute every published table from the plan and the inputs."""
    notes = Notebook(3, "plan")
    looked_at = [
        check_allocation(notes, published),
        check_totals(notes, published),
        check_indicators(notes, published),
        check_equity(notes, published),
        check_objectives(notes, published),
        check_rules(notes, published),
        check_overruns(notes, published),
        check_convergence(notes, published),
        check_construction(notes, published),
        *([check_notifications(notes, published)] if notifies(published) else []),
        *([check_conversions(notes, published)] if converts(published) else []),
        check_transfers(notes, published),
    ]
    if published.model.scenario.get("reference"):
        looked_at.append(check_reference(notes, published))
    return notes.close(reduce(_both, looked_at))
