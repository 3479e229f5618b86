"""A resolved scenario with its figures, read from a run folder's record and inputs."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from perequa.verification.outcome import Unreadable
from perequa.verification.recompute.activity import Supply, read_supply, value_of
from perequa.verification.recompute.convergence import Coming, coming_down
from perequa.verification.recompute.conversions import leaving
from perequa.verification.recompute.derived import add_derived
from perequa.verification.recompute.figures import (
    KEYS,
    Figures,
    add_table,
    note_supplied,
    rows_within,
)
from perequa.verification.recompute.projects import Projects
from perequa.verification.recompute.rates import Rates
from perequa.verification.recompute.territories import (
    Territories,
    part_of,
    read_territories,
)
from perequa.verification.tables import Table, read_csv, read_sheet

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from perequa.verification.folder import RunFolder
    from perequa.verification.sparse import Floats

WORKBOOKS = frozenset({".xlsx", ".xlsm", ".xlsb", ".xls", ".ods"})


@dataclass(frozen=True)
class Model:
    """What the rules and objectives are evaluated on.

    Attributes
    ----------
    scenario
        Resolved scenario, plain data.
    folder, inputs
        Where its tables are.
    taken
        (J,): which projects are taken where a plan is evaluated; None where none is.
    """

    scenario: Mapping[str, Any]
    folder: Path
    inputs: Mapping[str, str]
    taken: Floats | None = None
    _rates: dict[str, Rates] = field(default_factory=dict)
    _quantities: dict[str, Floats] = field(default_factory=dict)
    _tables: dict[tuple[str, str, str], Table] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """What the scenario is called."""
        return str(self.scenario["name"])

    @cached_property
    def measures(self) -> tuple[str, ...]:
        """Measures, sorted."""
        return tuple(sorted(self.scenario["measures"]))

    @cached_property
    def years(self) -> tuple[int, ...]:
        """Years of the plan."""
        return tuple(sorted(int(year) for year in self.scenario["years"]))

    @cached_property
    def tree(self) -> Territories:
        """The territories that the scenario is about."""
        return part_of(self._whole, self.within) if self.within else self._whole

    @property
    def within(self) -> str:
        """The territory that tables are cut to; empty for all of them."""
        return str(self.scenario["territories"].get("within") or "")

    @cached_property
    def _whole(self) -> Territories:
        """Every territory of the table."""
        stated = self.scenario["territories"]
        return read_territories(self.scenario, self._read(stated, "territories"))

    @cached_property
    def figures(self) -> Figures:
        """Every column of every table, derived ones included."""
        figures = Figures(self.tree, self.measures, self.years)
        territories = self.scenario["territories"]
        add_table(figures, self.table(territories, "territories"), territories, ("level", "code"))
        supply = self.scenario["supply"]
        self._add(figures, supply, "supply")
        note_supplied(figures, self.table(supply, "supply"), supply)
        for entry in self.scenario.get("columns") or ():
            self._add(figures, entry, "columns")
        for name, spec in (self.scenario.get("derive") or {}).items():
            add_derived(figures, name, spec)
        return figures

    def _add(self, figures: Figures, entry: Mapping[str, Any], section: str) -> None:
        table = self.table(entry, section)
        add_table(figures, table, entry, [key for key in KEYS if key in table.header])

    @cached_property
    def bare_supply(self) -> Supply:
        """Figures of every cell, before a rule fixes any budget."""
        supply = read_supply(self.scenario, self.figures, self.projects.apart)
        return replace(supply, closed=supply.closed + leaving(self))

    @cached_property
    def converging(self) -> dict[int, Coming]:
        """Cells whose budget a calendar of convergence fixes, by flat position."""
        return coming_down(self)

    @cached_property
    def supply(self) -> Supply:
        """Figures of every cell."""
        fixed, growth = np.full(self.shape, np.nan), self.bare_supply.growth.copy()
        for cell, coming in self.converging.items():
            fixed.ravel()[cell] = coming.limit
            if not self.rules[coming.rule].get("indexed", True):
                growth.ravel()[cell] = 1.0
        return replace(self.bare_supply, fixed=fixed, growth=growth)

    @cached_property
    def projects(self) -> Projects:
        """The projects; none where the scenario names none."""
        return Projects(self, self.scenario.get("projects") or {})

    def with_taken(self, taken: Floats | None) -> Model:
        """Return the same scenario with some projects taken."""
        return self if not self.projects.order else replace(self, taken=taken, _rates={})

    def value(self, quantity: str, x: Floats) -> Floats:
        """Value of a quantity in every cell for places x of shape (T, M, Y)."""
        found = value_of(self.supply.quantities[quantity], x)
        if self.taken is None:
            return found
        return found + self.projects.amounts(quantity, self.taken)

    @property
    def shape(self) -> tuple[int, int, int]:
        """Numbers of decision territories, measures and years."""
        return len(self.tree.deciding), len(self.measures), len(self.years)

    @cached_property
    def cell_ids(self) -> list[str]:
        """Identifier of the column of each cell, in flat order of (T, M, Y)."""
        return [
            f"x/{':'.join(self.tree.key[node])}/{measure}/{year}"
            for node in self.tree.deciding
            for measure in self.measures
            for year in self.years
        ]

    @cached_property
    def rules(self) -> dict[str, Mapping[str, Any]]:
        """The rules that are active."""
        stated: Mapping[str, Mapping[str, Any]] = self.scenario.get("rules") or {}
        return {name: spec for name, spec in stated.items() if spec.get("active", True)}

    def measure(self, name: str) -> Mapping[str, Any]:
        """What the scenario says of a measure."""
        spec: Mapping[str, Any] = self.scenario["measures"][name]
        return spec

    def rates(self, indicator: str) -> Rates:
        """Return the rates of an indicator."""
        if indicator not in self._rates:
            self._rates[indicator] = Rates(self, self.scenario["indicators"][indicator])
        return self._rates[indicator]

    def quantity(self, column: str) -> Floats:
        """Return a column summed up the tree, shape (N, M or 1, Y or 1)."""
        if column not in self._quantities:
            self._quantities[column] = self.figures.quantity(column)
        return self._quantities[column]

    def table(self, entry: Mapping[str, Any], section: str = "") -> Table:
        """Read the table that an entry of a section of the scenario names.

        Raises
        ------
        Unreadable
            When the run folder holds no such input.
        """
        key = (str(entry["file"]), str(entry.get("sheet") or ""), section)
        if key not in self._tables:
            table = self._read(entry, section)
            if self.within:
                table = rows_within(table, self._whole, self.tree, entry)
            self._tables[key] = table
        return self._tables[key]

    def _read(self, entry: Mapping[str, Any], section: str) -> Table:
        name, sheet = str(entry["file"]), str(entry.get("sheet") or "")
        if name not in self.inputs:
            raise Unreadable("run.json", f"inputs has no entry for {name!r}")
        file = self.inputs[name]
        path = self.folder / file
        if not path.is_file():
            raise Unreadable(file, "is missing")
        if path.suffix.lower() in WORKBOOKS:
            return read_sheet(path, (sheet, section), file)
        return read_csv(path, file)


def model_of(folder: RunFolder) -> Model:
    """Read the scenario of a run folder."""
    return Model(folder.scenario, folder.path, folder.inputs)
