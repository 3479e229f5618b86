"""A study folder opened: what was asked, its scenario, its plans and the proofs of its sample."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from perequa.verification.outcome import Unreadable
from perequa.verification.recompute.activity import value_of
from perequa.verification.recompute.all_rows import expected_rows
from perequa.verification.recompute.objectives import objective_value
from perequa.verification.recompute.reference import reference_places
from perequa.verification.recompute.transfers import amounts_of, with_amounts
from perequa.verification.sparse import Matrix, gathered
from perequa.verification.studies.proofs import read_sample

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from perequa.verification.folder import Program, RunFolder
    from perequa.verification.recompute.model import Model
    from perequa.verification.recompute.rules import ExpectedRow
    from perequa.verification.sparse import Floats
    from perequa.verification.studies.proofs import Sample
    from perequa.verification.tables import Table


@dataclass(frozen=True)
class Study:
    """A study folder and the scenario it looks at.

    Attributes
    ----------
    folder
        The folder, whose record is ``study.json``.
    model
        The scenario with its figures, read from the folder's inputs.
    """

    folder: RunFolder
    model: Model

    @property
    def record(self) -> Mapping[str, Any]:
        """What ``study.json`` says."""
        return self.folder.run

    @property
    def path(self) -> Path:
        """Where it stands."""
        return self.folder.path

    @property
    def program(self) -> Program:
        """The compiled scenario."""
        return self.folder.program

    @cached_property
    def rows(self) -> list[ExpectedRow]:
        """Every rule row that the scenario states."""
        return expected_rows(self.model)

    @cached_property
    def reference(self) -> Floats | None:
        """The circular's own places, (T, M, Y)."""
        return reference_places(self.model)

    @cached_property
    def names(self) -> list[str]:
        """Objectives, in the order of the program."""
        return self.program.objectives

    @cached_property
    def specs(self) -> Mapping[str, Mapping[str, Any]]:
        """What the scenario says of each objective."""
        specs: Mapping[str, Mapping[str, Any]] = self.model.scenario["objectives"]
        return specs

    def values(self, places: Floats) -> Floats:
        """Value of every objective at a plan (T, M, Y), by its definition; (K,)."""
        return np.array(
            [objective_value(self.model, n, places, self.reference) for n in self.names]
        )

    @cached_property
    def coefficients(self) -> Matrix:
        """Every rule row over the cells, amounts held back left out."""
        lengths = [len(row.cells) for row in self.rows]
        none = [np.zeros(0, dtype=np.intp)]
        cells = np.concatenate([row.cells for row in self.rows] or none)
        values = np.concatenate([row.values for row in self.rows] or none).astype(float)
        at = np.repeat(np.arange(len(self.rows)), lengths)
        return gathered(at, cells, values, len(self.rows), int(np.prod(self.model.shape)))

    @cached_property
    def limits(self) -> Floats:
        """Limit of every rule row."""
        return np.array([row.limit for row in self.rows])

    def activities(self, places: Floats, limits: Floats) -> Floats:
        """Activity of every rule row at a plan, under limits that may have been moved."""
        bare, amounts = self._bare(places), self.amounts(places, limits)
        return np.array(
            [
                with_amounts(row, float(one), amounts)
                for row, one in zip(self.rows, bare, strict=True)
            ]
        )

    def amounts(self, places: Floats, limits: Floats) -> dict[str, float]:
        """What reserves hold back and transfers must move at a plan, by the row of each."""
        return amounts_of(self.rows, self._bare(places), limits)

    def _bare(self, places: Floats) -> Floats:
        """Activity of every rule row without amounts of their own."""
        constant = np.array([row.constant for row in self.rows])
        return np.asarray(self.coefficients.times(places.ravel()) + constant)

    def plans(self, file: str, mark: str) -> dict[str, Floats]:
        """Read the plans of a table, (T, M, Y) by what its first column says.

        Raises
        ------
        Unreadable
            When a cell is named that the scenario does not have, twice or not at all.
        """
        table = self.folder.table(file)
        at = self._cells_of(table)
        marks = table.column(mark)
        places, money = (np.array(table.numbers(name)) for name in ("places", "credits"))
        plans: dict[str, Floats] = {}
        for each in dict.fromkeys(marks):
            own = np.flatnonzero(np.array(marks) == each)
            where = at[own]
            if len(where) != len(set(where.tolist())) or len(where) != len(self.model.cell_ids):
                raise Unreadable(file, f"{mark} {each} does not hold every cell once")
            plan, paid = np.full((2, len(self.model.cell_ids)), np.nan)
            plan[where], paid[where] = places[own], money[own]
            plans[each] = self._with_money(plan.reshape(self.model.shape), paid)
        return plans

    @cached_property
    def sample(self) -> Sample:
        """The questions that are proven."""
        return read_sample(self.path, self.program, len(self.model.cell_ids))

    def laid_out(self, decisions: Floats) -> Floats:
        """Lay out the decisions of a plan as the columns of the program have them, (T, M, Y)."""
        at = self.program.column_at
        own = decisions[[at[name] for name in self.model.cell_ids]]
        return np.asarray(own.reshape(self.model.shape))

    def credits_of(self, places: Floats) -> Floats:
        """Credits of every cell of a plan, (T, M, Y)."""
        return value_of(self.model.supply.quantities["credits"], places)

    def _cells_of(self, table: Table) -> np.ndarray[tuple[int, ...], np.dtype[np.intp]]:
        position = {name: i for i, name in enumerate(self.model.cell_ids)}
        columns = (table.column(name) for name in ("level", "territory", "measure", "year"))
        named = [f"x/{who}:{code}/{m}/{y}" for who, code, m, y in zip(*columns, strict=True)]
        unknown = next((name for name in named if name not in position), None)
        if unknown is not None:
            raise Unreadable(table.file, f"names a cell that the scenario does not have: {unknown}")
        return np.array([position[name] for name in named], dtype=np.intp)

    def _with_money(self, plan: Floats, paid: Floats) -> Floats:
        """Fill the cells of measures that hand out money, told by their credits alone."""
        matrix, constant = self.model.supply.quantities["credits"]
        asked = paid.reshape(self.model.shape)
        for m in np.flatnonzero(self.model.supply.is_money):
            for t in range(self.model.shape[0]):
                plan[t, m] = np.linalg.solve(matrix[t, m], asked[t, m] - constant[t, m])
        return plan

    def sizes(self, names: Sequence[str]) -> Floats:
        """What objectives are divided by before they are added, (K,), 1 for those not named.

        Divisors by the initial value are worked out again; a range between it and the optimum is
        taken as ``study.json`` states it.
        """
        nothing = self.values(np.zeros(self.model.shape))
        stated = self.record.get("sizes", {})
        sizes = np.ones(len(self.names))
        for name in names:
            k = self.names.index(name)
            way = self.specs[name].get("normalise", "initial")
            if way == "initial":
                sizes[k] = nothing[k]
            elif way == "range":
                sizes[k] = float(stated[name])
            elif way != "none":
                sizes[k] = float(way)
        return sizes

    def laid(self, weights: Mapping[str, float]) -> Floats:
        """Lay weights over the objectives, each divided by its size, (K,)."""
        sizes = self.sizes(list(weights))
        return np.array([float(weights.get(n, 0.0)) for n in self.names]) / sizes

    def stages(self) -> dict[int, Floats]:
        """Weights (K,) that each priority of the scenario itself minimises, in order."""
        program = self.program
        weights = program.arrays["stage_weight"]
        return {int(p): weights[i] for i, p in enumerate(program.arrays["stage_priority"])}
