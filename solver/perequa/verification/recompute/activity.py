"""What each quantity is, as a sum over the places funded (scenario reference, section 2)."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from perequa.verification.outcome import Unreadable

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from perequa.verification.recompute.figures import Figures
    from perequa.verification.sparse import Floats

Coefficients = tuple["Floats", "Floats"]
"""A quantity of every cell: coefficients (T, M, Y, Y) on x[t, m, v], constants (T, M, Y)."""


@dataclass(frozen=True)
class Supply:
    """The figures of every decision territory T, measure M and year Y.

    Attributes
    ----------
    is_money, recurrent
        (M,): whether the measure hands out money, and whether it enters the next year's budget.
    closed_pairs, installed, base, carried
        (T, M).
    closed, cost, growth
        (T, M, Y): places closing, full-year cost paid by the envelope, 1 + yearly rate.
    months
        (M,): months paid in the opening year.
    apart
        (M,): measures handed out by projects only.
    fixed
        (T, M, Y): budgets that a rule fixes, NaN elsewhere; empty before rules are read.
    """

    is_money: NDArray[np.bool_]
    recurrent: NDArray[np.bool_]
    closed_pairs: NDArray[np.bool_]
    installed: Floats
    base: Floats
    carried: Floats
    closed: Floats
    cost: Floats
    growth: Floats
    months: Floats
    apart: NDArray[np.bool_]
    fixed: Floats = field(default_factory=lambda: np.zeros(0))

    @property
    def own_cost(self) -> Floats:
        """Cost of a place that no project opens, (T, M, Y): what projects cost is their own."""
        return np.where(self.apart[None, :, None], 0.0, self.cost)

    @cached_property
    def quantities(self) -> dict[str, Coefficients]:
        """Every quantity a rule may sum."""
        t, m, years = self.closed.shape
        zero = np.zeros((t, m, years))
        eye = np.broadcast_to(np.eye(years), (t, m, years, years))
        until = np.broadcast_to(np.tril(np.ones((years, years))), (t, m, years, years))
        delegated = self._credits()
        return {
            "places": (eye, zero),
            "full_year_credits": (eye * self.own_cost[:, :, None, :], zero),
            "credits": delegated,
            "stock": (until, self.installed[:, :, None] - np.cumsum(self.closed, axis=2)),
            "budget": self._budget(*delegated),
            "projects": (np.zeros((t, m, years, years)), zero),
            "freed_places": (np.zeros((t, m, years, years)), zero),
        }

    def _credits(self) -> Coefficients:
        t, m, years = self.closed.shape
        share = (self.months / 12)[None, :]
        matrix = np.zeros((t, m, years, years))
        constant = np.zeros((t, m, years))
        for y in range(years):
            matrix[:, :, y, y] = self.own_cost[:, :, y] * share
            if y:
                matrix[:, :, y, y - 1] = self.own_cost[:, :, y - 1] * (1 - share)
        constant[:, :, 0] = self.carried
        return matrix, constant

    def _budget(self, matrix: Floats, constant: Floats) -> Coefficients:
        budget, fixed = np.zeros_like(matrix), np.zeros_like(constant)
        before_x, before = np.zeros_like(matrix[:, :, 0]), self.base
        keeps = self.recurrent[None, :]
        for y in range(matrix.shape[2]):
            grown_x = self.growth[:, :, y, None] * before_x
            grown = self.growth[:, :, y] * before
            budget[:, :, y] = grown_x + matrix[:, :, y]
            fixed[:, :, y] = grown + constant[:, :, y]
            # One-off money is spent in its year and never renewed.
            before_x = np.where(keeps[:, :, None], budget[:, :, y], grown_x)
            before = np.where(keeps, fixed[:, :, y], grown)
        if self.fixed.size:
            known = ~np.isnan(self.fixed)
            budget[known] = 0.0
            fixed[known] = self.fixed[known]
        return budget, fixed

    @cached_property
    def base_carried(self) -> Floats:
        """Base renewed to each year, no new money, shape (T, M, Y)."""
        return self.base[:, :, None] * np.cumprod(self.growth, axis=2)


def value_of(quantity: Coefficients, x: Floats) -> Floats:
    """Value of a quantity in every cell for places x of shape (T, M, Y)."""
    matrix, constant = quantity
    result: Floats = np.einsum("tmyv,tmv->tmy", matrix, x) + constant
    return result


def read_supply(scenario: Mapping[str, Any], figures: Figures, apart: NDArray[np.bool_]) -> Supply:
    """Gather the figures of the cells from the tables and the measures.

    Parameters
    ----------
    apart
        (M,): measures handed out by projects only.

    Raises
    ------
    Unreadable
        When a figure that is needed is not stated.
    """
    specs = [scenario["measures"][name] for name in figures.measures]
    is_money = np.array([spec.get("unit", "place") == "money" for spec in specs])
    closed_pairs = _closed_pairs(scenario, figures)
    base = _amount(figures, "base", closed_pairs)[:, :, 0]
    installed = _amount(figures, "installed", closed_pairs)[:, :, 0]
    rates = [_rate(rate_stated(scenario, spec), figures, m) for m, spec in enumerate(specs)]
    growth = 1 + np.stack(rates, axis=1)
    cost = np.stack([_cost(spec, figures, m) for m, spec in enumerate(specs)], axis=1)
    cost[np.broadcast_to(closed_pairs[:, :, None], cost.shape) & np.isnan(cost)] = 0.0
    if np.isnan(cost).any() or np.isnan(growth).any():
        raise Unreadable("inputs", "a cost or a rate that is needed is not stated")
    return Supply(
        is_money=is_money,
        recurrent=np.array([bool(spec.get("recurrent", True)) for spec in specs]),
        closed_pairs=closed_pairs,
        installed=np.where(is_money[None, :], base, installed),
        base=base,
        carried=_amount(figures, "carried", closed_pairs)[:, :, 0],
        closed=_amount(figures, "closed", closed_pairs),
        cost=cost,
        growth=growth,
        months=np.array([float(spec.get("opening_months", 12)) for spec in specs]),
        apart=apart,
    )


def _shape(figures: Figures) -> tuple[int, int, int]:
    return len(figures.tree.deciding), len(figures.measures), len(figures.years)


def _closed_pairs(scenario: Mapping[str, Any], figures: Figures) -> NDArray[np.bool_]:
    """Pairs without a row in the supply table: nothing there, nothing can be funded."""
    t, m, _ = _shape(figures)
    pairs = np.zeros((t, m), dtype=bool)
    if scenario["supply"].get("absent", "error") == "closed":
        pairs[:] = ~figures.supplied
    return pairs


def _amount(figures: Figures, name: str, closed_pairs: NDArray[np.bool_]) -> Floats:
    """Return a quantity of every cell; 0 where the column is absent or the pair is closed."""
    shape = _shape(figures)
    if not figures.has(name):
        return np.zeros(shape)
    values = figures.amount(name)[figures.tree.deciding]
    values = np.array(np.broadcast_to(values, shape))
    values[np.isnan(values) & closed_pairs[:, :, None]] = 0.0
    return values


def _unit(figures: Figures, name: str, m: int) -> Floats:
    """Return a unit value of every decision territory and year for one measure, (T, Y)."""
    values = figures.unit_value(name)[figures.tree.deciding]
    t, _, years = _shape(figures)
    return np.array(np.broadcast_to(values[:, min(m, values.shape[1] - 1)], (t, years)))


def _cost(spec: Mapping[str, Any], figures: Figures, m: int) -> Floats:
    t, _, years = _shape(figures)
    stated = 1.0 if spec.get("unit", "place") == "money" else spec["cost"]
    if isinstance(stated, dict) and "column" in stated:
        cost = _unit(figures, stated["column"], m)
    elif isinstance(stated, dict):
        cost = np.full((t, years), float(stated["per_day"]) * float(stated.get("days", 365)))
    else:
        cost = np.full((t, years), float(stated))
    return cost * float(spec.get("financed_share", 1.0))


def rate_stated(scenario: Mapping[str, Any], measure: Mapping[str, Any]) -> object:
    """Yearly rate of a measure as stated: its own, else that of its envelope."""
    if measure.get("rate") is not None:
        return measure["rate"]
    return rate_of_envelope(scenario, str(measure.get("envelope") or ""))


def rate_of_envelope(scenario: Mapping[str, Any], name: str) -> Any:  # noqa: ANN401 - plain data
    """Yearly rate of an envelope as stated, 0 where none is."""
    envelope = (scenario.get("envelopes") or {}).get(name) or {}
    return envelope.get("rate", 0.0)


def _rate(stated: Any, figures: Figures, m: int) -> Floats:  # noqa: ANN401 - plain data
    t, _, years = _shape(figures)
    if isinstance(stated, dict) and "column" in stated:
        return _unit(figures, stated["column"], m)
    if isinstance(stated, dict):
        by_year = {int(year): float(rate) for year, rate in stated.items()}
        return np.array([[by_year.get(year, 0.0) for year in figures.years]] * t)
    return np.full((t, years), float(stated))
