"""The only door to Pyomo for the objective kinds: variables and named rows.

Every row is written as body ≥ 0 or body = 0 with (bound, body, bound), never as an expression
compared with an expression: a row written otherwise can come back from Pyomo with the sign of its
price reversed.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pyomo.environ as pyo
from pyomo.core.expr import InequalityExpression

from perequa_models.keys import AuxiliaryKey, Where
from perequa_models.sums import total

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from perequa_models.instance import Instance
    from perequa_models.keys import ColumnKey, RowKey
    from perequa_models.quantities import Quantities
    from perequa_models.ranked import RankedRates
    from perequa_models.reference.reference import Reference


@dataclass(kw_only=True)
class Builder:
    """A Pyomo model under construction, with the key of everything in it.

    Attributes
    ----------
    model
        The Pyomo model.
    instance, quantities, reference
        The figures; stock, credits and budget as expressions of the model's variables; the
        circular's own allocation.
    rows, columns
        Keys in the order written, beside Pyomo's own data objects.
    ranked
        Rates whose differences objectives add up.
    """

    model: Any
    instance: Instance
    quantities: Quantities
    reference: Reference
    rows: list[tuple[RowKey | AuxiliaryKey, Any]] = field(default_factory=list)
    columns: list[tuple[ColumnKey, Any]] = field(default_factory=list)
    ranked: list[RankedRates] = field(default_factory=list)

    @staticmethod
    def total(parts: Iterable[Any]) -> Any:  # noqa: ANN401 - Pyomo is untyped
        """Add up figures, variables and sums of them, as one list of terms."""
        return total(parts)

    def differences(self, rates: RankedRates) -> None:
        """Let an objective add up the differences of some rates, two by two."""
        self.ranked.append(rates)

    def variables(
        self,
        owner: str,
        role: str,
        where: Iterable[Where],
        *,
        free: bool = False,
        most: Sequence[float | None] = (),
    ) -> list[Any]:
        """Add a family of variables, at least zero unless `free`; `most` bounds each above."""
        keys = [AuxiliaryKey(owner, role, *w) for w in where]
        domain = pyo.Reals if free else pyo.NonNegativeReals
        family = pyo.Var(range(len(keys)), domain=domain)
        self.model.add_component(f"{owner}_{role}", family)
        made = list(family.values())
        for variable, bound in zip(made, most, strict=bool(most)):
            variable.setub(bound)
        self.columns.extend(zip(keys, made, strict=True))
        return made

    def at_least_zero(
        self, owner: str, role: str, where: Sequence[Where], bodies: Sequence[Any]
    ) -> None:
        """Add rows body ≥ 0."""
        # 0 ≤ body; the same as (0, body, None), without being looked at by Pyomo again
        self._family(
            owner, role, where, [InequalityExpression((0.0, body), strict=False) for body in bodies]
        )

    def zero(self, owner: str, role: str, where: Sequence[Where], bodies: Sequence[Any]) -> None:
        """Add rows body = 0."""
        self._family(owner, role, where, [(0.0, body, 0.0) for body in bodies])

    def _family(self, owner: str, role: str, where: Sequence[Where], rows: list[Any]) -> None:
        family = pyo.Constraint(range(len(rows)), rule=lambda _, i: rows[i])
        self.model.add_component(f"{owner}_{role}", family)
        keys = [AuxiliaryKey(owner, role, *w) for w in where]
        self.rows.extend(zip(keys, family.values(), strict=True))

    def where(self, nodes: Iterable[int], years: Iterable[int]) -> list[Where]:
        """Name each pair of a node and a year, nodes outermost."""
        listed = list(years)
        territories = [self.instance.tree.nodes[int(node)] for node in nodes]
        return [
            Where(t.level, t.code, "", self.instance.years[y]) for t in territories for y in listed
        ]
