"""Orders of rates that a program takes for granted, and whether plans and chords keep them.

The sum of the differences of all pairs of rates is written for one order: each rate less those
below it. That is never more than the sum itself. A pair with a row of its own adds what the form
leaves out when the pair is reversed; so the program is never above the definition, and equal to it
at a plan that reverses no pair without a row.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from perequa.verification.outcome import Unreadable
from perequa.verification.recompute.objectives import nodes_compared, years_compared
from perequa.words import saying

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any

    from numpy.typing import NDArray

    from perequa.verification.folder import Program
    from perequa.verification.outcome import Notebook
    from perequa.verification.recompute.model import Model
    from perequa.verification.recompute.rates import Rates
    from perequa.verification.sparse import Floats, Indices

FILE = "program.npz"
REVERSED = saying("the chord reverses two rates that have no row of their own")
EXACT = 1e-9
"""Figures computed twice agree to this share of their size."""
KEPT = 1e-7
"""Places of the smaller territory by which a pair taken for granted may be out of order."""
SHARE = 1e-7
"""Share of a reach by which the first pair to be reversed may fall short of it."""
FAR = 1000.0
"""Places by which the largest column of a chord without end is moved to see what it does."""
STILL = 1e-10
"""Share of the fastest below which two rates do not near each other."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """The order of the rates of one objective in one year.

    Attributes
    ----------
    objective, year
        Position of the objective; position of the year.
    nodes
        (n,): nodes of the tree, from the lowest rate up.
    people, shares
        (n,): population ÷ per; parts adding up to one.
    unit
        What a pair of shares at a distance of one rate costs.
    rates
        The indicator.
    rows
        (n, n): row of the pair of the i-th and the j-th, i < j; −1 where it has none.
    """

    objective: int
    year: int
    nodes: Indices
    people: Floats
    shares: Floats
    unit: float
    rates: Rates
    rows: Indices

    @property
    def granted(self) -> NDArray[np.bool_]:
        """Pairs without a row, (n, n), each once."""
        granted: NDArray[np.bool_] = np.triu(self.rows < 0, 1)
        return granted

    def at(self, places: Floats) -> Floats:
        """Rates (n,) for places (T, M, Y)."""
        rates: Floats = self.rates.rate(places)[self.nodes, self.year]
        return rates

    def form(self, rate: Floats) -> float:
        """Cost of the order at rates (n,), whether they keep it or not."""
        below = np.cumsum(self.shares)[:-1]
        return self.unit * math.fsum(np.diff(rate) * below * (self.shares.sum() - below))

    def apart(self, rate: Floats) -> Floats:
        """How far the j-th stands above the i-th, in places of the smaller; (n, n)."""
        fewer = np.minimum(self.people[None, :], self.people[:, None])
        apart: Floats = (rate[None, :] - rate[:, None]) * fewer
        return apart


@dataclass(frozen=True, kw_only=True)
class Orders:
    """All orders of a program, and how to read places from its columns.

    Attributes
    ----------
    model, found
        The scenario's figures; the orders.
    cells
        (C,): column of each cell in flat order, −1 for a pair that is closed.
    """

    model: Model
    found: tuple[Order, ...]
    cells: Indices

    def places(self, x: Floats) -> Floats:
        """Places (T, M, Y) at values of all columns."""
        return np.where(self.cells >= 0, x[self.cells], 0.0).reshape(self.model.shape)

    def reversed_at(self, x: Floats) -> bool:
        """Whether a plan (n,) reverses a pair that is taken for granted."""
        places = self.places(x)
        return any((o.apart(o.at(places))[o.granted] < -KEPT).any() for o in self.found)

    def reversed_along(self, x: Floats, chord: Floats, reach: float) -> bool:
        """Whether a chord (n,) from a plan reverses such a pair before its reach."""
        if not self.found or not chord.any():
            return False
        # not a step of one euro times the reach: what rounding leaves of it would grow with it
        step = FAR / np.abs(chord).max() if np.isinf(reach) else reach * (1 - SHARE)
        start, end = self.places(x), self.places(x + step * chord)
        moving = np.flatnonzero((start != end).any(axis=(0, 2)))
        for order in self.found:
            if not np.isin(order.rates.positions, moving).any():
                continue
            last = order.apart(order.at(end))[order.granted]
            if np.isfinite(reach):
                if (last < -KEPT).any():
                    return True
                continue
            nearing = order.apart(order.at(start))[order.granted] - last
            if (nearing > STILL * max(1.0, np.abs(nearing).max(initial=0.0))).any():
                return True
        return False


def orders_of(program: Program, model: Model) -> Orders:
    """Read the orders of a program.

    Raises
    ------
    Unreadable
        When an order is not one of the territories that its objective compares.
    """
    at = program.column_at
    cells = np.array([at.get(name, -1) for name in model.cell_ids], dtype=np.intp)
    return Orders(model=model, found=tuple(_read(program, model)), cells=cells)


def _read(program: Program, model: Model) -> Iterator[Order]:
    specs = model.scenario["objectives"]
    arrays = program.arrays
    wanted = {
        (k, int(y))
        for k, name in enumerate(program.objectives)
        if name in specs and specs[name]["kind"] == "gini"
        for y in years_compared(model, specs[name])
    }
    if not wanted:
        return
    if "order_ptr" not in arrays:
        raise Unreadable(FILE, "lacks the order of the rates that an objective compares")
    pointer, names = arrays["order_ptr"].astype(int), [str(n) for n in arrays["order_id"]]
    seen = set()
    heads = zip(arrays["order_objective"].tolist(), arrays["order_year"].tolist(), strict=True)
    for g, (k, year) in enumerate(heads):
        key = (int(k), list(model.years).index(int(year)) if int(year) in model.years else -1)
        if key not in wanted or key in seen:
            raise Unreadable(FILE, f"order {g} is of no objective and year that has one")
        seen.add(key)
        ids = names[pointer[g] : pointer[g + 1]]
        yield _order(program, model, (program.objectives[key[0]], *key), ids)
    if seen != wanted:
        raise Unreadable(FILE, "an objective and year has no order of its rates")


def _order(program: Program, model: Model, which: tuple[str, int, int], ids: list[str]) -> Order:
    name, k, year = which
    spec: Mapping[str, Any] = model.scenario["objectives"][name]
    rates = model.rates(spec["indicator"])
    compared = nodes_compared(model, spec)
    node_of = {_name(model, int(node)): int(node) for node in compared}
    if sorted(ids) != sorted(node_of):
        raise Unreadable(FILE, f"the order of {name} is not one of the territories it compares")
    nodes = np.array([node_of[i] for i in ids], dtype=np.intp)
    people = rates.population[nodes, year] / rates.per
    weight = people if spec.get("weighting") == "population" else np.ones(len(nodes))
    rows = np.full((len(nodes), len(nodes)), -1, dtype=np.intp)
    at, end = program.row_at, f"/-/{model.years[year]}"
    codes = [i.partition(":")[2] for i in ids]
    level = ids[0].partition(":")[0]
    for i, low in enumerate(codes):
        start = f"{name}/gap/{level}:{low}+"
        for j in range(i + 1, len(codes)):
            rows[i, j] = at.get(f"{start}{codes[j]}{end}", -1)
    return Order(
        objective=k,
        year=year,
        nodes=nodes,
        people=people,
        shares=weight / weight.sum(),
        unit=1.0 / rates.national_initial / len(years_compared(model, spec)),
        rates=rates,
        rows=rows,
    )


def _name(model: Model, node: int) -> str:
    level, code = model.tree.key[node]
    return f"{level}:{code}"


def check_orders(notes: Notebook, program: Program, orders: Orders, plans: list[Floats]) -> None:
    """Check the cost of every order, and every pair that has a row, at several plans."""
    stated = {int(i) for order in orders.found for i in order.rows[order.rows >= 0]}
    for i, name in enumerate(program.row_ids):
        owner = name.partition("/gap/")[0]
        mine = any(program.objectives[o.objective] == owner for o in orders.found)
        if mine and not program.is_rule[i] and i not in stated:
            notes.wrong(FILE, _of(owner, name), saying("is no pair of the order of its objective"))
    for order in orders.found:
        _check_pairs(notes, program, orders, order, plans)
    given = np.zeros(len(program.col_ids), dtype=bool)
    given[orders.cells[orders.cells >= 0]] = True
    for k in sorted({order.objective for order in orders.found}):
        cost = np.where(given, program.arrays["objective_cost"][k], 0.0)
        offset = float(program.arrays["objective_offset"][k])
        for x in plans:
            places = orders.places(x)
            forms = [o.form(o.at(places)) for o in orders.found if o.objective == k]
            expected = math.fsum(forms)
            size = float(np.abs(cost) @ np.abs(x)) + abs(offset)
            notes.near(
                (FILE, f"objectives.{program.objectives[k]}", saying("cost of its order")),
                float(cost @ x) + offset,
                expected,
                tolerance=EXACT * max(1e-3, size),
            )


def _check_pairs(
    notes: Notebook, program: Program, orders: Orders, order: Order, plans: list[Floats]
) -> None:
    """Each row says d + p·(r_h − r_l) ≥ 0 for d ≥ 0, and d costs 2·v_h·v_l ÷ p."""
    cost, owner = program.arrays["objective_cost"], program.objectives[order.objective]
    first, second = np.nonzero(order.rows >= 0)
    rows = order.rows[first, second]
    given = np.zeros(len(program.col_ids), dtype=bool)
    given[orders.cells[orders.cells >= 0]] = True
    fewer = np.minimum(order.people[first], order.people[second])
    price = 2.0 * order.unit * order.shares[first] * order.shares[second] / fewer
    for row, wanted in zip(rows.tolist(), price.tolist(), strict=True):
        index, value = program.matrix.row(row)
        own = ~given[index]
        plain = int(own.sum()) == 1 and program.upper[row] == np.inf
        beyond = int(index[own][0]) if plain else -1
        own_row = plain and float(value[own][0]) == 1.0
        if not own_row or program.least[beyond] != 0.0 or program.most[beyond] != np.inf:
            notes.wrong(
                FILE,
                _of(owner, program.row_ids[row]),
                saying("is not d + p·(r_h − r_l) ≥ 0, d ≥ 0"),
            )
            return
        found = float(cost[order.objective, beyond])
        others = np.flatnonzero(cost[:, beyond])
        if others.tolist() not in ([order.objective], []):
            notes.wrong(
                FILE, _of(owner, program.col_ids[beyond]), saying("counts in another objective")
            )
        notes.near(
            (FILE, _of(owner, program.col_ids[beyond]), saying("cost")),
            found,
            wanted,
            tolerance=EXACT * wanted,
        )
    for x in plans:
        places = np.where(given, x, 0.0)
        stated = program.matrix.times(places)[rows] - program.lower[rows]
        expected = order.apart(order.at(orders.places(x)))[first, second]
        size = EXACT * np.maximum(1.0, np.abs(program.lower[rows]) + np.abs(expected))
        for e in np.flatnonzero(~(np.abs(stated - expected) <= size)):
            name = _of(owner, program.row_ids[int(rows[e])])
            notes.wrong(FILE, name, saying("distance at a plan"), stated[e], expected[e])
            return


def _of(objective: str, name: str) -> str:
    return f"objectives.{objective}, {name}"
